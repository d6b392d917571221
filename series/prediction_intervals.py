"""What a forecast's intervals and quantiles are made of, from its errors on the eval split.

>>> errors = EvalErrors(np.arange(-19.0, 20.0)[:, None], np.array([b"a"] * 39, object), np.arange(39))
>>> fitted = fit_intervals(errors, naive_errors={b"a": 2.0}, levels=(0.5,), overlap=1)
>>> dict(zip(fitted.names, fitted.offsets[:, 0].tolist()))
{'lower': -16.0, 'upper': 16.0, 'lower_95': -19.0, 'upper_95': 19.0, 'quantile_0.5': 0.0}
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from tapeline.schemas.served_model import LEVELS, quantile_name
from tapeline.series.arrays import Floats, Ints, Names
from tapeline.series.conformal import INTERVAL_LEVELS, conformal_quantiles
from tapeline.series.error_ratios import choose_ratios, naive_ratios


@dataclasses.dataclass(frozen=True, eq=False)
class EvalErrors:
    """The errors of free-running forecasts on the eval split.

    Attributes:
        values: `target - forecast`, scaled, `[N, H]`; NaN where nothing was measured.
        series: The series of each window, bytes `[N]`.
        starts: When its forecast starts, epoch seconds `[N]`.
    """

    values: Floats
    series: Names
    starts: Ints


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class PredictionIntervals:
    """How far intervals and quantiles lie from a forecast.

    Attributes:
        names: Outputs: the ends of the intervals, then the quantiles on request, lowest first.
        offsets: Of a middling series, scaled, float32 `[R, H]`: a row for each output.
        error_ratios: What they are multiplied by, by series; 1 for any other. Empty where one size holds for all.
        own_errors: Whether ratios are those of the forecast's own errors, where a series has enough windows.
    """

    names: tuple[str, ...]
    offsets: Floats
    error_ratios: Mapping[bytes, float] = dataclasses.field(default_factory=dict)
    own_errors: bool = False


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
    shared = len(ratios) < 2
    each = np.array([1.0 if shared else ratios.get(name, 1.0) for name in errors.series]).reshape(-1, 1)
    pooled = errors.values / each
    asked = sorted(levels)
    offsets = conformal_quantiles(pooled, [*INTERVAL_LEVELS, *map(repr, asked)])
    lower, upper = slice(0, len(INTERVAL_LEVELS), 2), slice(1, len(INTERVAL_LEVELS), 2)
    offsets[lower], offsets[upper] = np.minimum(offsets[lower], 0.0), np.maximum(offsets[upper], 0.0)
    return PredictionIntervals(
        names=(*LEVELS[1:], *map(quantile_name, asked)),
        offsets=offsets.astype(np.float32),
        error_ratios={} if shared else ratios,
        own_errors=own,
    )
