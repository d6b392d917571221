"""A version is served as it was pushed, or not at all."""

import pathlib
import types
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tapeline.clients.rest.loaded_version import ServedModel
from tapeline.forecaster.versions import push_version
from tapeline.schemas.errors import DataError
from tapeline.schemas.served_model import GRAPH_FILE


@pytest.fixture
def version(tmp_path: pathlib.Path) -> pathlib.Path:
    """A version whose graph is empty."""
    (tmp_path / "model").mkdir()
    graph = saved_model_pb2.SavedModel()
    graph.meta_graphs.add().meta_info_def.tags.append("serve")
    (tmp_path / "model" / GRAPH_FILE).write_bytes(graph.SerializeToString())
    (tmp_path / "model" / "variables").write_bytes(b"weights")
    return tmp_path / "versions" / str(push_version(tmp_path / "model", tmp_path / "versions", keep=1))


def test_a_version_that_changes_while_it_is_loaded_is_not_served(
    version: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_: str, *, change: bool) -> Any:
        if change:
            (version / "variables").write_bytes(b"changed")
        return types.SimpleNamespace(signatures={})

    monkeypatch.setattr(tf.saved_model, "load", lambda path: load(path, change=False))
    assert ServedModel.load(version).version == int(version.name)
    monkeypatch.setattr(tf.saved_model, "load", lambda path: load(path, change=True))
    with pytest.raises(
        DataError, match=r"cannot be served: DataError: model: the content of .* is not what was pushed"
    ):
        ServedModel.load(version)
