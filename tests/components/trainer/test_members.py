"""From forecasts of members to the model that is served, with layers whose forecasts are known."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.members import Member, forecasts_of, select_members
from tapeline.components.trainer.ridges import ridge_batches
from tapeline.schemas.window_spec import WindowShape, WindowSpec
from tapeline.series.windowing import Chunk

SPEC = WindowSpec(context_length=4, horizon=2)
SHAPE = WindowShape(context_length=4, horizon=2)


class Shifted(keras.layers.Layer):
    """The last value and a bit more."""

    def __init__(self, shift: float) -> None:
        super().__init__()
        self.shift = shift

    def call(self, window: Any, training: bool = False, kernel: str = "auto") -> Any:
        return tf.repeat(window["context"][:, -1:], 2, axis=1) + self.shift


def member(name: str, shift: float, **kind: Any) -> Member:
    return Member(name=name, words=name, layer=Shifted(shift), **kind)


MEMBERS = [
    member("persistence", 0.0, naive=True),
    member("ridge", 0.1),
    member("candidate 1", 1.0, network=True),
    member("candidate 2", 1.2, network=True),
]


def rising(series: bytes, slope: float, steps: int = 30) -> Chunk:
    """From step to step it rises by `slope`: two steps ahead by 1.5 times that, on average."""
    return Chunk(
        series_id=series,
        timestamp=np.arange(steps, dtype=np.int64),
        target=(slope * np.arange(steps)).astype(np.float32),
        past_covariates=np.zeros((steps, 0), np.float32),
        future_covariates=np.zeros((steps, 0), np.float32),
        static_covariates=np.zeros(0, np.float32),
        forecast_offsets=np.arange(4, steps - 1, dtype=np.int64),
    )


def stream(*chunks: Chunk, batch_size: int = 8) -> WindowStream:
    ids = tuple(sorted({chunk.series_id for chunk in chunks}))
    return WindowStream(read=lambda: chunks, spec=SPEC, batch_size=batch_size, series=ids if len(ids) > 1 else ())


def test_what_is_picked_is_averaged_in_one_model() -> None:
    # The truth lies 0.8 and 1.6 above the last value: between candidates of 1.0 and 1.2, and all else is far away.
    selected = select_members(MEMBERS, stream(rising(b"a", 0.8)), most_picks=3, shape=SHAPE, stride=1)
    assert {each.name for each, _ in selected.picked} <= {"candidate 1", "candidate 2"}
    assert not selected.instead
    assert not selected.by_series
    window = {"context": tf.zeros((1, 4))}
    shift = sum(weight * each.layer.shift for each, weight in selected.picked)
    np.testing.assert_allclose(selected.model(window).numpy(), [[shift, shift]], rtol=1e-6)


def test_a_series_that_would_be_hurt_is_served_another_forecast_and_named() -> None:
    # Two series rise, one stands still: for that one persistence is right.
    chunks = [rising(b"a", 0.8), rising(b"b", 0.0), rising(b"c", 0.8)]
    selected = select_members(MEMBERS, stream(*chunks), most_picks=3, shape=SHAPE, stride=1)
    assert selected.instead == {1: "persistence"}
    assert selected.by_series
    assert "\nseries that are served a simpler forecast: 1" in selected.in_words()
    window = {"context": tf.zeros((2, 4)), "series_index": tf.constant([1, 0])}
    forecast = selected.model(window).numpy()
    assert forecast[0].tolist() == [0.0, 0.0]
    assert forecast[1, 0] > 0.9


def test_forecasts_are_kept_of_evenly_spaced_windows_and_not_of_what_fills_up_a_batch() -> None:
    chunks = [rising(b"a", 1.0), rising(b"b", 1.0)]
    data = stream(*chunks)
    assert data.count() == 50
    whole, targets, series, late = forecasts_of([Shifted(0.0)], data)
    some, fewer, of_series, _ = forecasts_of([Shifted(0.0)], data, every=3)
    assert whole.shape == (1, 50, 2)
    np.testing.assert_array_equal(some, whole[:, ::3])
    np.testing.assert_array_equal(fewer, targets[::3])
    assert of_series is not None
    assert series is not None
    assert of_series.tolist() == series[::3].tolist()
    assert not late.any()


def beginning_late() -> Chunk:
    """Its first two steps stand before its series."""
    chunk = rising(b"late", 1.0)
    chunk.target[:2] = np.nan
    return chunk


def test_windows_that_begin_late_are_forecast_by_the_members_that_can() -> None:
    # The least mean error of two steps ahead is that of 1.5; the ridge would need more steps than these windows have.
    members = [
        member("persistence", 0.0, naive=True),
        member("ridge", 1.5, needs=4),
        member("statistical", 1.2, needs=2, trusted=True),
    ]
    shape = WindowShape(context_length=4, horizon=2, min_context=2)
    data = stream(rising(b"a", 1.0), beginning_late())
    selected = select_members(members, data, most_picks=1, shape=shape, stride=1)
    assert [each.name for each, _ in selected.picked] == ["ridge"]
    assert selected.late is not None
    assert (dict(selected.late.weights), selected.late.windows) == ({2: 1.0}, 2)
    assert selected.windows == data.count() - 2
    window = {
        "context": tf.constant([[3.0, 3.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]]),
        "context_observed": tf.constant([[0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]]),
        "series_index": tf.constant([0, 0]),
    }
    np.testing.assert_allclose(selected.model(window)[:, 0], [5.2, 5.5])


def test_requests_that_begin_late_get_the_trusted_forecast_where_no_window_did() -> None:
    members = [member("ridge", 0.15, needs=4), member("statistical", 0.1, needs=2, trusted=True)]
    shape = WindowShape(context_length=4, horizon=2, min_context=2)
    selected = select_members(members, stream(rising(b"a", 0.1)), most_picks=1, shape=shape, stride=1)
    assert selected.late is not None
    assert (dict(selected.late.weights), selected.late.error, selected.late.windows) == ({1: 1.0}, None, 0)


def test_lines_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    selected = select_members(MEMBERS, stream(rising(b"a", 0.1)), most_picks=1, shape=SHAPE, stride=1)
    assert (
        selected.in_words() == "picked: ridge (100%); val_loss 0.05000\nnot trained: persistence 0.15000, ridge 0.05000"
    )


def test_ridges_are_not_fitted_on_windows_that_begin_late() -> None:
    chunks = [rising(b"a", 1.0, steps=8), beginning_late()]
    every = sum(len(batch["target"]) for batch in ridge_batches(lambda: chunks, SPEC)())
    fitted = [batch["context_observed"] for batch in ridge_batches(lambda: chunks, SPEC, late=False)()]
    assert sum(map(len, fitted)) == every - 2
    assert all((observed[:, 0] == 1.0).all() for observed in fitted)
