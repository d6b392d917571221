"""The exported model: what it answers, what it refuses, and that it needs TensorFlow alone."""

import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf

from components.evaluation import baselines
from components.serving.export import export_model
from components.trainer.highway import LinearHighway
from components.trainer.model import Seq2SeqForecaster
from components.transform import windowing
from components.transform.calendar import Calendar
from components.transform.scaling import Scaler, scale_lines
from schemas.sections import DataConfig, FeaturesConfig, WindowConfig
from schemas.training_config import ModelConfig
from schemas.window_spec import WindowShape

NAN = float("nan")
CONTEXT, HORIZON, SEASON = 16, 5, 7
WINDOW = WindowConfig(context_length=CONTEXT, horizon=HORIZON)
DAILY = DataConfig(time="t", target="y", frequency="D")
CALENDAR = FeaturesConfig(calendar=("day_of_week",))
SHAPE = WindowShape(context_length=CONTEXT, horizon=HORIZON, future=2)
DAY = 86_400
ONE_SCALE = scale_lines([], np.zeros(0), np.zeros(0), overall=(300.0, 50.0), scope="all")
OWN_SCALES = scale_lines(
    [b"a", b"b"], np.array([0.0, 1000.0]), np.array([10.0, 500.0]), overall=(300.0, 50.0), scope="none"
)


def with_random_weights(layer, seed):
    rng = np.random.default_rng(seed)
    for variable in layer.variables:
        if variable.shape:
            variable.assign(rng.normal(0, 0.2, variable.shape))
    return layer


@pytest.fixture(scope="module")
def model():
    return with_random_weights(Seq2SeqForecaster(shape=SHAPE, config=ModelConfig(units=4), seed=1), seed=1)


@pytest.fixture(scope="module")
def ridge():
    return with_random_weights(LinearHighway(SHAPE, trainable=False), seed=2)


def export(directory, model, ridge, *, scales=ONE_SCALE, card=None):
    export_model(
        model,
        directory=str(directory),
        ridge_baseline=ridge,
        scaler=Scaler.parse(scales),
        transform_graph_uri="",
        data=DAILY,
        features=CALENDAR,
        window=WINDOW,
        season=SEASON,
        naive_errors={b"a": 0.25},
        card=card or {"name": "test"},
    )
    return tf.saved_model.load(str(directory))


@pytest.fixture(scope="module")
def exported(tmp_path_factory, model, ridge):
    directory = tmp_path_factory.mktemp("one") / "Format-Serving"
    return directory, export(directory, model, ridge, card={"name": "co2", "mae_scaled": 0.01})


@pytest.fixture(scope="module")
def served(exported):
    return exported[1]


@pytest.fixture(scope="module")
def per_series(tmp_path_factory, model, ridge):
    return export(tmp_path_factory.mktemp("own") / "Format-Serving", model, ridge, scales=OWN_SCALES)


def raw_request(rows=3, length=CONTEXT, gaps=True):
    rng = np.random.default_rng(0)
    context = (300 + 50 * rng.random((rows, length))).astype(np.float32)
    if gaps:
        context[0, -3:] = NAN
        context[-1, [-CONTEXT, -8, -7]] = NAN
    return context, np.tile(DAY * np.arange(20_000, 20_000 + length), (rows, 1))


def window_of(context, timestamps, offset=300.0, scale=50.0):
    """The window that `Windows` would cut, in NumPy."""
    filled, observed = windowing.fill_gaps(((context.astype(np.float64) - offset) / scale).astype(np.float32))
    ahead = timestamps[:, -1:] + DAY * np.arange(1, HORIZON + 1)
    return {
        "context": filled,
        "context_observed": observed.astype(np.float32),
        "past_covariates": np.zeros((len(context), CONTEXT, 0), np.float32),
        "future_covariates": Calendar(CALENDAR.calendar, "UTC")(np.concatenate([timestamps, ahead], axis=1)),
        "static_covariates": np.zeros((len(context), 0), np.float32),
    }


def serialized(window, target=None, series_id=b"a"):
    examples = []
    for row in range(len(window["context"])):
        floats = {name: values[row].ravel() for name, values in window.items() if values[row].size}
        if target is not None:
            floats["target"] = target
        feature = {name: tf.train.Feature(float_list=tf.train.FloatList(value=v)) for name, v in floats.items()}
        feature["series_id"] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[series_id]))
        feature["forecast_start"] = tf.train.Feature(int64_list=tf.train.Int64List(value=[0]))
        examples.append(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
    return tf.constant(examples)


def serve(module, context, timestamps, **more):
    return module.signatures["serving_default"](
        context=tf.constant(context, tf.float32), timestamps=tf.constant(timestamps, tf.int64), **more
    )


def test_evaluate_is_the_models_own_free_running_forecast(served, model, ridge):
    window = window_of(*raw_request())
    outputs = served.signatures["evaluate"](serialized(window))
    np.testing.assert_allclose(outputs["forecast"], model(window), rtol=1e-5, atol=1e-6)
    assert np.ptp(outputs["forecast"]) > 0.01
    np.testing.assert_allclose(outputs["ridge"], window["context"][:, -1:] + ridge(window), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(outputs["persistence"], baselines.persistence(window["context"], horizon=HORIZON))
    np.testing.assert_array_equal(
        outputs["seasonal_naive"], baselines.seasonal_naive(window["context"], horizon=HORIZON, season=SEASON)
    )
    np.testing.assert_array_equal(outputs["scale"], [50.0] * 3)
    np.testing.assert_array_equal(outputs["offset"], [300.0] * 3)


def test_evaluate_tells_what_mase_divides_by(served):
    window = window_of(*raw_request())
    known, unknown = (
        served.signatures["evaluate"](serialized(window, series_id=name))["naive_error"] for name in (b"a", b"b")
    )
    np.testing.assert_array_equal(known, [0.25] * 3)
    assert np.isnan(unknown).all()


def test_the_signature_that_is_scored_reads_no_target(served):
    window = window_of(*raw_request())
    evaluate = served.signatures["evaluate"]
    without = evaluate(serialized(window))
    for target in ([0.0] * HORIZON, [1e6] * HORIZON, [NAN] * HORIZON):
        for name, values in evaluate(serialized(window, target=target)).items():
            np.testing.assert_array_equal(values, without[name], err_msg=name)


def test_serving_raw_values_equals_what_the_evaluator_scores(served):
    context, timestamps = raw_request()
    scored = served.signatures["evaluate"](serialized(window_of(context, timestamps)))["forecast"]
    outputs = serve(served, context, timestamps)
    np.testing.assert_allclose((outputs["forecast"] - 300.0) / 50.0, scored, atol=1e-5)


def test_forecast_times_follow_the_context(served):
    context, timestamps = raw_request(rows=1)
    outputs = serve(served, context, timestamps)
    np.testing.assert_array_equal(outputs["forecast_time"], timestamps[:, -1:] + DAY * np.arange(1, HORIZON + 1))


def test_a_longer_context_is_cut_to_its_newest_steps(served):
    context, timestamps = raw_request(length=CONTEXT + 9)
    whole = serve(served, context, timestamps)
    cut = serve(served, context[:, -CONTEXT:], timestamps[:, -CONTEXT:])
    np.testing.assert_array_equal(whole["forecast"], cut["forecast"])
    np.testing.assert_array_equal(whole["forecast_time"], cut["forecast_time"])


def test_rows_of_a_batch_do_not_touch_each_other(served):
    context, timestamps = raw_request()
    together = serve(served, context, timestamps)["forecast"]
    for row in range(3):
        alone = serve(served, context[row : row + 1], timestamps[row : row + 1])["forecast"]
        np.testing.assert_allclose(together[row : row + 1], alone, rtol=1e-6)


def test_each_series_has_its_own_scale(per_series):
    context, timestamps = raw_request(gaps=False)
    ids = tf.constant(["a", "b", "a"])
    outputs = serve(per_series, context, timestamps, series_id=ids)["forecast"]
    for row, (series_id, offset, scale) in enumerate([(b"a", 0, 10), (b"b", 1000, 500), (b"a", 0, 10)]):
        one = slice(row, row + 1)
        window = window_of(context[one], timestamps[one], offset=offset, scale=scale)
        scored = per_series.signatures["evaluate"](serialized(window, series_id=series_id))
        np.testing.assert_allclose((outputs[one] - offset) / scale, scored["forecast"], rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(scored["scale"], [scale])


def test_inputs_without_a_use_are_left_out(served, per_series):
    def inputs(module):
        return set(module.signatures["serving_default"].structured_input_signature[1])

    assert inputs(served) == {"context", "timestamps"}
    assert inputs(per_series) == {"context", "timestamps", "series_id"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c, t: (c[:, 1:], t[:, 1:]), rf"context: too short; the model needs the last {CONTEXT} steps"),
        (lambda c, t: (c, t[:, 1:]), "timestamps: must have as many rows and steps as context"),
        (lambda c, t: (c, t[:1]), "timestamps: must have as many rows and steps as context"),
        (lambda c, t: (c, t[:, ::-1]), "timestamps: must ascend in steps of D"),
        (lambda c, t: (c, t + 60), "timestamps: must lie on the grid of frequency D"),
        (lambda c, t: (c, t * 2), "none left out"),
        (lambda c, t: (np.where(c > 340, np.inf, c), t), "context: must be finite numbers, or NaN where"),
        (lambda c, t: (c * NAN, t), "context: no measured value in the newest"),
    ],
)
def test_bad_requests_are_refused_in_words(served, change, message):
    context, timestamps = raw_request(rows=2, gaps=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        serve(served, *change(context, timestamps))


def test_an_unknown_series_is_refused_by_name(per_series):
    context, timestamps = raw_request(rows=2, gaps=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"(?s)series_id: the model was not trained.*north"):
        serve(per_series, context, timestamps, series_id=tf.constant(["a", "north"]))


def test_an_unknown_series_gets_the_overall_scale_where_so_configured(tmp_path, model, ridge):
    fallback = OWN_SCALES.replace(b"none", b"unseen", 1)
    module = export(tmp_path / "model", model, ridge, scales=fallback)
    context, timestamps = raw_request(rows=1, gaps=False)
    forecast = serve(module, context, timestamps, series_id=tf.constant(["north"]))["forecast"]
    scored = module.signatures["evaluate"](serialized(window_of(context, timestamps), series_id=b"north"))
    np.testing.assert_allclose((forecast - 300.0) / 50.0, scored["forecast"], atol=1e-5)


@pytest.mark.e2e
def test_the_model_loads_and_forecasts_with_tensorflow_alone(tmp_path, exported):
    directory, module = exported
    context, timestamps = raw_request(rows=1)
    np.savez(tmp_path / "request.npz", context=context, timestamps=timestamps)
    script = textwrap.dedent(
        """
        import sys
        import numpy as np

        class Refuse:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in {"components", "schemas", "pipeline", "tfx", "tfx_bsl", "tensorflow_transform"}:
                    raise ImportError(f"{name} is not there")

        sys.meta_path.insert(0, Refuse())
        import tensorflow as tf

        request = np.load(sys.argv[2])
        serve = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
        outputs = serve(context=tf.constant(request["context"]), timestamps=tf.constant(request["timestamps"]))
        print(" ".join(repr(float(value)) for value in outputs["forecast"][0]))
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(directory), str(tmp_path / "request.npz")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    alone = np.array(done.stdout.split(), np.float64)
    np.testing.assert_allclose(alone, serve(module, context, timestamps)["forecast"][0], rtol=1e-6)


def test_the_graph_calls_no_python(served):
    ops = set()
    for signature in served.signatures.values():
        definition = signature.graph.as_graph_def()
        ops |= {node.op for node in definition.node}
        ops |= {node.op for function in definition.library.function for node in function.node_def}
    assert {"ParseExampleV2", "Assert"} <= ops
    assert not {op for op in ops if "Py" in op}


def test_the_card_lies_where_tf_serving_leaves_it(exported):
    card = json.loads((exported[0] / "assets.extra" / "model_card.json").read_text())
    assert card == {"name": "co2", "mae_scaled": 0.01, "season": SEASON}


def test_a_failed_export_leaves_nothing_behind(tmp_path, model, ridge, monkeypatch):
    def disk_full(module, directory, signatures):
        os.makedirs(directory)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", disk_full)
    with pytest.raises(OSError, match="No space left"):
        export(tmp_path / "model", model, ridge)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_model_is_not_overwritten(tmp_path, model, ridge):
    (tmp_path / "model").mkdir()
    with pytest.raises(ValueError, match="exists; export to a new folder"):
        export(tmp_path / "model", model, ridge)
