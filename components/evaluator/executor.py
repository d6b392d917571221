"""TFX's Evaluator, between an audit of what it is given and a summary of what it found.

Scoring, validation and blessing are TFX's own. Before them, the test windows,
the scales and the model are audited, and what the audit finds becomes metrics
with limits in the same validation. After them, one file is added to the
evaluation artifact, and to the blessing a fingerprint of the model that was
judged, so that nothing else is pushed on its strength.
"""

import dataclasses
import json
import math
import os
from typing import Any

from tensorflow_model_analysis.proto import config_pb2
from tfx import types
from tfx.components.evaluator import executor as evaluator_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import path_utils, proto_utils

from tapeline.components.evaluator import scored_model
from tapeline.components.evaluator.beam_audit import AuditPlan, run_audit
from tapeline.components.evaluator.eval_config import (
    for_periods,
    for_series,
    read_requirements,
    to_eval_config,
    with_naive_errors,
)
from tapeline.components.evaluator.probe import first_windows, target_influence
from tapeline.components.evaluator.tfma_results import collect
from tapeline.forecaster.versions import MODEL_FINGERPRINT, folder_fingerprint
from tapeline.schemas.evaluation_result import SUMMARY_FILE, result_to_json
from tapeline.schemas.features import SPLITS
from tapeline.schemas.sections import DataConfig, ScalingConfig, SplitConfig, WindowConfig
from tapeline.schemas.served_model import CARD_FILE, NAIVE_ON_EVAL
from tapeline.series.scaling import Scaler
from tapeline.series.window_reader import split_files

_SECTIONS: dict[str, Any] = {
    "data": DataConfig,
    "window": WindowConfig,
    "scaling": ScalingConfig,
    "split": SplitConfig,
}


class Executor(evaluator_executor.Executor):
    """Audits, runs TFMA, and summarises its files."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Judges a model; see `component.Evaluator` for inputs, outputs and properties."""
        eval_config = config_pb2.EvalConfig()
        proto_utils.json_to_proto(exec_properties[standard_component_specs.EVAL_CONFIG_KEY], eval_config)
        model = artifact_utils.get_single_instance(input_dict[standard_component_specs.MODEL_KEY])
        card = model_card(path_utils.serving_model_path(model.uri))
        # The limit stands before a test window is read.
        known = with_naive_errors(read_requirements(eval_config), card.get(NAIVE_ON_EVAL, {}))
        found = self._audit(input_dict, exec_properties)
        windows = artifact_utils.get_single_instance(input_dict[standard_component_specs.EXAMPLES_KEY])
        series = windows.get_int_custom_property("series")
        window = WindowConfig.model_validate_json(exec_properties["window"])
        periods = windows.get_int_custom_property("test_windows") * min(1.0, window.eval_stride / window.horizon)
        requirements = for_series(for_periods(known, periods), series)
        judging = proto_utils.proto_to_json(to_eval_config(requirements, audit=found))
        properties = {
            **exec_properties,
            standard_component_specs.EVAL_CONFIG_KEY: judging,
            standard_component_specs.MODULE_PATH_KEY: scored_model.__name__,
        }
        super().Do(input_dict, output_dict, properties)
        uri = artifact_utils.get_single_uri(output_dict[standard_component_specs.EVALUATION_KEY])
        fingerprint = folder_fingerprint(path_utils.serving_model_path(model.uri))
        unit = DataConfig.model_validate_json(exec_properties["data"]).unit
        compared = bool(input_dict.get(standard_component_specs.BASELINE_MODEL_KEY))
        result = collect(uri, requirements, compared=compared)
        result = dataclasses.replace(
            result, unit=unit, model_fingerprint=fingerprint, series_count=result.series_count or series
        )
        with fileio.open(os.path.join(uri, SUMMARY_FILE), "w") as file:
            file.write(result_to_json(result))
        blessing = artifact_utils.get_single_instance(output_dict[standard_component_specs.BLESSING_KEY])
        blessing.set_string_custom_property(MODEL_FINGERPRINT, fingerprint)

    def _audit(self, input_dict: dict[str, list[types.Artifact]], exec_properties: dict[str, Any]) -> dict[str, float]:
        windows = split_files(artifact_utils.get_single_uri(input_dict[standard_component_specs.EXAMPLES_KEY]), "test")
        rows_uri = artifact_utils.get_single_uri(input_dict["rows"])
        folder = self._get_tmp_dir()
        fileio.makedirs(folder)
        found = run_audit(
            self._make_beam_pipeline,
            windows=windows,
            rows=[(split, path) for split in SPLITS for path in split_files(rows_uri, split)],
            scaler=Scaler.load(artifact_utils.get_single_uri(input_dict["transform_graph"])),
            plan=AuditPlan(
                **{name: section.model_validate_json(exec_properties[name]) for name, section in _SECTIONS.items()}
            ),
            folder=folder,
        )
        probed = first_windows(windows)
        model = artifact_utils.get_single_instance(input_dict[standard_component_specs.MODEL_KEY])
        judged = path_utils.serving_model_path(model.uri)
        return {**found, "target_influence": target_influence(judged, probed) if probed else math.inf}


def model_card(folder: str) -> dict[str, Any]:
    """Returns what a model says of itself; nothing where it has no card."""
    path = os.path.join(folder, CARD_FILE)
    if not fileio.exists(path):
        return {}
    with fileio.open(path, "r") as file:
        card: dict[str, Any] = json.loads(file.read())
    return card
