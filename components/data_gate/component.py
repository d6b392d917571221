"""The data gate: rows in, the same rows out, or a refusal that lists everything wrong with them.

    gate = DataGate(
        examples=example_gen.outputs["examples"],
        statistics=statistics_gen.outputs["statistics"],
        schema=schema.outputs["schema"],
        anomalies=example_validator.outputs["anomalies"],
        data=..., features=..., checks=..., window=..., split=...,   # sections of the configuration as JSON
        code_fingerprint=...,
    )
    gate.outputs["examples"]     # what Transform reads: no path around the gate

ExampleValidator alone stops nothing: it writes anomalies and succeeds.
"""

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.artifact import Artifact
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tapeline.components.data_gate.executor import Executor


class ValidationReport(Artifact):
    """What the gate found: `report.txt` for readers, `findings.json` for machines."""

    TYPE_NAME = "tapeline.ValidationReport"


class DataGateSpec(ComponentSpec):
    """Inputs, outputs and properties of `DataGate`."""

    PARAMETERS = {
        "data": ExecutionParameter(type=str),
        "features": ExecutionParameter(type=str),
        "checks": ExecutionParameter(type=str),
        "window": ExecutionParameter(type=str),
        "split": ExecutionParameter(type=str),
        "code_fingerprint": ExecutionParameter(type=str),
    }
    # An input and an output of one component may not share a name.
    INPUTS = {
        "rows": ChannelParameter(type=standard_artifacts.Examples),
        "statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics),
        "schema": ChannelParameter(type=standard_artifacts.Schema),
        "anomalies": ChannelParameter(type=standard_artifacts.ExampleAnomalies),
    }
    OUTPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "report": ChannelParameter(type=ValidationReport),
    }


class DataGate(base_beam_component.BaseBeamComponent):
    """Stops the pipeline with `tapeline.schemas.errors.DataError` when the data break a rule; warnings are only reported."""

    SPEC_CLASS = DataGateSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        statistics: types.BaseChannel,
        schema: types.BaseChannel,
        anomalies: types.BaseChannel,
        data: str,
        features: str,
        checks: str,
        window: str,
        split: str,
        code_fingerprint: str,
    ):
        """Wires the gate.

        Args:
            examples: Rows, with the splits train, eval and test.
            statistics: Their statistics, from StatisticsGen.
            schema: The schema, curated or inferred.
            anomalies: What ExampleValidator found.
            data: Section `data` of the configuration as JSON.
            features: Section `features`.
            checks: Section `checks`.
            window: Section `window`.
            split: Section `split`.
            code_fingerprint: Hash of the gate's source; a changed check runs anew.
        """
        super().__init__(
            DataGateSpec(
                rows=examples,
                statistics=statistics,
                schema=schema,
                anomalies=anomalies,
                data=data,
                features=features,
                checks=checks,
                window=window,
                split=split,
                code_fingerprint=code_fingerprint,
                examples=types.Channel(type=standard_artifacts.Examples),
                report=types.Channel(type=ValidationReport),
            )
        )
