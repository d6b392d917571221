"""Executors around BulkInferrer: a large file to requests before it, its answers to Parquet after it."""

import dataclasses
import functools
import json
import os
from typing import Any

import apache_beam as beam
from tfx import types
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from tapeline.clients.batch.beam_contexts import RecentContexts
from tapeline.clients.batch.beam_tables import WriteTable
from tapeline.forecaster.inference.context_checks import raise_findings
from tapeline.forecaster.inference.recent_rows import style_of
from tapeline.forecaster.pushed_model import Card
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, WindowConfig
from tapeline.series.checks.findings import Finding
from tapeline.series.grouping.beam_lines import run_lines
from tapeline.series.row_progress import Passage, watched
from tapeline.series.sources.beam_scanning import scan_to_json
from tapeline.series.sources.block_progress import whole_source
from tapeline.series.sources.reading import plan_blocks
from tapeline.series.sources.rows import RowLayout
from tapeline.series.sources.scanning import facts_from_json, survey_source
from tapeline.series.sources.source import find_source
from tapeline.series.sources.time_style import TimeStyle

SPLIT = "newest"
"""The only split of the requests."""

_STYLE = "time_style"


class ContextExecutor(base_beam_executor.BaseBeamExecutor):
    """Reads a source in two Beam passes, as the first component of a run does, and writes one request a series."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Makes requests.

        Args:
            input_dict: Empty.
            output_dict: `examples`, one artifact.
            exec_properties: `data`, `features` and `window` as JSON.

        Raises:
            DataError: The source is missing or breaks a rule.
        """
        card = card_of(exec_properties)
        layout = RowLayout.of(card.data, card.features)
        blocks = plan_blocks(find_source(card.data), needed=layout.columns)
        temporary = self._get_tmp_dir()
        read = functools.partial(scan_to_json, layout=layout, passage=Passage(temporary, "scan"))
        scan = beam.Create(blocks) | beam.Reshuffle() | beam.FlatMap(read)
        whole = functools.partial(whole_source, blocks, each=len(layout.target))
        with watched(temporary, whole=whole):
            facts = [facts_from_json(line) for line in run_lines(self._make_beam_pipeline(), "Scan", scan, temporary)]
        survey = survey_source(blocks, facts, layout)
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        examples.split_names = artifact_utils.encode_split_names([SPLIT])
        examples.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
        examples.set_string_custom_property("file_format", "tfrecords_gzip")
        examples.set_string_custom_property(_STYLE, json.dumps(dataclasses.asdict(style_of(facts))))
        folder = artifact_utils.get_split_uri([examples], SPLIT)
        fileio.makedirs(folder)
        contexts = RecentContexts(
            layout=layout,
            card=card,
            first_rows=survey.first_rows,
            requests=os.path.join(folder, "data_tfrecord"),
        )
        lines = run_lines(
            self._make_beam_pipeline(),
            "Contexts",
            beam.Create(blocks) | beam.Reshuffle() | contexts,
            temporary,
        )
        findings = sorted((Finding(**json.loads(line)) for line in lines), key=lambda finding: finding.sort_key)
        raise_findings(findings, source=str(card.data.source))


class TableExecutor(base_beam_executor.BaseBeamExecutor):
    """Writes what BulkInferrer forecast as Parquet."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes tables.

        Args:
            input_dict: `inference_result` and `examples`.
            output_dict: `forecasts`, one artifact.
            exec_properties: As those of `ContextExecutor`.
        """
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        style = _read_style(examples.get_string_custom_property(_STYLE))
        folder = artifact_utils.get_single_uri(output_dict["forecasts"])
        fileio.makedirs(folder)
        logs = os.path.join(artifact_utils.get_single_uri(input_dict["inference_result"]), "prediction_logs*")
        pipeline: Any = self._make_beam_pipeline()
        with pipeline:
            _ = (
                pipeline
                | "Files" >> beam.Create(list(enumerate(sorted(fileio.glob(logs)))))
                | "Spread" >> beam.Reshuffle()
                | "Tables" >> beam.FlatMap(WriteTable(folder, card_of(exec_properties), style))
            )


def card_of(exec_properties: dict[str, Any]) -> Card:
    """Returns what a client must know of the model, from a component's properties."""
    return Card(
        data=DataConfig.model_validate_json(exec_properties["data"]),
        features=FeaturesConfig.model_validate_json(exec_properties["features"]),
        window=WindowConfig.model_validate_json(exec_properties["window"]),
    )


def _read_style(text: str) -> TimeStyle:
    style = json.loads(text)
    # JSON has no keys but texts, and no tuples.
    offsets = {int(offset): tuple(first) for offset, first in style["offsets"].items()}
    return TimeStyle(**{**style, "offsets": offsets, "first": tuple(style["first"])})
