"""Pushes that the cache may answer with: those whose version is still there, as it was pushed."""

import pathlib
import shutil

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.orchestration import metadata
from tfx.orchestration.portable import data_types
from tfx.proto.pusher_pb2 import PushDestination
from tfx.types import channel, standard_artifacts
from tfx.utils import proto_utils

from tapeline.components.pusher.component import create_pusher
from tapeline.components.pusher.driver import Driver
from tapeline.forecaster.versions import MODEL_FINGERPRINT, folder_fingerprint, push_version


class Pushes:
    """A store, and a folder of versions.

    Args:
        root: Where both are.
    """

    def __init__(self, root: pathlib.Path) -> None:
        self.base = root / "serving_model"
        self._model = root / "model"
        self._model.mkdir()
        (self._model / "saved_model.pb").write_text("graph")
        self.store = metadata.Metadata(metadata.sqlite_metadata_connection_config(str(root / "metadata.db")))

    def push(self) -> pathlib.Path:
        """Pushes a version and records it as the Pusher does; returns its folder."""
        version = self.base / str(push_version(self._model, self.base, keep=5))
        self.record(str(version), folder_fingerprint(version))
        return version

    def record(self, destination: str, fingerprint: str) -> None:
        """Records a push."""
        artifact = standard_artifacts.PushedModel()
        artifact.set_string_custom_property("pushed_destination", destination)
        artifact.set_string_custom_property(MODEL_FINGERPRINT, fingerprint)
        record = artifact.mlmd_artifact
        record.state = mlmd.Artifact.LIVE
        with self.store as opened:
            record.type_id = opened.store.put_artifact_type(artifact.artifact_type, can_add_fields=True)
            opened.store.put_artifacts([record])

    def usable(self) -> list[bool]:
        """Whether the cache may answer with each of them, once the driver has run."""
        destination = PushDestination(filesystem=PushDestination.Filesystem(base_directory=str(self.base)))
        properties = {"push_destination": proto_utils.proto_to_json(destination)}
        Driver(self.store).run(data_types.ExecutionInfo(exec_properties=properties))
        with self.store as opened:
            pushed = opened.store.get_artifacts_by_type("PushedModel")
        return [each.state == mlmd.Artifact.LIVE for each in pushed]


@pytest.fixture
def pushes(tmp_path: pathlib.Path) -> Pushes:
    return Pushes(tmp_path)


def test_a_push_whose_version_is_there_is_kept(pushes: Pushes) -> None:
    pushes.push()
    assert pushes.usable() == [True]


def test_a_push_whose_version_is_gone_is_not_taken_from_the_cache(pushes: Pushes) -> None:
    gone = pushes.push()
    pushes.push()
    shutil.rmtree(gone)
    assert pushes.usable() == [False, True]


def test_a_push_whose_version_was_changed_is_not_taken_from_the_cache(pushes: Pushes) -> None:
    (pushes.push() / "saved_model.pb").write_text("other")
    assert pushes.usable() == [False]


def test_pushes_to_another_folder_are_left_alone(pushes: Pushes) -> None:
    pushes.record("/of/another/pipeline/7", "other")
    pushes.record("", "")
    assert pushes.usable() == [True, True]


def test_a_store_without_pushes_is_left_as_it_is(pushes: Pushes) -> None:
    assert pushes.usable() == []


def test_the_component_takes_the_driver(tmp_path: pathlib.Path) -> None:
    model, blessing = (
        channel.Channel(type=each) for each in (standard_artifacts.Model, standard_artifacts.ModelBlessing)
    )
    pusher = create_pusher(model=model, model_blessing=blessing, serving_dir=str(tmp_path), keep=1)
    assert pusher.driver_class is Driver
