"""The exported model: what it answers."""

import json
import os
import pathlib
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.schemas.served_model import LEVELS
from tapeline.series.seasons import persistence, seasonal_naive
from tests.e2e.forecaster.serving.small_export import (
    CONTEXT,
    DAY,
    HORIZON,
    NAN,
    OFFSETS,
    OWN_SCALES,
    SEASON,
    export,
    raw_examples,
    raw_request,
    serialized,
    serve,
    window_of,
)


def test_evaluate_is_the_models_own_free_running_forecast(served: Any, model: Any, ridge: Any) -> None:
    window = window_of(*raw_request())
    outputs = served.signatures["evaluate"](serialized(window))
    np.testing.assert_allclose(outputs["forecast"], model(window), rtol=1e-5, atol=1e-6)
    assert np.ptp(outputs["forecast"]) > 0.01
    np.testing.assert_allclose(outputs["ridge"], window["context"][:, -1:] + ridge(window), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(outputs["persistence"], persistence(window["context"], horizon=HORIZON))
    np.testing.assert_array_equal(
        outputs["seasonal_naive"], seasonal_naive(window["context"], horizon=HORIZON, season=SEASON)
    )
    np.testing.assert_array_equal(outputs["scale"], [50.0] * 3)
    np.testing.assert_array_equal(outputs["offset"], [300.0] * 3)


def test_evaluate_reaches_as_far_to_each_side_as_its_offsets(served: Any) -> None:
    outputs = served.signatures["evaluate"](serialized(window_of(*raw_request())))
    for name, offsets in zip(LEVELS[1:], OFFSETS, strict=True):
        np.testing.assert_allclose(outputs[name] - outputs["forecast"], np.tile(offsets, (3, 1)), atol=1e-6)


def test_evaluate_tells_what_mase_divides_by(served: Any) -> None:
    window = window_of(*raw_request())
    known, unknown = (
        served.signatures["evaluate"](serialized(window, series_id=name))["naive_error"] for name in (b"a", b"b")
    )
    np.testing.assert_array_equal(known, [0.25] * 3)
    assert np.isnan(unknown).all()


def test_the_signature_that_is_scored_reads_no_target(served: Any) -> None:
    window = window_of(*raw_request())
    evaluate = served.signatures["evaluate"]
    without = evaluate(serialized(window))
    for target in ([0.0] * HORIZON, [1e6] * HORIZON, [NAN] * HORIZON):
        for name, values in evaluate(serialized(window, target=target)).items():
            np.testing.assert_array_equal(values, without[name], err_msg=name)


def test_serving_raw_values_equals_what_the_evaluator_scores(served: Any) -> None:
    context, timestamps = raw_request()
    scored = served.signatures["evaluate"](serialized(window_of(context, timestamps)))["forecast"]
    outputs = serve(served, context, timestamps)
    np.testing.assert_allclose((outputs["forecast"] - 300.0) / 50.0, scored, atol=1e-5)


@pytest.mark.parametrize("steps", [HORIZON, CONTEXT - 1])
def test_a_shorter_context_is_one_whose_first_steps_were_not_measured(served: Any, steps: int) -> None:
    context, timestamps = raw_request(gaps=False)
    unmeasured = np.where(np.arange(CONTEXT) < CONTEXT - steps, np.nan, context)
    expected = serve(served, unmeasured, timestamps)
    for name, values in serve(served, context[:, -steps:], timestamps[:, -steps:]).items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)


def test_intervals_are_served_in_the_unit(served: Any) -> None:
    outputs = serve(served, *raw_request())
    for name, offsets in zip(LEVELS[1:], OFFSETS, strict=True):
        np.testing.assert_allclose(outputs[name] - outputs["forecast"], np.tile(50.0 * offsets, (3, 1)), atol=1e-3)


def test_examples_in_raw_units_are_answered_like_requests(served: Any) -> None:
    context, timestamps = raw_request()
    asked = serve(served, context, timestamps)
    outputs = served.signatures["predict_examples"](raw_examples(context=context, timestamps=timestamps))
    assert set(outputs) == set(asked)
    for name, values in asked.items():
        np.testing.assert_array_equal(outputs[name], values, err_msg=name)


def test_examples_of_several_series_carry_their_names(per_series: Any) -> None:
    context, timestamps = raw_request(gaps=False)
    asked = serve(per_series, context, timestamps, series_id=tf.constant(["a", "b", "a"]))
    examples = raw_examples(context=context, timestamps=timestamps, series_id=np.array([b"a", b"b", b"a"], object))
    outputs = per_series.signatures["predict_examples"](examples)
    np.testing.assert_array_equal(outputs["upper_95"], asked["upper_95"])


def test_forecast_times_follow_the_context(served: Any) -> None:
    context, timestamps = raw_request(rows=1)
    outputs = serve(served, context, timestamps)
    np.testing.assert_array_equal(outputs["forecast_time"], timestamps[:, -1:] + DAY * np.arange(1, HORIZON + 1))


def test_a_longer_context_is_cut_to_its_newest_steps(served: Any) -> None:
    context, timestamps = raw_request(length=CONTEXT + 9)
    whole = serve(served, context, timestamps)
    cut = serve(served, context[:, -CONTEXT:], timestamps[:, -CONTEXT:])
    np.testing.assert_array_equal(whole["forecast"], cut["forecast"])
    np.testing.assert_array_equal(whole["forecast_time"], cut["forecast_time"])


def test_rows_of_a_batch_do_not_touch_each_other(served: Any) -> None:
    context, timestamps = raw_request()
    together = serve(served, context, timestamps)["forecast"]
    for row in range(3):
        alone = serve(served, context[row : row + 1], timestamps[row : row + 1])["forecast"]
        np.testing.assert_allclose(together[row : row + 1], alone, rtol=1e-6)


def test_each_series_has_its_own_scale(per_series: Any) -> None:
    context, timestamps = raw_request(gaps=False)
    ids = tf.constant(["a", "b", "a"])
    outputs = serve(per_series, context, timestamps, series_id=ids)["forecast"]
    for row, (series_id, offset, scale) in enumerate([(b"a", 0, 10), (b"b", 1000, 500), (b"a", 0, 10)]):
        one = slice(row, row + 1)
        window = window_of(context[one], timestamps[one], offset=offset, scale=scale)
        scored = per_series.signatures["evaluate"](serialized(window, series_id=series_id))
        np.testing.assert_allclose((outputs[one] - offset) / scale, scored["forecast"], rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(scored["scale"], [scale])


def test_inputs_without_a_use_are_left_out(served: Any, per_series: Any) -> None:
    def inputs(module: Any) -> Any:
        return set(module.signatures["serving_default"].structured_input_signature[1])

    assert inputs(served) == {"context", "timestamps"}
    assert inputs(per_series) == {"context", "timestamps", "series_id"}


def test_an_unknown_series_gets_the_overall_scale_where_so_configured(
    tmp_path: pathlib.Path, model: Any, ridge: Any
) -> None:
    fallback = OWN_SCALES.replace(b"none", b"unseen", 1)
    module = export(tmp_path / "model", model, ridge, scales=fallback)
    context, timestamps = raw_request(rows=1, gaps=False)
    forecast = serve(module, context, timestamps, series_id=tf.constant(["north"]))["forecast"]
    scored = module.signatures["evaluate"](serialized(window_of(context, timestamps), series_id=b"north"))
    np.testing.assert_allclose((forecast - 300.0) / 50.0, scored["forecast"], atol=1e-5)


def test_the_graph_calls_no_python(served: Any) -> None:
    ops = set()
    for signature in served.signatures.values():
        definition = signature.graph.as_graph_def()
        ops |= {node.op for node in definition.node}
        ops |= {node.op for function in definition.library.function for node in function.node_def}
    assert {"ParseExampleV2", "Assert", "BlockLSTM"} <= ops
    assert not {op for op in ops if "Py" in op}


def test_the_card_lies_where_tf_serving_leaves_it(exported: tuple[Any, Any]) -> None:
    card = json.loads((exported[0] / "assets.extra" / "model_card.json").read_text())
    assert (card["name"], card["mae_scaled"], card["season"]) == ("co2", 0.01, SEASON)


def test_the_card_tells_a_client_what_a_request_holds(exported: tuple[Any, Any]) -> None:
    card = json.loads((exported[0] / "assets.extra" / "model_card.json").read_text())
    assert card["inputs"] == {
        "context_length": CONTEXT,
        "least_context": HORIZON,
        "horizon": HORIZON,
        "longest_horizon": 100 * HORIZON,
        "frequency": "D",
        "offset": "0s",
        "timezone": "UTC",
        "unit": "",
        "time": "t",
        "target": ["y"],
        "series_id": None,
        "past_covariates": [],
        "future_covariates": [],
        "static_covariates": [],
        "categorical": [],
        "categories": {},
        "series": None,
        "unknown_series": None,
    }
    np.testing.assert_allclose(card["intervals"]["offsets"]["upper_95"], OFFSETS[3])


def test_a_failed_export_leaves_nothing_behind(
    tmp_path: pathlib.Path, model: Any, ridge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(module: Any, directory: Any, signatures: Any) -> None:
        os.makedirs(directory)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", disk_full)
    with pytest.raises(OSError, match="No space left"):
        export(tmp_path / "model", model, ridge)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_model_is_not_overwritten(tmp_path: pathlib.Path, model: Any, ridge: Any) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(ValueError, match="exists; export to a new folder"):
        export(tmp_path / "model", model, ridge)
