"""Runs a pipeline on this machine, with TFX's LocalDagRunner.

LocalDagRunner returns nothing, so what became of the run comes from ML Metadata.
"""

import contextlib
import dataclasses
import datetime
import logging
import pathlib
import sys
from collections.abc import Sequence

from tapeline.forecaster.versions import versions
from tapeline.pipeline.cluster.following import Following, following
from tapeline.pipeline.cluster.job_book import JobBook
from tapeline.pipeline.cluster.looking import look
from tapeline.pipeline.cluster.stopping import in_words, stop_all
from tapeline.pipeline.console import ComponentLines, counts_in_words, quiet
from tapeline.pipeline.lineage import NodeRun, NodeState, Run, read_run
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.pipeline.stores import locked
from tapeline.schemas.config import Config
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.whole_files import write_whole
from tapeline.series.row_progress import rows_in_words


@dataclasses.dataclass(frozen=True, kw_only=True)
class LocalRun:
    """What a run left behind.

    Attributes:
        run: What ML Metadata holds of it; None if it never began.
        node_ids: The nodes that were to run, in order.
        log: Everything TFX and Beam said.
        error: What stopped it, or None.
        pushed: The version that it pushed, also where it failed afterwards; None where the folder has no new one.
        jobs: What became of the jobs that it left open on a cluster, in sentences; "" where it left none.
    """

    run: Run | None
    node_ids: tuple[str, ...]
    log: pathlib.Path
    error: BaseException | None = None
    pushed: int | None = None
    jobs: str = ""

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Nodes that were to run and did not end well."""
        return tuple(node for node in self.node_ids if self.run is None or not self.run.state(node).ended_well)


def run_locally(
    config: Config, paths: RunPaths, *, from_node: str | None = None, to_node: str | None = None
) -> LocalRun:
    """Runs a configuration's pipeline, or a part of it, and returns when it has ended.

    Prints a line a component and the Trainer's table; the rest goes to the
    run's log.

    Args:
        config: What to run.
        paths: Where everything goes.
        from_node: First component to run; those before it are taken from the last run.
        to_node: Last component to run.

    Raises:
        ConfigError: `from_node` or `to_node` is no component, or another run
            holds the same folder.
        DataError: The source is missing.
        ClusterError: The cluster that Beam's arguments name does not answer, or has too little.
    """
    log = paths.logs / f"{datetime.datetime.now():%Y-%m-%dT%H-%M-%S}.log"
    busy = (
        f"--home: a run of this configuration is in progress in {shown(paths.root)} (process {{process}}). "
        "Wait for it, or give another --home."
    )
    with locked(paths.lock, busy=busy), quiet(log):
        _look(config, paths)
        return _run(config, paths, log=log, from_node=from_node, to_node=to_node)


def _look(config: Config, paths: RunPaths) -> None:
    """Ends the jobs that a run before this one could not end, and looks at the cluster."""
    book = JobBook(paths.jobs)
    if told := in_words(stop_all(book), book):
        print(f"  A run before this one was cut short. {told}", flush=True)
    for found in look(config.beam.args):
        print(f"  {found}", flush=True)


def _run(config: Config, paths: RunPaths, *, log: pathlib.Path, from_node: str | None, to_node: str | None) -> LocalRun:
    # TFX takes seconds to import; a wrong argument is answered before.
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner
    from tfx.orchestration.pipeline import RunOptions

    from tapeline.components.serving_gate.clean_start import end_ahead
    from tapeline.components.serving_gate.examined_ahead import leave_begun
    from tapeline.pipeline.pipeline import create_pipeline

    tfx_pipeline = create_pipeline(config, paths, in_turn=True)
    write_whole(paths.configuration, config.as_yaml())
    node_ids = [component.id for component in tfx_pipeline.components]
    for option, node in (("--from", from_node), ("--to", to_node)):
        if node is not None and node not in node_ids:
            raise ConfigError(f"{option}: {node!r} is no component. Give one of: {', '.join(node_ids)}.")
    before = read_run(paths.metadata)
    if from_node is not None:
        _require_earlier_nodes(before, node_ids[: node_ids.index(from_node)], from_node)
    from_nodes, to_nodes = ([node] if node else None for node in (from_node, to_node))
    options = RunOptions(from_nodes=from_nodes, to_nodes=to_nodes) if from_nodes or to_nodes else None
    error: BaseException | None = None
    served = versions(paths.serving_model)
    jobs = Following(
        book=JobBook(paths.jobs),
        pipeline=config.name,
        node=lambda: lines.started[-1] if lines.started else "run",
        run=log.stem,
    )
    lines = ComponentLines(
        sys.stdout,
        lambda node: _state_in_words(paths, node),
        talkative=frozenset({"Trainer"}),
        executes=_StartsAhead(config, paths),
        detail=lambda: "  ".join(filter(None, (rows_in_words(), jobs.words()))),
    )
    try:
        with lines, following(jobs):
            LocalDagRunner().run(tfx_pipeline, run_options=options)
    except (Exception, KeyboardInterrupt) as raised:
        logging.getLogger(__name__).exception("the run stopped")
        error = raised
    finally:
        leave_begun()
        end_ahead()
    run = _what_was_recorded(paths, error)
    if run is not None and before is not None and run.run_id == before.run_id:
        run = None
    # A part of the graph is what the runner walked; a whole run must have come to every node.
    expected = tuple(lines.started) if options else tuple(node_ids)
    pushed = max(set(versions(paths.serving_model)).difference(served), default=None)
    return LocalRun(
        run=run, node_ids=expected, log=log, error=error, pushed=pushed, jobs=in_words(jobs.stopped, jobs.book)
    )


class _StartsAhead:
    """Begins what the ServingGate does in a process of its own while the Evaluator judges a new model."""

    def __init__(self, config: Config, paths: RunPaths) -> None:
        self._config = config
        self._paths = paths
        self._new_model = False

    def __call__(self, node_id: str) -> None:
        self._new_model |= node_id == "Trainer"
        if node_id == "Evaluator" and self._new_model:
            # Who cannot be started now is started, or told of, when its turn comes.
            with contextlib.suppress(OSError):
                self._begin()

    def _begin(self) -> None:
        from tapeline.components.serving_gate.examined_ahead import SECTIONS, Examination, begin

        run = read_run(self._paths.metadata)
        made = {"model": "Trainer", "windows": "Transform", "examples": "DataGate"}
        found = {name: run.artifact(node, name) if run else None for name, node in made.items()}
        uris = {name: artifact.uri for name, artifact in found.items() if artifact}
        if len(uris) == len(made):
            sections = {name: getattr(self._config, name).model_dump_json() for name in SECTIONS}
            begin(
                Examination(
                    model_uri=uris["model"], windows_uri=uris["windows"], rows_uri=uris["examples"], sections=sections
                )
            )


def _what_was_recorded(paths: RunPaths, error: BaseException | None) -> Run | None:
    """Reads the newest run. A full disk or a damaged file that stopped it may stop the reading too: that adds nothing."""
    try:
        return read_run(paths.metadata)
    except Exception:
        if error is None:
            raise
        logging.getLogger(__name__).exception("ML Metadata cannot be read")
        return None


def _state_in_words(paths: RunPaths, node_id: str) -> tuple[str, str]:
    """How a node ended, and what it counted."""
    run = read_run(paths.metadata)
    node = run.nodes.get(node_id) if run else None
    if node is None:
        return NodeState.ABSENT.value, ""
    made = [artifact.properties for artifacts in node.outputs.values() for artifact in artifacts]
    return node.state.value, counts_in_words(made)


def _require_earlier_nodes(before: Run | None, earlier: Sequence[str], from_node: str) -> None:
    missing = [node for node in earlier if before is None or not before.state(node).ended_well]
    if before is not None and not missing:
        gone = [node for node in earlier if not _is_there(before.nodes[node])]
        if gone:
            raise ConfigError(
                f"--from: {from_node!r} needs what the components before it made, and the files of {', '.join(gone)} "
                "are gone. Run without --from."
            )
    if missing:
        raise ConfigError(
            f"--from: {from_node!r} needs what the components before it made, and the last run did not "
            f"finish {', '.join(missing)}. Run without --from first."
        )


def _is_there(node: NodeRun) -> bool:
    return all(pathlib.Path(made.uri).exists() for artifacts in node.outputs.values() for made in artifacts)
