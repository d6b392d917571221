"""The training loop, from top to bottom: epochs around steps.

Two loops, one inside the other. The inner one (`epoch.py`) makes the steps of an epoch and knows nothing of validation.
The outer one, here, knows nothing of gradients: it validates, asks the callbacks, and writes a checkpoint. It can halt
after any epoch and go on later (`Training.run_to`): so the candidates of a pool race each other.

All randomness is drawn from the seed, the epoch and the step. So an epoch that was cut short by a crash is simply made
again, from the checkpoint before it, and comes out the same.
"""

import dataclasses
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from tapeline.components.trainer.callbacks import EarlyStopping, OutOfTimeError, learning_rate_of
from tapeline.components.trainer.checkpoint import CheckpointMismatchError, CheckpointStore, TrainingState
from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.distribution import (
    available_cores,
    check_batch_size,
    choose_shards,
    is_chief,
    naming_lost_workers,
)
from tapeline.components.trainer.epoch import Logs, train_epoch
from tapeline.components.trainer.learning_rates import rate_callback
from tapeline.components.trainer.losses import make_loss
from tapeline.components.trainer.optimizers import averaged, variable_groups
from tapeline.components.trainer.train_step import GradientHook, LossTerm, TrainStep
from tapeline.components.trainer.validation import Validation
from tapeline.forecaster.network.recurrent import on_cpu
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.errors import DataError
from tapeline.schemas.training_config import TrainingConfig

Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class History:
    """The course of training.

    Attributes:
        epochs: What was logged in each epoch: `loss`, `val_loss` and more.
        untrained: The `val_loss` before the first epoch.
        best: The epoch (from 0) that the weights are from; None: no epoch was better than the untrained model.
        val_loss: The `val_loss` of these weights.
    """

    epochs: tuple[Logs, ...]
    untrained: float
    best: int | None
    val_loss: float


class Training:
    """The training of one model, which can be halted after any epoch.

    training = Training(model, train_data=train_data, validation_data=eval_data, config=config)
    training.run_to(5)             # the first five epochs
    training.run_to(150)           # on from there, until it stops improving
    history = training.finish()    # the model has the weights of its best epoch
    """

    def __init__(
        self,
        model: Seq2SeqForecaster,
        *,
        train_data: WindowStream,
        validation_data: WindowStream,
        config: TrainingConfig,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        checkpoints: CheckpointStore | None = None,
        extra_terms: Sequence[LossTerm] = (),
        gradient_hook: GradientHook | None = None,
        say: Say = lambda line: None,
    ) -> None:
        """Prepares step, validation and callbacks.

        Args:
            model: What to train; made under the strategy that is active now.
            train_data: Shuffled batches of `batch_size * accumulate` windows.
            validation_data: The windows that decide about stopping and slowing down.
            config: The section `training`.
            callbacks: Told about every epoch, after early stopping and the learning rate have decided.
            checkpoints: Where to write one each epoch, and to carry on from; None for neither.
            extra_terms: What is minimised beside the configured loss.
            gradient_hook: Sees, and may change, each gradient by its variable's path.
            say: Gets a line when something other than an epoch is worth telling.

        Raises:
            DataError: There are no windows to train on or to validate with.
        """
        self.model = model
        self._train_data, self._validation_data = train_data, validation_data
        self._config, self._checkpoints, self._say = config, checkpoints, say
        self._strategy = strategy = tf.distribute.get_strategy()
        for name, data in (("train", train_data), ("eval", validation_data)):
            check_batch_size(data.batch_size, strategy)
            if not data.count():
                raise DataError(
                    f"{name}: the split holds no windows of {data.spec.context_length} + {data.spec.horizon} steps. "
                    "Shorten window.context_length or window.horizon, or give the split more rows."
                )
        self._groups = variable_groups(model, config)
        horizon = train_data.spec.horizon
        cores_share = choose_shards(config.batch_size // strategy.num_replicas_in_sync, available_cores())
        self._step = TrainStep(
            model,
            terms=(LossTerm(loss=make_loss(config.loss, horizon)), *extra_terms),
            groups=self._groups,
            sampling=config.sampling,
            clip_norm=config.clip_norm,
            accumulate=config.accumulate,
            shards=config.shards or (cores_share if on_cpu() else 1),
            gradient_hook=gradient_hook,
        )
        self._validate = Validation(model, horizon=horizon)
        self._stopping = EarlyStopping(**config.early_stopping.model_dump())
        rates = rate_callback(config, [group.optimizer for group in self._groups])
        self._callbacks = (rates, self._stopping, *callbacks)
        self._state = TrainingState(model, self._groups, self._callbacks)
        self._history: list[Logs] | None = None

    @property
    def stopped(self) -> bool:
        """Whether training has ended: it no longer improves, or its time is up."""
        return bool(self.model.stop_training)

    @property
    def epochs(self) -> int:
        """Epochs that are done."""
        return len(self._history or ())

    def run_to(self, epochs: int) -> None:
        """Trains until so many epochs are done, or until training has ended.

        Args:
            epochs: Number of epochs, those before a halt or a crash included.

        Raises:
            TrainingError: The loss or a gradient is no longer finite, or another worker is gone.
        """
        with naming_lost_workers(self._strategy):
            if self._history is None:
                self._history = self._begin()
            try:
                while len(self._history) < epochs and not self.stopped:
                    self._run_epoch(len(self._history), self._history)
            except OutOfTimeError:
                self.model.stop_training = True

    def limit_patience(self, most: int | None) -> None:
        """Says how many epochs without improvement the training may make from here on.

        Args:
            most: That number, where it is below the configured one; None: the configured one.
        """
        patience = self._config.early_stopping.patience
        self._stopping.patience = patience if most is None else min(patience, most)

    def error_by(self, epochs: int) -> float:
        """Returns the least `val_loss` of the first epochs; warm-up epochs count only where there are no others.

        Args:
            epochs: How many, also where more are done: after a crash it tells the same as before.
        """
        errors = [logs["val_loss"] for logs in (self._history or [])[:epochs]]
        return min(errors[self._stopping.warm_up :] or errors[-1:], default=float("inf"))

    def finish(self) -> History:
        """Ends training: the model gets the weights of its best epoch.

        Returns:
            The course of it.
        """
        history, stopping = self._history or [], self._stopping
        for callback in self._callbacks:
            callback.on_train_end()
        untrained = stopping.untrained if stopping.untrained is not None else float("nan")
        best = stopping.best_epoch
        if stopping.best is None and history:
            # Every epoch was a warm-up one: none was judged, and the weights are the last ones.
            best = len(history) - 1
        elif not history and stopping.untrained_weights:
            self.model.set_weights(stopping.untrained_weights)
        return History(
            epochs=tuple(history),
            untrained=untrained,
            best=best,
            val_loss=untrained if best is None else history[best]["val_loss"],
        )

    def _begin(self) -> list[Logs]:
        self.model.stop_training = False
        for callback in self._callbacks:
            callback.set_model(self.model)
            callback.on_train_begin()
        history = self._resume()
        if not history:
            self._stopping.note_untrained(self._validate(self._validation_data).free_running)
            self._say(f"before training: val_loss {self._stopping.untrained:.5f}")
        return history

    def _run_epoch(self, epoch: int, history: list[Logs]) -> None:
        """The body of the outer loop: an epoch of steps, then a look at what it was good for."""
        for callback in self._callbacks:
            callback.on_epoch_begin(epoch)
        rate = learning_rate_of(self._groups[0].optimizer)
        logs = train_epoch(self._step, self._train_data, epoch=epoch, config=self._config, callbacks=self._callbacks)
        # What is judged, and kept as the best, are the averaged weights; training goes on from its own.
        with averaged(self._groups):
            errors = self._validate(self._validation_data)
            logs["val_loss"] = errors.free_running
            logs["val_teacher_forced"] = errors.teacher_forced
            logs["learning_rate"] = rate
            is_best = not history or errors.free_running < min(row["val_loss"] for row in history)
            history.append(logs)
            for callback in self._callbacks:
                callback.on_epoch_end(epoch, dict(logs))
        if self._checkpoints is not None and is_chief(self._strategy):
            self._checkpoints.save(self._state.snapshot(epoch=epoch + 1, history=history), best=is_best)

    def _resume(self) -> list[Logs]:
        """Carries on from a checkpoint of this very run; returns what was logged before it."""
        if self._checkpoints is None:
            return []
        try:
            snapshot = self._checkpoints.load()
        except CheckpointMismatchError as error:
            self._say(f"{error} Training starts from the beginning.")
            return []
        if snapshot is None:
            return []
        history = self._state.restore(snapshot)
        folder = self._checkpoints.directory
        self._say(f"carrying on after epoch {snapshot.epoch}, from the checkpoint in {folder}")
        return history
