"""What a step on Vertex AI runs: TFX's executor entrypoint, with buckets as folders.

    python -m tapeline.pipeline.vertex_step --executor_class_path=... --json_serialized_invocation_args='{...}'

Vertex names artifacts `gs://bucket/...` and mounts every bucket below `/gcs`.
Tapeline's components rename, lock and append, which files can do and objects
cannot. So they are given the mounted paths, and Vertex gets its own names back.
"""

import json
import pathlib
import sys
import types
from collections.abc import Sequence

from tapeline.schemas.whole_files import write_whole

MOUNT = "/gcs/"
_BUCKETS = "gs://"
_INVOCATION = "--json_serialized_invocation_args"


def with_mounted_buckets(arguments: Sequence[str], *, mount: str = MOUNT) -> tuple[list[str], pathlib.Path]:
    """Returns the entrypoint's arguments with mounted paths, and the file that it writes its answer to.

    Args:
        arguments: As Vertex gives them.
        mount: Where the buckets are.

    Raises:
        ValueError: They are not of a TFX step.
    """
    for at, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == _INVOCATION:
            text = value if equals else arguments[at + 1]
            output = json.loads(text)["outputs"]["outputFile"].replace(_BUCKETS, mount)
            return [each.replace(_BUCKETS, mount) for each in arguments], pathlib.Path(output)
    raise ValueError(f"arguments: {_INVOCATION} is missing; this is no step that TFX compiled for Vertex.")


def name_buckets(answer: pathlib.Path, *, mount: str = MOUNT) -> None:
    """Gives the artifacts in the entrypoint's answer their names in the bucket.

    Args:
        answer: The file.
        mount: Where the buckets are.
    """
    write_whole(answer, answer.read_text(encoding="utf-8").replace(mount, _BUCKETS))


def name_artifact_types() -> None:
    """Lets `tapeline.<Type>` be imported: Vertex finds the class of an artifact by its type's name."""
    from tapeline.components.data_gate.component import ValidationReport
    from tapeline.components.report.component import ForecastReport

    module = sys.modules["tapeline"] = types.ModuleType("tapeline")
    for artifact_type in (ForecastReport, ValidationReport):
        setattr(module, artifact_type.__name__, artifact_type)


def main(arguments: Sequence[str]) -> None:
    """Runs one executor.

    Args:
        arguments: What follows the module's name.
    """
    from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor as entrypoint

    name_artifact_types()
    mounted, answer = with_mounted_buckets(arguments)
    entrypoint.main(entrypoint._parse_flags(mounted))
    name_buckets(answer)


if __name__ == "__main__":
    main(sys.argv[1:])
