"""All kinds of statistical forecasts as one member of a pool: weighed by their errors before the test split.

fit = fit_statistical(series, season=12, context_length=60, horizon=12, offset=offset, scale=scale)
fit.weights                                   # {"theta": 0.2, "smoothing": 0.3, "autoregression_log": 0.5}
fit.origins.target, fit.origin_forecasts      # [N, H] each: forecasts that had not seen what they are scored on
fit.layer(window)                             # [B, H], scaled

A short series has a handful of forecasts that do not overlap: too few to tell the best kind from luck. So none is
picked. Each weighs as much as its error says, and kinds that are about equally good about equally much, which is what
combinations that won competitions have in common: Makridakis, Spiliotis and Assimakopoulos, The M4 Competition,
International Journal of Forecasting 36 (2020). It is served as two matrices, one of values and one of logarithms.
"""

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from tapeline.forecaster.network.inputs import Window
from tapeline.forecaster.network.log_view import LogView, series_rows
from tapeline.forecaster.statistical.affine_maps import AffineMaps, weighed_mean
from tapeline.forecaster.statistical.choice_of_settings import relative_errors
from tapeline.forecaster.statistical.context_map import ContextMap, Intermittent
from tapeline.forecaster.statistical.histories import FIRST_ORIGIN, History, Origins, rolling_origins
from tapeline.forecaster.statistical.kinds import Kind, KindsChooser
from tapeline.forecaster.statistical.origin_views import views_of
from tapeline.series.arrays import Array

SHARPNESS = 3.0
"""Weights fall with a power of the error: this times the root of the number of origins that do not overlap."""

MOST_SHARPNESS = 12.0
"""The greatest power: 6 % more error is half the weight, 47 % more is none."""

LEAST_WEIGHT = 0.01
"""A kind with less than this share of the best one's weight is left out."""

MOST_WINDOWS = 200
"""Windows that settings are chosen on, of a single series."""

MOST_PANEL_STEPS = 30_000
"""Forecast steps of the windows of a panel: hundreds of settings forecast each, and all of that is in memory."""


class StatisticalForecaster(keras.layers.Layer):
    """A weighted mean of forecasts, the weights the same for all series or one set each."""

    def __init__(self, parts: Sequence[keras.layers.Layer], shares: Array, *, name: str = "statistical") -> None:
        """Keeps the parts, and their shares as a weight that nothing trains.

        Args:
            parts: Layers that take windows and give forecasts `[B, H]`.
            shares: `[1, P]` for all series, or `[1 + G, P]`; each row adds up to 1.
            name: Name of the layer.
        """
        super().__init__(name=name, trainable=False)
        self.parts = list(parts)
        self.shares = self.add_weight(shape=shares.shape, initializer="zeros", trainable=False, name="shares")
        self.shares.assign(shares.astype(np.float32))
        self.built = True

    @property
    def by_series(self) -> bool:
        """Whether it asks which series it forecasts."""
        return self.shares.shape[0] > 1 or any(part.by_series for part in self.parts)

    def call(self, window: Window, training: bool = False, kernel: tf.Tensor | None = None) -> tf.Tensor:
        """Returns the forecast `[B, H]`, scaled.

        Args:
            window: Features of `docs/data-formats.md`.
            training: Networks have it; nothing is trained here.
            kernel: Likewise.
        """
        forecasts = tf.stack([part(window) for part in self.parts], axis=1)
        shares = tf.gather(tf.convert_to_tensor(self.shares.value), series_rows(window, count=self.shares.shape[0]))
        return tf.reduce_sum(forecasts * shares[:, :, tf.newaxis], axis=1)


@dataclasses.dataclass(frozen=True, eq=False)
class StatisticalFit:
    """A member that was chosen, and how.

    Attributes:
        layer: Takes windows, gives forecasts `[B, H]`, scaled.
        origins: The windows before the test split that it was chosen on.
        origin_forecasts: What it forecasts there; each from parameters that were fitted to earlier values, `[N, H]`.
        weights: By kind, those for all series together.
        errors: By kind, the mean absolute error in units of the middle one, over all series.
    """

    layer: StatisticalForecaster
    origins: Origins
    origin_forecasts: Array
    weights: dict[str, float]
    errors: dict[str, float]


def fit_statistical(
    series: Sequence[History],
    *,
    season: int,
    context_length: int,
    horizon: int,
    offset: Array,
    scale: Array,
    others: bool = False,
) -> StatisticalFit | None:
    """Chooses the settings of each kind and what it weighs.

    Args:
        series: Their values before the test split.
        season: Steps of a season; 1 is none.
        context_length: `T`.
        horizon: `H`.
        offset: Of the scaled space of each series, `[1 + G]`; row 0 for all series that are not among them.
        scale: Likewise.
        others: Whether series that are not among them, and have another scale, are forecast as well.

    Returns:
        The member; None where no window lies before the test split.
    """
    most = MOST_WINDOWS if len(series) == 1 else MOST_PANEL_STEPS // horizon
    origins = rolling_origins(series, context_length=context_length, horizon=horizon, most=most)
    if not len(origins.series):
        return None
    choose = KindsChooser(series, origins, season, others=others)
    kinds: list[Kind] = []
    views = views_of(series, origins, season=season, offset=offset, scale=scale)
    for view in views:
        kinds += [*choose.fixed(view), *choose.autoregressive(view)]
    above_zero = offset / scale
    kinds += choose.intermittent(above_zero)

    forecasts = np.stack([kind.origin_forecasts for kind in kinds])
    errors = np.nanmean(np.abs(forecasts - origins.target), axis=2)
    overall, own = relative_errors(errors, origins.series, len(series))
    weights = kind_weights(overall, own, origins=_independent_origins(series, context_length, horizon))
    if not choose.per_series:
        weights[1:] = weights[0]
    layer = _layer(kinds, weights, season=season, logs=views[-1].logs, above_zero=above_zero, horizon=horizon)
    at_origins = weights[1 + origins.series].T[:, :, np.newaxis]
    return StatisticalFit(
        layer=layer,
        origins=origins,
        origin_forecasts=(forecasts * at_origins).sum(axis=0),
        weights={kind.name: float(weight) for kind, weight in zip(kinds, weights[0], strict=True) if weight},
        errors={kind.name: float(error) for kind, error in zip(kinds, overall, strict=True)},
    )


def kind_weights(overall: Array, own: Array, *, origins: float) -> Array:
    """Returns what each kind weighs, `[1 + G, K]`; row 0 is for all series.

    A series' own errors count as much as those of all series. The fewer origins, the nearer are weights to each other.

    >>> kind_weights(np.array([1.0, 1.06, 2.0]), np.zeros((3, 0)), origins=100.0).round(2).tolist()
    [[0.67, 0.33, 0.0]]
    >>> kind_weights(np.array([1.0, 1.06, 2.0]), np.zeros((3, 0)), origins=1.0).round(2).tolist()
    [[0.51, 0.43, 0.06]]

    Args:
        overall: Errors over all series, `[K]`.
        own: Errors of each, in the same units, `[K, G]`; 0 where a series has no windows.
        origins: How many forecasts they come from that do not overlap.
    """
    error = np.concatenate([overall[:, np.newaxis], (own + overall[:, np.newaxis]) / 2.0], axis=1).T
    least = error.min(axis=1, keepdims=True)
    power = min(SHARPNESS * max(origins, 1.0) ** 0.5, MOST_SHARPNESS)
    weights: Array = np.where(error > 0.0, least / np.where(error > 0.0, error, 1.0), 1.0) ** power
    weights[weights < LEAST_WEIGHT] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _independent_origins(series: Sequence[History], context_length: int, horizon: int) -> float:
    """Returns how often the horizon fits into what the origins reach over."""
    return sum(
        max(len(history.values) - max(context_length, int(FIRST_ORIGIN * history.trained)), 0) / horizon
        for history in series
    )


def _layer(
    kinds: Sequence[Kind], weights: Array, *, season: int, logs: LogView | None, above_zero: Array, horizon: int
) -> StatisticalForecaster:
    """Puts the maps of a view together; a view without weight is left out."""
    parts: list[keras.layers.Layer] = []
    shares = []
    for name, in_logs in (("values", False), ("logarithms", True)):
        chosen = [
            (index, kind.parameters)
            for index, kind in enumerate(kinds)
            if isinstance(kind.parameters, AffineMaps) and kind.logs == in_logs
        ]
        columns = weights[:, [index for index, _ in chosen]]
        share = columns.sum(axis=1)
        if not share.any():
            continue
        maps = _weighed_maps([maps for _, maps in chosen], columns, share)
        parts.append(ContextMap(maps, season=season, logs=logs if in_logs else None, name=name))
        shares.append(share)
    for index, kind in enumerate(kinds):
        if not isinstance(kind.parameters, AffineMaps) and weights[:, index].any():
            same = np.ptp(above_zero) == 0.0
            parts.append(
                Intermittent(kind.parameters, above_zero=above_zero[:1] if same else above_zero, horizon=horizon)
            )
            shares.append(weights[:, index])
    together = np.stack(shares, axis=1)
    alike = bool((together == together[:1]).all()) or len(weights) == 2
    return StatisticalForecaster(parts, together[:1] if alike else together)


def _weighed_maps(maps: Sequence[AffineMaps], weights: Array, share: Array) -> AffineMaps:
    """Returns the weighed mean of maps, with one row where all series have the same or there is one series."""
    relative = weights / np.where(share > 0.0, share, 1.0)[:, np.newaxis]
    same_maps = all(len(one.matrices) == 1 for one in maps)
    if len(weights) == 2 or (same_maps and (relative == relative[:1]).all()):
        # A single series: its weights serve series that are not known as well.
        relative = relative[:1]
    return weighed_mean(maps, relative)
