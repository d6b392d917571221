"""The two components around BulkInferrer: contexts before it, tables after it."""

from tfx.types.standard_artifacts import Examples, InferenceResult

from tapeline.clients.batch.executor import ContextExecutor, TableExecutor
from tapeline.components.artifacts import Forecasts
from tapeline.components.tfx_component import BeamComponent, Input, Output, Property
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, WindowConfig


class RecentContextGen(BeamComponent, executor=ContextExecutor):
    """Makes a request of the newest rows of every series."""

    data = Property(DataConfig, "Its source is the file to forecast.")
    features = Property(FeaturesConfig, "The covariates that the model takes.")
    window = Property(WindowConfig, "Context and horizon.")
    examples = Output(Examples, "The requests.")


class ForecastTables(BeamComponent, executor=TableExecutor):
    """Writes BulkInferrer's answers as Parquet."""

    examples = Input(Examples, "What BulkInferrer was asked: it says how the source writes its times.")
    inference_result = Input(InferenceResult, "What it answered.")
    data = Property(DataConfig, "How the source names its columns.")
    features = Property(FeaturesConfig, "The covariates that the model takes.")
    window = Property(WindowConfig, "Context and horizon.")
    forecasts = Output(Forecasts, "The answers, as tables.")
