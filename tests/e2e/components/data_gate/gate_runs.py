"""Runs StatisticsGen, a schema, ExampleValidator and DataGate on rows held in memory, without an orchestrator."""

import dataclasses
import pathlib
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow_data_validation as tfdv
from tfx.components.example_validator import executor as example_validator
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import io_utils

from tapeline.components.artifacts import ValidationReport
from tapeline.components.data_gate.executor import Executor
from tapeline.components.statistics_gen.executor import Executor as StatisticsExecutor
from tapeline.pipeline.beam_arguments import beam_arguments
from tapeline.schemas.features import ROW_NUMBER, SERIES_ID, SPLITS, TARGET, TIMESTAMP
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import ChecksConfig, DataConfig, ScalingConfig, SplitConfig, WindowConfig
from tests.row_files import write_row_file

BEAM_ARGS = beam_arguments(("--direct_running_mode=in_memory", "--direct_num_workers=1"))


@dataclasses.dataclass
class Gate:
    """The artifacts of one run of the gate."""

    examples: standard_artifacts.Examples
    report: ValidationReport
    rows: standard_artifacts.Examples


def write_rows(folder: pathlib.Path, rows: dict[str, dict[str, npt.NDArray[Any]]]) -> standard_artifacts.Examples:
    """Writes rows by split and column as SeriesExampleGen does; NaN is left out."""
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    artifact.split_names = artifact_utils.encode_split_names(list(SPLITS))
    for split in SPLITS:
        (folder / f"Split-{split}").mkdir(parents=True)
        write_row_file(folder / f"Split-{split}" / "rows-00000.parquet", rows[split])
    return artifact


def single_series(
    timestamps: npt.NDArray[Any], target: npt.NDArray[Any], *, cuts: tuple[float, float] = (0.7, 0.85)
) -> dict[str, dict[str, npt.NDArray[Any]]]:
    """Rows of one series, cut by shares of the time span."""
    first, last = timestamps.min(), timestamps.max()
    shares = (timestamps - first) / max(1, last - first)
    parts = np.searchsorted(cuts, shares, side="right")
    return {
        split: {
            SERIES_ID: np.array([b"series"] * int((parts == index).sum())),
            TIMESTAMP: timestamps[parts == index],
            ROW_NUMBER: np.flatnonzero(parts == index),
            TARGET: target[parts == index],
        }
        for index, split in enumerate(SPLITS)
    }


def run_gate(
    folder: pathlib.Path,
    rows: dict[str, dict[str, npt.NDArray[Any]]],
    *,
    data: DataConfig,
    window: WindowConfig,
    features: FeaturesConfig | None = None,
    checks: ChecksConfig | None = None,
    scaling: ScalingConfig | None = None,
    schema: str | None = None,
) -> Gate:
    """Runs the gate; the refusal's DataError passes through.

    Args:
        folder: Where artifacts go.
        rows: Rows by split and column.
        data: Section of the configuration.
        window: Section of the configuration.
        features: Section of the configuration.
        checks: Section of the configuration.
        scaling: Section of the configuration.
        schema: Text of a schema; None infers it from all splits, as SchemaGen does.
    """
    examples = write_rows(folder / "rows", rows)
    statistics = standard_artifacts.ExampleStatistics()
    statistics.uri = str(folder / "statistics")
    context = base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=BEAM_ARGS, tmp_dir=str(folder / "tmp"), unique_id="1"
    )
    properties = {"features": (features or FeaturesConfig()).model_dump_json(), "most_rows": 0}
    StatisticsExecutor(context).Do({"examples": [examples]}, {"statistics": [statistics]}, properties)
    schema_artifact = standard_artifacts.Schema()
    schema_artifact.uri = str(folder / "schema")
    if schema is None:
        splits = [tfdv.load_stats_binary(f"{statistics.uri}/Split-{split}/FeatureStats.pb") for split in SPLITS]
        inferred = tfdv.infer_schema(splits[0], infer_feature_shape=False)
        for later in splits[1:]:
            inferred = tfdv.update_schema(inferred, later, infer_feature_shape=False)
        io_utils.write_pbtxt_file(f"{schema_artifact.uri}/schema.pbtxt", inferred)
    else:
        io_utils.write_string_file(f"{schema_artifact.uri}/schema.pbtxt", schema)
    anomalies = standard_artifacts.ExampleAnomalies()
    anomalies.uri = str(folder / "anomalies")
    example_validator.Executor().Do(
        {"statistics": [statistics], "schema": [schema_artifact]}, {"anomalies": [anomalies]}, {}
    )
    out = standard_artifacts.Examples()
    out.uri = str(folder / "DataGate" / "examples" / "7")
    report = ValidationReport()
    report.uri = str(folder / "DataGate" / "report" / "7")
    sections = {
        "data": data,
        "features": features or FeaturesConfig(),
        "checks": checks or ChecksConfig(),
        "window": window,
        "split": SplitConfig(),
        "scaling": scaling or ScalingConfig(),
    }
    Executor(context).Do(
        {"rows": [examples], "statistics": [statistics], "schema": [schema_artifact], "anomalies": [anomalies]},
        {"examples": [out], "report": [report]},
        {name: section.model_dump_json() for name, section in sections.items()},
    )
    return Gate(out, report, examples)
