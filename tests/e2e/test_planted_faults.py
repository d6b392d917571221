"""Every way to look better than one is: planted, and refused by the real machinery for that very reason.

Faults of models, windows and scales meet the Evaluator's executor as TFX runs it; faults of runs meet the gate that
reads ML Metadata, and the Pusher. Each test demands the whole list of failed checks: a fault that is refused for
another reason would come back once that reason is gone.
"""

import itertools
import pathlib
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.versions import MODEL_FINGERPRINT, folder_fingerprint, versions
from tapeline.pipeline.judgement import Outcome, judge
from tapeline.pipeline.paths import RunPaths
from tapeline.schemas.gate_config import GateConfig
from tests.e2e.evaluator_runs import (
    CONTEXT,
    HORIZON,
    NAN,
    PlantedModel,
    TeacherForcedModel,
    Window,
    reasons,
    refusals,
    run_evaluator,
)
from tests.judged_run import Home, result

ON_EVAL = {"persistence": 0.0625, "seasonal_naive": 0.03125}


@pytest.fixture
def evaluate(tmp_path: pathlib.Path) -> Any:
    count = itertools.count()
    return lambda windows, **options: run_evaluator(tmp_path / str(next(count)), windows, **options)


def tampered(change: Any) -> Any:
    """Changes the features of every window."""

    def tamper(windows: Any) -> Any:
        altered = []
        for serialized in windows:
            example = tf.train.Example.FromString(serialized)
            change({name: value.float_list.value for name, value in example.features.feature.items()})
            altered.append(example.SerializeToString())
        return altered

    return tamper


def test_a_target_leaked_into_the_context_is_refused(evaluate: Any) -> None:
    def leak(values: Any) -> None:
        values["context"][CONTEXT - 1] = values["target"][0]

    found = evaluate([Window()] * 2, tamper=tampered(leak))
    assert refusals(found) == ["window_deviation.at_most"]
    # The last context value is 0.1, the first target 0.
    assert found.metrics["window_deviation"] == pytest.approx(0.1)
    assert "not what the data hold before and after the cutoff" in reasons(found)[0]


def test_a_context_filled_where_it_calls_itself_measured_is_refused(evaluate: Any) -> None:
    def lie(values: Any) -> None:
        values["context_observed"][0] = 0.0

    assert refusals(evaluate([Window()] * 2, tamper=tampered(lie))) == ["window_deviation.at_most"]


def test_targets_that_are_not_those_of_the_data_are_refused(evaluate: Any) -> None:
    def flatter(values: Any) -> None:
        values["target"][:] = [0.001] * 4

    found = evaluate([Window()] * 2, tamper=tampered(flatter))
    assert found.metrics["mae_scaled"] == 0.0
    assert refusals(found) == ["window_deviation.at_most"]


def test_a_scaler_fitted_on_all_splits_is_refused(evaluate: Any) -> None:
    # An error of 0.2 units: 0.02 in a space of 10 units, 0.01 once a test row of 20 has stretched it.
    found = evaluate([Window(forecast=0.01)] * 2, peak=20.0, scaled_on_test=True)
    assert found.metrics["mae_scaled"] == pytest.approx(0.01)
    assert refusals(found) == ["scale_deviation.at_most"]
    # The scale is 20, that of the train rows 10.
    assert found.metrics["scale_deviation"] == pytest.approx(1.0)
    assert "fitted on others" in reasons(found)[0]


def test_a_peak_in_test_is_no_fault_of_a_scaler_fitted_on_train(evaluate: Any) -> None:
    assert evaluate([Window()] * 2, peak=20.0).blessed


def test_a_teacher_forced_scorer_is_refused(evaluate: Any) -> None:
    found = evaluate([Window()] * 2, model=TeacherForcedModel())
    assert found.metrics["mae_scaled"] == pytest.approx(0.001)
    assert refusals(found) == ["target_influence.at_most"]
    assert "it has seen them" in reasons(found)[0]


def test_half_the_forecasts_nan_is_refused(evaluate: Any) -> None:
    # No target was observed where the NaNs stand, so the error alone would have passed.
    found = evaluate([Window(), Window(forecast=NAN, target=[0.0, NAN, NAN, NAN])])
    assert "finite_share.at_least" in refusals(found)
    assert found.metrics["finite_share"] == 0.5


def test_forecasts_that_are_nan_where_nothing_was_observed_are_refused(evaluate: Any) -> None:
    found = evaluate([Window(forecast=[0.001, NAN, NAN, NAN], target=[0.0, NAN, NAN, NAN])] * 2)
    assert found.metrics["mae_scaled"] < 0.015
    assert refusals(found) == ["finite_share.at_least", "finite_share.of_every_series_at_least"]


def test_one_series_all_nan_is_refused_by_name(evaluate: Any) -> None:
    found = evaluate([*[Window()] * 8, Window(forecast=NAN, series_id=b"silent")])
    assert "finite_share.of_every_series_at_least" in refusals(found)
    assert "finite_share of series 'silent' is 0, not at least 1" in reasons(found)


def test_a_model_at_0_0149_that_seasonal_naive_beats_is_refused(evaluate: Any) -> None:
    found = evaluate([Window(forecast=0.0149, seasonal_naive=0.0148)] * 2)
    assert found.metrics["mae_scaled"] == pytest.approx(0.0149)
    assert refusals(found) == ["skill_over_seasonal_naive.above"]


def windows_within(reach: dict[float, int]) -> list[Window]:
    """Windows of four steps whose forecasts are so wrong so many times."""
    errors = [error for error, times in reach.items() for _ in range(times)]
    return [Window(forecast=errors[at::20]) for at in range(20)]


SPREAD = windows_within({0.004: 64, 0.015: 12, 0.03: 4})
"""Errors that the planted intervals hold as often as they say: 80 % within 0.005, 95 % within 0.02."""


def test_intervals_ten_times_too_narrow_are_refused(evaluate: Any) -> None:
    assert evaluate(SPREAD, eval_stride=HORIZON).blessed
    found = evaluate(SPREAD, eval_stride=HORIZON, model=PlantedModel(reach=0.1))
    assert refusals(found) == ["interval_coverage_80.at_least", "interval_coverage_95.at_least"]
    assert reasons(found)[0] == (
        "the 80 % interval held only 0 of the test values, not at least 0.65: it is too narrow (gate.coverage)"
    )


def test_intervals_ten_times_too_wide_are_refused(evaluate: Any) -> None:
    found = evaluate(SPREAD, eval_stride=HORIZON, model=PlantedModel(reach=10.0))
    assert refusals(found) == ["interval_missed_80.at_least"]
    assert "left out only 0 of the test values" in reasons(found)[0]


def test_intervals_are_not_judged_on_few_windows_or_where_nobody_asks(evaluate: Any) -> None:
    narrow = PlantedModel(reach=0.1)
    # 20 windows a step apart are five forecasts without a common step.
    assert evaluate(SPREAD, model=narrow).blessed
    assert evaluate(SPREAD, eval_stride=HORIZON, model=narrow, gate=GateConfig(coverage=None)).blessed


def test_a_model_under_the_limit_but_worse_than_the_blessed_one_is_refused(evaluate: Any) -> None:
    found = evaluate([Window(forecast=0.005)] * 2, model=PlantedModel(0.005), baseline=PlantedModel())
    assert found.metrics["mae_scaled"] == pytest.approx(0.01)
    assert found.previous_metrics["mae_scaled"] == pytest.approx(0.005)
    assert refusals(found) == ["mae_scaled.at_most_previous"]
    assert "worse than the 0.005 of the previous model" in reasons(found)[0]


def test_exactly_0_015_is_refused(evaluate: Any) -> None:
    # Four float32 whose sum is 4 * 0.015 in float64.
    rest, parts = 4 * 0.015, []
    for _ in range(3):
        part = np.float32(rest)
        part = part if float(part) <= rest else np.nextafter(part, np.float32(0))
        parts.append(float(part))
        rest -= float(part)
    found = evaluate([Window(forecast=[*parts, 0.0])] * 2)
    assert found.metrics["mae_scaled"] == 0.015
    assert refusals(found) == ["mae_scaled.below"]
    assert reasons(found) == ("mae_scaled is 0.015, not below 0.015 (gate.mae_scaled_below)",)


def test_a_series_forecast_worse_than_by_repeating_its_last_value_is_refused_by_name(evaluate: Any) -> None:
    # Scaled by a range that a large series sets, a small one errs by a thousandth whatever is forecast for it.
    small = Window(forecast=0.002, persistence=0.001, series_id=b"small")
    found = evaluate([*[Window()] * 20, *[small] * 2])
    assert found.metrics["skill_over_best_naive"] > 0.9
    assert refusals(found) == ["badly_harmed_share.at_most", "harmed_share.at_most"]
    assert reasons(found) == (
        "1 of 2 series is over 25 % worse than the best naive forecast of its own; none may be "
        "(gate.harmed_series.badly_share): 'small': 100 % worse",
        "1 of 2 series is over 5 % worse than the best naive forecast of its own; at most 10 % of them may be "
        "(gate.harmed_series.share): 'small': 100 % worse",
    )
    assert found.series["small"]["relative_mae"] == pytest.approx(2.0)
    # One window says nothing of a series: it is counted and not judged.
    few = evaluate([*[Window()] * 20, small])
    assert few.blessed
    assert (few.series_count, few.metrics["judged_series"]) == (2, 1.0)


def test_among_more_series_than_are_scored_one_by_one_a_harmed_one_is_still_found(
    evaluate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tapeline.components.evaluator.eval_config.MOST_SERIES", 1)
    windows = [Window(series_id=b"large")] * 2 + [Window(forecast=0.002, persistence=0.001, series_id=b"small")] * 2
    found = evaluate(windows, series=2)
    assert refusals(found) == ["badly_harmed_share.at_most", "harmed_share.at_most"]
    # Only the worst are known by name.
    assert list(found.series) == ["small", "large"]
    assert found.series["small"]["relative_mae"] == pytest.approx(2.0)


def test_a_model_that_naive_forecasts_matched_on_eval_is_refused_by_auto(evaluate: Any) -> None:
    # Far better than the naive forecasts of the test split, which are wrong by 0.1.
    gate = GateConfig(min_windows=2, mae_scaled_below="auto")
    found = evaluate([Window(forecast=0.03125)] * 2, gate=gate, naive_on_eval=ON_EVAL)
    assert refusals(found) == ["mae_scaled.below"]
    assert reasons(found) == (
        "mae_scaled is 0.03125, not below 0.03125, the error of seasonal naive on eval (gate.mae_scaled_below: auto; "
        "persistence 0.0625)",
    )
    better = evaluate([Window(forecast=0.03)] * 2, gate=gate, naive_on_eval=ON_EVAL)
    assert better.blessed
    assert (better.checks[0].bound, better.checks[0].naive_on_eval) == (0.03125, ON_EVAL)


def test_a_test_split_of_three_windows_is_refused(evaluate: Any) -> None:
    found = evaluate([Window()] * 3, gate=GateConfig())
    assert refusals(found) == ["window_count.at_least"]
    assert reasons(found) == ("window_count is 3, not at least 10",)


def test_an_evaluator_that_never_ran_is_no_pass(tmp_path: pathlib.Path) -> None:
    home = Home(tmp_path / "load")
    home.judged("first")
    home.train("second", weights="other weights")
    judgement = judge(RunPaths(home.root))
    assert judgement.outcome is Outcome.NOTHING
    assert "the Evaluator never ran" in judgement.problem


def test_a_blessing_from_another_run_is_no_pass(tmp_path: pathlib.Path) -> None:
    home = Home(tmp_path / "load")
    blessed = home.judged("first")
    home.train("second", weights="other weights")
    home.evaluate("second", blessed, result(blessed=True))
    judgement = judge(RunPaths(home.root))
    assert judgement.outcome is Outcome.NOTHING
    assert "the blessing is of another run" in judgement.problem


def test_a_blessing_from_another_run_pushes_nothing(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ValueError, match="is not what was blessed"):
        push(tmp_path, weights="second", blessed="first")
    assert versions(tmp_path / "serving_model") == []


def test_a_model_changed_after_its_blessing_is_not_pushed(tmp_path: pathlib.Path) -> None:
    def change(model: Any) -> None:
        (model / "saved_model.pb").write_text("changed")

    with pytest.raises(ValueError, match="changed after the Evaluator"):
        push(tmp_path, weights="first", blessed="first", afterwards=change)
    assert versions(tmp_path / "serving_model") == []


def test_the_very_model_that_was_blessed_is_pushed(tmp_path: pathlib.Path) -> None:
    push(tmp_path, weights="first", blessed="first")
    assert len(versions(tmp_path / "serving_model")) == 1


def push(folder: Any, *, weights: Any, blessed: Any, afterwards: Any = lambda model: None) -> None:
    """Runs the Pusher's executor on a model, with the blessing of a model that may be another one."""
    from tfx.types import standard_artifacts
    from tfx.types.channel import Channel

    from tapeline.components.pusher.component import create_pusher

    def model_of(name: Any, content: Any) -> Any:
        served = folder / name / "Format-Serving"
        served.mkdir(parents=True)
        (served / "saved_model.pb").write_text(content)
        return served

    judged = model_of("judged", blessed)
    blessing = standard_artifacts.ModelBlessing()
    blessing.uri = str(folder / "blessing")
    blessing.set_int_custom_property("blessed", 1)
    blessing.set_string_custom_property(MODEL_FINGERPRINT, folder_fingerprint(judged))
    model = standard_artifacts.Model()
    model.uri = str(folder / "model")
    afterwards(model_of("model", weights))
    pushed = standard_artifacts.PushedModel()
    pushed.uri = str(folder / "pushed")
    node: Any = create_pusher(
        model=Channel(type=standard_artifacts.Model),
        model_blessing=Channel(type=standard_artifacts.ModelBlessing),
        serving_dir=str(folder / "serving_model"),
        keep=2,
    )
    node.executor_spec.executor_class().Do(
        {"model": [model], "model_blessing": [blessing]}, {"pushed_model": [pushed]}, dict(node.exec_properties)
    )
