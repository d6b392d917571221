"""Turns TFMA's files into the summary that the rest of Tapeline reads.

The verdict is TFMA's own: a check failed exactly when TFMA's validation lists
its threshold among the failures.
"""

import dataclasses
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tensorflow_model_analysis as tfma

from tapeline.components.evaluator.audit import AUDIT_LIMITS
from tapeline.components.evaluator.eval_config import CANDIDATE, SERIES_METRICS
from tapeline.schemas.check_wording import share as percent
from tapeline.schemas.checks import HARM, Check, Fault, Requirement
from tapeline.schemas.evaluation_result import EvaluationResult
from tapeline.series.series_skill import MOST_SHOWN

_MOST_FAULTS = 3


def collect(evaluation_uri: str, requirements: Iterable[Requirement], *, compared: bool) -> EvaluationResult:
    """Reads TFMA's metrics and validation.

    Args:
        evaluation_uri: Folder that TFMA wrote to.
        requirements: What TFMA's configuration was made from.
        compared: Whether there was a previous model. Without one, TFMA leaves out the comparison.
    """
    metrics: dict[str, float] = {}
    by_lead_step: dict[str, tuple[float, ...]] = {}
    series: dict[str, dict[str, float]] = {}
    previous: dict[str, float] = {}
    skills: dict[str, Any] = {}
    for one_slice in tfma.load_metrics(evaluation_uri):
        series_id = _series_id(one_slice)
        for name, model_name, value in _values(one_slice):
            if isinstance(value, tuple):
                if series_id is None and model_name == CANDIDATE:
                    by_lead_step[name] = value
            elif series_id is None and model_name == CANDIDATE:
                metrics[name] = value
            elif name not in AUDIT_LIMITS and series_id is None:
                previous[name] = value
            elif name not in {*AUDIT_LIMITS, *SERIES_METRICS} and series_id is not None and model_name == CANDIDATE:
                series.setdefault(series_id, {})[name] = value
        if series_id is None:
            skills = _series_skills(one_slice)
    validation = tfma.load_validation_result(evaluation_uri)
    failed = {
        (failure.metric_key.name, failure.metric_key.is_diff, _series_id(one_slice))
        for one_slice in validation.metric_validations_per_slice
        for failure in one_slice.failures
    }
    return EvaluationResult(
        blessed=validation.validation_ok,
        checks=tuple(
            _check(requirement, failed, metrics=metrics, series=series, previous=previous, skills=skills)
            for requirement in requirements
            if compared or requirement.against != "previous"
        ),
        metrics=metrics,
        by_lead_step=by_lead_step,
        # Of too many series, only the worst are known by name.
        series=series or {row["series_id"]: _metrics_of(row) for row in skills.get("worst", ())[:MOST_SHOWN]},
        previous_metrics=previous,
        series_count=skills.get("series", 0),
    )


def _series_skills(one_slice: Any) -> dict[str, Any]:
    """What `SeriesMetric` tells of the candidate's series, by name."""
    for item in one_slice.metric_keys_and_values:
        if item.key.name == "series_skills" and (item.key.model_name or CANDIDATE) == CANDIDATE:
            found: dict[str, Any] = json.loads(item.value.bytes_value)
            return found
    return {}


def _metrics_of(row: Mapping[str, Any]) -> dict[str, float]:
    relative = float(row["relative_mae"])
    return {
        "mae_scaled": float(row["mae_scaled"]),
        "relative_mae": relative,
        "skill_over_best_naive": 1.0 - relative,
        "window_count": float(row["windows"]),
    }


def _series_id(one_slice: Any) -> str | None:
    keys = one_slice.slice_key.single_slice_keys
    return keys[0].bytes_value.decode("utf-8", errors="replace") if keys else None


def _values(one_slice: Any) -> Iterator[tuple[str, str, float | tuple[float, ...]]]:
    for item in one_slice.metric_keys_and_values:
        if item.key.is_diff:
            continue
        # TFMA leaves the name out when there is one model only.
        model_name = item.key.model_name or CANDIDATE
        kind = item.value.WhichOneof("type")
        if kind == "array_value":
            yield item.key.name, model_name, tuple(item.value.array_value.float64_values)
        elif kind == "double_value":
            yield item.key.name, model_name, item.value.double_value.value


def _check(
    requirement: Requirement,
    failed: set[tuple[str, bool, str | None]],
    *,
    metrics: Mapping[str, float],
    series: Mapping[str, Mapping[str, float]],
    previous: Mapping[str, float],
    skills: Mapping[str, Any],
) -> Check:
    name, is_change = requirement.metric, requirement.against == "previous"
    if requirement.scope == "every_series":
        return _every_series(requirement, {key for metric, _, key in failed if metric == name and key}, series)
    if name in HARM:
        return _harm(requirement, skills, passed=(name, False, None) not in failed, share=metrics.get(name, math.nan))
    if is_change:
        requirement = dataclasses.replace(requirement, bound=previous.get(name, math.nan))
    passed = "window_count" in metrics and (name, is_change, None) not in failed
    return requirement.judged(metrics.get(name, math.nan), passed=passed)


def _harm(requirement: Requirement, skills: Mapping[str, Any], *, passed: bool, share: float) -> Check:
    """The check on a share of series, with the names of the worst of them."""
    worse = [
        (row["series_id"], float(row["relative_mae"]) - 1.0)
        for row in skills.get("worst", ())
        if row["windows"] >= skills["least_windows"]
        and float(row["relative_mae"]) > 1.0 + (requirement.worse_by or 0.0)
    ]
    return requirement.judged(
        share,
        passed=passed and bool(skills),
        of=skills.get("judged", 0),
        failing=skills.get("harmed", {}).get(requirement.metric, 0),
        faults=()
        if passed
        else tuple(Fault(repr(name), f"{percent(much)} worse") for name, much in worse[:_MOST_FAULTS]),
    )


def _every_series(requirement: Requirement, failed: set[str], series: Mapping[str, Mapping[str, float]]) -> Check:
    """One check for all series: its value is that of the worst one."""
    smaller_is_worse = requirement.relation[0] == ">"

    def rank(series_id: str) -> tuple[float, str]:
        value = values[series_id]
        return -math.inf if math.isnan(value) else value if smaller_is_worse else -value, series_id

    values = {key: found[requirement.metric] for key, found in series.items() if key in failed or not failed}
    worst = sorted(values, key=rank)
    return requirement.judged(
        values[worst[0]] if worst else math.nan,
        passed=bool(series) and not failed,
        of=len(series),
        failing=len(failed),
        faults=tuple(map(Fault, worst[:_MOST_FAULTS])) if failed else (),
    )
