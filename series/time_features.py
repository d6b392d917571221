"""What a time alone tells, at any distance ahead: holidays, then the calendar.

These are the last columns of the future-known covariates, and the calendar is
the last of them. They are computed for each row, for steps without a row, and
inside the served model.
"""

from typing import Any

import numpy as np

from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig
from tapeline.series.calendar import Calendar
from tapeline.series.holiday_flags import HolidayFlags
from tapeline.series.time_grid import TimeGrid


class TimeFeatures:
    """Computes the columns in the order of a window.

    Args:
        data: The grid and its clock.
        features: Holidays and calendar.
    """

    def __init__(self, data: DataConfig, features: FeaturesConfig) -> None:
        self.holidays = HolidayFlags(features.holidays, TimeGrid.of(data))
        self.calendar = Calendar(features.calendar, data.timezone)
        self.size = self.holidays.size + self.calendar.size
        """Numbers that a time gets."""

    def __call__(self, seconds: Any) -> Any:
        """Returns the columns of times.

        Args:
            seconds: Epoch seconds, int64, of any shape: a NumPy array or a TensorFlow tensor.

        Returns:
            The same kind of array with one more axis, float32 `[..., size]`.
        """
        if not self.holidays.size:
            return self.calendar(seconds)
        parts = [self.holidays(seconds), self.calendar(seconds)]
        if isinstance(seconds, np.ndarray):
            return np.concatenate(parts, axis=-1)
        import tensorflow as tf

        return tf.concat(parts, axis=-1)
