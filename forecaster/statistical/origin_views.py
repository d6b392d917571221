"""The origins as members see them: as they are, or as logarithms; gaps filled with the season in mind."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tapeline.forecaster.network.log_view import LogView, log_view
from tapeline.forecaster.statistical.completion import complete
from tapeline.forecaster.statistical.histories import History, Origins
from tapeline.series.arrays import Array


@dataclasses.dataclass(frozen=True, eq=False)
class View:
    """The origins in one view.

    Attributes:
        suffix: What the names of members in this view end with.
        logs: How values become logarithms; None leaves them.
        rows: The row of each origin in the tables of `logs`, `[N]`.
        context: Contexts of the origins, completed, `[N, T]`.
        series: Values of each series, `[n]`; NaN where missing.
    """

    suffix: str
    logs: LogView | None
    rows: Array
    context: Array
    series: tuple[Array, ...]

    def values(self, ahead: Array) -> Array:
        """Brings forecasts `[N, ..., H]` into scaled space."""
        if self.logs is None:
            return ahead
        return np.asarray(self.logs.to_values(tf.constant(ahead), self.rows, context=tf.constant(self.context)))


def views_of(series: Sequence[History], origins: Origins, *, season: int, offset: Array, scale: Array) -> list[View]:
    """Returns the view of values and, where all values and offsets are above 0, that of logarithms.

    Args:
        series: The series.
        origins: Windows of them.
        season: Steps of a season; 1 is none.
        offset: Of the scaled space of each series, `[1 + G]`; row 0 for all others.
        scale: Likewise.
    """
    observed, context = tf.constant(origins.observed), tf.constant(origins.context)
    completed = np.asarray(complete(context, observed, season=season))
    views = [View("", None, np.zeros(0, np.int32), completed, tuple(history.values for history in series))]
    least = np.array([np.min(history.values, initial=np.inf, where=~np.isnan(history.values)) for history in series])
    logs = log_view(np.where(np.isfinite(least), least, 0.0), offset=offset, scale=scale)
    if logs is not None:
        alone = len(logs.ratio) == 1
        rows = np.zeros(len(origins.series), np.int32) if alone else (1 + origins.series).astype(np.int32)
        completed = np.asarray(complete(logs.to_logs(context, rows), observed, season=season))
        # A maximum may take a number rather than NaN.
        values = [
            np.where(
                np.isnan(history.values),
                np.float32(np.nan),
                logs.to_logs(tf.constant(history.values[np.newaxis]), [0 if alone else 1 + index])[0],
            )
            for index, history in enumerate(series)
        ]
        views.append(View("_log", logs, rows, completed, tuple(values)))
    return views
