"""The forecasts that learn little or nothing, as members of an ensemble: persistence, seasonal naive, ridge.

Each is a layer with the call of a network: `member(window, training=False, kernel=...)` gives `[B, H]`, scaled.
"""

import keras
import tensorflow as tf

from tapeline.forecaster.network.highway import LinearHighway
from tapeline.forecaster.network.inputs import Window
from tapeline.forecaster.network.log_view import LogView, WindowLogs
from tapeline.forecaster.network.recurrent import Kernel
from tapeline.schemas import features
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.seasons import seasonal_positions


def last_value(context: tf.Tensor, shape: WindowShape) -> tf.Tensor:
    """Returns the last value of contexts `[B, T]` at every step of the horizon, `[B, H]`."""
    return tf.repeat(context[:, -1:], shape.horizon, axis=1)


def last_season(context: tf.Tensor, shape: WindowShape, season: int) -> tf.Tensor:
    """Returns the last season of contexts `[B, T]`, as often as the horizon needs, `[B, H]`."""
    positions = seasonal_positions(context_length=shape.context_length, horizon=shape.horizon, season=season)
    return tf.gather(context, positions, axis=1)


class Persistence(keras.layers.Layer):
    """Repeats the last value of the context."""

    def __init__(self, shape: WindowShape) -> None:
        """Needs nothing but the horizon.

        Args:
            shape: Widths of a window.
        """
        super().__init__(name="persistence", trainable=False)
        self.shape = shape
        self.built = True

    def call(self, window: Window, training: bool = False, kernel: Kernel = "auto") -> tf.Tensor:
        """Returns `[B, H]`; of a window's features it reads the context."""
        return last_value(window[features.CONTEXT], self.shape)


class SeasonalNaive(keras.layers.Layer):
    """Repeats the last season of the context as often as the horizon needs."""

    def __init__(self, shape: WindowShape, *, season: int) -> None:
        """Needs the season beside the horizon.

        Args:
            shape: Widths of a window.
            season: Steps of the season, at most the context.
        """
        super().__init__(name="seasonal_naive", trainable=False)
        self.shape = shape
        self.season = season
        self.built = True

    def call(self, window: Window, training: bool = False, kernel: Kernel = "auto") -> tf.Tensor:
        """Returns `[B, H]`; of a window's features it reads the context."""
        return last_season(window[features.CONTEXT], self.shape, self.season)


class RidgeForecast(keras.layers.Layer):
    """Forecasts by a linear map alone."""

    def __init__(self, line: LinearHighway, *, logs: LogView | None = None, name: str = "ridge") -> None:
        """Takes a map over.

        Args:
            line: The map, frozen; it has adopted a ridge regression.
            logs: How values become the logarithms that the map reads and gives; None: it reads values.
            name: Name of the layer.
        """
        super().__init__(name=name, trainable=False)
        self.line = line
        self.logs = logs
        self.built = True

    def call(self, window: Window, training: bool = False, kernel: Kernel = "auto") -> tf.Tensor:
        """Returns `[B, H]`.

        Args:
            window: Features of `docs/data-formats.md`.
            training: Makes no difference.
            kernel: Makes no difference.
        """
        if self.logs is None:
            return window[features.CONTEXT][:, -1:] + self.line(window)
        logs = WindowLogs.of(window, self.logs)
        return logs.to_values(logs.context[:, -1:] + self.line({**window, features.CONTEXT: logs.context}))
