"""The verdict of a run: what Evaluator and ServingGate found and what the Pusher did, from ML Metadata and artifacts.

A verdict is only as good as the things it is about: a blessing must be of the
run's own model, and the model must still be what was judged.
"""

import dataclasses
import math
import pathlib
from collections.abc import Mapping

from tapeline.forecaster.versions import MODEL_FINGERPRINT, folder_fingerprint, versions
from tapeline.pipeline.lineage import Artifact, Run
from tapeline.schemas.checks import Check
from tapeline.schemas.errors import DataError
from tapeline.schemas.evaluation_result import EvaluationResult
from tapeline.schemas.evaluation_result import read_verdict as read_evaluation
from tapeline.schemas.served_model import BASELINES
from tapeline.schemas.serving_result import ServingResult, read_result


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a run decided.

    Attributes:
        evaluation: The Evaluator's numbers and checks.
        pushed_version: The version that serves the judged model; None if it was not pushed.
        model_uri: The Model artifact that was judged.
        previous_uri: The model blessed before, that it was compared with; None where there was none.
        judged_at: When, milliseconds since the epoch.
        serving: What became of it at the serving gate; None where the run did not come to one.
    """

    evaluation: EvaluationResult
    pushed_version: str | None
    model_uri: str
    previous_uri: str | None = None
    judged_at: int = 0
    serving: ServingResult | None = None

    @property
    def checks(self) -> tuple[Check, ...]:
        """Every requirement of both gates."""
        return self.evaluation.checks + (self.serving.checks if self.serving else ())

    @property
    def blessed(self) -> bool:
        """Whether both gates let the model pass."""
        return self.evaluation.blessed and (self.serving is None or self.serving.blessed)

    @property
    def accepted(self) -> bool:
        """Whether the model is blessed and pushed."""
        return self.blessed and self.pushed_version is not None


def read_verdict(run: Run) -> Verdict | None:
    """Reads the verdict of a run.

    Returns:
        The verdict, or None where the run did not come to an Evaluator.

    Raises:
        DataError: The Evaluator's artifacts contradict each other, are of
            another run, or the model, judged or pushed, is gone or no longer
            what was judged.
    """
    evaluation = run.artifact("Evaluator", "evaluation")
    blessing = run.artifact("Evaluator", "blessing")
    if evaluation is None or blessing is None:
        return None
    result = read_evaluation(evaluation.uri, blessing.uri)
    model_uri = _judged_model(run, blessing, result)
    return Verdict(
        evaluation=result,
        pushed_version=_pushed_version(run),
        model_uri=model_uri,
        previous_uri=blessing.properties.get("baseline_model"),
        judged_at=blessing.created,
        serving=_serving(run, result),
    )


def _pushed_version(run: Run) -> str | None:
    """Returns the version that the Pusher says it made, once it is sure that the serving folder holds it."""
    pushed = run.artifact("Pusher", "pushed_model")
    if pushed is None or pushed.properties.get("pushed") != 1:
        return None
    version = str(pushed.properties["pushed_version"])
    folder = pathlib.Path(str(pushed.properties.get("pushed_destination", "")))
    fingerprint = pushed.properties.get(MODEL_FINGERPRINT)
    if not fingerprint:
        return version  # Pushed before the Pusher wrote fingerprints down.
    if folder.is_dir():
        if folder_fingerprint(folder) != fingerprint:
            raise DataError(
                f"push: the content of {str(folder)!r} is not what was pushed; it was damaged or changed. Run the pipeline "
                "again: it pushes the model anew."
            )
    elif int(version) > max(versions(folder.parent), default=0):
        # One that newer versions have replaced may be gone: only so many are kept.
        raise DataError(f"push: version {str(folder)!r} is gone. Run the pipeline again: it pushes the model anew.")
    return version


def _serving(run: Run, result: EvaluationResult) -> ServingResult | None:
    """Returns what the serving gate found, once it is sure that it is about the judged model."""
    blessing = run.artifact("ServingGate", "blessing")
    if blessing is None:
        return None
    serving = read_result(blessing.uri)
    if serving.model_fingerprint != result.model_fingerprint or blessing.properties.get("blessed") != serving.blessed:
        raise DataError(
            f"serving gate: {blessing.uri!r} and its report are not about one model, or not about this run's. Run the "
            "ServingGate again."
        )
    return serving


def _judged_model(run: Run, blessing: Artifact, result: EvaluationResult) -> str:
    """Returns the judged model's URI, once it is sure that blessing, evaluation, run and model belong together."""
    # TFX's Evaluator writes the two models onto the blessing, as `current_model` and `baseline_model`.
    judged = str(blessing.properties.get("current_model", ""))
    trained = run.artifact("Trainer", "model")
    if trained is not None and judged != trained.uri:
        raise DataError(
            f"blessing: {blessing.uri!r} is about {judged or 'no model'!r}, this run's model is {trained.uri!r}; the "
            "blessing is of another run. Run the Evaluator again."
        )
    fingerprint = blessing.properties.get(MODEL_FINGERPRINT)
    if not fingerprint or fingerprint != result.model_fingerprint:
        raise DataError(
            f"blessing: {blessing.uri!r} names content {fingerprint or 'none'}, the evaluation "
            f"{result.model_fingerprint or 'none'}; they are not of one run. Run the Evaluator again."
        )
    served = pathlib.Path(judged) / "Format-Serving"  # Where TFX keeps the SavedModel inside a Model artifact.
    if not served.is_dir():
        raise DataError(f"model: {str(served)!r} is gone, so nothing is left to judge. Run the pipeline again.")
    if folder_fingerprint(served) != fingerprint:
        raise DataError(
            f"model: the content of {str(served)!r} is not what was judged; it was changed after the Evaluator. "
            "Run the pipeline again."
        )
    return judged


def windows_text(evaluation: EvaluationResult) -> str:
    """Returns what the verdict rests on: `367 test windows of 24 steps`."""
    count = int(evaluation.metrics.get("window_count", 0))
    horizon = max(map(len, evaluation.by_lead_step.values()), default=0)
    steps = f" of {horizon} steps" if horizon else ""
    return f"{count:,} test window{'' if count == 1 else 's'}{steps}"


def compared(evaluation: EvaluationResult) -> list[tuple[str, float, float]]:
    """Returns the scaled MAE of the previous model and of each baseline, and this model's change against it.

    The change is a share of the other's error; NaN where that is 0.
    """
    error = evaluation.metrics.get("mae_scaled", math.nan)
    rows = ((label, metrics.get(f"mae_scaled{suffix}", math.nan)) for label, metrics, suffix in rivals(evaluation))
    return [(label, mae, (error - mae) / mae if mae else math.nan) for label, mae in rows]


def rivals(evaluation: EvaluationResult) -> list[tuple[str, Mapping[str, float], str]]:
    """Returns what the model is compared with: its name, the metrics that tell of it, and how their names end there."""
    before = [("previous model", evaluation.previous_metrics, "")] if evaluation.previous_metrics else []
    return before + [(label, evaluation.metrics, f"_{name}") for name, label in BASELINES.items()]


def headline(verdict: Verdict) -> str:
    """Returns the verdict in one line."""
    gates = {"the gate": verdict.evaluation, "the serving gate": verdict.serving}
    refused = [name for name, found in gates.items() if found is not None and not found.blessed]
    if refused:
        return f"NOT BLESSED: {' and '.join(refused)} refused this model; nothing was pushed"
    if verdict.pushed_version is None:
        return "BLESSED, but not pushed"
    return f"BLESSED, and pushed as version {verdict.pushed_version}"
