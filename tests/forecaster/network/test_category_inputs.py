"""Categories are one-hot where there are few and embedded where there are many; a line reads the few alone."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.forecaster.network.category_inputs import MOST_ONE_HOT, CategoryInputs, one_hot_shape, one_hot_window
from tapeline.forecaster.network.highway import highway_inputs, highway_size
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.training_config import ModelConfig
from tapeline.schemas.window_spec import WindowShape

T, H = 6, 3
FEW, MANY = 4, 40
SHAPE = WindowShape(
    context_length=T,
    horizon=H,
    past=2,
    future=3,
    static=1,
    calendar=("weekend",),
    categories=(("past_covariates", 1, FEW), ("future_covariates", 0, MANY), ("static_covariates", 0, FEW)),
)


def window(rows: int = 2) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    numbers = {name: rng.normal(size=size).astype(np.float32) for name, size in sizes(rows).items()}
    for role, position, size in SHAPE.categories:
        numbers[role][..., position] = rng.integers(0, size, numbers[role].shape[:-1])
    return numbers | {"context_observed": np.ones((rows, T), np.float32)}


def sizes(rows: int) -> dict[str, Any]:
    return {
        "context": (rows, T),
        "past_covariates": (rows, T, 2),
        "future_covariates": (rows, T + H, 3),
        "static_covariates": (rows, 1),
    }


def test_a_window_without_categories_is_left_as_it_is() -> None:
    plain = WindowShape(context_length=T, horizon=H, past=2, future=3, static=1)
    given = window()
    assert one_hot_window(given, plain) is given
    layer = CategoryInputs(plain, seed=1)
    assert not layer.weights
    assert layer.expanded == one_hot_shape(plain) == plain


def test_few_categories_are_one_hot_in_their_place_and_the_calendar_stays_last() -> None:
    given = window()
    seen = CategoryInputs(SHAPE, seed=1)(given)
    past = seen["past_covariates"].numpy()
    np.testing.assert_array_equal(past[:, :, 0], given["past_covariates"][:, :, 0])
    np.testing.assert_array_equal(past[:, :, 1:].argmax(axis=2), given["past_covariates"][:, :, 1])
    np.testing.assert_array_equal(past[:, :, 1:].sum(axis=2), 1.0)
    np.testing.assert_array_equal(seen["future_covariates"][:, :, -2:], given["future_covariates"][:, :, 1:])


def test_many_categories_are_rows_of_a_table() -> None:
    layer, given = CategoryInputs(SHAPE, seed=1), window()
    (table,) = layer.weights
    assert table.shape == (MANY, 7)
    embedded = layer(given)["future_covariates"].numpy()[:, :, :7]
    numbers = given["future_covariates"][:, :, 0].astype(int)
    np.testing.assert_array_equal(embedded, table.numpy()[numbers])


def test_widths_are_those_of_what_comes_out() -> None:
    layer = CategoryInputs(SHAPE, seed=1)
    seen = layer(window())
    widths = [seen[f"{role}_covariates"].shape[-1] for role in ("past", "future", "static")]
    assert widths == [layer.expanded.past, layer.expanded.future, layer.expanded.static] == [5, 9, 4]


def test_a_line_reads_few_categories_and_no_table() -> None:
    inputs = highway_inputs(window(), SHAPE, "known")
    assert inputs.shape[1] == highway_size(SHAPE, "known") == T + H * 2 + FEW
    other = window()
    other["future_covariates"][:, :, 0] = 0
    np.testing.assert_array_equal(highway_inputs(other, SHAPE, "known"), inputs)
    # Neither the number of a category nor the calendar has a square.
    np.testing.assert_array_equal(highway_inputs(other, SHAPE), highway_inputs(window(), SHAPE))
    assert highway_size(SHAPE) == highway_size(SHAPE, "known") + H


@pytest.mark.parametrize("size", [2, MOST_ONE_HOT, MOST_ONE_HOT + 1, 1001])
def test_an_embedding_is_narrower_than_one_hot(size: int) -> None:
    shape = WindowShape(context_length=T, horizon=H, static=1, categories=(("static_covariates", 0, size),))
    layer = CategoryInputs(shape, seed=1)
    assert layer.expanded.static == (size if size <= MOST_ONE_HOT else min(16, int(np.ceil(np.sqrt(size)))))


def test_the_network_learns_its_tables_and_gradients_are_plain_tensors() -> None:
    model = Seq2SeqForecaster(shape=SHAPE, config=ModelConfig(units=4), seed=1)
    model.head_kernel.assign(tf.ones_like(model.head_kernel))
    (table,) = model.categories.weights
    assert any(table is variable for variable in model.variable_groups()["network"])
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(window())))
    gradient = tape.gradient(loss, table.value)
    assert isinstance(gradient, tf.Tensor)
    assert np.abs(gradient).max() > 0


def test_every_category_matters_to_the_network() -> None:
    model = Seq2SeqForecaster(shape=SHAPE, config=ModelConfig(units=4), seed=1)
    model.head_kernel.assign(tf.ones_like(model.head_kernel))
    plain = model(window()).numpy()
    for role, position, size in SHAPE.categories:
        changed = window()
        changed[role][..., position] = (changed[role][..., position] + 1) % size
        assert np.abs(model(changed).numpy() - plain).max() > 1e-6, role
