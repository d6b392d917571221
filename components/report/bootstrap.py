"""How far the MAE of a test split could be from that of another stretch of time like it.

>>> errors = errors_by_start(np.arange(40), absolute=np.arange(40.0), observed=np.ones(40))
>>> interval = mae_interval(errors, block_length=block_length(40, overlap=5))
>>> interval.low < errors.mae < interval.high
True

Windows overlap and errors follow each other in time, so resampling single
windows would pretend to know far more than there is to know. The moving-block
bootstrap resamples whole stretches of forecast starts instead. All series that
forecast from one start stay together: what hits them at once stays at once.

Source: Kuensch, H. R. (1989), The jackknife and the bootstrap for general
stationary observations, Annals of Statistics 17(3), 1217-1241.
"""

import dataclasses
import math

import numpy as np
import numpy.typing as npt

LEAST_BLOCKS = 4
"""Blocks that must fit side by side into the forecast starts; with fewer there is nothing to resample."""

RESAMPLES = 2_000


@dataclasses.dataclass(frozen=True)
class StartErrors:
    """Errors summed by forecast start, ascending `[N]`, and how many observed targets are behind each sum."""

    absolute: npt.NDArray[np.float64]
    observed: npt.NDArray[np.float64]

    @property
    def mae(self) -> float:
        """The error over all starts; NaN without an observed target."""
        observed = self.observed.sum()
        return float(self.absolute.sum() / observed) if observed else math.nan


@dataclasses.dataclass(frozen=True, kw_only=True)
class Interval:
    """A bootstrap interval of the MAE: the share `level` of the resampled values lies between its ends."""

    low: float
    high: float
    level: float
    block_length: int
    resamples: int


def errors_by_start(
    forecast_start: npt.NDArray[np.int64], absolute: npt.NDArray[np.float64], observed: npt.NDArray[np.float64]
) -> StartErrors:
    """Sums the errors of windows, over series, for each forecast start.

    Args:
        forecast_start: Start of each window `[B]`, in any order.
        absolute: Sum of absolute errors of each window `[B]`.
        observed: Number of observed targets of each window `[B]`.

    Raises:
        ValueError: The shapes differ.
    """
    if not forecast_start.shape == absolute.shape == observed.shape or forecast_start.ndim != 1:
        raise ValueError(
            f"forecast_start {forecast_start.shape}, absolute {absolute.shape} and observed {observed.shape}: "
            "each must hold one value a window."
        )
    _, position = np.unique(forecast_start, return_inverse=True)
    by_start = (np.bincount(position, weights=values).astype(np.float64) for values in (absolute, observed))
    return StartErrors(*by_start)


def block_length(starts: int, *, overlap: int) -> int:
    """Returns the forecast starts of one block.

    Windows whose starts are less than a horizon apart share targets, so a
    block is never shorter than that; beyond it grows with the cube root of the
    number of starts, the rate at which the bootstrap's error is least.

    Args:
        starts: Number of forecast starts, `N`.
        overlap: Starts that one horizon spans: `ceil(horizon / stride)`.
    """
    return max(1, overlap, math.ceil(float(np.cbrt(starts))))


def mae_interval(
    errors: StartErrors, *, block_length: int, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Interval | None:
    """Resamples blocks of forecast starts and returns the interval of the MAE.

    Starts near either end lie in fewer blocks than those in the middle, which
    moves the resampled values off the MAE; they are moved back onto it.

    Args:
        errors: Errors by forecast start.
        block_length: Starts of one block, 1 or more.
        level: Share of the resampled values inside the interval.
        resamples: Number of resampled values.
        seed: Seed of the draws: one seed, one interval.

    Returns:
        The interval; None where fewer than `LEAST_BLOCKS` blocks fit side by side, or the MAE is not finite.
    """
    if block_length < 1:
        raise ValueError(f"block_length: got {block_length}, must be 1 or more.")
    starts = len(errors.absolute)
    if starts < LEAST_BLOCKS * block_length or not math.isfinite(errors.mae):
        return None
    rng = np.random.default_rng(seed)
    # Sums over a block are differences of running sums.
    absolute = np.concatenate([[0.0], np.cumsum(errors.absolute)])
    observed = np.concatenate([[0.0], np.cumsum(errors.observed)])
    lengths = np.full(math.ceil(starts / block_length), block_length)
    lengths[-1] -= lengths.sum() - starts
    values = np.empty(resamples)
    for i in range(resamples):
        first = rng.integers(0, starts - block_length + 1, size=len(lengths))
        last = first + lengths
        with np.errstate(invalid="ignore", divide="ignore"):
            values[i] = (absolute[last] - absolute[first]).sum() / (observed[last] - observed[first]).sum()
    values = values[np.isfinite(values)]  # A draw of nothing but unobserved targets has no MAE.
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail]) + errors.mae - values.mean()
    return Interval(
        low=max(float(low), 0.0), high=float(high), level=level, block_length=block_length, resamples=resamples
    )
