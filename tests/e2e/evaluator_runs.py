"""The real Evaluator node on planted models, windows and rows.

    result = run_evaluator(folder, [Window(forecast=0.01)] * 3)
    refusals(result)                   # ids of the checks that failed

Rows, windows and scales agree with each other as the pipeline's would, unless a test makes one of them lie.
"""

import dataclasses
import json
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tapeline.forecaster.versions import folder_fingerprint
from tapeline.pipeline.beam_arguments import beam_arguments
from tapeline.schemas.gate_config import GateConfig
from tapeline.schemas.sections import DataConfig, ScalingConfig, SplitConfig, WindowConfig
from tapeline.schemas.served_model import CARD_FILE, NAIVE_ON_EVAL
from tapeline.series.moments import moments, scale_file
from tapeline.series.scaling import scale_path
from tapeline.series.time_grid import TimeGrid
from tests.row_files import write_row_file

HORIZON = 4
# A window's context holds the forecast that the planted model gives, then those of the baselines.
OUTPUTS = ("forecast", "persistence", "seasonal_naive", "ridge")
CONTEXT = HORIZON * len(OUTPUTS)
NAN = float("nan")
DATA = DataConfig(frequency="QS", time="t", target="y", unit="MW")
SCALE = 10.0
"""Units of the target in one scaled unit: train rows lie between 0 and this."""
NAIVE_ERROR = 0.05
"""Error of "as a season ago" within the train split, as the model says."""
TEST_START = 200
"""Ordinal of the first test row."""

REACH = {"lower": -0.005, "upper": 0.005, "lower_95": -0.02, "upper_95": 0.02}
"""How far the planted model's intervals go from its forecast, scaled."""

_NOT_A_NUMBER = 99.0
"""A context is finite; this value in it makes the planted model forecast NaN."""


class PlantedModel(tf.Module):
    """Reads its outputs out of the context, plus a constant bias on its own forecast; intervals `reach` times as far."""

    def __init__(self, bias: float = 0.0, *, reach: float = 1.0) -> None:
        super().__init__()
        self.reach = reach
        self.bias = tf.Variable(bias, dtype=tf.float32)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def evaluate(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        context = parse(examples, "context", CONTEXT)
        parts = tf.split(tf.where(context == _NOT_A_NUMBER, NAN, context), len(OUTPUTS), axis=1)
        outputs = dict(zip(OUTPUTS, parts, strict=True))
        outputs["forecast"] += self.bias
        outputs |= {end: outputs["forecast"] + self.reach * distance for end, distance in REACH.items()}
        constants = {"offset": 0.0, "scale": SCALE, "naive_error": NAIVE_ERROR}
        return outputs | {name: tf.fill([tf.size(examples)], value) for name, value in constants.items()}


class TeacherForcedModel(PlantedModel):
    """Feeds the horizon's targets to its decoder: each step repeats the true value before it, or nearly."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def evaluate(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = PlantedModel.evaluate.python_function(self, examples)
        return {**outputs, "forecast": parse(examples, "target", HORIZON) + 0.001}


def parse(examples: tf.Tensor, name: str, size: int) -> tf.Tensor:
    return tf.io.parse_example(examples, {name: tf.io.FixedLenFeature([size], tf.float32)})[name]


@dataclasses.dataclass
class Window:
    """One planted window: the target is 0 everywhere, so forecasts are errors."""

    forecast: float | list[float] = 0.001
    persistence: float = 0.1
    seasonal_naive: float = 0.1
    ridge: float = 0.1
    target: list[float] | None = None
    series_id: bytes = b"a"

    def context(self) -> npt.NDArray[Any]:
        parts = [np.broadcast_to(getattr(self, name), HORIZON) for name in OUTPUTS]
        return np.nan_to_num(np.concatenate(parts), nan=_NOT_A_NUMBER).astype(np.float32)

    def targets(self) -> npt.NDArray[Any]:
        return np.asarray(self.target or [0.0] * HORIZON, np.float32)


def example(**values: Any) -> bytes:
    """Serializes an Example; bytes, whole numbers and floats go where they belong."""
    feature = {}
    for name, value in values.items():
        if isinstance(value, bytes):
            feature[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        elif isinstance(value, int):
            feature[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        else:
            feature[name] = tf.train.Feature(float_list=tf.train.FloatList(value=np.ravel(value)))
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def timestamp(ordinal: int) -> int:
    return int(TimeGrid.of(DATA).timestamps(np.array([ordinal]))[0])


def starts(windows: Sequence[Window]) -> list[int]:
    """Where each window's forecast starts: windows lie one after another and do not overlap."""
    return [TEST_START + CONTEXT + i * (CONTEXT + HORIZON) for i in range(len(windows))]


def serialize_windows(windows: Sequence[Window]) -> list[bytes]:
    return [
        example(
            series_id=window.series_id,
            forecast_start=timestamp(start),
            context=window.context(),
            context_observed=np.ones(CONTEXT),
            target=window.targets(),
        )
        for window, start in zip(windows, starts(windows), strict=True)
    ]


def rows_of(
    windows: Sequence[Window], *, scale: float, peak: float | None
) -> dict[str, list[tuple[bytes, int, float]]]:
    """Rows (series, ordinal, target in its unit) by split, that give these windows when divided by the scale."""
    series = sorted({window.series_id for window in windows} | {b"a"})
    rows = {
        "train": [row for name in series for row in ((name, 0, 0.0), (name, 1, SCALE))],
        "eval": [(name, TEST_START - 1, 0.5 * SCALE) for name in series],
        "test": [],
    }
    for window, start in zip(windows, starts(windows), strict=True):
        values = scale * np.concatenate([window.context(), window.targets()])
        rows["test"] += [(window.series_id, start - CONTEXT + i, value) for i, value in enumerate(values.tolist())]
    if peak is not None:
        rows["test"].append((b"a", TEST_START + len(windows) * (CONTEXT + HORIZON), peak))
    return rows


def row_columns(rows: Sequence[tuple[bytes, int, float]]) -> dict[str, Any]:
    """Rows as columns; a missing target is NaN."""
    return {
        "series_id": [series for series, _, _ in rows],
        "timestamp": [timestamp(ordinal) for _, ordinal, _ in rows],
        "target": [value for _, _, value in rows],
    }


def run_evaluator(
    folder: pathlib.Path,
    windows: Sequence[Window],
    *,
    gate: GateConfig | None = None,
    scaling: ScalingConfig | None = None,
    model: tf.Module | None = None,
    baseline: tf.Module | None = None,
    peak: float | None = None,
    scaled_on_test: bool = False,
    eval_stride: int = 1,
    tamper: Callable[[list[bytes]], list[bytes]] = lambda windows: windows,
    naive_on_eval: dict[str, float] | None = None,
    series: int = 1,
) -> Any:
    """Runs the node's executor as TFX does, and reads the verdict back.

    Args:
        folder: Where artifacts go.
        windows: The test windows.
        gate: What is required; two windows are enough unless it says otherwise.
        scaling: The scaled space.
        model: The candidate; None takes one that forecasts what the windows say.
        baseline: The model blessed before.
        peak: Target of one more test row, that lies in no window.
        scaled_on_test: Whether the scales are fitted on all rows, the peak included, and not on those of train.
        eval_stride: Steps between forecast starts, as the configuration says.
        tamper: Changes the windows after the rows behind them are written.
        naive_on_eval: What the candidate's card says that naive forecasts erred by on eval; None: it has no card.
        series: Number of series that the windows say they are of.
    """
    from tfx.dsl.components.base import base_beam_executor
    from tfx.types import artifact_utils, standard_artifacts
    from tfx.types.channel import Channel

    from tapeline.components.evaluator.component import create_evaluator
    from tapeline.schemas.evaluation_result import read_verdict

    scaling = scaling or ScalingConfig()

    def artifact(kind: Any, name: str) -> Any:
        made = kind()
        made.uri = str(folder / name)
        tf.io.gfile.makedirs(made.uri)
        return made

    def examples(name: str, records: dict[str, list[bytes]]) -> Any:
        made = artifact(standard_artifacts.Examples, name)
        made.split_names = artifact_utils.encode_split_names(list(records))
        for split, content in records.items():
            tf.io.gfile.makedirs(f"{made.uri}/Split-{split}")
            path = f"{made.uri}/Split-{split}/{name}-00000-of-00001.gz"
            with tf.io.TFRecordWriter(path, options="GZIP") as writer:
                for record in content:
                    writer.write(record)
        return made

    def row_artifact(splits: dict[str, list[tuple[bytes, int, float]]]) -> Any:
        made = artifact(standard_artifacts.Examples, "rows")
        made.split_names = artifact_utils.encode_split_names(list(splits))
        for split, content in splits.items():
            tf.io.gfile.makedirs(f"{made.uri}/Split-{split}")
            write_row_file(f"{made.uri}/Split-{split}/rows-00000.parquet", row_columns(content))
        return made

    scale = max(SCALE, peak or 0.0) if scaled_on_test else SCALE
    rows = rows_of(windows, scale=scale, peak=peak)
    fitted = [row for split in rows for row in rows[split] if scaled_on_test or split == "train"]
    ids = np.empty(len(fitted), object)
    ids[:] = [series for series, _, _ in fitted]
    table = moments(ids, np.array([value for _, _, value in fitted], np.float32))
    graph = artifact(standard_artifacts.TransformGraph, "transform_graph")
    tf.io.gfile.makedirs(str(pathlib.Path(scale_path(graph.uri)).parent))
    pathlib.Path(scale_path(graph.uri)).write_bytes(scale_file(table, scaling))

    inputs = {
        "examples": examples(
            "windows", {"eval": serialize_windows([Window(forecast=NAN)]), "test": tamper(serialize_windows(windows))}
        ),
        "rows": row_artifact(rows),
        "transform_graph": graph,
        "model": artifact(standard_artifacts.Model, "model"),
    }
    inputs["examples"].set_int_custom_property("series", series)
    save_model(f"{inputs['model'].uri}/Format-Serving", model or PlantedModel())
    if naive_on_eval is not None:
        card = pathlib.Path(inputs["model"].uri, "Format-Serving", CARD_FILE)
        card.parent.mkdir()
        card.write_text(json.dumps({NAIVE_ON_EVAL: naive_on_eval}))
    inputs["examples"].set_int_custom_property("test_windows", len(windows))
    if baseline is not None:
        inputs["baseline_model"] = artifact(standard_artifacts.Model, "baseline")
        save_model(f"{inputs['baseline_model'].uri}/Format-Serving", baseline)
    outputs = {
        "evaluation": artifact(standard_artifacts.ModelEvaluation, "evaluation"),
        "blessing": artifact(standard_artifacts.ModelBlessing, "blessing"),
    }
    channels = {key: Channel(type=type(value)).set_artifacts([value]) for key, value in inputs.items()}
    node: Any = create_evaluator(
        **channels,
        gate=gate or GateConfig(min_windows=2),
        window=WindowConfig(context_length=CONTEXT, horizon=HORIZON, eval_stride=eval_stride),
        data=DATA,
        scaling=scaling,
        split=SplitConfig(),
    )
    context = base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=beam_arguments(()), tmp_dir=str(folder / "tmp"), unique_id="1"
    )
    node.executor_spec.executor_class(context).Do(
        {key: [value] for key, value in inputs.items()},
        {key: [value] for key, value in outputs.items()},
        dict(node.exec_properties),
    )
    assert outputs["blessing"].get_int_custom_property("blessed") == tf.io.gfile.exists(
        f"{outputs['blessing'].uri}/BLESSED"
    )
    judged = folder_fingerprint(f"{inputs['model'].uri}/Format-Serving")
    assert outputs["blessing"].get_string_custom_property("model_fingerprint") == judged
    return read_verdict(outputs["evaluation"].uri, outputs["blessing"].uri)


def save_model(path: str, model: Any) -> None:
    tf.saved_model.save(model, path, signatures={"evaluate": model.evaluate})


def refusals(result: Any) -> list[str]:
    """Ids of the checks that failed."""
    assert result.blessed == (not result.failed)
    return [check.id for check in result.failed]


def reasons(result: Any) -> tuple[str, ...]:
    """The same in words."""
    from tapeline.schemas.check_wording import in_words

    return tuple(map(in_words, result.failed))
