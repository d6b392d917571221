"""A float64 survives the way through two float32."""

import numpy as np
import pytest

from tapeline.series.float_pairs import split_floats


@pytest.mark.parametrize("centre", [0.0, 1e-3, 338.0, 1e8, -1e12])
def test_the_sum_keeps_48_bits(centre: float) -> None:
    values = centre + 22.0 * np.random.default_rng(1).standard_normal(1000)
    rounded, rest = split_floats(values)
    assert np.all(np.abs(rounded.astype(np.float64) + rest - values) <= 2.0**-47 * np.abs(values))


def test_what_is_missing_infinite_or_too_large_for_a_float32_has_no_rest() -> None:
    rounded, rest = split_floats(np.array([np.nan, np.inf, -np.inf, 1e300]))
    assert np.isinf(rounded).tolist() == [False, True, True, True]
    assert rest.tolist() == [0.0] * 4
