"""What the serving gate found: its checks, written beside the blessing for machines and for people.

`serving_gate.json` is for machines, `serving_gate.txt` for people. Reading
needs no TensorFlow.
"""

import dataclasses
import json
import os
import pathlib
from collections.abc import Mapping

import pydantic

from tapeline.schemas.check_wording import in_words
from tapeline.schemas.checks import Check
from tapeline.schemas.errors import DataError
from tapeline.schemas.evaluation_result import without_nan

REPORT_JSON, REPORT_TEXT = "serving_gate.json", "serving_gate.txt"
"""Names of the report's files inside the blessing's folder."""

BLESSED_FILE, NOT_BLESSED_FILE = "INFRA_BLESSED", "INFRA_NOT_BLESSED"
"""Names of the files by which TFX's InfraValidator says the same."""

_VERSION = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServingResult:
    """What became of a model at the serving gate.

    Attributes:
        checks: Every requirement.
        requests: Names of the requests that were sent, in order.
        model_fingerprint: What `tapeline.forecaster.versions.folder_fingerprint` says of the SavedModel.
        versions: Of Python and libraries in the process that served it.
        log: The end of what that process wrote to standard error, where it failed.
    """

    checks: tuple[Check, ...]
    requests: tuple[str, ...] = ()
    model_fingerprint: str = ""
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    log: str = ""

    @property
    def blessed(self) -> bool:
        """Whether every check passed."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def in_words(self) -> str:
        """One line: what was found, or the first reason of a refusal."""
        failed = [check for check in self.checks if not check.passed]
        if failed:
            more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
            return f"REFUSED: {in_words(failed[0])}{more}"
        measured = {check.metric: check.value for check in self.checks}
        return (
            f"served: {len(self.requests)} requests, {measured.get('serving_latency_ms', float('nan')):.3g} ms a "
            f"forecast, {measured.get('serving_memory_mib', float('nan')):.0f} MiB"
        )

    def text(self) -> str:
        """The report for a reader."""
        lines = [f"Serving gate: {'BLESSED' if self.blessed else 'NOT BLESSED'}", ""]
        lines += [f"  {'passed ' if check.passed else 'REFUSED'}  {in_words(check)}" for check in self.checks]
        if self.versions:
            lines += ["", "Served by " + ", ".join(f"{name} {number}" for name, number in self.versions.items())]
        if self.requests:
            lines += ["", "Requests", *(f"  {request}" for request in self.requests)]
        if self.log:
            lines += ["", "The end of the process' log", *(f"  {line}" for line in self.log.splitlines())]
        return "\n".join(lines) + "\n"


def write_result(result: ServingResult, folder: str | os.PathLike[str]) -> None:
    """Writes the report and the file that says whether the model is blessed."""
    target = pathlib.Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    tree = {"version": _VERSION, "blessed": result.blessed, **dataclasses.asdict(result)}
    (target / REPORT_JSON).write_text(json.dumps(without_nan(tree), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    (target / REPORT_TEXT).write_text(result.text(), encoding="utf-8")
    (target / (BLESSED_FILE if result.blessed else NOT_BLESSED_FILE)).touch()


def read_result(folder: str | os.PathLike[str]) -> ServingResult:
    """Reads what `write_result` wrote.

    Raises:
        DataError: The gate did not finish there, another version wrote it, or its files contradict each other.
    """
    path = pathlib.Path(folder) / REPORT_JSON
    if not path.is_file():
        raise DataError(f"serving gate: no {REPORT_JSON} in {os.fspath(folder)!r}; it did not finish. Run again.")
    tree = json.loads(path.read_text(encoding="utf-8"))
    if tree.get("version") != _VERSION:
        raise DataError(
            f"serving gate: version {tree.get('version')!r}, must be {_VERSION}. Run the ServingGate again."
        )
    result = pydantic.TypeAdapter(ServingResult).validate_python(tree)
    found = tuple((pathlib.Path(folder) / name).is_file() for name in (BLESSED_FILE, NOT_BLESSED_FILE))
    if found != (result.blessed, not result.blessed):
        raise DataError(
            f"serving gate: the blessing in {os.fspath(folder)!r} and its report contradict each other. Run again."
        )
    return result
