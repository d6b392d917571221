"""StatisticsGen: what TFX's own component writes, from whole blocks, in this process or on Beam."""

import pathlib
from typing import Any

import numpy as np
import pytest
import tensorflow_data_validation as tfdv
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils, standard_artifacts

from tapeline.components.statistics_gen.executor import Executor
from tapeline.pipeline.beam_arguments import beam_arguments
from tapeline.schemas.features import SPLITS
from tapeline.schemas.features_config import FeaturesConfig
from tests.row_files import write_row_file

FEATURES = FeaturesConfig(past_covariates=("wind",), future_covariates=("sky",), categorical=("sky",))


def write_rows(folder: pathlib.Path, rows: int = 60) -> Any:
    """Two files a split; one value in five is missing, and wind is never measured in the eval split."""
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder)
    artifact.split_names = artifact_utils.encode_split_names(list(SPLITS))
    artifact.set_string_custom_property("payload_format", "FORMAT_PARQUET")
    artifact.set_string_custom_property("file_format", "FILE_FORMAT_PARQUET")
    for split in SPLITS:
        artifact.set_int_custom_property(f"{split}_rows", 2 * rows)
        (folder / f"Split-{split}").mkdir(parents=True)
        for part in range(2):
            number = np.arange(rows) + part * rows
            columns = {
                "series_id": [b"a" if each % 3 else b"b" for each in number],
                "timestamp": number * 3600,
                "row_number": number,
                "target": np.sin(number),
                "wind": [None if split == "eval" or each % 5 == 0 else each / 7 for each in number],
                "sky": [b"clear" if each % 2 else b"mist" for each in number],
            }
            write_row_file(folder / f"Split-{split}" / f"rows-{part}.parquet", columns, texts=("sky",))
    return artifact


def describe(examples: Any, folder: pathlib.Path, *, most_rows: int = 0, executor: Any = Executor) -> Any:
    """Runs an executor; returns its artifact and, by split, the statistics of each feature."""
    statistics = standard_artifacts.ExampleStatistics()
    statistics.uri = str(folder / "statistics")
    context = base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=beam_arguments(()), tmp_dir=str(folder / "tmp"), unique_id="1"
    )
    properties = {"features": FEATURES.model_dump_json(), "most_rows": most_rows}
    executor(context).Do({"examples": [examples]}, {"statistics": [statistics]}, properties)
    found = {}
    for split in artifact_utils.decode_split_names(statistics.split_names):
        (dataset,) = tfdv.load_stats_binary(f"{statistics.uri}/Split-{split}/FeatureStats.pb").datasets
        features = {feature.name or feature.path.step[0]: feature for feature in dataset.features}
        found[split] = dataset.num_examples, features
    return statistics, found


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return write_rows(tmp_path_factory.mktemp("rows"))


def test_of_many_rows_some_that_are_spread_over_the_split_are_described(examples: Any, tmp_path: pathlib.Path) -> None:
    artifact, found = describe(examples, tmp_path, most_rows=40)
    count, features = found["train"]
    # Of each file of 60 rows, one in three.
    assert artifact.get_int_custom_property("train_one_row_in") == 3
    assert count == 40
    assert features["row_number"].num_stats.max == 117


def test_all_rows_are_described_unless_asked_for_fewer(examples: Any, tmp_path: pathlib.Path) -> None:
    for most_rows in (0, 120, 10_000):
        artifact, found = describe(examples, tmp_path / str(most_rows), most_rows=most_rows)
        assert artifact.get_int_custom_property("eval_one_row_in") == 1
        assert found["eval"][0] == 120
