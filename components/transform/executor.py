"""Runs the two passes over scaled rows and refuses what yields no windows.

Mistakes in the data are collected by the workers and raised here, in the main
process, so that the user sees one message and no traceback of Beam's.
"""

import json
from collections.abc import Sequence
from typing import Any

import apache_beam as beam
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from tapeline.components.transform.beam_windowing import UNMEASURED, Load, RouteRows, ScanFile, WriteGroup
from tapeline.components.transform.group import SPLITS_OF_CHUNKS, SPLITS_OF_WINDOWS, WindowPlan
from tapeline.components.transform.refusals import check_counts, check_survey
from tapeline.components.transform.survey import Survey, merge_surveys
from tapeline.schemas.errors import DataError
from tapeline.schemas.features import SPLITS
from tapeline.schemas.sections import DataConfig, FeaturesConfig, WindowConfig
from tapeline.series.grouping.beam_lines import run_lines
from tapeline.series.grouping.pieces import load, load_from_json, save
from tapeline.series.window_reader import split_files

EXAMPLES_KEY = "transformed_examples"
CHUNKS_KEY = "chunks"
WINDOWS_KEY = "windows"


class Executor(base_beam_executor.BaseBeamExecutor):
    """Cuts scaled rows into chunks and windows."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Runs the component.

        Args:
            input_dict: `transformed_examples`, one artifact.
            output_dict: `chunks` (train and eval) and `windows` (test).
            exec_properties: `window`, `data` and `features` as JSON.

        Raises:
            DataError: A split yields no window, a series has no scale, or a series has two rows for one step.
        """
        plan = WindowPlan.of(
            DataConfig.model_validate_json(exec_properties["data"]),
            FeaturesConfig.model_validate_json(exec_properties["features"]),
            WindowConfig.model_validate_json(exec_properties["window"]),
        )
        uri = artifact_utils.get_single_uri(input_dict[EXAMPLES_KEY])
        files = [(split, path) for split in SPLITS for path in split_files(uri, split)]
        survey, loads = self._survey(files, plan)
        check_survey(survey)
        chunks = artifact_utils.get_single_instance(output_dict[CHUNKS_KEY])
        windows = artifact_utils.get_single_instance(output_dict[WINDOWS_KEY])
        folders = {
            **_folders(CHUNKS_KEY, chunks, SPLITS_OF_CHUNKS),
            **_folders(WINDOWS_KEY, windows, SPLITS_OF_WINDOWS),
        }
        counts = self._cut(loads, plan, survey, folders)
        check_counts(counts, survey, plan)
        _describe(chunks, survey, counts)
        _describe(windows, survey, {split: counts[split] for split in SPLITS_OF_WINDOWS})

    def _survey(self, files: list[tuple[str, str]], plan: WindowPlan) -> tuple[Survey, list[Load]]:
        """Returns facts about all rows, and where the second pass finds them."""
        lines = self._lines("Scan", beam.Create(files) | beam.Reshuffle() | beam.FlatMap(ScanFile(plan, self._folder)))
        scans = sorted((json.loads(line) for line in lines), key=lambda scan: str(scan["survey"]))
        if not scans:
            raise DataError("transformed_examples: hold no rows. Check the source and the split's dates.")
        loads = [(split, load_from_json(pieces)) for scan in scans for split, pieces in scan["loads"]]
        return merge_surveys([load(scan["survey"]) for scan in scans]), loads

    def _cut(
        self,
        loads: list[Load],
        plan: WindowPlan,
        survey: Survey,
        folders: dict[tuple[str, str], str],
    ) -> dict[str, int]:
        """Writes chunks and windows; returns the windows of each split, and those left out."""
        path = save(survey, self._folder)
        lines = self._lines(
            "Cut",
            beam.Create(loads)
            | beam.Reshuffle()
            | "Route" >> beam.ParDo(RouteRows(plan, path, self._folder))
            | "Group" >> beam.GroupByKey()
            | "Write" >> beam.ParDo(WriteGroup(plan, path, folders, self._folder)),
        )
        tallies = [json.loads(line) for line in lines]
        problems = sorted(tally["problem"] for tally in tallies if "problem" in tally)
        if problems:
            raise DataError("\n".join(problems[:5]))
        return {kind: sum(tally[kind] for tally in tallies) for kind in (*SPLITS, UNMEASURED)}

    @property
    def _folder(self) -> str:
        """Where rows and surveys wait between the passes; TFX removes it in the end."""
        return str(self._get_tmp_dir())

    def _lines(self, name: str, transform: beam.PTransform) -> list[str]:
        """Runs a pipeline that gives lines of text, and returns them in any order."""
        return run_lines(self._make_beam_pipeline(), name, transform, self._folder)


def _folders(kind: str, artifact: types.Artifact, splits: Sequence[str]) -> dict[tuple[str, str], str]:
    artifact.split_names = artifact_utils.encode_split_names(list(splits))
    folders = {(kind, split): artifact_utils.get_split_uri([artifact], split) for split in splits}
    for folder in folders.values():
        fileio.makedirs(folder)
    return folders


def _describe(artifact: types.Artifact, survey: Survey, counts: dict[str, int]) -> None:
    """Writes format and counts onto the artifact, for lineage and the report."""
    # What tfx.components.util.examples_utils sets; importing it would load every component of TFX.
    artifact.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
    artifact.set_string_custom_property("file_format", "tfrecords_gzip")
    artifact.set_int_custom_property("series", len(survey.ids))
    for split, count in counts.items():
        artifact.set_int_custom_property(f"{split}_windows", count)
