"""The first pass: what a source holds, and all that is wrong with it in one message."""

import gzip
import pathlib
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tapeline.schemas.errors import DataError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig
from tapeline.series.sources.reading import plan_blocks, read_batches
from tapeline.series.sources.rows import RowLayout, read_rows, row_batches
from tapeline.series.sources.scanning import scan_block, survey_source
from tapeline.series.sources.source import Source

HOUR = 3600


def layout(**more: Any) -> RowLayout:
    features = FeaturesConfig(**{key: more.pop(key) for key in list(more) if key.endswith("covariates")})
    return RowLayout.of(DataConfig(frequency="H", **{"series_id": None, **more}), features)


def survey(*files: Any, block_bytes: Any = 1 << 20, **more: Any) -> Any:
    roles = layout(**more)
    blocks = plan_blocks(Source(files=files), needed=roles.columns, block_bytes=block_bytes)
    facts = [fact for block in blocks for fact in scan_block(block, roles)]
    # Workers answer in any order.
    return survey_source(blocks, reversed(facts), roles)


def refusal(*files: Any, **more: Any) -> str:
    with pytest.raises(DataError) as caught:
        survey(*files, **more)
    return str(caught.value)


def hourly(path: Any, count: Any, *, start: str = "2021-01-01", replace: Any = None) -> Any:
    """Writes `count` hours of values; `replace` maps row numbers to whole lines."""
    lines = [f"{time},{at}" for at, time in enumerate(pd.date_range(start, periods=count, freq="H"))]
    for at, line in (replace or {}).items():
        lines[at] = line
    path.write_text("ds,y\n" + "\n".join(lines) + "\n")
    return path


def test_a_survey_counts_rows_over_blocks_and_files(tmp_path: pathlib.Path) -> None:
    first = hourly(tmp_path / "a.csv", 100)
    second = hourly(tmp_path / "b.csv", 50, start="2020-01-01")
    found = survey(first, second, block_bytes=1000)
    assert found.rows == 150
    assert found.first_rows[0] == 0
    assert 100 in found.first_rows
    assert list(found.first_rows) == sorted(set(found.first_rows))
    assert found.first == pd.Timestamp("2020-01-01").timestamp()
    assert found.last == pd.Timestamp("2021-01-01").timestamp() + 99 * HOUR


def test_offenders_are_numbered_from_the_start_of_their_file(tmp_path: pathlib.Path) -> None:
    first = hourly(tmp_path / "a.csv", 100)
    second = hourly(tmp_path / "b.csv", 100, replace={77: "2021-13-45 00:00:00,1", 80: "2021-01-04 08:00:00,n/a"})
    message = refusal(first, second, block_bytes=500)
    assert message.startswith("2 mistakes in the data")
    assert f"{second}: data.time: column 'ds': row 77 '2021-13-45 00:00:00': is a time that does not exist" in message
    assert f"{second}: data.target: column 'y': row 80 'n/a': is text, not a number" in message


def test_one_rule_broken_in_many_blocks_is_one_line(tmp_path: pathlib.Path) -> None:
    path = hourly(tmp_path / "a.csv", 100, replace={at: f"2021-02-30 00:00:00,{at}" for at in range(10, 90, 10)})
    message = refusal(path, block_bytes=200)
    assert message.count("does not exist") == 1
    assert "row 10 '2021-02-30 00:00:00'" in message
    assert "row 50 " in message
    assert "and 3 more" in message


@pytest.mark.parametrize("block_bytes", [100, 1 << 20])
def test_two_formats_in_one_column_are_found(tmp_path: pathlib.Path, block_bytes: Any) -> None:
    path = hourly(tmp_path / "a.csv", 100, replace={at: f"2021-01-05,{at}" for at in range(60, 100)})
    message = refusal(path, block_bytes=block_bytes)
    assert "row 60 '2021-01-05'" in message
    assert "is not of the form YYYY-MM-DD hh:mm:ss, as rows before it are" in message


def test_two_formats_are_found_across_files(tmp_path: pathlib.Path) -> None:
    hours, days = hourly(tmp_path / "a.csv", 10), tmp_path / "b.csv"
    days.write_text("ds,y\n2021-01-05,1\n2021-01-06,2\n")
    message = refusal(hours, days)
    assert f"{days}: data.time: column 'ds': row 0 '2021-01-05': differs in form from row 0 of {hours}" in message


def test_formats_that_alternate_are_told_in_few_lines(tmp_path: pathlib.Path) -> None:
    path = hourly(tmp_path / "a.csv", 400, replace={at: f"2021-01-05,{at}" for at in range(0, 400, 2)})
    assert len(refusal(path, block_bytes=100).splitlines()) <= 3


def test_mixed_zones_are_found_across_files(tmp_path: pathlib.Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("ds,y\n2021-01-01T00:00+01:00,1\n")
    second.write_text("ds,y\n2021-01-01T00:00+02:00,1\n")
    assert "their distances from UTC differ" in refusal(first, second)


def test_rows_of_another_width_are_told_before_all_else(tmp_path: pathlib.Path) -> None:
    # A decimal comma makes a third field; whatever stands after it cannot be numbered.
    path = hourly(tmp_path / "a.csv", 20, replace={3: "2021-01-01 03:00:00,12,5", 9: "2021-01-01 09:00:00,n/a"})
    message = refusal(path)
    assert "data.source: row 3 '2021-01-01 03:00:00,12,5': does not have the header's 2 fields" in message
    assert "n/a" not in message


def test_text_in_a_covariate_names_its_argument(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ds,y,holiday\n2021-01-01,1,TRUE\n2021-01-02,1,maybe\n")
    assert "features.future_covariates: column 'holiday': row 1 'maybe'" in refusal(path, future_covariates="holiday")


def test_bytes_that_are_no_utf8_are_shown(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("ds,y,unique_id\n2021-01-01,1,Köln\n".encode("latin-1"))
    message = refusal(path, series_id="unique_id")
    assert "data.series_id: column 'unique_id': row 0" in message
    assert "is not UTF-8 text. Save the file in UTF-8" in message


def test_a_row_without_series_id_is_shown(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("unique_id,ds,y\na,2021-01-01,1\n,2021-01-02,1\n")
    assert "row 1 '': names no series" in refusal(path, series_id="unique_id")


def test_a_header_without_rows_is_refused_and_beside_rows_it_is_not(tmp_path: pathlib.Path) -> None:
    header = tmp_path / "a.csv"
    header.write_text("ds,y\n")
    assert "there are no rows under the header" in refusal(header)
    assert survey(header, hourly(tmp_path / "b.csv", 3)).rows == 3


def test_a_damaged_file_is_told_with_the_row_it_broke_at(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.csv.gz"
    packed = gzip.compress(b"ds,y\n" + b"".join(b"2021-01-01,%d\n" % at for at in range(100_000)))
    path.write_bytes(packed[: len(packed) // 2])
    message = refusal(path)
    assert f"{path}: data.source: cannot be read after row" in message


class TestRows:
    """What a batch becomes, before it is written."""

    def examples(self, path: Any, chosen: Any = None, **more: Any) -> list[Any]:
        roles = layout(**more)
        (block,) = plan_blocks(Source(files=(path,)), needed=roles.columns)
        (batch,) = read_batches(block)
        rows = read_rows(batch, roles, first_row=1000)
        assert not rows.problems
        chosen = np.ones(len(rows), bool) if chosen is None else np.array(chosen)
        return [batch.to_pydict() for batch in row_batches(rows, roles, targets=roles.target, chosen=chosen)]

    def test_one_series_is_named_series(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text("ds,y,x,w\n2021-01-01,1.5,TRUE,\n2021-01-02,,3,4\n2021-01-03,7,8,9\n")
        (examples,) = self.examples(path, [True, True, False], past_covariates="x", static_covariates="w")
        start = int(pd.Timestamp("2021-01-01").timestamp())
        assert examples == {
            "series_id": [b"series", b"series"],
            "timestamp": [start, start + 86_400],
            "row_number": [1000, 1001],
            "x": [1.0, 3.0],
            "w": [None, 4.0],
            "target": [1.5, None],
        }

    def test_several_target_columns_become_series_of_the_panel(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text("ds,a,b\n2021-01-01,1,2\n2021-01-02,3,\n")
        first, second = self.examples(path, target=["a", "b"])
        assert (first["series_id"], first["target"]) == ([b"a", b"a"], [1.0, 3.0])
        assert (second["series_id"], second["target"]) == ([b"b", b"b"], [2.0, None])
        assert first["row_number"] == second["row_number"] == [1000, 1001]

    def test_the_long_form_keeps_its_series(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.parquet"
        frame = pd.DataFrame(
            {"unique_id": [7, 7, 8], "ds": pd.to_datetime(["2021-01-01", "2021-01-02", "2021-01-01"]), "y": [1, 2, 3]}
        )
        frame.to_parquet(path)
        (examples,) = self.examples(path, [True, False, True], series_id="unique_id")
        assert examples["series_id"] == [b"7", b"8"]
        assert examples["target"] == [1.0, 3.0]
        assert examples["row_number"] == [1000, 1002]

    def test_categories_are_text(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "a.parquet"
        frame = pd.DataFrame({"unique_id": ["a", "b"], "ds": ["2021-01-01", "2021-01-01"], "y": [1.0, 2.0]})
        frame.astype({"unique_id": "category"}).to_parquet(path)
        (examples,) = self.examples(path, series_id="unique_id")
        assert examples["series_id"] == [b"a", b"b"]


@pytest.mark.parametrize("block_bytes", [30, 1 << 20])
@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("Wien", "Wien ", "'Wien' and 'Wien ' look the same and are two series: they differ by spaces around them"),
        ("Wien\u00a0", "Wien", "'Wien' and 'Wien\\xa0' look the same"),
        (" Wien", "Wien ", "' Wien' and 'Wien ' look the same"),
        (
            "K\u00f6ln",
            "Ko\u0308ln",
            r"'K\xf6ln' and 'Ko\u0308ln' look the same and are two series: they differ by their",
        ),
    ],
)
def test_series_that_look_the_same_are_refused_with_both_spellings(
    tmp_path: pathlib.Path, first: str, second: str, told: str, block_bytes: int
) -> None:
    path = tmp_path / "a.csv"
    lines = [f"{first},2021-01-01,1", "Graz,2021-01-01,1", f"{second},2021-01-01,1"]
    path.write_text("unique_id,ds,y\n" + "\n".join(lines) + "\n", encoding="utf-8")
    message = refusal(path, series_id="unique_id", block_bytes=block_bytes)
    assert f"data.series_id: column 'unique_id': {told}" in message
    path.write_text("unique_id,ds,y\n" + "\n".join([lines[0], lines[1], lines[0]]) + "\n", encoding="utf-8")
    assert survey(path, series_id="unique_id", block_bytes=block_bytes).rows == 3
