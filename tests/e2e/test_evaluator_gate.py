"""The real Evaluator on models and windows whose errors are planted: what it reports and what it requires."""

import itertools
import math
import pathlib
from typing import Any

import pytest

from tapeline.schemas.errors import ConfigError
from tapeline.schemas.gate_config import GateConfig, SkillConfig
from tapeline.schemas.sections import DataConfig, ScalingConfig, SplitConfig, WindowConfig
from tests.e2e.evaluator_runs import HORIZON, NAN, PlantedModel, Window, reasons, refusals, run_evaluator


@pytest.fixture
def judge(tmp_path: pathlib.Path) -> Any:
    count = itertools.count()
    return lambda windows, **options: run_evaluator(tmp_path / str(next(count)), windows, **options)


def test_a_good_model_is_blessed_and_every_number_is_reported(judge: Any) -> None:
    windows = [
        Window(forecast=[0.0, 0.004, 0.0, 0.004], series_id=b"a"),
        Window(forecast=[0.008, 0.0, 0.0, 0.0], series_id=b"b"),
        Window(forecast=0.0, series_id=b"b", target=[NAN, NAN, NAN, 0.0]),
    ]
    result = judge(windows)
    assert result.blessed
    assert reasons(result) == ()
    # (2 * 0.004 + 0.008) over 4 + 4 + 1 observed targets; a scaled unit is 10 units.
    assert result.metrics["mae_scaled"] == pytest.approx(0.016 / 9)
    assert result.metrics["mae"] == pytest.approx(0.16 / 9)
    assert result.metrics["rmse_scaled"] == pytest.approx(math.sqrt((2 * 0.004**2 + 0.008**2) / 9))
    assert result.metrics["rmse"] == pytest.approx(10 * result.metrics["rmse_scaled"])
    assert result.metrics["mase"] == pytest.approx(0.016 / 9 / 0.05)
    # Three forecasts of 9 are not 0 where the truth is: 200 % each.
    assert result.metrics["smape"] == pytest.approx(200 * 3 / 9)
    assert result.metrics["mae_persistence"] == pytest.approx(1.0)
    assert result.metrics["mae_scaled_persistence"] == pytest.approx(0.1)
    assert result.metrics["skill_over_persistence"] == pytest.approx(1 - 0.16 / 9)
    assert result.metrics["finite_share"] == 1.0
    assert result.metrics["window_count"] == 3.0
    assert result.by_lead_step["mae_scaled_by_lead_step"] == pytest.approx((0.004, 0.002, 0.0, 0.004 / 3))
    # The truth is 0: of 9 forecasts only the one of 0.008 is farther from it than 0.005, none farther than 0.02.
    assert result.metrics["interval_coverage_80"] == pytest.approx(8 / 9)
    assert result.metrics["interval_coverage_95"] == 1.0
    assert result.metrics["interval_width_80_scaled"] == pytest.approx(0.01)
    assert result.metrics["interval_width_95"] == pytest.approx(0.4)
    assert result.by_lead_step["interval_coverage_80_by_lead_step"] == pytest.approx((0.5, 1.0, 1.0, 1.0))
    assert result.series["a"]["mae_scaled"] == pytest.approx(0.002)
    assert result.series["b"]["window_count"] == 2.0
    assert result.previous_metrics == {}


def test_an_error_a_hair_under_the_limit_is_blessed(judge: Any) -> None:
    # float32(0.015) is 0.0149999997.
    assert judge([Window(forecast=0.015)] * 2).blessed


def test_nan_forecasts_over_observed_targets_are_refused_by_the_error_too(judge: Any) -> None:
    result = judge([Window(), Window(forecast=NAN)])
    assert "mae_scaled.below" in refusals(result)
    assert "finite_share.at_least" in refusals(result)
    assert math.isnan(result.metrics["mae_scaled"])


def test_repeating_the_last_value_is_refused(judge: Any) -> None:
    assert refusals(judge([Window(forecast=0.01, persistence=0.01)] * 2)) == ["skill_over_persistence.above"]


def test_ridge_is_shown_and_required_on_request(judge: Any) -> None:
    windows = [Window(forecast=0.01, ridge=0.005)] * 2
    assert judge(windows).blessed
    required = GateConfig(min_windows=2, skill_over=SkillConfig(ridge=0.0))
    assert refusals(judge(windows, gate=required)) == ["skill_over_ridge.above"]


def test_too_few_windows_are_refused(judge: Any) -> None:
    result = judge([Window()] * 3, gate=GateConfig(min_windows=4))
    assert refusals(result) == ["window_count.at_least"]
    assert reasons(result) == ("window_count is 3, not at least 4",)


def test_no_windows_at_all_are_refused(judge: Any) -> None:
    result = judge([])
    assert not result.blessed
    assert "window_count.at_least" in refusals(result)


def test_a_limit_holds_overall_and_not_for_every_series(judge: Any) -> None:
    windows = [Window(forecast=0.001)] * 9 + [Window(forecast=0.05, series_id=b"b")]
    result = judge(windows)
    assert result.blessed
    assert result.series["b"]["mae_scaled"] == pytest.approx(0.05)


def test_a_model_as_good_as_the_blessed_one_is_blessed(judge: Any) -> None:
    result = judge([Window(forecast=0.005)] * 2, baseline=PlantedModel())
    assert result.blessed
    (check,) = (check for check in result.checks if check.against == "previous")
    assert (check.relation, check.value, check.bound) == ("<=", check.bound, result.previous_metrics["mae_scaled"])


def test_the_comparison_with_the_blessed_model_can_be_turned_off(judge: Any) -> None:
    gate = GateConfig(min_windows=2, no_worse_than_blessed=False)
    assert judge([Window(forecast=0.005)] * 2, gate=gate, model=PlantedModel(0.005), baseline=PlantedModel()).blessed


def test_every_series_can_be_held_to_a_limit_of_its_own(judge: Any) -> None:
    windows = [Window(forecast=0.001)] * 9 + [Window(forecast=0.05, series_id=b"b")]
    gate = GateConfig(min_windows=2, mae_scaled_below_per_series=0.02)
    result = judge(windows, gate=gate)
    assert refusals(result) == ["mae_scaled.of_every_series_below"]
    assert reasons(result) == ("mae_scaled of series 'b' is 0.05, not below 0.02",)


def test_a_season_that_no_context_can_hold_is_refused_before_the_run() -> None:
    from tfx.types import standard_artifacts
    from tfx.types.channel import Channel

    from tapeline.components.evaluator.component import create_evaluator

    def create(gate: Any) -> Any:
        return create_evaluator(
            examples=Channel(type=standard_artifacts.Examples),
            rows=Channel(type=standard_artifacts.Examples),
            transform_graph=Channel(type=standard_artifacts.TransformGraph),
            model=Channel(type=standard_artifacts.Model),
            baseline_model=Channel(type=standard_artifacts.Model),
            gate=gate,
            window=WindowConfig(context_length=20, horizon=HORIZON),
            data=DataConfig(frequency="H", time="t", target="y"),
            scaling=ScalingConfig(),
            split=SplitConfig(),
        )

    with pytest.raises(ConfigError, match=r"frequency 'H' has no season \(steps: 24\) that fits into .* 20"):
        create(GateConfig())
    assert create(GateConfig(season=12)).id == "Evaluator"
    assert create(GateConfig(skill_over=SkillConfig(seasonal_naive=None))).id == "Evaluator"
