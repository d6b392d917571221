"""How good the model is, as it will be used: free-running, on windows that it was not trained on.

    errors = Validation(model, horizon=24)(eval_stream)
    errors.free_running       # the val_loss: what early stopping and the learning rate look at
    errors.teacher_forced     # the same decoder, fed with the truth: a diagnostic

The gap between the two is what teacher forcing hides: how much worse the
decoder gets when it has to live on its own output.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.distribution import to_replicas
from tapeline.components.trainer.lead_step_metric import LeadStepMAE
from tapeline.components.trainer.sampling import teacher_inputs
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster


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
    by_lead_step: np.ndarray


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
        self.compiled = tf.function(self._forecasts, autograph=False)

    def __call__(self, stream: WindowStream) -> ValidationErrors:
        """Scores every window of a stream.

        Args:
            stream: Batches of one size; windows that only fill up the last one have NaN targets and count nothing.
        """
        self._free.reset_state()
        self._forced.reset_state()
        for window, target in stream.batches():
            free, forced = self.compiled(*to_replicas(window, target, self._strategy))
            self._free.update_state(target, free)
            self._forced.update_state(target, forced)
        return ValidationErrors(
            free_running=float(self._free.result()),
            teacher_forced=float(self._forced.result()),
            by_lead_step=np.asarray(self._free.by_lead_step()),
        )

    def _forecasts(self, window: Mapping[str, tf.Tensor], target: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        on_replicas = self._strategy.run(self._replica_forecasts, args=(window, target))
        free, forced = (self._strategy.experimental_local_results(part)[0] for part in on_replicas)
        return free, forced

    def _replica_forecasts(self, window: Mapping[str, tf.Tensor], target: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Both forecasts of one replica's windows, gathered from all replicas: `[B, H]` each."""
        # One reading of the context serves both ways of decoding.
        encoded = self._model.encode(window)
        free = self._model.rollout(encoded)
        forced = self._model.decode(encoded, teacher_inputs(self._model, encoded, target))
        replica = tf.distribute.get_replica_context()
        return replica.all_gather(free, axis=0), replica.all_gather(forced, axis=0)
