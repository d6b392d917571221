"""What a local run tells of itself when it stops, and what it refuses to begin with."""

import pathlib
import types
from typing import Any

import pytest
from tfx.orchestration.local.local_dag_runner import LocalDagRunner

from tapeline.components.serving_gate import examined_ahead
from tapeline.forecaster.versions import push_version
from tapeline.pipeline import local_runner
from tapeline.pipeline import pipeline as wiring
from tapeline.pipeline.paths import RunPaths
from tapeline.pipeline.settling import settle_unread
from tapeline.schemas.config import load_config
from tapeline.schemas.errors import ConfigError
from tests.judged_run import Home

CO2 = pathlib.Path(__file__).parents[2] / "configs" / "co2.yaml"


def _wire(monkeypatch: pytest.MonkeyPatch, node_ids: tuple[str, ...], run: Any) -> None:
    nodes = [types.SimpleNamespace(id=node_id) for node_id in node_ids]
    monkeypatch.setattr(wiring, "create_pipeline", lambda *_, **__: types.SimpleNamespace(components=nodes))
    monkeypatch.setattr(LocalDagRunner, "run", run)


@pytest.mark.parametrize("full_after_the_push", [True, False])
def test_a_run_that_stops_says_what_it_pushed(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, full_after_the_push: bool
) -> None:
    paths = RunPaths.of("co2", tmp_path)
    (tmp_path / "model").mkdir()
    push_version(tmp_path / "model", paths.serving_model, keep=5, clock=lambda: 10)

    def stops(*_: Any, **__: Any) -> None:
        if full_after_the_push:
            push_version(tmp_path / "model", paths.serving_model, keep=5, clock=lambda: 20)
        raise OSError(28, "No space left on device")

    _wire(monkeypatch, ("Pusher",), stops)
    stopped = local_runner.run_locally(load_config(CO2), paths)
    assert isinstance(stopped.error, OSError)
    assert stopped.pushed == (20 if full_after_the_push else None)


def test_a_damaged_metadata_file_does_not_hide_what_stopped_the_run(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = RunPaths.of("co2", tmp_path)

    def stops(*_: Any, **__: Any) -> None:
        paths.metadata.write_bytes(b"no database" * 1000)
        raise OSError(28, "No space left on device")

    _wire(monkeypatch, ("Pusher",), stops)
    assert isinstance(local_runner.run_locally(load_config(CO2), paths).error, OSError)


def test_a_part_whose_inputs_are_gone_is_not_begun(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _wire(monkeypatch, ("Trainer", "Evaluator"), lambda *_, **__: None)
    paths = RunPaths.of("co2", tmp_path)
    model = Home(paths.root).train("1")
    local_runner.run_locally(load_config(CO2), paths, from_node="Evaluator")
    model.rename(tmp_path / "away")
    with pytest.raises(ConfigError, match=r"--from: 'Evaluator' needs .* the files of Trainer are gone"):
        local_runner.run_locally(load_config(CO2), paths, from_node="Evaluator")


@pytest.mark.parametrize(
    ("executed", "started"),
    [(("Trainer", "Evaluator"), 1), (("Evaluator",), 0), (("Trainer",), 0), (("SeriesExampleGen", "Report"), 0)],
)
def test_the_serving_gate_examines_a_new_model_while_the_evaluator_judges_it(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, executed: tuple[str, ...], started: int
) -> None:
    begun: list[examined_ahead.Examination] = []
    monkeypatch.setattr(examined_ahead, "begin", begun.append)
    made = types.SimpleNamespace(artifact=lambda node, name: types.SimpleNamespace(uri=f"{node}/{name}"))
    monkeypatch.setattr(local_runner, "read_run", lambda _: made)
    config = settle_unread(load_config(CO2))
    starts_ahead = local_runner._StartsAhead(config, RunPaths.of("co2", tmp_path))
    for node_id in executed:
        starts_ahead(node_id)
    assert len(begun) == started
    for examination in begun:
        uris = examination.model_uri, examination.windows_uri, examination.rows_uri
        assert uris == ("Trainer/model", "Transform/windows", "DataGate/examples")
        assert examination.sections["window"] == config.window.model_dump_json()


def test_in_a_local_run_the_serving_gate_comes_after_the_evaluator_and_elsewhere_waits_for_none(
    tmp_path: pathlib.Path,
) -> None:
    config, paths = settle_unread(load_config(CO2)), RunPaths.of("co2", tmp_path)
    for in_turn in (True, False):
        nodes = wiring.create_pipeline(config, paths, fingerprint="co2", in_turn=in_turn).components
        (gate,) = (node for node in nodes if node.id == "ServingGate")
        assert ("Evaluator" in {node.id for node in gate.upstream_nodes}) == in_turn
        order = [node.id for node in nodes]
        assert not in_turn or order.index("Evaluator") < order.index("ServingGate")
