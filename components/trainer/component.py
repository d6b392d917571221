"""The Trainer as a TFX component: the hand-written loop between Transform and the Evaluator."""

from tfx.types.standard_artifacts import Examples, Model, ModelRun, TransformGraph

from tapeline.components.tfx_component import Component, Input, Output, Property
from tapeline.components.trainer.executor import Executor
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.gate_config import GateConfig
from tapeline.schemas.sections import DataConfig, ScalingConfig, WindowConfig
from tapeline.schemas.training_config import ModelConfig, TrainingConfig


class Trainer(Component, executor=Executor):
    """Trains the forecaster; raises `tapeline.schemas.errors.TrainingError` when a number is no longer finite."""

    chunks = Input(Examples, "Chunks of the train and eval splits, from Transform.")
    transform_graph = Input(TransformGraph, "The fitted transform: scales, and what the served model applies.")
    data = Property(DataConfig, "What the source holds.")
    features = Property(FeaturesConfig, "Its covariates.")
    window = Property(WindowConfig, "Context and horizon.")
    scaling = Property(ScalingConfig, "The scaled space.")
    model_config = Property(ModelConfig, "The section `model`, whose name is that of the output.")
    training = Property(TrainingConfig, "How the loop trains.")
    gate = Property(GateConfig, "The season of a baseline that the served model carries.")
    checkpoint_root = Property(str, "Folder of this pipeline's checkpoints; emptied when training ends.")
    model = Output(Model, "The served model.")
    model_run = Output(ModelRun, "The record of its training.")
