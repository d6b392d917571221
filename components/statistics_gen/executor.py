"""StatisticsGen's executor: a few rows are described in this process, more of them on Beam."""

import os
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from tapeline.components.statistics_gen.beam_statistics import SplitFiles, describe_here, describe_on_beam
from tapeline.schemas import features as names
from tapeline.schemas.artifact_files import ONE_ROW_IN
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.series.grouping.series_rows import RowFeatures
from tapeline.series.window_reader import split_files

STATISTICS_FILE = "FeatureStats.pb"
"""Where TFX's components look for the statistics of a split."""


class Executor(base_beam_executor.BaseBeamExecutor):
    """Writes the statistics of every split."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Runs the component; see `component.StatisticsGen` for inputs, outputs and properties."""
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        statistics = artifact_utils.get_single_instance(output_dict["statistics"])
        features = FeaturesConfig.model_validate_json(exec_properties["features"])
        # Each number as the float32 that it is nearest to: nobody curates a schema of what that rounds away.
        numbers = (column for column in features.columns if column not in features.text_columns)
        described = RowFeatures(numbers=(names.TARGET, *numbers), texts=features.text_columns, row_number=True)
        statistics.split_names, statistics.span = examples.split_names, examples.span
        splits = []
        for split in artifact_utils.decode_split_names(examples.split_names):
            folder = artifact_utils.get_split_uri([statistics], split)
            fileio.makedirs(folder)
            one_in = _one_row_in(examples.get_int_custom_property(f"{split}_rows"), exec_properties["most_rows"])
            statistics.set_int_custom_property(ONE_ROW_IN.format(split=split), one_in)
            target = os.path.join(folder, STATISTICS_FILE)
            splits.append(SplitFiles(split, tuple(split_files(examples.uri, split)), one_in, target))
        if not describe_here(splits, described):
            describe_on_beam(self._make_beam_pipeline, splits, described, str(self._get_tmp_dir()))


def _one_row_in(rows: int, most_rows: int) -> int:
    """Every how manieth row is described, so that no more of them are than asked for."""
    return max(1, -(-rows // most_rows)) if most_rows else 1
