import pathlib
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from tfx.types import standard_artifacts

from tapeline.components.blessed_before.component import PreviousModelStrategy
from tapeline.forecaster.versions import MODEL_FINGERPRINT
from tapeline.schemas.model_contract import CONTRACT

Models = Callable[..., standard_artifacts.Model]


@pytest.fixture
def make(tmp_path: pathlib.Path) -> Models:
    def model_of(number: int, *, contract: str = "same") -> standard_artifacts.Model:
        model = standard_artifacts.Model()
        model.id, model.uri = number, str(tmp_path / str(number))
        model.set_string_custom_property(CONTRACT, contract)
        (tmp_path / str(number) / "Format-Serving").mkdir(parents=True)
        return model

    return model_of


def _blessing(number: int, *, of: int, blessed: int = 1) -> standard_artifacts.ModelBlessing:
    blessing = standard_artifacts.ModelBlessing()
    blessing.id, blessing.uri = number, f"/blessing/{number}"
    blessing.set_int_custom_property("blessed", blessed)
    blessing.set_int_custom_property("current_model_id", of)
    blessing.set_string_custom_property(MODEL_FINGERPRINT, f"content of {of}")
    return blessing


def _served(number: int, *, of: int, blessed: int) -> standard_artifacts.InfraBlessing:
    blessing = standard_artifacts.InfraBlessing()
    blessing.id = number
    blessing.set_int_custom_property("blessed", blessed)
    blessing.set_string_custom_property(MODEL_FINGERPRINT, f"content of {of}")
    return blessing


def _resolve(candidate: Any, models: Any, blessings: Any, served: Any = ()) -> list[Any]:
    resolved = PreviousModelStrategy().resolve_artifacts(
        None,
        {"candidate": [candidate], "model": models, "model_blessing": blessings, "infra_blessing": list(served)},
    )
    assert resolved is not None
    assert resolved["infra_blessing"] == []
    return [model.id for model in resolved["model"]]


def test_the_model_blessed_last_before_the_candidate_is_the_baseline(make: Models) -> None:
    models = [make(1), make(2), make(3)]
    assert _resolve(models[2], models, [_blessing(11, of=1), _blessing(12, of=2)]) == [2]


def test_a_refused_model_is_no_baseline(make: Models) -> None:
    models = [make(1), make(2), make(3)]
    assert _resolve(models[2], models, [_blessing(11, of=1), _blessing(12, of=2, blessed=0)]) == [1]


def test_a_repeated_run_is_not_compared_with_itself(make: Models) -> None:
    model = make(1)
    assert _resolve(model, [model], [_blessing(11, of=1)]) == []


def test_a_model_of_another_contract_is_no_baseline(make: Models) -> None:
    models = [make(1, contract="other"), make(2)]
    assert _resolve(models[1], models, [_blessing(11, of=1)]) == []


def test_a_first_run_has_no_baseline(make: Models) -> None:
    model = make(1)
    assert _resolve(model, [model], []) == []


def test_a_model_that_the_serving_gate_refused_is_no_baseline(make: Models) -> None:
    models = [make(1), make(2), make(3)]
    blessings = [_blessing(11, of=1), _blessing(12, of=2)]
    served = [_served(21, of=1, blessed=1), _served(22, of=2, blessed=0)]
    assert _resolve(models[2], models, blessings, served) == [1]


def test_the_last_word_of_the_serving_gate_counts(make: Models) -> None:
    models = [make(1), make(2)]
    served = [_served(22, of=1, blessed=1), _served(21, of=1, blessed=0)]
    assert _resolve(models[1], models, [_blessing(11, of=1)], served) == [1]


def test_a_model_whose_files_are_gone_is_no_baseline(make: Models) -> None:
    models = [make(1), make(2), make(3)]
    shutil.rmtree(models[1].uri)
    assert _resolve(models[2], models, [_blessing(11, of=1), _blessing(12, of=2)]) == [1]
