"""The real Pusher node's executor: pushed if and only if blessed, and only what was blessed."""

import pathlib
from typing import Any

import pytest

from tapeline.forecaster.versions import MODEL_FINGERPRINT, folder_fingerprint, versions


@pytest.fixture
def push(tmp_path: pathlib.Path) -> Any:
    from tfx.types import standard_artifacts
    from tfx.types.channel import Channel

    from tapeline.components.pusher.component import create_pusher

    model = standard_artifacts.Model()
    model.uri = str(tmp_path / "model")
    saved = tmp_path / "model" / "Format-Serving" / "saved_model.pb"
    saved.parent.mkdir(parents=True)
    saved.write_text("weights")
    node: Any = create_pusher(
        model=Channel(type=standard_artifacts.Model).set_artifacts([model]),
        model_blessing=Channel(type=standard_artifacts.ModelBlessing),
        infra_blessing=Channel(type=standard_artifacts.InfraBlessing),
        serving_dir=str(tmp_path / "serving_model"),
        keep=2,
    )
    assert node.id == "Pusher"

    def run(*, blessed: Any, servable: int = 1, fingerprint: Any = None, weights: str = "weights") -> Any:
        saved.write_text(weights)
        blessing = standard_artifacts.ModelBlessing()
        blessing.uri = str(tmp_path / "blessing")
        blessing.set_int_custom_property("blessed", blessed)
        judged = folder_fingerprint(saved.parent) if fingerprint is None else fingerprint
        blessing.set_string_custom_property(MODEL_FINGERPRINT, judged)
        infra_blessing = standard_artifacts.InfraBlessing()
        infra_blessing.uri = str(tmp_path / "infra_blessing")
        infra_blessing.set_int_custom_property("blessed", servable)
        pushed = standard_artifacts.PushedModel()
        pushed.uri = str(tmp_path / "pushed")
        node.executor_spec.executor_class().Do(
            {"model": [model], "model_blessing": [blessing], "infra_blessing": [infra_blessing]},
            {"pushed_model": [pushed]},
            dict(node.exec_properties),
        )
        return pushed

    pusher: Any = run
    pusher.served = tmp_path / "serving_model"
    return pusher


def test_a_blessed_model_is_pushed_as_a_version(push: Any) -> None:
    pushed = push(blessed=1)
    (version,) = versions(push.served)
    assert pushed.get_int_custom_property("pushed") == 1
    assert pushed.get_string_custom_property("pushed_version") == str(version)
    assert pushed.get_string_custom_property("pushed_destination") == str(push.served / str(version))
    assert (push.served / str(version) / "saved_model.pb").read_text() == "weights"


def test_a_model_that_is_not_blessed_is_not_pushed(push: Any) -> None:
    assert push(blessed=0).get_int_custom_property("pushed") == 0
    assert versions(push.served) == []


def test_a_model_that_the_serving_gate_refused_is_not_pushed(push: Any) -> None:
    assert push(blessed=1, servable=0).get_int_custom_property("pushed") == 0
    assert versions(push.served) == []


def test_the_old_version_serves_on_when_the_new_model_is_refused(push: Any) -> None:
    push(blessed=1)
    before = versions(push.served)
    push(blessed=0)
    assert versions(push.served) == before


def test_a_blessing_of_another_model_pushes_nothing(push: Any) -> None:
    with pytest.raises(ValueError, match="is not what was blessed"):
        push(blessed=1, fingerprint="0" * 64)
    assert versions(push.served) == []


def test_a_blessing_that_names_no_content_pushes_nothing(push: Any) -> None:
    with pytest.raises(ValueError, match="does not say which content was blessed"):
        push(blessed=1, fingerprint="")
    assert versions(push.served) == []


def test_the_configured_number_of_versions_stays(push: Any) -> None:
    for number in range(4):
        push(blessed=1, weights=f"weights {number}")
    assert len(versions(push.served)) == 2


def test_a_step_that_is_started_again_pushes_once(push: Any) -> None:
    first, second = push(blessed=1), push(blessed=1)
    assert versions(push.served) == [int(second.get_string_custom_property("pushed_version"))]
    assert first.get_string_custom_property("pushed_version") == second.get_string_custom_property("pushed_version")
