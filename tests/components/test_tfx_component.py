"""A class that declares inputs, properties and outputs is a TFX component."""

import inspect
from typing import Any

import pytest
from tfx.dsl.components.base import base_beam_executor, base_executor, executor_spec
from tfx.types.channel import Channel
from tfx.types.standard_artifacts import Examples, Model, Schema

from tapeline.components.tfx_component import BeamComponent, Component, Input, Output, Property
from tapeline.schemas.sections import ScalingConfig, SplitConfig


class Executor(base_executor.BaseExecutor):
    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:
        raise NotImplementedError


class BeamExecutor(base_beam_executor.BaseBeamExecutor):
    Do = Executor.Do


class Copier(Component, executor=Executor):
    """Copies rows."""

    rows = Input(Examples, "What is copied.")
    schema = Input(Schema, "What they are.", optional=True)
    scaling = Property(ScalingConfig, "The scaled space.")
    times = Property(int, "How often.")
    note = Property(str, "For people.")
    copies = Output(Examples, "The copies.")


class BeamCopier(BeamComponent, executor=BeamExecutor):
    """Copies rows on Beam."""

    rows = Input(Examples, "What is copied.")


SCALING = ScalingConfig(per_series=True)


def made(**changes: Any) -> Copier:
    rows = Channel(type=Examples)
    return Copier(**{"rows": rows, "scaling": SCALING, "times": 2, "note": "", **changes})


def test_the_declarations_are_the_specification() -> None:
    component = made()
    assert component.id == "Copier"
    assert list(component.inputs) == ["rows"]
    assert component.exec_properties == {"scaling": SCALING.model_dump_json(), "times": 2, "note": ""}
    assert component.outputs["copies"].type is Examples
    assert component.outputs["copies"].producer_component_id == "Copier"
    assert type(component.executor_spec) is executor_spec.ExecutorClassSpec
    assert component.executor_spec.executor_class is Executor


def test_an_optional_input_may_be_given_or_none() -> None:
    assert list(made(schema=Channel(type=Schema)).inputs) == ["rows", "schema"]
    assert list(made(schema=None).inputs) == ["rows"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rows": Channel(type=Model)}, "rows"),
        ({"rows": "examples"}, "rows"),
        ({"times": "2"}, "times"),
        ({"note": None}, "note"),
        ({"scaling": SCALING.model_dump_json()}, "scaling: .* is no ScalingConfig"),
        ({"scaling": SplitConfig()}, "scaling: .* is no ScalingConfig"),
        ({"time": 2}, "time: Copier has no such argument. It takes rows, schema, scaling, times, note."),
        ({"copies": Channel(type=Examples)}, "copies: Copier has no such argument"),
    ],
)
def test_a_wrong_argument_is_named(changes: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        made(**changes)


def test_a_missing_argument_is_named_and_described() -> None:
    with pytest.raises(TypeError, match=r"scaling: Copier needs this argument\. The scaled space."):
        Copier(rows=Channel(type=Examples), times=1, note="")


def test_a_beam_component_takes_arguments_for_beam() -> None:
    component = BeamCopier(rows=Channel(type=Examples)).with_beam_pipeline_args(["--direct_num_workers=1"])
    assert type(component.executor_spec) is executor_spec.BeamExecutorSpec
    assert component.executor_spec.beam_pipeline_args == ["--direct_num_workers=1"]
    assert not BeamCopier.EXECUTOR_SPEC.beam_pipeline_args


def test_the_documentation_lists_every_argument_and_output() -> None:
    assert inspect.getdoc(Copier).splitlines() == [
        "Copies rows.",
        "",
        "Args:",
        "    rows: What is copied.",
        "    schema: What they are.",
        "    scaling: The scaled space.",
        "    times: How often.",
        "    note: For people.",
        "",
        "Outputs:",
        "    copies: The copies.",
    ]
