"""Several forecasters as one: their weighted average, and other forecasts for what the average would hurt.

That is: series that a simpler forecast is better for; contexts that begin late, since their series does.
"""

from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from tapeline.forecaster.network.inputs import Window
from tapeline.forecaster.network.recurrent import Kernel
from tapeline.schemas import features
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.windowing import late_steps


class Ensemble(keras.Model):
    """A weighted average of members, called like one network."""

    def __init__(
        self,
        members: Sequence[keras.layers.Layer],
        weights: Sequence[float],
        *,
        shape: WindowShape,
        instead: Mapping[int, keras.layers.Layer] | None = None,
        late: keras.layers.Layer | None = None,
        unseen: bool = False,
    ) -> None:
        """Takes members that are trained already.

        Args:
            members: Layers, `member(window, training=False, kernel=...)` → `[B, H]`, scaled.
            weights: The share of each; they add up to 1.
            shape: Widths of a window.
            instead: Who forecasts a series alone, by the index of the series; all others get the average.
            late: Who forecasts in place of the average where a context begins late, see `windowing.late_contexts`; None:
                nobody.
            unseen: Whether that one forecasts series as well that training did not see.

        Raises:
            ValueError: There are not as many weights as members, or the weights do not add up to 1.
        """
        super().__init__(name="ensemble")
        if len(members) != len(weights) or not np.isclose(sum(weights), 1.0):
            raise ValueError(f"weights: got {list(weights)}, must be one for each of {len(members)} members, 1 in all.")
        self.shape = shape
        self.members = list(members)
        self.shares = [float(weight) for weight in weights]
        self.late = late
        self.unseen = unseen
        served = dict(instead or {})
        # Two series that are served the same share its layer.
        self.others = list({id(layer): layer for layer in served.values()}.values())
        self.positions = {
            index: next(place for place, other in enumerate(self.others, start=1) if other is layer)
            for index, layer in served.items()
        }
        self.built = True

    def call(self, window: Window, training: bool = False, kernel: Kernel = "auto") -> tf.Tensor:
        """Forecasts free-running.

        Args:
            window: Features of `docs/data-formats.md`, without the target; the index of the series where some series
                are not served the average.
            training: Makes no difference: the members are trained one by one.
            kernel: How sequences are run through the LSTMs.

        Returns:
            `[B, H]`, scaled.
        """
        forecasts = [member(window, training=False, kernel=kernel) for member in self.members]
        served = forecasts[0]
        if len(forecasts) > 1:
            served = tf.add_n([share * forecast for share, forecast in zip(self.shares, forecasts, strict=True)])
        served = self._late_replaced(served, window, kernel)
        if not self.others:
            return served
        # The first row is for series that training did not see, the last for all that lie beyond: they get the average.
        rows = np.zeros(max(self.positions) + 3, np.int32)
        rows[[index + 1 for index in self.positions]] = list(self.positions.values())
        place = tf.gather(rows, tf.minimum(window[features.SERIES_INDEX] + 1, len(rows) - 1))[:, tf.newaxis]
        for number, other in enumerate(self.others, start=1):
            served = tf.where(place == number, other(window, training=False, kernel=kernel), served)
        return served

    def _late_replaced(self, served: tf.Tensor, window: Window, kernel: Kernel) -> tf.Tensor:
        replace, first = self.late, late_steps(self.shape.context_length)
        if replace is None or not (first or self.unseen):
            return served
        # Of no step at all none is measured.
        late = ~tf.reduce_any(window[features.CONTEXT_OBSERVED][:, :first] > 0.5, axis=1) & (first > 0)
        if self.unseen:
            late |= window[features.SERIES_INDEX] < 0

        def with_replaced() -> tf.Tensor:
            return tf.where(late[:, tf.newaxis], replace(window, training=False, kernel=kernel), served)

        if kernel == "portable":
            # Not every platform has branches inside of branches.
            return with_replaced()
        replaced = tf.cond(tf.reduce_any(late), with_replaced, lambda: tf.identity(served))
        replaced.set_shape(served.shape)
        return replaced
