"""Errors of series over those of their best naive forecasts, summed in any order."""

from typing import Any

import numpy as np
import pytest

from tapeline.series.series_skill import SeriesSkills, add, merge, relative_mae, vector
from tests.series.test_window_sums import window

NAN = float("nan")


def sums(absolute: float, *, persistence: float, seasonal: float, windows: int = 1, against: float = 0.0) -> Any:
    return vector(
        {
            "windows": windows,
            "observed": 2 * windows,
            "absolute": absolute,
            "persistence": persistence,
            "seasonal_naive": seasonal,
            "against_naive": against,
            "observed_against_naive": 2 * windows if against else 0,
        }
    )


def test_each_series_is_held_against_the_better_of_its_own_naive_forecasts() -> None:
    table = {
        b"large": sums(50.0, persistence=100.0, seasonal=200.0, windows=9),
        b"small": sums(0.05, persistence=0.5, seasonal=0.02, windows=9),
    }
    skills = SeriesSkills.of(table)
    assert skills.ids.tolist() == [b"small", b"large"]
    assert skills.relative_mae == pytest.approx([2.5, 0.5])
    assert skills.worse_than(0.25, least_windows=9).tolist() == [True, False]


def test_a_series_with_few_windows_is_there_and_not_judged() -> None:
    skills = SeriesSkills.of({b"a": sums(2.0, persistence=1.0, seasonal=1.0, windows=9)})
    assert skills.judged(10).tolist() == [False]
    assert skills.worse_than(0.0, least_windows=10).tolist() == [False]


def test_a_series_that_rests_is_held_against_its_usual_steps() -> None:
    # Nothing can be divided by the error of a naive forecast that is right.
    zero = np.zeros((4, 2))
    found = relative_mae(np.array([0.0, 0.1, 0.1, NAN]), zero, np.array([0.0, 0.2, NAN, NAN]))
    assert found[:3].tolist() == [1.0, 1.2, np.inf]
    assert np.isnan(found[3])


def test_a_forecast_that_is_no_number_is_the_worst() -> None:
    skills = SeriesSkills.of(
        {b"a": sums(9.0, persistence=1.0, seasonal=1.0), b"b": sums(NAN, persistence=1.0, seasonal=1.0)}
    )
    assert skills.ids.tolist() == [b"b", b"a"]
    assert skills.worse_than(100.0, least_windows=1).tolist() == [True, False]


def test_sums_of_windows_add_up_in_any_order() -> None:
    windows = [
        (b"a", window([1, 2], [2, 2], persistence=[3, 3], seasonal_naive=[1, 1])),
        (b"b", window([4, NAN], [1, 9], persistence=[4, 4], seasonal_naive=[0, 0])),
        (b"a", window([0, 0], [1, 1], persistence=[1, 0], seasonal_naive=[2, 2])),
    ]
    one: Any = {}
    for series_id, each in windows:
        add(one, series_id, each.for_series())
    parts: Any = []
    for series_id, each in reversed(windows):
        parts.append({series_id: each.for_series()})
    assert {name: total.tolist() for name, total in merge(parts).items()} == {k: v.tolist() for k, v in one.items()}
    # a: errors of 3, persistence 4, seasonal naive 5. b rests: 1, and 3 times its usual step.
    skills = SeriesSkills.of(one)
    assert dict(zip(skills.ids.tolist(), skills.relative_mae.tolist(), strict=True)) == {b"a": 0.75, b"b": 4.0}


def test_a_hundred_thousand_series_are_ranked_in_a_moment() -> None:
    table = {b"%06d" % i: sums(1.0 + i % 7, persistence=2.0, seasonal=3.0, windows=20) for i in range(100_000)}
    skills = SeriesSkills.of(table)
    assert len(skills.ids) == 100_000
    assert int(skills.worse_than(0.25, least_windows=10).sum()) == sum(1 + i % 7 > 2.5 for i in range(100_000))
