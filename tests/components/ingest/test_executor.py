"""The component's executor on Beam: rows in, rows of three splits out, each once and in order."""

import pathlib
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils, standard_artifacts

from tapeline.components.ingest import executor as ingest
from tapeline.components.ingest.executor import EXAMPLES_KEY, Executor
from tapeline.pipeline.beam_arguments import beam_arguments
from tapeline.schemas.errors import DataError
from tapeline.schemas.features import SPLITS
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, SplitConfig
from tapeline.series.sources.reading import plan_blocks
from tests.row_files import read_row_file

IN_MEMORY = beam_arguments(("--direct_running_mode=in_memory", "--direct_num_workers=1"))


def ingest_into(folder: Any, data: Any, features: Any = None, split: Any = None) -> Any:
    examples = standard_artifacts.Examples()
    examples.uri = str(folder / "examples")
    executor = Executor()
    executor._context = base_beam_executor.BaseBeamExecutor.Context(tmp_dir=str(folder / "tmp"), unique_id="1")
    executor._beam_pipeline_args = IN_MEMORY
    executor.Do(
        {},
        {EXAMPLES_KEY: [examples]},
        {
            "data": data.model_dump_json(),
            "features": (features or FeaturesConfig()).model_dump_json(),
            "split": (split or SplitConfig()).model_dump_json(),
        },
    )
    return examples


def rows_of(examples: Any, split: Any) -> list[dict[str, Any]]:
    """The rows of a split in the order of their files; what is missing is None."""
    folder = pathlib.Path(artifact_utils.get_split_uri([examples], split))
    return [row for path in sorted(folder.glob("*")) for row in read_row_file(path)]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        ingest, "plan_blocks", lambda source, *, needed: plan_blocks(source, needed=needed, block_bytes=500)
    )


def test_the_built_in_series_is_split_by_time(tmp_path: pathlib.Path) -> None:
    data = DataConfig(source="statsmodels:co2", time="date", target="co2", frequency="W-SAT")
    examples = ingest_into(tmp_path, data)
    assert artifact_utils.decode_split_names(examples.split_names) == list(SPLITS)
    assert examples.get_string_custom_property("payload_format") == "FORMAT_PARQUET"
    # 2,284 weeks: 70 percent are 1,598.8, 85 percent 1,941.4.
    splits = {name: rows_of(examples, name) for name in SPLITS}
    assert [len(rows) for rows in splits.values()] == [1599, 342, 343]
    assert [examples.get_int_custom_property(f"{name}_rows") for name in (*SPLITS, "unused")] == [1599, 342, 343, 0]
    rows = [row for name in SPLITS for row in splits[name]]
    assert [row["row_number"] for row in rows] == list(range(2284))
    assert (np.diff([row["timestamp"] for row in rows]) == 7 * 86_400).all()
    assert sum(row["target"] is None for row in rows) == 59
    assert {row["series_id"] for row in rows} == {b"series"}
    assert rows[0] == {
        "series_id": b"series",
        "timestamp": int(pd.Timestamp("1958-03-29").timestamp()),
        "row_number": 0,
        "target": 316.1,
    }
    # Each split ends where the next begins, and all three are written down.
    for earlier, later in (("train", "eval"), ("eval", "test")):
        cut = examples.get_string_custom_property(f"{later}_start")
        assert examples.get_string_custom_property(f"{earlier}_end") == cut
        assert pd.Timestamp(cut).timestamp() == splits[later][0]["timestamp"]


@pytest.mark.usefixtures("small_blocks")
def test_many_blocks_of_two_files_hold_each_row_once_and_in_order(tmp_path: pathlib.Path) -> None:
    hours = pd.date_range("2021-01-01", periods=200, freq="H")
    frame = pd.DataFrame({"ds": hours, "a": np.arange(200.0), "b": -np.arange(200.0), "holiday": hours.hour == 0})
    frame.iloc[:120].to_csv(tmp_path / "1.csv", index=False)
    frame.iloc[120:].to_csv(tmp_path / "2.csv", index=False)
    split = SplitConfig(eval_start="2021-01-06", test_start="2021-01-07", end="2021-01-08")
    data = DataConfig(source=str(tmp_path / "*.csv"), time="ds", target=["a", "b"], frequency="H")
    examples = ingest_into(tmp_path, data, FeaturesConfig(future_covariates="holiday"), split)
    # 5 days, a day, a day and 32 hours that nobody uses; two series each.
    assert [examples.get_int_custom_property(f"{name}_rows") for name in (*SPLITS, "unused")] == [240, 48, 48, 64]
    for series, sign in ((b"a", 1.0), (b"b", -1.0)):
        rows = [row for name in SPLITS for row in rows_of(examples, name) if row["series_id"] == series]
        assert [row["row_number"] for row in rows] == list(range(168))
        assert [row["target"] for row in rows] == [sign * at for at in range(168)]
        assert [row["holiday"] for row in rows] == [float(at % 24 == 0) for at in range(168)]


def test_the_newest_spans_are_read_and_written_onto_the_examples(tmp_path: pathlib.Path) -> None:
    hours = pd.date_range("2021-01-01", periods=120, freq="H")
    for span in (1, 2, 3):
        for version in (1, 2):
            part = slice(40 * (span - 1), 40 * span)
            frame = pd.DataFrame({"ds": hours[part], "y": np.arange(120.0)[part] + 1000 * version})
            frame.to_csv(tmp_path / f"{span}-{version}.csv", index=False)
    data = DataConfig(source=str(tmp_path / "{SPAN}-{VERSION}.csv"), spans=2, time="ds", target="y", frequency="H")
    examples = ingest_into(tmp_path, data)
    assert (examples.span, examples.version, examples.get_int_custom_property("first_span")) == (3, 2, 2)
    targets = [row["target"] for name in SPLITS for row in rows_of(examples, name)]
    assert targets == [2040.0 + at for at in range(80)]


@pytest.mark.usefixtures("small_blocks")
def test_a_series_is_cut_by_its_own_end_whatever_block_that_lies_in(tmp_path: pathlib.Path) -> None:
    hours = pd.date_range("2021-01-01", periods=200, freq="H")
    frame = pd.DataFrame(
        {"ds": hours, "a": np.arange(200.0), "b": np.where(np.arange(200) < 90, 1.0 * np.arange(200), np.nan)}
    )
    frame.to_csv(tmp_path / "1.csv", index=False)
    data = DataConfig(source=str(tmp_path / "1.csv"), time="ds", target=["a", "b"], frequency="H")
    examples = ingest_into(tmp_path, data, split=SplitConfig(eval_steps=10, test_steps=20))
    for series, last in ((b"a", 200), (b"b", 90)):
        rows = {
            name: [row["row_number"] for row in rows_of(examples, name) if row["series_id"] == series]
            for name in SPLITS
        }
        assert rows["train"] == list(range(last - 30))
        assert rows["eval"] == list(range(last - 30, last - 20))
        assert rows["test"] == list(range(last - 20, 200))


def test_mistakes_in_the_data_are_raised_as_they_are_and_nothing_is_written(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("ds,y\n2021-01-01,1\n2021-13-45,2\n2021-01-03,n/a\n")
    with pytest.raises(DataError) as caught:
        ingest_into(tmp_path, DataConfig(source=str(path), time="ds", frequency="D"))
    assert "row 1 '2021-13-45': is a time that does not exist" in str(caught.value)
    assert "row 2 'n/a': is text, not a number" in str(caught.value)
    assert not (tmp_path / "examples").exists()


def test_a_split_that_no_row_lies_in_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "sales.csv"
    # 100 days of which the middle 60 are missing.
    days = pd.date_range("2021-01-01", periods=100)
    frame = pd.DataFrame({"ds": days, "y": 1.0})
    frame.iloc[[*range(20), *range(80, 100)]].to_csv(path, index=False)
    data = DataConfig(source=str(path), time="ds", frequency="D")
    with pytest.raises(DataError, match="split: eval holds no row"):
        ingest_into(tmp_path, data, split=SplitConfig(train=0.3, eval=0.3, test=0.4))
