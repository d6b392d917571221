"""Contexts are the newest steps on the grid; whatever cannot be one is refused in the data gate's words."""

from typing import Any

import numpy as np
import pytest

from tapeline.forecaster.inference.contexts import build_contexts, raw_request
from tapeline.forecaster.inference.tails import Tail
from tapeline.forecaster.pushed_model import Card
from tapeline.schemas.errors import DataError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, WindowConfig

DAY, FIRST, T, H = 86_400, 19_000, 4, 3
NAN = np.nan


def card(**features: Any) -> Card:
    data = DataConfig(time="day", target="sold", series_id="shop", frequency="D")
    window = WindowConfig(context_length=T, horizon=H)
    return Card(data=data, features=FeaturesConfig(**features), window=window, longest_horizon=10 * H)


def tail(target: Any, *covariates: Any, days: Any = None, seconds: Any = None, texts: Any = None) -> Tail:
    days = np.arange(len(target)) if days is None else np.array(days)
    times = DAY * (FIRST + days) if seconds is None else np.array(seconds)
    values = np.stack([np.array(column, float) for column in (target, *covariates)], axis=1)
    texts = np.empty((len(days), 0), object) if texts is None else np.array(texts, object)
    return Tail(int(FIRST + days.min()), FIRST + days, times, np.arange(len(days)), values, texts)


def build(one: Tail, the_card: Any = None, *, horizon: Any = None) -> Any:
    (context,) = build_contexts({b"a": one}, card=the_card or card(), horizon=horizon, source="recent.csv")
    return context


def refusal(one: Tail, the_card: Any = None, *, horizon: Any = None) -> str:
    with pytest.raises(DataError) as raised:
        build(one, the_card, horizon=horizon)
    return str(raised.value)


def test_a_context_is_the_newest_steps_and_gaps_are_missing() -> None:
    # Day 4 has no row, and rows come in any order.
    context = build(tail([5.0, 6.0, 3.0, 2.0], days=[5, 6, 3, 2]))
    np.testing.assert_array_equal(context.values, np.array([3, NAN, 5, 6], np.float32))
    np.testing.assert_array_equal(context.timestamps, DAY * (FIRST + np.arange(3, 7)))
    assert context.steps_ahead == H
    assert context.measured_share == 0.75


def test_a_series_that_is_shorter_than_the_context_is_padded_in_front() -> None:
    context = build(tail([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(context.values, [NAN, 1.0, 2.0, 3.0])
    np.testing.assert_array_equal(context.timestamps, DAY * (FIRST + np.arange(-1, 3)))


def test_the_forecast_starts_after_the_last_measured_value() -> None:
    assert build(tail([1.0, 2.0, 3.0, 4.0, NAN, NAN])).timestamps[-1] == DAY * (FIRST + 3)


def test_covariates_go_to_their_parts() -> None:
    both = card(past_covariates=("wind",), future_covariates=("holiday",), static_covariates=("area",))
    one = tail(
        [1.0, 2.0, 3.0, 4.0, NAN, NAN],
        [11, 12, NAN, 14, NAN, NAN],
        [0, 1, 0, 1, NAN, 1],
        [NAN, 7, 7, 7, NAN, NAN],
    )
    context = build(one, both)
    np.testing.assert_array_equal(context.past[:, 0], np.array([11, 12, NAN, 14], np.float32))
    np.testing.assert_array_equal(context.future[:, 0], np.array([0, 1, 0, 1, NAN, 1], np.float32))
    np.testing.assert_array_equal(context.static, [7.0])
    assert context.steps_ahead == 2


def test_categories_go_to_inputs_of_their_own() -> None:
    roles = {"past_covariates": ("mood", "wind"), "future_covariates": ("sky",), "static_covariates": ("kind",)}
    rows = [[b"1", b"clear", b""], [b"2", b"", b"city"], [b"", b"mist", b"city"], [b"2", b"rain", b""]]
    one = tail([1.0, 2.0, 3.0, 4.0, NAN], [9, 9, 9, 9, NAN], texts=[*rows, [b"", b"hail", b""]])
    context = build(one, card(**roles, categorical=("sky", "kind", "mood")))
    assert context.texts["past_categories"].tolist() == [[b"1"], [b"2"], [b""], [b"2"]]
    assert context.texts["future_categories"].tolist() == [[b"clear"], [b""], [b"mist"], [b"rain"], [b"hail"]]
    assert context.texts["static_categories"].tolist() == [b"city"]
    assert context.past.shape == (T, 1)
    assert context.future.shape == (T + 1, 0)
    # What is known ahead says how far is forecast, text or number.
    assert context.steps_ahead == 1
    request = raw_request([context])
    assert request["future_categories"].shape == (1, T + 1, 1)
    assert request["static_categories"].shape == (1, 1)


def test_a_static_category_may_be_missing() -> None:
    one = tail([1.0, 2.0, 3.0, 4.0], texts=[[b""]] * 4)
    context = build(one, card(static_covariates=("kind",), categorical=("kind",)))
    assert context.texts["static_categories"].tolist() == [b""]


@pytest.mark.parametrize(("horizon", "steps"), [(None, 5), (2, 2), (5, 5)])
def test_known_columns_decide_the_horizon_unless_fewer_steps_are_asked_for(horizon: int | None, steps: int) -> None:
    one = tail([1.0] * 4 + [NAN] * 5, [0.0] * 9)
    context = build(one, card(future_covariates=("holiday",)), horizon=horizon)
    assert (context.steps_ahead, len(context.future)) == (steps, T + steps)


def test_a_far_stray_row_costs_no_memory() -> None:
    one = tail([1.0, 2.0, 3.0, 4.0, NAN], days=[0, 1, 2, 3, 10_000_000])
    assert len(build(one).values) == T


@pytest.mark.parametrize(
    ("one", "the_card", "horizon", "words"),
    [
        (
            tail([1.0, 2.0]),
            card(),
            None,
            "[too_short] series 'a': 2 steps up to the last measured value; the model reads 4 (window.context_length), and "
            "needs 3 at least (window.min_context)",
        ),
        (tail([NAN, NAN]), card(), None, "[no_target] series 'a': no row has a measured target"),
        (tail([1.0, 2.0, np.inf, 4.0]), card(), None, "[infinite_values] series 'a', target: 1 infinite value: row 2"),
        (
            tail([1.0, 2.0, 3.0, 4.0, 5.0], days=[0, 1, 2, 2, 3]),
            card(),
            None,
            "[duplicate_timestamps] series 'a': 1 row with the time of an earlier row: row 3",
        ),
        (
            tail([1.0] * 9, seconds=[DAY * FIRST + DAY * n + 60 * (n == 3) for n in range(9)]),
            card(),
            None,
            "[off_grid] series 'a': 1 row between the times of data.frequency 'D': row 3",
        ),
        (tail([1.0] * 5, days=[0, 7, 14, 21, 28]), card(), None, "[wrong_frequency] series 'a': the median step between times is 7D"),
        (
            tail([1.0] * 4, [0.0] * 4),
            card(future_covariates=("holiday",)),
            None,
            "[no_known_future] series 'a': the last measured value is of 2022-01-11, and the future-known columns holiday "
            "reach 0 steps beyond it",
        ),
        (
            tail([1.0] * 4 + [NAN], [0.0] * 5),
            card(future_covariates=("holiday",)),
            3,
            "reach 1 step beyond it; the model needs them for 3 steps ahead. Fix: append rows with the times to forecast, "
            "these columns filled in and the target empty, or ask for fewer steps with --horizon.",
        ),
        (tail([1.0] * 4), card(), 31, "[horizon_too_long] series 'a': 31 steps to forecast; the model goes 30 steps ahead"),
        (tail([1.0] * 4, [NAN] * 4), card(static_covariates=("area",)), None, "[missing_static] series 'a': no value of the static"),
    ],
)  # fmt: skip
def test_rows_that_are_no_context_are_refused_with_a_fix(
    one: Any, the_card: Any, horizon: int | None, words: str
) -> None:
    message = refusal(one, the_card, horizon=horizon)
    assert words in message
    assert message.startswith("--input: recent.csv cannot be forecast: 1 error")
    assert " Fix: " in message


def test_all_mistakes_stand_in_one_message() -> None:
    parts = {name: tail([1.0]) for name in (b"b", b"a")}
    with pytest.raises(DataError, match="2 errors") as raised:
        build_contexts(parts, card=card(), horizon=None, source="recent.csv")
    assert str(raised.value).index("series 'a'") < str(raised.value).index("series 'b'")


def test_a_panel_of_mistakes_is_counted_not_listed() -> None:
    parts = {b"s%02d" % n: tail([1.0]) for n in range(30)}
    with pytest.raises(DataError, match="and 12 more"):
        build_contexts(parts, card=card(), horizon=None, source="recent.csv")
