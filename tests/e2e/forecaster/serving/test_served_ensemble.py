"""A selection in the served model: every signature gives the average, and single series the forecast that they get."""

from typing import Any

import numpy as np
import tensorflow as tf

from tapeline.forecaster.network.ensemble import Ensemble
from tapeline.forecaster.network.naive import Persistence, RidgeForecast, SeasonalNaive
from tapeline.forecaster.statistical.histories import History
from tapeline.forecaster.statistical.statistical_forecaster import fit_statistical
from tests.e2e.forecaster.serving.small_export import (
    CONTEXT,
    HORIZON,
    SEASON,
    SHAPE,
    export,
    raw_request,
    serialized,
    serve,
    serve_longer,
    small_model,
    small_ridge,
    window_of,
)

SERIES = (b"a", b"b")


def small_ensemble(*, protects: bool) -> Ensemble:
    """Members of different kinds; where it protects, `b` is served its last value."""
    members = [
        small_model(segment_length=2, view={"harmonics": 2, "level": True}),
        small_model(lags=(7,), view={"highway": "none"}),
        RidgeForecast(small_ridge()),
        SeasonalNaive(SHAPE, season=SEASON),
    ]
    instead = {1: Persistence(SHAPE)} if protects else {}
    return Ensemble(members, [0.4, 0.2, 0.2, 0.2], shape=SHAPE, instead=instead)


def test_all_signatures_give_the_weighted_average_and_ask_for_no_series(tmp_path: Any) -> None:
    model = small_ensemble(protects=False)
    module = export(tmp_path / "1", model, small_ridge())
    context, timestamps = raw_request()
    window = {**window_of(context, timestamps), "series_index": np.full(3, -1, np.int32)}
    parts = [weight * member(window).numpy() for member, weight in zip(model.members, model.shares, strict=True)]
    expected = sum(parts)
    scored = module.signatures["evaluate"](serialized(window_of(context, timestamps)))
    np.testing.assert_allclose(scored["forecast"], expected, rtol=1e-4, atol=1e-5)
    outputs = serve(module, context, timestamps)
    np.testing.assert_allclose((outputs["forecast"] - 300.0) / 50.0, expected, atol=1e-4)
    # 300 rows go another way through the graph.
    tiled = serve(module, np.tile(context, (100, 1)), np.tile(timestamps, (100, 1)))
    np.testing.assert_allclose(tiled["forecast"][:3], outputs["forecast"], rtol=1e-5)


def test_a_longer_forecast_feeds_back_the_average_and_not_each_member_its_own(tmp_path: Any) -> None:
    module = export(tmp_path / "1", small_ensemble(protects=False), small_ridge())
    context, timestamps = raw_request(gaps=False)
    outputs = serve(module, context, timestamps)
    moved = (
        np.concatenate([context, outputs["forecast"]], axis=1)[:, -CONTEXT:],
        np.concatenate([timestamps, outputs["forecast_time"]], axis=1)[:, -CONTEXT:],
    )
    longer = serve_longer(module, context, timestamps, 2 * HORIZON)
    np.testing.assert_allclose(longer["forecast"][:, HORIZON:], serve(module, *moved)["forecast"], rtol=1e-4)


def test_a_series_that_would_be_hurt_gets_its_own_forecast_in_every_signature(tmp_path: Any) -> None:
    model = small_ensemble(protects=True)
    module = export(tmp_path / "1", model, small_ridge(), series=SERIES)
    context, timestamps = raw_request(gaps=False)
    asked = tf.constant(["a", "b", "another"])
    outputs = serve(module, context, timestamps, series_id=asked)["forecast"].numpy()
    window = {**window_of(context, timestamps), "series_index": np.array([0, 1, -1], np.int32)}
    np.testing.assert_allclose((outputs - 300.0) / 50.0, model(window), atol=1e-4)
    np.testing.assert_allclose(outputs[1], np.repeat(context[1, -1], HORIZON), rtol=1e-6)
    assert not np.allclose(outputs[0], context[0, -1])
    scored = module.signatures["evaluate"](serialized(window_of(context, timestamps), series_id=b"b"))["forecast"]
    np.testing.assert_allclose(scored, np.repeat(window["context"][:, -1:], HORIZON, axis=1), rtol=1e-5)
    longer = serve_longer(module, context, timestamps, 2 * HORIZON, series_id=asked)["forecast"].numpy()
    np.testing.assert_allclose(longer[1], np.repeat(context[1, -1], 2 * HORIZON), rtol=1e-6)


def test_a_statistical_member_is_served_as_it_forecasts_windows(tmp_path: Any) -> None:
    rng = np.random.default_rng(0)
    # Scaled with offset 300 and scale 50: values near 300, above 0, so that there are logarithms.
    series = [History(name, rng.normal(0.0, 0.5, 120).astype(np.float32), 90) for name in SERIES]
    fit = fit_statistical(
        series,
        season=SEASON,
        context_length=CONTEXT,
        horizon=HORIZON,
        offset=np.full(3, 300.0),
        scale=np.full(3, 50.0),
    )
    assert fit is not None
    assert any(name.endswith("_log") for name in fit.weights)
    assert {"mean_reversion", "mean_reversion_log"} & set(fit.weights)
    model = Ensemble([fit.layer, SeasonalNaive(SHAPE, season=SEASON)], [0.75, 0.25], shape=SHAPE)
    module = export(tmp_path / "1", model, small_ridge(), series=SERIES)
    context, timestamps = raw_request()
    outputs = serve(module, context, timestamps, series_id=tf.constant(["a", "b", "another"]))["forecast"].numpy()
    window = {**window_of(context, timestamps), "series_index": np.array([0, 1, -1], np.int32)}
    np.testing.assert_allclose((outputs - 300.0) / 50.0, model(window), atol=1e-3)
