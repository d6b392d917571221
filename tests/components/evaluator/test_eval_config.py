"""The gate as requirements and as TFMA's configuration: series by series, or all together where they are many."""

import dataclasses
import json
import math
from typing import Any

import pytest

from tapeline.components.evaluator.eval_config import (
    LEAST_PERIODS,
    MOST_SERIES,
    for_periods,
    for_series,
    gate_requirements,
    read_requirements,
    to_eval_config,
    with_naive_errors,
)
from tapeline.schemas.errors import DataError
from tapeline.schemas.gate_config import GateConfig, SkillConfig


def limits(config: Any, *, of_series: Any) -> set[Any]:
    return {
        json.loads(metric.config)["name"]
        for spec in config.metrics_specs
        for metric in spec.metrics
        for one in metric.per_slice_thresholds
        if bool(one.slicing_specs[0].feature_keys) == of_series
    }


def test_a_few_series_are_scored_one_by_one() -> None:
    required = gate_requirements(GateConfig())
    assert for_series(required, MOST_SERIES) == required
    config = to_eval_config(gate_requirements(GateConfig()))
    assert [list(spec.feature_keys) for spec in config.slicing_specs] == [[], ["series_id"]]
    assert limits(config, of_series=True) == {"finite_share"}


def test_many_series_are_judged_together_and_every_limit_on_all_windows_stays() -> None:
    required = gate_requirements(GateConfig())
    config, together = to_eval_config(required), to_eval_config(for_series(required, MOST_SERIES + 1))
    assert [list(spec.feature_keys) for spec in together.slicing_specs] == [[]]
    assert limits(together, of_series=True) == set()
    assert limits(together, of_series=False) == limits(config, of_series=False) >= {"mae_scaled", "finite_share"}


def test_a_limit_for_each_series_is_kept_however_many_they_are() -> None:
    required = gate_requirements(GateConfig(mae_scaled_below_per_series=0.1))
    assert for_series(required, 10 * MOST_SERIES) == required


def test_a_strict_bound_is_the_next_number_for_tfma_and_stays_what_it_is_as_a_requirement() -> None:
    gate = GateConfig(mae_scaled_below=0.015, skill_over=SkillConfig(ridge=0.1))
    config = to_eval_config(gate_requirements(gate))
    thresholds = {
        json.loads(metric.config)["name"]: metric.per_slice_thresholds[0].threshold.value_threshold
        for metric in config.metrics_specs[0].metrics
        if metric.per_slice_thresholds
    }
    assert thresholds["mae_scaled"].upper_bound.value == math.nextafter(0.015, -math.inf)
    assert thresholds["skill_over_ridge"].lower_bound.value == math.nextafter(0.1, math.inf)
    assert thresholds["finite_share"].lower_bound.value == 1.0
    told = {one.id: one.bound for one in read_requirements(config)}
    assert told["mae_scaled.below"] == 0.015
    assert told["skill_over_ridge.above"] == 0.1


def test_requirements_come_back_from_the_configuration_in_order() -> None:
    def plain(required: Any) -> list[Any]:
        # The bound of a comparison is not known yet; NaN equals nothing.
        return [dataclasses.astuple(dataclasses.replace(one, bound=repr(one.bound))) for one in required]

    required = gate_requirements(GateConfig(mae_scaled_below_per_series=0.1))
    assert plain(
        read_requirements(to_eval_config(gate_requirements(GateConfig(mae_scaled_below_per_series=0.1))))
    ) == plain(required)


def coverage_bounds(required: Any) -> dict[str, float]:
    return {one.id: one.bound for one in required if one.metric.startswith("interval")}


def test_coverage_may_be_so_many_points_from_what_the_interval_says() -> None:
    assert coverage_bounds(gate_requirements(GateConfig())) == {
        "interval_coverage_80.at_least": 0.65,
        "interval_coverage_95.at_least": 0.8,
        "interval_missed_80.at_least": 0.05,
    }
    close = coverage_bounds(gate_requirements(GateConfig(coverage=0.02)))
    assert close["interval_missed_95.at_least"] == 0.03
    assert coverage_bounds(gate_requirements(GateConfig(coverage=None))) == {}


def test_coverage_is_required_of_enough_forecasts_without_a_common_step() -> None:
    required = gate_requirements(GateConfig())
    assert for_periods(required, LEAST_PERIODS) == required
    few = for_periods(required, LEAST_PERIODS - 0.1)
    assert coverage_bounds(few) == {}
    assert len(few) == len(required) - 3


def test_what_the_audit_found_goes_to_its_metric() -> None:
    config = to_eval_config(gate_requirements(GateConfig()), audit={"target_influence": math.inf})
    found = {
        json.loads(metric.config)["name"]: json.loads(metric.config).get("value")
        for metric in config.metrics_specs[0].metrics
        if metric.class_name == "AuditMetric"
    }
    assert found["target_influence"] == "inf"


def test_auto_is_the_better_naive_forecast_on_eval_and_strict() -> None:
    required = gate_requirements(GateConfig(mae_scaled_below="auto"))
    assert math.isnan(required[0].bound)
    told = read_requirements(to_eval_config(required))
    known = with_naive_errors(told, {"persistence": 0.06, "seasonal_naive": 0.04})
    (limit,) = (one for one in known if one.id == "mae_scaled.below")
    assert (limit.bound, limit.against) == (0.04, "naive_on_eval")
    (metric,) = (one for one in to_eval_config(known).metrics_specs[0].metrics if '"mae_scaled"' in one.config)
    upper = metric.per_slice_thresholds[0].threshold.value_threshold.upper_bound.value
    assert upper == math.nextafter(0.04, 0.0)


def test_a_limit_that_was_set_stays_and_carries_what_auto_would_be() -> None:
    known = with_naive_errors(gate_requirements(GateConfig()), {"persistence": 0.06, "seasonal_naive": 0.04})
    (limit,) = (one for one in known if one.id == "mae_scaled.below")
    assert (limit.bound, limit.naive_on_eval) == (0.015, {"persistence": 0.06, "seasonal_naive": 0.04})


def test_auto_without_errors_on_the_card_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"gate\.mae_scaled_below: auto takes its limit from"):
        with_naive_errors(gate_requirements(GateConfig(mae_scaled_below="auto")), {})
