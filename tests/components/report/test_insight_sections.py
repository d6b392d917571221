"""What the forecast leans on, and the series by skill, in words."""

import dataclasses
from typing import Any

import pytest

from tapeline.components.report.collect import read_importance
from tapeline.components.report.content import Importance, InputImportance
from tapeline.components.report.insight_sections import leaning, series_section
from tapeline.series.figures.wording import Space


def test_growth_of_the_error_is_told_as_percent_as_a_multiple_or_as_none(content: Any) -> None:
    rows = (("far", 2.31, 0.1), ("near", 0.12, 0.01), ("noise", 0.001, 0.002), ("harmful", -0.05, 0.01))
    found = Importance(200, 3, tuple(InputImportance(name, "", *values) for name, *values in rows))
    section = leaning(dataclasses.replace(content, importance=found))
    assert section is not None
    bars = section.bars[0].bars
    assert [bar.value for bar in bars] == ["3.3 times", "+12\u00a0%", "none", "\u22125\u00a0%"]
    assert [bar.length for bar in bars] == pytest.approx([1.0, 0.12 / 2.31, 0.001 / 2.31, 0.0])
    assert "200 windows of the eval split, mean of 3 shuffles" in section.bars[0].caption


def test_a_model_that_tells_nothing_of_its_inputs_has_no_such_section(content: Any) -> None:
    assert read_importance({}) is None
    assert read_importance({"leans_on": {"windows": 0, "repeats": 3, "inputs": []}}) is None
    assert leaning(dataclasses.replace(content, importance=None)) is None


def test_importance_is_read_from_the_card() -> None:
    row = {"input": "calendar", "what": "hour of day", "error_growth": "inf", "deviation": 0.1}
    found = read_importance({"leans_on": {"windows": 9, "repeats": 3, "inputs": [row]}})
    assert found == Importance(9, 3, (InputImportance("calendar", "hour of day", float("inf"), 0.1),))


def test_series_stand_by_skill_with_the_place_of_their_charts(make_content: Any) -> None:
    content = make_content(series=(b"a", b"b", b"c"), starts=20, horizon=4, context=52)
    section = series_section(content, Space(59.0, "ppm"))
    assert section is not None
    (table,) = section.tables
    assert [row[0] for row in table.rows] == [view.series_id.decode() for view in content.newest]
    assert list(table.series) == [0, 1, 2]
    skill = [values[0] for values in table.values]
    assert skill == sorted(skill)
    assert series_section(make_content(starts=20, horizon=4, context=52), Space(59.0, "ppm")) is None
