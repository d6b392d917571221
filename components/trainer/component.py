"""The Trainer as a TFX component: the hand-written loop between Windows and the Evaluator.

trainer = Trainer(
    chunks=windows.outputs["chunks"],
    transform_graph=transform.outputs["transform_graph"],
    data=..., features=..., window=..., scaling=..., model=..., training=..., gate=...,  # sections as JSON
    checkpoint_root="runs/co2/checkpoints",
    code_fingerprint=...,
)
trainer.outputs["model"], trainer.outputs["model_run"]
"""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tapeline.components.trainer.executor import Executor


class TrainerSpec(ComponentSpec):
    """Inputs, outputs and properties of `Trainer`."""

    PARAMETERS = {
        "data": ExecutionParameter(type=str),
        "features": ExecutionParameter(type=str),
        "window": ExecutionParameter(type=str),
        "scaling": ExecutionParameter(type=str),
        # `model` is the output: a property and an output of one component may not share a name.
        "model_config": ExecutionParameter(type=str),
        "training": ExecutionParameter(type=str),
        "gate": ExecutionParameter(type=str),
        "checkpoint_root": ExecutionParameter(type=str),
        "code_fingerprint": ExecutionParameter(type=str),
    }
    INPUTS = {
        "chunks": ChannelParameter(type=standard_artifacts.Examples),
        "transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph),
    }
    OUTPUTS = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "model_run": ChannelParameter(type=standard_artifacts.ModelRun),
    }


class Trainer(base_component.BaseComponent):
    """Trains the forecaster; raises `tapeline.schemas.errors.TrainingError` when a number is not finite any more."""

    SPEC_CLASS = TrainerSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        chunks: types.BaseChannel,
        transform_graph: types.BaseChannel,
        data: str,
        features: str,
        window: str,
        scaling: str,
        model: str,
        training: str,
        gate: str,
        checkpoint_root: str,
        code_fingerprint: str,
    ):
        """Wires the Trainer.

        Args:
            chunks: Chunks of the train and eval splits, from Windows.
            transform_graph: The fitted transform: scales, and what the served model applies.
            data: Section `data` of the configuration as JSON.
            features: Section `features`.
            window: Section `window`.
            scaling: Section `scaling`.
            model: Section `model`.
            training: Section `training`.
            gate: Section `gate`: the season of a baseline that the served model carries.
            checkpoint_root: Folder of this pipeline's checkpoints; emptied when training ends.
            code_fingerprint: Hash of the room's source; changed code trains anew.
        """
        super().__init__(
            TrainerSpec(
                chunks=chunks,
                transform_graph=transform_graph,
                data=data,
                features=features,
                window=window,
                scaling=scaling,
                model_config=model,
                training=training,
                gate=gate,
                checkpoint_root=checkpoint_root,
                code_fingerprint=code_fingerprint,
                model=types.Channel(type=standard_artifacts.Model),
                model_run=types.Channel(type=standard_artifacts.ModelRun),
            )
        )
