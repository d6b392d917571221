"""A race of candidates: who is trained for how long, what ends it, and that it comes out the same each time."""

import dataclasses
import pathlib
import threading
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from tapeline.components.trainer.callbacks import OutOfTimeError
from tapeline.components.trainer.checkpoint import CheckpointStore
from tapeline.components.trainer.diagnosis import NotFiniteError
from tapeline.components.trainer.halving import Rung
from tapeline.components.trainer.pool import Signals, race
from tapeline.components.trainer.training_run import TrainedModel, run_training
from tapeline.schemas.errors import TrainingError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import WindowConfig
from tapeline.schemas.training_config import ModelConfig
from tests.components.trainer.small_training import config, wave, weights, without_graphs


@dataclasses.dataclass
class Planned:
    """Stands in for a training: its error is known ahead, and it notes how far it was run."""

    errors: Any
    fails_at: int | None = None
    ran_to: list[int] = dataclasses.field(default_factory=list)
    patience: int | None = None

    def limit_patience(self, most: int | None) -> None:
        self.patience = most

    def run_to(self, epochs: int) -> None:
        self.ran_to.append(epochs)
        if self.fails_at is not None and epochs >= self.fails_at:
            raise NotFiniteError("the loss is no longer finite.")

    def error_by(self, epochs: int) -> float:
        return min(self.errors[:epochs])


def run_race(trainings: Any, looks: Any, epochs: int = 8) -> tuple[list[int], list[str]]:
    lines: list[str] = []
    sound = race(trainings, looks=looks, epochs=epochs, abandoned=threading.Event(), say=lines.append)
    return sound, lines


def test_the_weaker_half_ends_early() -> None:
    trainings = {number: Planned([number / 10] * 8) for number in (1, 2, 3, 4)}
    sound, lines = run_race(trainings, [Rung(2, 2, 3)])
    assert sound == [1, 2, 3, 4]
    assert {number: training.ran_to for number, training in trainings.items()} == {
        1: [2, 8], 2: [2, 8], 3: [2], 4: [2],
    }  # fmt: skip
    assert lines == ["after 2 epochs: 2 of 4 candidates go on: 1, 2"]


def test_only_the_one_in_the_lead_has_the_whole_patience() -> None:
    trainings = {1: Planned([0.4, 0.4, 0.1, 0.1]), 2: Planned([0.5, 0.3, 0.3, 0.3]), 3: Planned([0.9] * 4)}
    run_race(trainings, [Rung(2, 3, 7)])
    assert [training.patience for training in trainings.values()] == [7, None, 7]
    run_race(trainings, [Rung(2, 3, 7), Rung(4, 2, 5)])
    assert [training.patience for training in trainings.values()] == [None, 5, 7]


def test_what_counts_at_a_rung_is_what_was_reached_by_then() -> None:
    # The third was carried on from a crash, and is further than the rung.
    trainings = {1: Planned([0.5] * 8), 2: Planned([0.4] * 8), 3: Planned([0.9, 0.9, 0.1, 0.1])}
    run_race(trainings, [Rung(2, 2, 3)])
    assert trainings[3].ran_to == [2]


def test_a_candidate_that_is_no_longer_finite_leaves_and_the_others_go_on() -> None:
    trainings = {1: Planned([0.1] * 8, fails_at=2), 2: Planned([0.4] * 8), 3: Planned([0.5] * 8)}
    sound, lines = run_race(trainings, [Rung(2, 2, 3)])
    assert sound == [2, 3]
    assert lines == ["candidate 1 leaves the pool: the loss is no longer finite."]
    assert trainings[3].ran_to == [2, 8]


def test_where_none_is_left_training_fails() -> None:
    with pytest.raises(TrainingError, match="None of 2 candidates could be trained"):
        run_race({number: Planned([0.1], fails_at=1) for number in (1, 2)}, [])


def test_another_error_in_one_thread_ends_all() -> None:
    abandoned = threading.Event()

    class Broken(Planned):
        def run_to(self, epochs: int) -> None:
            raise OSError("disk full")

    class Waiting(Planned):
        def run_to(self, epochs: int) -> None:
            assert abandoned.wait(60)

    with pytest.raises(OSError, match="disk full"):
        race({1: Waiting([0.1]), 2: Broken([0.1])}, looks=[], epochs=2, abandoned=abandoned, say=print)  # type: ignore[dict-item]
    assert abandoned.is_set()


def test_time_that_is_up_ends_an_epoch_but_not_one_that_is_made_in_any_case() -> None:
    now = [0.0]
    signals = Signals(abandoned=threading.Event(), ends_at=5.0, in_any_case=True, clock=lambda: now[0])
    signals.on_epoch_begin(0)
    now[0] = 6.0
    signals.on_train_batch_end(0)
    with pytest.raises(OutOfTimeError):
        signals.on_epoch_begin(1)
    with pytest.raises(OutOfTimeError):
        Signals(abandoned=threading.Event(), ends_at=5.0, clock=lambda: 6.0).on_epoch_begin(0)


TRAIN, EVAL = wave(90), wave(60, first=90)


def train_pool(*, members: int = 3, candidates: int = 4, **more: Any) -> TrainedModel:
    """Real networks, three epochs each: one of four candidates ends after the first epoch."""
    options = more.pop("options", {})
    return run_training(
        train_chunks=lambda: [TRAIN],
        eval_chunks=lambda: [EVAL],
        window=WindowConfig(context_length=8, horizon=3),
        features=FeaturesConfig(past_covariates=["x"], future_covariates=["a", "b"]),
        model=ModelConfig(units=4, members=members),
        training=config(candidates=candidates, highway_learning_rate=0.0, **options),
        season=3,
        **more,
    )


class Course(keras.callbacks.Callback):
    """Notes which candidate made which epoch."""

    made: list[Any]

    def __init__(self, candidate: Any, made: list[Any]) -> None:
        super().__init__()
        self.candidate, self.made = candidate, made

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.made.append((self.candidate.number, epoch))


@pytest.fixture(scope="module", autouse=True)
def eager() -> Iterator[None]:
    with without_graphs():
        yield


@pytest.fixture(scope="module")
def undisturbed() -> tuple[TrainedModel, list[Any]]:
    made: list[Any] = []
    return train_pool(records=lambda candidate: [Course(candidate, made)]), made


def test_a_pool_trains_all_and_serves_a_selection(undisturbed: tuple[TrainedModel, list[Any]]) -> None:
    trained, made = undisturbed
    assert [len(each.history.epochs) for each in trained.candidates].count(3) == 3
    assert sorted(epoch for _, epoch in made).count(0) == 4
    selected = trained.selected
    assert selected is not None
    assert [member.name for member in selected.members] == [
        "persistence", "seasonal naive", "ridge on the context", "ridge on what is known", "ridge", "statistical",
        "candidate 1", "candidate 2", "candidate 3", "candidate 4",
    ]  # fmt: skip
    assert len(selected.choice.picks) <= 3
    assert trained.val_loss <= min(each.history.val_loss for each in trained.candidates) * (1 + 1e-6)
    # What was measured in training is what the selection sees.
    found = dict(zip([member.name for member in selected.members], selected.choice.errors, strict=True))
    for each in trained.candidates:
        assert found[each.candidate.name] == pytest.approx(each.history.val_loss, rel=1e-5)


def test_the_lines_for_people_name_who_was_picked_and_what_the_simple_ones_reach(
    undisturbed: tuple[TrainedModel, list[Any]],
) -> None:
    selected = undisturbed[0].selected
    assert selected is not None
    words = selected.in_words()
    assert words.startswith("picked: ")
    for part in ("val_loss ", "persistence ", "seasonal naive ", "ridge "):
        assert part in words


class DieIn(keras.callbacks.Callback):
    """Ends everything from inside, in an epoch of a candidate."""

    def __init__(self, number: int, epoch: int, candidate: Any) -> None:
        super().__init__()
        self.here, self.epoch = candidate.number == number, epoch

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self.here and epoch == self.epoch:
            raise KeyboardInterrupt


def test_a_pool_that_was_cut_short_comes_out_the_same(
    undisturbed: tuple[TrainedModel, list[Any]], tmp_path: pathlib.Path
) -> None:
    expected = undisturbed[0]
    with pytest.raises(KeyboardInterrupt):
        train_pool(
            checkpoints=CheckpointStore(tmp_path, fingerprint="f"),
            records=lambda candidate: [DieIn(1, 2, candidate)],
        )
    made: list[Any] = []
    store = CheckpointStore(tmp_path, fingerprint="f")
    resumed = train_pool(checkpoints=store, records=lambda candidate: [Course(candidate, made)])
    assert len(made) < len(undisturbed[1])
    assert resumed.selected is not None
    assert expected.selected is not None
    assert resumed.selected.choice == expected.selected.choice
    for one, other in zip(resumed.candidates, expected.candidates, strict=True):
        for mine, theirs in zip(weights(one.model), weights(other.model), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    store.remove()
    assert not tmp_path.exists()


def test_one_candidate_and_one_member_are_a_network_without_a_selection() -> None:
    said: list[str] = []
    trained = train_pool(members=1, candidates=1, say=said.append)
    assert trained.selected is None
    assert trained.model is trained.candidates[0].model
    assert said[0].startswith("before training: val_loss ")


def test_time_that_is_up_leaves_what_there_is() -> None:
    # The first epoch of the first candidate is always made; nobody else gets to begin.
    trained = train_pool(options={"time_limit": 1e-6})
    assert [each.candidate.number for each in trained.candidates] == [1]
    assert len(trained.history.epochs) == 1
    assert trained.selected is not None
