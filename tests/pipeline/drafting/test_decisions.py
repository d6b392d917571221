"""Files as people have them get a configuration that the data gate lets pass."""

import pathlib
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tapeline.pipeline.drafting.decisions import Draft
from tapeline.schemas.errors import ConfigError, DataError
from tests.pipeline.drafting.drafted import config_of, gate_report, make_draft, seasonal


def value(draft: Draft, key: str) -> Any:
    return next((each.value for each in draft.decisions if each.key == key), None)


def warned(draft: Draft) -> str:
    return " ".join(draft.warnings)


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "sales.csv"


@pytest.mark.parametrize(
    ("frequency", "rows", "season", "horizon"),
    [
        *(("5min", 2000, 288, 12), ("15min", 2000, 96, 96), ("30min", 2000, 48, 48), ("H", 1500, 24, 24)),
        *(("D", 400, 7, 14), ("B", 400, 5, 10), ("W-SAT", 400, 52, 13), ("MS", 200, 12, 12), ("M", 200, 12, 12)),
        *(("QS-OCT", 100, 4, 4), ("AS", 60, 5, 2), ("6H", 1000, 4, 28)),
    ],
)
def test_each_frequency_gets_a_configuration_that_passes_the_data_gate(
    path: pathlib.Path, frequency: str, rows: int, season: int, horizon: int
) -> None:
    times = pd.date_range("1990-01-06", periods=rows, freq=frequency)
    pd.DataFrame({"date": times, "sold": seasonal(times, season)}).to_csv(path, index=False)
    draft = make_draft(path)
    config = config_of(draft)
    assert config.data.target == ("sold",)
    assert config.window.horizon == horizon
    assert config.auto == ()
    assert draft.warnings == ()
    assert not gate_report(config).refused


@pytest.mark.parametrize(("least", "bound"), [(0.0, 0), (-1.0, None), (1.0, None)])
def test_what_is_often_0_and_never_less_is_forecast_as_no_less(path: pathlib.Path, least: float, bound: Any) -> None:
    sold = np.where(np.arange(400) % 3 == 0, 0.0, 5.0 + np.arange(400) % 7)
    sold[7] = least
    if least > 0:
        sold = sold + least
    pd.DataFrame({"date": pd.date_range("2021-01-01", periods=400), "sold": sold}).to_csv(path, index=False)
    draft = make_draft(path)
    assert value(draft, "data.lower_bound") == bound
    assert config_of(draft).data.lower_bound == bound


def test_a_short_file_gets_a_split_and_a_horizon_with_windows_in_each_part(path: pathlib.Path) -> None:
    times = pd.date_range("2010-01-01", periods=70, freq="MS")
    pd.DataFrame({"month": times, "sold": seasonal(times, 12)}).to_csv(path, index=False)
    draft = make_draft(path)
    # 70 x 0.15 = 10 steps hold no forecast of 12; 70 x 0.2 = 14 hold 9 of 6, 12 of 3.
    assert value(draft, "split.train") == 0.6
    assert value(draft, "window.horizon") == 3
    assert draft.warnings == ()
    report = gate_report(config_of(draft))
    assert not report.refused
    assert all((split.windows or 0) >= 10 for split in report.splits)


def test_one_short_series_of_a_panel_shortens_neither_horizon_nor_split(path: pathlib.Path) -> None:
    times = pd.date_range("2021-01-01", periods=300, freq="D")
    frames = [
        pd.DataFrame({"day": days, "shop": name, "sold": seasonal(days, 7)})
        for name, days in (("a", times), ("b", times), ("c", times), ("new", times[-30:]))
    ]
    pd.concat(frames).to_csv(path, index=False)
    draft = make_draft(path)
    assert value(draft, "window.horizon") == 14
    assert value(draft, "split.train") == 0.7
    assert warned(draft) == (
        "1 series has fewer than 28 steps in train: nothing is learned from it, and it is forecast by what the others "
        "show."
    )
    report = gate_report(config_of(draft))
    assert not report.refused
    assert report.splits[2].padded > 0


def test_what_is_missing_of_a_file_that_is_too_short_is_told(path: pathlib.Path) -> None:
    times = pd.date_range("2010-01-01", periods=20, freq="MS")
    pd.DataFrame({"month": times, "sold": seasonal(times, 12)}).to_csv(path, index=False)
    assert "10 or more: give more rows (1-step forecasts take about 30 more), or a shorter horizon" in warned(
        make_draft(path)
    )


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y"])
def test_day_first_or_month_first_is_decided_by_the_values(path: pathlib.Path, form: str) -> None:
    times = pd.date_range("2010-01-01", periods=200, freq="MS")
    pd.DataFrame({"date": times.strftime(form), "sold": seasonal(times, 12)}).to_csv(path, index=False)
    config = config_of(make_draft(path))
    assert (config.data.time_format, config.data.frequency) == (form, "MS")
    assert not gate_report(config).refused


def test_semicolons_decimal_commas_and_a_byte_order_mark_are_read(path: pathlib.Path) -> None:
    times = pd.date_range("2021-01-01", periods=300, freq="D")
    frame = pd.DataFrame({"Datum": times.strftime("%d.%m.%Y"), "Menge": seasonal(times, 7)})
    frame.to_csv(path, index=False, sep=";", decimal=",", encoding="utf-8-sig")
    config = config_of(make_draft(path))
    assert (config.data.separator, config.data.decimal) == ("semicolon", "comma")
    assert (config.data.time, config.data.target) == ("Datum", ("Menge",))
    assert not gate_report(config).refused


def test_wide_columns_of_different_size_get_a_scale_each(path: pathlib.Path) -> None:
    times = pd.date_range("2021-01-01", periods=300, freq="D")
    columns = {f"item_{at}": seasonal(times, 7, level=10.0**at, seed=at) for at in (1, 2, 4)}
    pd.DataFrame({"date": times, **columns}).to_csv(path, index=False)
    config = config_of(make_draft(path))
    assert config.data.target == ("item_1", "item_2", "item_4")
    assert config.scaling.per_series
    assert not gate_report(config).refused


def panel(*, ends: tuple[int, ...] = (0, 0), joined: bool = False) -> pd.DataFrame:
    parts = []
    for at, less in enumerate(ends):
        times = pd.date_range("2021-01-01", periods=300 - less, freq="D")
        names = {"shop": f"s{at // 2}", "item": f"i{at % 2}"} if joined else {"shop": f"s{at}"}
        parts.append(pd.DataFrame({"date": times, **names, "size": 10 + at, "sold": seasonal(times, 7, seed=at)}))
    return pd.concat(parts)


def test_series_that_end_at_different_times_pass(path: pathlib.Path) -> None:
    panel(ends=(0, 30, 70)).to_csv(path, index=False)
    draft = make_draft(path)
    config = config_of(draft)
    assert config.data.series_id == "shop"
    assert draft.unsure["static_covariates"] == ("size",)
    # 0.15 x 230 days of the shortest are eval, and as many test, of each from its own end.
    assert (config.split.eval_steps, config.split.test_steps) == (34, 34)
    report = gate_report(config)
    assert not report.refused
    assert [split.windows for split in report.splits[1:]] == [3 * 21, 3 * 21]


def test_ends_that_lie_within_a_horizon_are_cut_at_one_time(path: pathlib.Path) -> None:
    panel(ends=(0, 14)).to_csv(path, index=False)
    assert value(make_draft(path), "split.train") == 0.7


def test_columns_that_end_at_different_times_are_cut_from_their_own_ends(path: pathlib.Path) -> None:
    times = pd.date_range("2021-01-01", periods=300, freq="D")
    columns = {f"item_{at}": seasonal(times, 7, seed=at) for at in (1, 2, 3)}
    frame = pd.DataFrame({"date": times, **columns})
    frame.loc[200:, "item_2"] = np.nan
    frame.to_csv(path, index=False)
    config = config_of(make_draft(path))
    assert config.split.test_steps == 30
    report = gate_report(config)
    assert not report.refused
    assert min(split.windows or 0 for split in report.splits[1:]) >= 3 * (30 - config.window.horizon + 1)


def test_two_columns_name_the_series_together(path: pathlib.Path) -> None:
    panel(ends=(0, 0, 0, 0), joined=True).to_csv(path, index=False)
    config = config_of(make_draft(path))
    assert set(config.data.series_columns) == {"shop", "item"}
    report = gate_report(config)
    assert report.series == 4
    assert not report.refused


def test_a_series_that_begins_late_keeps_steps_to_train_on(path: pathlib.Path) -> None:
    frame = panel()
    late = frame[(frame.shop == "s0") | (frame.date >= "2021-07-15")]
    late.to_csv(path, index=False)
    draft = make_draft(path)
    config = config_of(draft)
    # Of 300 days s1 has the last 105; 15 % of those are 16, twice, which leaves 73.
    assert "every series keeps 73 or more steps" in next(
        each.reason for each in draft.decisions if each.key == "split.eval_start"
    )
    assert config.split.test_start == "2021-10-12T00:00:00Z"
    assert not gate_report(config).refused


def test_gaps_and_rests_are_allowed_as_they_are(path: pathlib.Path) -> None:
    times = pd.date_range("2021-01-01", periods=400, freq="D")
    values = seasonal(times, 7)
    values[100:130], values[200:260] = np.nan, 5.0
    frame = pd.DataFrame({"date": times, "sold": values}).drop(index=range(50, 57))
    frame.to_csv(path, index=False)
    draft = make_draft(path)
    config = config_of(draft)
    assert (config.checks.max_gap, config.checks.max_constant) == (30, 60)
    assert not gate_report(config).refused


def test_covariates_that_nobody_can_be_sure_of_are_commented_out(path: pathlib.Path) -> None:
    times = pd.date_range("2021-01-01", periods=300, freq="D")
    frame = pd.DataFrame(
        {
            "date": times,
            "sold": seasonal(times, 7),
            "temperature": seasonal(times, 90),
            "holiday": (times.day == 1).astype(int),
            "weather": np.where(times.day % 2, "dry", "wet"),
            "country": "Austria",
            "month": times.month,
        }
    )
    frame.to_csv(path, index=False)
    draft = make_draft(path)
    assert draft.unsure == {
        "future_covariates": ("holiday",),
        "past_covariates": ("temperature",),
        "text": ("weather",),
    }
    assert config_of(draft).features.columns == ()
    texts = config_of(make_draft(path, known_ahead=("weather",))).features
    assert (texts.future_covariates, texts.categorical) == (("weather",), ("weather",))
    known = config_of(make_draft(path, known_ahead=("temperature", "holiday")))
    assert known.features.future_covariates == ("temperature", "holiday")
    assert not gate_report(known).refused


def test_what_is_given_for_times_to_come_is_known_ahead(path: pathlib.Path) -> None:
    times = pd.date_range("2021-01-01", periods=300, freq="D")
    frame = pd.DataFrame({"date": times, "sold": seasonal(times, 7), "price": seasonal(times, 30)})
    frame.loc[290:, "sold"] = np.nan
    frame.to_csv(path, index=False)
    draft = make_draft(path)
    assert value(draft, "features.future_covariates") == ["price"]
    assert "The last 10 rows hold no target" in warned(draft)
    assert not gate_report(config_of(draft)).refused


def test_what_the_user_says_wins(path: pathlib.Path) -> None:
    panel().assign(returns=3.5).to_csv(path, index=False)
    draft = make_draft(path, target=("size",), horizon=5, time="date", series=("shop",))
    assert value(draft, "data.target") == "size"
    assert value(draft, "window.horizon") == 5
    for wishes, message in [({"target": ("no",)}, "--target"), ({"series": ("no",)}, "--series")]:
        with pytest.raises(ConfigError, match=rf"{message}: there is no column 'no'"):
            make_draft(path, **wishes)
    with pytest.raises(ConfigError, match="only one can be forecast"):
        make_draft(path, target=("size", "sold"))
    with pytest.raises(DataError, match="'shop' does not hold numbers"):
        make_draft(path, target=("shop",), series=())


def test_what_the_data_gate_will_refuse_is_told_before(path: pathlib.Path) -> None:
    frame = panel(ends=(0,))
    pd.concat([frame, frame[:3]]).assign(shop="s").to_csv(path, index=False)
    draft = make_draft(path)
    assert "3 rows share their time" in warned(draft)
    assert gate_report(config_of(draft)).refused
    frame[::-1].to_csv(path, index=False)
    assert "299 rows stand below a later time" in warned(make_draft(path))


def test_a_file_without_numbers_or_times_is_refused(path: pathlib.Path) -> None:
    path.write_text("day,note\n2021-01-01,a\n2021-01-02,b\n")
    with pytest.raises(DataError, match=r"no column of .* holds numbers alone"):
        make_draft(path)
    path.write_text("note,sold\na,1\nb,2\n")
    with pytest.raises(DataError, match="holds times in all its rows"):
        make_draft(path)


@pytest.mark.parametrize("source", ["statsmodels:co2"])
def test_the_embedded_data_need_no_configuration(source: str) -> None:
    config = config_of(make_draft(source))
    assert (config.name, config.data.frequency, config.checks.max_gap) == ("co2", "W-SAT", 18)
    assert config.window.context_length == 104
    assert not gate_report(config).refused
