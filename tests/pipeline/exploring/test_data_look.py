"""A first look: what the data gate will find, everywhere; what a model could be chosen by, on train alone."""

import pathlib
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tapeline.pipeline.drafting.decisions import plan_of
from tapeline.pipeline.drafting.found_data import Wishes, look_at
from tapeline.pipeline.exploring.data_look import DataLook, look_closer
from tapeline.pipeline.exploring.look_charts import shown_places, values_chart
from tapeline.pipeline.exploring.look_page import shown_series
from tapeline.pipeline.exploring.look_sections import repeating_section
from tapeline.schemas.errors import DataError
from tapeline.series.inspecting.raw_table import read_table

STEPS = 300


def look(folder: pathlib.Path, frame: pd.DataFrame, **wishes: Any) -> DataLook:
    path = folder / "sales.csv"
    frame.to_csv(path, index=False)
    said = Wishes(target=("sold",), **wishes)
    found = look_at(read_table(str(path)), said)
    return look_closer(found, plan_of(found, said))


def one(**columns: Any) -> pd.DataFrame:
    day = np.arange(STEPS)
    noise = np.random.default_rng(0).normal(scale=0.2, size=STEPS)
    days = pd.date_range("2021-01-01", periods=STEPS)
    return pd.DataFrame({"day": days, "sold": (100 + 5 * (day % 7) + noise).round(3), **columns})


def test_seasons_gaps_and_outliers_of_a_series(tmp_path: pathlib.Path) -> None:
    frame = one()
    frame.loc[100, "sold"] = 9000.0
    seen = look(tmp_path, frame.drop(frame.index[200:204]))
    (series,) = seen.series
    assert seen.seasons == series.seasons == (7,)
    (words,) = repeating_section(seen).paragraphs
    assert words.startswith("The steps of the series repeat after 7 ")
    assert series.missing == 4
    assert [part.tolist() for part in series.gaps] == [[series.first + 200], [4]]
    assert (series.outliers.tolist(), series.rows.tolist()) == ([100], [100])
    assert series.usual[0] == pytest.approx(115, abs=10)
    assert (series.train, series.test) == (210, 255)


def test_what_lies_in_eval_and_test_changes_no_season_and_no_correlation(tmp_path: pathlib.Path) -> None:
    frame = one(price=np.random.default_rng(1).normal(size=STEPS))
    before = look(tmp_path, frame)
    frame.loc[215:, ["sold", "price"]] = np.random.default_rng(2).normal(size=(STEPS - 215, 2)) * 50 + 100
    after = look(tmp_path, frame)
    assert after.seasons == before.seasons
    np.testing.assert_array_equal(after.echo, before.echo)
    (one_before,), (one_after,) = before.covariates, after.covariates
    assert one_before.by_lag is not None
    assert one_after.by_lag is not None
    np.testing.assert_array_equal(one_after.by_lag, one_before.by_lag)


def test_covariates_are_told_by_part_kind_and_what_is_missing(tmp_path: pathlib.Path) -> None:
    size = {"a": 1.5, "b": 2.5}
    parts = [one(shop=shop, floor=size[shop], holiday=(np.arange(STEPS) % 9 == 0).astype(int)) for shop in "ab"]
    frame = pd.concat(parts)
    frame["weather"] = np.where(
        np.arange(2 * STEPS) % 4 == 0, "", np.where(np.arange(2 * STEPS) % 3 == 0, "sun", "rain")
    )
    seen = {each.name: each for each in look(tmp_path, frame, known_ahead=("holiday",)).covariates}
    assert {name: each.part for name, each in seen.items()} == {
        "holiday": "known ahead",
        "floor": "one a series",
        "weather": "undecided",
    }
    assert (seen["weather"].kind, seen["weather"].missing) == ("text, 2 different", 0.25)
    assert seen["holiday"].by_lag is not None
    assert seen["floor"].by_lag is None


def test_infinite_values_are_left_to_the_data_gate(tmp_path: pathlib.Path) -> None:
    frame = one()
    frame.loc[50, "sold"] = np.inf
    (series,) = look(tmp_path, frame).series
    assert series.missing == 1


def test_a_time_far_from_all_others_is_told_and_not_drawn(tmp_path: pathlib.Path) -> None:
    frame = one()
    frame["day"] = pd.date_range("2021-01-01", periods=STEPS, freq="s")
    frame.loc[0, "day"] = pd.Timestamp("1999-01-01")
    with pytest.raises(DataError, match="Look for a time far away"):
        look(tmp_path, frame)


def panel(folder: pathlib.Path, series: int) -> DataLook:
    parts = [
        one(shop=f"s{at}").assign(sold=lambda rows, at=at: (rows["sold"] * (at + 1)).round(3)) for at in range(series)
    ]
    parts[4].loc[100, "sold"] = 1e6
    return look(folder, pd.concat(parts))


def test_of_many_series_the_odd_ones_and_some_of_all_sizes_are_shown(tmp_path: pathlib.Path) -> None:
    seen = panel(tmp_path, 12)
    names = [each.name for each in shown_series(seen, most=6)]
    assert "s4" in names
    assert len(names) == 6
    assert "s11" in names
    assert shown_series(seen, most=12) == list(seen.series)


def test_a_long_series_keeps_its_least_its_largest_and_its_outliers() -> None:
    values = np.sin(np.arange(10_000) / 50)
    values[[77, 5000]] = [9.0, -9.0]
    values[2000:4000] = np.nan
    places = shown_places(values, most=200, keep=np.array([1234]))
    assert len(places) <= 202
    assert {77, 5000, 1234} <= set(places.tolist())
    assert np.isnan(values[places]).any()


def test_the_chart_has_an_outlier_as_a_point_and_lines_where_eval_and_test_begin(tmp_path: pathlib.Path) -> None:
    frame = one()
    frame.loc[100, "sold"] = 9000.0
    path = tmp_path / "sales.csv"
    frame.to_csv(path, index=False)
    found = look_at(read_table(str(path)), Wishes())
    seen = look_closer(found, plan_of(found, Wishes()))
    chart = values_chart(seen.series[0], grid=found.grid.grid, unit="", most=1000)
    assert np.flatnonzero(np.isfinite(chart.lines[1].values)).tolist() == [100]
    assert chart.lines[1].is_points
    assert list(chart.marks) == [chart.x[210], chart.x[255]]
    assert chart.caption == "sold: 300 steps, 1 outlier. Eval and test begin at the broken lines."
