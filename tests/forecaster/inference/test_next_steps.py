"""The steps after the end of the data, of the series that have them; else the newest window that is whole."""

from typing import Any

import numpy as np

from tapeline.forecaster.inference.next_steps import after_the_end, newest_window
from tests.forecaster.inference.test_contexts import DAY, FIRST, NAN, H, T, card, tail

MEASURED = [float(value) for value in range(1, T + H + 1)]
AHEAD = card(future_covariates=("holiday",))


def test_every_series_is_forecast_from_its_own_end_and_those_that_cannot_be_are_left_out() -> None:
    tails = {b"a": tail(MEASURED), b"short": tail([1.0]), b"early": tail(MEASURED, days=np.arange(T + H) - 100)}
    chosen = after_the_end(tails, card())
    assert [context.series_id for context in chosen.contexts] == [b"a", b"early"]
    assert [context.timestamps[-1] // DAY - FIRST for context in chosen.contexts] == [T + H - 1, T + H - 101]
    assert [(finding.series_id, finding.kind) for finding in chosen.left_out] == [("short", "too_short")]
    assert chosen.after == ()


def test_columns_known_ahead_are_followed_as_far_as_they_reach_and_no_further_than_trained() -> None:
    def steps(known: int, horizon: Any = None) -> Any:
        rows = [*MEASURED, *[NAN] * known]
        chosen = after_the_end({b"a": tail(rows, [0.0] * len(rows))}, AHEAD, horizon=horizon)
        return [context.steps_ahead for context in chosen.contexts]

    assert [steps(known) for known in (0, 1, H, H + 2)] == [[], [1], [H], [H]]
    assert steps(H + 2, H + 2) == [H + 2]


def test_where_nothing_is_known_past_the_end_the_newest_window_has_what_was_measured_since() -> None:
    tails = {b"a": tail(MEASURED, [0.0] * (T + H))}
    assert [finding.kind for finding in after_the_end(tails, AHEAD).left_out] == ["no_known_future"]
    chosen = newest_window(tails, AHEAD)
    (context,) = chosen.contexts
    np.testing.assert_array_equal(context.values, MEASURED[:T])
    assert context.steps_ahead == H
    np.testing.assert_array_equal(chosen.after, [MEASURED[T:]])
