"""The project's first test: nothing that happens later may reach a model that forecasts earlier."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapeline.components.transform.window_group import WindowPlan, cut_group
from tapeline.schemas.sections import DataConfig, FeaturesConfig, ScalingConfig, WindowConfig
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.calendar import Calendar
from tapeline.series.chunking import split_bounds
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows
from tapeline.series.grouping.series_survey import survey_rows
from tapeline.series.time_grid import TimeGrid
from tapeline.series.windowing import Chunk
from tests.windows_of_chunks import cut_windows

KNOWN_BEFORE_THE_FORECAST = ("series_id", "context", "context_observed", "past_covariates", "static_covariates")
SPLITS = ("train", "eval", "test")


def floats(shape, rng, *, gaps):
    values = rng.normal(size=shape).astype(np.float32)
    values[rng.random(shape) < gaps] = np.nan
    return values


@given(
    seed=st.integers(0, 10**6),
    spec=st.builds(WindowSpec, context_length=st.integers(1, 8), horizon=st.integers(1, 5)),
    gaps=st.sampled_from([0.0, 0.4, 0.9]),
    spare=st.integers(0, 6),
)
def test_changing_any_value_from_forecast_start_on_changes_no_context_feature(seed, spec, gaps, spare):
    rng = np.random.default_rng(seed)
    steps = spec.length + spare
    start = int(rng.integers(spec.context_length, steps - spec.horizon + 1))

    def chunk(target, past, future):
        return Chunk(
            series_id=b"a",
            timestamp=np.arange(steps) * 3600,
            target=target,
            past_covariates=past,
            future_covariates=future,
            static_covariates=np.ones(1, np.float32),
            forecast_offsets=np.array([start]),
        )

    target, past, future = (floats(shape, rng, gaps=gaps) for shape in ((steps,), (steps, 2), (steps, 2)))
    tampered = [values.copy() for values in (target, past, future)]
    for values in tampered:
        values[start:] = floats(values[start:].shape, rng, gaps=gaps) + 100
    before = cut_windows(chunk(target, past, future), np.array([start]), spec)
    after = cut_windows(chunk(*tampered), np.array([start]), spec)
    for name in KNOWN_BEFORE_THE_FORECAST:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)
    in_context = slice(None), slice(0, spec.context_length)
    np.testing.assert_array_equal(before["future_covariates"][in_context], after["future_covariates"][in_context])
    # And no value of before it is left out of sight: the target is what the chunk holds from the start on.
    np.testing.assert_array_equal(after["target"][0], tampered[0][start : start + spec.horizon])


def a_panel(rng, series, steps):
    first = rng.integers(0, 30, series)
    ids = np.repeat(np.array([b"s%d" % i for i in range(series)], object), steps)
    ordinal = np.concatenate([start + np.arange(steps) for start in first])
    kept = rng.random(len(ids)) > 0.1
    return ids[kept], ordinal[kept], floats(int(kept.sum()), rng, gaps=0.1)


def cut(ids, ordinal, target, cuts, window):
    """All windows of a panel by split, as `(series, forecast_start) -> target, context`."""
    plan = WindowPlan(data=DataConfig(frequency="H"), features=FeaturesConfig(), window=window, chunk_steps=64)
    names, code = np.unique(ids, return_inverse=True)
    nothing = np.zeros((len(ids), 0), np.float32)
    columns = {NUMBERS: target[:, None], **{f"{role}_covariates": nothing for role in ("past", "future", "static")}}
    split = np.searchsorted(cuts, ordinal, side="right").astype(np.int8)
    rows = SeriesRows(names, code, split, ordinal * 3600, columns)
    splits = split_bounds(survey_rows(rows).split_first, TimeGrid.of(plan.data))
    group = cut_group(rows, plan=plan, splits=splits, calendar=Calendar((), "UTC"))
    return {
        name: {
            (series, int(start) // 3600): (target, context)
            for windows in group.windows(name, plan.spec(name))
            for series, start, target, context in zip(
                *(windows[part] for part in ("series_id", "forecast_start", "target", "context")), strict=True
            )
        }
        for name in SPLITS
    }


@given(seed=st.integers(0, 10**6), horizon=st.integers(1, 12), stride=st.integers(1, 5))
def test_no_forecast_crosses_a_split(seed, horizon, stride):
    rng = np.random.default_rng(seed)
    cuts = (60, 90)
    window = WindowConfig(context_length=10, horizon=horizon, stride=stride, eval_stride=stride)
    found = cut(*a_panel(rng, 4, 100), cuts, window)
    low, high = {"train": 0, "eval": cuts[0], "test": cuts[1]}, {"train": cuts[0], "eval": cuts[1], "test": 200}
    for split in SPLITS:
        assert found[split], "the panel gives windows to every split"
        for _, start in found[split]:
            assert low[split] <= start
            assert start + horizon <= high[split]


@given(seed=st.integers(0, 10**6))
def test_row_order_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    panel = a_panel(rng, 3, 60)
    order = rng.permutation(len(panel[0]))
    window = WindowConfig(context_length=8, horizon=4)
    sorted_, shuffled = cut(*panel, (50, 60), window), cut(*(part[order] for part in panel), (50, 60), window)
    for split in SPLITS:
        assert sorted_[split].keys() == shuffled[split].keys()
        for key, arrays in sorted_[split].items():
            for one, other in zip(arrays, shuffled[split][key], strict=True):
                np.testing.assert_array_equal(one, other)


def _write_rows(folder, *, tampered):
    """Rows of two series as SeriesExampleGen writes them; tampering touches eval and test, and the rows' order."""
    import tensorflow as tf

    rng = np.random.default_rng(5)
    for split, (first, last) in {"train": (0, 200), "eval": (200, 260), "test": (260, 320)}.items():
        rows = []
        for series, level in ((b"north", 10.0), (b"south\t1", 500.0)):
            for step in range(first, last):
                value = level + 5 * np.sin(step / 4) + rng.normal()
                temperature, load = rng.normal(20, 5), rng.normal()
                if tampered and split != "train":
                    value, temperature, load = value * 1000, temperature - 300, load * 50
                columns = {"target": value, "temperature": temperature, "load": load, "area": level}
                if step % 17 == 3:
                    del columns["target"], columns["load"]
                features = {n: tf.train.Feature(float_list=tf.train.FloatList(value=[v])) for n, v in columns.items()}
                features["series_id"] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[series]))
                for name, whole in (("timestamp", step * 3600), ("row_number", step)):
                    features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=[whole]))
                rows.append(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
        (folder / f"Split-{split}").mkdir(parents=True)
        with tf.io.TFRecordWriter(str(folder / f"Split-{split}" / "data_tfrecord-00000.gz"), "GZIP") as writer:
            for row in [rows[i] for i in rng.permutation(len(rows))] if tampered else rows:
                writer.write(row)


SCHEMA = "\n".join(
    [
        *(
            f'feature {{ name: "{name}" type: {kind} presence {{ min_fraction: 1 }} shape {{ dim {{ size: 1 }} }} }}'
            for name, kind in (("series_id", "BYTES"), ("timestamp", "INT"), ("row_number", "INT"))
        ),
        'feature { name: "temperature" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }',
        'feature { name: "area" type: FLOAT presence { min_fraction: 1 } shape { } }',
        *(f'feature {{ name: "{name}" type: FLOAT value_count {{ max: 1 }} }}' for name in ("target", "load")),
    ]
)
DATA = DataConfig(frequency="H", time="ds", target="y", series_id="id")
FEATURES = FeaturesConfig(
    past_covariates="load", future_covariates="temperature", static_covariates="area", calendar=("hour_of_day",)
)
WINDOW = WindowConfig(context_length=24, horizon=6)


def _run_components(home, *, tampered):
    """Transform and Windows as TFX runs them; returns the URIs of their outputs."""
    from tfx.dsl.components.common.importer import Importer
    from tfx.orchestration import metadata, pipeline
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner
    from tfx.types import standard_artifacts

    from tapeline.components.transform.component import Windows, create_transform

    _write_rows(home / "rows", tampered=tampered)
    (home / "schema").mkdir()
    (home / "schema" / "schema.pbtxt").write_text(SCHEMA)
    rows = Importer(
        source_uri=str(home / "rows"),
        artifact_type=standard_artifacts.Examples,
        properties={"split_names": json.dumps(SPLITS)},
        custom_properties={"payload_format": "FORMAT_TF_EXAMPLE", "file_format": "tfrecords_gzip"},
    ).with_id("rows")
    schema = Importer(source_uri=str(home / "schema"), artifact_type=standard_artifacts.Schema).with_id("schema")
    sections = {"data": DATA, "features": FEATURES}
    transform = create_transform(
        examples=rows.outputs["result"],
        schema=schema.outputs["result"],
        scaling=ScalingConfig(per_series=True),
        **sections,
    )
    windows = Windows(transformed_examples=transform.outputs["transformed_examples"], window=WINDOW, **sections)
    LocalDagRunner().run(
        pipeline.Pipeline(
            pipeline_name="leakage",
            pipeline_root=str(home / "artifacts"),
            metadata_connection_config=metadata.sqlite_metadata_connection_config(str(home / "metadata.db")),
            components=[rows, schema, transform, windows],
        )
    )

    def uri(node, output):
        (found,) = (home / "artifacts" / node / output).iterdir()
        return str(found)

    return {
        "graph": uri("Transform", "transform_graph"),
        "scaled": uri("Transform", "transformed_examples"),
        "chunks": uri("Windows", "chunks"),
        "windows": uri("Windows", "windows"),
    }


@pytest.fixture(scope="module")
def as_measured(tmp_path_factory):
    return _run_components(tmp_path_factory.mktemp("measured"), tampered=False)


@pytest.fixture(scope="module")
def tampered(tmp_path_factory):
    return _run_components(tmp_path_factory.mktemp("tampered"), tampered=True)


@pytest.mark.e2e
def test_scales_are_untouched_by_eval_test_and_row_order(as_measured, tampered):
    from tapeline.series.scaling import Scaler

    one, other = Scaler.load(as_measured["graph"]), Scaler.load(tampered["graph"])
    assert one.ids.tolist() == other.ids.tolist() == [b"north", b"south\t1"]
    np.testing.assert_array_equal(one.offset, other.offset)
    np.testing.assert_array_equal(one.scales, other.scales)
    assert one.overall == other.overall


@pytest.mark.e2e
def test_train_chunks_are_untouched_by_eval_test_and_row_order(as_measured, tampered):
    from tapeline.series.window_reader import read_chunks, split_files

    pairs = [read_chunks(split_files(run["chunks"], "train")) for run in (as_measured, tampered)]
    count = 0
    for one, other in zip(*pairs, strict=True):
        count += len(one.forecast_offsets)
        assert one.series_id == other.series_id
        for name in ("timestamp", "target", "past_covariates", "static_covariates", "forecast_offsets"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
        np.testing.assert_array_equal(one.future_covariates, other.future_covariates)
    # 200 steps give 200 - 24 - 6 + 1 windows to each of two series.
    assert count == 2 * 171


@pytest.mark.e2e
def test_windows_of_beam_equal_those_of_numpy(as_measured):
    import tensorflow as tf

    from tapeline.schemas.window_spec import WindowShape
    from tapeline.series.grouping.rows_io import read_rows
    from tapeline.series.grouping.series_rows import RowFeatures
    from tapeline.series.window_reader import parse_windows, read_chunks, split_files

    parts = [
        batch
        for split in SPLITS
        for path in split_files(as_measured["scaled"], split)
        for batch in read_rows(path, RowFeatures(numbers=("target",)))
    ]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    wanted = cut(rows["series_id"], rows["timestamp"] // 3600, rows[NUMBERS][:, 0], (200, 260), WINDOW)
    shape = WindowShape(context_length=24, horizon=6, past=1, future=3, static=1)
    spec = WindowSpec(context_length=24, horizon=6)
    for split in SPLITS:
        found = {}
        for chunk in read_chunks(split_files(as_measured["chunks"], split)):
            windows = cut_windows(chunk, chunk.forecast_offsets, spec)
            for row, start in enumerate(windows["forecast_start"]):
                found[chunk.series_id, int(start) // 3600] = windows["target"][row], windows["context"][row]
        stored = {}
        for path in split_files(as_measured["windows"], split):
            serialized = list(tf.data.TFRecordDataset(path, "GZIP").as_numpy_iterator())
            batch = {n: v.numpy() for n, v in parse_windows(tf.constant(serialized), shape, with_target=True).items()}
            assert not np.isnan(batch["past_covariates"]).any()
            assert not np.isnan(batch["future_covariates"]).any()
            for row, start in enumerate(batch["forecast_start"]):
                stored[batch["series_id"][row], int(start) // 3600] = batch["target"][row], batch["context"][row]
        # The Trainer cuts windows of train and eval from chunks; those of test are written one by one.
        assert not (found if split == "test" else stored)
        windows = stored if split == "test" else found
        assert windows.keys() == wanted[split].keys()
        for key, arrays in wanted[split].items():
            for one, other in zip(arrays, windows[key], strict=True):
                np.testing.assert_array_equal(one, other)


@pytest.mark.e2e
def test_graph_scales_as_numpy_and_marks_series_without_a_scale(as_measured):
    import tensorflow as tf
    import tensorflow_transform as tft

    from tapeline.series.scaling import Scaler

    layer = tft.TFTransformOutput(as_measured["graph"]).transform_features_layer()
    ids = [b"north", b"south\t1", b"north", b"new"]
    rows = {name: tf.sparse.from_dense(tf.constant([[5.0], [6.0], [0.0], [7.0]])) for name in ("target", "load")}
    scaled = layer(
        {
            **rows,
            "series_id": tf.constant([[name] for name in ids]),
            "timestamp": tf.zeros([4, 1], tf.int64),
            "row_number": tf.zeros([4, 1], tf.int64),
            "temperature": tf.zeros([4, 1]),
            "area": tf.zeros([4]),
        }
    )
    expected = Scaler.load(as_measured["graph"]).scale(np.array([5.0, 6.0]), ids[:2])
    # The third target is missing; the fourth series was not in train, which Windows refuses by name.
    np.testing.assert_allclose(scaled["target"], [*expected, np.nan, np.inf], rtol=1e-6)
    assert np.isnan(scaled["past_covariates"].numpy()).tolist() == [[False], [False], [True], [False]]
