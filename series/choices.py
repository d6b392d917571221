"""What a window, a network and its calendar are, where a configuration leaves it to the data: rules, not a search.

>>> hourly = TrainFacts(frequency="h", lengths=(8000,), span_seconds=8000 * 3600, seasons=(24,))
>>> choose(hourly, horizon=24)["window.context_length"], choose(hourly, horizon=24)["model.lags"]
(336, (24, 168))

| value | rule |
|---|---|
| context | two of the longest season, else one, and at least two horizons, as far as enough windows are left |
| lags | the seasons that lie in the context |
| encoder | all of a short context, else the whole short seasons in its newest steps |
| segment | about eight steps, as many as fill the horizon best; one where the horizon is short |
| calendar | the cycles that the train split has seen often enough |
| candidates | six networks; fewer where windows are few, since those tell networks apart by luck |

Where steps are shorter than a day and the day is a season, so is the week:
people live by it, and it costs two numbers a lag. Everything comes from the
train split.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from tapeline.schemas.frequency import DAY_SECONDS
from tapeline.series.arrays import Bools, Floats, Ints
from tapeline.series.season_finder import find_seasons
from tapeline.series.seasons import natural_seasons, week_of
from tapeline.series.time_grid import TimeGrid

LONGEST_CONTEXT = 1024
"""More steps than this make the linear map under the network large, and say little more."""

REPETITIONS, CYCLE_REPETITIONS = 4, 2
"""How often train must hold a season, and a cycle of the calendar: that one need not be told from all other lags."""

_SHORT_CONTEXT = 128
"""So many steps the encoder reads without losing time."""

_ENCODER_STEPS = 96
"""What it reads of a longer context: the linear map reads the rest."""

_SEGMENT, _LEAST_SEGMENT, _MOST_SEGMENT = 8, 4, 12

_LEAST_CANDIDATES, _MOST_CANDIDATES, _WINDOWS_A_CANDIDATE = 2, 6, 100

_LEAST_CYCLES = {"day": 3.0, "week": 3.0, "year": 2.0}
"""A cycle of the calendar is worth a feature where the train split holds so many of them."""

SHORT_SHARE = 0.05
"""Series that together hold less of all steps are not what a context or a split is cut for: they are padded."""

_CYCLE_DAYS = {"day": 1.0, "week": 7.0, "year": 365.0}


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainFacts:
    """What the choices rest on.

    Attributes:
        frequency: A pandas offset alias.
        lengths: Steps of each series in the train split.
        span_seconds: From the first time in it to the last.
        seasons: Those found in it, in steps, ascending.
    """

    frequency: str
    lengths: tuple[int, ...] = ()
    span_seconds: int = 0
    seasons: tuple[int, ...] = ()


def longest_season(steps: int, *, room: int, repetitions: int = REPETITIONS) -> int:
    """Returns the longest season that is looked for, in steps; 0 where none can show.

    Args:
        steps: Of the longest series in train.
        room: Steps that a context may have in the shortest series that counts.
        repetitions: How many of it train must hold.
    """
    return max(min(LONGEST_CONTEXT, steps // repetitions, room), 0)


def seasons_in(values: Iterable[Floats], *, frequency: str, steps: int, room: int) -> tuple[int, ...]:
    """Returns the seasons of the train split, ascending, in steps.

    Args:
        values: Pieces of series on their grid, each `[L]`; NaN where unobserved.
        frequency: A pandas offset alias.
        steps: Of the longest series in train.
        room: Steps that a context may have in the shortest series that counts.
    """
    longest = longest_season(steps, room=room)
    of_cycles = longest_season(steps, room=room, repetitions=CYCLE_REPETITIONS)
    if of_cycles < 3:
        return ()
    return find_seasons(values, longest=longest, known=_cycles(frequency), longest_known=of_cycles)


def counting(lengths: Ints) -> Bools:
    """Returns which series a choice must fit: all but the shortest, that together hold a twentieth of the steps.

    >>> counting(np.array([40, 900, 700, 35])).tolist()
    [False, True, True, False]

    Args:
        lengths: Steps of each series, `[u]`.
    """
    order = np.argsort(lengths, kind="stable")
    counts: Bools = np.zeros(len(lengths), bool)
    counts[order] = np.cumsum(lengths[order]) > SHORT_SHARE * lengths.sum()
    return counts


def choose(
    facts: TrainFacts, *, horizon: int, stride: int = 1, given: Mapping[str, Any] | None = None, look_back: int = 1
) -> dict[str, Any]:
    """Returns the values by their dotted keys; those that are given stay.

    Args:
        facts: What the train split shows.
        horizon: Steps to forecast.
        stride: Steps between two train windows.
        given: Values that the configuration names itself.
        look_back: Steps that something else in the configuration needs of the context.
    """
    given = {} if given is None else given
    seasons = facts.seasons
    week, day = week_of(facts.frequency), max(natural_seasons(facts.frequency), default=0)
    if week is not None and day in seasons:
        seasons = tuple(sorted({*seasons, week}))
    context = given.get("window.context_length") or max(_context_length(seasons, facts.lengths, horizon), look_back)
    return {
        "window.context_length": context,
        "model.encoder_length": _encoder_length(context, seasons or natural_seasons(facts.frequency)),
        "model.lags": tuple(season for season in seasons if season <= context),
        "model.segment_length": _segment_length(horizon),
        "features.calendar": tuple(_calendar(facts)),
        "training.candidates": _candidates(facts.lengths, length=context + horizon, stride=stride),
        **given,
    }


def _cycles(frequency: str) -> tuple[int, ...]:
    week = week_of(frequency)
    return (*natural_seasons(frequency), *([] if week is None else [week]))


def _context_length(seasons: tuple[int, ...], lengths: tuple[int, ...], horizon: int) -> int:
    # Series that are too short for any forecast worth the name, and few that are short, do not shorten all.
    least = max(horizon // 2, 1)
    kept = np.array(lengths, np.int64)
    lengths = tuple(kept[counting(kept)].tolist())
    lengths = tuple(length for length in lengths if length >= least + horizon) or lengths
    for season in reversed(seasons):
        for length in (max(2 * season, 2 * horizon), max(season, horizon)):
            if _leaves_windows(length, lengths, horizon):
                return length
    # Without a season that fits: two horizons, as far as the shortest series has one window left.
    room = min(lengths, default=3 * horizon) - horizon
    return max(min(2 * horizon, room), least)


def _leaves_windows(length: int, lengths: tuple[int, ...], horizon: int) -> bool:
    """Whether each series has a training window, and a third of all steps begin a forecast."""
    if length > LONGEST_CONTEXT:
        return False
    steps = np.array(lengths, np.int64)
    windows = steps - length - horizon + 1
    return bool((windows > 0).all() and 3 * windows.sum() >= steps.sum())


def _encoder_length(context: int, seasons: tuple[int, ...]) -> int | None:
    if context <= _SHORT_CONTEXT:
        return None
    short = min((season for season in seasons if 1 < season <= _ENCODER_STEPS), default=_ENCODER_STEPS)
    return _ENCODER_STEPS // short * short


def _segment_length(horizon: int) -> int:
    lengths = range(_LEAST_SEGMENT, min(_MOST_SEGMENT, horizon // 2) + 1)
    return min(lengths, key=lambda length: (-horizon % length, abs(length - _SEGMENT)), default=1)


def _candidates(lengths: tuple[int, ...], *, length: int, stride: int) -> int:
    if not lengths:
        return _MOST_CANDIDATES
    windows = sum(max(steps - length, 0) // stride + 1 for steps in lengths)
    return min(max(windows // _WINDOWS_A_CANDIDATE, _LEAST_CANDIDATES), _MOST_CANDIDATES)


def _calendar(facts: TrainFacts) -> Iterator[str]:
    # Ten neighbouring steps show how long a step is, whatever the frequency is called.
    step_days = np.diff(TimeGrid(facts.frequency).timestamps(np.arange(10))).mean() / DAY_SECONDS
    days = facts.span_seconds / DAY_SECONDS
    seen = {cycle for cycle, length in _CYCLE_DAYS.items() if days >= _LEAST_CYCLES[cycle] * length}
    if step_days < 1:
        yield from ["hour_of_day"] * ("day" in seen) + ["hour_of_week"] * ("week" in seen)
    elif step_days < 2 and "week" in seen:
        yield "day_of_week"
    if "year" in seen and step_days < 200:
        yield "day_of_year" if step_days < 7 else "week_of_year" if step_days < 28 else "month_of_year"
    # Business days have no weekend.
    if step_days <= 1 and "week" in seen:
        yield "weekend"
