"""What may be known of a column beside the target: its kind, what is missing, and how its steps go with the target's.

>>> promotion = np.random.default_rng(0).integers(0, 2, 200).astype(float)
>>> by_lag, _ = cross_correlation([(np.roll(promotion, 2), promotion)], longest=5)
>>> strongest(by_lag)
2

As in `season_finder` it is steps that are compared, not values: two columns
that both rise have values that go together, and nothing to tell each other.
"""

import math
from collections.abc import Iterable

import numpy as np

from tapeline.series.arrays import Array, Floats
from tapeline.series.inspecting.series_columns import is_flag


def kind_of(values: Floats | None, *, categories: int) -> str:
    """Returns the kind of a column in words.

    Args:
        values: The column as numbers; None where it is text.
        categories: Different values in it.
    """
    if values is None:
        return f"text, {categories:,} different"
    if is_flag(values):
        return f"0 and 1, {float(np.nanmean(values)):.0%} of them 1"
    return f"numbers, {categories:,} different"


def cross_correlation(pairs: Iterable[tuple[Floats, Floats]], *, longest: int) -> tuple[Array, Array]:
    """Returns how the steps of a target go with those of a covariate some lags earlier, over all series together.

    Args:
        pairs: Target and covariate of each series on their grid, `[L]` each; NaN where there is no value.
        longest: Longest lag, in steps.

    Returns:
        The correlation by lag, NaN where it rests on no pair, and the number of pairs behind it: `[longest + 1]` each.
    """
    products, counts = np.zeros(longest + 1), np.zeros(longest + 1)
    for target, covariate in pairs:
        ours, theirs = _standard_steps(target), _standard_steps(covariate)
        if ours is None or theirs is None:
            continue
        products += _lagged(np.nan_to_num(ours), np.nan_to_num(theirs), longest)
        counts += np.round(_lagged(np.isfinite(ours) * 1.0, np.isfinite(theirs) * 1.0, longest))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip(np.where(counts > 0.0, products / counts, np.nan), -1.0, 1.0), counts


def strongest(by_lag: Array) -> int | None:
    """Returns the lag of the strongest correlation, whatever its sign; None where there is none."""
    return int(np.nanargmax(np.abs(by_lag))) if np.isfinite(by_lag).any() else None


def _standard_steps(values: Floats) -> Array | None:
    """Steps from one value to the next, each in units of their spread, `[L - 1]`; None where nothing moves."""
    steps = np.diff(np.asarray(values, np.float64))
    spread = float(np.nanstd(steps)) if np.isfinite(steps).any() else 0.0
    return (steps - np.nanmean(steps)) / spread if spread > 0.0 else None


def _lagged(ours: Array, theirs: Array, longest: int) -> Array:
    """Sums `ours[t] * theirs[t - lag]` over `t`, for each lag, `[longest + 1]`."""
    # Padded with zeros, so that nothing wraps around.
    size = 2 ** math.ceil(math.log2(len(ours) + longest + 1))
    found: Array = np.fft.irfft(np.fft.rfft(ours, size) * np.conj(np.fft.rfft(theirs, size)), size)[: longest + 1]
    return found
