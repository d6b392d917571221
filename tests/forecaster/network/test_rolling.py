"""Rolling statistics against pandas, and their causality."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.forecaster.network.inputs import rolling_size, rolling_statistics
from tapeline.schemas.features_config import RollingConfig


def test_mean_and_deviation_of_a_short_series() -> None:
    found = rolling_statistics(np.array([[1.0, 3.0, 3.0, 7.0]], np.float32), (RollingConfig(window=2),))
    # means of (1), (1, 3), (3, 3), (3, 7); deviations 0, 1, 0, 2
    np.testing.assert_allclose(found[0], [[1.0, 0.0], [2.0, 1.0], [3.0, 0.0], [5.0, 2.0]], atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(length=st.integers(2, 40), window=st.integers(2, 12), level=st.sampled_from([0.0, 1.0, -1000.0]))
def test_statistics_equal_pandas(length: int, window: int, level: Any) -> None:
    window = min(window, length)
    values = (np.random.default_rng(length).normal(size=(2, length)) + level).astype(np.float32)
    found = rolling_statistics(values, (RollingConfig(window=window),)).numpy()
    for row in range(2):
        rolling = pd.Series(values[row].astype(np.float64)).rolling(window, min_periods=1)
        np.testing.assert_allclose(found[row, :, 0], rolling.mean(), rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(found[row, :, 1], rolling.std(ddof=0), atol=1e-5)


def test_a_small_deviation_about_a_high_level_is_not_lost() -> None:
    # float32 sums of squares of 300 have steps of 0.03; the deviation sought is 0.001
    wave = 300.0 + 0.001 * np.array([[1.0, -1.0] * 50])
    found = rolling_statistics(wave, (RollingConfig(window=4, statistics=("std",)),))
    np.testing.assert_allclose(found[0, 4:, 0], 0.001, rtol=1e-3)


def test_later_values_change_no_earlier_statistic() -> None:
    values = np.random.default_rng(0).normal(size=(1, 20)).astype(np.float32)
    changed = values.copy()
    changed[:, 12:] += 5.0
    rolling = (RollingConfig(window=5),)
    before, after = rolling_statistics(values, rolling), rolling_statistics(changed, rolling)
    np.testing.assert_allclose(before[:, :12], after[:, :12], atol=1e-6)
    assert not np.allclose(before[:, 12:], after[:, 12:])


def test_statistics_stand_in_the_order_of_the_configuration() -> None:
    rolling = (RollingConfig(window=2, statistics=("std",)), RollingConfig(window=3, statistics=("mean",)))
    assert rolling_size(rolling) == 2
    found = rolling_statistics(np.array([[0.0, 2.0, 4.0]], np.float32), rolling)
    assert found.shape == (1, 3, 2)
    assert float(found[0, 2, 0]) == pytest.approx(1.0)  # of 2, 4
    assert float(found[0, 2, 1]) == pytest.approx(2.0)  # of 0, 2, 4
