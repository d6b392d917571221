"""The serving gate as a TFX component, in the place of InfraValidator.

    gate = ServingGate(
        model=trainer.outputs["model"],
        windows=windows.outputs["windows"],
        rows=data_gate.outputs["examples"],
        data=..., features=..., window=..., scaling=..., serving=...,  # sections as JSON
        code_fingerprint=...,
    )
    gate.outputs["blessing"]      # InfraBlessing: what the Pusher asks for beside the Evaluator's

InfraValidator wants Docker or Kubernetes; this serves the model in a process of its own, on any machine.
"""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tapeline.components.serving_gate.executor import Executor


class ServingGateSpec(ComponentSpec):
    """Inputs, outputs and properties of `ServingGate`."""

    PARAMETERS = {
        "data": ExecutionParameter(type=str),
        "features": ExecutionParameter(type=str),
        "window": ExecutionParameter(type=str),
        "scaling": ExecutionParameter(type=str),
        "serving": ExecutionParameter(type=str),
        "code_fingerprint": ExecutionParameter(type=str),
    }
    INPUTS = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "windows": ChannelParameter(type=standard_artifacts.Examples),
        "rows": ChannelParameter(type=standard_artifacts.Examples),
    }
    OUTPUTS = {"blessing": ChannelParameter(type=standard_artifacts.InfraBlessing)}


class ServingGate(base_component.BaseComponent):
    """Serves a model alone, asks it real and hostile requests, and blesses it if it bears them."""

    SPEC_CLASS = ServingGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        model: types.BaseChannel,
        windows: types.BaseChannel,
        rows: types.BaseChannel,
        data: str,
        features: str,
        window: str,
        scaling: str,
        serving: str,
        code_fingerprint: str,
    ):
        """Wires the gate.

        Args:
            model: The candidate.
            windows: `Examples` with a `test` split, as `Windows` writes them.
            rows: `Examples` that Transform scaled and the windows were cut from.
            data: Section `data` of the configuration as JSON.
            features: Section `features`.
            window: Section `window`.
            scaling: Section `scaling`.
            serving: Section `serving`: the limits.
            code_fingerprint: Hash of the room's source, for the cache.
        """
        super().__init__(
            ServingGateSpec(
                model=model,
                windows=windows,
                rows=rows,
                data=data,
                features=features,
                window=window,
                scaling=scaling,
                serving=serving,
                code_fingerprint=code_fingerprint,
                blessing=types.Channel(type=standard_artifacts.InfraBlessing),
            )
        )
