"""Gap filling in TensorFlow equals the NumPy one that windows are cut with."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tapeline.series import windowing
from tapeline.series.gap_filling import fill_gaps, hold_known

NAN = float("nan")
LENGTH, CONTEXT = 9, 6
fill = tf.function(fill_gaps)
hold = tf.function(lambda future: hold_known(future, context_length=CONTEXT))
numbers = st.sampled_from([NAN, NAN, -1.5, 0.0, 2.0, 7.25])


def test_a_gap_is_bridged_by_a_straight_line_and_ends_are_held() -> None:
    filled, observed = fill(tf.constant([[NAN, 1.0, NAN, NAN, 4.0, NAN]]))
    np.testing.assert_allclose(filled, [[1.0, 1.0, 2.0, 3.0, 4.0, 4.0]])
    np.testing.assert_array_equal(observed, [[False, True, False, False, True, False]])


def test_a_context_without_gaps_is_left_alone() -> None:
    context = tf.constant([[0.1, 0.2, 0.3]])
    np.testing.assert_array_equal(fill(context)[0], context)


@settings(max_examples=60, deadline=None)
@given(context=hnp.arrays(np.float32, (3, LENGTH), elements=numbers))
def test_filled_contexts_equal_those_of_the_windows(context: Any) -> None:
    filled, observed = fill(tf.constant(context))
    expected, expected_observed = windowing.fill_gaps(context)
    np.testing.assert_allclose(filled, expected, rtol=1e-6)
    np.testing.assert_array_equal(observed, expected_observed)


@settings(max_examples=40, deadline=None)
@given(past=hnp.arrays(np.float32, (2, LENGTH, 2), elements=numbers))
def test_each_channel_is_filled_by_itself(past: Any) -> None:
    np.testing.assert_allclose(fill(tf.constant(past))[0], windowing.fill_gaps(past)[0], rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(future=hnp.arrays(np.float32, (2, LENGTH, 2), elements=numbers))
def test_held_covariates_equal_those_of_the_windows(future: Any) -> None:
    np.testing.assert_array_equal(hold(tf.constant(future)), windowing.hold_known(future, CONTEXT))


@pytest.mark.parametrize("length", [1, 2, 3, 8])
def test_any_length_is_filled(length: int) -> None:
    context = np.full((1, length), NAN, np.float32)
    context[0, 0] = 5.0
    np.testing.assert_array_equal(fill_gaps(tf.constant(context))[0], np.full((1, length), 5.0))
