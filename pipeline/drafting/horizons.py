"""How far ahead a first configuration looks, and how it cuts time so that enough windows are in each part.

>>> usual_horizon("h"), usual_horizon("D"), usual_horizon("MS")
(24, 14, 12)
"""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from tapeline.components.ingest.splits import find_bounds
from tapeline.schemas.frequency import DAY_SECONDS
from tapeline.schemas.sections import SplitConfig
from tapeline.series.arrays import Ints
from tapeline.series.choices import counting
from tapeline.series.time_grid import TimeGrid

LEAST_WINDOWS = 10
"""As many as `gate.min_windows` asks of the test split."""

_MOST_STEPS = 96

_FRACTIONS = ((0.70, 0.15, 0.15), (0.60, 0.20, 0.20))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """A horizon, a split, and the windows that they give.

    Attributes:
        horizon: Steps.
        fractions: Shares of train, eval and test; None where the split has dates or steps.
        cuts: First step of train, eval and test, and the one after test, where all series are cut at one time.
        parts: Steps of eval and of test, where each series is cut from its own end.
        windows: Forecasts that fit into each of them, all series together; in train after two horizons of context.
        usual: Whether it is the horizon that was asked for, or the frequency's own.
        shortest: Steps in train of the series that has the fewest, of those that count; see `choices.counting`.
        padded: Series that have fewer than a forecast and as many steps before it, which train cannot learn from.
    """

    horizon: int
    fractions: tuple[float, float, float] | None
    cuts: tuple[int, int, int, int] | None
    parts: tuple[int, int] | None = None
    windows: tuple[int, int, int]
    usual: bool
    shortest: int
    padded: int

    @property
    def missing_rows(self) -> int:
        """About how many more rows a single series would need for this horizon; 0 where each has an end of its own."""
        if self.cuts is None:
            return 0
        eval_share = (self.fractions or _FRACTIONS[-1])[1]
        needed = int(np.ceil((self.horizon + LEAST_WINDOWS - 1) / eval_share))
        return max(needed - (self.cuts[3] - self.cuts[0]), 0)

    @property
    def is_enough(self) -> bool:
        """Whether each part has windows enough."""
        return min(self.windows) >= LEAST_WINDOWS


def usual_horizon(frequency: str) -> int:
    """Returns a horizon that people plan by: a day of hours, two weeks of days, a quarter of weeks, a year of months.

    Args:
        frequency: A pandas offset alias.
    """
    days = float(np.diff(TimeGrid(frequency).timestamps(np.arange(10))).mean()) / DAY_SECONDS
    if days < 1:
        # A day; an hour where that is too many steps, a week where it is few.
        day = round(1 / days)
        return day if 12 <= day <= _MOST_STEPS else min(7 * day, 28) if day < 12 else max(12, round(1 / days / 24))
    if days < 2:
        return 10 if frequency == "B" else 14
    if days < 7:
        return max(4, round(14 / days))
    if days < 28:
        return 13 if days < 8 else 6
    return 12 if days < 80 else 4 if days < 300 else 2


def plan_windows(
    firsts: Sequence[int],
    lasts: Sequence[int],
    *,
    grid: TimeGrid,
    horizon: int | None = None,
    split: SplitConfig | None = None,
) -> Plan:
    """Returns the first plan that gives each part enough windows; else the one that gives the most.

    Time is cut otherwise before the horizon gets shorter. A horizon that is asked for stays. Where fractions of the
    whole time leave a series of a panel too little to train on, eval and test are a part of the shortest series. Where
    series end more than a horizon apart, eval and test are a part of the shortest one too, counted from each one's end.
    A few series that are much shorter than the others do not count: they are padded.

    Args:
        firsts: First step of each series, `[u]`.
        lasts: Its last step.
        grid: The regular times.
        horizon: Steps, where they are asked for.
        split: Where time is cut, where that is asked for.
    """
    first, last = np.asarray(firsts, np.int64), np.asarray(lasts, np.int64)
    plans = [
        plan
        for steps, usual in _horizons(horizon or usual_horizon(grid.frequency), fixed=horizon is not None)
        for plan in (
            _plans(first, last, steps, usual) if split is None else [_given(first, last, steps, usual, split, grid)]
        )
    ]
    enough = next((plan for plan in plans if plan.is_enough and plan.shortest >= 3 * plan.horizon), None)
    enough = enough or next((plan for plan in plans if plan.is_enough), None)
    return enough or max(plans, key=lambda plan: min(plan.windows))


def _horizons(horizon: int, *, fixed: bool) -> Iterator[tuple[int, bool]]:
    yield horizon, True
    while horizon > 1 and not fixed:
        horizon = -(-horizon // 2)
        yield horizon, False


def _plans(first: Ints, last: Ints, horizon: int, usual: bool) -> Iterator[Plan]:
    begin, end = int(first.min()), int(last.max()) + 1
    if end - 1 - int(last.min()) > horizon:
        length = last + 1 - first
        part = max(horizon, round(_FRACTIONS[0][2] * int(length[counting(length)].min())))
        yield _plan_from_ends(first, last, horizon, usual, (part, part))
        return
    steps = end - begin
    for shares in _FRACTIONS:
        cuts = (begin, begin + round(steps * shares[0]), begin + round(steps * (shares[0] + shares[1])), end)
        yield _plan(first, last, cuts, horizon, usual, shares)
    if len(first) > 1:
        lengths = last - first + 1
        shortest = int(lengths[counting(lengths)].min())
        part = max(horizon, round(_FRACTIONS[0][2] * shortest))
        yield _plan(first, last, (begin, end - 2 * part, end - part, end), horizon, usual, None)


def _given(first: Ints, last: Ints, horizon: int, usual: bool, split: SplitConfig, grid: TimeGrid) -> Plan:
    """The plan of a split that was asked for."""
    if split.eval_steps is not None and split.test_steps is not None:
        return _plan_from_ends(first, last, horizon, usual, (split.eval_steps, split.test_steps))
    begin, end = grid.timestamps([first.min(), last.max()]).tolist()
    bounds = find_bounds(first=begin, last=end, split=split, grid=grid)
    train, evaluated, test = grid.ordinals([bounds.train_start, bounds.eval_start, bounds.test_start]).tolist()
    shares = None if split.eval_start is not None else (split.train, split.eval, split.test)
    return _plan(first, last, (train, evaluated, test, int(last.max()) + 1), horizon, usual, shares)


def _plan(
    first: Ints,
    last: Ints,
    cuts: tuple[int, int, int, int],
    horizon: int,
    usual: bool,
    fractions: tuple[float, float, float] | None,
) -> Plan:
    inside = [np.minimum(last + 1, stop) - np.maximum(first, start) for start, stop in itertools.pairwise(cuts)]
    kept = counting(last - first + 1)
    return Plan(
        horizon=horizon,
        fractions=fractions,
        cuts=cuts,
        windows=_windows(inside, horizon),
        usual=usual,
        shortest=max(int(inside[0][kept].min()), 0),
        padded=int((inside[0] < 2 * horizon).sum()),
    )


def _plan_from_ends(first: Ints, last: Ints, horizon: int, usual: bool, parts: tuple[int, int]) -> Plan:
    length = last + 1 - first
    kept = counting(length)
    # What is too short for three parts trains, and is not judged.
    whole = length <= sum(parts)
    train = np.where(whole, length, length - sum(parts))
    evaluated, test = (np.where(whole, 0, part) for part in parts)
    return Plan(
        horizon=horizon,
        fractions=None,
        cuts=None,
        parts=parts,
        windows=_windows([train, evaluated, test], horizon),
        usual=usual,
        shortest=int(train[kept].min()),
        padded=int((train < 2 * horizon).sum()),
    )


def _windows(inside: list[Ints], horizon: int) -> tuple[int, int, int]:
    """Forecasts that fit into the steps of train, eval and test, over all series."""
    train, evaluated, test = (
        int(np.maximum(steps - context - horizon + 1, 0).sum())
        for steps, context in zip(inside, (2 * horizon, 0, 0), strict=True)
    )
    return train, evaluated, test
