"""Splits without windows and series without a scale are refused with numbers and a fix."""

import functools
import itertools
from typing import Any

import numpy as np
import pytest

from tapeline.components.transform.window_group import WindowPlan
from tapeline.components.transform.window_tally import Tally, longest_steps, unscaled_series
from tapeline.schemas.errors import DataError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, WindowConfig
from tapeline.series.chunking import to_grid
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows
from tapeline.series.time_grid import TimeGrid

PLAN = WindowPlan.of(DataConfig(frequency="H"), FeaturesConfig(), WindowConfig(context_length=10, horizon=4))
ROWS = {"train": 40, "eval": 6, "test": 34}
COVERS = {"train": (-(2**60), 20), "eval": (20, 23), "test": (23, 2**60)}


def rows(target: Any) -> SeriesRows:
    """Series a from step 0, b from step 15, both to step 39."""
    steps = np.r_[0:40, 15:40]
    nothing = np.zeros((65, 0), np.float32)
    columns = {NUMBERS: np.full((65, 1), 1, np.float32)}
    columns |= {f"{role}_covariates": nothing for role in ("past", "future", "static")}
    columns[NUMBERS][40:] = target
    code = np.repeat([0, 1], [40, 25])
    return SeriesRows(np.array([b"a", b"b\xff"], object), code, np.zeros(65, np.int8), steps * 3600, columns)


LONGEST = longest_steps(to_grid(rows(1), TimeGrid("H")), COVERS, context_length=10)


def check(**windows: Any) -> None:
    Tally(windows=windows, longest=LONGEST).check(rows=ROWS, plan=PLAN)


def test_every_split_with_a_window_passes() -> None:
    check(train=1, eval=1, test=1)


def test_split_that_is_too_short_is_told_its_steps() -> None:
    # eval runs from step 20 to 22: 3 steps behind a full context of series a, and b has no context yet.
    with pytest.raises(
        DataError, match=r"eval: 6 rows give no window: at most 3 of its steps .* takes 4 \(window.horizon\)"
    ):
        check(train=1, eval=0, test=1)


def test_split_without_measured_values_is_told_so() -> None:
    with pytest.raises(DataError, match=r"train: 40 rows give no window: every context has less than 50% measured"):
        check(train=0, eval=1, test=1)


def test_all_splits_without_windows_stand_in_one_message() -> None:
    with pytest.raises(DataError, match=r"(?s)train: .*eval: .*test: "):
        check(train=0, eval=0, test=0)


def test_series_without_a_scale_is_refused_by_name_before_all_else() -> None:
    assert unscaled_series(rows(1)) == ()
    assert unscaled_series(rows(np.inf)) == (b"b\xff",)
    tally = Tally(unscaled=(b"b",)).merge(Tally(problems=("worse",)))
    with pytest.raises(DataError, match="series 'b' have no measured value in the train split"):
        tally.check(rows=ROWS, plan=PLAN)


def test_tallies_merge_in_any_order_and_travel_as_lines() -> None:
    parts = [
        Tally(windows={"train": 2, "eval": 1}, longest={"train": 9}),
        Tally(windows={"train": 3, "eval": 0}, longest={"train": 4}, problems=("c", "b")),
        Tally(unscaled=(b"\xff",), problems=("a", "d", "e", "f")),
    ]
    for order in itertools.permutations(parts):
        merged = functools.reduce(Tally.merge, (Tally.from_json(tally.as_json()) for tally in order))
        assert merged == Tally(
            windows={"train": 5, "eval": 1},
            longest={"train": 9},
            unscaled=(b"\xff",),
            problems=("a", "b", "c", "d", "e"),
        )
