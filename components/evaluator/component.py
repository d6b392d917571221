"""The Evaluator node: TFX's own, on the test windows, with Tapeline's audit and gate."""

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import channel, component_spec, standard_artifacts, standard_component_specs
from tfx.utils import json_utils

from tapeline.components.evaluator.eval_config import create_eval_config
from tapeline.components.evaluator.executor import ROWS_KEY, TRANSFORM_GRAPH_KEY, Executor
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.sections import DataConfig, GateConfig, ScalingConfig, WindowConfig
from tapeline.series.baselines import natural_seasons, season_of


class ForecastEvaluatorSpec(types.ComponentSpec):
    """What TFX's Evaluator takes and gives, and what Tapeline's takes besides."""

    PARAMETERS = {
        **standard_component_specs.EvaluatorSpec.PARAMETERS,
        "data": component_spec.ExecutionParameter(type=str),
        "window": component_spec.ExecutionParameter(type=str),
        "scaling": component_spec.ExecutionParameter(type=str),
        "code_fingerprint": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {
        **standard_component_specs.EvaluatorSpec.INPUTS,
        ROWS_KEY: component_spec.ChannelParameter(type=standard_artifacts.Examples),
        TRANSFORM_GRAPH_KEY: component_spec.ChannelParameter(type=standard_artifacts.TransformGraph),
    }
    OUTPUTS = standard_component_specs.EvaluatorSpec.OUTPUTS
    TYPE_ANNOTATION = standard_component_specs.EvaluatorSpec.TYPE_ANNOTATION


class ForecastEvaluator(base_beam_component.BaseBeamComponent):
    """TFX's Evaluator with an executor that audits what it judges, and writes `results.SUMMARY_FILE`."""

    SPEC_CLASS = ForecastEvaluatorSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)


def create_evaluator(
    *,
    windows: channel.BaseChannel,
    rows: channel.BaseChannel,
    transform_graph: channel.BaseChannel,
    model: channel.BaseChannel,
    baseline_model: channel.BaseChannel | None,
    gate: GateConfig,
    window: WindowConfig,
    data: DataConfig,
    scaling: ScalingConfig,
    code_fingerprint: str,
) -> ForecastEvaluator:
    """Returns the node that judges a model on the test windows.

    Args:
        windows: `Examples` with a `test` split, as `Windows` writes them.
        rows: `Examples` that Transform scaled and the windows were cut from.
        transform_graph: Holds the scales of the series.
        model: The candidate.
        baseline_model: The model blessed before; the channel may hold none.
        gate: What the candidate must reach.
        window: Context and horizon.
        data: Frequency and unit of the series.
        scaling: The scaled space.
        code_fingerprint: Hash of this room's source; part of the cache key only.

    Returns:
        A node with the id `Evaluator` and the outputs `evaluation` and `blessing`.

    Raises:
        ConfigError: The gate asks for skill over a season that the context cannot hold.
    """
    _check_season(gate, window, data)
    spec = ForecastEvaluatorSpec(
        examples=windows,
        rows=rows,
        transform_graph=transform_graph,
        model=model,
        baseline_model=baseline_model,
        example_splits=json_utils.dumps(["test"]),
        eval_config=create_eval_config(gate),
        data=data.model_dump_json(),
        window=window.model_dump_json(),
        scaling=scaling.model_dump_json(),
        code_fingerprint=code_fingerprint,
        evaluation=types.Channel(type=standard_artifacts.ModelEvaluation),
        blessing=types.Channel(type=standard_artifacts.ModelBlessing),
    )
    return ForecastEvaluator(spec=spec).with_id("Evaluator")


def _check_season(gate: GateConfig, window: WindowConfig, data: DataConfig) -> None:
    if gate.season is not None or gate.skill_over.seasonal_naive is None:
        return
    if season_of(data.frequency, context_length=window.context_length) is None:
        known = ", ".join(map(str, natural_seasons(data.frequency))) or "none"
        raise ConfigError(
            f"gate.season: frequency {data.frequency!r} has no season (steps: {known}) that fits into "
            f"window.context_length {window.context_length}, and gate.skill_over.seasonal_naive needs one. Lengthen "
            "the context, set gate.season (to steps, or to auto), or set gate.skill_over.seasonal_naive to null."
        )
