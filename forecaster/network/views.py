"""What a network sees of a window beyond its plain columns: finer waves of the calendar, a unit of the window's own.

>>> shape = WindowShape(context_length=8, horizon=3, future=3, calendar=("hour_of_day", "weekend"))
>>> seen_shape(shape, ViewConfig(harmonics=2)).future  # sine and cosine of half a day beside those of a day
5

A calendar cycle comes as sine and cosine of one angle. Their multiples follow from these two, so a finer view needs no
timestamps, and the windows on disk, in requests and on other platforms are the same for every view.
"""

import dataclasses

import tensorflow as tf

from tapeline.forecaster.network.inputs import Window
from tapeline.schemas import features
from tapeline.schemas.training_config import ViewConfig
from tapeline.schemas.window_spec import WindowShape

WEEKEND, HOURS = "weekend", "hour_of_day"

_LEAST_UNIT = 0.1
"""Least unit of a window, in units of the usual error: a context that all but stands still has no unit of its own."""


def seen_shape(shape: WindowShape, view: ViewConfig) -> WindowShape:
    """Returns the widths of `seen_window`.

    Args:
        shape: Widths of the window that comes in.
        view: Which waves are added.

    Raises:
        ValueError: The view needs calendar features that the windows lack.
    """
    lacking = [name for name in (WEEKEND, HOURS) if name not in shape.calendar]
    if view.weekend_hours and lacking:
        raise ValueError(
            f"weekend_hours: got true, needs {WEEKEND} and {HOURS} in the calendar; missing: {', '.join(lacking)}."
        )
    cycles = sum(name != WEEKEND for name in shape.calendar)
    added = 2 * cycles * (view.harmonics - 1) + (2 * view.harmonics if view.weekend_hours else 0)
    return dataclasses.replace(shape, future=shape.future + added)


def seen_window(window: Window, *, shape: WindowShape, view: ViewConfig) -> Window:
    """Returns a window with the waves that a view adds, behind its future covariates.

    Args:
        window: Features of `docs/data-formats.md`.
        shape: Their widths, and which of the last future covariates are the calendar.
        view: Which waves are added.
    """
    if seen_shape(shape, view) == shape:
        return window
    known = window[features.FUTURE_COVARIATES]
    column = shape.future - sum(1 if name == WEEKEND else 2 for name in shape.calendar)
    parts = [known]
    weekend = hours = known[:, :, :0]
    for name in shape.calendar:
        if name == WEEKEND:
            weekend, column = known[:, :, column : column + 1], column + 1
            continue
        waves = harmonics(known[:, :, column : column + 2], view.harmonics)
        parts.append(waves[:, :, 2:])
        hours = waves if name == HOURS else hours
        column += 2
    if view.weekend_hours:
        parts.append(weekend * hours)
    return {**window, features.FUTURE_COVARIATES: tf.concat(parts, axis=2)}


def harmonics(wave: tf.Tensor, count: int) -> tf.Tensor:
    """Returns sine and cosine of an angle and of its multiples.

    sin((k + 1) a) = sin(k a) cos(a) + cos(k a) sin(a), and cos((k + 1) a) = cos(k a) cos(a) - sin(k a) sin(a).

    Args:
        wave: Sine and cosine of the angle, `[..., 2]`.
        count: How many multiples, the angle itself included.

    Returns:
        `[..., 2 count]`: sine and cosine of the angle, of its double and so on.
    """
    sine, cosine = wave[..., :1], wave[..., 1:]
    parts = [sine, cosine]
    for _ in range(count - 1):
        last_sine, last_cosine = parts[-2:]
        parts += [last_sine * cosine + last_cosine * sine, last_cosine * cosine - last_sine * sine]
    return tf.concat(parts, axis=-1)


def window_unit(context: tf.Tensor, spread: tf.Tensor) -> tf.Tensor:
    """Returns the deviation of each window's context, `[B, 1]`, and at least a tenth of the usual error.

    Args:
        context: `[B, T]`, scaled.
        spread: Usual distance of the future from the last context value, scaled.
    """
    deviation = tf.math.reduce_std(context, axis=1, keepdims=True)
    return tf.maximum(deviation, _LEAST_UNIT * spread)
