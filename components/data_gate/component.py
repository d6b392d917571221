"""The data gate: rows in, the same rows out, or a refusal that lists everything wrong with them.

Transform reads what the gate hands on, so no path leads around it.
ExampleValidator alone stops nothing: it writes anomalies and succeeds.
"""

from tfx.types.standard_artifacts import ExampleAnomalies, Examples, ExampleStatistics, Schema

from tapeline.components.artifacts import ValidationReport
from tapeline.components.data_gate.executor import Executor
from tapeline.components.tfx_component import BeamComponent, Input, Output, Property
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import ChecksConfig, DataConfig, ScalingConfig, SplitConfig, WindowConfig


class DataGate(BeamComponent, executor=Executor):
    """Stops the pipeline with `tapeline.schemas.errors.DataError` when the data break a rule; warnings are only reported."""

    rows = Input(Examples, "Rows, with the splits train, eval and test.")
    statistics = Input(ExampleStatistics, "Their statistics, from StatisticsGen.")
    schema = Input(Schema, "The schema, curated or inferred.")
    anomalies = Input(ExampleAnomalies, "What ExampleValidator found.")
    data = Property(DataConfig, "What the source holds.")
    features = Property(FeaturesConfig, "Its covariates.")
    checks = Property(ChecksConfig, "The limits.")
    window = Property(WindowConfig, "Context and horizon.")
    split = Property(SplitConfig, "Where the splits end.")
    scaling = Property(ScalingConfig, "The scaled space, which a few values must not set.")
    examples = Output(Examples, "The rows that passed.")
    report = Output(ValidationReport, "What the gate found.")
