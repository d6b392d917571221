"""The sections of a configuration that tell where its pipeline runs: Beam's runner, and Kubeflow."""

from collections.abc import Iterator
from typing import Annotated

import pydantic

from tapeline.schemas.beam_flags import beam_mistakes
from tapeline.schemas.config_errors import Clash
from tapeline.schemas.config_section import Section
from tapeline.schemas.config_values import Count, Positive

Quantity = Annotated[str, pydantic.Field(pattern=r"^[0-9]+(\.[0-9]+)?(m|[EPTGMK]i?)?$")]


class BeamConfig(Section):
    """Arguments for the Beam runner."""

    args: tuple[str, ...] = ()
    """Beam pipeline arguments, as on its own command line; none: one process, in memory."""

    def _clashes(self) -> Iterator[Clash]:
        for mistake in beam_mistakes(self.args):
            yield Clash(("args",), mistake)


class RunnerFile(Section):
    """What `--runner` names: a file with this section alone."""

    beam: BeamConfig
    """The runner of Beam."""


class ResourcesConfig(Section):
    """What a step asks of the cluster, as request and limit."""

    cpu: Quantity = "1"
    """CPU cores, as Kubernetes writes them: `2`, `500m`."""
    memory: Quantity = "4Gi"
    """Memory, as Kubernetes writes it."""
    gpu: Count = 0
    """GPUs."""
    gpu_type: str = "nvidia.com/gpu"
    """Kubernetes' name of that resource."""


class KubeflowConfig(Section):
    """How the pipeline stands on Kubeflow; nothing that a run computes depends on it."""

    image: str = "tapeline:0.1.0"
    """The image that every step runs; built from the Dockerfile."""
    volume_claim: str = "tapeline"
    """The persistent volume claim that all steps share."""
    mount_path: Annotated[str, pydantic.Field(pattern=r"^/.*[^/]$")] = "/mnt/tapeline"
    """Where the steps see it. Runs go to `runs/` below it."""
    metadata: str | None = None
    """ML Metadata: none is a SQLite file on the volume; else `mysql://user@host:3306/database` or `grpc://host:8080`."""
    secrets: dict[str, dict[str, str]] = {}
    """Kubernetes secrets that become environment variables: `{name of the secret: {its key: VARIABLE}}`."""
    node_selector: dict[str, str] = {}
    """Labels of the cluster's nodes that may run the steps."""
    retries: Count = 2
    """How often a step that was killed or failed is started again; what the gates refused is not tried again."""
    retry_seconds: Positive = 30
    """Wait before the first retry; it doubles with each one."""
    resources: ResourcesConfig = ResourcesConfig()
    """What a step asks for."""
    trainer: ResourcesConfig = ResourcesConfig(cpu="4", memory="8Gi")
    """What the Trainer asks for."""
