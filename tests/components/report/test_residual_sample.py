"""The sample of residuals, against every strideth window."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.components.report.residual_sample import ResidualSample


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_residuals_are_thinned_to_every_strideth_window(sizes: Any) -> None:
    sample = ResidualSample(most=16)
    rows = np.arange(sum(sizes))
    values = np.stack([rows, rows + 0.5], axis=1)
    for part in np.split(values, np.cumsum(sizes)[:-1]):
        sample.add(part)
    assert sample.values().tolist() == values[:: sample.stride].ravel().tolist()
    assert len(sample.values()) <= 16
    assert sample.stride == 1 or 2 * len(rows[:: sample.stride // 2]) > 16
