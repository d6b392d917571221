"""However series are divided into groups and rows into batches, the gate finds the same."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.components.data_gate.series_rules import Rules
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.time_grid import TimeGrid
from tests.components.data_gate.checked_rows import Table, check

HOUR = 3600
COLUMNS = ("target", "wind", "holiday", "area")


def random_series(rng: np.random.Generator, name: bytes) -> Table:
    """Some hours with gaps, holes, runs, and whatever else can be wrong."""
    hours = np.arange(rng.integers(1, 70)) + rng.integers(0, 20)
    hours = hours[rng.random(len(hours)) >= rng.choice([0.0, 0.1, 0.6])]
    hours = np.append(hours, rng.choice([100, 30]))
    if rng.random() < 0.3:
        hours = np.append(hours, rng.choice(hours, 5))
    times = hours * int(rng.choice([HOUR] * 4 + [HOUR // 4, 24 * HOUR]))
    times = times + (rng.random(len(times)) < rng.choice([0.0, 0.1])) * 60
    times = np.sort(times) if rng.random() < 0.5 else rng.permutation(times)
    size = len(times)
    values = np.stack([rng.integers(0, kinds, size) for kinds in (3, 50, 2, 2)], axis=1).astype(float)
    if rng.random() < 0.3:
        values[:, 0] = 5.0
    if rng.random() < 0.7:
        values[:, 3] = 4.0
    for column in range(len(COLUMNS)):
        values[rng.random(size) < rng.choice([0.0, 0.0, 0.1, 0.5, 1.0]), column] = np.nan
    if rng.random() < 0.3:
        values[rng.integers(size), rng.integers(len(COLUMNS))] = np.inf
    splits = np.searchsorted(np.sort(rng.choice(times, 2)), times, side="right")
    return Table(np.array([name] * size, object), times, np.zeros(size, int), splits, values)


def random_panel(rng: np.random.Generator) -> Table:
    series = [random_series(rng, b"s%d\xff" % number) for number in range(rng.integers(1, 5))]
    joined = [
        np.concatenate([getattr(part, field.name) for part in series])
        for field in dataclasses.fields(series[0])
        if field.name != "texts"
    ]
    order = rng.permutation(len(joined[0])) if rng.random() < 0.5 else np.arange(len(joined[0]))
    panel = Table(*(column[order] for column in joined))
    return dataclasses.replace(panel, rows=np.arange(len(order)) + 7)


@settings(max_examples=80)
@given(seed=st.integers(0, 10**6), context=st.integers(1, 9), horizon=st.integers(1, 4))
def test_how_series_are_grouped_changes_nothing(seed: int, context: int, horizon: int) -> None:
    rng = np.random.default_rng(seed)
    table = random_panel(rng)
    rules = Rules(
        grid=TimeGrid("H"),
        spec=WindowSpec(context_length=context, horizon=horizon),
        max_gap=int(rng.choice([2, 500])),
        max_constant=3,
        min_observed=float(rng.choice([0.0, 0.5, 1.0])),
        past=("wind",),
        future=("holiday",),
        static=("area",),
    )
    whole = check(table, rules)
    names, code = np.unique(table.ids, return_inverse=True)
    for batches in (1, 3):
        group = rng.integers(0, 3, len(names))[code]
        parts = check(table, rules, group=group, batches=batches)
        assert (parts.groups, parts.splits, parts.series) == (whole.groups, whole.splits, whole.series)
        assert parts.scale.outliers == whole.scale.outliers
        # Sums of floating-point numbers depend on their order in the last digit.
        assert parts.scale.sums == (whole.scale.sums and pytest.approx(whole.scale.sums))
        assert parts.scale.kept == (whole.scale.kept and pytest.approx(whole.scale.kept))
