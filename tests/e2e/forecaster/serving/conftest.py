"""Exporting a model takes seconds: those that nobody changes are exported once."""

from typing import Any

import pytest

from tests.e2e.forecaster.serving.small_export import OWN_SCALES, export, small_model, small_ridge


@pytest.fixture(scope="session")
def model() -> Any:
    return small_model()


@pytest.fixture(scope="session")
def ridge() -> Any:
    return small_ridge()


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory, model: Any, ridge: Any) -> tuple[Any, Any]:
    """A folder and the model that was loaded from it; one scale for all series."""
    directory = tmp_path_factory.mktemp("one") / "Format-Serving"
    return directory, export(directory, model, ridge, card={"name": "co2", "mae_scaled": 0.01})


@pytest.fixture(scope="session")
def served(exported: tuple[Any, Any]) -> Any:
    return exported[1]


@pytest.fixture(scope="session")
def per_series(tmp_path_factory: pytest.TempPathFactory, model: Any, ridge: Any) -> Any:
    """A model with a scale for each of the series `a` and `b`."""
    return export(tmp_path_factory.mktemp("own") / "Format-Serving", model, ridge, scales=OWN_SCALES)
