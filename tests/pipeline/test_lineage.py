import pathlib

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from tapeline.pipeline.lineage import NodeState, read_run


class _Store:
    """Writes runs the way TFX does: a run context, a node context, an execution, an output event."""

    def __init__(self, path: pathlib.Path) -> None:
        config = mlmd.ConnectionConfig()
        config.sqlite.filename_uri = str(path)
        config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        self.store = metadata_store.MetadataStore(config)
        self.run_type = self.store.put_context_type(mlmd.ContextType(name="pipeline_run"))
        self.node_type = self.store.put_context_type(mlmd.ContextType(name="node"))
        self.execution_type = self.store.put_execution_type(mlmd.ExecutionType(name="Node"))
        self.artifact_type = self.store.put_artifact_type(
            mlmd.ArtifactType(name="Thing", properties={"pushed": mlmd.INT})
        )

    def context(self, type_id: int, name: str) -> int:
        found = self.store.get_context_by_type_and_name(
            {self.run_type: "pipeline_run", self.node_type: "node"}[type_id], name
        )
        if found:
            return found.id
        return self.store.put_contexts([mlmd.Context(type_id=type_id, name=name)])[0]

    def execute(self, run: str, node: str, state: "mlmd.Execution.State", pushed: int | None = None) -> None:
        run_id, node_id = self.context(self.run_type, run), self.context(self.node_type, f"co2.{node}")
        (execution,) = self.store.put_executions([mlmd.Execution(type_id=self.execution_type, last_known_state=state)])
        self.store.put_attributions_and_associations(
            [], [mlmd.Association(context_id=each, execution_id=execution) for each in (run_id, node_id)]
        )
        if pushed is not None:
            thing = mlmd.Artifact(type_id=self.artifact_type, uri=f"/{node}/{pushed}")
            thing.properties["pushed"].int_value = pushed
            (artifact,) = self.store.put_artifacts([thing])
            event = mlmd.Event(artifact_id=artifact, execution_id=execution, type=mlmd.Event.OUTPUT)
            event.path.steps.add().key = "pushed_model"
            self.store.put_events([event])


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "metadata.db"


def test_no_store_is_no_run(path: pathlib.Path) -> None:
    assert read_run(path) is None
    assert not path.exists()


def test_newest_run_is_read_with_states_and_outputs(path: pathlib.Path) -> None:
    store = _Store(path)
    store.execute("first", "Pusher", mlmd.Execution.COMPLETE, pushed=1)
    store.execute("second", "Trainer", mlmd.Execution.CACHED)
    store.execute("second", "Pusher", mlmd.Execution.FAILED, pushed=0)
    run = read_run(path)
    assert run is not None
    assert run.run_id == "second"
    assert run.state("Trainer") is NodeState.CACHED
    assert run.state("Pusher") is NodeState.FAILED
    assert run.state("Evaluator") is NodeState.ABSENT
    artifact = run.artifact("Pusher", "pushed_model")
    assert artifact is not None
    assert artifact.properties["pushed"] == 0


def test_a_run_is_found_by_its_id(path: pathlib.Path) -> None:
    store = _Store(path)
    store.execute("first", "Pusher", mlmd.Execution.COMPLETE, pushed=1)
    store.execute("second", "Pusher", mlmd.Execution.RUNNING)
    run = read_run(path, "first")
    assert run is not None
    assert run.state("Pusher") is NodeState.COMPLETE
    assert read_run(path, "third") is None
