"""Epochs around steps: what is logged, when it ends, and that a crash leaves no trace in the result."""

import pathlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tapeline.components.trainer.checkpoint import CheckpointStore
from tapeline.components.trainer.loop import Training
from tapeline.components.trainer.losses import HorizonWeightedHuber
from tapeline.components.trainer.train_step import LossTerm
from tapeline.components.trainer.validation import Validation
from tapeline.schemas.errors import DataError, TrainingError
from tests.components.trainer.small_training import config, forecaster, stream, wave, weights, without_graphs


@pytest.fixture(scope="module", autouse=True)
def eager() -> Iterator[None]:
    with without_graphs():
        yield


TRAIN, EVAL = wave(90), wave(60, first=90)


def prepared(model: Any, settings: Any, **more: Any) -> Training:
    train, evaluation = stream(TRAIN, 16, shuffle=True), stream(EVAL, 32)
    return Training(model, train_data=train, validation_data=evaluation, config=settings, **more)


def run(model: Any, options: Any = None, **more: Any) -> Any:
    settings = config(**(options or {}))
    training = prepared(model, settings, **more)
    training.run_to(settings.epochs)
    return training.finish()


class Recorder(keras.callbacks.Callback):
    """Notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Any] = []

    def on_train_begin(self, logs: Any = None) -> None:
        self.told.append("train begins")

    def on_epoch_begin(self, epoch: Any, logs: Any = None) -> None:
        self.told.append(f"epoch {epoch} begins")

    def on_train_batch_end(self, batch: Any, logs: Any = None) -> None:
        self.told.append(f"step {batch} of {logs['steps']}")

    def on_epoch_end(self, epoch: Any, logs: Any = None) -> None:
        self.told.append((epoch, sorted(logs)))

    def on_train_end(self, logs: Any = None) -> None:
        self.told.append("train ends")


class DieAt(keras.callbacks.Callback):
    """Ends training from inside, as a signal would, after so many steps."""

    def __init__(self, steps: Any) -> None:
        super().__init__()
        self.left = steps

    def on_train_batch_end(self, batch: Any, logs: Any = None) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, Any, Any]:
    """A run of three epochs that nothing disturbed."""
    model = forecaster(dropout=0.2)
    recorder = Recorder()
    store = CheckpointStore(tmp_path_factory.mktemp("finished"), fingerprint="f")
    history = run(model, callbacks=[recorder], checkpoints=store)
    return model, history, recorder, store


def test_callbacks_are_told_in_the_order_of_things(finished: tuple[Any, Any, Any, Any]) -> None:
    # 90 steps hold 80 windows: 5 batches of 16.
    _, _, recorder, _ = finished
    logged = [
        "gradient_norm", "learning_rate", "loss", "sampling_probability", "seconds", "val_loss", "val_teacher_forced",
        "windows_per_second",
    ]  # fmt: skip
    expected: list[Any] = ["train begins"]
    for epoch in range(3):
        expected += [f"epoch {epoch} begins", *(f"step {number} of 5" for number in range(5)), (epoch, logged)]
    assert recorder.told == [*expected, "train ends"]


def test_the_model_learns_and_ends_with_its_best_weights(finished: tuple[Any, Any, Any, Any]) -> None:
    model, history, _, _ = finished
    errors = [epoch["val_loss"] for epoch in history.epochs]
    assert history.epochs[-1]["loss"] < 0.7 * history.epochs[0]["loss"]
    assert history.best == int(np.argmin(errors))
    assert history.val_loss == min(errors) < history.untrained
    again = Validation(model, horizon=3)(stream(EVAL, 32)).free_running
    assert again == pytest.approx(history.val_loss, rel=1e-6)


def test_the_sampling_probability_follows_its_schedule(finished: tuple[Any, Any, Any, Any]) -> None:
    # From 0 to 1 in 20 epochs: 0.05 an epoch.
    _, history, _, _ = finished
    assert [epoch["sampling_probability"] for epoch in history.epochs] == pytest.approx([0.0, 0.05, 0.1])


@pytest.mark.parametrize("steps", [2, 5, 12])
def test_a_run_that_was_cut_short_ends_with_the_same_weights(
    finished: tuple[Any, Any, Any, Any], tmp_path: pathlib.Path, steps: int
) -> None:
    # Cut in the first epoch, at its very end, and in the third.
    expected, history, _, _ = finished
    with pytest.raises(KeyboardInterrupt):
        run(
            forecaster(dropout=0.2), callbacks=[Recorder(), DieAt(steps)],
            checkpoints=CheckpointStore(tmp_path, fingerprint="f"),
        )  # fmt: skip
    lines: list[str] = []
    model, recorder = forecaster(dropout=0.2), Recorder()
    resumed = run(
        model, callbacks=[recorder, DieAt(10_000)], checkpoints=CheckpointStore(tmp_path, fingerprint="f"),
        say=lines.append,
    )  # fmt: skip
    done = (steps - 1) // 5
    assert recorder.told[1] == f"epoch {done} begins"
    assert (f"carrying on after epoch {done}" in lines[0]) == (done > 0)
    for one, other in zip(weights(model), weights(expected), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [epoch["val_loss"] for epoch in resumed.epochs] == [epoch["val_loss"] for epoch in history.epochs]
    assert resumed.untrained == history.untrained


def test_a_finished_run_is_not_trained_again(finished: tuple[Any, Any, Any, Any]) -> None:
    expected, history, _, store = finished
    model, recorder = forecaster(dropout=0.2), Recorder()
    resumed = run(model, callbacks=[recorder], checkpoints=store)
    assert recorder.told == ["train begins", "train ends"]
    assert resumed.epochs == history.epochs
    for one, other in zip(weights(model), weights(expected), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_checkpoint_of_another_run_is_left_alone(finished: tuple[Any, Any, Any, Any]) -> None:
    _, _history, _, store = finished
    lines: list[str] = []
    other = CheckpointStore(store.directory, fingerprint="other")
    result = run(forecaster(), {"epochs": 1}, checkpoints=other, say=lines.append)
    assert "was written with another configuration" in lines[0]
    assert "starts from the beginning" in lines[0]
    assert len(result.epochs) == 1


def test_a_model_that_training_only_makes_worse_stays_as_it_was() -> None:
    model = forecaster()
    before = weights(model)
    history = run(model, {"epochs": 2, "learning_rate": 3.0, "clip_norm": None})
    assert history.best is None
    assert history.val_loss == history.untrained < min(epoch["val_loss"] for epoch in history.epochs)
    for one, other in zip(weights(model), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_limit_on_patience_holds_until_it_is_taken_back() -> None:
    # No epoch falls by that much, so each but the first is one to wait through.
    settings = config(epochs=9, early_stopping={"patience": 6, "min_delta": 10.0})
    limited, freed = prepared(forecaster(), settings), prepared(forecaster(), settings)
    for training in (limited, freed):
        training.run_to(1)
        training.limit_patience(2)
    freed.limit_patience(None)
    for training in (limited, freed):
        training.run_to(9)
    assert (limited.epochs, freed.epochs) == (3, 7)


def test_a_gradient_that_is_not_finite_ends_training_and_keeps_the_last_good_checkpoint(tmp_path: pathlib.Path) -> None:
    model = forecaster()
    poison = tf.Variable(1.0)

    class Poison(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: Any, logs: Any = None) -> None:
            poison.assign(np.nan if epoch == 1 else 1.0)

    def hook(path: Any, gradient: Any) -> Any:
        return gradient * poison if path == model.decoder.kernel.path else gradient

    store = CheckpointStore(tmp_path, fingerprint="f")
    with pytest.raises(TrainingError) as error:
        run(model, callbacks=[Poison()], gradient_hook=hook, checkpoints=store)
    message = str(error.value)
    assert message.startswith("training stopped in epoch 2, step 1: the gradient of 'decoder")
    assert "the checkpoint of epoch 1 is kept" in message
    assert "training.learning_rate is 0.01: try a tenth of it" in message
    assert store.load().epoch == 1


def test_a_split_without_windows_is_refused() -> None:
    with pytest.raises(DataError, match=r"eval: the split holds no windows of 8 \+ 3 steps"):
        Training(
            forecaster(),
            train_data=stream(TRAIN, 16),
            validation_data=stream(wave(9), 16),
            config=config(),
        )


def test_two_terms_are_logged_apart() -> None:
    huber = LossTerm(loss=HorizonWeightedHuber(delta=0.1, horizon=3, name="huber"), factor=2.0)
    history = run(forecaster(), {"epochs": 1}, extra_terms=[huber])
    epoch = history.epochs[0]
    assert epoch["loss"] == pytest.approx(epoch["loss_mae"] + 2.0 * epoch["loss_huber"], rel=1e-5)


def test_validation_leaves_out_windows_that_only_fill_up_the_last_batch() -> None:
    model = forecaster()
    # 50 windows: one batch of 50, or 4 of 16 with 14 rows filled up.
    one, four = (Validation(model, horizon=3)(stream(EVAL, size)) for size in (50, 16))
    assert one.free_running == pytest.approx(four.free_running, rel=1e-5)
    assert one.teacher_forced == pytest.approx(four.teacher_forced, rel=1e-5)
    window, target = next(stream(EVAL, 50).batches())
    forecast = model({name: tf.constant(values) for name, values in window.items()}).numpy()
    np.testing.assert_allclose(one.by_lead_step, np.nanmean(np.abs(forecast - target), axis=0), rtol=1e-5)
