"""Folds as configurations: the dates of a fold cut the data where the fold says."""

import dataclasses
import pathlib
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tapeline.cli import exit_codes
from tapeline.cli import main as cli
from tapeline.components.ingest.splits import find_bounds
from tapeline.pipeline.backtest.folds import Cuts
from tapeline.pipeline.backtest.plan import Backtest, base_cuts, plan_backtest
from tapeline.pipeline.paths import RunPaths
from tapeline.schemas.config import Config, parse_config
from tapeline.schemas.errors import ConfigError
from tapeline.series.time_grid import TimeGrid

ROWS = 200


def write(path: pathlib.Path, times: pd.DatetimeIndex) -> None:
    frame = pd.DataFrame({"time": times.strftime("%Y-%m-%dT%H:%M:%S"), "value": np.arange(len(times), dtype=float)})
    frame.to_csv(path, index=False)


def configure(path: pathlib.Path, *, frequency: str = "H", timezone: str = "UTC", **sections: Any) -> Config:
    tree = {
        "name": "load",
        "data": {
            "source": str(path),
            "time": "time",
            "target": "value",
            "frequency": frequency,
            "timezone": timezone,
        },
        "window": {"context_length": 8, "horizon": 4},
        **sections,
    }
    return parse_config(tree, origin="test")


@pytest.fixture
def hourly(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "load.csv"
    write(path, pd.date_range("2023-01-01", periods=ROWS, freq="H"))
    return path


def plan(config: Config, home: pathlib.Path, **options: Any) -> Backtest:
    return plan_backtest(config, RunPaths.of(config.name, home), **{"folds": 3, "window": "expanding", **options})


def cut_by(config: Config, times: pd.DatetimeIndex) -> Cuts:
    """Where ingest cuts the data under a configuration, in steps."""
    grid = TimeGrid.of(config.data)
    seconds = times.asi8 // 10**9
    bounds = find_bounds(first=int(seconds[0]), last=int(seconds[-1]), split=config.split, grid=grid)
    return Cuts(**{name: int(grid.ordinals([time])[0]) for name, time in dataclasses.asdict(bounds).items()})


@pytest.mark.parametrize("window", ["expanding", "sliding"])
@pytest.mark.parametrize(
    ("frequency", "timezone"),
    [("H", "UTC"), ("15min", "Europe/Berlin"), ("D", "Europe/Berlin"), ("W-SAT", "UTC"), ("MS", "UTC"), ("B", "UTC")],
)
def test_ingest_cuts_where_the_fold_says(tmp_path: pathlib.Path, frequency: str, timezone: str, window: str) -> None:
    # From the first of March on, so that days of 23 hours lie in it.
    wall = pd.date_range("1969-03-03", periods=ROWS, freq=frequency)
    path = tmp_path / "load.csv"
    write(path, wall)
    config = configure(path, frequency=frequency, timezone=timezone)
    times = wall.tz_localize(timezone).tz_convert("UTC")
    for fold in plan(config, tmp_path, window=window).folds:
        assert cut_by(fold.config, times) == fold.cuts


def test_one_fold_is_cut_like_the_configuration(hourly: pathlib.Path, tmp_path: pathlib.Path) -> None:
    config = configure(hourly)
    (fold,) = plan(config, tmp_path, folds=1).folds
    assert fold.cuts == base_cuts(config)
    # 200 hours: 140 train, 30 eval, 30 test.
    assert np.diff(dataclasses.astuple(fold.cuts)).tolist() == [140, 30, 30]


def test_start_and_end_of_the_configuration_hold_for_every_fold(hourly: pathlib.Path, tmp_path: pathlib.Path) -> None:
    config = configure(hourly, split={"start": "2023-01-02", "end": "2023-01-08"})
    folds = plan(config, tmp_path).folds
    assert {fold.config.split.start for fold in folds} == {"2023-01-02"}
    assert folds[-1].config.split.end == "2023-01-08"
    assert folds[-1].cuts.end - folds[0].cuts.train_start == 6 * 24


def test_expanding_folds_take_whatever_comes_first(hourly: pathlib.Path, tmp_path: pathlib.Path) -> None:
    folds = plan(configure(hourly), tmp_path).folds
    assert {fold.config.split.start for fold in folds} == {None}
    sliding = plan(configure(hourly), tmp_path, window="sliding").folds
    # 30 test hours shared by 3 folds: each begins 10 hours after the one before.
    assert [fold.config.split.start for fold in sliding] == [None, "2023-01-01T10:00:00Z", "2023-01-01T20:00:00Z"]


def test_what_ran_before_does_not_decide_about_a_fold(hourly: pathlib.Path, tmp_path: pathlib.Path) -> None:
    assert not any(fold.config.gate.no_worse_than_blessed for fold in plan(configure(hourly), tmp_path).folds)


def test_other_settings_go_to_another_folder(hourly: pathlib.Path, tmp_path: pathlib.Path) -> None:
    root = plan(configure(hourly), tmp_path).root
    others = {
        plan(configure(hourly), tmp_path, folds=2).root,
        plan(configure(hourly), tmp_path, window="sliding").root,
        plan(configure(hourly), tmp_path, fold_length=12).root,
        plan(configure(hourly, training={"seed": 2}), tmp_path).root,
    }
    write(hourly, pd.date_range("2023-01-01", periods=ROWS + 3, freq="H"))
    others.add(plan(configure(hourly), tmp_path).root)
    assert len(others) == 5
    assert root not in others


def test_what_no_number_depends_on_keeps_the_folder(hourly: pathlib.Path, tmp_path: pathlib.Path) -> None:
    root = plan(configure(hourly), tmp_path).root
    assert plan(configure(hourly, push={"keep": 2}), tmp_path).root == root
    assert plan(configure(hourly), tmp_path).root == root


def test_a_split_that_does_not_fit_is_refused_before_anything_runs(
    hourly: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    with pytest.raises(ConfigError, match="8 share the test split's 30 steps, 3 each"):
        plan(configure(hourly), tmp_path, folds=8)
    assert not (tmp_path / "load").exists()


def test_a_split_counted_from_each_series_end_is_refused_with_what_to_give(
    hourly: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    with pytest.raises(ConfigError, match=r"split.test_steps: a backtest moves one date .* Give split.eval_start"):
        plan(configure(hourly, split={"test_steps": 20, "eval_steps": 20}), tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--folds", "0"], "--folds: got 0"),
        (["--folds", "100"], "--folds: 100 share the test split's 343 steps"),
        (["--fold-length", "3"], "--fold-length: got 3 steps"),
        (["--output", "/dev/null/results"], "--output: cannot write to '/dev/null/results'"),
    ],
)
def test_bad_arguments_end_with_code_2(
    arguments: list[str], message: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    co2 = pathlib.Path(__file__).parents[3] / "configs" / "co2.yaml"
    assert (
        cli.main(["backtest", "--config", str(co2), "--home", str(tmp_path), *arguments]) == exit_codes.EXIT_BAD_INPUT
    )
    assert message in capsys.readouterr().err


def test_what_is_left_to_the_data_is_chosen_from_what_the_first_fold_trains_on(tmp_path: pathlib.Path) -> None:
    steps = np.arange(600)
    # With 3 folds of 100 steps the first one trains on 600 - 300 - 90 = 210: there the season is 8, later 12.
    values = np.where(steps < 210, np.sin(2 * np.pi * steps / 8), np.sin(2 * np.pi * steps / 12))
    times = pd.date_range("2023-01-01", periods=600, freq="H").strftime("%Y-%m-%dT%H:%M:%S")
    path = tmp_path / "load.csv"
    noise = np.random.default_rng(0).normal(scale=0.05, size=600)
    pd.DataFrame({"time": times, "value": values + noise}).to_csv(path, index=False)
    config = configure(path, window={"horizon": 4})
    backtest = plan(config, tmp_path, fold_length=100)
    assert backtest.config.auto == ()
    assert backtest.config.model.lags == (8,)
    assert {fold.config.model.lags for fold in backtest.folds} == {(8,)}
    assert "lags 8" in backtest.chosen
    assert plan(config, tmp_path, folds=1).config.model.lags != (8,)
    assert plan(backtest.config, tmp_path, fold_length=100).chosen == ""
