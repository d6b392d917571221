"""A version is looked at before TensorFlow loads it."""

import pathlib

import pytest

from tapeline.clients.rest.loaded_version import ServedModel
from tapeline.forecaster.versions import push_version
from tapeline.schemas.errors import DataError


def test_a_damaged_version_is_not_served(tmp_path: pathlib.Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "saved_model.pb").write_bytes(b"graph")
    version = tmp_path / "serving_model" / str(push_version(tmp_path / "model", tmp_path / "serving_model", keep=1))
    (version / "saved_model.pb").write_bytes(b"grapi")
    with pytest.raises(DataError, match=r"cannot be served: DataError: .* is not what was pushed"):
        ServedModel.load(version)
