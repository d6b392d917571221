"""What is summed over windows, and the statistics that follow from the sums.

>>> target, forecasts = np.array([1.0, 3.0]), {name: np.zeros(2) for name in OUTPUTS}
>>> sums = WindowSums.of(target=target, forecasts=forecasts, offset=0.0, scale=10.0, naive_error=1.0)
>>> STATISTICS["mae_scaled"](sums), STATISTICS["mae"](sums.merge(sums))
(2.0, 20.0)

A sum of sums is again one, in any order, so workers add up their own windows
and the results are merged. Targets that were not observed (NaN) are left out;
a forecast that is not finite stays in, and makes every error NaN or infinite:
no such model passes a limit.
"""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from tapeline.schemas.served_model import BASELINES, FORECAST, INTERVALS, LEVELS, NAIVE
from tapeline.series.arrays import Array, Floats
from tapeline.series.conformal import PERCENTS
from tapeline.series.series_skill import SUMS, relative_mae, vector

OUTPUTS = (FORECAST, *BASELINES, *LEVELS[1:])
"""Outputs `[H]` of the `evaluate` signature that are summed."""


@dataclasses.dataclass(frozen=True)
class WindowSums:
    """Sums over windows, kept by lead step.

    Attributes:
        windows: Windows summed.
        sums: float64 `[H]` each, by name: observed targets, finite forecasts, absolute and squared errors in scaled
            space and in the target's unit, symmetric errors in percent, absolute errors over the naive error and the
            number of those, absolute errors of each baseline, and for each prediction interval the targets inside it
            and its width. Empty without windows.
    """

    windows: int = 0
    sums: Mapping[str, Floats] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *,
        target: Floats,
        forecasts: Mapping[str, Array],
        offset: float,
        scale: float,
        naive_error: float,
    ) -> "WindowSums":
        """Sums of one window.

        Args:
            target: `[H]` in scaled space, NaN where unobserved.
            forecasts: A value for each of `OUTPUTS`, `[H]` in scaled space.
            offset: Where scaled space has its 0, in the target's unit.
            scale: Units of the target in one scaled unit.
            naive_error: Error of "as a season ago" within the train split of
                the series, scaled; where it is 0 or NaN there is no MASE.

        Raises:
            ValueError: A forecast is missing or has another shape than the target.
        """
        target = np.asarray(target, np.float64)
        observed = ~np.isnan(target)
        values = {}
        for name in OUTPUTS:
            if name not in forecasts:
                raise ValueError(f"the signature's outputs {sorted(forecasts)} lack {name!r}: export the model anew.")
            values[name] = np.asarray(forecasts[name], np.float64)
            if target.ndim != 1 or values[name].shape != target.shape:
                raise ValueError(f"{name} has shape {values[name].shape}, target {target.shape}: both must be [H].")
        errors = {name: np.where(observed, np.abs(values[name] - target), 0.0) for name in (FORECAST, *BASELINES)}
        error = errors[FORECAST]
        magnitude = np.abs(values[FORECAST] * scale + offset) + np.abs(target * scale + offset)
        has_naive = naive_error > 0.0
        rows = {
            "observed": observed,
            "finite": np.isfinite(values[FORECAST]),
            "absolute": error,
            "squared": np.square(error),
            "absolute_in_unit": error * scale,
            "squared_in_unit": np.square(error * scale),
            "symmetric": _percent(error * scale, magnitude),
            "against_naive": error / naive_error if has_naive else np.zeros_like(error),
            "observed_against_naive": observed if has_naive else np.zeros_like(error),
        }
        for name in BASELINES:
            rows |= {name: errors[name], f"{name}_in_unit": errors[name] * scale}
        for (lower, upper), percent in zip(INTERVALS, PERCENTS, strict=True):
            width = _width(values[lower], values[upper], observed)
            # A target that was not observed, and an end that is no number, compare as False.
            rows[f"covered_{percent}"] = (values[lower] <= target) & (target <= values[upper])
            rows |= {f"width_{percent}": width, f"width_{percent}_in_unit": width * scale}
        return cls(windows=1, sums={name: np.asarray(row, np.float64) for name, row in rows.items()})

    def merge(self, other: "WindowSums") -> "WindowSums":
        """Returns the sums of both sets of windows."""
        if not (self.windows and other.windows):
            return self if self.windows else other
        sums = {name: row + other.sums[name] for name, row in self.sums.items()}
        return WindowSums(windows=self.windows + other.windows, sums=sums)

    def for_series(self) -> Floats:
        """Returns the sums over all lead steps that a series is judged by, `[len(SUMS)]`."""
        return vector({"windows": self.windows, **{name: float(self.row(name).sum()) for name in SUMS[1:]}})

    def row(self, name: str) -> Floats:
        """Returns one of the sums, by lead step `[H]`; one zero without windows."""
        return self.sums[name] if self.windows else np.zeros(1)

    def mean(self, name: str) -> float:
        """A sum over its number of observed targets; NaN where nothing was observed."""
        return _ratio(self.row(name).sum(), self.row("observed").sum())

    def mean_by_lead_step(self, name: str) -> Array:
        """The same for each lead step, `[H]`."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.row(name) / self.row("observed")


def _percent(error: Floats, magnitude: Array) -> Array:
    """`200 error / magnitude`; 0 forecast as 0 is no error, though its magnitude is 0 as well."""
    with np.errstate(invalid="ignore"):  # An infinite forecast gives NaN.
        return np.where(error == 0.0, 0.0, 200.0 * error / np.where(magnitude == 0.0, 1.0, magnitude))


def _width(lower: Array, upper: Array, observed: Array) -> Array:
    with np.errstate(invalid="ignore"):  # An infinite forecast has no width.
        return np.where(observed, upper - lower, 0.0)


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator) / float(denominator) if denominator else float("nan")


def _skill(sums: WindowSums, baseline: str) -> float:
    """`1 - MAE / MAE of the baseline`; over a baseline without any error there is none."""
    error, reference = sums.mean("absolute"), sums.mean(baseline)
    if reference == 0.0:
        return 0.0 if error == 0.0 else float("nan") if np.isnan(error) else float("-inf")
    return 1.0 - error / reference


def _skill_over(baseline: str) -> Callable[[WindowSums], float]:
    return lambda sums: _skill(sums, baseline)


def _mean_of(row: str) -> Callable[[WindowSums], float]:
    return lambda sums: sums.mean(row)


def _by_step(row: str) -> Callable[[WindowSums], Array]:
    return lambda sums: sums.mean_by_lead_step(row)


def _missed(row: str) -> Callable[[WindowSums], float]:
    return lambda sums: 1.0 - sums.mean(row)


def _root(row: str) -> Callable[[WindowSums], float]:
    return lambda sums: float(np.sqrt(sums.mean(row)))


def _mase(sums: WindowSums) -> float:
    return _ratio(sums.row("against_naive").sum(), sums.row("observed_against_naive").sum())


def _relative_mae(sums: WindowSums) -> float:
    naive = np.array([[sums.mean(name) for name in NAIVE]])
    return float(relative_mae(np.array([sums.mean("absolute")]), naive, np.array([_mase(sums)]))[0])


STATISTICS: Mapping[str, Callable[[WindowSums], float | Floats]] = {
    "mae_scaled": _mean_of("absolute"),
    "mae": _mean_of("absolute_in_unit"),
    "rmse_scaled": _root("squared"),
    "rmse": _root("squared_in_unit"),
    "mase": _mase,
    "smape": _mean_of("symmetric"),
    "finite_share": lambda sums: _ratio(sums.row("finite").sum(), sums.windows * len(sums.row("finite"))),
    "window_count": lambda sums: float(sums.windows),
    "mae_scaled_by_lead_step": _by_step("absolute"),
    **{f"mae_scaled_{baseline}": _mean_of(baseline) for baseline in BASELINES},
    **{f"mae_{baseline}": _mean_of(f"{baseline}_in_unit") for baseline in BASELINES},
    **{f"skill_over_{baseline}": _skill_over(baseline) for baseline in BASELINES},
    "relative_mae": _relative_mae,
    "skill_over_best_naive": lambda sums: 1.0 - _relative_mae(sums),
    **{f"interval_coverage_{percent}": _mean_of(f"covered_{percent}") for percent in PERCENTS},
    **{f"interval_missed_{percent}": _missed(f"covered_{percent}") for percent in PERCENTS},
    **{f"interval_coverage_{percent}_by_lead_step": _by_step(f"covered_{percent}") for percent in PERCENTS},
    **{f"interval_width_{percent}_scaled": _mean_of(f"width_{percent}") for percent in PERCENTS},
    **{f"interval_width_{percent}": _mean_of(f"width_{percent}_in_unit") for percent in PERCENTS},
}
"""Everything the Evaluator reports, by name. All of it is free-running.

`mae`, `rmse` and `mae_<baseline>` are in the target's unit. `mase` divides each
error by that of "as a season ago" within the train split of its series
(Hyndman and Koehler 2006); series where that is 0 are left out. `smape` is
`200 |f - y| / (|f| + |y|)`, in percent, of values in the target's unit
(Makridakis 1993); it means little for targets around 0. `relative_mae` is the
error over that of the better naive forecast on the same windows, and
`skill_over_best_naive` is 1 less that (`series_skill`). `interval_coverage_80`
is the share of observed targets inside the 80 % prediction interval,
`interval_missed_80` the share of the others, and `interval_width_80` its mean width in the target's unit.
"""
