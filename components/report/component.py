"""The last node: one page on what the run found, for people.

It needs the verdict, not a blessing: a refused model is the one whose report
is read.
"""

from tfx.types.standard_artifacts import (
    Examples,
    InfraBlessing,
    Model,
    ModelBlessing,
    ModelEvaluation,
    ModelRun,
    TransformGraph,
)

from tapeline.components.artifacts import ForecastReport, ValidationReport
from tapeline.components.report.executor import Executor
from tapeline.components.tfx_component import Component, Input, Output, Property


class Report(Component, executor=Executor):
    """Writes the report of a run, blessed or refused."""

    evaluation = Input(ModelEvaluation, "The Evaluator's numbers.")
    model_blessing = Input(ModelBlessing, "Its verdict.")
    infra_blessing = Input(InfraBlessing, "What the serving gate found; a pipeline may be without one.", optional=True)
    model = Input(Model, "The model that was judged.")
    model_run = Input(ModelRun, "The record of its training.")
    windows = Input(Examples, "The windows it was judged on.")
    transform_graph = Input(TransformGraph, "Holds the scales of the series.")
    examples = Input(Examples, "The rows, for the lineage.")
    data_report = Input(ValidationReport, "What the data gate found.")
    config = Property(str, "The whole configuration as JSON.")
    report_dir = Property(str, "Each run's report is copied to a folder of its own in here.")
    source_fingerprint = Property(str, "Hash of what the source holds.")
    report = Output(ForecastReport, "The page, its numbers and its pictures.")
