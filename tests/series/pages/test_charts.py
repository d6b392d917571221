"""Charts as data: as short as a screen allows."""

import json
from typing import Any

import numpy as np
import pytest

from tapeline.series.pages.charts import Band, Chart, Line, SeriesCharts, charts_json


def chart(*values: Any, **options: Any) -> Chart:
    lines = [Line(name="one", values=np.array(each, np.float64), ink="ink") for each in values]
    return Chart(x=np.arange(float(len(values[0]))), unit="ppm", lines=lines, **options)


def test_values_are_rounded_to_what_a_screen_can_show_of_their_range() -> None:
    tree = charts_json({"a": chart([370.123456789, 380.987654321]), "b": chart([1e9 + 0.123, 3e9])}, SeriesCharts())
    assert tree["charts"]["a"]["values"] == [[370.123, 380.988]]
    assert tree["charts"]["b"]["values"] == [[1_000_000_000, 3_000_000_000]]


def test_values_that_hardly_differ_keep_their_differences() -> None:
    small = charts_json({"a": chart([1e6 + 0.001, 1e6 + 0.002])}, SeriesCharts())["charts"]["a"]["values"][0]
    assert small[1] - small[0] == pytest.approx(0.001, rel=1e-3)
    assert charts_json({"a": chart([0.0, 0.0])}, SeriesCharts())["charts"]["a"]["values"] == [[0, 0]]


def test_what_is_not_finite_is_a_gap() -> None:
    tree = charts_json({"a": chart([1.0, np.nan, np.inf]), "b": chart([np.nan])}, SeriesCharts())
    assert tree["charts"]["a"]["values"] == [[1, None, None]]
    assert tree["charts"]["b"]["values"] == [[]]
    json.dumps(tree, allow_nan=False)


def test_charts_with_the_same_places_share_them() -> None:
    some = {"newest": [chart([1.0, 2.0]), chart([3.0, 4.0]), chart([3.0, 4.0, 5.0])]}
    tree = charts_json({"newest": chart([1.0, 2.0])}, SeriesCharts(names=["a", "b", "c"], charts=some))
    assert tree["axes"] == [[0, 1], [0, 1, 2]]
    assert [each["x"] for each in tree["series"]["charts"]["newest"]] == [0, 0, 1]


def test_band_stands_beside_the_lines() -> None:
    band = Band(name="80 %", lower=np.array([0.0, 1.0]), upper=np.array([2.0, 3.0]))
    tree = charts_json({"a": chart([1.0, 2.0], bands=[band], marks=[0.5])}, SeriesCharts())["charts"]["a"]
    assert (tree["edges"], tree["marks"]) == ([[2, 3], [0, 1]], [0.5])
    assert tree["bands"] == [{"name": "80 %", "ink": "forecast"}]
