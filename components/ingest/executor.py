"""Reads a source in two passes of one Beam job and writes it as rows, split by time.

The first pass collects facts. From them a worker computes the cut-offs, and the second pass writes. Mistakes in the
data are raised here, in the main process, from the same facts; then nothing was written. Each block goes to files of its
own, in its own order: nothing is shuffled, and a block that a runner repeats replaces its files by equal ones.
"""

import functools
import json
import os
from typing import Any

import apache_beam as beam
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from tapeline.components.ingest.beam_writing import UNUSED_ROWS, BlockWriter, Settle
from tapeline.components.ingest.series_cuts import AnyBounds, ends_span
from tapeline.components.ingest.splits import check_counts, show_time
from tapeline.schemas.artifact_files import SOURCE_FILE
from tapeline.schemas.features import SPLITS
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, SplitConfig
from tapeline.series.grouping.beam_lines import run_two_passes
from tapeline.series.row_progress import Passage, watched
from tapeline.series.sources.beam_scanning import scan_to_json
from tapeline.series.sources.block_progress import whole_source
from tapeline.series.sources.reading import plan_blocks
from tapeline.series.sources.rows import RowLayout
from tapeline.series.sources.scanning import Survey
from tapeline.series.sources.source import Source, find_source
from tapeline.series.time_grid import TimeGrid

EXAMPLES_KEY = "examples"


class Executor(base_beam_executor.BaseBeamExecutor):
    """Writes the rows of a source into the splits that their times lie in."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Runs the component; see `component.SeriesExampleGen` for outputs and properties.

        Raises:
            DataError: The source is missing or breaks a rule; all that is wrong stands in one message.
            ConfigError: The split's dates do not fit the data.
        """
        data = DataConfig.model_validate_json(exec_properties["data"])
        features = FeaturesConfig.model_validate_json(exec_properties["features"])
        split = SplitConfig.model_validate_json(exec_properties["split"])
        examples = artifact_utils.get_single_instance(output_dict[EXAMPLES_KEY])
        layout = RowLayout.of(data, features)
        source = find_source(data)
        blocks = plan_blocks(source, needed=layout.columns)
        settle = Settle(blocks=blocks, layout=layout, split=split, grid=TimeGrid.of(data))
        survey, bounds, rows = self._write(settle, examples)
        check_counts(rows, bounds.ranges())
        _describe(examples, source, bounds, rows)
        with fileio.open(os.path.join(examples.uri, SOURCE_FILE), "w") as file:
            file.write(json.dumps({"files": survey.files, "wall_clock": survey.wall_clock}))

    def _write(self, settle: Settle, examples: types.Artifact) -> tuple[Survey, AnyBounds, dict[str, int]]:
        """Writes all rows; returns what is known of them, the cut-offs, and how many rows each split got."""
        examples.split_names = artifact_utils.encode_split_names(list(SPLITS))
        folders = {name: artifact_utils.get_split_uri([examples], name) for name in SPLITS}
        temporary = self._get_tmp_dir()
        scan = functools.partial(
            scan_to_json,
            layout=settle.layout,
            passage=Passage(temporary, "scan"),
            span=ends_span(settle.split, settle.grid),
        )
        whole = functools.partial(whole_source, settle.blocks, each=len(settle.layout.target))
        with watched(temporary, whole=whole, passages=2):
            facts, written = run_two_passes(
                self._make_beam_pipeline(),
                settle.blocks,
                scan,
                settle,
                beam.FlatMap(BlockWriter(layout=settle.layout, folders=folders, temporary=temporary)),
                temporary,
            )
        survey, bounds = settle.survey(facts)
        for folder in folders.values():
            fileio.makedirs(folder)
        counts = [json.loads(line) for line in written]
        rows = {name: sum(count.get(name, 0) for count in counts) for name in (*SPLITS, UNUSED_ROWS)}
        expected = survey.rows * len(settle.layout.target)
        if sum(rows.values()) != expected:
            raise RuntimeError(f"{expected} rows were read and {sum(rows.values())} written: the source has changed.")
        return survey, bounds, rows


def _describe(examples: types.Artifact, source: Source, bounds: AnyBounds, rows: dict[str, int]) -> None:
    """Writes spans, format, cut-offs and row counts onto the artifact, for lineage and the report."""
    # What tfx.components.util.examples_utils sets; importing it would load every component of TFX.
    examples.set_string_custom_property("payload_format", "FORMAT_PARQUET")
    examples.set_string_custom_property("file_format", "FILE_FORMAT_PARQUET")
    if source.spans:
        # Properties of TFX's own: its resolvers choose artifacts by them.
        examples.span, examples.version = source.spans[-1], source.version or 0
        examples.set_int_custom_property("first_span", source.spans[0])
    for name, (start, end) in bounds.ranges().items():
        examples.set_string_custom_property(f"{name}_start", show_time(start))
        examples.set_string_custom_property(f"{name}_end", show_time(end))
    for name, count in rows.items():
        examples.set_int_custom_property(f"{name}_rows", count)
