from typing import Any

import pytest

from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.model_contract import contract
from tapeline.schemas.sections import DataConfig, ScalingConfig, WindowConfig

SECTIONS: dict[str, Any] = {
    "data": DataConfig(frequency="H", source="a.csv"),
    "features": FeaturesConfig(),
    "window": WindowConfig(context_length=48, horizon=12),
    "scaling": ScalingConfig(),
}


@pytest.mark.parametrize(
    "changed",
    [
        {"data": DataConfig(frequency="H", target="load")},
        {"features": FeaturesConfig(calendar=("hour_of_day",))},
        {"window": WindowConfig(context_length=48, horizon=6)},
        {"scaling": ScalingConfig(method="standard")},
    ],
    ids=["target", "inputs", "horizon", "scaling"],
)
def test_models_with_other_windows_have_another_contract(changed: dict[str, Any]) -> None:
    assert contract(**{**SECTIONS, **changed}) != contract(**SECTIONS)


@pytest.mark.parametrize(
    "changed",
    [
        {"data": DataConfig(frequency="H", source="b.csv", unit="MW")},
        {"window": WindowConfig(context_length=48, horizon=12, eval_stride=6)},
    ],
    ids=["file", "stride"],
)
def test_models_that_fit_the_same_windows_share_a_contract(changed: dict[str, Any]) -> None:
    assert contract(**{**SECTIONS, **changed}) == contract(**SECTIONS)
