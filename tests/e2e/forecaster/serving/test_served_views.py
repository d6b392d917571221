"""Segments, views and maps for each series in the served model: every signature gives the network's own forecast."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.e2e.forecaster.serving.small_export import (
    CONTEXT,
    HORIZON,
    OWN_SCALES,
    export,
    raw_examples,
    raw_request,
    serialized,
    serve,
    serve_longer,
    small_model,
    small_ridge,
    window_of,
)

SERIES = (b"a", b"b")
OPTIONS: dict[str, dict[str, Any]] = {
    "segments": {"segment_length": 3, "lags": (7,)},
    "segments longer than the horizon": {"segment_length": 7, "attention_heads": 2},
    "a view": {
        "segment_length": 2,
        "view": {"harmonics": 2, "level": True, "window_units": True, "highway_per_series": True},
    },
}


@pytest.mark.parametrize("name", OPTIONS)
def test_all_signatures_agree_with_the_network(tmp_path: Any, name: str) -> None:
    own = "view" in OPTIONS[name]
    model = small_model(**OPTIONS[name])
    module = export(tmp_path / "1", model, small_ridge(), series=SERIES if own else ())
    context, timestamps = raw_request(gaps=False)
    window = window_of(context, timestamps)
    for place, series in ((0, b"a"), (1, b"b"), (-1, b"another")):
        known = {**window, "series_index": np.full(3, place, np.int32)}
        expected = model(known).numpy()
        scored = module.signatures["evaluate"](serialized(window, series_id=series))["forecast"]
        np.testing.assert_allclose(scored, expected, rtol=1e-4, atol=1e-5)
        asked = {"series_id": tf.constant([series] * 3)} if own else {}
        outputs = serve(module, context, timestamps, **asked)
        np.testing.assert_allclose((outputs["forecast"] - 300.0) / 50.0, expected, atol=1e-4)
        given = {"series_id": np.array([series] * 3, object)} if own else {}
        examples = raw_examples(context=context, timestamps=timestamps, **given)
        np.testing.assert_allclose(
            module.signatures["predict_examples"](examples)["forecast"], outputs["forecast"], rtol=1e-5
        )
        longer = serve_longer(module, context, timestamps, 2 * HORIZON, **asked)
        np.testing.assert_allclose(longer["forecast"][:, :HORIZON], outputs["forecast"], rtol=1e-5)
        moved = (
            np.concatenate([context, outputs["forecast"]], axis=1)[:, -CONTEXT:],
            np.concatenate([timestamps, outputs["forecast_time"]], axis=1)[:, -CONTEXT:],
        )
        second = serve(module, *moved, **asked)
        np.testing.assert_allclose(longer["forecast"][:, HORIZON:], second["forecast"], rtol=1e-4)
        # 300 rows go another way through the graph.
        many = {key: tf.tile(values, [100]) for key, values in asked.items()}
        tiled = serve(module, np.tile(context, (100, 1)), np.tile(timestamps, (100, 1)), **many)
        np.testing.assert_allclose(tiled["forecast"][:3], outputs["forecast"], rtol=1e-5)


def test_a_series_may_have_a_scale_and_a_map_of_its_own(tmp_path: Any) -> None:
    model = small_model(view={"highway_per_series": True})
    module = export(tmp_path / "1", model, small_ridge(), scales=OWN_SCALES, series=SERIES)
    context, timestamps = raw_request(gaps=False)
    outputs = serve(module, context, timestamps, series_id=tf.constant(["a", "b", "a"]))["forecast"]
    for row, (place, offset, scale) in enumerate([(0, 0, 10), (1, 1000, 500), (0, 0, 10)]):
        one = slice(row, row + 1)
        window = window_of(context[one], timestamps[one], offset=offset, scale=scale)
        expected = model({**window, "series_index": np.array([place], np.int32)})
        np.testing.assert_allclose((outputs[one] - offset) / scale, expected, rtol=1e-4, atol=1e-4)
