"""What a backtest found, fold by fold, as a table for people and a tree for machines.

Every fold fits its scaler anew, so each has a scaled space of its own: 0.01 is
more in a fold whose train split spans more. Folds are compared, and averaged,
in the target's unit and by skill; the scaled MAE stands beside them because the
gate goes by it.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tapeline.pipeline.backtest.folds import Cuts, Spread, spread
from tapeline.schemas.check_wording import in_words
from tapeline.schemas.evaluation_result import EvaluationResult, without_nan
from tapeline.schemas.served_model import BASELINES
from tapeline.series.figures.wording import NAMES, Space, number, when
from tapeline.series.time_grid import TimeGrid

JSON_VERSION = 1
"""Changes when a field of `to_tree` changes its meaning or goes away."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FoldScore:
    """One fold and what the Evaluator found in it.

    Attributes:
        number: From 1, the earliest first.
        cuts: Where its splits lie, in steps of the grid.
        result: The Evaluator's numbers and checks.
        space: Where model and baselines are compared: the target's unit, unless series have scales of their own.
    """

    number: int
    cuts: Cuts
    result: EvaluationResult
    space: Space

    @property
    def train_steps(self) -> int:
        """Steps of the grid from the start of train to its end."""
        return self.cuts.eval_start - self.cuts.train_start

    @property
    def model(self) -> float:
        """MAE of the model, in `space`."""
        return self.metric("mae_scaled") * self.space.factor

    @property
    def baselines(self) -> Mapping[str, float]:
        """MAE of each baseline on the same windows, in `space`."""
        return {name: self.metric(f"mae_scaled_{name}") * self.space.factor for name in BASELINES}

    @property
    def skill(self) -> float:
        """Share of the error saved against the best baseline of this fold; NaN where that one makes no error."""
        best = min(self.baselines.values())
        return 1.0 - self.model / best if best else math.nan

    def metric(self, name: str) -> float:
        """A number of the Evaluator's; NaN where it gave none."""
        return self.result.metrics.get(name, math.nan)


def spreads(scores: Sequence[FoldScore]) -> dict[str, Spread]:
    """Returns mean and standard deviation over the folds, by column of the table."""
    columns = {
        "mae_scaled": [score.metric("mae_scaled") for score in scores],
        "mae": [score.metric("mae") for score in scores],
        **{name: [score.baselines[name] for score in scores] for name in BASELINES},
        "skill": [score.skill for score in scores],
    }
    return {name: spread(values) for name, values in columns.items()}


def table(scores: Sequence[FoldScore], *, grid: TimeGrid) -> str:
    """Returns the table: a line a fold, then mean and standard deviation."""
    unit, space = scores[0].result.unit, scores[0].space.unit
    # Series on scales of their own have a MAE in the unit, but no common factor for the baselines.
    head = ["fold", "train from", "steps", "test from", "test to", "windows", "MAE scaled", f"MAE {unit}".strip()]
    rows = [[*head, *(NAMES[name] for name in BASELINES), "skill", "gate"]]
    for score in scores:
        steps = grid.timestamps([score.cuts.train_start, score.cuts.test_start, score.cuts.end - 1])
        start, first, last = (when(seconds, grid) for seconds in steps)
        values = [score.metric("mae_scaled"), score.metric("mae"), *(score.baselines[name] for name in BASELINES)]
        rows.append(
            [
                *(str(score.number), start, f"{score.train_steps:,}", first, last),
                f"{int(score.metric('window_count')):,}",
                *_numbers(values, score.skill),
                "passed" if score.result.blessed else "refused",
            ]
        )
    over = list(spreads(scores).values())
    passed = sum(score.result.blessed for score in scores)
    for name, part in (("mean", "mean"), ("sd", "deviation"))[: 2 if len(scores) > 1 else 1]:
        *errors, skill = (getattr(each, part) for each in over)
        gate = f"{passed} of {len(scores)}" if name == "mean" else ""
        rows.append([name, "", "", "", "", "", *_numbers(errors, skill, signed=name == "mean"), gate])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(len(scores) + 1, "-" * len(lines[0]))
    return "\n".join([*(line.rstrip() for line in lines), "", *_notes(scores, space)])


def _numbers(errors: Sequence[float], skill: float, *, signed: bool = True) -> list[str]:
    scaled, *others = errors
    shown = [number(value, 4) if math.isfinite(value) else str(value) for value in others]
    return [f"{scaled:.5f}", *shown, f"{100 * skill:{'+' if signed else ''}.1f} %"]


def _notes(scores: Sequence[FoldScore], space: str) -> list[str]:
    common = space != "scaled"
    return [
        f"Free-running MAE; every fold is trained anew. Baselines are in {space if common else 'scaled space'}.",
        "Skill: share of the error saved against the best baseline of the same fold."
        + (" sd: sample standard deviation over the folds." if len(scores) > 1 else ""),
        f"Every fold scales by its own train split: compare folds {f'in {space} and ' if common else ''}by skill, not by "
        "the scaled MAE.",
    ]


def to_tree(scores: Sequence[FoldScore], *, grid: TimeGrid) -> dict[str, Any]:
    """Returns everything as a tree for JSON; numbers that are not finite stand as strings."""
    tree = {
        "version": JSON_VERSION,
        "unit": scores[0].result.unit,
        "baselines_in": scores[0].space.unit,
        "mean": {name: each.mean for name, each in spreads(scores).items()},
        "standard_deviation": {name: each.deviation for name, each in spreads(scores).items()},
        "folds": [_fold_tree(score, grid) for score in scores],
    }
    plain: dict[str, Any] = without_nan(tree)
    return plain


def _fold_tree(score: FoldScore, grid: TimeGrid) -> dict[str, Any]:
    cuts = dataclasses.asdict(score.cuts)
    return {
        "fold": score.number,
        **{name: when(seconds, grid) for name, seconds in zip(cuts, grid.timestamps(list(cuts.values())), strict=True)},
        "train_steps": score.train_steps,
        "windows": int(score.metric("window_count")),
        "mae_scaled": score.metric("mae_scaled"),
        "mae": score.metric("mae"),
        **score.baselines,
        "skill": score.skill,
        "blessed": score.result.blessed,
        "refused_because": [in_words(check) for check in score.result.failed],
        "metrics": dict(score.result.metrics),
        "metrics_by_lead_step": {name: list(values) for name, values in score.result.by_lead_step.items()},
    }


def typical_series(series: Mapping[str, Mapping[str, float]]) -> str:
    """Returns the series whose MAE lies in the middle; those without a finite one count as the worst."""

    def rank(series_id: str) -> tuple[float, str]:
        mae = series[series_id].get("mae_scaled", np.nan)
        return (mae if np.isfinite(mae) else np.inf, series_id)

    return sorted(series, key=rank)[(len(series) - 1) // 2]


def end_to_end(steps: npt.NDArray[np.int64], horizon: int) -> npt.NDArray[np.int64]:
    """Returns the positions of forecasts that do not overlap: each the first that begins after the one before ends.

    Args:
        steps: First step of each forecast, ascending `[N]`.
        horizon: Steps of a forecast, `H`.
    """
    chosen: list[int] = []
    position = 0
    while position < len(steps):
        chosen.append(position)
        position = int(np.searchsorted(steps, steps[position] + horizon))
    return np.array(chosen, np.int64)
