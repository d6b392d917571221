"""The ServingGate's executor: a model and test windows in, a blessing and its reasons out."""

from typing import Any

from absl import logging
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from tapeline.components.serving_gate.examination import examine
from tapeline.components.serving_gate.real_windows import read_real_windows
from tapeline.forecaster.versions import MODEL_FINGERPRINT
from tapeline.schemas.features import SPLITS
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.gate_config import ServingConfig
from tapeline.schemas.sections import DataConfig, ScalingConfig, WindowConfig
from tapeline.schemas.serving_result import write_result
from tapeline.series.window_reader import split_files

_WINDOWS = 16


class Executor(base_executor.BaseExecutor):
    """Blesses a model that serves alone, and says why another is not blessed."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Examines a model; one that is refused is no failure of the node.

        Args:
            input_dict: `model`, `windows` and `rows`.
            output_dict: `blessing`.
            exec_properties: The sections as JSON, and `code_fingerprint`.
        """
        windows_uri = artifact_utils.get_single_uri(input_dict["windows"])
        rows_uri = artifact_utils.get_single_uri(input_dict["rows"])
        model = artifact_utils.get_single_instance(input_dict["model"])
        scaling = ScalingConfig.model_validate_json(exec_properties["scaling"])
        windows = read_real_windows(
            split_files(windows_uri, SPLITS[-1]),
            [path for split in SPLITS for path in split_files(rows_uri, split)],
            data=DataConfig.model_validate_json(exec_properties["data"]),
            features=FeaturesConfig.model_validate_json(exec_properties["features"]),
            window=WindowConfig.model_validate_json(exec_properties["window"]),
            count=_WINDOWS,
        )
        result = examine(
            path_utils.serving_model_path(model.uri),
            windows,
            limits=ServingConfig.model_validate_json(exec_properties["serving"]),
            refuses_unknown=scaling.per_series and scaling.unseen_series == "refuse",
        )
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        write_result(result, blessing.uri)
        # What TFX's Pusher goes by.
        blessing.set_int_custom_property("blessed", int(result.blessed))
        blessing.set_string_custom_property(MODEL_FINGERPRINT, result.model_fingerprint)
        blessing.set_string_custom_property("in_words", result.in_words)
        logging.info("Serving gate: %s", result.in_words)
