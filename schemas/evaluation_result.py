"""What the Evaluator found: every number, and for every requirement whether it was met.

The Evaluator's executor writes the summary beside TFMA's own files, from
nothing but those. Reading it needs no TensorFlow: TFMA alone takes ten
seconds to import.
"""

import dataclasses
import json
import math
import pathlib
from collections.abc import Mapping
from typing import Any

import pydantic

from tapeline.schemas.checks import Check
from tapeline.schemas.errors import DataError

SUMMARY_FILE = "tapeline_verdict.json"
"""Name of the summary inside the evaluation artifact."""

SUMMARY_VERSION = 3
"""Changes when a field of the summary changes its meaning."""

_BLESSED_FILE = "BLESSED"
_NOT_BLESSED_FILE = "NOT_BLESSED"


@dataclasses.dataclass(frozen=True)
class EvaluationResult:
    """The verdict on a model and what it rests on.

    Attributes:
        blessed: Whether every check passed and TFX wrote the blessing.
        checks: Every requirement, in the order in which a reader wants them.
        metrics: Overall values by name; `mae` is in the target's unit, `*_scaled` in scaled space.
        by_lead_step: Values for each lead step `[H]`, by name.
        series: Overall values of each series, by series id; empty where there are too many.
        series_count: How many series there are.
        previous_metrics: Overall values of the model blessed before, on the same windows; empty without one.
        unit: The target's unit.
        model_fingerprint: What `tapeline.forecaster.versions.folder_fingerprint` says of the judged SavedModel.
    """

    blessed: bool
    checks: tuple[Check, ...]
    metrics: Mapping[str, float]
    by_lead_step: Mapping[str, tuple[float, ...]]
    series: Mapping[str, Mapping[str, float]]
    previous_metrics: Mapping[str, float]
    unit: str = ""
    model_fingerprint: str = ""
    series_count: int = 0

    @property
    def failed(self) -> tuple[Check, ...]:
        """Why the model was refused; empty when it was blessed."""
        return tuple(check for check in self.checks if not check.passed)


def read_verdict(evaluation_uri: str, blessing_uri: str) -> EvaluationResult:
    """Reads what the Evaluator found.

    Args:
        evaluation_uri: The `ModelEvaluation` artifact's folder.
        blessing_uri: The `ModelBlessing` artifact's folder: its file says whether the model is blessed.

    Raises:
        DataError: The Evaluator did not finish there, or the two artifacts contradict each other.
    """
    summary = pathlib.Path(evaluation_uri) / SUMMARY_FILE
    if not summary.is_file():
        raise DataError(
            f"evaluation: no {SUMMARY_FILE} in {evaluation_uri!r}; the Evaluator did not finish. Run again."
        )
    result = result_from_json(summary.read_text(encoding="utf-8"))
    blessed, refused = ((pathlib.Path(blessing_uri) / name).is_file() for name in (_BLESSED_FILE, _NOT_BLESSED_FILE))
    if blessed == refused:
        found = "both" if blessed else "neither"
        raise DataError(
            f"blessing: {found} of {_BLESSED_FILE} and {_NOT_BLESSED_FILE} in {blessing_uri!r}, must be one. Run again."
        )
    if blessed != result.blessed:
        raise DataError(
            f"blessing: {blessing_uri!r} says {'blessed' if blessed else 'not blessed'}, the evaluation in "
            f"{evaluation_uri!r} the opposite; they are not of one run. Give both artifacts of one run."
        )
    return result


def result_to_json(result: EvaluationResult) -> str:
    """Writes a result as JSON; numbers that are not finite stand as strings."""
    tree = {"version": SUMMARY_VERSION, **dataclasses.asdict(result)}
    return json.dumps(without_nan(tree), indent=2, allow_nan=False) + "\n"


def result_from_json(text: str) -> EvaluationResult:
    """Reads what `result_to_json` wrote.

    Raises:
        DataError: Another version of Tapeline wrote it.
    """
    tree = json.loads(text)
    version = tree.get("version")
    if version != SUMMARY_VERSION:
        raise DataError(f"evaluation: version {version!r}, must be {SUMMARY_VERSION}. Run the Evaluator again.")
    # Numbers that are not finite stand as strings, which pydantic takes for numbers again.
    return pydantic.TypeAdapter(EvaluationResult).validate_python(tree)


def without_nan(value: Any) -> Any:
    """Returns a tree of values as JSON can hold it: arrays as lists, numbers that are not finite as strings."""
    if isinstance(value, Mapping):
        return {str(key): without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(item) for item in value]
    if hasattr(value, "tolist"):  # Of NumPy, which this file does without.
        return without_nan(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
