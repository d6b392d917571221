"""Codes of holidays are checked when a configuration is made."""

import pytest

from tapeline.schemas.config import parse_config
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.features_config import FeaturesConfig


def test_one_code_or_several_are_taken() -> None:
    assert FeaturesConfig(holidays="AU-VIC").holidays == ("AU-VIC",)
    assert FeaturesConfig(holidays=["DE", "GB-ENG"]).holidays == ("DE", "GB-ENG")


@pytest.mark.parametrize(
    ("code", "near"),
    [("AUS", "AU"), ("AU-VICT", "AU-VIC"), ("au-vic", "AU-VIC"), ("DE-BAY", "DE-BY"), ("Neverland", "such as AU-VIC")],
)
def test_an_unknown_code_is_refused_with_what_is_near(code: str, near: str) -> None:
    tree = {"name": "x", "data": {"frequency": "D"}, "window": {"context_length": 8, "horizon": 2}}
    with pytest.raises(ConfigError, match=near) as refusal:
        parse_config({**tree, "features": {"holidays": [code]}}, origin="config.yaml")
    assert "features.holidays" in str(refusal.value)
    assert repr(code) in str(refusal.value)


def test_a_code_is_named_once() -> None:
    with pytest.raises(ValueError, match="named twice"):
        FeaturesConfig(holidays=["DE", "DE"])
