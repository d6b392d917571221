"""How errors of series are brought to one size, and when own errors stand for naive ones."""

from typing import Any

import numpy as np

from tapeline.series.error_ratios import (
    LEAST_PERIODS,
    choose_ratios,
    choose_usual_change,
    context_ratios,
    naive_ratios,
    own_ratios,
)

NAN = float("nan")
H = 4


def panel(sizes: Any, *, windows: int, seed: int = 0) -> dict[str, Any]:
    """Errors of windows that start one step after another, those of a series as large as its size says."""
    rng = np.random.default_rng(seed)
    series = np.repeat(np.array(list(sizes), object), windows)
    size = np.repeat(np.array(list(sizes.values())), windows)
    return {
        "errors": rng.normal(size=(len(series), H)) * size[:, None],
        "series": series,
        "starts": np.tile(np.arange(windows), len(sizes)),
    }


def test_ratios_are_those_to_the_middling_series() -> None:
    assert naive_ratios({b"a": 1.0, b"b": 10.0, b"c": 1000.0}) == {b"a": 0.1, b"b": 1.0, b"c": 100.0}


def test_a_series_whose_error_is_unknown_or_nothing_counts_as_middling() -> None:
    ratios = naive_ratios({b"a": NAN, b"b": 0.0, b"c": 1e-9, b"d": 2.0, b"e": 4.0, b"f": 6.0})
    assert [ratios[name] for name in (b"a", b"b", b"c")] == [1.0, 1.0, 1.0]
    assert ratios[b"f"] == 1.5


def test_without_a_single_known_error_all_are_alike() -> None:
    assert naive_ratios({b"a": NAN, b"b": 0.0}) == {b"a": 1.0, b"b": 1.0}
    assert naive_ratios({}) == {}


def test_own_errors_stand_for_series_with_enough_windows_only() -> None:
    naive = {b"long": 1.0, b"other": 1.0, b"short": 1.0}
    rows = panel({b"long": 1.0, b"other": 3.0}, windows=LEAST_PERIODS * H)
    few = panel({b"short": 50.0}, windows=H)
    errors, series = (np.concatenate([rows[name], few[name]]) for name in ("errors", "series"))
    ratios = own_ratios(errors, series=series, naive=naive, overlap=H)
    assert 2.5 < ratios[b"other"] / ratios[b"long"] < 3.5
    assert ratios[b"short"] == 1.0


def test_own_errors_are_taken_where_they_forecast_the_other_half_better() -> None:
    sizes = {b"a": 1.0, b"b": 10.0, b"c": 3.0}
    wrong = {b"a": 1.0, b"b": 1.0, b"c": 1.0}
    rows = panel(sizes, windows=200)
    ratios, own = choose_ratios(**rows, naive=wrong, overlap=H)
    assert own
    assert 8 < ratios[b"b"] / ratios[b"a"] < 12


def test_own_errors_that_do_not_last_are_not_taken() -> None:
    # What is large in the first half is small in the second.
    first, second = panel({b"a": 1.0, b"b": 10.0}, windows=100), panel({b"a": 10.0, b"b": 1.0}, windows=100, seed=1)
    second["starts"] = second["starts"] + 100
    rows = {name: np.concatenate([first[name], second[name]]) for name in first}
    naive = {b"a": 1.0, b"b": 1.0}
    assert choose_ratios(**rows, naive=naive, overlap=H) == (naive, False)


def test_a_short_eval_split_keeps_the_naive_errors() -> None:
    naive = {b"a": 1.0, b"b": 1.0}
    rows = panel({b"a": 1.0, b"b": 10.0}, windows=2 * H)
    assert choose_ratios(**rows, naive=naive, overlap=H) == (naive, False)


def test_one_series_has_nothing_to_choose() -> None:
    assert choose_ratios(**panel({b"a": 1.0}, windows=200), naive={b"a": 1.0}, overlap=H) == ({b"a": 1.0}, False)


def restless(*, follows: bool) -> dict[str, Any]:
    """Errors that are ten times as large in every other stretch of 20 windows, as the changes before them say or not."""
    rng = np.random.default_rng(0)
    size = np.where(np.arange(400) // 20 % 2, 10.0, 1.0)
    return {
        "errors": rng.normal(size=(400, H)) * size[:, None],
        "changes": size if follows else rng.permutation(size),
        "ratios": np.ones(400),
        "starts": np.arange(400),
    }


def test_changes_in_the_context_count_unless_both_halves_speak_against_it() -> None:
    follows, random = restless(follows=True), restless(follows=False)
    assert choose_usual_change(**follows, overlap=H) == 5.5
    assert choose_usual_change(**random, overlap=H) is None
    # Two of three changes in the second half say nothing: that half is against it, the other one not.
    times = np.arange(400)
    lost = (times >= 200) & (times % 3 != 0)
    mixed = {**follows, "changes": np.where(lost, random["changes"], follows["changes"])}
    assert choose_usual_change(**mixed, overlap=H) is not None


def test_where_nothing_changes_changes_do_not_count() -> None:
    assert choose_usual_change(**{**restless(follows=True), "changes": np.zeros(400)}, overlap=H) is None


def test_a_short_eval_split_speaks_against_nothing() -> None:
    assert choose_usual_change(**restless(follows=False), overlap=200) == 5.5


def test_a_windows_ratio_lies_between_those_of_its_context_and_its_series() -> None:
    changes, ratios = np.array([0.02, 0.8, 0.0, 900.0]), np.array([1.0, 10.0, 1.0, 1.0])
    # Four times the usual change of 0.005 doubles; sixteen times quadruple, and no more than that either way.
    np.testing.assert_allclose(context_ratios(changes, ratios, 0.005), [2.0, 40.0, 0.25, 4.0])
