"""The windows of one chunk, which tests compare others with."""

from typing import Any

import numpy as np
import numpy.typing as npt

from tapeline.schemas import features as names
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.windowing import Chunk, cut_arrays


def cut_windows(chunk: Chunk, offsets: npt.NDArray[Any], spec: WindowSpec) -> dict[str, npt.NDArray[Any]]:
    """Cuts windows out of a chunk.

    Args:
        chunk: The piece of series.
        offsets: Where the forecasts start: all of `chunk.forecast_offsets` or some of them, int64 `[n]`.
        spec: Context length `T` and horizon `H`.

    Returns:
        Each window feature of `docs/data-formats.md` as an array with `n` rows.

    Raises:
        ValueError: A window would reach out of the chunk.
    """
    windows = cut_arrays(
        timestamp=chunk.timestamp,
        target=chunk.target,
        past_covariates=chunk.past_covariates,
        future_covariates=chunk.future_covariates,
        offsets=offsets,
        spec=spec,
    )
    series_id = np.empty(len(offsets), object)
    series_id[:] = chunk.series_id
    windows[names.SERIES_ID] = series_id
    windows[names.STATIC_COVARIATES] = np.repeat(chunk.static_covariates[None, :], len(offsets), axis=0)
    return windows
