"""What ML Metadata knows of a run: which nodes ran, how they ended, what they made.

TFX's runners return nothing. Whoever needs a verdict reads it here, with
`read_run` for the newest run or a named one.
"""

import contextlib
import dataclasses
import enum
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from tapeline.pipeline.stores import connection, lock_of, locked

Address = str | os.PathLike[str]
"""Of ML Metadata: the path of its SQLite file, or what else `tapeline.pipeline.stores` takes."""


class NodeState(enum.Enum):
    """How a node of a run ended."""

    COMPLETE = "ran"
    CACHED = "cached"
    FAILED = "failed"
    RUNNING = "running"
    ABSENT = "not run"

    @property
    def ended_well(self) -> bool:
        """Whether what the node made can be used."""
        return self in (NodeState.COMPLETE, NodeState.CACHED)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Artifact:
    """Something that a node made: its number in ML Metadata, its folder, and when (ms since the epoch)."""

    id: int
    uri: str
    properties: Mapping[str, Any]
    created: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class NodeRun:
    """One node in one run: how it ended, its artifacts by output key, and what its executor said if it failed."""

    state: NodeState
    outputs: Mapping[str, tuple[Artifact, ...]] = dataclasses.field(default_factory=dict)
    error: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a pipeline: TFX's name for it, and the nodes that ML Metadata knows of, by id."""

    run_id: str
    nodes: Mapping[str, NodeRun]

    def state(self, node_id: str) -> NodeState:
        """How a node ended; `ABSENT` where the run never came to it."""
        node = self.nodes.get(node_id)
        return node.state if node else NodeState.ABSENT

    def artifact(self, node_id: str, key: str) -> Artifact | None:
        """The newest artifact of a node's output, or None."""
        node = self.nodes.get(node_id)
        artifacts = node.outputs.get(key, ()) if node else ()
        return artifacts[-1] if artifacts else None


def read_run(address: Address, run_id: str | None = None, *, pipeline: str | None = None) -> Run | None:
    """Reads one run of a pipeline.

    Args:
        address: ML Metadata's.
        run_id: TFX's run id; None takes the newest run.
        pipeline: TFX's name of the pipeline; None takes all that the store holds, as a file of one pipeline needs.

    Returns:
        The run, or None where there is no such run.
    """
    with _opened(address) as store:
        contexts = [context for context in _runs(store, pipeline) if run_id in (None, context.name)]
        if store is None or not contexts:
            return None
        executions = sorted(store.get_executions_by_context(contexts[0].id), key=lambda each: each.id)
        nodes = {_node_id(store, each): _node_run(store, each) for each in executions}
    return Run(run_id=contexts[0].name, nodes=nodes)


def started_runs(address: Address, *, pipeline: str | None = None) -> dict[str, int]:
    """Returns when each run began (ms since the epoch) by TFX's name of it, the newest first; none without such a file."""
    with _opened(address) as store:
        return {str(context.name): context.create_time_since_epoch for context in _runs(store, pipeline)}


@contextlib.contextmanager
def _opened(address: Address) -> Iterator[metadata_store.MetadataStore | None]:
    """Gives the store once no other process writes to its file; None where there is no such file."""
    if "://" not in os.fspath(address) and not os.path.exists(address):
        yield None
        return
    lock = lock_of(address)
    with locked(lock) if lock is not None and lock.exists() else contextlib.nullcontext():
        yield metadata_store.MetadataStore(connection(address))


def _runs(store: metadata_store.MetadataStore | None, pipeline: str | None) -> list[metadata_store_pb2.Context]:
    """Contexts of runs, the newest first."""
    if store is None:
        return []
    if pipeline is None:
        contexts = store.get_contexts_by_type("pipeline_run")
    else:
        parent = store.get_context_by_type_and_name("pipeline", pipeline)
        children = store.get_children_contexts_by_context(parent.id) if parent else []
        contexts = [context for context in children if context.type == "pipeline_run"]
    return sorted(contexts, key=lambda each: (each.create_time_since_epoch, each.id), reverse=True)


def _node_id(store: metadata_store.MetadataStore, execution: metadata_store_pb2.Execution) -> str:
    for context in store.get_contexts_by_execution(execution.id):
        if context.type == "node":
            # TFX names a node's context `<pipeline>.<node>`.
            return str(context.name.rsplit(".", 1)[-1])
    return f"execution {execution.id}"


_STATES = {
    metadata_store_pb2.Execution.COMPLETE: NodeState.COMPLETE,
    metadata_store_pb2.Execution.CACHED: NodeState.CACHED,
    metadata_store_pb2.Execution.FAILED: NodeState.FAILED,
    metadata_store_pb2.Execution.CANCELED: NodeState.FAILED,
}


def _node_run(store: metadata_store.MetadataStore, execution: metadata_store_pb2.Execution) -> NodeRun:
    outputs: dict[str, list[Artifact]] = {}
    made = (metadata_store_pb2.Event.OUTPUT, metadata_store_pb2.Event.INTERNAL_OUTPUT)
    for event in store.get_events_by_execution_ids([execution.id]):
        if event.type not in made:
            continue
        key = next((step.key for step in event.path.steps if step.HasField("key")), "")
        (artifact,) = store.get_artifacts_by_id([event.artifact_id])
        created = artifact.create_time_since_epoch
        found = Artifact(id=artifact.id, uri=artifact.uri, properties=_properties(artifact), created=created)
        outputs.setdefault(key, []).append(found)
    ordered = {key: tuple(sorted(artifacts, key=lambda each: each.id)) for key, artifacts in outputs.items()}
    error = _message(str(_properties(execution).get("__execution_result__", "")))
    return NodeRun(state=_STATES.get(execution.last_known_state, NodeState.RUNNING), outputs=ordered, error=error)


def _message(result: str) -> str:
    """What TFX's record of an execution's end says to people."""
    try:
        return str(json.loads(result).get("resultMessage", ""))
    except (ValueError, AttributeError):
        return result


def _properties(record: Any) -> dict[str, Any]:
    values = {}
    for source in (record.properties, record.custom_properties):
        for name, value in source.items():
            values[name] = getattr(value, value.WhichOneof("value")) if value.WhichOneof("value") else None
    return values
