"""One node of a compiled pipeline, in this process: what a container step of Kubeflow runs.

TFX's portable launcher does the work: it resolves inputs, asks the cache, runs
the executor and publishes what it made. Around it stands what many processes
on one store need:

- a node that has ended well in this run is not run again, whatever started the
  process a second time;
- a node that was killed leaves a RUNNING execution and half of its outputs
  behind. The launcher takes the execution up again, so its outputs keep their
  place; what lies there is removed first, and no artifact is recorded twice;
- the data gate's refusal stays a refusal: trying again changes no data;
- one process at a time runs a node of a run, and one at a time writes to the
  store.
"""

import contextlib
import logging
import pathlib
import shutil
from collections.abc import Iterator, Sequence
from types import TracebackType

from google.protobuf import json_format
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import constants
from tfx.dsl.io import fileio
from tfx.orchestration import metadata
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable import launcher, outputs_utils, runtime_parameter_utils
from tfx.proto.orchestration import execution_result_pb2, pipeline_pb2

from tapeline.pipeline.cluster.following import Following, following
from tapeline.pipeline.cluster.job_book import JobBook
from tapeline.pipeline.cluster.stopping import Stopped, in_words, stop_all
from tapeline.pipeline.group_access import share_with_group
from tapeline.pipeline.late_executor import LATE_EXECUTORS
from tapeline.pipeline.lineage import NodeRun, read_run
from tapeline.pipeline.stores import Connection, connection, lock_of, locked
from tapeline.schemas.errors import ConfigError, DataError, SurroundingsError, user_error

_EXECUTION_RESULT = "__execution_result__"
"""Custom property in which TFX keeps how an execution ended."""

_REFUSED = 3
"""gRPC's INVALID_ARGUMENT: what a user has to fix."""

_FAILED = 2
"""gRPC's UNKNOWN: anything else."""

_ENDED_WELL = (metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED)


class NodeFailedError(RuntimeError):
    """A node did not end well, though no executor raised: its inputs could not be resolved, for one."""


class SharedStore(metadata.Metadata):
    """ML Metadata that one process at a time looks into and writes to.

    Args:
        how: How it is reached.
        lock: A file that every process of the pipeline locks.
    """

    def __init__(self, how: Connection, lock: pathlib.Path) -> None:
        super().__init__(how)
        self._lock = lock
        self._held: list[contextlib.ExitStack] = []

    def __enter__(self) -> "SharedStore":
        stack = contextlib.ExitStack()
        if not self._held:
            stack.enter_context(locked(self._lock))
        try:
            super().__enter__()
        except BaseException:
            stack.close()
            raise
        self._held.append(stack)
        return self

    def __exit__(
        self,
        exc_type: type[Exception] | None = None,
        exc_value: Exception | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        super().__exit__(exc_type, exc_value, exc_tb)
        self._held.pop().close()


def run_node(pipeline: pipeline_pb2.Pipeline, node_id: str, *, run_id: str, address: str | None = None) -> NodeRun:
    """Runs a node to its end.

    Args:
        pipeline: The compiled pipeline; its run id is filled in.
        node_id: Which node.
        run_id: TFX's name of the run; all nodes of one run are given the same.
        address: ML Metadata's address; None takes what the pipeline says.

    Returns:
        How it ended, `COMPLETE` or `CACHED`, and what it made.

    Raises:
        ConfigError: There is no such node, or no such store.
        UserError: The node refused what the user gave, now or at an earlier try.
        NodeFailedError: It did not end well.
        Exception: What an executor raised.
    """
    runtime_parameter_utils.substitute_runtime_parameter(pipeline, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id})
    nodes = {each.pipeline_node.node_info.id: each.pipeline_node for each in pipeline.nodes}
    if node_id not in nodes:
        raise ConfigError(f"--node: {node_id!r} is no component. Give one of: {', '.join(nodes)}.")
    node = nodes[node_id]
    address = address or address_of(pipeline)
    # All processes that run nodes of this pipeline see its folder, which holds <folder>/artifacts.
    folder = pathlib.Path(pipeline.runtime_spec.pipeline_root.field_value.string_value).parent
    store = SharedStore(connection(address), lock_of(address) or folder / "metadata.lock")
    steps = folder / "steps" / run_id
    name = pipeline.pipeline_info.id
    jobs = Following(book=JobBook(steps / f"{node_id}.jobs.json"), pipeline=name, node=lambda: node_id, run=run_id)
    with locked(steps / f"{node_id}.lock"):
        # An earlier try may have been killed while its job ran.
        _tell(jobs.book, stop_all(jobs.book))
        if _tidy_up(store, node, pipeline):
            logging.info("%s has ended in run %s already", node_id, run_id)
        else:
            try:
                with following(jobs):
                    _launch(store, node, pipeline)
            finally:
                _tell(jobs.book, jobs.stopped)
                share_with_group(folder)
    run = read_run(address, run_id)
    ended = run.nodes.get(node_id) if run else None
    if ended is None or not ended.state.ended_well:
        # The launcher's return says nothing.
        reason = ended.error if ended else "it left no execution"
        raise NodeFailedError(f"{node_id} did not end well in run {run_id}: {reason}")
    return ended


def address_of(pipeline: pipeline_pb2.Pipeline) -> str:
    """Returns the address of ML Metadata that a compiled pipeline says: a SQLite file."""
    deployment = runner_utils.extract_local_deployment_config(pipeline)
    return str(deployment.metadata_connection_config.database_connection_config.sqlite.filename_uri)


def _tell(book: JobBook, stopped: Sequence[Stopped]) -> None:
    if told := in_words(stopped, book):
        logging.warning("%s", told)


def _launch(store: SharedStore, node: pipeline_pb2.PipelineNode, pipeline: pipeline_pb2.Pipeline) -> None:
    deployment = runner_utils.extract_local_deployment_config(pipeline)
    node_id = node.node_info.id
    try:
        launcher.Launcher(
            pipeline_node=node,
            mlmd_connection=store,
            pipeline_info=pipeline.pipeline_info,
            pipeline_runtime_spec=pipeline.runtime_spec,
            executor_spec=runner_utils.extract_executor_spec(deployment, node_id),
            custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, node_id),
            custom_executor_operators=LATE_EXECUTORS,
        ).launch()
    except Exception as error:
        _record(store, node, error)
        raise


def _tidy_up(store: SharedStore, node: pipeline_pb2.PipelineNode, pipeline: pipeline_pb2.Pipeline) -> bool:
    """Clears away what an earlier try left behind; returns whether it ended well, so that nothing is left to do.

    Raises:
        DataError: It was refused for what the user gave.
    """
    with store:
        executions = list(_executions(store, node))
        if any(execution.last_known_state in _ENDED_WELL for execution in executions):
            return True
        for execution in executions:
            result = _result(execution)
            if result.code == _REFUSED:
                raise DataError(result.result_message)
            logging.warning("an earlier try of %s was cut short; its outputs are removed", node.node_info.id)
            _remove_outputs(node, pipeline, execution.id)
            execution.custom_properties.pop(_EXECUTION_RESULT, None)
            # The launcher takes up the execution of a component, but gives a resolver a new one.
            taken_up = not node.node_info.type.name.endswith(".Resolver")
            state = metadata_store_pb2.Execution
            execution.last_known_state = state.RUNNING if taken_up else state.CANCELED
            store.store.put_executions([execution])
    return False


def _executions(store: SharedStore, node: pipeline_pb2.PipelineNode) -> Iterator[metadata_store_pb2.Execution]:
    """Executions of a node in its run."""
    found: set[int] | None = None
    records = {}
    for spec in node.contexts.contexts:
        context = store.store.get_context_by_type_and_name(spec.type.name, spec.name.field_value.string_value)
        if context is None:
            return
        records = {each.id: each for each in store.store.get_executions_by_context(context.id)}
        found = set(records) if found is None else found & set(records)
    yield from (records[number] for number in sorted(found or ()))


def _remove_outputs(node: pipeline_pb2.PipelineNode, pipeline: pipeline_pb2.Pipeline, execution_id: int) -> None:
    node_dir = outputs_utils.get_node_dir(pipeline.runtime_spec, node.node_info.id)
    outputs = outputs_utils.generate_output_artifacts(execution_id, node.outputs.outputs, node_dir)
    for artifacts in outputs.values():
        for artifact in artifacts:
            if not artifact.is_external and fileio.exists(artifact.uri):
                outputs_utils.remove_output_dirs({"": [artifact]})
    working = pathlib.Path(outputs_utils.get_executor_output_uri(node_dir, execution_id)).parent
    shutil.rmtree(working, ignore_errors=True)


def _result(execution: metadata_store_pb2.Execution) -> execution_result_pb2.ExecutionResult:
    text = execution.custom_properties[_EXECUTION_RESULT].string_value
    result = execution_result_pb2.ExecutionResult()
    return json_format.Parse(text, result) if text else result


def _record(store: SharedStore, node: pipeline_pb2.PipelineNode, error: Exception) -> None:
    """Writes why a node failed to its execution, where the gate and the next try read it."""
    refused = user_error(error)
    result = execution_result_pb2.ExecutionResult(
        code=_REFUSED if refused and not isinstance(refused, SurroundingsError) else _FAILED,
        result_message=str(refused) if refused else f"{type(error).__name__}: {error}",
    )
    with store:
        for execution in _executions(store, node):
            if execution.last_known_state == metadata_store_pb2.Execution.FAILED:
                execution.custom_properties[_EXECUTION_RESULT].string_value = json_format.MessageToJson(result)
                store.store.put_executions([execution])
