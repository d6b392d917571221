"""The last node: one page on what the run found, for people.

    report = Report(
        evaluation=evaluator.outputs["evaluation"],
        model_blessing=evaluator.outputs["blessing"],
        ...
        config=config.model_dump_json(),
        report_dir="runs/co2/report",
        ...
    )
    report.outputs["report"]     # report.html, report.json, figures/

It needs the verdict, not a blessing: a refused model is the one whose report
is read.
"""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.artifact import Artifact
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tapeline.components.data_gate.component import ValidationReport
from tapeline.components.report.executor import Executor


class ForecastReport(Artifact):
    """`report.html` for people, `report.json` with its numbers, `figures/` with its pictures."""

    TYPE_NAME = "tapeline.ForecastReport"


class ReportSpec(ComponentSpec):
    """Inputs, outputs and properties of `Report`."""

    PARAMETERS = {
        "config": ExecutionParameter(type=str),
        "report_dir": ExecutionParameter(type=str),
        "source_fingerprint": ExecutionParameter(type=str),
        "code_fingerprint": ExecutionParameter(type=str),
    }
    INPUTS = {
        "evaluation": ChannelParameter(type=standard_artifacts.ModelEvaluation),
        "model_blessing": ChannelParameter(type=standard_artifacts.ModelBlessing),
        "infra_blessing": ChannelParameter(type=standard_artifacts.InfraBlessing, optional=True),
        "model": ChannelParameter(type=standard_artifacts.Model),
        "model_run": ChannelParameter(type=standard_artifacts.ModelRun),
        "windows": ChannelParameter(type=standard_artifacts.Examples),
        "transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph),
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "data_report": ChannelParameter(type=ValidationReport),
    }
    OUTPUTS = {"report": ChannelParameter(type=ForecastReport)}


class Report(base_component.BaseComponent):
    """Writes the report of a run, blessed or refused."""

    SPEC_CLASS = ReportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        evaluation: types.BaseChannel,
        model_blessing: types.BaseChannel,
        model: types.BaseChannel,
        model_run: types.BaseChannel,
        windows: types.BaseChannel,
        transform_graph: types.BaseChannel,
        examples: types.BaseChannel,
        data_report: types.BaseChannel,
        infra_blessing: types.BaseChannel | None = None,
        config: str,
        report_dir: str,
        source_fingerprint: str,
        code_fingerprint: str,
    ) -> None:
        """Wires the report.

        Args:
            evaluation: The Evaluator's numbers.
            model_blessing: Its verdict.
            model: The model that was judged.
            model_run: The record of its training.
            windows: The windows it was judged on.
            transform_graph: Holds the scales of the series.
            examples: The rows, for the lineage.
            data_report: What the data gate found.
            infra_blessing: What the serving gate found; None for a pipeline without one.
            config: The whole configuration as JSON.
            report_dir: Each run's report is copied to a folder of its own in here.
            source_fingerprint: Hash of what the source holds.
            code_fingerprint: Hash of the report's source; a changed report is written anew.
        """
        super().__init__(
            ReportSpec(
                evaluation=evaluation,
                model_blessing=model_blessing,
                model=model,
                model_run=model_run,
                windows=windows,
                transform_graph=transform_graph,
                examples=examples,
                data_report=data_report,
                infra_blessing=infra_blessing,
                config=config,
                report_dir=report_dir,
                source_fingerprint=source_fingerprint,
                code_fingerprint=code_fingerprint,
                report=types.Channel(type=ForecastReport),
            )
        )
