"""Fits the transform graph and cuts windows, in one job of Beam, and refuses what yields no windows.

Rows are read once: the graph is fitted on what the first pass lays down, and the second sends each group through the
graph before it is cut. Scaled rows are artifacts of nobody.
Mistakes in the data are collected by the workers and raised here, in the main
process, so that the user sees one message and no traceback of Beam's.
"""

import functools
from collections.abc import Sequence
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from tapeline.components.transform.beam_analysis import FitGraph
from tapeline.components.transform.beam_windowing import WriteGroup, divide_steps, survey_steps
from tapeline.components.transform.earlier_fit import fit_key, note_key, take_earlier
from tapeline.components.transform.graph_inputs import GraphInputs
from tapeline.components.transform.scaled_rows import ScaleRows
from tapeline.components.transform.window_group import SPLITS_OF_CHUNKS, SPLITS_OF_WINDOWS, WindowPlan
from tapeline.components.transform.window_tally import Tally
from tapeline.schemas.errors import DataError
from tapeline.schemas.features import SPLITS
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, SplitConfig, WindowConfig
from tapeline.series.grouping.beam_groups import group_files
from tapeline.series.grouping.rows_io import read_rows
from tapeline.series.grouping.series_survey import refuse_long
from tapeline.series.row_progress import CountedFile, CountedGroup, Passage, Whole, watched
from tapeline.series.window_reader import split_files

EXAMPLES_KEY = "examples"
GRAPH_KEY = "transform_graph"
CHUNKS_KEY = "chunks"
WINDOWS_KEY = "windows"


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
        sections = {name: exec_properties[name] for name in ("data", "features", "scaling")}
        key = fit_key(split_files(uri, SPLITS[0]), sections)
        fitted = take_earlier(graph_uri, key)
        chunks = artifact_utils.get_single_instance(output_dict[CHUNKS_KEY])
        windows = artifact_utils.get_single_instance(output_dict[WINDOWS_KEY])
        folders = {
            **_folders(CHUNKS_KEY, chunks, SPLITS_OF_CHUNKS),
            **_folders(WINDOWS_KEY, windows, SPLITS_OF_WINDOWS),
        }
        whole = functools.partial(Whole.of_files, [path for _, path in files])
        with watched(folder, whole=whole, passages=2):
            survey, lines = group_files(
                self._make_beam_pipeline(),
                files,
                read=CountedFile(functools.partial(read_rows, features=inputs.rows), Passage(folder, "read")),
                learn=None if fitted else FitGraph(inputs=inputs, sections=sections, target=graph_uri, folder=folder),
                divide=functools.partial(divide_steps, plan=plan, own_ends=split.from_ends),
                ready=ScaleRows(graph_uri, inputs, plan.row_features.vectors),
                work=CountedGroup(WriteGroup(plan, folders, folder), Passage(folder, "cut")),
                folder=folder,
            )
        note_key(graph_uri, key)
        if survey is None:
            raise DataError("examples: hold no rows. Check the source and the split's dates.")
        refuse_long(survey, survey_steps(survey, plan), unit="steps", width=plan.row_features.width)
        tally = functools.reduce(Tally.merge, map(Tally.from_json, lines))
        tally.check(rows=dict(zip(SPLITS, survey.split_rows.tolist(), strict=True)), plan=plan)
        _describe(chunks, len(survey.ids), tally.windows)
        _describe(windows, len(survey.ids), {name: tally.windows[name] for name in SPLITS_OF_WINDOWS})


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
