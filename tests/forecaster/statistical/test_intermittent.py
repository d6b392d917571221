from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.statistical.intermittent import tsb_forecast


def by_the_book(values: Any, observed: Any, alpha: Any, beta: Any) -> Any:
    likely = size = None
    for value, known in zip(values, observed, strict=True):
        if not known:
            continue
        demand = float(value > 0.0)
        likely = demand if likely is None else likely + beta * (demand - likely)
        if demand:
            size = value if size is None else size + alpha * (value - size)
    return 0.0 if size is None else likely * size


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_the_closed_form_is_the_recursion(missing: Any) -> None:
    rng = np.random.default_rng(3)
    values = rng.poisson(0.4, (20, 30)) * rng.uniform(1.0, 9.0, (20, 30))
    observed = rng.uniform(size=values.shape) >= missing
    theirs = [by_the_book(*rows, 0.3, 0.1) for rows in zip(values, observed, strict=True)]
    tensors = tf.constant(values, tf.float32), tf.constant(observed, tf.float32)
    ours = tsb_forecast(tensors[0], observed=tensors[1], alpha=0.3, beta=0.1)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)


def test_without_a_demand_the_forecast_is_0() -> None:
    zeros = tf.zeros((1, 5))
    assert float(tsb_forecast(zeros, observed=tf.ones_like(zeros), alpha=0.3, beta=0.1)[0]) == 0.0
