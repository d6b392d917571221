"""The pipeline as a native Kubeflow pipeline (KFP 2): a container step for every node, and the verdict at the end.

TFX 1.16 brings no runner for open-source Kubeflow, and what it compiles for
Vertex AI is refused there. So the steps are plain container components of the KFP
SDK, and each runs one command:

    prepare     tapeline compile --target ir     the pipeline with this run's parameters and its data's fingerprint
    <node>      tapeline run-node                one for each node, as soon as those it needs have ended
    gate        tapeline gate                    fails the run when a gate refused the model

Artifacts and ML Metadata go from step to step by the shared volume, as they do
in a local run; Kubeflow knows the order, the parameters and the report. Its
cache is off: it would compare commands, TFX's compares inputs and code.
"""

import json
import os
import pathlib
import re
import tempfile
from typing import Any

from kfp import compiler, dsl, kubernetes

from tapeline.pipeline.paths import RunPaths
from tapeline.schemas.artifact_files import PAGE_FILE
from tapeline.schemas.config import Config
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.runner_config import ResourcesConfig
from tapeline.schemas.whole_files import replacing

_UNREAD = "not read when compiled"
"""Stands for the data's fingerprint, which the step `prepare` takes where the data are."""

_BACKOFF_FACTOR = 2.0
_SMALL = ResourcesConfig(cpu="500m", memory="2Gi")
"""For steps that only compile or read."""


def nodes_of(config: Config) -> dict[str, list[str]]:
    """Returns the nodes that each node of a configuration's pipeline needs, in an order in which they can run.

    The data are not read and nothing is written: what the configuration leaves to the data changes no node.

    Raises:
        ConfigError: The curated schema is missing.
    """
    from tapeline.pipeline.pipeline import create_pipeline
    from tapeline.pipeline.settling import settle_unread

    with tempfile.TemporaryDirectory() as folder:
        pipeline = create_pipeline(settle_unread(config), RunPaths.of(config.name, folder), fingerprint=_UNREAD)
        return {each.id: sorted(upstream.id for upstream in each.upstream_nodes) for each in pipeline.components}


def compile_kubeflow(config: Config, output: str | os.PathLike[str]) -> None:
    """Writes a configuration's pipeline as KFP's YAML, to be uploaded.

    What the configuration leaves to the data is chosen by the step `prepare`, where the data are.

    Raises:
        ConfigError: The curated schema is missing, or the file cannot be written.
    """
    path = pathlib.Path(output)
    try:
        with replacing(path) as part:
            compiler.Compiler().compile(_pipeline(config, nodes_of(config)), str(part))
    except OSError as error:
        raise ConfigError(f"--output: cannot write {str(path)!r}: {error}. Give another file.") from error


def _pipeline(config: Config, nodes: dict[str, list[str]]) -> Any:
    """The function that KFP compiles; its arguments are the pipeline's parameters, with the configuration's values."""
    # As text: a parameter that is a mapping holds no null, and no whole numbers.
    tree = config.model_dump(mode="json", exclude_unset=True)
    tree["data"].pop("source", None)

    def run(data: str, run_name: str, mae_scaled_below: float) -> None:
        run_of = {"run_name": run_name, "job": dsl.PIPELINE_JOB_ID_PLACEHOLDER}
        first = _prepare(config)(config=json.dumps(tree), data=data, mae_scaled_below=mae_scaled_below, **run_of)
        tasks = {"": _placed(first, config, _SMALL, "prepare")}
        for node, needs in nodes.items():
            task = _node(config, node)(**run_of)
            task.after(*(tasks[needed] for needed in needs or [""]))
            resources = config.kubeflow.trainer if node == "Trainer" else config.kubeflow.resources
            tasks[node] = _placed(task, config, resources, node)
        last = _gate(config)(**run_of)
        needed = {need for needs in nodes.values() for need in needs}
        last.after(*(tasks[node] for node in nodes if node not in needed))
        _placed(last, config, _SMALL, "gate")

    run.__annotations__["mae_scaled_below"] = _limit_type(config)
    # Defaults belong to the last arguments: data without a source in the configuration have to be named for each run.
    run.__defaults__ = (*filter(None, [config.data.source]), config.name, config.gate.mae_scaled_below)
    steps = f"a forecast of {config.window.horizon} steps"
    description = f"Tapeline: {config.name}, {steps}, judged by the gates and pushed if blessed."
    return dsl.pipeline(name=_kfp_name(config.name), description=description)(run)


def _kfp_name(name: str) -> str:
    """A configuration's name, of letters, digits, `-` and `_`, as KFP takes it."""
    return re.sub("[^a-z0-9-]", "-", name.lower())


def _home(config: Config) -> str:
    return f"{config.kubeflow.mount_path}/runs"


def _ir(config: Config, run_id: str) -> str:
    return str(RunPaths(pathlib.PurePosixPath(_home(config)) / config.name).ir(run_id))  # type: ignore[arg-type]


def _metadata(config: Config) -> list[str]:
    return ["--metadata", config.kubeflow.metadata] if config.kubeflow.metadata else []


def _command(config: Config, command: str, *args: Any) -> dsl.ContainerSpec:
    return dsl.ContainerSpec(image=config.kubeflow.image, command=["tapeline", command], args=list(args))


def _prepare(settings: Config) -> Any:
    def prepare(config: str, data: str, mae_scaled_below: float, run_name: str, job: str) -> dsl.ContainerSpec:
        threshold = f"gate.mae_scaled_below={mae_scaled_below}"
        given = ("--config-json", config, "--data", data, "--set", threshold, "--home", _home(settings))
        return _command(settings, "compile", "--target", "ir", *given, "--run-id", f"{run_name}-{job}")

    prepare.__annotations__["mae_scaled_below"] = _limit_type(settings)
    return dsl.container_component(prepare)


def _limit_type(config: Config) -> type:
    """A parameter of KFP has one type: text where the configuration says `auto`, which takes a number as text too."""
    return str if config.gate.mae_scaled_below == "auto" else float


def _node(config: Config, node: str) -> Any:
    def spec(run_id: str, *export: Any) -> dsl.ContainerSpec:
        which = ("--ir", _ir(config, run_id), "--node", node, "--run-id", run_id)
        return _command(config, "run-node", *which, *_metadata(config), *export)

    def step(run_name: str, job: str) -> dsl.ContainerSpec:
        return spec(f"{run_name}-{job}")

    def report(
        run_name: str, job: str, page: dsl.Output[dsl.HTML], metrics: dsl.Output[dsl.Metrics]
    ) -> dsl.ContainerSpec:
        shown = ("--kubeflow-metrics", metrics.path, dsl.PIPELINE_TASK_EXECUTOR_OUTPUT_PATH_PLACEHOLDER)
        return spec(f"{run_name}-{job}", "--export", f"report/{PAGE_FILE}", page.path, *shown)

    function = report if node == "Report" else step
    function.__name__ = re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", node).lower()
    return dsl.container_component(function)


def _gate(config: Config) -> Any:
    def gate(run_name: str, job: str) -> dsl.ContainerSpec:
        which = ("--name", config.name, "--home", _home(config), "--run", f"{run_name}-{job}")
        return _command(config, "gate", *which, *_metadata(config))

    return dsl.container_component(gate)


def _placed(task: dsl.PipelineTask, config: Config, resources: ResourcesConfig, label: str) -> dsl.PipelineTask:
    """Gives a step its volume, secrets, machine and retries."""
    settings = config.kubeflow
    task.set_display_name(label)
    task.set_caching_options(False)
    task.set_cpu_request(resources.cpu).set_cpu_limit(resources.cpu)
    task.set_memory_request(resources.memory).set_memory_limit(resources.memory)
    if resources.gpu:
        task.set_accelerator_type(resources.gpu_type).set_accelerator_limit(resources.gpu)
    # What the gate says of a run does not change when it is asked again.
    if settings.retries and label != "gate":
        task.set_retry(settings.retries, f"{settings.retry_seconds}s", _BACKOFF_FACTOR)
    kubernetes.mount_pvc(task, pvc_name=settings.volume_claim, mount_path=settings.mount_path)
    for secret, keys in settings.secrets.items():
        kubernetes.use_secret_as_env(task, secret_name=secret, secret_key_to_env=keys)
    for key, value in settings.node_selector.items():
        kubernetes.add_node_selector(task, label_key=key, label_value=value)
    return task
