"""The gate as TFMA's EvalConfig: what is measured, and what a model must reach to be blessed.

    create_eval_config(GateConfig(mae_scaled_below=0.015))

TFMA's bounds are inclusive; a limit that must be strictly kept is moved to the
next floating-point number. Each threshold names its slices: all windows
together, or every series, where a plain TFMA threshold would hold for both.
"""

import json
import math
from collections.abc import Mapping, Sequence

from tensorflow_model_analysis.proto import config_pb2

from tapeline.components.evaluator.audit import AUDIT_LIMITS
from tapeline.schemas import features as names
from tapeline.schemas.sections import GateConfig
from tapeline.schemas.served_model import EVALUATE
from tapeline.series.baselines import BASELINES
from tapeline.series.window_sums import STATISTICS

CANDIDATE = "candidate"
"""TFMA's name of the model under judgement; TFMA drops it when there is no baseline model."""

BASELINE = "baseline"
"""TFMA's name of the model blessed before."""

MOST_SERIES = 5000
"""Series that are scored one by one. Each is a slice that TFMA takes 5 ms for, and 1 kB of the verdict."""

_ALL_WINDOWS = config_pb2.SlicingSpec()
_EVERY_SERIES = config_pb2.SlicingSpec(feature_keys=[names.SERIES_ID])


def create_eval_config(gate: GateConfig) -> config_pb2.EvalConfig:
    """Returns TFMA's configuration for a gate.

    Args:
        gate: What a model must reach.
    """
    metrics = [
        _metric("WindowMetric", name, overall=_overall(gate).get(name, ()), per_series=_per_series(gate).get(name, ()))
        for name in STATISTICS
    ]
    metrics += [_metric("AuditMetric", name, overall=[_at_most(limit)]) for name, limit in AUDIT_LIMITS.items()]
    return config_pb2.EvalConfig(
        model_specs=[_model_spec(CANDIDATE), _model_spec(BASELINE)],
        slicing_specs=[_ALL_WINDOWS, _EVERY_SERIES],
        metrics_specs=[config_pb2.MetricsSpec(metrics=metrics)],
    )


def with_audit(eval_config: config_pb2.EvalConfig, found: Mapping[str, float]) -> config_pb2.EvalConfig:
    """Returns a configuration that judges what the audit found.

    Args:
        eval_config: From `create_eval_config`.
        found: A number for each of `audit.AUDIT_LIMITS`.
    """
    filled = config_pb2.EvalConfig()
    filled.CopyFrom(eval_config)
    for spec in filled.metrics_specs:
        for metric in spec.metrics:
            if metric.class_name == "AuditMetric":
                name = json.loads(metric.config)["name"]
                metric.config = json.dumps({"name": name, "value": repr(float(found[name]))})
    return filled


def for_series(eval_config: config_pb2.EvalConfig, count: int) -> config_pb2.EvalConfig:
    """Returns a configuration that scores series one by one as long as they are not too many, or each has a limit.

    Without slices nothing gets by: all windows together must be finite, which is all that every series must be.

    Args:
        eval_config: From `create_eval_config`.
        count: How many series there are.
    """
    rules = [rule for spec in eval_config.metrics_specs for metric in spec.metrics for rule in _rules(metric)]
    if count <= MOST_SERIES or ("mae_scaled", True) in rules:
        return eval_config
    together = config_pb2.EvalConfig()
    together.CopyFrom(eval_config)
    del together.slicing_specs[:]
    together.slicing_specs.append(_ALL_WINDOWS)
    for spec in together.metrics_specs:
        for metric in spec.metrics:
            kept = [one for one in metric.per_slice_thresholds if not one.slicing_specs[0].feature_keys]
            del metric.per_slice_thresholds[:]
            metric.per_slice_thresholds.extend(kept)
    return together


def _rules(metric: config_pb2.MetricConfig) -> list[tuple[str, bool]]:
    """For each threshold of a metric, the metric's name and whether it holds for every series."""
    name = json.loads(metric.config)["name"]
    return [(name, bool(one.slicing_specs[0].feature_keys)) for one in metric.per_slice_thresholds]


def _metric(
    class_name: str,
    name: str,
    *,
    overall: Sequence[config_pb2.MetricThreshold] = (),
    per_series: Sequence[config_pb2.MetricThreshold] = (),
) -> config_pb2.MetricConfig:
    return config_pb2.MetricConfig(
        module="tapeline.components.evaluator.beam_metrics",
        class_name=class_name,
        config=json.dumps({"name": name}),
        per_slice_thresholds=[
            config_pb2.PerSliceMetricThreshold(slicing_specs=[slices], threshold=threshold)
            for slices, thresholds in ((_ALL_WINDOWS, overall), (_EVERY_SERIES, per_series))
            for threshold in thresholds
        ],
    )


def _model_spec(name: str) -> config_pb2.ModelSpec:
    return config_pb2.ModelSpec(
        name=name,
        signature_name=EVALUATE,
        label_key=names.TARGET,
        model_type="tf_generic",
        is_baseline=name == BASELINE,
    )


def _overall(gate: GateConfig) -> dict[str, list[config_pb2.MetricThreshold]]:
    thresholds = {
        "mae_scaled": [_below(gate.mae_scaled_below)],
        "finite_share": [_at_least(1.0)],
        "window_count": [_at_least(float(gate.min_windows))],
    }
    for baseline in BASELINES:
        margin = getattr(gate.skill_over, baseline)
        if margin is not None:
            thresholds[f"skill_over_{baseline}"] = [_at_least(math.nextafter(margin, math.inf))]
    if gate.no_worse_than_blessed:
        thresholds["mae_scaled"].append(_no_worse_than_baseline())
    return thresholds


def _per_series(gate: GateConfig) -> dict[str, list[config_pb2.MetricThreshold]]:
    # The overall share says that a forecast is missing; this one says whose.
    thresholds = {"finite_share": [_at_least(1.0)]}
    if gate.mae_scaled_below_per_series is not None:
        thresholds["mae_scaled"] = [_below(gate.mae_scaled_below_per_series)]
    return thresholds


def _below(limit: float) -> config_pb2.MetricThreshold:
    return _at_most(math.nextafter(limit, -math.inf))


def _at_most(bound: float) -> config_pb2.MetricThreshold:
    return config_pb2.MetricThreshold(
        value_threshold=config_pb2.GenericValueThreshold(upper_bound={"value": bound})  # type: ignore[arg-type]
    )


def _at_least(bound: float) -> config_pb2.MetricThreshold:
    return config_pb2.MetricThreshold(
        value_threshold=config_pb2.GenericValueThreshold(lower_bound={"value": bound})  # type: ignore[arg-type]
    )


def _no_worse_than_baseline() -> config_pb2.MetricThreshold:
    return config_pb2.MetricThreshold(
        change_threshold=config_pb2.GenericChangeThreshold(
            direction=config_pb2.MetricDirection.LOWER_IS_BETTER,
            absolute={"value": 0.0},  # type: ignore[arg-type]
        )
    )
