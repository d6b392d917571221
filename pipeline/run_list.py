"""The runs of a configuration in a few words each: when, what became of the model, and as which version it serves."""

import dataclasses
import textwrap
from typing import Any

from tapeline.pipeline.judgement import Judgement, Outcome, judge
from tapeline.pipeline.lineage import started_runs
from tapeline.pipeline.paths import RunPaths
from tapeline.schemas.errors import printable

_REASONS = 2
_CHARACTERS = 90


@dataclasses.dataclass(frozen=True, kw_only=True)
class ListedRun:
    """A run, as a list shows it.

    Attributes:
        name: The configuration's.
        run_id: TFX's name of the run.
        started: When it began, milliseconds since the epoch.
        outcome: What became of its model.
        in_words: The same for people.
        version: As which it was pushed; None where it was not.
    """

    name: str
    run_id: str
    started: int
    outcome: Outcome
    in_words: str
    version: str | None

    def as_tree(self) -> dict[str, Any]:
        """Returns it for JSON."""
        return {**dataclasses.asdict(self), "outcome": self.outcome.value}


def list_runs(paths: RunPaths) -> list[ListedRun]:
    """Reads all runs of a configuration, the newest first."""
    return [_listed(judge(paths, run_id), run_id, started) for run_id, started in started_runs(paths.address).items()]


def _listed(judgement: Judgement, run_id: str, started: int) -> ListedRun:
    version = judgement.verdict.pushed_version if judgement.verdict else None
    return ListedRun(
        name=judgement.name,
        run_id=run_id,
        started=started,
        outcome=judgement.outcome,
        in_words=printable(in_few_words(judgement)),
        version=version,
    )


def in_few_words(judgement: Judgement) -> str:
    """Returns what became of a run's model, and the first reasons where it was refused or there is nothing to judge."""
    if judgement.verdict is None:
        problem = judgement.problem.removeprefix(f"run {judgement.run_id}: ")
        return f"nothing to judge: {textwrap.shorten(problem, _CHARACTERS, placeholder=' ...')}"
    if judgement.outcome is Outcome.PASSED:
        return "passed"
    failed = [check.metric for check in judgement.verdict.checks if not check.passed]
    more = f" and {len(failed) - _REASONS} more" if len(failed) > _REASONS else ""
    return f"refused: {', '.join(failed[:_REASONS])}{more}"
