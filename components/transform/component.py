"""Transform as a component of Tapeline: scaling and windowing in one, on whole blocks of rows.

TFX's Transform reads and writes record by record, and hands scaled rows on through files.
"""

from tfx.types.standard_artifacts import Examples, TransformGraph

from tapeline.components.tfx_component import BeamComponent, Input, Output, Property
from tapeline.components.transform.executor import Executor
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, ScalingConfig, SplitConfig, WindowConfig


class Transform(BeamComponent, executor=Executor):
    """Fits scales on the train split, scales all rows, and cuts chunks (for training) and windows (for scoring)."""

    examples = Input(Examples, "Rows, with the splits train, eval and test.")
    data = Property(DataConfig, "Frequency and names of the series.")
    features = Property(FeaturesConfig, "The covariates.")
    scaling = Property(ScalingConfig, "The scaled space.")
    window = Property(WindowConfig, "Context, horizon and strides.")
    split = Property(SplitConfig, "Whether each series was cut by its own end.")
    transform_graph = Output(TransformGraph, "The fitted transform, as TensorFlow Transform writes it.")
    chunks = Output(Examples, "What the Trainer cuts its windows from.")
    windows = Output(Examples, "What a model is scored on.")
