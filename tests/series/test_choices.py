"""What is chosen for data: by rule, from the train split."""

from typing import Any

import numpy as np
import pytest

from tapeline.series.choices import TrainFacts, choose, seasons_in

DAY = 86_400


def facts(frequency: str, steps: Any, *, seasons: tuple[int, ...] = (), days: float = 0.0) -> TrainFacts:
    lengths = steps if isinstance(steps, tuple) else (steps,)
    return TrainFacts(frequency=frequency, lengths=lengths, seasons=seasons, span_seconds=int(days * DAY))


def context(facts: TrainFacts, horizon: int, **more: Any) -> Any:
    return choose(facts, horizon=horizon, **more)["window.context_length"]


def test_the_context_is_two_seasons() -> None:
    assert context(facts("W-SAT", 1598, seasons=(52,)), 24) == 104
    assert context(facts("30min", 36_000, seasons=(48, 336)), 48) == 672


def test_the_context_is_at_least_two_horizons() -> None:
    assert context(facts("D", 2000, seasons=(7,)), 14) == 28
    assert context(facts("h", 30_000), 24) == 48


def test_a_day_that_is_a_season_brings_its_week() -> None:
    chosen = choose(facts("h", 8640, seasons=(24,)), horizon=24)
    assert chosen["window.context_length"] == 2 * 168
    assert chosen["model.lags"] == (24, 168)


@pytest.mark.parametrize(
    ("steps", "horizon", "length"),
    [
        # 105 - 24 - 12 + 1 = 70 windows, a third of 105 steps is 35.
        (105, 12, 24),
        # 42 steps: two years leave 7 windows, one year leaves 19, and a third is 14.
        (42, 12, 12),
        # Of 20 steps no season leaves enough windows; 20 - 12 = 8 leaves one.
        (20, 12, 8),
    ],
)
def test_a_short_file_keeps_windows_to_train_on(steps: int, horizon: int, length: int) -> None:
    assert context(facts("MS", steps, seasons=(12,)), horizon) == length


def test_the_shortest_series_of_a_panel_keeps_a_window() -> None:
    # 41 steps less 13 of a forecast leave 28; two horizons are 26. 41 of 441 steps are a tenth.
    assert context(facts("W-SAT", (200, 200, 41), seasons=(52,)), 13) == 26


def test_a_few_short_series_do_not_shorten_the_context_of_all() -> None:
    # 41 of 2,841 steps are a seventieth: that series is padded.
    assert context(facts("W-SAT", (2000, 800, 41), seasons=(52,)), 13) == 104


def test_a_series_that_is_too_short_for_a_forecast_does_not_shorten_the_context_of_all() -> None:
    # 7 steps hold no forecast of 12; 18 do after half a horizon of context.
    assert context(facts("MS", (60, 60, 7), seasons=(12,)), 12) == 24
    assert context(facts("MS", (60, 60, 18), seasons=(12,)), 12) == 6


def test_a_season_that_is_too_long_for_any_context_is_left_out() -> None:
    # A week of 5 minutes is 2016 steps, two days are 576.
    chosen = choose(facts("5min", 100_000, seasons=(288,)), horizon=12)
    assert chosen["window.context_length"] == 576
    assert chosen["model.lags"] == (288,)


def test_what_is_given_stays_and_shapes_the_rest() -> None:
    chosen = choose(facts("h", 8640, seasons=(24, 168)), horizon=24, given={"window.context_length": 100})
    assert chosen["window.context_length"] == 100
    assert chosen["model.lags"] == (24,)
    assert chosen["model.encoder_length"] is None


def test_the_context_holds_what_looks_back_into_it() -> None:
    assert context(facts("D", 2000, seasons=(7,)), 7, look_back=60) == 60


@pytest.mark.parametrize(
    ("frequency", "seasons", "length"),
    # Four days of 24, two of 48, one of 96; 5 minutes: 96 steps; a context of 104 is read whole.
    [("h", (24, 168), 96), ("30min", (48,), 96), ("15min", (96,), 96), ("5min", (288,), 96), ("W-SAT", (52,), None)],
)
def test_the_encoder_reads_whole_short_seasons(frequency: str, seasons: tuple[int, ...], length: Any) -> None:
    assert choose(facts(frequency, 50_000, seasons=seasons), horizon=24)["model.encoder_length"] == length


@pytest.mark.parametrize(
    ("horizon", "segment"), [(24, 8), (48, 8), (12, 6), (14, 7), (7, 1), (1, 1), (8, 4), (13, 5), (31, 8), (96, 8)]
)
def test_a_segment_fills_the_horizon(horizon: int, segment: int) -> None:
    assert choose(facts("h", 5000), horizon=horizon)["model.segment_length"] == segment


@pytest.mark.parametrize(
    ("frequency", "days", "calendar"),
    [
        ("h", 2, ()),
        ("h", 10, ("hour_of_day",)),
        ("h", 30, ("hour_of_day", "hour_of_week", "weekend")),
        ("30min", 800, ("hour_of_day", "hour_of_week", "day_of_year", "weekend")),
        ("D", 300, ("day_of_week", "weekend")),
        ("D", 800, ("day_of_week", "day_of_year", "weekend")),
        ("B", 800, ("day_of_week", "day_of_year")),
        ("W-SAT", 11_000, ("week_of_year",)),
        ("W-SAT", 700, ()),
        ("MS", 4000, ("month_of_year",)),
        ("QS", 4000, ("month_of_year",)),
        ("YS", 40_000, ()),
    ],
)
def test_the_calendar_has_the_cycles_that_train_has_seen(
    frequency: str, days: float, calendar: tuple[str, ...]
) -> None:
    assert choose(facts(frequency, 5000, days=days), horizon=4)["features.calendar"] == calendar


def test_without_rows_the_horizon_decides() -> None:
    assert context(TrainFacts(frequency="D"), 14) == 28


@pytest.mark.parametrize(
    ("steps", "candidates"),
    # Contexts of 24 and horizons of 12: 105 steps have 70 windows, 500 have 465.
    [(105, 2), (500, 4), (1000, 6), (100_000, 6), ((200, 200, 200), 4)],
)
def test_few_windows_have_few_candidates(steps: Any, candidates: int) -> None:
    assert choose(facts("MS", steps, seasons=(12,)), horizon=12)["training.candidates"] == candidates


def test_a_stride_leaves_fewer_windows_for_candidates() -> None:
    assert choose(facts("MS", 1000, seasons=(12,)), horizon=12, stride=3)["training.candidates"] == 3


def test_without_rows_there_are_as_many_candidates_as_ever() -> None:
    assert choose(TrainFacts(frequency="D"), horizon=14)["training.candidates"] == 6


@pytest.mark.parametrize(("years", "found"), [(4, (12,)), (3, (12,)), (1, ())])
def test_three_years_of_months_show_a_year(years: int, found: tuple[int, ...]) -> None:
    months = np.arange(12 * years + 1)
    values = np.sin(2 * np.pi * months / 12) + 0.1 * np.random.default_rng(0).normal(size=len(months))
    assert seasons_in([values], frequency="MS", steps=len(values), room=len(values) - 3) == found


def test_a_lag_that_is_no_cycle_of_the_calendar_must_show_four_times() -> None:
    steps = np.arange(33)
    values = np.sin(2 * np.pi * steps / 13) + 0.05 * np.random.default_rng(0).normal(size=len(steps))
    assert seasons_in([values], frequency="D", steps=len(values), room=30) == ()
    assert seasons_in([values], frequency="D", steps=4 * len(values), room=30) == (13,)
