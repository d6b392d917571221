"""How good the model is, as it will be used: free-running, on windows that it was not trained on.

`Validation` scores the model after each epoch. The free-running error is the `val_loss`, which early stopping and the
learning rate look at. The error of the same decoder fed with the truth is a diagnostic: the gap between the two is what
teacher forcing hides, how much worse the decoder gets when it has to live on its own output. `eval_errors` gives the
errors of the trained model one by one, `naive_eval_errors` those of the forecasts that it has to beat.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.distribution import to_replicas
from tapeline.components.trainer.losses import LeadStepMAE
from tapeline.components.trainer.sampling import teacher_inputs
from tapeline.forecaster.network.inputs import Window
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas import features as names
from tapeline.schemas.served_model import NAIVE
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.conformal import signed_errors
from tapeline.series.prediction_intervals import EvalErrors
from tapeline.series.seasons import persistence, seasonal_naive
from tapeline.series.windowing import Chunk

MOST_ERRORS = 100_000
"""Windows that errors are kept of; of more, evenly spaced ones. A quantile needs no more."""

_ERRORS_BATCH = 512


@dataclasses.dataclass(frozen=True, kw_only=True)
class ValidationErrors:
    """Mean absolute errors in scaled space over all observed steps.

    Attributes:
        free_running: The decoder reads its own output.
        teacher_forced: The decoder reads the truth.
        by_lead_step: The free-running error at each lead step `[H]`.
    """

    free_running: float
    teacher_forced: float
    by_lead_step: npt.NDArray[np.float32]


class Validation:
    """Scores a model; the graph is built at the first call."""

    def __init__(self, model: Seq2SeqForecaster, *, horizon: int) -> None:
        """Makes the metrics.

        Args:
            model: What is scored.
            horizon: `H`.
        """
        self._model = model
        self._strategy = tf.distribute.get_strategy()
        self._free = LeadStepMAE(horizon=horizon, name="free_running")
        self._forced = LeadStepMAE(horizon=horizon, name="teacher_forced")
        self._compiled = tf.function(self._forecasts, autograph=False)

    def __call__(self, stream: WindowStream) -> ValidationErrors:
        """Scores every window of a stream.

        Args:
            stream: Batches of one size; windows that only fill up the last one have NaN targets and count nothing.
        """
        self._free.reset_state()
        self._forced.reset_state()
        for window, target in stream.batches():
            free, forced = self._compiled(*to_replicas(window, target, self._strategy))
            self._free.update_state(target, free)
            self._forced.update_state(target, forced)
        return ValidationErrors(
            free_running=float(self._free.result()),
            teacher_forced=float(self._forced.result()),
            by_lead_step=np.asarray(self._free.by_lead_step()),
        )

    def _forecasts(self, window: Window, target: tf.Tensor) -> list[tf.Tensor]:
        on_replicas = self._strategy.run(self._replica_forecasts, args=(window, target))
        return [self._strategy.experimental_local_results(part)[0] for part in on_replicas]

    def _replica_forecasts(self, window: Window, target: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns both forecasts of one replica's windows, gathered from all replicas: `[B, H]` each."""
        # One reading of the context serves both ways of decoding.
        encoded = self._model.encode(window)
        free = self._model.rollout(encoded)
        forced = self._model.decode(encoded, teacher_inputs(encoded, target))
        replica = tf.distribute.get_replica_context()
        return replica.all_gather(free, axis=0), replica.all_gather(forced, axis=0)


Bounded = Callable[[npt.NDArray[np.float32], npt.NDArray[np.object_]], npt.NDArray[np.float32]]


def eval_errors(
    forecast: Callable[[Mapping[str, tf.Tensor]], tf.Tensor],
    *,
    read: Callable[[], Iterable[Chunk]],
    spec: WindowSpec,
    series: Sequence[bytes] = (),
    bounded: Bounded = lambda ahead, _: ahead,
    most: int = MOST_ERRORS,
) -> EvalErrors:
    """Returns the errors on the windows of a split, NaN where nothing was measured.

    Prediction intervals are made from them. So the forecasts are free-running, with the weights that are exported: the
    very numbers that will be served.

    Args:
        forecast: The model: a batch of windows → `[B, H]`, scaled.
        read: Starts a pass over the chunks of the split.
        spec: Context length and horizon.
        series: The series that the model has weights of their own for.
        bounded: What serving makes of scaled forecasts `[B, H]` of series `[B]`: none lies beyond the target's bounds.
        most: Most windows whose errors are kept.
    """
    stream = WindowStream(read=read, spec=spec, batch_size=_ERRORS_BATCH, series=series)
    # A stream that is not shuffled keeps the order of the chunks.
    starts = [(chunk.series_id, chunk.timestamp[chunk.forecast_offsets]) for chunk in read()]
    ids = np.repeat(np.array([name for name, _ in starts], object), [len(times) for _, times in starts])
    windows = len(ids)
    every = -(-windows // most) or 1
    compiled = tf.function(forecast, autograph=False)
    kept, changes, first = [np.zeros((0, spec.horizon))], [np.zeros(0)], 0
    for window, target in stream.batches():
        chosen = slice(-first % every, windows - first, every)
        here = ids[first : first + len(target)][chosen]
        first += len(target)
        ahead = compiled({name: tf.convert_to_tensor(values) for name, values in window.items()})
        change = np.abs(np.diff(window[names.CONTEXT][chosen], axis=1)).sum(axis=1)
        changes.append(change / max(1, spec.context_length - 1))
        kept.append(signed_errors(target[chosen], bounded(ahead.numpy()[chosen], here)))
    return EvalErrors(
        values=np.concatenate(kept),
        series=ids[::every],
        starts=np.concatenate([np.zeros(0, np.int64), *(times for _, times in starts)])[::every],
        changes=np.concatenate(changes),
    )


def naive_eval_errors(*, read: Callable[[], Iterable[Chunk]], spec: WindowSpec, season: int) -> dict[str, float]:
    """Returns the mean absolute error of each naive forecast over the observed steps of a split.

    It depends on the data alone, and is what `gate.mae_scaled_below: auto` takes its limit from.

    Args:
        read: Starts a pass over the chunks of the split.
        spec: Context length and horizon.
        season: Steps of the season that seasonal naive repeats.

    Returns:
        The errors of `served_model.NAIVE`, by name, scaled; NaN where nothing was observed.
    """
    stream = WindowStream(read=read, spec=spec, batch_size=_ERRORS_BATCH, fill_last=False)
    totals, observed = dict.fromkeys(NAIVE, 0.0), 0
    for window, target in stream.batches():
        context = window[names.CONTEXT].astype(np.float64)
        forecasts = (
            persistence(context, horizon=spec.horizon),
            seasonal_naive(context, horizon=spec.horizon, season=season),
        )
        observed += int((~np.isnan(target)).sum())
        for name, forecast in zip(NAIVE, forecasts, strict=True):
            totals[name] += float(np.nansum(np.abs(target - forecast)))
    return {name: total / observed if observed else math.nan for name, total in totals.items()}
