"""What is served lies within the bounds of the target, in its unit and in scaled space."""

import numpy as np
import tensorflow as tf

from tapeline.forecaster.serving.bounds import Bounds, within_bounds
from tapeline.schemas.sections import DataConfig
from tapeline.series.scaling import Scaler, scale_lines

PERCENT = DataConfig(frequency="D", lower_bound=0.0, upper_bound=100.0)
SCALER = Scaler.parse(
    scale_lines([b"a", b"b"], np.array([50.0, 0.0]), np.array([10.0, 100.0]), overall=(0.0, 1.0), scope="none")
)


def test_values_beyond_a_bound_are_cut_off_in_the_unit() -> None:
    np.testing.assert_array_equal(Bounds(PERCENT).within(tf.constant([[-1.0, 50.0, 101.0]])), [[0, 50, 100]])


def test_the_graph_and_numpy_cut_off_the_same_in_scaled_space() -> None:
    scaled = np.array([[-9.0, 0.0, 9.0], [-0.5, 0.5, 1.5]], np.float32)
    series = np.array([b"a", b"b"], object)
    offset, scale = (numbers[:, None] for numbers in SCALER.parameters(series))
    inside = Bounds(PERCENT).within(tf.constant(scaled), offset=tf.constant(offset), scale=tf.constant(scale))
    np.testing.assert_array_equal(inside, [[-5.0, 0.0, 5.0], [0.0, 0.5, 1.0]])
    np.testing.assert_array_equal(within_bounds(scaled, series, data=PERCENT, scaler=SCALER), inside)


def test_what_is_no_number_stays_so() -> None:
    assert np.isnan(Bounds(PERCENT).within(tf.constant([[np.nan]]))).all()


def test_without_bounds_nothing_changes() -> None:
    values = np.array([[-1e30, 1e30]], np.float32)
    free = DataConfig(frequency="D")
    np.testing.assert_array_equal(Bounds(free).within(tf.constant(values)), values)
    np.testing.assert_array_equal(within_bounds(values, np.array([b"a"], object), data=free, scaler=SCALER), values)
