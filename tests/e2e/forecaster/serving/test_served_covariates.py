"""Covariates of a request are scaled as Transform scaled those of the training rows."""

import functools
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.network.highway import LinearHighway
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.forecaster.serving.export_model import export_model
from tapeline.schemas.features import rest
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, ScalingConfig, WindowConfig
from tapeline.schemas.served_model import LEVELS
from tapeline.schemas.stack import LOCAL_BEAM_RUNNER
from tapeline.schemas.training_config import ModelConfig
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.float_pairs import split_floats
from tapeline.series.prediction_intervals import PredictionIntervals
from tapeline.series.scaling import Scaler
from tapeline.series.windowing import fill_gaps, hold_known
from tests.e2e.forecaster.serving.small_export import raw_examples

NAN = float("nan")
CONTEXT, HORIZON, HOUR = 8, 3, 3600
WINDOW = WindowConfig(context_length=CONTEXT, horizon=HORIZON)
DATA = DataConfig(time="t", target="y", series_id="s", frequency="H", timezone="Europe/Berlin")
FEATURES = FeaturesConfig(
    past_covariates=("pressure",),
    future_covariates=("holiday", "price"),
    static_covariates=("height",),
    calendar=("hour_of_day", "weekend"),
    holidays=("DE-BE",),
)
SHAPE = WindowShape(context_length=CONTEXT, horizon=HORIZON, past=1, future=8, static=1)
INTERVALS = PredictionIntervals(names=LEVELS[1:], offsets=np.full((4, 3), [[-0.1], [0.1], [-0.2], [0.2]], np.float32))
STEPS = 60
# The spring clock change of Berlin lies inside: 2024-03-31 01:00 UTC.
START = 1_711_800_000


def series(name: Any, level: Any) -> dict[Any, Any]:
    """Columns of one series; some values are missing."""
    rng = np.random.default_rng(level)
    columns = {
        "target": level + rng.normal(0, level / 10, STEPS),
        # Eleven steps, were it kept as float32.
        "pressure": 1e8 + rng.normal(0, 22, STEPS),
        "holiday": np.float64(rng.random(STEPS) < 0.3),
        "price": rng.normal(40, 5, STEPS),
        "height": np.full(STEPS, level / 7),
    }
    for key, gaps in {"target": [40, 47], "pressure": [42, 43], "price": [0, 41, 49]}.items():
        columns[key][gaps] = NAN
    return {**columns, "series_id": np.full(STEPS, name), "timestamp": START + HOUR * np.arange(STEPS)}


def in_pairs(columns: Any) -> dict[Any, Any]:
    """Columns as rows hold them: float32, and what that rounds away."""
    found = {}
    for key, values in columns.items():
        if values.dtype == np.float64:
            found[key], left = split_floats(values)
            found[rest(key)] = np.where(left == 0.0, np.float32(np.nan), left)
        else:
            found[key] = values
    return found


PANEL = {b"low": series(b"low", 20), b"high": series(b"high", 5000)}


@pytest.fixture(scope="module")
def transformed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Any]:
    """Transform's graph, fitted on the panel, and the panel's rows through it."""
    import apache_beam as beam
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

    from tapeline.components.transform.preprocessing import preprocessing_fn

    optional, required = ("target", "pressure", "price"), ("holiday", "height")
    spec = {name: tf.io.VarLenFeature(tf.float32) for name in optional}
    spec |= {name: tf.io.FixedLenFeature([1], tf.float32) for name in required}
    spec |= {rest(name): tf.io.VarLenFeature(tf.float32) for name in (*optional, *required)}
    spec |= {name: tf.io.FixedLenFeature([1], tf.int64) for name in ("timestamp", "row_number")}
    spec |= {"series_id": tf.io.FixedLenFeature([1], tf.string)}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    rows = [
        {name: [] if values[i] != values[i] else [values[i]] for name, values in columns.items()} | {"row_number": [i]}
        for columns in map(in_pairs, PANEL.values())
        for i in range(STEPS)
    ]
    sections = {"data": DATA, "features": FEATURES, "scaling": ScalingConfig(per_series=True)}
    config = {name: section.model_dump_json() for name, section in sections.items()}
    folder = tmp_path_factory.mktemp("transform")
    with beam.Pipeline(runner=LOCAL_BEAM_RUNNER) as pipeline, tft_beam.Context(temp_dir=str(folder / "tmp")):
        data = pipeline | beam.Create(rows)
        function = (data, metadata) | tft_beam.AnalyzeDataset(functools.partial(preprocessing_fn, custom_config=config))
        _ = function | tft_beam.WriteTransformFn(str(folder / "graph"))
    metadata_io.write_metadata(metadata, str(folder / "graph" / "metadata"))
    layer = tft.TFTransformOutput(str(folder / "graph"))
    return str(folder / "graph"), layer


def scaled_rows(transformed: Any, name: Any) -> dict[Any, Any]:
    """One series through Transform, as `Windows` would read it."""
    _, output = transformed
    columns = in_pairs(PANEL[name])

    def raw(key: Any, spec: Any) -> Any:
        values = columns.get(key, np.arange(STEPS))[:, np.newaxis]
        if isinstance(spec, tf.io.VarLenFeature):
            present = np.argwhere(~np.isnan(values))
            return tf.SparseTensor(present, values[~np.isnan(values)], [STEPS, 1])
        return tf.constant(values)

    features = {key: raw(key, spec) for key, spec in output.raw_feature_spec().items()}
    return {key: np.asarray(values) for key, values in output.transform_raw_features(features).items()}


@pytest.fixture(scope="module")
def parts(transformed: tuple[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, Any]:
    graph, _ = transformed
    rng = np.random.default_rng(0)
    model = Seq2SeqForecaster(shape=SHAPE, config=ModelConfig(units=4), seed=1)
    ridge = LinearHighway(SHAPE, trainable=False)
    for variable in (*model.variables, *ridge.variables):
        if variable.shape:
            variable.assign(rng.normal(0, 0.2, variable.shape))
    directory = str(tmp_path_factory.mktemp("export") / "Format-Serving")
    scaler = Scaler.load(graph)
    export_model(
        model,
        directory=directory,
        ridge_baseline=ridge,
        intervals=INTERVALS,
        scaler=scaler,
        transform_graph_uri=graph,
        data=DATA,
        features=FEATURES,
        window=WINDOW,
        season=4,
        naive_errors={},
        card={},
    )
    return model, scaler, tf.saved_model.load(directory)


def request(name: Any, start: Any, **changes: Any) -> Any:
    columns = PANEL[name]
    context, ahead = slice(start, start + CONTEXT), slice(start, start + CONTEXT + HORIZON)
    inputs = {
        "context": columns["target"][context],
        "timestamps": columns["timestamp"][context],
        "past_covariates": columns["pressure"][context][:, np.newaxis],
        "future_covariates": np.stack([columns["holiday"], columns["price"]], axis=1)[ahead],
        "static_covariates": columns["height"][:1],
    } | changes
    batch = {key: tf.constant(values[np.newaxis]) for key, values in inputs.items()}
    return batch | {"series_id": tf.constant([name])}


@pytest.mark.parametrize("name", [b"low", b"high"])
def test_raw_covariates_give_the_forecast_of_the_training_windows(
    transformed: tuple[str, Any], parts: tuple[Any, Any, Any], name: bytes
) -> None:
    model, scaler, module = parts
    rows = scaled_rows(transformed, name)
    for start in (38, 41, 45):
        context, ahead = slice(start, start + CONTEXT), slice(start, start + CONTEXT + HORIZON)
        filled, observed = fill_gaps(rows["target"][np.newaxis, context])
        window = {
            "context": filled,
            "context_observed": observed.astype(np.float32),
            "past_covariates": fill_gaps(rows["past_covariates"][np.newaxis, context])[0],
            "future_covariates": hold_known(rows["future_covariates"][np.newaxis, ahead], CONTEXT),
            "static_covariates": rows["static_covariates"][:1],
        }
        expected = model({key: tf.constant(values) for key, values in window.items()})
        forecast = module.signatures["serving_default"](**request(name, start))["forecast"]
        np.testing.assert_allclose(scaler.scale(forecast.numpy(), [name]), expected, atol=1e-5)


def test_large_values_with_a_small_deviation_keep_their_steps(transformed: tuple[str, Any]) -> None:
    every = np.concatenate([columns["pressure"] for columns in PANEL.values()])
    expected = (PANEL[b"low"]["pressure"] - np.nanmin(every)) / (np.nanmax(every) - np.nanmin(every))
    scaled = scaled_rows(transformed, b"low")["past_covariates"][:, 0]
    np.testing.assert_allclose(scaled, expected, atol=1e-6)


def with_future(name: Any, start: Any, steps: Any) -> Any:
    """A request whose known future is `steps` long."""
    columns, ahead = PANEL[name], slice(start, start + CONTEXT + steps)
    return request(name, start, future_covariates=np.stack([columns["holiday"], columns["price"]], axis=1)[ahead])


def test_the_length_of_the_known_future_decides_how_far_is_forecast(parts: tuple[Any, Any, Any]) -> None:
    signatures = parts[2].signatures
    assert "horizon" not in signatures["any_horizon"].structured_input_signature[1]
    plain = signatures["serving_default"](**request(b"low", 30))
    trained, longer = (signatures["any_horizon"](**with_future(b"low", 30, steps)) for steps in (HORIZON, 7))
    assert longer["forecast"].shape == (1, 7)
    for name, values in plain.items():
        np.testing.assert_allclose(trained[name], values, rtol=1e-6, err_msg=name)
        np.testing.assert_allclose(longer[name][:, :HORIZON], values, rtol=1e-6, err_msg=name)
    np.testing.assert_array_equal(
        longer["forecast_time"][0], PANEL[b"low"]["timestamp"][30 + CONTEXT : 30 + CONTEXT + 7]
    )


def test_the_known_future_of_later_blocks_reaches_their_forecast(parts: tuple[Any, Any, Any]) -> None:
    serve = parts[2].signatures["any_horizon"]
    asked = with_future(b"low", 30, 2 * HORIZON)
    changed = asked["future_covariates"].numpy()
    changed[0, -1, 1] += 30.0
    before = serve(**asked)["forecast"].numpy()
    after = serve(**{**asked, "future_covariates": tf.constant(changed)})["forecast"].numpy()
    np.testing.assert_array_equal(before[:, :HORIZON], after[:, :HORIZON])
    assert np.abs(before[:, HORIZON:] - after[:, HORIZON:]).max() > 1e-3


def test_a_shorter_known_future_holds_its_last_value(parts: tuple[Any, Any, Any]) -> None:
    signatures = parts[2].signatures
    short = signatures["any_horizon"](**with_future(b"low", 30, 1))
    held = request(b"low", 30)
    future = held["future_covariates"].numpy()
    future[0, CONTEXT + 1 :] = future[0, CONTEXT]
    whole = signatures["serving_default"](**{**held, "future_covariates": tf.constant(future)})
    assert short["forecast"].shape == (1, 1)
    np.testing.assert_allclose(short["forecast"], whole["forecast"][:, :1], rtol=1e-6)


def test_without_any_known_future_there_is_nothing_to_forecast(parts: tuple[Any, Any, Any]) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="future_covariates: the steps after those of context"):
        parts[2].signatures["any_horizon"](**with_future(b"low", 30, 0))


def test_examples_carry_all_covariates_flattened(parts: tuple[Any, Any, Any]) -> None:
    asked = request(b"high", 30)
    example = raw_examples(
        **{name: values.numpy() for name, values in asked.items() if name != "series_id"},
        series_id=np.array([b"high"], object),
    )
    signatures = parts[2].signatures
    np.testing.assert_allclose(
        signatures["predict_examples"](example)["forecast"], signatures["serving_default"](**asked)["forecast"]
    )


def test_no_operation_of_transforms_graph_calls_python(parts: tuple[Any, Any, Any]) -> None:
    definition = parts[2].signatures["serving_default"].graph.as_graph_def()
    ops = {node.op for node in definition.node}
    ops |= {node.op for function in definition.library.function for node in function.node_def}
    assert not {op for op in ops if "Py" in op}


def test_every_covariate_matters(parts: tuple[Any, Any, Any]) -> None:
    serve = parts[2].signatures["serving_default"]
    plain = serve(**request(b"low", 30))["forecast"].numpy()
    columns = request(b"low", 30)
    for key in ("past_covariates", "future_covariates", "static_covariates"):
        changed = dict(columns, **{key: columns[key] * 1.5 + 1.0})
        assert np.abs(serve(**changed)["forecast"].numpy() - plain).max() > 1e-3, key


def test_a_longer_request_is_cut_to_its_newest_steps(parts: tuple[Any, Any, Any]) -> None:
    serve = parts[2].signatures["serving_default"]
    short = request(b"high", 30)
    columns = PANEL[b"high"]
    long = request(
        b"high",
        30,
        context=columns["target"][20:38],
        timestamps=columns["timestamp"][20:38],
        past_covariates=columns["pressure"][20:38][:, np.newaxis],
        future_covariates=np.stack([columns["holiday"], columns["price"]], axis=1)[20:41],
    )
    np.testing.assert_array_equal(serve(**long)["forecast"], serve(**short)["forecast"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"future_covariates": np.zeros((CONTEXT, 2))}, "and 3 steps ahead; shape given"),
        ({"static_covariates": np.array([NAN])}, "static_covariates: must be finite numbers; first"),
        ({"past_covariates": np.full((CONTEXT, 1), np.inf)}, "past_covariates: must be finite numbers, or"),
    ],
)
def test_bad_covariates_are_refused_in_words(parts: tuple[Any, Any, Any], change: Any, message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        parts[2].signatures["serving_default"](**request(b"low", 30, **change))
