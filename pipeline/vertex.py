"""The pipeline for Google's Vertex AI Pipelines, as TFX's own KubeflowV2DagRunner compiles it.

    compile_vertex(config, "pipeline.yaml", root="gs://bucket/tapeline")

Vertex resolves inputs, keeps metadata and answers from a cache by itself. It
knows two resolvers only, so the model blessed before is the latest one of all.
Nothing here talks to Google: compiling needs no cloud and no credentials.
"""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import tempfile

from tfx.orchestration import pipeline as tfx_pipeline
from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner

from tapeline.pipeline.kubeflow import kfp_name, whole_file
from tapeline.pipeline.paths import RunPaths
from tapeline.pipeline.pipeline import create_pipeline
from tapeline.pipeline.vertex_step import MOUNT
from tapeline.schemas.config import Config
from tapeline.schemas.errors import ConfigError, DataError
from tapeline.series.sources.source import source_fingerprint

_COMMAND = ["python", "-m", "tapeline.pipeline.vertex_step"]


@dataclasses.dataclass(frozen=True)
class Compiled:
    """What was compiled.

    Attributes:
        may_cache: Whether Vertex may answer from its cache. It may where the data could be read here, since it cannot
            see by itself that they changed.
        schema: The curated schema beside the output, or None where one is inferred.
        schema_url: Where the pipeline expects it.
    """

    may_cache: bool
    schema: pathlib.Path | None = None
    schema_url: str | None = None


def compile_vertex(config: Config, output: str | os.PathLike[str], *, root: str) -> Compiled:
    """Writes a configuration's pipeline for Vertex AI.

    Args:
        config: What to run; `kubeflow.image` is what the steps run.
        output: The file: a pipeline where it ends in `.yaml`, else a job as JSON.
        root: Where everything goes: `gs://bucket/folder`.

    Raises:
        ConfigError: `root` is no such place, the curated schema is missing, or the file cannot be written.
    """
    if not re.fullmatch(r"gs://[a-z0-9][a-z0-9._-]+(/[^/]+)*/?", root):
        raise ConfigError(f"--root: got {root!r}, must be gs://bucket/folder: Vertex keeps artifacts there.")
    home = f"{root.rstrip('/')}/{config.name}"
    try:
        fingerprint = source_fingerprint(config.data)
    except DataError:
        fingerprint = None
    with tempfile.TemporaryDirectory() as folder, whole_file(output) as part:
        here = RunPaths(pathlib.Path(folder))
        pipeline = create_pipeline(config, here, fingerprint=fingerprint or "", latest_blessed=True)
        _move(pipeline, str(here.root), home)
        pipeline.pipeline_info.pipeline_name = kfp_name(config.name)
        pipeline.enable_cache = fingerprint is not None
        settings = kubeflow_v2_dag_runner.KubeflowV2DagRunnerConfig(
            display_name=config.name,
            default_image=config.kubeflow.image,
            default_commands=_COMMAND,
            use_pipeline_spec_2_1=part.suffix in (".yaml", ".yml"),
        )
        kubeflow_v2_dag_runner.KubeflowV2DagRunner(
            settings, output_dir=str(part.parent), output_filename=part.name
        ).run(pipeline)
        for pinned in here.schemas.glob("*.pbtxt"):
            schema = pathlib.Path(output).with_name(pinned.name)
            shutil.copyfile(pinned, schema)
            return Compiled(fingerprint is not None, schema, f"{home}/schemas/{pinned.name}")
    return Compiled(fingerprint is not None)


def _move(pipeline: tfx_pipeline.Pipeline, here: str, home: str) -> None:
    """Makes a pipeline that was wired in a folder of this machine one of a bucket.

    Artifacts are Vertex's own and go to the bucket by its name. Every other
    path is used as a file, so it goes to where Vertex mounts the bucket.
    """
    mounted = home.replace("gs://", MOUNT)
    pipeline.pipeline_info.pipeline_root = f"{home}/artifacts"
    for component in pipeline.components:
        for name, value in component.exec_properties.items():
            if isinstance(value, str) and here in value:
                component.exec_properties[name] = value.replace(here, mounted)
            elif not isinstance(value, str | int | float | type(None)) and here in json.dumps(value, default=str):
                raise AssertionError(f"{component.id}.{name} holds a path of this machine: {value}")
