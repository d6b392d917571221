"""The card's own parts; what an export puts together is tested in test_export_model.py."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from tapeline.forecaster.serving.card import describe_data, describe_inputs, describe_intervals, describe_limits
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, WindowConfig
from tapeline.series.prediction_intervals import PredictionIntervals
from tapeline.series.scaling import Scaler, scale_lines
from tapeline.series.windowing import Chunk

WINDOW = WindowConfig(context_length=4, horizon=3)
PANEL = DataConfig(time="day", target="sold", series_id="shop", frequency="D", unit="pieces")
FEATURES = FeaturesConfig(past_covariates=("visits",), future_covariates=("holiday", "price"))

UNTIL = 2_208_988_800  # 2040-01-01
ALIKE = PredictionIntervals(names=("lower", "upper"), offsets=np.array([[-1.0, -np.inf], [3.0, np.inf]]))
OWN = dataclasses.replace(ALIKE, error_ratios={b"b": 0.5, b"a": 4.0}, own_errors=True)


def scaler(scope: Any) -> Any:
    return Scaler.parse(scale_lines([b"b", b"a\xff"], np.zeros(2), np.ones(2), overall=(0.0, 1.0), scope=scope))


@pytest.mark.parametrize(("scope", "unknown"), [("none", "refuse"), ("unseen", "global")])
def test_a_panel_tells_its_columns_its_series_and_what_others_get(scope: str, unknown: str) -> None:
    inputs = describe_inputs(data=PANEL, features=FEATURES, window=WINDOW, scaler=scaler(scope), intervals=ALIKE)
    assert (inputs["time"], inputs["target"], inputs["series_id"]) == ("day", ["sold"], "shop")
    assert inputs["future_covariates"] == ["holiday", "price"]
    assert inputs["series"] == ["a\ufffd", "b"]
    assert inputs["unknown_series"] == unknown


def test_where_one_scale_holds_for_all_series_do_not_matter() -> None:
    inputs = describe_inputs(data=PANEL, features=FEATURES, window=WINDOW, scaler=scaler("all"), intervals=ALIKE)
    assert inputs["series"] is None
    assert inputs["unknown_series"] is None


def test_series_with_weights_of_their_own_matter_under_one_scale_too() -> None:
    options = {"scaler": scaler("all"), "series": [b"a", b"b"], "intervals": ALIKE}
    inputs = describe_inputs(data=PANEL, features=FEATURES, window=WINDOW, **options)
    assert inputs["series"] == ["a", "b"]
    assert inputs["unknown_series"] == "global"


def test_where_only_errors_differ_series_are_named_and_any_is_taken() -> None:
    inputs = describe_inputs(data=PANEL, features=FEATURES, window=WINDOW, scaler=scaler("all"), intervals=OWN)
    assert (inputs["series"], inputs["unknown_series"]) == (["a", "b"], "global")


def test_an_infinite_offset_is_null() -> None:
    assert describe_intervals(ALIKE) == {
        "offsets": {"lower": [-1.0, None], "upper": [3.0, None]},
        "error_ratios": None,
        "usual_change": None,
    }


def test_the_size_of_errors_is_told_where_series_differ() -> None:
    ratios = {"of": "the model on eval", "smallest": 0.5, "largest": 4.0}
    assert describe_intervals(OWN)["error_ratios"] == ratios


def test_limits_speak_of_past_covariates_where_there_are_any() -> None:
    assert len(describe_limits(features=FEATURES, window=WINDOW, holidays_until=UNTIL)) == 4
    plain = " ".join(describe_limits(features=FeaturesConfig(), window=WINDOW, holidays_until=UNTIL))
    assert "up to 100 times that" in plain
    assert "past covariate" not in plain


def test_limits_say_how_far_holidays_are_known() -> None:
    holidays = FeaturesConfig(holidays=["AU-VIC", "DE"])
    limits = describe_limits(features=holidays, window=WINDOW, holidays_until=UNTIL)
    assert any("Holidays (AU-VIC, DE) are known up to 2040-01-01" in limit for limit in limits)


def test_what_it_was_trained_on_is_counted_over_all_chunks() -> None:
    def chunk(series_id: Any, first: Any) -> Chunk:
        none = np.zeros((2, 0), np.float32)
        return Chunk(
            series_id=series_id,
            timestamp=np.array([first, first + 86_400]),
            target=np.zeros(2, np.float32),
            past_covariates=none,
            future_covariates=none,
            static_covariates=none[0],
            forecast_offsets=np.zeros(0, np.int64),
        )

    described = describe_data([chunk(b"a", 86_400), chunk(b"b", 0), chunk(b"a", 259_200)])
    assert described == {
        "series": 2,
        "first_time": "1970-01-01T00:00:00+00:00",
        "last_time": "1970-01-05T00:00:00+00:00",
    }
