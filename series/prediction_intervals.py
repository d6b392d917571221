"""What a forecast's intervals and quantiles are made of, from its errors on the eval split.

>>> times = np.arange(39)
>>> errors = EvalErrors(np.arange(-19.0, 20.0)[:, None], np.array([b"a"] * 39, object), times, changes=np.ones(39))
>>> fitted = fit_intervals(errors, naive_errors={b"a": 2.0}, levels=(0.5,), overlap=1)
>>> dict(zip(fitted.names, fitted.offsets[:, 0].tolist()))
{'lower': -16.0, 'upper': 16.0, 'lower_95': -19.0, 'upper_95': 19.0, 'quantile_0.5': 0.0}
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from tapeline.schemas.served_model import LEVELS, quantile_name
from tapeline.series.arrays import Array, Floats, Ints, Names
from tapeline.series.conformal import INTERVAL_LEVELS, conformal_quantiles
from tapeline.series.error_ratios import choose_ratios, choose_usual_change, context_ratios, naive_ratios


@dataclasses.dataclass(frozen=True, eq=False)
class EvalErrors:
    """The errors of free-running forecasts on the eval split.

    Attributes:
        values: `target - forecast`, scaled, `[N, H]`; NaN where nothing was measured.
        series: The series of each window, bytes `[N]`.
        starts: When its forecast starts, epoch seconds `[N]`.
        changes: Mean absolute change from step to step in its context, scaled, `[N]`.
    """

    values: Floats
    series: Names
    starts: Ints
    changes: Floats


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class PredictionIntervals:
    """How far intervals and quantiles lie from a forecast.

    Attributes:
        names: Outputs: the ends of the intervals, then the quantiles on request, lowest first.
        offsets: Of a middling series, scaled, float32 `[R, H]`: a row for each output.
        error_ratios: What they are multiplied by, by series; 1 for any other. Empty where one size holds for all.
        usual_change: The middling change in a context, over the series' ratio; None where contexts do not count.
        own_errors: Whether ratios are those of the forecast's own errors, where a series has enough windows.
    """

    names: tuple[str, ...]
    offsets: Floats
    error_ratios: Mapping[bytes, float] = dataclasses.field(default_factory=dict)
    usual_change: float | None = None
    own_errors: bool = False

    def ratios(self, errors: EvalErrors) -> Array:
        """Returns how large the errors of each window are expected, beside those of a middling one, `[N]`."""
        ratios = np.array([self.error_ratios.get(name, 1.0) for name in errors.series])
        return ratios if self.usual_change is None else context_ratios(errors.changes, ratios, self.usual_change)


def fit_intervals(
    errors: EvalErrors, *, naive_errors: Mapping[bytes, float], levels: Sequence[float] = (), overlap: int
) -> PredictionIntervals:
    """Returns the intervals that the errors give.

    An interval holds its forecast, so its ends lie on their own sides of it;
    the quantiles need not.

    Args:
        errors: On the eval split.
        naive_errors: Errors of "as a season ago" within train, scaled, by series.
        levels: Quantiles on request.
        overlap: Eval windows that share a step.
    """
    ratios, own = choose_ratios(
        errors.values,
        series=errors.series,
        starts=errors.starts,
        naive=naive_ratios(naive_errors),
        overlap=overlap,
    )
    asked = sorted(levels)
    fitted = PredictionIntervals(
        names=(*LEVELS[1:], *map(quantile_name, asked)),
        offsets=np.zeros((0, errors.values.shape[1])),
        error_ratios=ratios if len(ratios) > 1 else {},
        own_errors=own,
    )
    usual = choose_usual_change(
        errors.values, changes=errors.changes, ratios=fitted.ratios(errors), starts=errors.starts, overlap=overlap
    )
    fitted = dataclasses.replace(fitted, usual_change=usual)
    pooled = errors.values / fitted.ratios(errors).reshape(-1, 1)
    offsets = conformal_quantiles(pooled, [*INTERVAL_LEVELS, *map(repr, asked)])
    lower, upper = slice(0, len(INTERVAL_LEVELS), 2), slice(1, len(INTERVAL_LEVELS), 2)
    offsets[lower], offsets[upper] = np.minimum(offsets[lower], 0.0), np.maximum(offsets[upper], 0.0)
    return dataclasses.replace(fitted, offsets=offsets.astype(np.float32))
