from typing import Any

from tfx.types import standard_artifacts

from tapeline.components.blessed_before.component import PreviousModelStrategy
from tapeline.schemas.model_contract import CONTRACT


def _model(number: int, *, contract: str = "same") -> standard_artifacts.Model:
    model = standard_artifacts.Model()
    model.id, model.uri = number, f"/model/{number}"
    model.set_string_custom_property(CONTRACT, contract)
    return model


def _blessing(number: int, *, of: int, blessed: int = 1) -> standard_artifacts.ModelBlessing:
    blessing = standard_artifacts.ModelBlessing()
    blessing.id, blessing.uri = number, f"/blessing/{number}"
    blessing.set_int_custom_property("blessed", blessed)
    blessing.set_int_custom_property("current_model_id", of)
    return blessing


def _resolve(candidate: Any, models: Any, blessings: Any) -> list[Any]:
    resolved = PreviousModelStrategy().resolve_artifacts(
        None, {"candidate": [candidate], "model": models, "model_blessing": blessings}
    )
    assert resolved is not None
    return [model.id for model in resolved["model"]]


def test_the_model_blessed_last_before_the_candidate_is_the_baseline() -> None:
    models = [_model(1), _model(2), _model(3)]
    assert _resolve(models[2], models, [_blessing(11, of=1), _blessing(12, of=2)]) == [2]


def test_a_refused_model_is_no_baseline() -> None:
    models = [_model(1), _model(2), _model(3)]
    assert _resolve(models[2], models, [_blessing(11, of=1), _blessing(12, of=2, blessed=0)]) == [1]


def test_a_repeated_run_is_not_compared_with_itself() -> None:
    model = _model(1)
    assert _resolve(model, [model], [_blessing(11, of=1)]) == []


def test_a_model_of_another_contract_is_no_baseline() -> None:
    models = [_model(1, contract="other"), _model(2)]
    assert _resolve(models[1], models, [_blessing(11, of=1)]) == []


def test_a_first_run_has_no_baseline() -> None:
    model = _model(1)
    assert _resolve(model, [model], []) == []
