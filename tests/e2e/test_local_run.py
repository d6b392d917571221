"""The whole pipeline, as a user runs it, on a small series."""

import io
import pathlib
import re

import numpy as np
import pandas as pd
import pytest

from tapeline.forecaster.versions import folder_fingerprint
from tests.e2e.small_project import Project, Tapeline, daily_load, make_project, states


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project that the tests below carry on with, in their order."""
    return make_project(tmp_path_factory.mktemp("shared"))


def test_a_good_model_is_blessed_and_pushed(shared: Project, tapeline: Tapeline) -> None:
    ended = tapeline("run", *shared.arguments)
    assert ended.code == 0, ended.err
    assert len(shared.versions) == 1
    for node in ("SeriesExampleGen", "DataGate", "Transform", "Trainer", "Evaluator", "Pusher"):
        assert node in ended.out
    assert "val_loss" in ended.out
    assert "persistence" in ended.out
    assert "MW" in ended.out
    assert re.search(r"\n  forecast     \S+forecast\.csv\n", ended.out)


def test_what_workers_noted_of_their_rows_is_gone_with_the_step(shared: Project) -> None:
    left = [path for path in (shared.root / "runs" / "load" / "artifacts").rglob("*") if path.parent.name == "progress"]
    assert left == []


def test_the_run_ends_with_a_forecast_that_the_command_makes_again(shared: Project, tapeline: Tapeline) -> None:
    (folder,) = (shared.root / "runs" / "load" / "report").iterdir()
    table = pd.read_csv(folder / "forecast.csv")
    assert table["time"].tolist() == [f"2023-01-30 {hour:02}:00:00" for hour in range(4, 16)]
    assert (folder / "forecast.png").read_bytes().startswith(b"\x89PNG")
    page = (folder / "report.html").read_text()
    assert page.index("The next 12 steps") < page.index("In numbers")
    ended = tapeline("forecast", "--home", str(shared.root / "runs"))
    assert ended.code == 0, ended.err
    assert ended.out == (folder / "forecast.csv").read_text()


def test_the_pushed_model_forecasts_from_raw_values(shared: Project) -> None:
    import tensorflow as tf

    frame = daily_load()
    folder = shared.root / "runs" / "load" / "serving_model" / shared.versions[-1]
    model = tf.saved_model.load(str(folder))
    context = frame["load"].to_numpy(np.float64)[-48:]
    start = np.datetime64("2023-01-01T00:00:00", "s").astype(np.int64)
    times = start + 3600 * np.arange(len(frame), dtype=np.int64)[-48:]
    answer = model.signatures["serving_default"](
        context=tf.constant(context[None]), timestamps=tf.constant(times[None])
    )
    hours = np.arange(len(frame), len(frame) + 12)
    expected = 500 + 0.05 * hours + 60 * np.sin(2 * np.pi * hours / 24)
    assert answer["forecast"].shape == (1, 12)
    assert np.abs(answer["forecast"].numpy()[0] - expected).mean() < 5.0
    np.testing.assert_array_equal(answer["forecast_time"].numpy()[0], times[-1] + 3600 * np.arange(1, 13))


def test_the_report_of_the_run_is_found(shared: Project, tapeline: Tapeline) -> None:
    ended = tapeline("report", "--home", str(shared.root / "runs"))
    assert ended.code == 0, ended.err
    assert "MW" in pathlib.Path(ended.out.strip()).read_text()


def test_a_run_that_never_was_has_no_report(shared: Project, tapeline: Tapeline) -> None:
    ended = tapeline("report", "--home", str(shared.root / "runs"), "--run", "never")
    assert ended.code == 2
    assert "'never'" in ended.err


def test_an_unchanged_second_run_is_answered_from_the_cache(shared: Project, tapeline: Tapeline) -> None:
    versions = shared.versions
    ended = tapeline("run", *shared.arguments)
    assert ended.code == 0, ended.err
    ended_as = states(ended.out)
    # Nodes that only look something up run every time.
    looked_up = {"BlessedBefore", "ImportSchemaGen"}
    assert {"SeriesExampleGen", "Transform", "Trainer", "Evaluator", "Pusher", "Report"} <= set(ended_as)
    assert {state for node, state in ended_as.items() if node not in looked_up} == {"cached"}
    assert shared.versions == versions
    forecasts = sorted((shared.root / "runs" / "load" / "report").glob("*/forecast.csv"))
    assert len(forecasts) == 2
    assert forecasts[0].read_bytes() == forecasts[1].read_bytes()


def test_a_version_that_is_gone_is_pushed_again(shared: Project, tapeline: Tapeline) -> None:
    serving = shared.root / "runs" / "load" / "serving_model"
    before = folder_fingerprint(serving / shared.versions[-1])
    serving.rename(serving.with_name("away"))
    ended = tapeline("run", *shared.arguments)
    assert ended.code == 0, ended.err
    assert states(ended.out)["Pusher"] == "ran"
    assert states(ended.out)["Trainer"] == "cached"
    (version,) = shared.versions
    assert f"pushed as version {version}" in ended.out
    assert folder_fingerprint(serving / version) == before


def test_a_changed_file_is_never_answered_from_the_cache(shared: Project, tapeline: Tapeline) -> None:
    shared.write(daily_load(seed=1))
    ended = tapeline("run", *shared.arguments, "--to", "StatisticsGen")
    assert ended.code == 0, ended.err
    assert "cached" not in ended.out


def test_a_model_that_misses_the_gate_is_not_pushed(shared: Project, tapeline: Tapeline) -> None:
    versions = shared.versions
    shared.write(daily_load())
    shared.configure(gate={"mae_scaled_below": 1e-6})
    ended = tapeline("run", *shared.arguments)
    assert ended.code == 1
    assert "refused" in ended.out.lower()
    assert shared.versions == versions
    assert "What it forecasts all the same: tapeline forecast --candidate --name load --home " in ended.out
    newest = max((shared.root / "runs" / "load" / "report").iterdir())
    assert not (newest / "forecast.csv").exists()
    ended = tapeline("forecast", "--candidate", "--name", "load", "--home", str(shared.root / "runs"))
    assert ended.code == 0, ended.err
    assert set(pd.read_csv(io.StringIO(ended.out))["model"]) == {"refused candidate"}


def test_part_of_the_pipeline_runs_from_what_the_last_run_made(shared: Project, tapeline: Tapeline) -> None:
    shared.configure()
    ended = tapeline("run", *shared.arguments, "--from", "Evaluator")
    assert ended.code == 0, ended.err
    assert "epoch" not in ended.out


def test_unknown_component_is_refused_with_the_list_of_components(project: Project, tapeline: Tapeline) -> None:
    ended = tapeline("run", *project.arguments, "--from", "Trainr")
    assert ended.code == 2
    assert "Trainr" in ended.err
    assert "Trainer" in ended.err


def test_from_without_an_earlier_run_says_so(project: Project, tapeline: Tapeline) -> None:
    ended = tapeline("run", *project.arguments, "--from", "Trainer")
    assert ended.code == 2
    assert "Run without --from first" in ended.err


def test_a_second_run_in_the_same_folder_waits_for_nobody(
    project: Project, tapeline: Tapeline, tmp_path: pathlib.Path
) -> None:
    import fcntl

    folder = tmp_path / "runs" / "load"
    folder.mkdir(parents=True)
    with open(folder / ".lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ended = tapeline("run", *project.arguments)
    assert ended.code == 2
    assert "is in progress" in ended.err
