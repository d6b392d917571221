"""Categories of a request are texts, and become what they were in the training rows."""

import functools
import json
import pathlib
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
from tapeline.schemas.stack import LOCAL_BEAM_RUNNER
from tapeline.schemas.training_config import ModelConfig
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.categories import category_sizes, read_categories
from tapeline.series.scaling import Scaler
from tests.e2e.forecaster.serving.small_export import INTERVALS, raw_examples, with_random_weights

CONTEXT, HORIZON, STEPS, HOUR = 8, 5, 80, 3600
DATA = DataConfig(time="t", target="y", frequency="H")
FEATURES = FeaturesConfig(
    past_covariates=("mood", "wind"),
    future_covariates=("promo",),
    static_covariates=("kind",),
    categorical=("promo", "mood", "kind"),
    holidays="DE",
    calendar=("hour_of_day",),
)
WINDOW = WindowConfig(context_length=CONTEXT, horizon=HORIZON)
RNG = np.random.default_rng(0)
TIMES = HOUR * np.arange(474_000, 474_000 + STEPS)
COLUMNS: dict[str, Any] = {
    "target": RNG.normal(20, 3, STEPS).astype(np.float32),
    "wind": RNG.normal(5, 2, STEPS).astype(np.float32),
    # More than are one-hot, and a missing one.
    "promo": np.array([*(f"p{number}" for number in range(25)), ""])[RNG.integers(0, 26, STEPS)],
    "mood": RNG.choice(["1", "2", "3"], STEPS, p=[0.6, 0.3, 0.1]),
    "kind": np.full(STEPS, "city"),
}


@pytest.fixture(scope="module")
def transformed(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """Transform's graph, fitted on all rows, and what it makes of them."""
    import apache_beam as beam
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

    from tapeline.components.transform.preprocessing import preprocessing_fn

    rests = {rest(name): np.zeros(STEPS, np.float32) for name in ("target", "wind")}
    columns = {
        **COLUMNS,
        **rests,
        "timestamp": TIMES,
        "row_number": np.arange(STEPS),
        "series_id": np.full(STEPS, "series"),
    }
    kinds = {"f": tf.float32, "i": tf.int64, "U": tf.string}
    spec = {name: tf.io.FixedLenFeature([1], kinds[values.dtype.kind]) for name, values in columns.items()}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    rows = [{name: [values[at]] for name, values in columns.items()} for at in range(STEPS)]
    sections = {"data": DATA, "features": FEATURES, "scaling": ScalingConfig()}
    config = {name: section.model_dump_json() for name, section in sections.items()}
    folder = tmp_path_factory.mktemp("transform")
    with beam.Pipeline(runner=LOCAL_BEAM_RUNNER) as pipeline, tft_beam.Context(temp_dir=str(folder / "tmp")):
        data = pipeline | beam.Create(rows)
        function = (data, metadata) | tft_beam.AnalyzeDataset(functools.partial(preprocessing_fn, custom_config=config))
        _ = function | tft_beam.WriteTransformFn(str(folder / "graph"))
    metadata_io.write_metadata(metadata, str(folder / "graph" / "metadata"))
    output = tft.TFTransformOutput(str(folder / "graph"))
    scaled = output.transform_raw_features({name: tf.constant(values[:, None]) for name, values in columns.items()})
    return str(folder / "graph"), {name: np.asarray(values) for name, values in scaled.items()}


@pytest.fixture(scope="module")
def served(transformed: tuple[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, pathlib.Path]:
    """The network, the loaded SavedModel, and its folder."""
    graph, _ = transformed
    shape = WindowShape.of(WINDOW, FEATURES, category_sizes=category_sizes(read_categories(graph, FEATURES)))
    model = with_random_weights(Seq2SeqForecaster(shape=shape, config=ModelConfig(units=4), seed=1), seed=1)
    folder = tmp_path_factory.mktemp("export") / "Format-Serving"
    export_model(
        model,
        directory=str(folder),
        ridge_baseline=with_random_weights(LinearHighway(shape, trainable=False), seed=2),
        intervals=INTERVALS,
        scaler=Scaler.load(graph),
        transform_graph_uri=graph,
        data=DATA,
        features=FEATURES,
        window=WINDOW,
        season=4,
        naive_errors={},
        card={},
    )
    return model, tf.saved_model.load(str(folder)), folder


def request(start: int, steps: int = HORIZON, **changes: Any) -> dict[str, tf.Tensor]:
    context, ahead = slice(start, start + CONTEXT), slice(start, start + CONTEXT + steps)
    inputs = {
        "context": COLUMNS["target"][context].astype(np.float64),
        "timestamps": TIMES[context],
        "past_covariates": COLUMNS["wind"][context, np.newaxis].astype(np.float64),
        "past_categories": COLUMNS["mood"][context, np.newaxis],
        "future_categories": COLUMNS["promo"][ahead, np.newaxis],
        "static_categories": COLUMNS["kind"][:1],
    }
    return {name: tf.constant(np.asarray(values)[np.newaxis]) for name, values in {**inputs, **changes}.items()}


def test_inputs_are_texts_for_categories_and_numbers_for_the_rest(served: Any) -> None:
    taken = served[1].signatures["serving_default"].structured_input_signature[1]
    kinds = {name: spec.dtype.name for name, spec in taken.items()}
    assert kinds == {
        "context": "float64",
        "timestamps": "int64",
        "past_covariates": "float64",
        "past_categories": "string",
        "future_categories": "string",
        "static_categories": "string",
    }
    assert "horizon" not in served[1].signatures["any_horizon"].structured_input_signature[1]


@pytest.mark.parametrize("start", [0, 30, 60])
def test_texts_give_the_forecast_of_the_training_windows(transformed: Any, served: Any, start: int) -> None:
    graph, rows = transformed
    context, ahead = slice(start, start + CONTEXT), slice(start, start + CONTEXT + HORIZON)
    window = {
        "context": rows["target"][np.newaxis, context],
        "context_observed": np.ones((1, CONTEXT), np.float32),
        "past_covariates": rows["past_covariates"][np.newaxis, context],
        "future_covariates": rows["future_covariates"][np.newaxis, ahead],
        "static_covariates": rows["static_covariates"][:1],
    }
    assert (window["past_covariates"][:, :, 0] >= 1).all()
    expected = served[0]({name: tf.constant(values) for name, values in window.items()})
    forecast = served[1].signatures["serving_default"](**request(start))["forecast"].numpy()
    np.testing.assert_allclose(Scaler.load(graph).scale(forecast, [b"series"]), expected, atol=1e-5)


def test_every_column_of_categories_matters(served: Any) -> None:
    serve = served[1].signatures["serving_default"]
    plain = serve(**request(20))["forecast"].numpy()
    for name in ("past_categories", "future_categories", "static_categories"):
        other = np.full(request(20)[name].shape[1:], {"p": "2", "f": "p3", "s": "rural"}[name[0]])
        changed = {**request(20), name: tf.constant(other[np.newaxis])}
        assert np.abs(serve(**changed)["forecast"].numpy() - plain).max() > 1e-3, name


def test_unseen_and_missing_are_one_category_and_spaces_do_not_count(served: Any) -> None:
    serve = served[1].signatures["serving_default"]
    mood = COLUMNS["mood"][20 : 20 + CONTEXT, np.newaxis]

    def with_mood(*values: str) -> Any:
        return serve(**request(20, past_categories=np.resize(np.array(values, object), mood.shape)))["forecast"].numpy()

    np.testing.assert_array_equal(with_mood("4"), with_mood(""))
    np.testing.assert_array_equal(with_mood("1"), with_mood(" 1 "))
    assert np.abs(with_mood("4") - with_mood("1")).max() > 1e-3


def test_the_length_of_the_known_categories_decides_how_far_is_forecast(served: Any) -> None:
    signatures = served[1].signatures
    plain = signatures["serving_default"](**request(20))["forecast"].numpy()
    for steps in (HORIZON, 2 * HORIZON + 1):
        longer = signatures["any_horizon"](**request(20, steps))["forecast"].numpy()
        assert longer.shape == (1, steps)
        np.testing.assert_allclose(longer[:, :HORIZON], plain, rtol=1e-6)
    # A shorter one holds its last category.
    short = signatures["any_horizon"](**request(20, 2))["forecast"].numpy()
    held = COLUMNS["promo"][20 : 20 + CONTEXT + HORIZON, np.newaxis].copy()
    held[CONTEXT + 2 :] = held[CONTEXT + 1]
    whole = signatures["serving_default"](**request(20, future_categories=held))["forecast"].numpy()
    np.testing.assert_allclose(short, whole[:, :2], rtol=1e-6)


def test_examples_carry_texts_flattened(served: Any) -> None:
    asked = request(20)
    example = raw_examples(**{name: values.numpy() for name, values in asked.items()})
    signatures = served[1].signatures
    np.testing.assert_allclose(
        signatures["predict_examples"](example)["forecast"], signatures["serving_default"](**asked)["forecast"]
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"future_categories": np.full((CONTEXT, 1), "p1")}, "future_categories: must have .* 5 steps ahead; shape"),
        ({"past_categories": np.full((CONTEXT - 1, 1), "1")}, "past_categories: must have as many rows and steps"),
    ],
)
def test_texts_of_other_lengths_are_refused_in_words(served: Any, change: Any, message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        served[1].signatures["serving_default"](**request(20, **change))


def test_the_card_lists_categories_by_how_many_rows_hold_them(served: Any) -> None:
    inputs = json.loads((served[2] / "assets.extra" / "model_card.json").read_text())["inputs"]
    assert inputs["categorical"] == ["promo", "mood", "kind"]
    assert inputs["categories"]["mood"] == ["1", "2", "3"]
    assert inputs["categories"]["kind"] == ["city"]
    assert len(inputs["categories"]["promo"]) == 25
    assert not (served[2] / "assets.extra" / "portable").exists()


def test_no_operation_calls_python(served: Any) -> None:
    definition = served[1].signatures["serving_default"].graph.as_graph_def()
    ops = {node.op for node in definition.node}
    ops |= {node.op for function in definition.library.function for node in function.node_def}
    assert not {op for op in ops if "Py" in op}
