import dataclasses
import itertools
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tapeline.components.data_gate.series_rules import Rules
from tapeline.components.data_gate.totals import Totals
from tapeline.components.data_gate.value_checks import Gaps, Runs
from tapeline.schemas.sections import SplitConfig
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.checks.findings import Finding
from tapeline.series.checks.ordered_rows import order_rows
from tapeline.series.time_grid import TimeGrid
from tests.components.data_gate.checked_rows import Table, check

HOUR = 3600
NAN = np.nan


def rules(**changes: Any) -> Rules:
    options = {"max_gap": 3, "max_constant": 4, **changes}
    return Rules(grid=TimeGrid("H"), spec=WindowSpec(context_length=2, horizon=1), **options)


def series(target: Any, *, hours: Any = None, rows: Any = None, splits: Any = None, **covariates: Any) -> Table:
    columns = np.stack([np.array(values, float) for values in (target, *covariates.values())], axis=1)
    size = len(columns)
    hours = np.arange(size) if hours is None else np.array(hours)
    if splits is None:
        splits = np.searchsorted([0.6 * size, 0.8 * size], np.arange(size), side="right")
    return Table(
        ids=np.array([b"load"] * size, object),
        timestamps=hours.astype(np.int64) * HOUR,
        rows=np.arange(size) if rows is None else np.array(rows),
        splits=np.asarray(splits),
        values=columns,
    )


def findings_of(totals: Totals) -> list[Finding]:
    return [finding for group in totals.groups.values() for finding in group.shown]


def found(data: Table, limits: Rules | None = None) -> dict[str, str]:
    """Severity and message by kind; a kind found twice would be lost, so that is refused."""
    findings = findings_of(check(data, limits or rules()))
    kinds = [finding.kind for finding in findings]
    assert len(set(kinds)) == len(kinds), kinds
    assert all(finding.series_id == "load" for finding in findings)
    return {finding.kind: f"{finding.severity}: {finding.message}" for finding in findings}


def ordered(times: Any, values: Any) -> Any:
    return order_rows(series(values, hours=times).batch(np.arange(len(times))), TimeGrid("H"))


def test_a_sound_series_has_no_findings() -> None:
    assert found(series(range(20))) == {}


def test_a_series_that_is_cut_by_its_own_end_and_is_too_short_is_named() -> None:
    split = SplitConfig(eval_steps=6, test_steps=6)
    told = findings_of(check(series(range(12), splits=[0] * 12), rules(split=split)))
    assert [(finding.kind, finding.split, finding.severity) for finding in told] == [
        ("no_rows", "eval", "warning"),
        ("no_rows", "test", "warning"),
    ]
    assert "split.eval_steps + split.test_steps = 6 + 6, so all of it trains the model" in told[0].message


def test_parts_of_one_series_that_overlap_are_refused_where_each_has_its_own_end() -> None:
    split = SplitConfig(eval_steps=4, test_steps=4)
    mixed = series(range(20), splits=[0] * 8 + [1, 0, 1, 1, 1, 1] + [2] * 6)
    told = found(mixed, rules(split=split))
    assert told["split_overlap"] == (
        "error: eval begins at 1970-01-01T08:00:00Z, what comes before it ends at 1970-01-01T09:00:00Z: "
        "the model would be judged on times that it learned from."
    )
    assert found(series(range(20)), rules(split=split)) == {}


def test_a_gap_of_missing_rows_longer_than_allowed_is_an_error() -> None:
    # Hours 0..9, then 14: 10, 11, 12, 13 are missing, 4 steps against 3.
    data = series(range(20), hours=[*range(10), *range(14, 24)])
    assert found(data) == {
        "gap": "error: 1 gap longer than checks.max_gap (3 steps): "
        "4 steps from 1970-01-01T10:00:00Z to 1970-01-01T13:00:00Z."
    }


def test_a_gap_as_long_as_allowed_passes() -> None:
    assert found(series(range(20), hours=[*range(10), *range(13, 23)])) == {}


def test_missing_rows_and_missing_values_are_one_gap() -> None:
    # Hours 5 and 6 have rows without values, hours 7 and 8 have no rows: 4 steps.
    target = [0.0, 1, 2, 3, 4, NAN, NAN, *range(10)]
    message = found(series(target, hours=[*range(7), *range(9, 19)]))["gap"]
    assert "4 steps from 1970-01-01T05:00:00Z to 1970-01-01T08:00:00Z" in message


def test_a_gap_in_a_past_covariate_is_a_warning() -> None:
    wind = np.arange(20.0)
    wind[5:10] = NAN
    assert found(series(range(20), wind=wind), rules(past=("wind",)))["gap"].startswith("warning: 1 gap")


@given(st.sets(st.integers(0, 60), min_size=1))
def test_gaps_equal_brute_force(measured: Any) -> None:
    hours = sorted(measured)
    gaps = Gaps.of(ordered(hours, [1.0] * len(hours)), np.ones(len(hours), np.float32), limit=2)
    expected = [(early, late - early - 1) for early, late in itertools.pairwise(hours) if late - early > 3]
    assert gaps.long.of_series(0) == expected[:5]
    assert gaps.long.count.tolist() == [len(expected)]


@given(st.lists(st.integers(0, 2), min_size=1))
def test_constant_runs_equal_brute_force(values: Any) -> None:
    rows = ordered(range(len(values)), values)
    runs = Runs.of(rows, rows.values[:, 0], limit=2)
    expected = [(key, len(list(group))) for key, group in itertools.groupby(values)]
    assert runs.number.tolist() == [len(expected)]
    assert runs.value.tolist() == values[:1]
    long = [(length, value) for value, length in expected if length > 2]
    assert [run[2:] for run in runs.long.of_series(0)] == long[:5]
    assert runs.long.count.tolist() == [len(long)]


def test_missing_values_at_the_ends_are_a_warning_not_a_gap() -> None:
    target = [NAN] * 5 + [float(value) for value in range(14)] + [NAN]
    (group,) = check(series(target), rules()).groups.values()
    assert [(finding.kind, finding.severity, finding.count) for finding in group.shown] == [
        ("missing_ends", "warning", 5),
        ("missing_ends", "warning", 1),
    ]


def test_a_stuck_sensor_is_an_error_even_across_missing_values() -> None:
    # 7 is measured 5 times in a row, the missing value between them aside; 4 are allowed.
    target = [1.0, 2, 7, 7, NAN, 7, 7, 7, *range(20)]
    assert found(series(target))["constant_run"] == (
        "error: one and the same value more than checks.max_constant (4) times in a row, as of a stuck sensor: "
        "5 times 7 from 1970-01-01T02:00:00Z to 1970-01-01T07:00:00Z."
    )


def test_a_value_may_rest_as_long_as_allowed() -> None:
    assert found(series([1, 2, 7, 7, 7, 7, *range(20)])) == {}


def test_a_constant_series_is_said_once() -> None:
    assert found(series([5.0] * 30)) == {"constant_series": "error: all 30 values are 5: there is nothing to forecast."}


def test_infinite_values_are_named_with_their_rows() -> None:
    target = np.arange(20.0)
    target[4], target[9] = np.inf, -np.inf
    data = series(target, rows=np.arange(20) + 100)
    assert found(data)["infinite_values"] == (
        "error: 2 infinite values: row 104 (1970-01-01T04:00:00Z), row 109 (1970-01-01T09:00:00Z)."
    )


def test_a_future_covariate_must_be_known_in_every_row() -> None:
    holiday = np.zeros(20)
    holiday[17] = NAN
    assert found(series(range(20), holiday=holiday), rules(future=("holiday",)))["missing_covariate"] == (
        "error: 1 row without a value: row 17 (1970-01-01T17:00:00Z); a future covariate must be known in every row."
    )


def test_a_static_category_must_not_vary_and_a_missing_one_is_none() -> None:
    kind = np.array([[b"city"]] * 20, object)
    kind[3], kind[6] = b"", b"rural"
    data = dataclasses.replace(series(range(20)), texts=kind)
    assert found(data, rules(static=("kind",), texts=("kind",))) == {
        "static_varies": "error: 1 row with another value than the first one: row 6 (1970-01-01T06:00:00Z)."
    }


def test_missing_categories_are_no_gap_and_no_hole() -> None:
    texts = np.array([[b"", b"mist"]] * 20, object)
    data = dataclasses.replace(series(range(20), wind=range(20)), texts=texts)
    assert found(data, rules(past=("sky",), future=("wind", "promo"), texts=("sky", "promo"))) == {}


def test_a_static_covariate_must_not_vary() -> None:
    area = np.full(20, 3.0)
    area[6] = 4.0
    assert found(series(range(20), area=area), rules(static=("area",)))["static_varies"] == (
        "error: 1 row with another value than the first one, 3: row 6 (1970-01-01T06:00:00Z)."
    )


def test_a_static_covariate_that_begins_missing_is_compared_with_its_first_value() -> None:
    area = np.full(20, 3.0)
    area[0] = NAN
    assert set(found(series(range(20), area=area), rules(static=("area",)))) == {"missing_covariate"}


def test_a_covariate_without_one_value_is_said_once() -> None:
    data = series(range(20), holiday=np.full(20, NAN))
    assert found(data, rules(future=("holiday",))) == {"no_values": "error: not one value in 20 rows."}


def test_a_target_without_one_value_is_an_error() -> None:
    assert found(series([NAN] * 20))["no_values"] == "error: not one value in 20 rows."


def test_a_repeated_block_is_named_as_duplicates_and_as_disorder() -> None:
    # Rows 10..14 repeat hours 5..9: rows 10..13 stand below rows 6..9, whose hours come next.
    hours = [*range(10), *range(5, 10), *range(10, 15)]
    findings = found(series(range(20), hours=hours))
    assert findings["duplicate_timestamps"].startswith("error: 5 rows with the time of an earlier row: row 10 (")
    assert findings["unordered_timestamps"].startswith("error: 4 rows below the row that comes next in time: row 10 (")


def test_on_a_wrong_grid_only_the_frequency_is_said() -> None:
    # Daily rows on an hourly grid: not 19 gaps of 23 steps, but one wrong frequency, and no windows counted.
    totals = check(series(range(20), hours=np.arange(20) * 24), rules())
    assert [finding.kind for finding in findings_of(totals)] == ["wrong_frequency"]
    assert [extent.windows for extent in totals.splits] == [None, None, None]


@given(st.permutations(range(20)))
def test_values_are_checked_in_the_order_of_time(order: Any) -> None:
    target = np.array([1.0, 2, 7, 7, 7, 7, 7, *range(13)])[list(order)]
    assert "5 times 7 from 1970-01-01T02" in found(series(target, hours=order))["constant_run"]


def test_a_train_value_beyond_a_bound_is_refused_with_its_row_and_the_fix() -> None:
    # Of 20 rows the first 12 are train, then four each.
    values = [5.0, -1.0, 3.0, -2.5, *range(4, 20)]
    (finding,) = findings_of(check(series(values), rules(lower_bound=0.0)))
    assert (finding.kind, finding.severity, finding.split, finding.count) == ("beyond_bound", "error", "train", 2)
    assert finding.message == (
        "2 values below data.lower_bound (0): row 1 (1970-01-01T01:00:00Z), row 3 (1970-01-01T03:00:00Z)."
    )
    assert "change data.lower_bound" in finding.fix


def test_a_later_value_beyond_a_bound_is_a_warning() -> None:
    (finding,) = findings_of(check(series(range(20)), rules(upper_bound=17.5)))
    assert (finding.kind, finding.severity, finding.split, finding.count) == ("beyond_bound", "warning", "test", 2)
    assert "2 values above data.upper_bound (17.5): row 18" in finding.message


def test_a_value_on_a_bound_is_within_it() -> None:
    # 0.1 as float32 is a hair more than 0.1.
    assert found(series(np.arange(1, 21) / 10.0), rules(lower_bound=0.1, upper_bound=2.0)) == {}
