"""A configuration is settled on what its train split shows, and on nothing else."""

import pathlib
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tapeline.pipeline import settling
from tapeline.pipeline.paths import RunPaths
from tapeline.pipeline.settling import require_settled, settle, settle_unread
from tapeline.schemas.config import Config, load_config, parse_config
from tapeline.schemas.errors import DataError
from tapeline.series.sources.reading import Block, plan_blocks, read_batches
from tapeline.series.sources.source import Source

CO2 = pathlib.Path(__file__).parents[2] / "configs" / "co2.yaml"


def hourly(rows: int = 2000, *, season: int = 24, seed: int = 0) -> pd.DataFrame:
    steps = np.arange(rows)
    noise = np.random.default_rng(seed).normal(size=rows)
    times = pd.date_range("2023-01-02", periods=rows, freq="1h").strftime("%Y-%m-%d %H:%M:%S")
    return pd.DataFrame({"time": times, "load": 100 + 10 * np.sin(2 * np.pi * steps / season) + noise})


def configure(path: pathlib.Path, frame: pd.DataFrame, **sections: Any) -> Config:
    frame.to_csv(path, index=False)
    data = {"source": str(path), "time": "time", "target": "load", "frequency": "h", **sections.pop("data", {})}
    return parse_config({"name": "load", "data": data, **sections}, origin="test")


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "load.csv"


def test_everything_is_chosen_and_told_in_a_line(path: pathlib.Path) -> None:
    settled = settle(configure(path, hourly()))
    assert settled.config.auto == ()
    assert settled.words() == (
        "chosen for these data: context 336 (2 seasons of 168), encoder 96, lags 24 168, segment 8, "
        "calendar hour_of_day hour_of_week weekend, candidates 6"
    )


def test_the_years_of_the_embedded_data_are_found() -> None:
    open_again = {key: "auto" for key in ("window.context_length", "model.lags", "features.calendar")}
    config = settle(load_config(CO2).override(open_again)).config
    assert config.window.context_length == 104
    assert config.model.lags == (52,)
    assert config.features.calendar == ("week_of_year",)


def test_what_is_given_wins(path: pathlib.Path) -> None:
    given = {"window": {"context_length": 50}, "features": {"calendar": []}, "model": {"segment_length": 3}}
    settled = settle(configure(path, hourly(), **given))
    assert settled.keys == ("model.encoder_length", "model.lags", "training.candidates")
    assert settled.config.window.context_length == 50
    assert settled.config.model.lags == (24,)
    assert settled.config.model.segment_length == 3


def test_a_settled_configuration_stays_as_it_is(path: pathlib.Path) -> None:
    config = settle(configure(path, hourly())).config
    assert settle(config).config == config
    assert settle(config).words() == ""
    require_settled(config)


def test_a_pipeline_is_not_built_from_an_open_configuration(path: pathlib.Path) -> None:
    with pytest.raises(AssertionError, match=r"window\.context_length"):
        require_settled(configure(path, hourly()))


def test_rows_after_train_change_nothing(path: pathlib.Path) -> None:
    """The leakage test: eval and test hold another season, or nothing that can be told from noise."""
    frame = hourly()
    chosen = settle(configure(path, frame)).config
    after = int(len(frame) * 0.7)
    for values in (hourly(season=7).load, np.random.default_rng(1).normal(size=len(frame))):
        other = frame.assign(load=np.where(np.arange(len(frame)) < after, frame.load, values))
        assert settle(configure(path, other)).config == chosen
    other = frame.assign(load=np.where(np.arange(len(frame)) < after, hourly(season=9).load, frame.load))
    assert settle(configure(path, other)).config != chosen


def test_values_after_each_series_own_train_part_change_nothing(path: pathlib.Path) -> None:
    """Two columns that end at different times: what is behind each one's own cut holds another season."""
    steps = np.arange(2000)
    ends = {"a": 2000, "b": 1400}
    values = hourly().load.to_numpy()
    sections: dict[str, Any] = {"data": {"target": list(ends)}, "split": {"eval_steps": 300, "test_steps": 300}}

    def frame(cut: int) -> pd.DataFrame:
        other = hourly(season=7).load.to_numpy()
        columns = {
            name: np.where(steps < end - cut, values, np.where(steps < end, other, np.nan))
            for name, end in ends.items()
        }
        return pd.DataFrame({"time": hourly().time, **columns})

    chosen = settle(configure(path, frame(0), **sections)).config
    assert chosen.model.lags == (24, 168)
    assert settle(configure(path, frame(600), **sections)).config == chosen
    assert settle(configure(path, frame(1400), **sections)).config != chosen


def test_the_order_of_rows_and_of_series_changes_nothing(path: pathlib.Path) -> None:
    panel = pd.concat([hourly(seed=1).assign(shop="b"), hourly(1500, seed=2).assign(shop="a")])
    data = {"series_id": "shop"}
    chosen = settle(configure(path, panel, data=data)).config
    shuffled = panel.sample(frac=1.0, random_state=0)
    assert settle(configure(path, shuffled, data=data)).config == chosen


def test_gaps_do_not_hide_a_season(path: pathlib.Path) -> None:
    frame = hourly().drop(index=range(100, 140))
    assert settle(configure(path, frame)).config.model.lags == (24, 168)


def test_a_large_source_is_read_in_parts(path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def small_blocks(source: Source, *, needed: dict[str, str]) -> list[Block]:
        return plan_blocks(source, needed=needed, block_bytes=2000)

    def noted(block: Block) -> Any:
        read.append(block.index)
        return read_batches(block)

    monkeypatch.setattr(settling, "plan_blocks", small_blocks)
    monkeypatch.setattr(settling, "read_batches", noted)
    config = settle(configure(path, hourly(4000))).config
    assert len(read) == settling.MOST_BLOCKS
    assert read[0] == 0
    assert config.auto == ()


def test_data_that_are_not_there_are_told_at_once(path: pathlib.Path) -> None:
    config = configure(path, hourly())
    path.unlink()
    with pytest.raises(DataError, match="no file"):
        settle(config)


@pytest.mark.parametrize("column", ["time", "load"])
def test_rows_that_cannot_be_read_are_left_to_the_first_component(path: pathlib.Path, column: str) -> None:
    frame = hourly().astype({"load": object})
    frame.loc[7, column] = "broken"
    settled = settle(configure(path, frame))
    assert settled.config.auto == ()
    assert not settled.readable
    assert settled.words() == ""


def test_without_data_the_frequency_chooses(path: pathlib.Path) -> None:
    config = configure(path, hourly(), window={"horizon": 24, "context_length": 96})
    path.unlink()
    settled = settle_unread(config)
    assert settled.auto == ()
    assert settled.window.context_length == 96


def test_values_that_look_back_get_a_context_that_holds_them(path: pathlib.Path) -> None:
    assert settle(configure(path, hourly(), gate={"season": 500})).config.window.context_length == 500
    rolling = {"rolling": [{"window": 400}]}
    assert settle(configure(path, hourly(), features=rolling)).config.window.context_length == 400


def test_the_folder_of_runs_has_a_place_for_it(tmp_path: pathlib.Path) -> None:
    assert RunPaths(tmp_path).configuration == tmp_path / "config.yaml"
