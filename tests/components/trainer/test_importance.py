"""What a forecast leans on: inputs that are used make the error grow when they are shuffled, others change nothing."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.components.trainer.importance import MOST_INPUTS, ModelInput, importance, leans_on, model_inputs, shuffled
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.window_spec import WindowShape
from tests.components.trainer.small_training import SPEC, wave, without_graphs

FEATURES = FeaturesConfig(
    past_covariates=("rain",),
    future_covariates=("price",),
    static_covariates=("size",),
    holidays=("AU-VIC",),
    calendar=("hour_of_day", "weekend"),
)
SHAPE = WindowShape(context_length=8, horizon=3, past=1, future=7, static=1)


def places(inputs: Any) -> Any:
    return {each.name: (each.feature, each.places) for each in inputs}


def test_every_input_of_a_window_has_a_name_and_its_places() -> None:
    assert places(model_inputs(SHAPE, FEATURES, lags=(4, 20), season=1)) == {
        "recent values": ("context", (5, 6, 7)),
        "far context": ("context", (0, 1, 2, 3, 4)),
        "lags": ("context", (4, 5, 6)),
        "rain": ("past_covariates", (0,)),
        "price": ("future_covariates", (0,)),
        "size": ("static_covariates", (0,)),
        "holidays": ("future_covariates", (1, 2, 3)),
        "calendar": ("future_covariates", (4, 5, 6)),
    }


def test_what_a_model_does_not_have_is_not_listed() -> None:
    plain = WindowShape(context_length=8, horizon=6)
    assert list(places(model_inputs(plain, FeaturesConfig(), lags=(), season=1))) == ["recent values", "far context"]
    # A context shorter than two horizons is halved; the season stands in for lags.
    with_season = places(model_inputs(plain, FeaturesConfig(), lags=(), season=7))
    assert with_season["recent values"] == ("context", (4, 5, 6, 7))
    assert with_season["lags"] == ("context", (1, 2, 3, 4, 5, 6))


def test_many_covariates_count_as_one_for_each_role() -> None:
    many = FeaturesConfig(past_covariates=tuple(f"c{number}" for number in range(MOST_INPUTS + 1)))
    shape = WindowShape(context_length=8, horizon=3, past=MOST_INPUTS + 1)
    assert list(places(model_inputs(shape, many, lags=(), season=1)))[2:] == ["past covariates"]


def test_a_window_gets_the_course_of_another_and_keeps_its_own_level() -> None:
    windows = {
        "context": np.array([[1.0, 2.0, 4.0], [50.0, 50.0, 51.0]], np.float32),
        "context_observed": np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 1.0]], np.float32),
        "past_covariates": np.array([[[1.0, 5.0]], [[2.0, 6.0]]], np.float32),
    }
    first = ModelInput(name="far context", what="", feature="context", places=(0, 1))
    found = shuffled(windows, first, np.array([1, 0]))
    assert found["context"].tolist() == [[3.0, 3.0, 4.0], [48.0, 49.0, 51.0]]
    assert found["context_observed"].tolist() == [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]]
    second = ModelInput(name="b", what="", feature="past_covariates", places=(1,))
    assert shuffled(windows, second, np.array([1, 0]))["past_covariates"].tolist() == [[[1.0, 6.0]], [[2.0, 5.0]]]
    assert windows["context"][0].tolist() == [1.0, 2.0, 4.0]


def known_ahead(window: Any) -> Any:
    """Forecasts with the first column that is known ahead: in `wave` the sine itself."""
    return window["future_covariates"][:, SPEC.context_length :, 0]


def grown(forecast: Any, *, count: int = 80) -> Any:
    features = FeaturesConfig(past_covariates=("noise",), future_covariates=("sine", "cosine"))
    inputs = model_inputs(WindowShape(context_length=8, horizon=3, past=1, future=2), features, lags=(), season=1)
    chunk = wave(count)
    with without_graphs():
        return leans_on(forecast, read=lambda: [chunk], spec=SPEC, series=(), inputs=inputs, seed=7)


def test_the_input_that_a_model_uses_leads_and_the_others_change_nothing() -> None:
    found = grown(known_ahead)
    first, *others = found["inputs"]
    assert first["input"] == "sine"
    assert first["error_growth"] > 5.0
    assert [row["error_growth"] for row in others] == [0.0] * 4
    assert (found["windows"], found["repeats"]) == (70, 3)


def test_the_same_seed_gives_the_same_numbers() -> None:
    assert grown(known_ahead) == grown(known_ahead)


def test_of_many_windows_evenly_spaced_ones_are_shuffled() -> None:
    assert grown(known_ahead, count=1_000)["windows"] == 248  # every 4th of 990


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_without_an_error_to_grow_there_are_no_rows(value: float) -> None:
    assert grown(lambda window: window["context"][:, :3] * value)["inputs"] == []
    windows = {"context": np.zeros((1, 8), np.float32)}
    target = np.zeros((1, 3), np.float32)
    assert importance(lambda window: tf.zeros((1, 3)), windows, target, inputs=[], seed=1) == []
