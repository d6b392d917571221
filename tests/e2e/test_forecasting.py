"""From a run to forecasts of one's own file, and what happens when the model does not serve."""

import json
import pathlib

import numpy as np
import pandas as pd
import pytest

from tests.e2e.small_project import Project, Tapeline, daily_load, make_project, states

LEVELS = ["forecast", "lower", "upper", "lower_95", "upper_95"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project that the tests below carry on with, in their order."""
    return make_project(tmp_path_factory.mktemp("forecasting"))


def runs(project: Project) -> pathlib.Path:
    return project.root / "runs" / "load"


def recent(project: Project) -> pathlib.Path:
    """The newest 60 rows, shuffled, with a gap: a file of one's own."""
    frame = daily_load().tail(60).drop(index=[680, 681]).sample(frac=1.0, random_state=0)
    path = project.root / "recent.csv"
    frame.to_csv(path, index=False)
    return path


def test_a_model_that_serves_is_pushed(shared: Project, tapeline: Tapeline) -> None:
    ended = tapeline("run", *shared.arguments, "--verbose")
    assert ended.code == 0, ended.out + ended.err
    assert states(ended.out)["ServingGate"] == "ran"
    assert "served: 31 requests" in ended.out
    assert "served forecasts differ from the Evaluator's by" in ended.out
    assert len(shared.versions) == 1


def test_a_forecast_of_ones_own_file_is_what_the_model_says(shared: Project, tapeline: Tapeline) -> None:
    import tensorflow as tf

    output, plot = shared.root / "forecast.csv", shared.root / "forecast.png"
    model = runs(shared) / "serving_model"
    arguments = ("--model", str(model), "--input", str(recent(shared)), "--output", str(output), "--plot", str(plot))
    ended = tapeline("forecast", *arguments)
    assert ended.code == 0, ended.err
    table = pd.read_csv(output)
    assert table["time"].iloc[0] == "2023-01-30 04:00:00"
    assert list(table.columns) == ["time", *LEVELS]
    assert plot.read_bytes().startswith(b"\x89PNG")

    frame = daily_load().tail(48)
    context = frame["load"].where(~frame.index.isin([680, 681])).to_numpy(np.float64)
    times = pd.to_datetime(frame["time"]).to_numpy().astype("datetime64[s]").astype(np.int64)
    signature = tf.saved_model.load(str(model / shared.versions[-1])).signatures["serving_default"]
    answer = signature(context=tf.constant(context[None]), timestamps=tf.constant(times[None]))
    for level in LEVELS:
        np.testing.assert_allclose(table[level], answer[level].numpy()[0], rtol=1e-6)


def test_a_large_file_is_forecast_alike_on_beam(shared: Project, tapeline: Tapeline) -> None:
    output = shared.root / "batch"
    output.mkdir()
    (output / "forecast-00007.parquet").touch()  # Of a batch before.
    ended = tapeline("batch", "--model", str(runs(shared)), "--input", str(recent(shared)), "--output", str(output))
    assert ended.code == 0, ended.err
    assert states(ended.out)["BulkInferrer"] == "ran"
    table = pd.concat([pd.read_parquet(path) for path in sorted(output.iterdir())])
    one_by_one = pd.read_csv(shared.root / "forecast.csv", parse_dates=["time"])
    assert (table["time"].to_numpy() == one_by_one["time"].to_numpy()).all()
    np.testing.assert_allclose(table[LEVELS], one_by_one[LEVELS], rtol=1e-5)
    assert not list(shared.root.glob(".batch*"))


def test_bad_rows_of_a_large_file_are_told_as_those_of_a_small_one(shared: Project, tapeline: Tapeline) -> None:
    short = shared.root / "short.csv"
    daily_load().tail(10).to_csv(short, index=False)
    output = shared.root / "other"
    ended = tapeline("batch", "--model", str(runs(shared)), "--input", str(short), "--output", str(output))
    assert ended.code == 2
    assert "[too_short] 10 steps up to the last measured value; the model reads 48" in ended.err
    assert not output.exists()
    assert not list(shared.root.glob(".other*"))


def test_a_folder_with_other_things_is_not_replaced(shared: Project, tapeline: Tapeline) -> None:
    ended = tapeline(
        "batch", "--model", str(runs(shared)), "--input", str(recent(shared)), "--output", str(shared.root)
    )
    assert ended.code == 2
    assert "holds other things than forecasts" in ended.err


def test_a_model_that_is_too_slow_is_refused_and_the_old_one_stays(shared: Project, tapeline: Tapeline) -> None:
    versions = shared.versions
    shared.configure(serving={"max_latency_ms": 0.0001})
    ended = tapeline("run", *shared.arguments)
    assert ended.code == 1, ended.out + ended.err
    assert states(ended.out)["Trainer"] == "cached"
    assert "ServingGate        ran" in ended.out
    assert "REFUSED: one forecast takes" in ended.out
    assert "NOT BLESSED: the serving gate refused this model; nothing was pushed" in ended.out
    assert shared.versions == versions

    ended = tapeline("gate", "--home", str(shared.root / "runs"), "--json")
    assert ended.code == 1
    verdict = json.loads(ended.out)
    assert verdict["outcome"] == "refused"
    assert verdict["pushed_version"] is None
    assert [check["id"] for check in verdict["checks"] if not check["passed"]] == ["serving_latency_ms.at_most"]
    reports = (runs(shared) / "artifacts" / "ServingGate" / "blessing").glob("*/serving_gate.txt")
    report = max(reports, key=lambda path: int(path.parent.name))
    assert "REFUSED  one forecast takes" in report.read_text()
