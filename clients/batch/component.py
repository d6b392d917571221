"""The two components around BulkInferrer.

contexts = RecentContextGen(data=..., features=..., window=...)     # sections of a model's card, as JSON
forecasts = ForecastTables(examples=contexts.outputs["examples"], inference_result=..., data=..., ...)
forecasts.outputs["forecasts"]      # forecast-00000.parquet, ...
"""

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.artifact import Artifact
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tapeline.clients.batch.executor import ContextExecutor, TableExecutor

_SECTIONS = {name: ExecutionParameter(type=str) for name in ("data", "features", "window")}


class Forecasts(Artifact):
    """Parquet files of forecasts."""

    TYPE_NAME = "tapeline.Forecasts"


class RecentContextGenSpec(ComponentSpec):
    """Inputs, outputs and properties of `RecentContextGen`."""

    PARAMETERS = _SECTIONS
    INPUTS = {}
    OUTPUTS = {"examples": ChannelParameter(type=standard_artifacts.Examples)}


class RecentContextGen(base_beam_component.BaseBeamComponent):
    """Makes a request of the newest rows of every series."""

    SPEC_CLASS = RecentContextGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(ContextExecutor)

    def __init__(self, *, data: str, features: str, window: str) -> None:
        """Wires the component.

        Args:
            data: Section `data` as JSON; its source is the file to forecast.
            features: Section `features`.
            window: Section `window`.
        """
        examples = types.Channel(type=standard_artifacts.Examples)
        super().__init__(RecentContextGenSpec(data=data, features=features, window=window, examples=examples))


class ForecastTablesSpec(ComponentSpec):
    """Inputs, outputs and properties of `ForecastTables`."""

    PARAMETERS = _SECTIONS
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "inference_result": ChannelParameter(type=standard_artifacts.InferenceResult),
    }
    OUTPUTS = {"forecasts": ChannelParameter(type=Forecasts)}


class ForecastTables(base_beam_component.BaseBeamComponent):
    """Writes BulkInferrer's answers as Parquet."""

    SPEC_CLASS = ForecastTablesSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(TableExecutor)

    def __init__(
        self,
        *,
        examples: types.BaseChannel,
        inference_result: types.BaseChannel,
        data: str,
        features: str,
        window: str,
    ) -> None:
        """Wires the component.

        Args:
            examples: What BulkInferrer was asked: it says how the source writes its times.
            inference_result: What it answered.
            data: Section `data` as JSON.
            features: Section `features`.
            window: Section `window`.
        """
        super().__init__(
            ForecastTablesSpec(
                examples=examples,
                inference_result=inference_result,
                data=data,
                features=features,
                window=window,
                forecasts=types.Channel(type=Forecasts),
            )
        )
