"""Windows are counted by a formula; here by cutting them one by one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapeline.schemas.window_spec import WindowSpec

sizes = st.integers(min_value=1, max_value=12)


@given(context_length=sizes, horizon=sizes, stride=sizes, steps=st.integers(min_value=0, max_value=80))
def test_the_count_is_that_of_windows_cut_one_by_one(
    context_length: Any, horizon: Any, stride: Any, steps: int
) -> None:
    spec = WindowSpec(context_length=context_length, horizon=horizon, stride=stride)
    starts = [start for start in range(0, steps, stride) if start + context_length + horizon <= steps]
    assert spec.count(steps) == len(starts)


def test_the_default_window_fits_873_times_into_1000_steps() -> None:
    # 1000 - (104 + 24) + 1
    assert WindowSpec(context_length=104, horizon=24).count(1000) == 873


@pytest.mark.parametrize("field", ["context_length", "horizon", "stride"])
@pytest.mark.parametrize("value", [0, -1, 1.5, None])
def test_a_size_is_a_whole_number_of_steps(field: str, value: float | None) -> None:
    sizes: dict[str, Any] = {"context_length": 2, "horizon": 2, "stride": 1, field: value}
    with pytest.raises(ValueError, match=rf"window\.{field}: got {value!r}, must be a whole number of steps"):
        WindowSpec(**sizes)
