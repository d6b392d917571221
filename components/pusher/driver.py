"""What happens before the Pusher: pushes whose versions are gone or changed are struck from ML Metadata.

The cache knows that a model was pushed, not what became of its version. A
push that the serving folder no longer holds is no answer: the model is pushed
again.
"""

import pathlib

from absl import logging
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.base import base_driver as component_driver
from tfx.orchestration import metadata
from tfx.orchestration.portable import base_driver, data_types
from tfx.proto.orchestration import driver_output_pb2
from tfx.proto.pusher_pb2 import PushDestination
from tfx.types import standard_artifacts
from tfx.utils import proto_utils

from tapeline.forecaster.versions import MODEL_FINGERPRINT, folder_fingerprint

_GIVEN = "push_destination"
"""Property of TFX's Pusher. The module that names it, `standard_component_specs`, imports TFMA: seconds before the cache."""

_DESTINATION = "pushed_destination"
"""Custom property in which TFX's Pusher keeps the folder of the version."""


class Driver(component_driver.BaseDriver, base_driver.BaseDriver):
    """Keeps the cache from answering with a version that was removed or changed.

    As with TFX's own drivers, the first base is what a component asks for, the second what the launcher runs.
    """

    def __init__(self, metadata_handle: metadata.Metadata) -> None:
        component_driver.BaseDriver.__init__(self, metadata_handle)
        base_driver.BaseDriver.__init__(self, metadata_handle)

    def run(self, execution_info: data_types.ExecutionInfo) -> driver_output_pb2.DriverOutput:
        """Marks such pushes as deleted, and TFX's cache passes them over. Inputs and outputs stay as they are."""
        destination = PushDestination()
        proto_utils.json_to_proto(str(execution_info.exec_properties[_GIVEN]), destination)
        base = pathlib.Path(destination.filesystem.base_directory)
        with self._mlmd_connection as opened:
            for pushed in opened.store.get_artifacts_by_type(standard_artifacts.PushedModel.TYPE_NAME):
                version = pathlib.Path(pushed.custom_properties[_DESTINATION].string_value)
                # A store may hold other pipelines, with folders that this machine does not see.
                if version.parent != base or pushed.state != metadata_store_pb2.Artifact.LIVE:
                    continue
                if not _holds(version, pushed.custom_properties[MODEL_FINGERPRINT].string_value):
                    logging.info("%s is gone or changed; its push is not taken from the cache.", version)
                    pushed.state = metadata_store_pb2.Artifact.DELETED
                    opened.store.put_artifacts([pushed])
        return driver_output_pb2.DriverOutput()


def _holds(version: pathlib.Path, fingerprint: str) -> bool:
    """Whether a version is there and is what was pushed; pushes of before fingerprints have none."""
    return version.is_dir() and fingerprint in ("", folder_fingerprint(version))
