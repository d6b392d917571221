"""A requirement of a model and what was measured, as data; `check_wording` has the English for it, which comes last.

>>> below = Requirement(metric="mae_scaled", relation="<", bound=0.015)
>>> check = below.judged(0.0102)
>>> check.passed, check.id
(True, 'mae_scaled.below')

The Evaluator's gate and the serving gate make checks; terminal, report and
verdict files show them.
"""

import dataclasses
import math
import operator
from collections.abc import Mapping
from typing import Any, Literal

Relation = Literal["<", "<=", ">", ">="]
Scope = Literal["overall", "every_series"]
Against = Literal["limit", "previous", "naive_on_eval"]

RELATIONS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}
_HOLDS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Requirement:
    """What is required of a model.

    Attributes:
        metric: The number that is judged.
        relation: How it must stand to the bound.
        bound: The limit; against the previous model it is not known before both are scored, and NaN until then.
        scope: All windows together, or every series by itself.
        against: What the bound is: a limit, the value of the previous model, the one blessed last before, or the least
            error of a naive forecast on the eval split, which is NaN until that is read.
        worse_by: Of a share of series: how much worse than its best naive forecast each of them is; None of other metrics.
        naive_on_eval: What the naive forecasts erred by on the eval split, by name; empty where it does not matter.
    """

    metric: str
    relation: Relation
    bound: float = math.nan
    scope: Scope = "overall"
    against: Against = "limit"
    worse_by: float | None = None
    naive_on_eval: Mapping[str, float] = dataclasses.field(default_factory=dict)

    @property
    def id(self) -> str:
        """A name for machines that does not change with the limit: `mae_scaled.below`."""
        series = "of_every_series_" if self.scope == "every_series" else ""
        previous = "_previous" if self.against == "previous" else ""
        return f"{self.metric}.{series}{RELATIONS[self.relation].replace(' ', '_')}{previous}"

    def judged(self, value: float, *, passed: bool | None = None, **found: Any) -> "Check":
        """Returns the check.

        Args:
            value: What was measured.
            passed: Whether the requirement is met; None compares value and bound.
            found: Other attributes of `Check`.
        """
        met = _HOLDS[self.relation](value, self.bound) if passed is None else passed
        return Check(**dataclasses.asdict(self), value=value, passed=met, **found)


@dataclasses.dataclass(frozen=True)
class Fault:
    """Something that broke a requirement.

    Attributes:
        where: A series or a request; "" for the whole.
        problem: What happened, in the words of whatever failed; "" where the check's value says it.
    """

    where: str
    problem: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check(Requirement):
    """A requirement and what was measured.

    Attributes:
        value: What was measured; of every series, the worst value.
        passed: Whether the requirement is met.
        of: How many series or requests were looked at.
        failing: How many of them broke the requirement.
        faults: The worst of those, at most three.
    """

    value: float
    passed: bool
    of: int = 0
    failing: int = 0
    faults: tuple[Fault, ...] = ()


LIMITED = "mae_scaled"
"""The metric that `gate.mae_scaled_below` limits."""

HARM = {
    "badly_harmed_share": "gate.harmed_series.badly_share",
    "harmed_share": "gate.harmed_series.share",
}
"""Metrics that are a share of series, and the keys that limit them."""


def is_close(check: Check) -> bool:
    """Whether a check passed by little: by under a tenth of its limit, or a twentieth of a baseline's error."""
    if not check.passed or check.against == "previous" or not math.isfinite(check.value):
        return False
    if check.metric.startswith("skill_over"):
        return check.value - check.bound < _CLOSE_SKILL
    return check.metric in _LIMITS_WITH_ROOM and abs(check.value - check.bound) < _CLOSE_SHARE * check.bound


_CLOSE_SHARE, _CLOSE_SKILL = 0.1, 0.05

_LIMITS_WITH_ROOM = (LIMITED, *HARM, "window_count", "serving_latency_ms", "serving_memory_mib")
"""Metrics that a model may be far on the right side of; others are met or not."""
