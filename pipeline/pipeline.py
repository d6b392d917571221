"""The pipeline: every component of a configuration, wired.

Wiring only: what a component does is in its room under `components/`, and the
runners decide where it happens.
"""

import hashlib
import pathlib

from tfx.components.example_validator.component import ExampleValidator
from tfx.components.schema_gen.component import SchemaGen
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.dsl.components.base import base_node
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration import metadata
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.types import standard_artifacts
from tfx.types.channel import Channel

from tapeline import schemas
from tapeline.components.blessed_before.component import PreviousModelStrategy
from tapeline.components.data_gate.component import DataGate
from tapeline.components.evaluator.component import create_evaluator
from tapeline.components.ingest.component import SeriesExampleGen
from tapeline.components.pusher.component import create_pusher
from tapeline.components.report.component import Report
from tapeline.components.serving_gate.component import ServingGate
from tapeline.components.statistics_gen.component import StatisticsGen
from tapeline.components.trainer.component import Trainer
from tapeline.components.transform.component import Transform
from tapeline.pipeline.beam_arguments import beam_arguments
from tapeline.pipeline.paths import RunPaths
from tapeline.pipeline.settling import require_settled
from tapeline.schemas.config import Config
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.gate_config import GateConfig
from tapeline.schemas.whole_files import write_whole
from tapeline.series.sources.source import source_fingerprint


def create_pipeline(
    config: Config, paths: RunPaths, *, fingerprint: str | None = None, in_turn: bool = False
) -> tfx_pipeline.Pipeline:
    """Wires the components of a configuration.

    Args:
        config: What to run; nothing is left in it to be chosen from the data.
        paths: Where artifacts, metadata and the pushed model go.
        fingerprint: Stands for the content of the data; None reads them. Who only wants the wiring, where the data
            are not, gives any.
        in_turn: Whether one process runs the components one after another. Then the ServingGate comes after the
            Evaluator, while which its process starts; where they may run side by side, it waits for none.

    Raises:
        DataError: The data's source is missing or empty.
        ConfigError: The curated schema is missing.
    """
    require_settled(config)
    data = source_fingerprint(config.data) if fingerprint is None else fingerprint
    nodes = _nodes(config, paths, source=data)
    if in_turn:
        by_id = {node.id: node for node in nodes}
        by_id["ServingGate"].add_upstream_node(by_id["Evaluator"])
    return tfx_pipeline.Pipeline(
        pipeline_name=config.name,
        pipeline_root=str(paths.artifacts),
        components=nodes,
        enable_cache=True,
        metadata_connection_config=metadata.sqlite_metadata_connection_config(str(paths.metadata)),
        beam_pipeline_args=[*beam_arguments(config.beam.args)],
    )


def _nodes(config: Config, paths: RunPaths, *, source: str) -> list[base_node.BaseNode]:
    data, features, window = config.data, config.features, config.window

    example_gen = SeriesExampleGen(data=data, features=features, split=config.split, source_fingerprint=source)
    statistics_gen = StatisticsGen(
        examples=example_gen.outputs["examples"],
        features=features,
        most_rows=config.checks.statistics_rows or 0,
    )
    schema_gen = _schema_node(config, paths, statistics_gen)
    example_validator = ExampleValidator(
        statistics=statistics_gen.outputs["statistics"], schema=schema_gen.outputs["schema"]
    )
    data_gate = DataGate(
        rows=example_gen.outputs["examples"],
        statistics=statistics_gen.outputs["statistics"],
        schema=schema_gen.outputs["schema"],
        anomalies=example_validator.outputs["anomalies"],
        data=data,
        features=features,
        checks=config.checks,
        window=window,
        split=config.split,
        scaling=config.scaling,
    )
    transform = Transform(
        examples=data_gate.outputs["examples"],
        data=data,
        features=features,
        scaling=config.scaling,
        window=window,
        split=config.split,
    )
    trainer = Trainer(
        chunks=transform.outputs["chunks"],
        transform_graph=transform.outputs["transform_graph"],
        data=data,
        features=features,
        window=window,
        scaling=config.scaling,
        model_config=config.model,
        training=config.training,
        # The season shapes a baseline inside the model; the thresholds beside it must not cause training anew.
        gate=GateConfig(season=config.gate.season),
        checkpoint_root=str(paths.checkpoints),
    )
    previous_model = Resolver(
        strategy_class=PreviousModelStrategy,
        model=Channel(type=standard_artifacts.Model),
        model_blessing=Channel(type=standard_artifacts.ModelBlessing),
        infra_blessing=Channel(type=standard_artifacts.InfraBlessing),
        candidate=trainer.outputs["model"],
    ).with_id("BlessedBefore")
    evaluator = create_evaluator(
        examples=transform.outputs["windows"],
        rows=data_gate.outputs["examples"],
        transform_graph=transform.outputs["transform_graph"],
        model=trainer.outputs["model"],
        baseline_model=previous_model.outputs["model"],
        gate=config.gate,
        window=window,
        split=config.split,
        data=data,
        scaling=config.scaling,
    )
    serving_gate = ServingGate(
        model=trainer.outputs["model"],
        windows=transform.outputs["windows"],
        rows=data_gate.outputs["examples"],
        data=data,
        features=features,
        window=window,
        scaling=config.scaling,
        serving=config.serving,
    )
    pusher = create_pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        infra_blessing=serving_gate.outputs["blessing"],
        serving_dir=str(paths.serving_model),
        keep=config.push.keep,
    )
    report = Report(
        evaluation=evaluator.outputs["evaluation"],
        model_blessing=evaluator.outputs["blessing"],
        model=trainer.outputs["model"],
        model_run=trainer.outputs["model_run"],
        windows=transform.outputs["windows"],
        transform_graph=transform.outputs["transform_graph"],
        examples=example_gen.outputs["examples"],
        data_report=data_gate.outputs["report"],
        infra_blessing=serving_gate.outputs["blessing"],
        # Where the pipeline stands changes nothing that it found.
        config=config.model_dump_json(exclude={"kubeflow"}),
        report_dir=str(paths.reports),
        source_fingerprint=source,
    )
    return [
        *(example_gen, statistics_gen, schema_gen, example_validator, data_gate, transform, trainer),
        *(previous_model, evaluator, serving_gate, pusher, report),
    ]


def _schema_node(config: Config, paths: RunPaths, statistics_gen: StatisticsGen) -> base_node.BaseNode:
    if config.schema_path is None:
        return SchemaGen(statistics=statistics_gen.outputs["statistics"], infer_feature_shape=False)
    source = find_schema(config.schema_path)
    # The cache knows the path, not the content behind it: so the path names the content.
    pinned = paths.schemas / f"{hashlib.sha256(source.read_bytes()).hexdigest()[:16]}.pbtxt"
    if not pinned.exists():
        write_whole(pinned, source.read_bytes())
    return ImportSchemaGen(schema_file=str(pinned))


def find_schema(schema_path: str) -> pathlib.Path:
    """Returns the curated schema's file: as the path says, else the one installed with Tapeline.

    Raises:
        ConfigError: There is none.
    """
    installed = pathlib.Path(schemas.__file__).parent.parent
    for candidate in (pathlib.Path(schema_path), installed / schema_path):
        if candidate.is_file():
            return candidate.resolve()
    raise ConfigError(
        f"schema_path: no file {schema_path!r}. Write one with `tapeline schema`, correct the path, "
        "or leave schema_path out to have a schema inferred from the train split."
    )
