"""Fits the transform graph, runs the two passes over rows, and refuses what yields no windows.

The first pass scales: rows go from their files through the graph into the
groups that windows are cut from, and scaled rows are artifacts of nobody.
Mistakes in the data are collected by the workers and raised here, in the main
process, so that the user sees one message and no traceback of Beam's.
"""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from tapeline.components.transform.beam_analysis import fit_graph
from tapeline.components.transform.beam_windowing import WriteGroup
from tapeline.components.transform.earlier_fit import fit_key, note_key, take_earlier
from tapeline.components.transform.graph_inputs import GraphInputs
from tapeline.components.transform.scaled_rows import ReadScaled
from tapeline.components.transform.window_group import SPLITS_OF_CHUNKS, SPLITS_OF_WINDOWS, WindowPlan
from tapeline.components.transform.window_tally import Tally
from tapeline.schemas.errors import DataError
from tapeline.schemas.features import SPLITS
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, SplitConfig, WindowConfig
from tapeline.series.chunking import split_bounds
from tapeline.series.grouping.beam_groups import run_groups, scan_files
from tapeline.series.grouping.series_survey import Grouping, refuse_long
from tapeline.series.row_progress import CountedFile, CountedGroup, Passage, Whole, watched
from tapeline.series.time_grid import TimeGrid
from tapeline.series.window_reader import split_files

EXAMPLES_KEY = "examples"
GRAPH_KEY = "transform_graph"
CHUNKS_KEY = "chunks"
WINDOWS_KEY = "windows"

_SPARSE = 8
"""Steps that take as much memory in a group as one row."""


class Executor(base_beam_executor.BaseBeamExecutor):
    """Scales rows and cuts them into chunks and windows."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Runs the component; see `component.Transform` for inputs, outputs and properties.

        Raises:
            DataError: A split yields no window, a series has no scale, or a series has two rows for one step.
        """
        plan = WindowPlan.of(
            DataConfig.model_validate_json(exec_properties["data"]),
            FeaturesConfig.model_validate_json(exec_properties["features"]),
            WindowConfig.model_validate_json(exec_properties["window"]),
        )
        split = SplitConfig.model_validate_json(exec_properties["split"])
        uri = artifact_utils.get_single_uri(input_dict[EXAMPLES_KEY])
        graph_uri = artifact_utils.get_single_uri(output_dict[GRAPH_KEY])
        files = [(name, path) for name in SPLITS for path in split_files(uri, name)]
        # Rows wait here between the passes; TFX removes the folder in the end.
        folder = str(self._get_tmp_dir())
        inputs = GraphInputs.of(plan.features)
        self._fit(split_files(uri, SPLITS[0]), inputs, exec_properties, graph_uri)
        read = ReadScaled(graph_uri, inputs, plan.row_features.vectors)
        in_sight = functools.partial(
            watched,
            folder,
            whole=functools.partial(Whole.of_files, [path for _, path in files], passages=2),
            passages=2,
        )
        with in_sight():
            scan = scan_files(self._make_beam_pipeline, files, CountedFile(read, Passage(folder, "scale")), folder)
        if scan is None:
            raise DataError("examples: hold no rows. Check the source and the split's dates.")
        survey, grid = scan.survey, TimeGrid.of(plan.data)
        steps = grid.ordinals(survey.last) - grid.ordinals(survey.first) + 1
        refuse_long(survey, steps, unit="steps", width=plan.row_features.width)
        chunks = artifact_utils.get_single_instance(output_dict[CHUNKS_KEY])
        windows = artifact_utils.get_single_instance(output_dict[WINDOWS_KEY])
        write = WriteGroup(
            plan,
            None if split.from_ends else split_bounds(survey.split_first, grid),
            {**_folders(CHUNKS_KEY, chunks, SPLITS_OF_CHUNKS), **_folders(WINDOWS_KEY, windows, SPLITS_OF_WINDOWS)},
            folder,
        )
        # Steps without a row take memory too: a series that has few rows for its time counts for more.
        grouping = Grouping.of(survey, np.maximum(survey.rows, steps // _SPARSE))
        counted = CountedGroup(write, Passage(folder, "cut"))
        with in_sight():
            lines = run_groups(self._make_beam_pipeline, scan.pieces, grouping, counted, folder)
        tally = functools.reduce(Tally.merge, map(Tally.from_json, lines))
        tally.check(rows=dict(zip(SPLITS, survey.split_rows.tolist(), strict=True)), plan=plan)
        _describe(chunks, len(survey.ids), tally.windows)
        _describe(windows, len(survey.ids), {name: tally.windows[name] for name in SPLITS_OF_WINDOWS})

    def _fit(self, files: Sequence[str], inputs: GraphInputs, exec_properties: dict[str, Any], graph_uri: str) -> None:
        """Fills the artifact of the transform graph, with one that an earlier execution fitted on the same rows or anew."""
        sections = {name: exec_properties[name] for name in ("data", "features", "scaling")}
        key = fit_key(files, sections)
        if not take_earlier(graph_uri, key):
            fit_graph(
                self._make_beam_pipeline,
                files,
                inputs=inputs,
                sections=sections,
                target=graph_uri,
                folder=str(self._get_tmp_dir()),
            )
        note_key(graph_uri, key)


def _folders(kind: str, artifact: types.Artifact, splits: Sequence[str]) -> dict[tuple[str, str], str]:
    artifact.split_names = artifact_utils.encode_split_names(list(splits))
    folders = {(kind, split): artifact_utils.get_split_uri([artifact], split) for split in splits}
    for folder in folders.values():
        fileio.makedirs(folder)
    return folders


def _describe(artifact: types.Artifact, series: int, counts: dict[str, int]) -> None:
    """Writes format and counts onto the artifact, for lineage and the report."""
    # What tfx.components.util.examples_utils sets; importing it would load every component of TFX.
    artifact.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
    artifact.set_string_custom_property("file_format", "tfrecords_gzip")
    artifact.set_int_custom_property("series", series)
    for split, count in counts.items():
        artifact.set_int_custom_property(f"{split}_windows", count)
