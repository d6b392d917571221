"""Data frames become tables of rows: of pandas with their index of times, of others by what they offer."""

import pathlib
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tapeline.api.frames import arrow_table, write_frame
from tapeline.schemas.errors import DataError

DAYS = pd.date_range("2024-03-01", periods=3, freq="D")


class OfOthers:
    """A frame of a library that is not installed here, which gives an Arrow table, as those of polars do."""

    def to_arrow(self) -> pa.Table:
        shops = pa.array(["a"], pa.large_string())
        codes = pa.DictionaryArray.from_arrays(pa.array([0], pa.uint32()), shops)
        return pa.table({"shop": shops, "kind": codes, "sold": [1.0]})

    def to_pandas(self) -> Any:
        raise AssertionError("needs less where Arrow is given")


def test_an_index_of_times_is_a_column_and_a_plain_index_is_none() -> None:
    frame = pd.DataFrame({"sold": np.arange(3.0)})
    assert arrow_table(frame).column_names == ["sold"]
    assert arrow_table(frame.set_axis(DAYS, axis=0)).column_names == ["time", "sold"]
    assert arrow_table(frame.set_axis(DAYS.to_period("D"), axis=0))["time"].to_pylist()[0] == DAYS[0]
    index = pd.MultiIndex.from_arrays([["a", "a", "b"], DAYS], names=["shop", "day"])
    assert arrow_table(frame.set_axis(index, axis=0)).column_names == ["shop", "day", "sold"]


def test_frames_of_others_are_taken_by_what_they_offer() -> None:
    table = arrow_table(OfOthers())
    assert table.to_pydict() == {"shop": ["a"], "kind": ["a"], "sold": [1.0]}
    assert table.schema.types == [pa.string(), pa.string(), pa.float64()]


@pytest.mark.parametrize("frame", [7, [1.0], pd.DataFrame({"sold": [1.0, "much", b"\xff"]}, dtype=object)])
def test_what_is_no_frame_of_rows_is_refused(frame: Any) -> None:
    with pytest.raises(DataError, match=r"^frame: "):
        arrow_table(frame)


def test_the_same_rows_are_one_file(tmp_path: pathlib.Path) -> None:
    frame = pd.DataFrame({"sold": np.arange(3.0)}, index=DAYS)
    first, again, other = (write_frame(each, tmp_path) for each in (frame, frame.copy(), frame + 1))
    assert first == again != other
    assert sorted(tmp_path.iterdir()) == sorted([first, other])
    assert pq.read_table(first).column_names == ["time", "sold"]
