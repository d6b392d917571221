"""A served model knows the holidays of the times that it is asked about, up to an end that it names."""

import json
import pathlib
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.network.highway import LinearHighway
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.forecaster.serving.export_model import export_model
from tapeline.forecaster.serving.portable import GUIDE, PORTABLE
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.training_config import ModelConfig
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.scaling import Scaler
from tapeline.series.time_features import TimeFeatures
from tests.e2e.forecaster.serving.small_export import (
    CONTEXT,
    DAILY,
    DAY,
    HORIZON,
    INTERVALS,
    ONE_SCALE,
    SEASON,
    WINDOW,
    raw_request,
    serve,
    serve_longer,
    window_of,
    with_random_weights,
)

FEATURES = FeaturesConfig(holidays="AU-VIC", calendar=("day_of_week",))
SHAPE = WindowShape.of(WINDOW, FEATURES)
UNTIL = DAY * 20_089  # 2025-01-01


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, pathlib.Path]:
    model = with_random_weights(Seq2SeqForecaster(shape=SHAPE, config=ModelConfig(units=4), seed=1), seed=1)
    directory = tmp_path_factory.mktemp("holidays") / "Format-Serving"
    export_model(
        model,
        directory=str(directory),
        ridge_baseline=with_random_weights(LinearHighway(SHAPE, trainable=False), seed=2),
        intervals=INTERVALS,
        scaler=Scaler.parse(ONE_SCALE),
        transform_graph_uri="",
        data=DAILY,
        features=FEATURES,
        window=WINDOW,
        season=SEASON,
        naive_errors={},
        card={},
        holidays_until=UNTIL,
    )
    return model, directory


@pytest.fixture(scope="module")
def module(exported: tuple[Any, pathlib.Path]) -> Any:
    return tf.saved_model.load(str(exported[1]))


def request_up_to(last: int) -> tuple[Any, Any]:
    """Contexts that end on a day, counted from 1970."""
    context, _ = raw_request(rows=2, gaps=False)
    return context, np.tile(DAY * np.arange(last - CONTEXT + 1, last + 1), (2, 1))


def test_holidays_of_context_and_horizon_reach_the_network(exported: tuple[Any, pathlib.Path], module: Any) -> None:
    christmas = 20_082  # 2024-12-25
    context, timestamps = request_up_to(christmas - 2)
    ahead = timestamps[:, -1:] + DAY * np.arange(1, HORIZON + 1)
    known = TimeFeatures(DAILY, FEATURES)(np.concatenate([timestamps, ahead], axis=1))
    assert known[:, :, :3].any(axis=1).all()
    window = window_of(context, timestamps) | {"future_covariates": known}
    expected = exported[0]({name: tf.constant(values) for name, values in window.items()}) * 50 + 300
    np.testing.assert_allclose(serve(module, context, timestamps)["forecast"], expected, atol=1e-3)
    without = window | {"future_covariates": known * ([0] * 3 + [1] * 2)}
    plain = exported[0]({name: tf.constant(np.float32(values)) for name, values in without.items()}) * 50 + 300
    assert np.abs(plain - expected).max() > 0.1


def test_a_forecast_past_the_end_is_refused_and_one_up_to_it_is_not(module: Any) -> None:
    last = UNTIL // DAY - 1 - HORIZON
    assert np.isfinite(serve(module, *request_up_to(last))["forecast"]).all()
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"holidays of AU-VIC from 1900-01-01 .* 2025-01-01"):
        serve(module, *request_up_to(last + 1))


def test_only_the_steps_that_are_asked_for_must_be_known(module: Any) -> None:
    # Two trained horizons are computed for one step more than one.
    last = UNTIL // DAY - 2 - HORIZON
    assert np.isfinite(serve_longer(module, *request_up_to(last), HORIZON + 1)["forecast"]).all()
    with pytest.raises(tf.errors.InvalidArgumentError, match="timestamps: the model knows the holidays"):
        serve_longer(module, *request_up_to(last), HORIZON + 2)


def test_times_before_the_table_are_refused(module: Any) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="the model knows the holidays of AU-VIC from 1900-01-01"):
        serve(module, *request_up_to(-25_567 + CONTEXT - 2))


def test_other_platforms_are_told_the_dates(exported: tuple[Any, pathlib.Path]) -> None:
    guide = json.loads((exported[1] / PORTABLE / GUIDE).read_text())
    (victoria,) = guide["holidays"]
    assert victoria["code"] == "AU-VIC"
    assert len(victoria["columns"]) == 3
    assert "2024-11-05" in victoria["dates"]
    assert max(victoria["dates"]) == "2024-12-26"
    assert guide["inputs"]["future_covariates"]["shape"] == [-1, CONTEXT + HORIZON, 5]
