"""The serving gate as a TFX component, in the place of InfraValidator.

    gate = ServingGate(
        model=trainer.outputs["model"],
        windows=windows.outputs["windows"],
        rows=data_gate.outputs["examples"],
        data=..., features=..., window=..., scaling=..., serving=...,  # sections of the configuration
    )
    gate.outputs["blessing"]      # InfraBlessing: what the Pusher asks for beside the Evaluator's

InfraValidator wants Docker or Kubernetes; this serves the model in a process of its own, on any machine.
"""

from tfx.types.standard_artifacts import Examples, InfraBlessing, Model

from tapeline.components.serving_gate.executor import Executor
from tapeline.components.tfx_component import Component, Input, Output, Property
from tapeline.schemas.gate_config import ServingConfig
from tapeline.schemas.sections import DataConfig, FeaturesConfig, ScalingConfig, WindowConfig


class ServingGate(Component, executor=Executor):
    """Serves a model alone, asks it real and hostile requests, and blesses it if it bears them."""

    model = Input(Model, "The candidate.")
    windows = Input(Examples, "Windows with a `test` split, as `Windows` writes them.")
    rows = Input(Examples, "What Transform scaled and the windows were cut from.")
    data = Property(DataConfig, "What the source holds.")
    features = Property(FeaturesConfig, "Its covariates.")
    window = Property(WindowConfig, "Context and horizon.")
    scaling = Property(ScalingConfig, "The scaled space.")
    serving = Property(ServingConfig, "The limits.")
    blessing = Output(InfraBlessing, "The verdict.")
