"""The questions of `tapeline init --interactive`, without a terminal."""

import pathlib
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tapeline.pipeline.drafting.decisions import decide
from tapeline.pipeline.drafting.found_data import Wishes
from tapeline.pipeline.drafting.interview import View, answer
from tapeline.pipeline.drafting.wish_questions import QUESTIONS, read_split
from tapeline.schemas.errors import ConfigError, UserError
from tapeline.series.inspecting.raw_table import RawTable, read_table

TIME, SERIES, TARGET, KNOWN_AHEAD, ZONE, HORIZON, SPLIT = QUESTIONS


def sales(folder: pathlib.Path, *, shops: int = 1) -> RawTable:
    day = np.arange(300)
    parts = [
        pd.DataFrame(
            {
                "day": pd.date_range("2021-01-01", periods=300),
                "shop": f"s{shop}",
                "sold": (10 + day % 7 + 0.01 * day).round(3),
                "price": np.random.default_rng(shop).normal(size=300).round(3),
                "promotion": day % 9 == 0,
            }
        ).assign(promotion=lambda rows: rows["promotion"].astype(int))
        for shop in range(shops)
    ]
    path = folder / "sales.csv"
    pd.concat(parts).to_csv(path, index=False)
    return read_table(str(path))


@pytest.fixture
def view(tmp_path: pathlib.Path) -> View:
    return View.of(sales(tmp_path, shops=2), Wishes())


def values_of(view: View) -> dict[str, Any]:
    assert view.found is not None
    return {each.key: each.value for each in decide(view.found, view.wishes).decisions}


def test_each_question_has_what_was_found_as_its_answer(view: View) -> None:
    asked = [question.ask(view) for question in QUESTIONS if question.matters(view)]
    assert [each.default for each in asked] == ["day", "shop", "sold", "none", "14", "70 / 15 / 15"]
    assert asked[0].why == "ISO 8601"
    assert "may be: promotion, price" in asked[3].why


def test_enter_alone_leaves_everything_as_found(view: View) -> None:
    before = values_of(view)
    for question in QUESTIONS:
        view = answer(question, view, question.ask(view).default)
    assert values_of(view) == before


def hourly(folder: pathlib.Path, start: str, *, zoned: bool = False) -> View:
    times = pd.date_range(start, periods=600, freq="h")
    path = folder / "load.csv"
    pd.DataFrame({"time": times.tz_localize("UTC") if zoned else times, "load": np.arange(600) % 24}).to_csv(
        path, index=False
    )
    return View.of(read_table(str(path)), Wishes())


def test_a_zone_is_asked_for_where_times_have_none_and_steps_are_shorter_than_a_day(
    tmp_path: pathlib.Path, view: View
) -> None:
    assert not ZONE.matters(view)
    assert not ZONE.matters(hourly(tmp_path, "2021-01-01", zoned=True))
    clock = hourly(tmp_path, "2021-01-01")
    assert ZONE.matters(clock)
    assert ZONE.ask(clock).default == "none"
    assert "data.timezone" not in values_of(answer(ZONE, clock, "none"))
    madrid = answer(ZONE, clock, "Europe/Madrid")
    assert values_of(madrid)["data.timezone"] == "Europe/Madrid"
    assert madrid.found is not None
    assert clock.found is not None
    assert (clock.found.time.seconds - madrid.found.time.seconds == 3600).all()


@pytest.mark.parametrize(
    ("start", "zone", "message"),
    [
        ("2021-01-01", "Madrid", "data.timezone: 'Madrid' is not an IANA time zone"),
        (
            "2021-03-20",
            "Europe/Madrid",
            "1 of the times cannot be of Europe/Madrid: row 194 '2021-03-28 02:00:00' does not exist",
        ),
    ],
)
def test_a_zone_must_be_one_and_fit_the_times(tmp_path: pathlib.Path, start: str, zone: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        answer(ZONE, hourly(tmp_path, start), zone)


def test_answers_are_what_the_options_say(view: View) -> None:
    for question, text in ((TARGET, "price"), (KNOWN_AHEAD, "promotion, sold"), (HORIZON, "7"), (SPLIT, "60/20/20")):
        view = answer(question, view, text)
    said = values_of(view)
    assert said["data.target"] == "price"
    assert said["features.future_covariates"] == ["promotion", "sold"]
    assert said["window.horizon"] == 7
    assert [said[f"split.{name}"] for name in ("train", "eval", "test")] == [0.6, 0.2, 0.2]


def test_a_target_that_was_accepted_stays_whatever_is_known_ahead(view: View) -> None:
    view = answer(TARGET, view, "sold")
    with pytest.raises(ConfigError, match="sold"):
        answer(KNOWN_AHEAD, view, "sold")


@pytest.mark.parametrize(
    ("at", "text", "message"),
    [
        (TIME, "no", "--time: there is no column 'no'"),
        (TIME, "price", "--time: column 'price' holds no times"),
        (SERIES, "no", "--series: there is no column 'no'"),
        (SERIES, "none", "a column must tell the series apart"),
        (TARGET, "shop", "--target: "),
        (TARGET, "none", "something must be forecast"),
        (KNOWN_AHEAD, "no", "--known-ahead: there is no column 'no'"),
        (HORIZON, "0", "--horizon: got 0, must be a number of steps"),
        (HORIZON, "two", "--horizon: got two, must be a number of steps"),
        (SPLIT, "half", "must be three shares in percent"),
        (SPLIT, "50/20/20", "which is 90 in all"),
        (HORIZON, "200", "would hold no forecast of 200 steps"),
        (SPLIT, "2031-01-01/2031-02-01", "the data reach from"),
        (SPLIT, "soon/later", "split.eval_start"),
    ],
)
def test_an_answer_that_breaks_a_rule_is_refused_with_the_reason(view: View, at: Any, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        answer(at, view, text)


def test_a_horizon_that_was_accepted_is_not_made_shorter_by_a_split(view: View) -> None:
    view = answer(HORIZON, view, "14")
    with pytest.raises(ConfigError, match="eval and test would hold no forecast of 14 steps"):
        answer(SPLIT, view, "3/3")


def test_data_that_cannot_be_made_out_at_first_are_after_the_answers(tmp_path: pathlib.Path) -> None:
    table = sales(tmp_path)
    view = View.of(table, Wishes(target=("sol",)))
    assert view.found is None
    assert view.problem.startswith("--target: there is no column 'sol'")
    view = answer(TIME, view, TIME.ask(view).default)
    view = answer(SERIES, view, "none")
    assert view.found is None
    view = answer(TARGET, view, "sold")
    assert values_of(view)["data.target"] == "sold"


def test_nothing_known_ahead_overrides_what_the_data_look_like(tmp_path: pathlib.Path) -> None:
    frame = pd.read_csv(pathlib.Path(sales(tmp_path).source))
    frame.loc[290:, ["sold", "price"]] = np.nan
    frame.to_csv(tmp_path / "sales.csv", index=False)
    view = View.of(read_table(str(tmp_path / "sales.csv")), Wishes(target=("sold",)))
    assert KNOWN_AHEAD.ask(view).default == "promotion"
    assert "features.future_covariates" not in values_of(answer(KNOWN_AHEAD, view, "none"))


def test_a_split_is_given_in_three_ways() -> None:
    assert read_split("60 / 20 / 20 %").eval == 0.2
    assert (read_split("96/48").eval_steps, read_split("96/48").test_steps) == (96, 48)
    assert read_split("2021-06-01 / 2021-08-01").test_start == "2021-08-01"


@pytest.mark.parametrize("text", ["28/28", "2021-08-01/2021-09-15", "60/20/20"])
def test_a_split_that_was_asked_for_is_written_with_its_windows(view: View, text: str) -> None:
    view = answer(SPLIT, view, text)
    assert view.found is not None
    first = next(each for each in decide(view.found, view.wishes).decisions if each.key.startswith("split."))
    assert first.reason.startswith("you say so; ")
    assert "windows in eval" in first.reason
