"""The Pusher node: TFX's checks of the blessing, Tapeline's atomic versions.

    pusher = create_pusher(
        model=..., model_blessing=..., infra_blessing=..., serving_dir="runs/co2/serving_model", keep=5
    )

A model that is not blessed by both gates is not pushed; that is no failure of the node.
"""

from typing import Any

from absl import logging
from tfx import types
from tfx.components.pusher import executor as pusher_executor
from tfx.components.pusher.component import Pusher
from tfx.dsl.components.base import executor_spec
from tfx.proto.pusher_pb2 import PushDestination  # type: ignore[attr-defined]
from tfx.types import artifact_utils, channel, standard_component_specs
from tfx.utils import io_utils, json_utils, proto_utils

from tapeline.forecaster.versions import MODEL_FINGERPRINT, push_version

_KEEP = "keep"


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
        version = push_version(source, base, keep=options[_KEEP], fingerprint=_blessed_fingerprint(input_dict))
        io_utils.copy_dir(source, pushed.uri)
        self._MarkPushed(pushed, pushed_destination=f"{base}/{version}", pushed_version=str(version))
        logging.info("Pushed %s as version %d of %s.", source, version, base)


def _blessed_fingerprint(input_dict: dict[str, list[types.Artifact]]) -> str:
    blessing = artifact_utils.get_single_instance(input_dict[standard_component_specs.MODEL_BLESSING_KEY])
    fingerprint = blessing.get_string_custom_property(MODEL_FINGERPRINT)
    if not fingerprint:
        raise ValueError(
            f"model_blessing: {blessing.uri!r} does not say which content was blessed; it is not from Tapeline's "
            "Evaluator. Run the Evaluator again."
        )
    return fingerprint


class VersionPusher(Pusher):
    """TFX's Pusher with an executor that pushes atomically and keeps the newest versions."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)


def create_pusher(
    *,
    model: channel.BaseChannel,
    model_blessing: channel.BaseChannel,
    infra_blessing: channel.BaseChannel | None = None,
    serving_dir: str,
    keep: int,
) -> VersionPusher:
    """Returns the node that pushes a blessed model.

    Args:
        model: The model.
        model_blessing: The Evaluator's word on it.
        infra_blessing: The ServingGate's; None asks for the Evaluator's alone.
        serving_dir: Folder of the versions; a server watches it.
        keep: Versions that stay, the newest ones; those that a server has marked as in use stay as well.

    Returns:
        A node with the id `Pusher` and the output `pushed_model`: `pushed` 0 or 1, and `pushed_version`.
    """
    return VersionPusher(
        model=model,
        model_blessing=model_blessing,
        infra_blessing=infra_blessing,
        push_destination=PushDestination(filesystem=PushDestination.Filesystem(base_directory=serving_dir)),
        custom_config={_KEEP: keep},
    ).with_id("Pusher")
