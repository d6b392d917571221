"""Outliers against their own neighbourhood, and scales that a few of them set."""

from typing import Any

import numpy as np
import pytest

from tapeline.components.data_gate.outlier_checks import check_scale
from tapeline.components.data_gate.series_rules import Rules
from tapeline.schemas.sections import ScalingConfig
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.checks.findings import Finding
from tapeline.series.time_grid import TimeGrid
from tests.components.data_gate.checked_rows import Table, check

DAY = np.arange(400)
WAVE = 300.0 + 50 * np.sin(2 * np.pi * DAY / 24) + np.random.default_rng(0).normal(size=400)


def rules(**changes: Any) -> Rules:
    return Rules(grid=TimeGrid("H"), spec=WindowSpec(context_length=24, horizon=6), **changes)


def panel(**series: Any) -> Table:
    """Hourly series by name, cut at 60 and 80 %."""
    size = [len(values) for values in series.values()]
    hours = np.concatenate([np.arange(each) for each in size])
    return Table(
        ids=np.concatenate([np.array([name.encode()] * each, object) for name, each in zip(series, size, strict=True)]),
        timestamps=hours * 3600,
        rows=np.arange(len(hours)),
        splits=np.concatenate([np.searchsorted([0.6 * n, 0.8 * n], np.arange(n), side="right") for n in size]),
        values=np.concatenate(list(series.values()))[:, np.newaxis],
    )


def outlier_findings(table: Table, limits: Rules, **options: Any) -> list[Finding]:
    totals = check(table, limits, **options)
    found = [finding for group in totals.groups.values() for finding in group.shown]
    return [*(one for one in found if "outlier" in one.kind), *check_scale(totals, limits)]


def spiked(values: Any, **at: float) -> Any:
    changed = np.array(values, float)
    for place, value in at.items():
        changed[int(place[1:])] = value
    return changed


def test_one_cell_of_9999_in_train_is_refused_with_its_row_and_what_it_does() -> None:
    warning, error = outlier_findings(panel(load=spiked(WAVE, _100=9999.0)), rules())
    assert (error.kind, error.severity, error.count) == ("scale_outliers", "error", 1)
    assert "1 value of train sets the scale: the range is 9" in error.message
    assert "every error looks 9" in error.message
    assert error.message.endswith("row 100 (1970-01-05T04:00:00Z): 9999.")
    assert "checks.max_outlier" in error.fix
    assert (warning.kind, warning.severity) == ("outliers", "warning")
    assert "row 100 (1970-01-05T04:00:00Z): 9999, around it 297.7" in warning.message


@pytest.mark.parametrize("method", ["min_max", "standard"])
def test_a_series_with_a_scale_of_its_own_is_judged_by_itself(method: Any) -> None:
    # Over all series the large one would hide what the cell does to the small one.
    table = panel(large=1000 * WAVE, small=spiked(WAVE, _100=9999.0))
    warning, error = outlier_findings(table, rules(scaling=ScalingConfig(per_series=True, method=method)))
    assert (warning.kind, warning.severity, warning.series_id) == ("scale_outliers", "warning", "small")
    assert (error.kind, error.severity) == ("scale_outliers", "error")
    assert error.message.startswith(
        "in 1 of 2 series a few values set the scale: series 'small': 1 value of train sets the scale: the "
    )
    assert [one.kind for one in outlier_findings(table, rules())] == ["outliers"]


def test_one_stretched_series_of_ten_is_told_and_passes() -> None:
    others = {f"s{i}": WAVE + i for i in range(9)}
    table = panel(**others, small=spiked(WAVE, _100=9999.0))
    (found,) = outlier_findings(table, rules(scaling=ScalingConfig(per_series=True)))
    assert (found.kind, found.severity, found.series_id) == ("scale_outliers", "warning", "small")


def test_an_outlier_that_sets_no_scale_is_told_and_passes() -> None:
    # Usual for the series, not for where it stands; and far out, but after train.
    trend = WAVE + 10 * DAY
    for place, value in ((20, 2500.0), (390, 1e6)):
        (found,) = outlier_findings(panel(load=spiked(trend, **{f"_{place}": value})), rules())
        assert (found.kind, found.severity) == ("outliers", "warning")
        assert f"row {place} " in found.message


def test_null_lets_every_value_pass_and_a_larger_limit_those_below() -> None:
    table = panel(load=spiked(WAVE, _100=9999.0))
    assert outlier_findings(table, rules(max_outlier=None)) == []
    assert outlier_findings(table, rules(max_outlier=1e4)) == []


@pytest.mark.parametrize(
    "values",
    [
        WAVE,
        # A level that shifts, a random walk with large steps, a spike every day, and mostly nothing.
        np.where(DAY < 150, WAVE, WAVE + 5000),
        np.cumsum(np.random.default_rng(1).standard_t(3, size=400)),
        np.where(DAY % 24 == 0, 5000.0, WAVE),
        np.where(np.random.default_rng(2).random(400) < 0.1, np.random.default_rng(3).integers(1, 20, 400), 0.0),
        np.exp(np.cumsum(np.random.default_rng(4).normal(scale=0.1, size=400))),
        np.full(400, 7.0),
    ],
)
def test_what_a_series_does_of_itself_is_no_outlier(values: Any) -> None:
    assert outlier_findings(panel(load=values), rules(max_constant=1000)) == []


def test_a_short_run_of_wrong_values_is_found_whole() -> None:
    wrong = {f"_{place}": -999.0 for place in range(100, 104)}
    _, error = outlier_findings(panel(load=spiked(WAVE, **wrong)), rules())
    assert error.count == 4


def test_series_judged_apart_or_together_give_the_same_findings() -> None:
    table = panel(a=WAVE, b=spiked(WAVE, _100=9999.0), c=WAVE + 3)
    apart = np.searchsorted([400, 800], np.arange(1200), side="right")
    together = outlier_findings(table, rules())
    assert outlier_findings(table, rules(), group=apart) == together
    assert together[-1].message.endswith("row 500 (1970-01-05T04:00:00Z): 9999.")
