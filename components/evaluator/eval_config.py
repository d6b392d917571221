"""The gate: what a model must reach to be blessed, and the same as TFMA's EvalConfig.

TFMA's bounds are inclusive; a limit that must be strictly kept is moved to the
next floating-point number. Each threshold names its slices: all windows
together, or every series, where a plain TFMA threshold would hold for both.
The requirements travel inside the configuration of their metric, so that the
executor reads them as they were told and not from the moved bounds.
"""

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping, Sequence

from tensorflow_model_analysis.proto import config_pb2

from tapeline.components.evaluator.audit import AUDIT_LIMITS
from tapeline.schemas import features as names
from tapeline.schemas.checks import HARM, LIMITED, Requirement
from tapeline.schemas.errors import DataError
from tapeline.schemas.evaluation_result import without_nan
from tapeline.schemas.gate_config import GateConfig, HarmedSeriesConfig
from tapeline.schemas.served_model import BASELINES, EVALUATE
from tapeline.series.conformal import PERCENTS
from tapeline.series.window_sums import STATISTICS

CANDIDATE = "candidate"
"""TFMA's name of the model under judgement; TFMA drops it when there is no other model."""

PREVIOUS = "previous"
"""TFMA's name of the model blessed before."""

MOST_SERIES = 5000
"""Series that are scored one by one. Each is a slice that TFMA takes 5 ms for, and 1 kB of the verdict."""

SERIES_METRICS = (*HARM, "judged_series", "series_skills")
"""Metrics over all windows that look at each series by itself."""

_SHOWN = HarmedSeriesConfig()
_DEFAULT_HARM = (_SHOWN.badly_worse_by, _SHOWN.worse_by)
"""From where on series count as harmed where a gate does not say, in the order of `HARM`."""

LEAST_PERIODS = 20
"""Fewest test forecasts without a common step that coverage is judged on: of fewer, chance alone moves it by 15 points."""

_SLICES = {"overall": config_pb2.SlicingSpec(), "every_series": config_pb2.SlicingSpec(feature_keys=[names.SERIES_ID])}


def gate_requirements(gate: GateConfig) -> tuple[Requirement, ...]:
    """Returns everything that a gate requires, in the order in which a reader wants it."""
    limit = gate.mae_scaled_below
    if limit == "auto":
        required = [Requirement(metric=LIMITED, relation="<", against="naive_on_eval")]
    else:
        required = [Requirement(metric=LIMITED, relation="<", bound=limit)]
    if gate.no_worse_than_blessed:
        required.append(Requirement(metric="mae_scaled", relation="<=", against="previous"))
    if gate.mae_scaled_below_per_series is not None:
        bound = gate.mae_scaled_below_per_series
        required.append(Requirement(metric="mae_scaled", relation="<", bound=bound, scope="every_series"))
    required.append(Requirement(metric="finite_share", relation=">=", bound=1.0))
    # The overall share says that a forecast is missing; this one says whose.
    required.append(Requirement(metric="finite_share", relation=">=", bound=1.0, scope="every_series"))
    required.append(Requirement(metric="window_count", relation=">=", bound=float(gate.min_windows)))
    for baseline in BASELINES:
        margin = getattr(gate.skill_over, baseline)
        if margin is not None:
            required.append(Requirement(metric=f"skill_over_{baseline}", relation=">", bound=margin))
    if gate.coverage is not None:
        required += _coverage_requirements(gate.coverage)
    harmed = gate.harmed_series
    if harmed is not None:
        limits = (harmed.badly_worse_by, harmed.badly_share), (harmed.worse_by, harmed.share)
        required += [
            Requirement(metric=name, relation="<=", bound=share, worse_by=worse_by)
            for name, (worse_by, share) in zip(HARM, limits, strict=True)
        ]
    required += [Requirement(metric=name, relation="<=", bound=limit) for name, limit in AUDIT_LIMITS.items()]
    return tuple(required)


def _coverage_requirements(margin: float) -> list[Requirement]:
    """An interval that is too narrow holds too few test values, one that is too wide leaves out too few."""
    shares = {f"interval_coverage_{percent}": percent for percent in PERCENTS}
    shares |= {f"interval_missed_{percent}": 100 - percent for percent in PERCENTS}
    # Rounded, so that 80 % less 15 points is 0.65 and not a hair more.
    bounds = {metric: round(share / 100 - margin, 9) for metric, share in shares.items()}
    return [Requirement(metric=metric, relation=">=", bound=bound) for metric, bound in bounds.items() if bound > 0.0]


def for_periods(requirements: Iterable[Requirement], periods: float) -> tuple[Requirement, ...]:
    """Returns what is required where the test split has so many forecasts without a common step: of few, no coverage.

    Neighbouring windows share most of their steps and err together, so their number says little.
    """
    names = {f"interval_{metric}_{percent}" for percent in PERCENTS for metric in ("coverage", "missed")}
    return tuple(one for one in requirements if periods >= LEAST_PERIODS or one.metric not in names)


def for_series(requirements: Iterable[Requirement], count: int) -> tuple[Requirement, ...]:
    """Returns what is required of so many series: of too many, nothing of each, unless each has a limit of its own.

    Without slices nothing gets by: all windows together must be finite, which is all that every series must be.
    """
    required = tuple(requirements)
    of_series = {one.metric for one in required if one.scope == "every_series"}
    if count <= MOST_SERIES or "mae_scaled" in of_series:
        return required
    return tuple(one for one in required if one.scope == "overall")


def with_naive_errors(requirements: Iterable[Requirement], errors: Mapping[str, float]) -> tuple[Requirement, ...]:
    """Returns requirements whose limit on the error is known, or can be compared with what naive forecasts reach.

    Args:
        requirements: What a gate requires.
        errors: What each naive forecast erred by on the eval split, scaled; empty for a model whose card does not say.

    Raises:
        DataError: The gate takes its limit from the errors, and there are none.
    """
    known = []
    for one in requirements:
        if one.against == "naive_on_eval" and not errors:
            raise DataError(
                "model: its card says nothing of the naive forecasts' errors on eval, which gate.mae_scaled_below: auto "
                "takes its limit from. Train the model anew, or set gate.mae_scaled_below to a number."
            )
        if one.metric == LIMITED and one.scope == "overall" and one.against != "previous":
            bound = min(errors.values()) if one.against == "naive_on_eval" else one.bound
            one = dataclasses.replace(one, bound=bound, naive_on_eval=dict(errors))
        known.append(one)
    return tuple(known)


def to_eval_config(
    requirements: Sequence[Requirement], *, audit: Mapping[str, float] | None = None
) -> config_pb2.EvalConfig:
    """Returns TFMA's configuration for what is required.

    Args:
        requirements: What a model must reach. Where none is of every series, series are not scored one by one.
        audit: What the audit found, a number for each of `AUDIT_LIMITS`; None before it ran.
    """
    of_series = any(one.scope == "every_series" for one in requirements)
    # JSON has no infinity.
    found = {name: {"value": repr(float(value))} for name, value in (audit or {}).items()}
    told: dict[str, Mapping[str, object]] = {**found, **dict.fromkeys(SERIES_METRICS, _judging_of_series(requirements))}
    kinds = {"WindowMetric": STATISTICS, "SeriesMetric": SERIES_METRICS, "AuditMetric": AUDIT_LIMITS}
    metrics = [(kind, name) for kind, names_of_kind in kinds.items() for name in names_of_kind]
    return config_pb2.EvalConfig(
        model_specs=[_model_spec(CANDIDATE), _model_spec(PREVIOUS)],
        slicing_specs=list(_SLICES.values()) if of_series else [_SLICES["overall"]],
        metrics_specs=[
            config_pb2.MetricsSpec(
                metrics=[
                    _metric(kind, [one for one in requirements if one.metric == name], name=name, **told.get(name, {}))
                    for kind, name in metrics
                ]
            )
        ],
    )


def _judging_of_series(requirements: Sequence[Requirement]) -> dict[str, object]:
    """The arguments of a `SeriesMetric`: what the requirements say, else what is shown without any."""
    least = max((int(one.bound) for one in requirements if one.metric == "window_count"), default=1)
    required = {one.metric: one.worse_by for one in requirements if one.metric in HARM}
    return {"least_windows": least, "worse_by": dict(zip(HARM, _DEFAULT_HARM, strict=True)) | required}


def read_requirements(eval_config: config_pb2.EvalConfig) -> tuple[Requirement, ...]:
    """Returns the requirements that a configuration was made from, metric by metric."""
    return tuple(
        Requirement(**{**tree, "bound": float(tree["bound"])})
        for spec in eval_config.metrics_specs
        for metric in spec.metrics
        for tree in json.loads(metric.config)["requirements"]
    )


def _metric(kind: str, requirements: Sequence[Requirement], **config: object) -> config_pb2.MetricConfig:
    told = without_nan([dataclasses.asdict(one) for one in requirements])
    return config_pb2.MetricConfig(
        module="tapeline.components.evaluator.beam_metrics",
        class_name=kind,
        config=json.dumps({**config, "requirements": told}),
        per_slice_thresholds=[
            config_pb2.PerSliceMetricThreshold(slicing_specs=[_SLICES[one.scope]], threshold=_threshold(one))
            for one in requirements
        ],
    )


def _model_spec(name: str) -> config_pb2.ModelSpec:
    return config_pb2.ModelSpec(
        name=name,
        signature_name=EVALUATE,
        label_key=names.TARGET,
        model_type="tf_generic",
        is_baseline=name == PREVIOUS,
    )


def _threshold(requirement: Requirement) -> config_pb2.MetricThreshold:
    if requirement.against == "previous":
        change = config_pb2.GenericChangeThreshold(
            direction=config_pb2.MetricDirection.LOWER_IS_BETTER, absolute={"value": 0.0}
        )
        return config_pb2.MetricThreshold(change_threshold=change)
    is_upper, is_strict = requirement.relation[0] == "<", "=" not in requirement.relation
    bound = math.nextafter(requirement.bound, -math.inf if is_upper else math.inf) if is_strict else requirement.bound
    value = config_pb2.GenericValueThreshold(**{"upper_bound" if is_upper else "lower_bound": {"value": bound}})
    return config_pb2.MetricThreshold(value_threshold=value)
