"""The ServingGate's executor: a model and test windows in, a blessing and its reasons out."""

from typing import Any

from absl import logging
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from tapeline.components.serving_gate.examined_ahead import SECTIONS, Examination, result_of
from tapeline.forecaster.versions import MODEL_FINGERPRINT
from tapeline.schemas.serving_result import write_result


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
        model = artifact_utils.get_single_instance(input_dict["model"])
        result = result_of(
            Examination(
                model_uri=model.uri,
                windows_uri=artifact_utils.get_single_uri(input_dict["windows"]),
                rows_uri=artifact_utils.get_single_uri(input_dict["rows"]),
                sections={name: exec_properties[name] for name in SECTIONS},
            )
        )
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        write_result(result, blessing.uri)
        # What TFX's Pusher goes by.
        blessing.set_int_custom_property("blessed", int(result.blessed))
        blessing.set_string_custom_property(MODEL_FINGERPRINT, result.model_fingerprint)
        blessing.set_string_custom_property("in_words", result.in_words)
        logging.info("Serving gate: %s", result.in_words)
