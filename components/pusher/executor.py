"""The Pusher's executor: TFX's checks of the blessing, then a new version, whole or not at all."""

from typing import Any

from absl import logging
from tfx import types
from tfx.components.pusher import executor as pusher_executor
from tfx.proto.pusher_pb2 import PushDestination
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import io_utils, json_utils, proto_utils

from tapeline.forecaster.versions import MODEL_FINGERPRINT, push_version

KEEP = "keep"
"""Key of the custom configuration: how many versions stay."""


class Executor(pusher_executor.Executor):
    """Pushes a blessed model as a new version."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        self._log_startup(input_dict, output_dict, exec_properties)
        pushed = artifact_utils.get_single_instance(output_dict[standard_component_specs.PUSHED_MODEL_KEY])
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed)
            return
        destination = PushDestination()
        proto_utils.json_to_proto(exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination)
        base = destination.filesystem.base_directory
        options = json_utils.loads(exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY])
        source = self.GetModelPath(input_dict)
        fingerprint = _blessed_fingerprint(input_dict)
        # The push comes last: where anything before it fails, nothing is pushed.
        io_utils.copy_dir(source, pushed.uri)
        version = push_version(source, base, keep=options[KEEP], fingerprint=fingerprint)
        pushed.set_string_custom_property(MODEL_FINGERPRINT, fingerprint)
        self._MarkPushed(pushed, pushed_destination=f"{base}/{version}", pushed_version=str(version))
        logging.info("Pushed %s as version %d of %s.", source, version, base)


def _blessed_fingerprint(input_dict: dict[str, list[types.Artifact]]) -> str:
    blessing = artifact_utils.get_single_instance(input_dict[standard_component_specs.MODEL_BLESSING_KEY])
    fingerprint: str = blessing.get_string_custom_property(MODEL_FINGERPRINT)
    if not fingerprint:
        raise ValueError(
            f"model_blessing: {blessing.uri!r} does not say which content was blessed; it is not from Tapeline's "
            "Evaluator. Run the Evaluator again."
        )
    return fingerprint
