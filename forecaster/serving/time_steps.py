"""The regular grid of times inside the served graph: requests are checked on it, forecasts continue it.

A step that always takes the same number of seconds is arithmetic. Months,
business days and days on a wall clock are looked up in a table of 1900 to
2100, which `tapeline.series.time_grid` computes at export.

>>> TimeSteps(TimeGrid("H")).ahead(tf.constant([7200], tf.int64), 3).numpy().tolist()
[[10800, 14400, 18000]]
"""

import numpy as np
import tensorflow as tf

from tapeline.forecaster.serving.request_rules import Rule, first_offender
from tapeline.series.time_grid import TimeGrid

_FIRST, _END = -2_208_988_800, 4_102_444_800  # 1900-01-01 and 2100-01-01, epoch seconds
_ONE_DAY = 86_400


class TimeSteps:
    """Steps of a grid, as TensorFlow ops.

    Args:
        grid: The grid that the training data live on.
    """

    def __init__(self, grid: TimeGrid) -> None:
        self._frequency = grid.frequency
        self._step = grid.fixed_step_seconds
        self._anchor = int(grid.timestamps(np.zeros(1, np.int64))[0])
        if self._step is None:
            first, end = grid.ordinals(np.array([_FIRST + _ONE_DAY, _END]))
            self._table = grid.timestamps(np.arange(first, end, dtype=np.int64))

    def rules(self, timestamps: tf.Tensor, horizon: tf.Tensor | int) -> list[Rule]:
        """Returns what refuses times out of order, off the grid or with steps left out, and forecasts beyond the table.

        Args:
            timestamps: Epoch seconds, int64 `[B, N]`, one after another.
            horizon: Steps that follow.
        """
        regular = self._regular(timestamps)

        def on_grid() -> tf.Tensor:
            return tf.equal(self._times(self._ordinals(timestamps)), timestamps)

        def ascending() -> tf.Tensor:
            ordinals = self._ordinals(timestamps)
            return tf.equal(ordinals[:, 1:] - ordinals[:, :-1], 1)

        def shown(good: tf.Tensor) -> list[tf.Tensor]:
            row = first_offender(good)
            return [row, timestamps[row]]

        rules = [
            Rule(
                regular,
                f"timestamps: must lie on the grid of frequency {self._frequency} that the model was trained on, "
                "in epoch seconds (UTC); first offending row and its times:",
                lambda: shown(on_grid()),
                lambda: tf.reduce_all(on_grid()),
            ),
            Rule(
                regular,
                f"timestamps: must ascend in steps of {self._frequency}, with none left out (a missing value "
                "is NaN at its time); first offending row and its times:",
                lambda: shown(ascending()),
                lambda: tf.reduce_all(ascending()),
            ),
        ]
        if self._step is None:
            newest = tf.reduce_max(self._ordinals(timestamps[:, -1])) + tf.cast(horizon, tf.int64)
            rules.append(
                Rule(
                    newest < len(self._table),
                    "timestamps: the forecast would reach beyond 2100, where the model's calendar ends; newest time:",
                    lambda: [tf.reduce_max(timestamps)],
                )
            )
        return rules

    def ahead(self, last: tf.Tensor, horizon: tf.Tensor | int) -> tf.Tensor:
        """Returns the times that follow, int64 `[B, horizon]`.

        Args:
            last: Epoch seconds of the last context step, int64 `[B]`.
            horizon: How many steps.
        """
        steps = tf.range(1, tf.cast(horizon, tf.int64) + 1)
        if self._step is not None:
            return last[:, tf.newaxis] + steps * self._step
        return self._times(self._ordinals(last)[:, tf.newaxis] + steps)

    def before(self, first: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        """Returns the times that come before, int64 `[B, count]`.

        Args:
            first: Epoch seconds of a step, int64 `[B]`.
            count: How many steps.
        """
        steps = tf.range(-tf.cast(count, tf.int64), 0)
        if self._step is not None:
            return first[:, tf.newaxis] + steps * self._step
        return self._times(self._ordinals(first)[:, tf.newaxis] + steps)

    def _regular(self, timestamps: tf.Tensor) -> tf.Tensor:
        """Whether all times are right, found without a division or a search for each of them."""
        last = timestamps[:, -1]
        if self._step is not None:
            on_grid = tf.equal((last - self._anchor) % self._step, 0)
            return tf.reduce_all(on_grid) & tf.reduce_all(tf.equal(timestamps[:, 1:] - timestamps[:, :-1], self._step))
        length = tf.shape(timestamps, out_type=tf.int64)[1]
        ordinals = self._ordinals(last)[:, tf.newaxis] + tf.range(1 - length, 1)
        return tf.reduce_all(ordinals >= 0) & tf.reduce_all(tf.equal(self._times(ordinals), timestamps))

    def _ordinals(self, timestamps: tf.Tensor) -> tf.Tensor:
        if self._step is not None:
            return (timestamps - self._anchor) // self._step
        flat = tf.reshape(timestamps, [-1])
        found = tf.searchsorted(tf.constant(self._table), flat, side="right", out_type=tf.int64) - 1
        return tf.reshape(found, tf.shape(timestamps))

    def _times(self, ordinals: tf.Tensor) -> tf.Tensor:
        if self._step is not None:
            return ordinals * self._step + self._anchor
        # Beyond the table there is no time; its ends stand in, which the rules then find off the grid.
        inside = tf.clip_by_value(ordinals, 0, len(self._table) - 1)
        return tf.gather(tf.constant(self._table), inside)
