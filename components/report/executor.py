"""The report's executor: the artifacts of a run in, one page out."""

import datetime
import os
import pathlib
import platform
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from tapeline.components.report.collect import collect
from tapeline.components.report.content import LineageEntry, Origin
from tapeline.components.report.writing import copy_report, write_report
from tapeline.schemas.config import Config
from tapeline.schemas.stack import installed

_PACKAGES = ("tfx", "tensorflow", "keras", "apache-beam", "tensorflow-model-analysis", "tensorflow-transform", "numpy")


class Executor(base_executor.BaseExecutor):
    """Writes the report of a run, whatever its verdict."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the report; see `component.Report` for inputs, outputs and properties."""
        folder = pathlib.Path(artifact_utils.get_single_uri(output_dict["report"]))
        # <pipeline root>/<node>/<output>/<execution>
        root = folder.parents[2]
        uris = {name: artifact_utils.get_single_uri(artifacts) for name, artifacts in input_dict.items() if artifacts}
        content = collect(
            {**uris, "model": path_utils.serving_model_dir(uris["model"])},
            config=Config.model_validate_json(exec_properties["config"]),
            origin=Origin(
                run_id=self._run_id(folder),
                made=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
                versions=versions(),
                fingerprints={
                    "data": exec_properties["source_fingerprint"],
                    "report's code": exec_properties["code_fingerprint"],
                },
                lineage=tuple(
                    lineage(name, artifacts, root) for name, artifacts in sorted(input_dict.items()) if artifacts
                ),
            ),
        )
        write_report(content, folder)
        # Without colons, which upload actions and some file systems refuse.
        copy = pathlib.Path(exec_properties["report_dir"]) / content.origin.run_id.replace(":", "-")
        copy_report(folder, to=copy)

    def _run_id(self, folder: pathlib.Path) -> str:
        """TFX's run id; outside a pipeline the number of the execution, which names the output's folder."""
        return (self._context.pipeline_run_id if self._context else None) or folder.name


def versions() -> dict[str, str]:
    """Returns the versions of Python and of the packages that shape the numbers."""
    return {"python": platform.python_version(), **{name: installed(name) for name in _PACKAGES}}


def lineage(part: str, artifacts: list[types.Artifact], root: pathlib.Path) -> LineageEntry:
    """Returns what ML Metadata knows of an input."""
    artifact = artifact_utils.get_single_instance(artifacts)
    uri = os.path.relpath(artifact.uri, root)
    return LineageEntry(part, artifact.type_name, artifact.id, uri, producer=uri.split(os.sep)[0])
