"""The serving gate as a TFX component, instead of InfraValidator.

InfraValidator wants Docker or Kubernetes; this serves the model in a process of its own, on any machine.
"""

from tfx.types.standard_artifacts import Examples, InfraBlessing, Model

from tapeline.components.serving_gate.executor import Executor
from tapeline.components.tfx_component import Component, Input, Output, Property
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.gate_config import ServingConfig
from tapeline.schemas.sections import DataConfig, ScalingConfig, WindowConfig


class ServingGate(Component, executor=Executor):
    """Serves a model alone, asks it real and hostile requests, and blesses it if it answers and refuses as it must."""

    model = Input(Model, "The candidate.")
    windows = Input(Examples, "Windows with a `test` split, as Transform writes them.")
    rows = Input(Examples, "What Transform scaled and the windows were cut from.")
    data = Property(DataConfig, "What the source holds.")
    features = Property(FeaturesConfig, "Its covariates.")
    window = Property(WindowConfig, "Context and horizon.")
    scaling = Property(ScalingConfig, "The scaled space.")
    serving = Property(ServingConfig, "The limits.")
    blessing = Output(InfraBlessing, "The verdict.")
