"""A pushed model on other platforms forecasts what it forecasts in TensorFlow, to 1e-4 of its scale."""

import json
import pathlib
import shutil
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.clients.platforms.converters import read_portable, write_onnx, write_tfjs, write_tflite
from tapeline.forecaster.network.ensemble import Ensemble
from tapeline.forecaster.network.naive import Persistence, RidgeForecast, SeasonalNaive
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.forecaster.serving.portable import PORTABLE
from tapeline.forecaster.statistical.histories import History
from tapeline.forecaster.statistical.statistical_forecaster import fit_statistical
from tapeline.schemas import stack
from tapeline.schemas.errors import ConfigError, DataError
from tapeline.schemas.features_config import RollingConfig
from tapeline.schemas.served_model import LEVELS, levels_of
from tapeline.schemas.training_config import ModelConfig
from tests.e2e.forecaster.serving import small_export as small

SCALE = 50.0
CARD: dict[str, Any] = {
    "name": "test",
    "data": small.DAILY.model_dump(mode="json"),
    "features": small.CALENDAR.model_dump(mode="json"),
    "window": small.WINDOW.model_dump(mode="json"),
}


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    folder = tmp_path_factory.mktemp("pushed") / "1"
    return folder, small.export(folder, small.small_model(attention_heads=2), small.small_ridge(), card=CARD)


@pytest.fixture(scope="module")
def portable(pushed: tuple[Any, Any]) -> Any:
    return read_portable(pushed[0])


def answer(model: Any, **inputs: Any) -> dict[Any, Any]:
    types = {name: spec["type"] for name, spec in model.guide["inputs"].items()}
    outputs = model.function()(**{name: tf.constant(values, types[name]) for name, values in inputs.items()})
    return {name: values.numpy() for name, values in outputs.items()}


def example_inputs(model: Any, rows: Any) -> dict[Any, Any]:
    """Context around the middle of the scale, a value missing in each."""
    rng = np.random.default_rng(0)
    context = 300.0 + SCALE * rng.random((rows, small.CONTEXT))
    context[:, small.CONTEXT // 2] = np.nan
    calendar = rng.uniform(-1, 1, [rows, *model.guide["inputs"]["future_covariates"]["shape"][1:]])
    return {"context": context.astype(np.float32), "future_covariates": calendar.astype(np.float32)}


@pytest.fixture(scope="module")
def case(portable: Any) -> tuple[Any, Any]:
    """Inputs with gaps, and what TensorFlow makes of them."""
    inputs = example_inputs(portable, rows=3)
    return inputs, answer(portable, **inputs)


def assert_close(outputs: Any, expected: Any) -> None:
    assert set(outputs) == set(LEVELS)
    for name, values in expected.items():
        np.testing.assert_allclose(outputs[name] / SCALE, values / SCALE, atol=1e-4, err_msg=name)


def test_the_portable_function_forecasts_what_is_served(pushed: tuple[Any, Any], portable: Any) -> None:
    context, timestamps = small.raw_request()
    calendar = small.window_of(context, timestamps)["future_covariates"]
    outputs = answer(portable, context=context, future_covariates=calendar)
    served = small.serve(pushed[1], context, timestamps)
    assert np.ptp(served["forecast"]) > 1.0
    assert_close(outputs, {name: served[name] for name in LEVELS})


def test_the_scale_of_each_series_is_in_the_guide(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "1"
    module = small.export(folder, small.small_model(), small.small_ridge(), scales=small.OWN_SCALES, card=CARD)
    portable = read_portable(folder)
    assert portable.guide["version"] == "1"
    assert portable.guide["series"] == {
        "a": {"offset": 0.0, "scale": 10.0},
        "b": {"offset": 1000.0, "scale": 500.0},
    }
    assert portable.guide["unknown_series"] == "refuse"
    context, timestamps = small.raw_request(gaps=False)
    scales = [portable.guide["series"][name] for name in ("a", "b", "a")]
    outputs = answer(
        portable,
        context=context,
        future_covariates=small.window_of(context, timestamps)["future_covariates"],
        offset=[[one["offset"]] for one in scales],
        scale=[[one["scale"]] for one in scales],
    )
    served = small.serve(module, context, timestamps, series_id=tf.constant(["a", "b", "a"]))
    for name in LEVELS:
        np.testing.assert_allclose(outputs[name], served[name], rtol=1e-5, atol=1e-2, err_msg=name)


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, Any]:
    """A model with bounds, quantiles and errors of each series' own size: its portable part, inputs, what is served."""
    folder = tmp_path_factory.mktemp("rich") / "1"
    bounded = small.DAILY.model_copy(update={"lower_bound": 280.0, "upper_bound": 340.0})
    module = small.export(
        folder, small.small_model(), small.small_ridge(), card=CARD, intervals=small.RICH, data=bounded
    )
    context, timestamps = small.raw_request(gaps=False)
    series = ["a", "b", "new"]
    served = small.serve(module, context, timestamps, series_id=tf.constant(series))
    portable = read_portable(folder)
    inputs = {
        "context": np.asarray(context, np.float32),
        "future_covariates": small.window_of(context, timestamps)["future_covariates"].astype(np.float32),
        "error_ratio": np.array(
            [[portable.guide["series"].get(name, {"error_ratio": 1.0})["error_ratio"]] for name in series], np.float32
        ),
    }
    return portable, inputs, {name: served[name].numpy() for name in levels_of(served)}


def test_quantiles_bounds_and_error_ratios_leave_tensorflow_too(
    rich: tuple[Any, Any, Any], tmp_path: pathlib.Path
) -> None:
    portable, inputs, served = rich
    assert portable.guide["series"] == {"a": {"error_ratio": 0.5}, "b": {"error_ratio": 4.0}}
    assert portable.guide["unknown_series"] == "overall_scale"
    assert set(portable.guide["outputs"]) == set(served) == {*LEVELS, "quantile_0.3", "quantile_0.5"}
    assert served["lower_95"].min() == 280.0
    assert served["upper_95"].max() == 340.0
    write_tflite(portable, tmp_path / "model.tflite")
    lite = tf.lite.Interpreter(str(tmp_path / "model.tflite")).get_signature_runner()
    for outputs in (answer(portable, **inputs), lite(**inputs)):
        assert set(outputs) == set(served)
        for name, values in served.items():
            np.testing.assert_allclose(outputs[name] / SCALE, values / SCALE, atol=1e-4, err_msg=name)


def test_onnx_names_quantiles_as_they_are_served(rich: tuple[Any, Any, Any], tmp_path: pathlib.Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    portable, inputs, served = rich
    write_onnx(portable, tmp_path / "model.onnx")
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"))
    outputs = dict(zip([output.name for output in session.get_outputs()], session.run(None, inputs), strict=True))
    assert set(outputs) == set(served)
    for name, values in served.items():
        np.testing.assert_allclose(outputs[name] / SCALE, values / SCALE, atol=1e-4, err_msg=name)


def test_tensorflow_lite_needs_its_built_in_operations_only(
    tmp_path: pathlib.Path, portable: Any, case: tuple[Any, Any]
) -> None:
    inputs, expected = case
    write_tflite(portable, tmp_path / "model.tflite")
    interpreter = tf.lite.Interpreter(str(tmp_path / "model.tflite"))
    assert_close(interpreter.get_signature_runner()(**inputs), expected)
    assert not [op["op_name"] for op in interpreter._get_ops_details() if op["op_name"].startswith("Flex")]
    guide = json.loads((tmp_path / "model.tflite.json").read_text())
    assert guide["context_length"] == small.CONTEXT
    assert guide["select_tf_ops"] is False


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_the_command_prints_where_things_are_and_nothing_else(
    pushed: tuple[Any, Any], tmp_path: pathlib.Path, kind: str
) -> None:
    command = [sys.executable, "-m", "tapeline.cli.main", "export", "--model", str(pushed[0]), "--format", kind]
    ended = subprocess.run([*command, "--output", str(tmp_path / "model")], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in ended.stdout.splitlines()] == ["model", "guide"]
    assert not ended.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"model", "model.json"}


def test_rolling_statistics_take_tensorflows_operations_into_tensorflow_lite(tmp_path: pathlib.Path) -> None:
    rolling = (RollingConfig(window=3),)
    model = Seq2SeqForecaster(shape=small.SHAPE, config=ModelConfig(units=4), rolling=rolling, seed=1)
    small.export(tmp_path / "1", small.with_random_weights(model, seed=1), small.small_ridge(), card=CARD)
    portable = read_portable(tmp_path / "1")
    inputs = example_inputs(portable, rows=2)
    expected = answer(portable, **inputs)
    write_tflite(portable, tmp_path / "model.tflite")
    assert json.loads((tmp_path / "model.tflite.json").read_text())["select_tf_ops"] is True
    run = tf.lite.Interpreter(str(tmp_path / "model.tflite")).get_signature_runner()
    if stack.NEWER:
        # From TensorFlow 2.20 on its own interpreter has the built-in operations only.
        with pytest.raises(RuntimeError, match="Flex delegate"):
            run(**inputs)
    else:
        assert_close(run(**inputs), expected)


def test_onnx_runtime(tmp_path: pathlib.Path, portable: Any, case: tuple[Any, Any]) -> None:
    runtime = pytest.importorskip("onnxruntime")
    inputs, expected = case
    write_onnx(portable, tmp_path / "model.onnx")
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"))
    names = [output.name for output in session.get_outputs()]
    assert_close(dict(zip(names, session.run(None, inputs), strict=True)), expected)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.onnx", "model.onnx.json"]


VIEWS: dict[str, dict[str, Any]] = {
    "segments": {"segment_length": 2},
    "segments longer than the horizon": {"segment_length": 8, "lags": (7,), "encoder_length": 10},
    "a view": {
        "segment_length": 3,
        "lags": (7,),
        "view": {
            "harmonics": 3,
            "level": True,
            "window_units": True,
            "lag_covariates": False,
            "highway": "context",
            "highway_per_series": True,
        },
    },
}


def selection() -> Ensemble:
    """Networks of two kinds, a ridge, statistics, a naive forecast; the second series is served another one."""
    networks = [small.small_model(**VIEWS[name]) for name in ("segments", "a view")]
    rng = np.random.default_rng(0)
    statistics = fit_statistical(
        [History(name, rng.normal(0.0, 0.5, 120).astype(np.float32), 90) for name in (b"a", b"b")],
        season=small.SEASON,
        context_length=small.CONTEXT,
        horizon=small.HORIZON,
        offset=np.full(3, 300.0),
        scale=np.full(3, SCALE),
    )
    assert statistics is not None
    assert {"mean_reversion", "mean_reversion_log"} <= set(statistics.weights)
    others = [RidgeForecast(small.small_ridge()), statistics.layer, SeasonalNaive(small.SHAPE, season=small.SEASON)]
    return Ensemble([*networks, *others], [0.2] * 5, shape=small.SHAPE, instead={1: Persistence(small.SHAPE)})


@pytest.mark.parametrize("name", [*VIEWS, "a selection"])
def test_segments_views_and_selections_on_other_platforms(tmp_path: pathlib.Path, name: str) -> None:
    own = name not in VIEWS or "view" in VIEWS[name]
    options: dict[str, Any] = {"series": [b"a", b"b"]} if own else {}
    model = small.small_model(**VIEWS[name]) if name in VIEWS else selection()
    module = small.export(tmp_path / "1", model, small.small_ridge(), card=CARD, **options)
    portable = read_portable(tmp_path / "1")
    context, timestamps = small.raw_request()
    inputs = {
        "context": np.asarray(context, np.float32),
        "future_covariates": small.window_of(context, timestamps)["future_covariates"],
    }
    asked = {}
    if own:
        assert portable.guide["inputs"]["series_index"]["type"] == "int32"
        assert portable.guide["series"] == {"a": {"series_index": 0}, "b": {"series_index": 1}}
        assert portable.guide["unknown_series"] == "overall_scale"
        inputs["series_index"] = np.array([1, -1, 0], np.int32)
        asked["series_id"] = tf.constant(["b", "another", "a"])
    served = small.serve(module, context, timestamps, **asked)
    expected = {level: served[level].numpy() for level in LEVELS}
    assert_close(answer(portable, **inputs), expected)
    write_tflite(portable, tmp_path / "model.tflite")
    interpreter = tf.lite.Interpreter(str(tmp_path / "model.tflite"))
    assert_close(interpreter.get_signature_runner()(**inputs), expected)
    assert json.loads((tmp_path / "model.tflite.json").read_text())["select_tf_ops"] is False
    runtime = pytest.importorskip("onnxruntime")
    write_onnx(portable, tmp_path / "model.onnx")
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"))
    names = [output.name for output in session.get_outputs()]
    assert_close(dict(zip(names, session.run(None, inputs), strict=True)), expected)


def test_no_operation_is_one_that_tensorflow_js_reads_wrongly(portable: Any) -> None:
    graph = portable.function().graph.as_graph_def()
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    # Release 4.22 takes the shape for a second input, and the operation has it as an attribute.
    assert "EnsureShape" not in {node.op for node in nodes}


def test_tensorflow_js_in_node(tmp_path: pathlib.Path, portable: Any, case: tuple[Any, Any]) -> None:
    converter = shutil.which("tensorflowjs_converter")
    node = shutil.which("node")
    found = node and subprocess.run([node, "-e", "require('@tensorflow/tfjs')"], capture_output=True).returncode == 0
    if not (converter and found):
        pytest.skip("needs tensorflowjs_converter on PATH, and node with @tensorflow/tfjs (NODE_PATH)")
    inputs, expected = case
    write_tfjs(portable, tmp_path / "tfjs", converter=None)
    # JSON has no NaN: null stands for it.
    given = {
        name: {"shape": values.shape, "values": [None if np.isnan(value) else float(value) for value in values.ravel()]}
        for name, values in inputs.items()
    }
    (tmp_path / "inputs.json").write_text(json.dumps(given))
    script = pathlib.Path(__file__).with_name("run_tfjs.js")
    command = [str(node), str(script), str(tmp_path / "tfjs"), str(tmp_path / "inputs.json")]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    outputs = json.loads(ended.stdout.splitlines()[-1])
    assert_close({name: np.reshape(values, [3, small.HORIZON]) for name, values in outputs.items()}, expected)


def test_without_a_converter_it_is_said_how_to_get_one(tmp_path: pathlib.Path, portable: Any) -> None:
    with pytest.raises(ConfigError, match=r"pip install tensorflowjs==4\.22\.0"):
        write_tfjs(portable, tmp_path / "tfjs", converter="not-there")
    assert list(tmp_path.iterdir()) == []


def test_a_model_with_columns_says_that_it_stays_with_tensorflow(
    pushed: tuple[Any, Any], tmp_path: pathlib.Path
) -> None:
    folder = tmp_path / "1"
    shutil.copytree(pushed[0], folder)
    card = {**CARD, "features": {**CARD["features"], "past_covariates": ["wind"]}}
    (folder / "assets.extra" / "model_card.json").write_text(json.dumps(card))
    with pytest.raises(DataError, match=r"reads the columns wind.*cannot be converted"):
        read_portable(folder)


def test_a_model_that_was_pushed_without_the_function_is_refused(
    pushed: tuple[Any, Any], tmp_path: pathlib.Path
) -> None:
    folder = tmp_path / "1"
    shutil.copytree(pushed[0], folder, ignore=shutil.ignore_patterns(pathlib.Path(PORTABLE).name))
    with pytest.raises(DataError, match=r"has no assets\.extra/portable; push the model again"):
        read_portable(folder)
