"""How wrong the trained model is on the eval split: what its prediction intervals are made from.

    residuals = eval_residuals(trained.model, read=lambda: read_chunks(eval_files), spec=spec)   # [N, H]

The forecasts are free-running, with the weights that are exported: the very
numbers that will be served.
"""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import tensorflow as tf

from tapeline.components.trainer.dataset import WindowStream
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.conformal import absolute_residuals
from tapeline.series.windowing import Chunk

MOST_WINDOWS = 100_000
"""Windows that residuals are kept of; of more, evenly spaced ones. A quantile needs no more."""

_BATCH = 512


def eval_residuals(
    forecast: Callable[[Mapping[str, tf.Tensor]], tf.Tensor],
    *,
    read: Callable[[], Iterable[Chunk]],
    spec: WindowSpec,
    most: int = MOST_WINDOWS,
) -> np.ndarray:
    """Returns the absolute errors on the windows of a split, NaN where nothing was measured.

    Args:
        forecast: The model: a batch of windows → `[B, H]`, scaled.
        read: Starts a pass over the chunks of the split.
        spec: Context length and horizon.
        most: Most windows whose errors are kept.

    Returns:
        `[N, H]`, scaled.
    """
    stream = WindowStream(read=read, spec=spec, batch_size=_BATCH)
    windows = stream.count()
    every = -(-windows // most) or 1
    compiled = tf.function(forecast, autograph=False)
    kept, first = [np.zeros((0, spec.horizon))], 0
    for window, target in stream.batches():
        chosen = slice(-first % every, windows - first, every)
        first += len(target)
        ahead = compiled({name: tf.convert_to_tensor(values) for name, values in window.items()})
        kept.append(absolute_residuals(target[chosen], ahead.numpy()[chosen]))
    return np.concatenate(kept)
