"""What a window is: pure NumPy, shared by the Trainer, the Evaluator's examples and the tests.

A chunk is a piece of one series on its regular grid. `cut_arrays` turns its
steps into the arrays that a model takes; training fills gaps by the same
rules, so it sees the windows that are scored.

>>> context = np.array([[np.nan, 1.0, np.nan, 3.0]])      # gaps are filled from inside each context
>>> fill_gaps(context)[0]
array([[1., 1., 2., 3.]])

Whatever stands in a window before its forecast is computed from steps before
`forecast_start` alone.
"""

import dataclasses
from collections.abc import Iterable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tapeline.schemas import features as names
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.arrays import Array, Bools, Floats, Ints


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Chunk:
    """A piece of one series on its regular grid.

    Attributes:
        series_id: The series.
        timestamp: Time of each step in epoch seconds, int64 `[L]`.
        target: Scaled values, float32 `[L]`; NaN where unobserved.
        past_covariates: Scaled values, float32 `[L, P]`; NaN where unobserved.
        future_covariates: Scaled values and the calendar, float32 `[L, K]`; NaN where missing.
        static_covariates: Scaled values, float32 `[S]`.
        forecast_offsets: Positions in the chunk where a window's forecast starts, int64 `[n]`.
    """

    series_id: bytes
    timestamp: Ints
    target: Floats
    past_covariates: Floats
    future_covariates: Floats
    static_covariates: Floats
    forecast_offsets: Ints


def late_steps(context_length: int) -> int:
    """Returns how many steps at the start of a context are not measured where it counts as a late one: a quarter.

    A linear map reads such a context as if its first value had stood there all along.
    """
    return context_length // 4


def late_contexts(observed: Array) -> Bools:
    """Returns which contexts begin so late that not every forecast may be made from them, `[N]`.

    >>> late_contexts(np.array([[0, 0, 1, 1, 1, 1, 1, 1], [0, 1, 0, 1, 1, 1, 1, 1]])).tolist()
    [True, False]

    Args:
        observed: Where a value was measured, `[N, T]`.
    """
    first = late_steps(observed.shape[1])
    late: Bools = ~(observed[:, :first] > 0).any(axis=1) & (first > 0)
    return late


def any_late(chunks: Iterable[Chunk], spec: WindowSpec) -> bool:
    """Returns whether a window is among those of some chunks whose context begins late.

    Args:
        chunks: Any.
        spec: Shape of their windows.
    """
    first = late_steps(spec.context_length)
    for chunk in chunks:
        measured = np.concatenate([[0], np.cumsum(~np.isnan(chunk.target))])
        starts = chunk.forecast_offsets - spec.context_length
        if first and (measured[starts + first] == measured[starts]).any():
            return True
    return False


def cut_arrays(
    *,
    timestamp: Ints,
    target: Floats,
    past_covariates: Floats,
    future_covariates: Floats,
    offsets: Ints,
    spec: WindowSpec,
) -> dict[str, Array]:
    """Cuts windows out of steps that lie side by side, of one series or of several in a row.

    Args:
        timestamp: Epoch seconds, int64 `[L]`.
        target: Float32 `[L]`; NaN where unobserved.
        past_covariates: Float32 `[L, P]`; NaN where unobserved.
        future_covariates: Float32 `[L, K]`; NaN where missing.
        offsets: Positions of the forecasts' first steps, int64 `[n]`.
        spec: Context length `T` and horizon `H`.

    Returns:
        `forecast_start` `[n]`, `context` and `context_observed` `[n, T]`,
        `past_covariates` `[n, T, P]`, `future_covariates` `[n, T + H, K]` and
        `target` `[n, H]` (NaN where unobserved).

    Raises:
        ValueError: A window would reach out of the arrays.
    """
    context_length, horizon = spec.context_length, spec.horizon
    offsets = np.asarray(offsets, np.int64)
    outside = (offsets < context_length) | (offsets > len(target) - horizon)
    if outside.any():
        raise ValueError(
            f"offsets: {offsets[outside][:3].tolist()} of {len(target)} steps; a forecast must start between "
            f"{context_length} (context_length) and {len(target) - horizon} (steps - horizon)."
        )
    starts = offsets - context_length
    context, observed = fill_gaps(_slices(target, starts, context_length))
    past, _ = fill_gaps(_slices(past_covariates, starts, context_length))
    return {
        names.FORECAST_START: timestamp[offsets],
        names.CONTEXT: context,
        names.CONTEXT_OBSERVED: observed.astype(np.float32),
        names.PAST_COVARIATES: past,
        names.FUTURE_COVARIATES: hold_known(_slices(future_covariates, starts, spec.length), context_length),
        names.TARGET: _slices(target, offsets, horizon),
    }


def _slices(values: Floats, starts: Ints, length: int) -> Array:
    """Copies `values[start : start + length]` for every start: `[n, length, ...]`."""
    width = int(np.prod(values.shape[1:], dtype=np.int64))
    shape = (len(starts), length, *values.shape[1:])
    if not width or not len(starts):
        return np.zeros(shape, values.dtype)
    # Steps of several channels lie one after another in memory, so a slice is one stretch of length x width numbers.
    stretches = sliding_window_view(np.ascontiguousarray(values).reshape(-1), length * width)[::width]
    return stretches[starts].reshape(shape)


def fill_gaps(context: Floats) -> tuple[Array, Array]:
    """Fills what was not measured, from inside the context only.

    Linear interpolation between measured values; after the last one, that
    value; before the first one, that one. A context in which nothing was
    measured becomes 0.

    Args:
        context: Float `[N, T]`, or `[N, T, P]` for several channels; NaN where unobserved.

    Returns:
        The filled values, and a boolean array of the same shape: where a value was measured.
    """
    observed = ~np.isnan(context)
    rows = ~observed.all(axis=tuple(range(1, context.ndim)))
    if not rows.any():
        return context, observed
    filled = context.copy()
    filled[rows] = _interpolate(context[rows], observed[rows])
    return filled, observed


def _interpolate(values: Floats, observed: Array) -> Array:
    length = values.shape[1]
    steps = np.arange(length, dtype=np.int32).reshape(1, length, *[1] * (values.ndim - 2))
    before = np.maximum.accumulate(np.where(observed, steps, np.int32(-1)), axis=1)
    after = np.minimum.accumulate(np.where(observed, steps, np.int32(length))[:, ::-1], axis=1)[:, ::-1]
    # At the ends, where one neighbour is missing, both neighbours are the other one: the value is held.
    left = np.where(before >= 0, before, np.minimum(after, length - 1))
    right = np.where(after < length, after, np.maximum(before, 0))
    known = np.where(observed, values, np.zeros((), values.dtype))
    left_value = np.take_along_axis(known, left, axis=1)
    right_value = np.take_along_axis(known, right, axis=1)
    share = ((steps - left) / np.maximum(right - left, 1)).astype(values.dtype)
    return np.where(observed, values, left_value + (right_value - left_value) * share)


def hold_known(future: Floats, context_length: int) -> Floats:
    """Fills holes in the future-known covariates of windows: each holds its last known value.

    A flag such as a holiday stays a flag. Before the first known value the
    context holds the first of the context, the horizon the first of the
    horizon; 0 where there is none. The context is so never filled from the horizon.

    Args:
        future: Float `[N, T + H, K]`; NaN where missing.
        context_length: `T`.

    Returns:
        Float `[N, T + H, K]` without NaN.
    """
    known = ~np.isnan(future)
    rows = ~known.all(axis=(1, 2))
    if not rows.any():
        return future
    values, known = future[rows], known[rows]
    steps = np.arange(values.shape[1]).reshape(1, -1, 1)
    before = np.maximum.accumulate(np.where(known, steps, -1), axis=1)
    first = known.argmax(axis=1, keepdims=True)
    held = np.take_along_axis(np.where(known, values, np.zeros((), values.dtype)), np.maximum(before, first), axis=1)
    held[(before < 0) & (steps < context_length) & (first >= context_length)] = 0
    filled = future.copy()
    filled[rows] = held
    return filled
