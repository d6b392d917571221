"""Forecasts shorter and longer than the trained horizon: equal where they must be, block-wise beyond."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.serving.any_horizon import rollout_blocks
from tapeline.schemas.window_spec import WindowShape
from tests.e2e.forecaster.serving.small_export import (
    CONTEXT,
    DAY,
    HORIZON,
    OFFSETS,
    raw_request,
    serialized,
    serve,
    serve_longer,
    window_of,
)


def test_at_the_trained_horizon_it_is_what_the_evaluator_scores(served: Any) -> None:
    context, timestamps = raw_request()
    longer = serve_longer(served, context, timestamps, HORIZON)
    plain = serve(served, context, timestamps)
    assert set(longer) == set(plain)
    for name, values in plain.items():
        np.testing.assert_allclose(longer[name], values, rtol=1e-6, err_msg=name)
    scored = served.signatures["evaluate"](serialized(window_of(context, timestamps)))
    for name in ("forecast", "lower", "upper_95"):
        np.testing.assert_allclose((longer[name] - 300.0) / 50.0, scored[name], atol=1e-5, err_msg=name)


@pytest.mark.parametrize("horizon", [1, HORIZON - 1, HORIZON + 1, 2 * HORIZON])
def test_a_shorter_forecast_is_the_start_of_a_longer_one(served: Any, horizon: Any) -> None:
    context, timestamps = raw_request()
    short, long = (serve_longer(served, context, timestamps, steps) for steps in (horizon, 3 * HORIZON))
    for name, values in short.items():
        assert values.shape == (3, horizon)
        np.testing.assert_allclose(values, long[name][:, :horizon], rtol=1e-6, err_msg=name)


def test_each_block_is_forecast_from_the_one_before_as_if_it_had_been_measured(served: Any) -> None:
    context, timestamps = raw_request(gaps=False)
    longer = serve_longer(served, context, timestamps, 2 * HORIZON)
    first = serve(served, context, timestamps)
    moved = (
        np.concatenate([context, first["forecast"]], axis=1),
        np.concatenate([timestamps, first["forecast_time"]], axis=1),
    )
    second = serve(served, *(values[:, -CONTEXT:] for values in moved))
    np.testing.assert_allclose(longer["forecast"][:, HORIZON:], second["forecast"], rtol=1e-5)
    np.testing.assert_array_equal(longer["forecast_time"][:, HORIZON:], second["forecast_time"])


def test_times_go_on_beyond_the_trained_horizon(served: Any) -> None:
    context, timestamps = raw_request(rows=1)
    times = serve_longer(served, context, timestamps, 4 * HORIZON + 2)["forecast_time"]
    np.testing.assert_array_equal(times, timestamps[:, -1:] + DAY * np.arange(1, 4 * HORIZON + 3))


def test_intervals_widen_by_the_square_root_of_the_blocks(served: Any) -> None:
    context, timestamps = raw_request(rows=1)
    outputs = serve_longer(served, context, timestamps, 3 * HORIZON)
    reach = (outputs["upper"] - outputs["forecast"]).numpy()[0] / 50.0
    # Lead step 2 H + 3 (the third block's fourth): sqrt(2 * 0.3^2 + 0.2^2).
    assert reach[2 * HORIZON + 3] == pytest.approx(np.sqrt(2 * 0.09 + 0.04), abs=1e-5)
    assert (np.diff(reach) > -1e-5).all()
    assert reach[-1] > 1.5 * OFFSETS[1, -1]


def before(name: str, nodes: dict[str, tf.compat.v1.NodeDef]) -> set[str]:
    """Names of all nodes of a function that have run when one of them has."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in nodes and current not in found:
            found.add(current)
            waiting += [given.removeprefix("^").split(":")[0] for given in nodes[current].input]
    return found


def test_no_loop_begins_beside_the_checks(served: Any) -> None:
    # A loop starts with the first of its variables that is known: the counter, if nothing holds it back.
    library = served.signatures["any_horizon"].graph.as_graph_def().library
    counters = []
    for function in library.function:
        nodes = {node.name: node for node in function.node_def}
        checks = {name for name, node in nodes.items() if node.op == "If"}
        if checks and not function.signature.name.startswith("__inference_refuse"):
            for node in nodes.values():
                if node.op in ("While", "StatelessWhile"):
                    counters += [
                        given.split(":")[0] for given in node.input if nodes[given.split(":")[0]].op == "Const"
                    ]
                    assert all(checks <= before(counter, nodes) for counter in counters)
    assert counters


def test_a_context_shorter_than_a_block_is_the_newest_forecasts_alone() -> None:
    shape = WindowShape(context_length=2, horizon=3)

    def doubled(window: Any) -> Any:
        # The last context value times 2, 4, 8.
        return window["context"][:, -1:] * tf.constant([[2.0, 4.0, 8.0]])

    window = {
        "context": tf.constant([[5.0, 1.0]]),
        "context_observed": tf.ones([1, 2]),
        "past_covariates": tf.zeros([1, 2, 0]),
        "future_covariates": tf.zeros([1, 8, 0]),
        "static_covariates": tf.zeros([1, 0]),
        "series_index": tf.constant([-1]),
    }
    forecast = rollout_blocks(doubled, window, tf.constant(2), shape=shape)
    np.testing.assert_array_equal(forecast, [[2, 4, 8, 16, 32, 64]])


def test_past_covariates_keep_their_last_value_and_the_future_goes_on() -> None:
    shape = WindowShape(context_length=2, horizon=1, past=1, future=1)

    def seen(window: Any) -> Any:
        # Of the second block's window: past covariates 20, 20 and the known future of steps 1, 2, 3.
        return tf.reduce_sum(window["past_covariates"], [1, 2])[:, None] + tf.reduce_sum(
            window["future_covariates"] * tf.constant([[[1.0], [10.0], [100.0]]]), 1
        )

    window = {
        "context": tf.zeros([1, 2]),
        "context_observed": tf.ones([1, 2]),
        "past_covariates": tf.constant([[[10.0], [20.0]]]),
        "future_covariates": tf.constant([[[1.0], [2.0], [3.0], [4.0]]]),
        "static_covariates": tf.zeros([1, 0]),
        "series_index": tf.constant([-1]),
    }
    forecast = rollout_blocks(seen, window, tf.constant(2), shape=shape)
    np.testing.assert_array_equal(forecast, [[30 + 321, 40 + 432]])
