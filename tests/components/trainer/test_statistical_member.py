"""The statistical member from chunks and scales; what it forecasts is tested where it is made."""

from typing import Any

import numpy as np
import tensorflow as tf

from tapeline.components.trainer.statistical_member import statistical_member
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.scaling import Scaler
from tapeline.series.windowing import Chunk

SPEC = WindowSpec(context_length=24, horizon=6)


def chunk(series: bytes, values: Any, first: int = 0) -> Chunk:
    steps = len(values)
    return Chunk(
        series_id=series,
        timestamp=np.arange(first, first + steps, dtype=np.int64),
        target=np.asarray(values, np.float32),
        past_covariates=np.zeros((steps, 0), np.float32),
        future_covariates=np.zeros((steps, 0), np.float32),
        static_covariates=np.zeros(0, np.float32),
        forecast_offsets=np.arange(24, steps - 5, dtype=np.int64),
    )


def scaler(*series: bytes, scope: Any = "none") -> Scaler:
    count = len(series)
    return Scaler(np.array(series, object), np.full(count, 10.0), np.full(count, 5.0), (10.0, 5.0), scope)


def member(*series: bytes, scaler: Scaler | None) -> Any:
    rng = np.random.default_rng(0)
    values = [np.tile([0.1, 0.5, 0.3, 0.9], 40) + 0.1 * rng.normal(size=160) for _ in series]
    train = [chunk(name, own[:120]) for name, own in zip(series, values, strict=True)]
    later = [chunk(name, own[96:], first=96) for name, own in zip(series, values, strict=True)]
    return statistical_member(lambda: train, lambda: later, spec=SPEC, season=4, scaler=scaler)


def window(**more: Any) -> Any:
    return {"context": tf.ones((2, 24)), "context_observed": tf.ones((2, 24)), **more}


def test_with_scales_above_0_there_are_logarithms() -> None:
    assert "log" in member(b"a", scaler=scaler(b"a")).words
    assert "log" not in member(b"a", scaler=None).words


def test_a_single_series_is_not_asked_for() -> None:
    ours = member(b"a", scaler=scaler(b"a"))
    assert not ours.by_series
    assert ours.layer(window()).shape == (2, 6)


def test_series_of_a_panel_are_asked_for_where_they_differ() -> None:
    ours = member(b"a", b"b", scaler=scaler(b"a", b"b"))
    assert ours.by_series
    assert ours.trusted
    assert ours.layer(window(series_index=tf.constant([-1, 1]))).shape == (2, 6)


def test_other_series_do_not_return_to_the_mean_of_a_single_one() -> None:
    assert "mean reversion" in member(b"a", scaler=scaler(b"a")).words
    assert "mean reversion" not in member(b"a", scaler=scaler(b"a", scope="unseen")).words


def test_series_that_are_too_short_have_no_statistics() -> None:
    short = [chunk(b"a", np.ones(20))]
    assert statistical_member(lambda: short, lambda: [], spec=SPEC, season=1, scaler=None) is None
