"""A forecast of one series, as it goes into tables and pictures.

forecast.levels["upper_95"]       # [h], in the target's unit
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """A forecast of one series, in the target's unit.

    Attributes:
        series_id: The series.
        times: Epoch seconds, int64 `[h]`.
        levels: Each of `served_model.LEVELS`, float32 `[h]`.
    """

    series_id: bytes
    times: np.ndarray
    levels: dict[str, np.ndarray]
