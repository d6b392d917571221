"""Transform as TFX runs it: nothing of eval and test reaches the scales or the chunks of train."""

import json
from typing import Any

import numpy as np
import pytest

from tapeline.schemas.features import rest
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, ScalingConfig, SplitConfig, WindowConfig
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.grouping.series_rows import NUMBERS
from tests.row_files import write_row_file
from tests.test_no_leakage import SPLITS, cut
from tests.windows_of_chunks import cut_windows

DATA = DataConfig(frequency="H", time="ds", target="y", series_id="id")
FEATURES = FeaturesConfig(
    past_covariates=("load", "sky"),
    future_covariates="temperature",
    static_covariates="area",
    categorical="sky",
    calendar=("hour_of_day",),
)
SPLIT = SplitConfig()
WINDOW = WindowConfig(context_length=24, horizon=6)


def _write_rows(folder: Any, *, tampered: Any) -> None:
    """Rows of two series as SeriesExampleGen writes them; tampering touches eval and test, and the rows' order."""
    rng = np.random.default_rng(5)
    for split, (first, last) in {"train": (0, 200), "eval": (200, 260), "test": (260, 320)}.items():
        rows = []
        for series, level in ((b"north", 10.0), (b"south\t1", 500.0)):
            for step in range(first, last):
                value = level + 5 * np.sin(step / 4) + rng.normal()
                temperature, load = rng.normal(20, 5), rng.normal()
                if tampered and split != "train":
                    value, temperature, load = value * 1000, temperature - 300, load * 50
                row: dict[str, Any] = {"target": value, "temperature": temperature, "load": load, "area": level}
                if step % 17 == 3:
                    row |= {"target": None, "load": None}
                sky = b"hail" if tampered and split != "train" else (b"clear", b"clear", b"mist", b"")[step % 4]
                rows.append({**row, "sky": sky, "series_id": series, "timestamp": step * 3600, "row_number": step})
        (folder / f"Split-{split}").mkdir(parents=True)
        written = [rows[i] for i in rng.permutation(len(rows))] if tampered else rows
        columns = {name: [row[name] for row in written] for name in rows[0]}
        write_row_file(folder / f"Split-{split}" / "rows-00000.parquet", columns, texts=("sky",))


def _run_components(home: Any, *, tampered: Any) -> dict[Any, Any]:
    """Transform as TFX runs it; returns the URIs of its outputs and of its rows."""
    from tfx.dsl.components.common.importer import Importer
    from tfx.orchestration import metadata, pipeline
    from tfx.orchestration.local.local_dag_runner import LocalDagRunner
    from tfx.types import standard_artifacts

    from tapeline.components.transform.component import Transform

    _write_rows(home / "rows", tampered=tampered)
    rows = Importer(
        source_uri=str(home / "rows"),
        artifact_type=standard_artifacts.Examples,
        properties={"split_names": json.dumps(SPLITS)},
        custom_properties={"payload_format": "FORMAT_PARQUET", "file_format": "FILE_FORMAT_PARQUET"},
    ).with_id("rows")
    transform = Transform(
        examples=rows.outputs["result"],
        data=DATA,
        features=FEATURES,
        scaling=ScalingConfig(per_series=True),
        window=WINDOW,
        split=SPLIT,
    )
    LocalDagRunner().run(
        pipeline.Pipeline(
            pipeline_name="leakage",
            pipeline_root=str(home / "artifacts"),
            metadata_connection_config=metadata.sqlite_metadata_connection_config(str(home / "metadata.db")),
            components=[rows, transform],
        )
    )

    def uri(node: Any, output: Any) -> str:
        (found,) = (home / "artifacts" / node / output).iterdir()
        return str(found)

    return {
        "graph": uri("Transform", "transform_graph"),
        "rows": str(home / "rows"),
        "chunks": uri("Transform", "chunks"),
        "windows": uri("Transform", "windows"),
    }


@pytest.fixture(scope="module")
def as_measured(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return _run_components(tmp_path_factory.mktemp("measured"), tampered=False)


@pytest.fixture(scope="module")
def tampered(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return _run_components(tmp_path_factory.mktemp("tampered"), tampered=True)


def test_scales_are_untouched_by_eval_test_and_row_order(as_measured: Any, tampered: Any) -> None:
    from tapeline.series.scaling import Scaler

    one, other = Scaler.load(as_measured["graph"]), Scaler.load(tampered["graph"])
    assert one.ids.tolist() == other.ids.tolist() == [b"north", b"south\t1"]
    np.testing.assert_array_equal(one.offset, other.offset)
    np.testing.assert_array_equal(one.scales, other.scales)
    assert one.overall == other.overall


def test_categories_are_those_of_train_in_the_order_of_how_many_rows_hold_them(as_measured: Any, tampered: Any) -> None:
    from tapeline.series.categories import category_sizes, read_categories

    for run in (as_measured, tampered):
        categories = read_categories(run["graph"], FEATURES)
        assert categories == {"sky": [b"clear", b"mist"]}
        assert category_sizes(categories) == {"sky": 3}


def test_train_chunks_are_untouched_by_eval_test_and_row_order(as_measured: Any, tampered: Any) -> None:
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


def test_windows_of_beam_equal_those_of_numpy(as_measured: Any) -> None:
    import tensorflow as tf

    from tapeline.components.transform.graph_inputs import GraphInputs
    from tapeline.components.transform.scaled_rows import ScaleRows
    from tapeline.schemas.window_spec import WindowShape
    from tapeline.series.grouping.rows_io import read_rows
    from tapeline.series.grouping.series_rows import SeriesRows
    from tapeline.series.window_reader import parse_windows, read_chunks, split_files

    inputs = GraphInputs.of(FEATURES)
    files = [(split, path) for split in SPLITS for path in split_files(as_measured["rows"], split)]
    batches = [SeriesRows.of(batch, split=split) for split, path in files for batch in read_rows(path, inputs.rows)]
    rows = ScaleRows(as_measured["graph"], inputs, {})(SeriesRows.join(batches))
    wanted = cut(rows.ids[rows.code], rows.timestamp // 3600, rows.columns[NUMBERS][:, 0], (200, 260), WINDOW)
    shape = WindowShape(context_length=24, horizon=6, past=2, future=3, static=1)
    spec = WindowSpec(context_length=24, horizon=6)
    for split in SPLITS:
        found = {}
        for chunk in read_chunks(split_files(as_measured["chunks"], split)):
            scored = cut_windows(chunk, chunk.forecast_offsets, spec)
            for row, start in enumerate(scored["forecast_start"]):
                found[chunk.series_id, int(start) // 3600] = scored["target"][row], scored["context"][row]
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


def test_graph_scales_as_numpy_and_marks_series_without_a_scale(as_measured: Any) -> None:
    import tensorflow as tf
    import tensorflow_transform as tft

    from tapeline.series.scaling import Scaler

    layer = tft.TFTransformOutput(as_measured["graph"]).transform_features_layer()
    ids = [b"north", b"south\t1", b"north", b"new"]
    rows = {name: tf.constant([5.0, 6.0, np.nan, 7.0]) for name in ("target", "load")}
    rests = {rest(name): tf.zeros([4]) for name in ("target", "load", "temperature", "area")}
    scaled = layer(
        {
            **rows,
            **rests,
            "series_id": tf.constant(ids),
            "timestamp": tf.zeros([4], tf.int64),
            "temperature": tf.zeros([4]),
            "area": tf.zeros([4]),
            "sky": tf.constant(["mist", " clear ", "hail", ""]),
        }
    )
    expected = Scaler.load(as_measured["graph"]).scale(np.array([5.0, 6.0]), ids[:2])
    # The third target is missing; the fourth series was not in train, which Transform refuses by name.
    np.testing.assert_allclose(scaled["target"], [*expected, np.nan, np.inf], rtol=1e-6)
    assert np.isnan(scaled["past_covariates"].numpy()).tolist() == [
        [False, False],
        [False, False],
        [True, False],
        [False, False],
    ]
    # An unseen category and a missing one have the number 0; spaces around do not count.
    assert scaled["past_covariates"][:, 1].numpy().tolist() == [2, 1, 0, 0]
