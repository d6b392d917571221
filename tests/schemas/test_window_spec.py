"""The sizes of a window."""

from typing import Any

import pytest

from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import WindowConfig
from tapeline.schemas.window_spec import WindowShape, WindowSpec


@pytest.mark.parametrize("field", ["context_length", "horizon", "stride"])
@pytest.mark.parametrize("value", [0, -1, 1.5, None])
def test_a_size_is_a_whole_number_of_steps(field: str, value: float | None) -> None:
    sizes: dict[str, Any] = {"context_length": 2, "horizon": 2, "stride": 1, field: value}
    with pytest.raises(ValueError, match=rf"window\.{field}: got {value!r}, must be a whole number of steps"):
        WindowSpec(**sizes)


def test_categories_stand_where_their_columns_do() -> None:
    window = WindowConfig(context_length=4, horizon=2)
    features = FeaturesConfig(
        past_covariates=("wind", "sky"), static_covariates="kind", categorical=("kind", "sky"), calendar=("weekend",)
    )
    assert WindowShape.of(window, features).categories == ()
    shape = WindowShape.of(window, features, category_sizes={"sky": 4, "kind": 3})
    assert shape.categories == (("past_covariates", 1, 4), ("static_covariates", 0, 3))
    assert (shape.past, shape.future, shape.static) == (2, 1, 1)
