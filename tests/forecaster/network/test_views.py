"""What a network sees of a window, by its view."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.network.inputs import decoder_inputs, decoder_size
from tapeline.forecaster.network.views import seen_shape, seen_window, window_unit
from tapeline.schemas.training_config import ModelConfig, ViewConfig
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.calendar import Calendar
from tests.forecaster.network.test_seq2seq import make_model, make_window

CALENDAR = ("hour_of_day", "weekend", "day_of_week")
# One column of its own, then the calendar.
SHAPE = WindowShape(context_length=40, horizon=8, past=1, future=6, static=1, calendar=CALENDAR, series=2)
VIEWS = {
    "harmonics": ViewConfig(harmonics=3),
    "weekend hours": ViewConfig(harmonics=2, weekend_hours=True),
    "no covariates at the lags": ViewConfig(lag_covariates=False),
    "level": ViewConfig(level=True),
    "window units": ViewConfig(window_units=True),
    "context highway": ViewConfig(highway="context"),
    "a highway a series": ViewConfig(highway_per_series=True),
    "all": ViewConfig(
        harmonics=6, weekend_hours=True, lag_covariates=False, level=True, window_units=True, highway_per_series=True
    ),
}


def window(count: int = 3) -> dict[str, Any]:
    """Hours from a Friday noon on, with a column beside the calendar."""
    first = 1_700_000_000 // 3600 * 3600 + 3600 * np.arange(count)[:, None] * 30
    calendar = Calendar(CALENDAR, "UTC")(first + 3600 * np.arange(48))
    made = make_window(count, SHAPE)
    future = np.concatenate([made["future_covariates"][:, :, :1], calendar], axis=2)
    series = tf.constant(np.arange(count) % 3 - 1, tf.int32)
    return {**made, "future_covariates": tf.constant(future), "series_index": series}


def test_harmonics_are_sine_and_cosine_of_the_multiples() -> None:
    given = window()
    seen = seen_window(given, shape=SHAPE, view=ViewConfig(harmonics=6))["future_covariates"].numpy()
    known = given["future_covariates"].numpy()
    assert seen.shape[2] == seen_shape(SHAPE, ViewConfig(harmonics=6)).future == 6 + 2 * 10
    np.testing.assert_array_equal(seen[:, :, :6], known)
    for first, column in ((6, 1), (16, 4)):
        angle = np.arctan2(known[:, :, column], known[:, :, column + 1])
        for order in range(2, 7):
            at = first + 2 * (order - 2)
            np.testing.assert_allclose(seen[:, :, at], np.sin(order * angle), atol=1e-5)
            np.testing.assert_allclose(seen[:, :, at + 1], np.cos(order * angle), atol=1e-5)


def test_weekend_hours_are_the_hours_waves_on_weekends_and_0_else() -> None:
    view = ViewConfig(harmonics=2, weekend_hours=True)
    seen = seen_window(window(), shape=SHAPE, view=view)["future_covariates"].numpy()
    assert seen.shape[2] == seen_shape(SHAPE, view).future == 6 + 2 + 2 + 4
    weekend = seen[:, :, 3:4]
    assert 0.0 < weekend.mean() < 1.0
    np.testing.assert_allclose(seen[:, :, 10:], weekend * seen[:, :, [1, 2, 6, 7]], atol=1e-6)


def test_the_plain_view_is_the_window_itself() -> None:
    given = window()
    assert seen_window(given, shape=SHAPE, view=ViewConfig()) is given


def test_weekend_hours_without_both_in_the_calendar_are_refused() -> None:
    shape = WindowShape(context_length=4, horizon=2, future=2, calendar=("hour_of_day",))
    with pytest.raises(ValueError, match=r"weekend_hours: got true, needs .*; missing: weekend\."):
        seen_shape(shape, ViewConfig(weekend_hours=True))


def test_a_lag_may_show_the_value_alone() -> None:
    options: dict[str, Any] = {"shape": SHAPE, "lags": (24,), "unit": tf.constant(2.0)}
    whole = decoder_inputs(window(), None, **options)
    bare = decoder_inputs(window(), None, lag_covariates=False, **options)
    np.testing.assert_array_equal(bare, whole[:, :, :7])
    assert decoder_size(SHAPE, (24,), highway=False, lag_covariates=False) == 7


def test_the_unit_of_a_window_is_its_deviation_and_never_vanishes() -> None:
    context = tf.constant([[1.0, 3.0, 1.0, 3.0], [5.0, 5.0, 5.0, 5.0]])
    np.testing.assert_allclose(window_unit(context, tf.constant(0.5)), [[1.0], [0.05]], rtol=1e-6)


@pytest.mark.parametrize("segment_length", [1, 3])
@pytest.mark.parametrize("name", VIEWS)
def test_every_view_is_free_running_by_every_kernel(name: str, segment_length: int) -> None:
    config = ModelConfig(units=4, lags=(24,), segment_length=segment_length, view=VIEWS[name])
    model, given = make_model(config, shape=SHAPE), window()
    encoded = model.encode(given)
    free = model.rollout(encoded)
    np.testing.assert_allclose(model.decode(encoded, encoded.fed_back(free)), free, atol=1e-4)
    np.testing.assert_allclose(model.decoding.rollout_by_steps(encoded), free, atol=1e-4)
    for kernel in ("loop", "portable"):
        np.testing.assert_allclose(model(given, kernel=kernel), free, atol=1e-4)


def test_the_level_is_seen_where_it_is_asked_for_alone() -> None:
    given = window()
    raised = {**given, "context": given["context"] + 8.0}
    blind = make_model(ModelConfig(units=4), shape=SHAPE)
    np.testing.assert_allclose(blind(raised), blind(given) + 8.0, atol=1e-4)
    seeing = make_model(ModelConfig(units=4, view=ViewConfig(level=True)), shape=SHAPE)
    assert np.abs(seeing(raised) - seeing(given) - 8.0).max() > 1e-3


def test_in_units_of_its_own_a_window_twice_as_wide_is_forecast_twice_as_wide() -> None:
    view = ViewConfig(window_units=True, highway="none")
    model, given = make_model(ModelConfig(units=4, view=view), shape=SHAPE), window()
    last = given["context"][:, -1:]
    wide = {**given, "context": last + 2.0 * (given["context"] - last)}
    np.testing.assert_allclose(model(wide) - last, 2.0 * (model(given) - last), atol=1e-4)


def test_a_series_without_an_index_gets_the_shared_map() -> None:
    model, given = make_model(ModelConfig(units=4, view=VIEWS["a highway a series"]), shape=SHAPE), window()
    other = model({**given, "series_index": tf.constant([0, 1, -1])})
    assert np.abs(other - model(given)).max(axis=1).min() > 1e-3
    shared = model({**given, "series_index": tf.constant([-1, -1, -1])})
    np.testing.assert_allclose(shared[0], model(given)[0], atol=1e-6)


def test_a_highway_on_the_context_alone_sees_no_covariates() -> None:
    model, given = make_model(ModelConfig(units=4, view=VIEWS["context highway"]), shape=SHAPE), window()
    changed = {**given, "future_covariates": given["future_covariates"] + 1.0}
    np.testing.assert_array_equal(model.highway(changed), model.highway(given))
