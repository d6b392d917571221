"""Folds of a backtest: consecutive tests up to the end, train before eval before test."""

import math
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapeline.pipeline.backtest.folds import Cuts, plan_folds, spread
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.window_spec import WindowSpec

BASE = Cuts(train_start=0, eval_start=70, test_start=85, end=100)
SPEC = WindowSpec(context_length=4, horizon=2)


def test_folds_share_the_test_span() -> None:
    # 15 test steps, 3 folds: 5 each; eval keeps its 15 steps.
    assert plan_folds(BASE, folds=3, window="expanding", spec=SPEC) == (
        Cuts(train_start=0, eval_start=70, test_start=85, end=90),
        Cuts(train_start=0, eval_start=75, test_start=90, end=95),
        Cuts(train_start=0, eval_start=80, test_start=95, end=100),
    )


def test_sliding_moves_the_start_of_train_by_one_fold() -> None:
    folds = plan_folds(BASE, folds=2, window="sliding", spec=SPEC, fold_length=20)
    # Tests are 60-79 and 80-99, eval 15 steps before them, train what is left before eval in fold 1: 45 steps.
    assert folds == (
        Cuts(train_start=0, eval_start=45, test_start=60, end=80),
        Cuts(train_start=20, eval_start=65, test_start=80, end=100),
    )


def test_one_fold_is_the_split_of_the_configuration() -> None:
    for window in ("expanding", "sliding"):
        assert plan_folds(BASE, folds=1, window=window, spec=SPEC) == (BASE,)


def test_steps_that_cannot_be_shared_go_to_train() -> None:
    # 15 // 4 = 3 steps each: the first 3 of the 15 are left, so all cuts of fold 1 move by 3.
    first, *_, last = plan_folds(BASE, folds=4, window="expanding", spec=SPEC)
    assert first == Cuts(train_start=0, eval_start=73, test_start=88, end=91)
    assert last.end == 100


@given(
    start=st.integers(-(10**6), 10**6),
    lengths=st.tuples(st.integers(1, 300), st.integers(1, 80), st.integers(1, 80)),
    folds=st.integers(1, 12),
    fold_length=st.none() | st.integers(1, 60),
    spec=st.builds(WindowSpec, context_length=st.integers(1, 20), horizon=st.integers(1, 10)),
    window=st.sampled_from(["expanding", "sliding"]),
)
def test_folds_walk_to_the_end_without_overlap(
    start: int, lengths: Any, folds: int, fold_length: Any, spec: Any, window: Any
) -> None:
    train, evaluated, test = lengths
    base = Cuts(
        train_start=start,
        eval_start=start + train,
        test_start=start + train + evaluated,
        end=start + train + evaluated + test,
    )
    try:
        plan = plan_folds(base, folds=folds, window=window, spec=spec, fold_length=fold_length)
    except ConfigError:
        # The oracle: what was refused has a fold without a forecast, or a first fold without a train window.
        each = fold_length if fold_length is not None else test // folds
        assert each < spec.horizon or train + test - folds * each < spec.length
        return
    assert len(plan) == folds
    tests = [step for fold in plan for step in range(fold.test_start, fold.end)]
    # Every step of the tested time exactly once, in order, up to the end.
    assert tests == list(range(plan[0].test_start, base.end))
    assert len({fold.end - fold.test_start for fold in plan}) == 1
    for fold in plan:
        assert fold.eval_start - fold.train_start >= spec.length
        assert fold.test_start - fold.eval_start == evaluated
        assert fold.end - fold.test_start >= spec.horizon
        assert fold.train_start >= base.train_start
    if window == "expanding":
        assert {fold.train_start for fold in plan} == {base.train_start}
    else:
        assert len({fold.eval_start - fold.train_start for fold in plan}) == 1
        assert plan[0].train_start == base.train_start


# Folds that share 15 steps must be a horizon long: of 10 steps, one fits.
@given(st.integers(1, 10).flatmap(lambda horizon: st.tuples(st.integers(1, 15 // horizon), st.just(horizon))))
def test_no_fold_of_the_default_length_trains_on_less_than_the_configuration(folds_and_horizon: Any) -> None:
    folds, horizon = folds_and_horizon
    spec = WindowSpec(context_length=4, horizon=horizon)
    first = plan_folds(BASE, folds=folds, window="expanding", spec=spec)[0]
    assert first.eval_start >= BASE.eval_start


@pytest.mark.parametrize(
    ("folds", "fold_length", "message"),
    [
        (0, None, "--folds: got 0, must be 1 or more"),
        (8, None, "8 share the test split's 15 steps, 1 each, and a forecast takes window.horizon, 2. Give at most 7"),
        (3, 1, "--fold-length: got 1 steps, a forecast takes window.horizon, 2. Give 2 or more"),
        # Eval takes 15 of 100 steps and one train window 6, so 79 are left: 3 folds of 20.
        (4, 20, "4 of 20 steps leave 5 steps to train the first fold on, and one window takes 6"),
        (4, 20, "Give at most 3 folds, or a shorter --fold-length"),
        (1, 90, "1 of 90 steps leave 0 steps to train the first fold on"),
    ],
)
def test_folds_that_do_not_fit_are_refused_with_what_would(folds: int, fold_length: int | None, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plan_folds(BASE, folds=folds, window="expanding", spec=SPEC, fold_length=fold_length)
    assert message in str(caught.value)


def test_the_most_folds_that_a_refusal_names_fit() -> None:
    assert len(plan_folds(BASE, folds=3, window="expanding", spec=SPEC, fold_length=20)) == 3
    assert len(plan_folds(BASE, folds=7, window="expanding", spec=SPEC)) == 7


def test_spread_is_mean_and_sample_deviation() -> None:
    found = spread([1.0, 2.0, 6.0])
    # Mean 3; squares 4 + 1 + 9 = 14, over 2.
    assert found.mean == 3.0
    assert found.deviation == math.sqrt(7.0) == pytest.approx(statistics.stdev([1.0, 2.0, 6.0]))


def test_one_fold_has_no_spread() -> None:
    assert spread([2.0]).mean == 2.0
    assert math.isnan(spread([2.0]).deviation)


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_fold_without_a_finite_error_is_not_averaged_away(broken: Any) -> None:
    found = spread([1.0, broken, 2.0])
    assert math.isnan(found.mean)
    assert math.isnan(found.deviation)
