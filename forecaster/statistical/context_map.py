"""The layers that a statistical forecast is served as: a matrix from the context to all lead steps; TSB."""

import keras
import numpy as np
import tensorflow as tf

from tapeline.forecaster.network.inputs import Window
from tapeline.forecaster.network.log_view import LogView, series_rows
from tapeline.forecaster.statistical.affine_maps import AffineMaps
from tapeline.forecaster.statistical.completion import complete
from tapeline.forecaster.statistical.intermittent import tsb_forecast
from tapeline.schemas import features
from tapeline.series.arrays import Array


class ContextMap(keras.layers.Layer):
    """Forecasts windows with a map of their values, or of the logarithms of these."""

    def __init__(
        self, maps: AffineMaps, *, season: int, logs: LogView | None = None, name: str = "context_map"
    ) -> None:
        """Keeps the maps as weights that nothing trains.

        Args:
            maps: One for all series; or one for each, the first for series that are not known.
            season: Steps of the season that gaps are filled by; 1 is none.
            logs: How values become logarithms; None leaves them.
            name: Name of the layer.
        """
        super().__init__(name=name, trainable=False)
        self.season = season
        self.logs = logs
        self.maps = self.add_weight(shape=maps.matrices.shape, initializer="zeros", trainable=False, name="maps")
        self.maps.assign(maps.matrices.astype(np.float32))
        self.constants = None
        if maps.constants.any():
            shape = maps.constants.shape
            self.constants = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="constants")
            self.constants.assign(maps.constants.astype(np.float32))
        tables = len(maps.matrices), len(maps.constants), 1 if logs is None else len(logs.ratio)
        self.by_series = max(tables) > 1
        self.built = True

    def call(self, window: Window) -> tf.Tensor:
        """Returns the forecast `[B, H]`, scaled.

        Args:
            window: Features of `docs/data-formats.md`; a step that was not measured has no influence.
        """
        context, observed = window[features.CONTEXT], window[features.CONTEXT_OBSERVED]
        if self.logs is None:
            return self._mapped(complete(context, observed, season=self.season), window)
        rows = series_rows(window, count=len(self.logs.ratio))
        values = complete(self.logs.to_logs(context, rows), observed, season=self.season)
        return self.logs.to_values(self._mapped(values, window), rows, context=values)

    def _mapped(self, values: tf.Tensor, window: Window) -> tf.Tensor:
        ahead = self._of_context(values, window)
        if self.constants is None:
            return ahead
        rows = series_rows(window, count=self.constants.shape[0])
        return ahead + tf.gather(tf.convert_to_tensor(self.constants.value), rows)

    def _of_context(self, values: tf.Tensor, window: Window) -> tf.Tensor:
        if self.maps.shape[0] == 1:
            return tf.matmul(values, self.maps.value[0])
        own = tf.gather(tf.convert_to_tensor(self.maps.value), series_rows(window, count=self.maps.shape[0]))
        return tf.squeeze(tf.matmul(values[:, tf.newaxis], own), axis=1)


class Intermittent(keras.layers.Layer):
    """Forecasts windows of series with many zeros by TSB; see `intermittent`."""

    def __init__(self, shares: Array, *, above_zero: Array, horizon: int, name: str = "intermittent") -> None:
        """Keeps the parameters as weights that nothing trains.

        Args:
            shares: How far size and probability follow, `[1, 2]` for all series; or `[1 + G, 2]`.
            above_zero: What is added to a scaled value so that no demand is 0, `offset / scale`: `[1]` or `[1 + G]`.
            horizon: `H`.
            name: Name of the layer.
        """
        super().__init__(name=name, trainable=False)
        self.above_zero = above_zero
        self.horizon = horizon
        self.shares = self.add_weight(shape=shares.shape, initializer="zeros", trainable=False, name="shares")
        self.shares.assign(shares.astype(np.float32))
        self.by_series = max(shares.shape[0], len(above_zero)) > 1
        self.built = True

    def call(self, window: Window) -> tf.Tensor:
        """Returns the forecast `[B, H]`, scaled.

        Args:
            window: Features of `docs/data-formats.md`.
        """
        shares = tf.gather(tf.convert_to_tensor(self.shares.value), series_rows(window, count=self.shares.shape[0]))
        rows = series_rows(window, count=len(self.above_zero))
        zero = tf.gather(tf.constant(self.above_zero, tf.float32), rows)[:, tf.newaxis]
        level = tsb_forecast(
            window[features.CONTEXT] + zero,
            observed=window[features.CONTEXT_OBSERVED],
            alpha=shares[:, :1],
            beta=shares[:, 1:],
        )
        return tf.tile(level[:, tf.newaxis] - zero, (1, self.horizon))
