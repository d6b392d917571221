"""What the served model refuses, inside the graph, and in which words."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.e2e.forecaster.serving.small_export import (
    CONTEXT,
    HORIZON,
    NAN,
    raw_examples,
    raw_request,
    serve,
    serve_longer,
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda c, t: (c[:, 1 - HORIZON :], t[:, 1 - HORIZON :]),
            rf"context: too short; the model reads the last {CONTEXT} steps and needs at least {HORIZON}",
        ),
        (lambda c, t: (c, t[:, 1:]), "timestamps: must have as many rows and steps as context"),
        (lambda c, t: (c, t[:1]), "timestamps: must have as many rows and steps as context"),
        (lambda c, t: (c, t[:, ::-1]), "timestamps: must ascend in steps of D"),
        (lambda c, t: (c, t + 60), "timestamps: must lie on the grid of frequency D"),
        (lambda c, t: (c, t * 2), "none left out"),
        (lambda c, t: (np.where(c > 340, np.inf, c), t), "context: must be finite numbers, or NaN where"),
        (lambda c, t: (c * NAN, t), "context: no measured value in the newest"),
    ],
)
def test_bad_requests_are_refused_in_words(served: Any, change: Any, message: str) -> None:
    context, timestamps = raw_request(rows=2, gaps=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        serve(served, *change(context, timestamps))


def test_an_unknown_series_is_refused_by_name(per_series: Any) -> None:
    context, timestamps = raw_request(rows=2, gaps=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"(?s)series_id: the model was not trained.*north"):
        serve(per_series, context, timestamps, series_id=tf.constant(["a", "north"]))


def test_the_first_broken_rule_is_told(served: Any) -> None:
    context, timestamps = raw_request(rows=2, gaps=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match="timestamps: must lie on the grid"):
        serve(served, context * np.inf, timestamps + 60)


def test_the_offending_row_is_told(served: Any) -> None:
    context, timestamps = raw_request(rows=2, gaps=False)
    context[1, 3] = np.inf
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"first offending row:\] \[1\]"):
        serve(served, context, timestamps)


@pytest.mark.parametrize("horizon", [0, -1, -(2**40), 100 * HORIZON + 1, 2**40])
def test_a_horizon_beyond_reason_is_refused(served: Any, horizon: Any) -> None:
    context, timestamps = raw_request(rows=1)
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"horizon: must be from 1 to {100 * HORIZON}"):
        serve_longer(served, context, timestamps, horizon)


def test_a_longer_forecast_is_refused_like_any_other(served: Any) -> None:
    context, timestamps = raw_request(rows=1, gaps=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match="context: must be finite numbers"):
        serve_longer(served, context * np.inf, timestamps, HORIZON)


def test_examples_are_refused_like_requests(served: Any) -> None:
    context, timestamps = raw_request(rows=1, gaps=False)
    examples = raw_examples(context=context * np.float32(np.inf), timestamps=timestamps)
    with pytest.raises(tf.errors.InvalidArgumentError, match="context: must be finite numbers"):
        served.signatures["predict_examples"](examples)


def test_an_example_of_another_length_is_refused(served: Any) -> None:
    context, timestamps = raw_request(rows=1, length=CONTEXT + 1)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"Key: (context|timestamps).*Number of .* values != expected"
    ):
        served.signatures["predict_examples"](raw_examples(context=context, timestamps=timestamps))
