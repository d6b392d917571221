"""What is known of all series, which group each goes to, and which are too long."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapeline.schemas.errors import DataError
from tapeline.schemas.features import SERIES_ID, SPLITS, TIMESTAMP
from tapeline.series.grouping import series_survey
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows
from tapeline.series.grouping.series_survey import NEVER, Grouping, merge_surveys, refuse_long, survey_rows


def rows(ids: Any, times: Any, *, split: str = "train") -> SeriesRows:
    numbers = np.zeros((len(ids), 1), np.float32)
    return SeriesRows.of({SERIES_ID: np.array(ids, object), TIMESTAMP: np.array(times), NUMBERS: numbers}, split=split)


def panel(sizes: Any) -> Any:
    return survey_rows(rows(np.repeat([b"s%02d" % at for at in range(len(sizes))], sizes), np.arange(sum(sizes))))


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b\xff", b""]), st.integers(-9, 9)), min_size=1), st.integers(1, 4))
def test_surveys_of_parts_merge_to_that_of_the_whole(lines: Any, parts: Any) -> None:
    ids, times = [name for name, _ in lines], [time for _, time in lines]
    whole = merge_surveys([survey_rows(rows(ids, times))])
    cut = [some for some in np.array_split(np.arange(len(lines)), parts) if len(some)]
    merged = merge_surveys([survey_rows(rows([ids[i] for i in some], [times[i] for i in some])) for some in cut])
    for field in dataclasses.fields(whole):
        np.testing.assert_array_equal(getattr(merged, field.name), getattr(whole, field.name))
    assert whole.ids.tolist() == sorted(set(ids))
    assert whole.rows.tolist() == [ids.count(name) for name in whole.ids]


def test_splits_have_their_rows_and_their_first_time() -> None:
    survey = merge_surveys([survey_rows(rows([b"a", b"b"], [5, 3])), survey_rows(rows([b"a"], [9], split="test"))])
    assert survey.split_rows.tolist() == [2, 0, 1]
    assert survey.split_first.tolist() == [3, NEVER, 9]
    assert (survey.first.tolist(), survey.last.tolist()) == ([5, 3], [9, 3])
    assert len(SPLITS) == 3


def test_a_long_series_is_a_group_of_its_own_and_short_ones_share() -> None:
    survey = panel([10] * 60 + [101, 300])
    grouping = Grouping.of(survey, survey.rows, group_rows=100)
    # 600 rows of short series, 100 a group.
    assert grouping.shared == 7
    keys = grouping.keys(survey.ids)
    assert keys[-2:].tolist() == [7, 8]
    assert keys[:-2].max() < 7
    # A hash does not fill groups evenly, but none holds half of the rows.
    assert np.bincount(keys[:-2]).max() < 30
    np.testing.assert_array_equal(grouping.keys(survey.ids[::-1]), keys[::-1])


def test_few_rows_are_one_group() -> None:
    survey = panel([3, 4])
    assert Grouping.of(survey, survey.rows) == Grouping(1, ())


def test_a_series_too_long_to_hold_is_refused_with_its_size_and_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    # 136 bytes a row with one float: 1,360 bytes hold ten rows.
    monkeypatch.setattr(series_survey, "HELD_BYTES", 1360)
    survey = panel([10, 10])
    refuse_long(survey, survey.rows, unit="rows", width=1)
    survey = panel([11, 10, 13])
    with pytest.raises(DataError) as refusal:
        refuse_long(survey, survey.rows, unit="rows", width=1)
    message = str(refusal.value)
    assert message.startswith(
        "data: series 's02' has 13 rows (and 1 more series are too long). A worker holds a series"
    )
    assert "at most 10 rows" in message
    assert message.endswith("Give a coarser data.frequency, or fewer years.")


def test_series_of_millions_of_rows_are_held() -> None:
    survey = dataclasses.replace(panel([1]), rows=np.array([10_000_000]))
    refuse_long(survey, survey.rows, unit="rows", width=10)
