"""Checks in English: the only place where a check becomes words, and nothing reads the words back.

>>> in_words(Requirement(metric="mae_scaled", relation="<", bound=0.015).judged(0.0102))
'mae_scaled is 0.0102, below 0.015'
"""

import math
from collections.abc import Iterable, Mapping

from tapeline.schemas.checks import HARM, LIMITED, RELATIONS, Check, Requirement
from tapeline.schemas.served_model import BASELINES, NAIVE

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
        verb = RELATIONS[check.relation] if check.passed else "worse than"
        before = number(check.bound)
        return f"{name} is {number(check.value)}, {verb} the {before} of the previous model on the same windows"
    required = f"{RELATIONS[check.relation]} {number(check.bound)}"
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
        found = f"{check.failing:,} of {check.of:,} series {'is' if check.failing == 1 else 'are'} over"
    else:
        found, allowed = f"the series is {'at most' if check.passed else 'over'}", ""
    worse = f"{found} {share(check.worse_by or 0.0)} worse than the best naive forecast of its own"
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


def harder_test(checks: Iterable[Check], metrics: Mapping[str, float]) -> str:
    """Says that forecasting became harder after eval, where that is why a model better than naive is refused; else "".

    Args:
        checks: Those of the Evaluator.
        metrics: What it measured on test.
    """
    naive = min(metrics.get(f"mae_scaled_{name}", math.nan) for name in NAIVE)
    for check in checks:
        if check.metric == LIMITED and check.against == "naive_on_eval" and not check.passed and check.value < naive:
            return (
                f"On test the naive forecasts err by {number(naive, digits=3)} or more, on eval by "
                f"{number(check.bound, digits=3)}: it became harder after eval, by a trend or another level. Where that "
                f"is to be expected, give {_LIMIT_KEY} as a number."
            )
    return ""


def required_in_words(check: Requirement) -> str:
    """Returns what is required, to stand beside the metric's name: `below 0.015`."""
    if check.against == "previous":
        return f"{RELATIONS[check.relation]} the previous model's {number(check.bound)}"
    if check.against == "naive_on_eval":
        return f"{RELATIONS[check.relation]} {number(check.bound)}, a naive forecast's error on eval"
    series = " for every series" if check.scope == "every_series" else ""
    return f"{RELATIONS[check.relation]} {number(check.bound)}{series}"


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
