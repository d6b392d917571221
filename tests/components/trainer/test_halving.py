"""Who goes on, and what the whole race costs."""

import pytest

from tapeline.components.trainer.halving import Rung, rungs, survivors


def test_the_weaker_half_ends_at_each_rung_until_three_are_left() -> None:
    assert rungs(12, epochs=150, patience=15) == (Rung(5, 6, 8), Rung(10, 3, 8))


def test_where_all_go_on_there_is_a_look_at_who_leads() -> None:
    assert rungs(3, epochs=150, patience=15) == (Rung(5, 3, 8),)
    assert rungs(2, epochs=150, patience=5) == (Rung(2, 2, 3),)


def test_as_many_train_to_the_end_as_may_be_picked() -> None:
    assert [rung.keep for rung in rungs(12, epochs=150, patience=15, members=5)] == [6, 5]
    assert [rung.keep for rung in rungs(12, epochs=150, patience=15, members=1)] == [6, 3]


def test_a_short_training_has_early_rungs() -> None:
    assert rungs(6, epochs=3, patience=15) == (Rung(1, 3, 8),)


@pytest.mark.parametrize("patience", [5, 8, 15])
def test_six_candidates_cost_at_most_four_trainings_of_their_usual_length(patience: int) -> None:
    # Two cores make two of them at a time: the wall clock sees about half of that.
    usual, spent, racing, done = 3 * patience, 0, 6, 0
    for epoch, keep, _ in (*rungs(6, epochs=150, patience=patience), Rung(usual, 0, 0)):
        spent += racing * (epoch - done)
        racing, done = keep, epoch
    assert spent <= 4 * usual


def test_of_two_equal_ones_the_first_goes_on() -> None:
    assert survivors({3: 0.2, 1: 0.1, 2: 0.2}, keep=2) == [1, 2]


def test_the_one_in_the_lead_stands_first() -> None:
    assert survivors({1: 0.3, 2: 0.2, 3: 0.1}, keep=2) == [3, 2]


def test_who_never_had_an_error_does_not_go_on() -> None:
    assert survivors({1: float("inf"), 2: 0.5}, keep=1) == [2]
