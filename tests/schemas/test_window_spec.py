"""The sizes of a window."""

from typing import Any

import pytest

from tapeline.schemas.window_spec import WindowSpec


@pytest.mark.parametrize("field", ["context_length", "horizon", "stride"])
@pytest.mark.parametrize("value", [0, -1, 1.5, None])
def test_a_size_is_a_whole_number_of_steps(field: str, value: float | None) -> None:
    sizes: dict[str, Any] = {"context_length": 2, "horizon": 2, "stride": 1, field: value}
    with pytest.raises(ValueError, match=rf"window\.{field}: got {value!r}, must be a whole number of steps"):
        WindowSpec(**sizes)
