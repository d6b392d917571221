"""Turns TFMA's files into the summary that the rest of Tapeline reads.

The verdict is TFMA's own: a check failed exactly when TFMA's validation lists
its threshold among the failures. What is added are the words.
"""

import dataclasses
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import config_pb2

from tapeline.components.evaluator.audit import AUDIT_LIMITS, AUDIT_REASONS
from tapeline.components.evaluator.eval_config import CANDIDATE
from tapeline.schemas.evaluation_result import Check, EvaluationResult

_SKILL = "skill_over_"


def collect(evaluation_uri: str, eval_config: config_pb2.EvalConfig) -> EvaluationResult:
    """Reads TFMA's metrics and validation.

    Args:
        evaluation_uri: Folder that TFMA wrote to.
        eval_config: The configuration it ran with.
    """
    metrics: dict[str, float] = {}
    by_lead_step: dict[str, tuple[float, ...]] = {}
    series: dict[str, dict[str, float]] = {}
    baseline: dict[str, float] = {}
    for one_slice in tfma.load_metrics(evaluation_uri):
        series_id = _series_id(one_slice)
        for name, model_name, value in _values(one_slice):
            if name in AUDIT_LIMITS and (series_id is not None or model_name != CANDIDATE):
                continue
            if isinstance(value, tuple):
                if series_id is None and model_name == CANDIDATE:
                    by_lead_step[name] = value
            elif series_id is not None:
                if model_name == CANDIDATE:
                    series.setdefault(series_id, {})[name] = value
            else:
                (metrics if model_name == CANDIDATE else baseline)[name] = value
    validation = tfma.load_validation_result(evaluation_uri)
    return EvaluationResult(
        blessed=validation.validation_ok,
        checks=tuple(_checks(eval_config, validation, metrics, series, baseline)),
        metrics=metrics,
        by_lead_step=by_lead_step,
        series=series,
        baseline_metrics=baseline,
    )


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


def _checks(
    eval_config: config_pb2.EvalConfig,
    validation: Any,
    metrics: Mapping[str, float],
    series: Mapping[str, Mapping[str, float]],
    baseline: Mapping[str, float],
) -> Iterator[Check]:
    failed = {
        (failure.metric_key.name, failure.metric_key.is_diff, _series_id(one_slice))
        for one_slice in validation.metric_validations_per_slice
        for failure in one_slice.failures
    }
    evaluated = "window_count" in metrics
    for name, slices, threshold in _thresholds(eval_config):
        value = metrics.get(name, math.nan)
        if threshold.HasField("change_threshold"):
            passed = evaluated and (name, True, None) not in failed
            yield _no_worse(name, value, baseline.get(name, math.nan), passed)
        elif not threshold.HasField("value_threshold"):
            continue  # Without a model blessed before, TFMA empties the comparison with it.
        elif slices.feature_keys:
            below = {key: metrics[name] for key, metrics in series.items() if (name, False, key) in failed}
            yield _within_every_series(name, Limit.of(name, threshold.value_threshold), below, series)
        else:
            passed = evaluated and (name, False, None) not in failed
            yield _within(name, value, Limit.of(name, threshold.value_threshold), passed)


def _thresholds(eval_config: config_pb2.EvalConfig) -> Iterable[tuple[str, Any, Any]]:
    for spec in eval_config.metrics_specs:
        for metric in spec.metrics:
            for threshold in metric.per_slice_thresholds:
                yield json.loads(metric.config)["name"], threshold.slicing_specs[0], threshold.threshold


@dataclasses.dataclass(frozen=True)
class Limit:
    """A bound of a metric as the configuration has it, not as TFMA needs it.

    Attributes:
        relation: `below`, `above`, `at least` or `at most`.
        bound: The limit.
    """

    relation: str
    bound: float

    @classmethod
    def of(cls, name: str, threshold: Any) -> "Limit":
        """Takes back what eval_config.py did to make TFMA's bounds strict."""
        if name in AUDIT_LIMITS:
            return cls("at most", threshold.upper_bound.value)
        if threshold.HasField("upper_bound"):
            return cls("below", math.nextafter(threshold.upper_bound.value, math.inf))
        if name.startswith(_SKILL):
            return cls("above", math.nextafter(threshold.lower_bound.value, -math.inf))
        return cls("at least", threshold.lower_bound.value)

    def __str__(self) -> str:
        return f"{self.relation} {self.bound:g}"


def _within(name: str, value: float, limit: Limit, passed: bool) -> Check:
    cause = f": {AUDIT_REASONS[name]}" if name in AUDIT_REASONS and not passed else ""
    return Check(
        name=f"{name} {limit}",
        metric=name,
        value=value,
        bound=limit.bound,
        passed=passed,
        reason=f"{name} is {value:.6g}, {'' if passed else 'not '}{limit}{cause}",
    )


def _within_every_series(
    name: str, limit: Limit, failed: Mapping[str, float], series: Mapping[str, Mapping[str, float]]
) -> Check:
    """One check for all series: its value is that of the worst one."""
    smaller_is_worse = limit.relation == "at least"

    def rank(value: float) -> float:
        return -math.inf if math.isnan(value) else value if smaller_is_worse else -value

    values = failed or {key: metrics[name] for key, metrics in series.items()}
    worst = min(values, key=lambda key: (rank(values[key]), key), default=None)
    value = math.nan if worst is None else values[worst]
    of = "every series"
    if failed:
        others = f" and {len(failed) - 1} more of {len(series)} series" if len(failed) > 1 else ""
        of = f"series {worst!r}{others}"
    return Check(
        name=f"{name} of every series {limit}",
        metric=name,
        value=value,
        bound=limit.bound,
        passed=bool(series) and not failed,
        reason=f"{name} of {of} is {'' if not failed else f'{value:.6g}, not '}{limit}",
    )


def _no_worse(name: str, value: float, blessed: float, passed: bool) -> Check:
    verb = "no worse than" if passed else "worse than"
    return Check(
        name=f"{name} no worse than the model blessed before",
        metric=name,
        value=value,
        bound=blessed,
        passed=passed,
        reason=f"{name} is {value:.6g}, {verb} the {blessed:.6g} of the model blessed before on the same windows",
    )
