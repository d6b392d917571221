"""A requirement of a model and what was measured, as data; and the English for it, which comes last.

>>> below = Requirement(metric="mae_scaled", relation="<", bound=0.015)
>>> check = below.judged(0.0102)
>>> check.passed, check.id
(True, 'mae_scaled.below')
>>> in_words(check)
'mae_scaled is 0.0102, below 0.015'

The Evaluator's gate and the serving gate make checks; terminal, report and
verdict files show them. Nothing reads the words back.
"""

import dataclasses
import math
import operator
from collections.abc import Mapping
from typing import Any, Literal

from tapeline.schemas.served_model import BASELINES

Relation = Literal["<", "<=", ">", ">="]
Scope = Literal["overall", "every_series"]
Against = Literal["limit", "previous", "naive_on_eval"]

_RELATIONS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}
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
        return f"{self.metric}.{series}{_RELATIONS[self.relation].replace(' ', '_')}{previous}"

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

_LIMIT_KEY = "gate.mae_scaled_below"

_CAUSES = {
    "window_deviation": "contexts or targets of test windows are not what the data hold before and after the cutoff",
    "steps_before_test": "forecasts of test windows reach into the time that training has seen",
    "scale_deviation": "the scales are not those of the train rows, so they were fitted on others",
    "target_influence": "the scored forecast changes with the horizon's targets, so it has seen them",
}
"""What it means when a check on this metric fails."""

_PHRASES = {
    **{
        f"interval_coverage_{percent}": (
            f"the {percent} % interval held {{value}} of the test values, at least {{bound}}",
            f"the {percent} % interval held only {{value}} of the test values, not at least {{bound}}: it is too narrow "
            "(gate.coverage)",
        )
        for percent in (80, 95)
    },
    **{
        f"interval_missed_{percent}": (
            f"the {percent} % interval left out {{value}} of the test values, at least {{bound}}",
            f"the {percent} % interval left out only {{value}} of the test values, not at least {{bound}}: it is too "
            "wide (gate.coverage)",
        )
        for percent in (80, 95)
    },
    "serving_process": (
        "a process with TensorFlow alone served the model",
        "the model was not served by a process of its own: {faults}",
    ),
    "serving_wrong_answers": (
        "all {of} real requests were answered",
        "{failing} of {of} real requests were not answered right: {faults}",
    ),
    "serving_deviation": (
        "served forecasts differ from the Evaluator's by {value} of the scale, at most {bound}",
        "served forecasts differ from the Evaluator's by {value} of the scale, more than {bound}: {faults}",
    ),
    "serving_wrong_refusals": (
        "all {of} hostile requests were refused with a message",
        "{failing} of {of} hostile requests were not refused right: {faults}",
    ),
    "serving_latency_ms": (
        "one forecast takes {value} ms, within serving.max_latency_ms {bound}",
        "one forecast takes {value} ms, not within serving.max_latency_ms {bound}",
    ),
    "serving_memory_mib": (
        "serving takes {value} MiB, within serving.max_memory_mib {bound}",
        "serving takes {value} MiB, not within serving.max_memory_mib {bound}",
    ),
}
"""Whole sentences for metrics that need them: where the check passed, and where it failed."""


def in_words(check: Check, *, name: str = "") -> str:
    """Returns a check as a sentence without full stop.

    Args:
        check: The check.
        name: What to call the metric; "" calls it by its own name.
    """
    name = name or check.metric
    if check.metric in HARM:
        return _harm_in_words(check)
    if check.metric in _PHRASES:
        value = "an unknown number of" if math.isnan(check.value) else number(check.value, digits=3)
        return _PHRASES[check.metric][not check.passed].format(
            value=value, bound=number(check.bound), of=check.of, failing=check.failing, faults=_faults_in_words(check)
        )
    if check.against == "previous":
        verb = "no worse than" if check.passed else "worse than"
        before = number(check.bound)
        return f"{name} is {number(check.value)}, {verb} the {before} of the previous model on the same windows"
    required = f"{_RELATIONS[check.relation]} {number(check.bound)}"
    if check.scope == "every_series":
        if check.passed:
            return f"{name} of every series is {required}"
        if not check.faults:
            return f"{name} of every series must be {required}, and there is no series"
        others = f", as for {check.failing - 1} more of {check.of} series" if check.failing > 1 else ""
        return f"{name} of series {check.faults[0].where!r} is {number(check.value)}, not {required}{others}"
    if check.metric == LIMITED:
        return f"{name} is {number(check.value)}, {'' if check.passed else 'not '}{required}{_limit_in_words(check)}"
    cause = "" if check.passed or check.metric not in _CAUSES else f": {_CAUSES[check.metric]}"
    return f"{name} is {number(check.value)}, {'' if check.passed else 'not '}{required}{cause}"


def _harm_in_words(check: Check) -> str:
    if not check.of:
        return "no series has gate.min_windows test windows, so none is judged by itself"
    allowed = f"at most {share(check.bound)} of them may be" if check.bound else "none may be"
    if check.of > 1:
        found = f"{check.failing:,} of {check.of:,} series {'is' if check.failing == 1 else 'are'}"
    else:
        found, allowed = "the series is" + " not" * check.passed, ""
    worse = f"{found} over {share(check.worse_by or 0.0)} worse than the best naive forecast of its own"
    worse += f"; {allowed}" if allowed else ""
    return worse if check.passed else f"{worse} ({HARM[check.metric]}): {_faults_in_words(check)}"


def _limit_in_words(check: Check) -> str:
    """Says where the limit of the error comes from, and beside a refusal what `auto` would make of it."""
    errors = sorted(check.naive_on_eval.items(), key=lambda item: item[1])
    best = BASELINES[errors[0][0]] if errors else "a naive forecast"
    if check.against == "naive_on_eval":
        others = "".join(f"; {BASELINES[name]} {number(error)}" for name, error in errors[1:])
        origin = f", the error of {best} on eval"
        return origin if check.passed else f"{origin} ({_LIMIT_KEY}: auto{others})"
    if check.passed:
        return ""
    if not errors:
        return f" ({_LIMIT_KEY})"
    listed = ", ".join(f"{BASELINES[name]} {number(error)}" for name, error in errors)
    return f" ({_LIMIT_KEY}; errors on eval: {listed}; auto asks for less than {number(errors[0][1])})"


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


def required_in_words(check: Requirement) -> str:
    """Returns what is required, to stand beside the metric's name: `below 0.015`."""
    if check.against == "previous":
        return f"no worse than the previous model's {number(check.bound)}"
    if check.against == "naive_on_eval":
        return f"{_RELATIONS[check.relation]} {number(check.bound)}, a naive forecast's error on eval"
    series = " for every series" if check.scope == "every_series" else ""
    return f"{_RELATIONS[check.relation]} {number(check.bound)}{series}"


def _faults_in_words(check: Check) -> str:
    shown = [": ".join(part for part in (fault.where, fault.problem) if part) for fault in check.faults]
    more = check.failing - len(check.faults)
    return "; ".join([*shown, f"and {more} more"] if more > 0 else shown)


def share(value: float) -> str:
    """Returns a share in percent, in as many digits as it takes: `25 %`, `0.5 %`."""
    return f"{number(100 * value, digits=4)} %"


def number(value: float, *, digits: int = 6) -> str:
    """Returns a number in as many digits as show on which side of a bound it lies."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    return f"{value:,.0f}" if abs(value) >= 10**digits else f"{value:.{digits}g}"
