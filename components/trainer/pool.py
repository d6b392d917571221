"""Candidates side by side: each in a thread of its own, on one core, until its time in the race is over.

Nothing is shared but the windows. Threads are enough: a step is one call of a compiled graph, and Python's lock is free
while it runs. Who goes on is decided by what each candidate had reached at a rung, which stands in its own records: a
race that was killed is run again from the checkpoints and comes to the same decisions.
"""

import concurrent.futures
import dataclasses
import functools
import textwrap
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import keras
import tensorflow as tf

from tapeline.components.trainer.callbacks import OutOfTimeError
from tapeline.components.trainer.candidates import Candidate
from tapeline.components.trainer.checkpoint import CheckpointStore
from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.diagnosis import NotFiniteError
from tapeline.components.trainer.distribution import available_cores
from tapeline.components.trainer.halving import Rung, rungs, survivors
from tapeline.components.trainer.loop import History, Say, Training
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.errors import TrainingError
from tapeline.schemas.training_config import TrainingConfig

Records = Callable[[Candidate | None], Sequence[keras.callbacks.Callback]]
"""Makes what is told about the epochs of a candidate; of the only network there is for None."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainedCandidate:
    """A candidate after the race.

    Attributes:
        candidate: Who it is.
        model: The network, with the weights of its best epoch.
        history: The course of its training.
    """

    candidate: Candidate
    model: Seq2SeqForecaster
    history: History


class Signals(keras.callbacks.Callback):
    """Ends a training from outside: its time is up, or another thread has failed.

    Args:
        abandoned: Set when the race is off.
        ends_at: When time is up, by `clock`; None: never.
        in_any_case: Whether the first epoch is made whatever the time.
        clock: Seconds; replaced in tests.
    """

    def __init__(
        self,
        *,
        abandoned: threading.Event,
        ends_at: float | None = None,
        in_any_case: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._abandoned, self._ends_at, self._clock = abandoned, ends_at, clock
        self._spared = in_any_case

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self._spared = self._spared and epoch == 0
        self._look()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        self._look()

    def _look(self) -> None:
        if self._abandoned.is_set():
            raise _AbandonedError
        if self._ends_at is not None and not self._spared and self._clock() > self._ends_at:
            raise OutOfTimeError


class _AbandonedError(Exception):
    """Ends a thread whose result nobody waits for."""


def train_candidates(
    candidates: Sequence[Candidate],
    *,
    network: Callable[[Candidate], Seq2SeqForecaster],
    train_data: WindowStream,
    validation_data: WindowStream,
    config: TrainingConfig,
    members: int = 1,
    records: Records = lambda candidate: (),
    checkpoints: CheckpointStore | None = None,
    ends_at: float | None = None,
    say: Say = lambda line: None,
) -> tuple[TrainedCandidate, ...]:
    """Trains the networks of a pool; a single one takes all cores, as it does without a pool.

    Args:
        candidates: Who takes part.
        network: Makes the untrained network of a candidate, under the strategy that is active now.
        train_data: Shuffled batches, in the order of the first candidate's seed.
        validation_data: The windows that decide about stopping, slowing down, and who goes on.
        config: The section `training`.
        members: Most picks of the selection that follows; at least as many train to the end.
        records: Returns what is told about every epoch of a candidate.
        checkpoints: Where to write one each epoch, a folder a candidate, and to carry on from.
        ends_at: When to end with what there is, by `time.monotonic`. Whoever has not ended an epoch by then is left
            out, but for the first candidate, whose first epoch is always made.
        say: Gets a line when something other than an epoch is worth telling.

    Returns:
        The candidates that have finite weights.

    Raises:
        DataError: There are no windows to train on or to validate with.
        TrainingError: No candidate could be trained, or another worker is gone.
    """
    alone = len(candidates) == 1
    if not alone:
        say(f"training {len(candidates)} candidates side by side; the weaker ones stop early:")
    abandoned = threading.Event()
    trainings, models = {}, {}
    for candidate in candidates:
        models[candidate.number] = network(candidate)
        shards = {} if alone or config.shards else {"shards": 1}
        signals = Signals(abandoned=abandoned, ends_at=ends_at, in_any_case=candidate.number == 1)
        if not alone:
            say(textwrap.fill(f"  {candidate.name}: {candidate.words}", 80, subsequent_indent="    "))
        trainings[candidate.number] = Training(
            models[candidate.number],
            train_data=train_data if alone else train_data.with_seed(candidate.seed),
            validation_data=validation_data,
            config=config.model_copy(update={"seed": candidate.seed, **shards}),
            callbacks=(*records(None if alone else candidate), signals),
            checkpoints=checkpoints if alone or checkpoints is None else checkpoints.of(candidate.name),
            say=say if alone else functools.partial(_say_for, candidate, say),
        )
    if alone:
        trainings[candidates[0].number].run_to(config.epochs)
        sound = [candidates[0].number]
    else:
        patience = config.early_stopping.patience
        looks = rungs(len(candidates), epochs=config.epochs, patience=patience, members=members)
        sound = race(trainings, looks=looks, epochs=config.epochs, abandoned=abandoned, say=say)
    begun = [number for number in sound if trainings[number].epochs or alone]
    return tuple(
        TrainedCandidate(candidate=candidate, model=models[number], history=trainings[number].finish())
        for candidate in candidates
        if (number := candidate.number) in begun
    )


def _say_for(candidate: Candidate, say: Say, line: str) -> None:
    say(f"{candidate.name}  {line}")


def race(
    trainings: Mapping[int, Training], *, looks: Sequence[Rung], epochs: int, abandoned: threading.Event, say: Say
) -> list[int]:
    """Trains candidates, ever fewer of them.

    A candidate whose numbers are no longer finite leaves the race; the others go on.

    Args:
        trainings: One for each candidate, by its number.
        looks: When to look, and how many go on.
        epochs: Most epochs of a training.
        abandoned: Is set when the race must end at once; the trainings' `Signals` look at it.
        say: Gets a line when somebody leaves.

    Returns:
        Numbers of the candidates that have finite weights, in order.

    Raises:
        TrainingError: No candidate is left, or another worker is gone.
    """
    sound = dict(trainings)
    racing = list(trainings)
    for rung in (*looks, None):
        until = epochs if rung is None else rung.epoch
        failed = _run_side_by_side({number: sound[number] for number in racing}, until, abandoned)
        for number, error in failed.items():
            say(f"candidate {number} leaves the pool: {error}")
            del sound[number]
            racing.remove(number)
        if not sound:
            raise TrainingError(f"None of {len(trainings)} candidates could be trained. {error}")
        if rung is None:
            break
        ahead = survivors({number: sound[number].error_by(rung.epoch) for number in racing}, keep=rung.keep)
        for number in ahead:
            sound[number].limit_patience(None if number == ahead[0] else rung.patience)
        before, racing = len(racing), sorted(ahead)
        if len(racing) < before:
            names = ", ".join(str(number) for number in racing)
            say(f"after {rung.epoch} epochs: {len(racing)} of {before} candidates go on: {names}")
    return list(sound)


def _run_side_by_side(
    trainings: Mapping[int, Training], epochs: int, abandoned: threading.Event
) -> dict[int, NotFiniteError]:
    """Brings all trainings to an epoch; returns those that failed, with the reason."""
    failed: dict[int, NotFiniteError] = {}

    def run(number: int) -> None:
        try:
            trainings[number].run_to(epochs)
        except NotFiniteError as error:
            failed[number] = error

    # One more than there are cores: none idles while a candidate cuts windows. A strategy belongs to a thread, and its
    # replicas fill the machine.
    alone = tf.distribute.get_strategy().num_replicas_in_sync > 1
    workers = 1 if alone else min(available_cores() + 1, len(trainings))
    if workers < 2:
        for number in trainings:
            run(number)
        return failed
    with concurrent.futures.ThreadPoolExecutor(workers, thread_name_prefix="candidate") as threads:
        waiting = [threads.submit(run, number) for number in trainings]
        try:
            for done in concurrent.futures.as_completed(waiting):
                done.result()
        except BaseException:
            abandoned.set()
            threads.shutdown(wait=True, cancel_futures=True)
            raise
    return dict(sorted(failed.items()))
