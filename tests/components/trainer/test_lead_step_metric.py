"""The mean absolute error by lead step."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.components.trainer.losses import LeadStepMAE

NAN = math.nan


def metric_of(target: Any, forecast: Any, sample_weight: Any = None) -> Any:
    metric = LeadStepMAE(horizon=np.shape(target)[1])
    metric.update_state(np.float32(target), np.float32(forecast), sample_weight)
    return metric


def test_errors_are_averaged_by_lead_step_and_overall() -> None:
    metric = metric_of([[0.0, 0.0], [0.0, 0.0]], [[1.0, -4.0], [3.0, 2.0]])
    np.testing.assert_allclose(metric.by_lead_step(), [2.0, 3.0])
    assert float(metric.result()) == pytest.approx(2.5)


def test_unobserved_targets_are_left_out() -> None:
    metric = metric_of([[0.0, NAN], [0.0, 0.0]], [[1.0, 9.0], [3.0, 2.0]])
    np.testing.assert_allclose(metric.by_lead_step(), [2.0, 2.0])
    assert float(metric.result()) == pytest.approx(2.0)


def test_a_lead_step_never_observed_has_no_error() -> None:
    by_step = metric_of([[0.0, NAN]], [[1.0, 9.0]]).by_lead_step()
    assert float(by_step[0]) == 1.0
    assert math.isnan(by_step[1])


def test_weights_count_windows_or_single_steps() -> None:
    target, forecast = np.zeros((2, 2)), [[1.0, 1.0], [4.0, 4.0]]
    # (3 * 1 + 1 * 4) / 4
    assert float(metric_of(target, forecast, np.array([3.0, 1.0], np.float32)).result()) == pytest.approx(7 / 4)
    stepwise = metric_of(target, forecast, np.array([[1.0, 0.0], [1.0, 2.0]], np.float32))
    np.testing.assert_allclose(stepwise.by_lead_step(), [2.5, 4.0])


def test_reset_forgets() -> None:
    metric = metric_of([[0.0]], [[5.0]])
    metric.reset_state()
    metric.update_state(np.array([[0.0]], np.float32), np.array([[1.0]], np.float32))
    assert float(metric.result()) == 1.0


def test_shapes_that_would_broadcast_are_refused() -> None:
    with pytest.raises(ValueError, match=r"both must be \[B, 2\]"):
        LeadStepMAE(horizon=2).update_state(np.zeros((3, 2), np.float32), np.zeros((3, 2, 1), np.float32))


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(5)))
def test_order_does_not_change_the_result(order: Any) -> None:
    rng = np.random.default_rng(5)
    target, forecast = rng.normal(size=(2, 5, 4, 3)).astype(np.float32)
    target[rng.random(target.shape) < 0.2] = NAN
    metric = LeadStepMAE(horizon=3)
    for batch in order:
        metric.update_state(target[batch], forecast[batch])
    error = np.abs(forecast - target).reshape(-1, 3)
    np.testing.assert_allclose(metric.by_lead_step(), np.nanmean(error, axis=0), rtol=1e-5)
    assert float(metric.result()) == pytest.approx(np.nanmean(error), rel=1e-5)
