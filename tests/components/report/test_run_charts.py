"""Charts of a run: the same numbers as the figures."""

from typing import Any

import numpy as np
import pytest

from tapeline.components.report.error_figures import coinciding, lead_step_figure
from tapeline.components.report.run_charts import (
    lead_step_chart,
    learning_chart,
    series_charts,
    window_chart,
)
from tapeline.series.figures.style import FORECAST_STYLES
from tapeline.series.figures.wording import Space
from tapeline.series.time_grid import TimeGrid


def test_a_window_shows_truth_forecast_and_cutoff_on_the_clock_of_the_data(make_content: Any) -> None:
    content = make_content(starts=20, horizon=4, context=52, intervals=True)
    view = content.newest[0]
    found = window_chart(view, grid=TimeGrid("W-SAT"), unit="ppm")
    truth, forecast = (line.values for line in found.lines)
    assert len(found.x) == len(truth) == len(forecast) == 20 + 4
    np.testing.assert_array_equal(forecast[-4:], view.forecast)
    assert np.isnan(forecast[:-4]).all()
    np.testing.assert_array_equal(truth[:-4], view.context[-20:])
    assert found.x[-4] == view.forecast_start
    assert found.x[-5] < found.marks[0] < found.x[-4]
    assert [band.name for band in found.bands] == ["80 % interval"]
    assert found.kind == "day"
    assert window_chart(view, grid=TimeGrid("H"), unit="ppm").kind == "time"


def test_every_series_has_its_forecast_and_its_errors_in_the_order_of_skill(make_content: Any) -> None:
    content = make_content(series=(b"a", b"b", b"c"), starts=20, horizon=4, context=52)
    found = series_charts(content.errors, content.newest, grid=TimeGrid("W-SAT"), unit="ppm", space=Space(59.0, "ppm"))
    skill = dict(zip(("a", "b", "c"), content.errors.series_relative_mae, strict=True))
    assert list(found.names) == sorted(skill, key=lambda name: -skill[name])
    assert {len(charts) for charts in found.charts.values()} == {3}
    last = dict(zip(found.names, found.charts["mae_by_lead_step"], strict=True))["b"].lines[-1].values
    assert last == pytest.approx(content.errors.series_lead_step["forecast"][1] * 59.0)
    assert "Series a" in dict(zip(found.names, found.charts["newest_forecast"], strict=True))["a"].caption


def test_one_step_ahead_there_is_no_chart_by_lead_step(make_content: Any) -> None:
    content = make_content(series=(b"a", b"b"), starts=20, horizon=1, context=52)
    found = series_charts(content.errors, content.newest, grid=TimeGrid("W-SAT"), unit="", space=Space(1.0, "scaled"))
    assert list(found.charts) == ["newest_forecast"]


def test_a_baseline_below_another_is_drawn_wider_and_named(make_content: Any) -> None:
    errors = make_content(starts=20, horizon=4, context=52, season=1).errors
    assert coinciding(errors.lead_step) == {"persistence": "seasonal_naive"}
    found = lead_step_chart(errors.lead_step, factor=1.0, unit="ppm")
    widths = dict(zip(FORECAST_STYLES, (line.width for line in found.lines), strict=True))
    assert widths["persistence"] > 2 * widths["seasonal_naive"]
    assert "Persistence and seasonal naive coincide." in lead_step_figure(errors, Space(1.0, "ppm")).caption


def test_learning_curves_show_the_epoch_that_was_kept_and_the_changes_of_the_rate(content: Any) -> None:
    found = learning_chart(content.history)
    kept = found.lines[-1]
    assert kept.name == "weights kept"
    assert np.flatnonzero(np.isfinite(kept.values)).tolist() == [content.history.kept_epoch]
    assert list(found.marks) == [24.5, 40.5]
    assert len(found.x) == 61
