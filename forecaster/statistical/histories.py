"""The values of each series before the test split, joined from chunks, and the origins that forecasts are tried at."""

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from tapeline.series.arrays import Array, Ints
from tapeline.series.windowing import Chunk, fill_gaps

MOST_STEPS = 10_000
"""Newest steps of a series that are kept; members with few parameters learn nothing from more."""

FIRST_ORIGIN = 0.3
"""Forecasts are tried from this share of a series on: what is before it is there to be learned from."""

TRAIN_BLOCKS = 4
"""How often what is fitted is fitted anew within the train split."""


@dataclasses.dataclass(frozen=True, eq=False)
class History:
    """One series before the test split.

    Attributes:
        series_id: The series.
        values: Scaled, float32 `[n]`; NaN where missing.
        trained: How many of them, from the start, belong to the train split.
    """

    series_id: bytes
    values: Array
    trained: int


def histories(train: Iterable[Chunk], evaluation: Iterable[Chunk]) -> list[History]:
    """Returns the series that have train chunks, sorted by their ids.

    Args:
        train: The chunks of the train split, those of one series in the order of time; they may overlap.
        evaluation: Those of the eval split.
    """
    joined: dict[bytes, tuple[list[Array], int]] = {}
    trained: dict[bytes, int] = {}
    for chunks, is_train in ((train, True), (evaluation, False)):
        for chunk in chunks:
            if not is_train and chunk.series_id not in trained:
                continue
            parts, last = joined.get(chunk.series_id, ([], None))
            new, hole = 0, 0
            if last is not None:
                new = int(np.searchsorted(chunk.timestamp, last, side="right"))
                if new == 0:
                    # No chunk holds the steps between: as many as fit there, missing.
                    step = float(np.median(np.diff(chunk.timestamp)))
                    hole = max(round((int(chunk.timestamp[0]) - last) / step) - 1, 0)
            if new == len(chunk.timestamp):
                continue
            parts += [np.full(min(hole, MOST_STEPS), np.nan, np.float32), chunk.target[new:]]
            joined[chunk.series_id] = parts, int(chunk.timestamp[-1])
            if is_train:
                trained[chunk.series_id] = sum(map(len, parts))
    result = []
    for name in sorted(joined):
        values = np.concatenate(joined[name][0])
        # What stands before the first measured value may be padding.
        dropped = max(len(values) - MOST_STEPS, int(np.argmax(np.isfinite(values))))
        result.append(History(name, values[dropped:], max(trained[name] - dropped, 0)))
    return result


@dataclasses.dataclass(frozen=True, eq=False)
class Origins:
    """Windows before the test split, in the order of series and time.

    Attributes:
        series: Position of each window's series, `[N]`.
        block: Which fit may forecast it, `[N]`; the last one, `TRAIN_BLOCKS`, is that on the whole train split.
        cuts: Where the values end that each fit of a series has seen, `[G, TRAIN_BLOCKS + 1]`.
        context: Float32 `[N, T]`, gaps filled.
        observed: Float32 `[N, T]`, 1 where measured.
        target: Float32 `[N, H]`; NaN where unobserved.
    """

    series: Ints
    block: Ints
    cuts: Ints
    context: Array
    observed: Array
    target: Array


def rolling_origins(series: Sequence[History], *, context_length: int, horizon: int, most: int) -> Origins:
    """Returns windows that are spread evenly over the later part of each series, its last one among them.

    No window's forecast starts before the values end that its fit has seen.

    Args:
        series: The series.
        context_length: `T`.
        horizon: `H`.
        most: About how many windows in all.
    """
    each = max(most // max(len(series), 1), 4)
    indices, blocks, cuts, windows = [], [], [], []
    for index, history in enumerate(series):
        last = len(history.values) - horizon
        first = min(max(context_length, int(FIRST_ORIGIN * history.trained)), max(last, 0))
        starts = np.arange(first, last + 1) if last >= context_length else np.zeros(0, np.int64)
        if len(starts) > each:
            starts = starts[np.round(np.linspace(0, len(starts) - 1, each)).astype(np.int64)]
        edges = np.linspace(first, max(history.trained, first), TRAIN_BLOCKS + 1).astype(np.int64)
        cuts.append(edges)
        for start in starts:
            window = history.values[start - context_length : start + horizon]
            if np.isfinite(window[:context_length]).any() and np.isfinite(window[context_length:]).any():
                indices.append(index)
                blocks.append(int(np.searchsorted(edges, start, side="right")) - 1)
                windows.append(window)
    values = np.stack(windows) if windows else np.zeros((0, context_length + horizon), np.float32)
    context, observed = fill_gaps(values[:, :context_length])
    return Origins(
        series=np.array(indices, np.int64),
        block=np.array(blocks, np.int64),
        cuts=np.stack(cuts),
        context=context,
        observed=observed.astype(np.float32),
        target=values[:, context_length:],
    )
