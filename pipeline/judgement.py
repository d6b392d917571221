"""What became of a run's model at the gates, from ML Metadata: passed, refused, or nothing to judge.

Nothing is computed anew and nothing heavy is imported: the Evaluator's
validation and the ServingGate's checks are the verdict, and this reads them.
What would make the verdict mean nothing (no Evaluator, a run that failed,
artifacts of another run) is never taken for a pass.
"""

import dataclasses
import enum

from tapeline.pipeline.lineage import NodeState, Run, read_run, started_runs
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.pipeline.verdict import Verdict, read_verdict
from tapeline.schemas.errors import DataError

_RUNS_NAMED = 5
_ERROR_CHARACTERS = 300


class Outcome(enum.Enum):
    """What became of a model at the gates."""

    PASSED = "passed"
    REFUSED = "refused"
    NOTHING = "nothing_to_judge"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judgement:
    """What `tapeline gate` answers.

    Attributes:
        name: The configuration's name.
        outcome: Passed, refused, or nothing to judge.
        run_id: TFX's name of the run; None where there is no run.
        verdict: What it rests on; None where there is nothing to judge.
        problem: Why there is nothing to judge, and what to do; else "".
    """

    name: str
    outcome: Outcome
    run_id: str | None = None
    verdict: Verdict | None = None
    problem: str = ""


def judge(paths: RunPaths, run_id: str | None = None) -> Judgement:
    """Reads the verdict of a run; of the newest where no run id is given."""
    name = paths.root.name
    run = read_run(paths.address, run_id, pipeline=name if paths.store else None)
    if run is None:
        return Judgement(name=name, outcome=Outcome.NOTHING, problem=_no_run(paths, run_id))

    def nothing(problem: str) -> Judgement:
        return Judgement(name=name, outcome=Outcome.NOTHING, run_id=run.run_id, problem=problem)

    if not run.state("Evaluator").ended_well:
        reason = _unfinished(run) or "the Evaluator never ran; the run ended before it. Run without --to."
        return nothing(f"run {run.run_id}: {reason}")
    try:
        verdict = read_verdict(run)
    except DataError as error:
        return nothing(str(error))
    if verdict is None:
        return nothing(f"run {run.run_id}: the Evaluator left no evaluation and no blessing. Run it again.")
    if not verdict.blessed:
        return Judgement(name=name, outcome=Outcome.REFUSED, run_id=run.run_id, verdict=verdict)
    # A blessed model whose run broke afterwards is not what is being served.
    broken = _unfinished(run)
    if broken:
        return nothing(f"run {run.run_id}: the model is blessed, but {broken}")
    if run.state("Pusher") is not NodeState.ABSENT and verdict.pushed_version is None:
        return nothing(f"run {run.run_id}: the model is blessed, but the Pusher pushed nothing. Run again.")
    return Judgement(name=name, outcome=Outcome.PASSED, run_id=run.run_id, verdict=verdict)


def _no_run(paths: RunPaths, run_id: str | None) -> str:
    known = list(started_runs(paths.address, pipeline=paths.root.name if paths.store else None))
    if run_id is None or not known:
        return f"no run in {shown(paths.root)}. Run `tapeline run` first, or give another --home or --name."
    named = ", ".join(known[:_RUNS_NAMED])
    return (
        f"--run: no run {run_id!r} in {shown(paths.root)}. Give one of: {named}{', ...' * (len(known) > _RUNS_NAMED)}."
    )


def _unfinished(run: Run) -> str:
    """Says which node did not finish, and why; "" where all did."""
    for node_id, node in run.nodes.items():
        if node.state is NodeState.FAILED:
            error = " ".join(node.error.split())
            if len(error) > _ERROR_CHARACTERS:
                error = error[:_ERROR_CHARACTERS] + "..."
            return f"{node_id} failed{f': {error}' if error else ''}. Fix the cause and run again."
        if node.state is NodeState.RUNNING:
            return f"{node_id} is still running, or was killed. Wait for it, or run again."
    return ""
