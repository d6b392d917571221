"""The Evaluator node: TFX's own, on the test windows, with Tapeline's audit and gate."""

from typing import Any

from tensorflow_model_analysis.proto import config_pb2
from tfx.types import standard_component_specs
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing, ModelEvaluation, TransformGraph
from tfx.utils import json_utils

from tapeline.components.evaluator.eval_config import gate_requirements, to_eval_config
from tapeline.components.evaluator.executor import Executor
from tapeline.components.tfx_component import BeamComponent, Input, Output, Property
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.gate_config import GateConfig
from tapeline.schemas.sections import DataConfig, ScalingConfig, SplitConfig, WindowConfig
from tapeline.series.seasons import natural_seasons, season_of


class Evaluator(BeamComponent, executor=Executor):
    """TFX's Evaluator with an executor that audits what it judges, and writes a summary of what it found."""

    TYPE_ANNOTATION = standard_component_specs.EvaluatorSpec.TYPE_ANNOTATION

    examples = Input(Examples, "Windows with a `test` split, as Transform writes them.")
    rows = Input(Examples, "What Transform scaled and the windows were cut from.")
    transform_graph = Input(TransformGraph, "Holds the scales of the series.")
    model = Input(Model, "The candidate.")
    baseline_model = Input(Model, "The model blessed before; the channel may hold none.", optional=True)
    eval_config = Property(config_pb2.EvalConfig, "What the candidate must reach, as TFMA reads it.")
    example_splits = Property(str, "The splits to score, as a JSON list.")
    data = Property(DataConfig, "Frequency and unit of the series.")
    window = Property(WindowConfig, "Context and horizon.")
    scaling = Property(ScalingConfig, "The scaled space.")
    split = Property(SplitConfig, "How the series were cut.")
    evaluation = Output(ModelEvaluation, "The numbers.")
    blessing = Output(ModelBlessing, "The verdict.")


def create_evaluator(*, gate: GateConfig, window: WindowConfig, data: DataConfig, **others: Any) -> Evaluator:
    """Returns the node that judges a model on the test windows; the other arguments are those of `Evaluator`.

    Raises:
        ConfigError: The gate asks for skill over a season that the context cannot hold.
    """
    asks_season = gate.season is None and gate.skill_over.seasonal_naive is not None
    if asks_season and season_of(data.frequency, context_length=window.context_length) is None:
        known = ", ".join(map(str, natural_seasons(data.frequency))) or "none"
        raise ConfigError(
            f"gate.season: frequency {data.frequency!r} has no season (steps: {known}) that fits into "
            f"window.context_length {window.context_length}, and gate.skill_over.seasonal_naive needs one. Lengthen "
            "the context, set gate.season (to steps, or to auto), or set gate.skill_over.seasonal_naive to null."
        )
    return Evaluator(
        eval_config=to_eval_config(gate_requirements(gate)),
        example_splits=json_utils.dumps(["test"]),
        window=window,
        data=data,
        **others,
    )
