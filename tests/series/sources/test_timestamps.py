"""Times: one form a column, each an instant, or an error that shows the row."""

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.series.sources.iso_times import form_of
from tapeline.series.sources.time_style import find_disagreements
from tapeline.series.sources.timestamps import Times, read_times, seconds_of

NEW_YEAR_2021 = 1_609_459_200
"""2021-01-01T00:00:00Z."""


def read(values: Any, *, time_format: Any = None, timezone: str = "UTC", first_row: int = 0) -> Times:
    column = values if isinstance(values, pa.Array) else pa.array(values)
    return read_times(column, time_format=time_format, timezone=timezone, name="ds", first_row=first_row)


def only_problem(times: Times) -> Any:
    assert len(times.problems) == 1, times.problems
    return times.problems[0]


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("2021-01-01", 0),
        ("2021-01", 0),
        ("2021-01-01 00:30", 1800),
        ("2021-01-01T00:30", 1800),
        ("2021-01-01T00:30:15", 1815),
        ("2021-01-01 00:30:15.000", 1815),
        ("2021-01-01T00:30:15Z", 1815),
        ("2021-01-01T00:30:15+00:30", 15),
        ("2021-01-01 00:30-0500", 1800 + 5 * 3600),
        ("2021-01-01T00:30+01", -1800),
        (" 2021-01-01 ", 0),
    ],
)
def test_iso_8601_is_read(text: str, second: Any) -> None:
    times = read([text])
    assert not times.problems
    assert list(times.seconds) == [NEW_YEAR_2021 + second]


@given(
    moments=st.lists(st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2250, 1, 1)), min_size=1),
    form=st.sampled_from(["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]),
)
@settings(max_examples=50, deadline=None)
def test_iso_8601_is_read_as_the_standard_library_reads_it(moments: Any, form: Any) -> None:
    # strftime does not pad years under 1000, and none is drawn.
    texts = [moment.strftime(form) for moment in moments]
    wanted = [
        datetime.datetime.strptime(text, form).replace(tzinfo=datetime.timezone.utc).timestamp() for text in texts
    ]
    times = read(texts)
    assert not times.problems
    np.testing.assert_array_equal(times.seconds, wanted)


@given(st.text(alphabet="0123456789-:T Z+.", max_size=25))
@settings(max_examples=100, deadline=None)
def test_what_passes_for_iso_8601_is_what_pandas_reads_to_the_same_instant(text: Any) -> None:
    times = read([text])
    if not times.problems:
        assert times.seconds[0] == pd.Timestamp(text.strip(), tz=None if _has_zone(text) else "UTC").timestamp()


def _has_zone(text: str) -> bool:
    return form_of(text.strip()).endswith(("Z", "±dd", "±dddd", "±dd:dd"))


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("2021-13-45", "does not exist"),
        ("2021-02-29", "does not exist"),
        ("2021-01-00", "does not exist"),
        (None, "is empty"),
        (" ", "is empty"),
        ("n/a", "is not an ISO 8601 time"),
        ("02/01/2021", "is not of the form YYYY-MM-DD, as rows before it are"),
        ("2021-01-02 00:00", "is not of the form YYYY-MM-DD, as rows before it are"),
        ("2021-1-2", "is not of the form YYYY-MM-DD, as rows before it are"),
        ("20210102", "is not of the form YYYY-MM-DD, as rows before it are"),
        ("1600-01-01", "outside the years 1678 to 2261"),
        ("9999-12-31", "outside the years 1678 to 2261"),
    ],
)
def test_a_row_that_is_no_time_is_shown_with_its_number(value: str | None, rule: str) -> None:
    problem = only_problem(read(["2021-01-01", value, "2021-01-03"], first_row=100))
    assert rule in problem.rule
    assert problem.column == "data.time: column 'ds'"
    assert (problem.count, problem.rows) == (1, ((101, repr(value if value is not None else "")),))
    assert problem.fix


@pytest.mark.parametrize("value", ["2021-01-01T24:00:00", "2021-01-01T00:60:00", "2021-01-01T23:59:60"])
def test_a_time_of_day_that_no_clock_shows_does_not_exist(value: str) -> None:
    assert "does not exist" in only_problem(read(["2021-01-01T00:00:00", value])).rule


def test_seconds_are_whole() -> None:
    problem = only_problem(read(["2021-01-01T00:00:00.000", "2021-01-01T00:00:00.250"]))
    assert problem.rule == "has a fraction of a second"
    assert problem.rows[0][0] == 1


def test_the_form_is_that_of_the_first_row_that_has_one() -> None:
    problem = only_problem(read(["what", "2021-01-01", "2021-01-02"]))
    assert problem.rows == ((0, "'what'"),)


def test_a_column_without_iso_8601_asks_for_its_format() -> None:
    problem = only_problem(read(["12/31/2012", "01/01/2013"]))
    assert problem.count == 2
    assert "data.time_format" in problem.fix


def test_naive_times_and_times_with_a_zone_do_not_mix() -> None:
    problem = only_problem(read(["2021-01-01T00:00:00", "2021-01-01T01:00:00Z"]))
    assert problem.rule == "is not of the form YYYY-MM-DDThh:mm:ss, as rows before it are"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2021-01", "YYYY-MM"),
        ("2021-01-01 00:00", "YYYY-MM-DD hh:mm"),
        ("2021-01-01 00:00+01", "YYYY-MM-DD hh:mm+hh"),
        ("2021-01-01 00:00+0100", "YYYY-MM-DD hh:mm+hhmm"),
        ("2021-01-01T00:00-01:00", "YYYY-MM-DDThh:mm+hh:mm"),
        ("2021-01-01T00:00:00+01:00", "YYYY-MM-DDThh:mm:ss+hh:mm"),
        ("2021-01-01T00:00:00.000Z", "YYYY-MM-DDThh:mm:ss.dddZ"),
    ],
)
def test_a_form_is_named_as_people_write_it(text: str, name: str) -> None:
    assert only_problem(read([text, "2021-1-1"])).rule == f"is not of the form {name}, as rows before it are"


def test_many_offenders_are_counted_and_the_first_five_shown() -> None:
    problem = only_problem(read(["2021-01-01", *["2021-02-30"] * 7]))
    assert problem.count == 7
    assert [row for row, _ in problem.rows] == [1, 2, 3, 4, 5]


class TestZones:
    def test_times_without_a_zone_are_read_on_the_configured_clock(self) -> None:
        # Melbourne is eleven hours ahead in January and ten in July.
        times = read(["2021-01-01 11:00", "2021-07-01 10:00"], timezone="Australia/Melbourne")
        assert not times.problems
        assert list(times.seconds) == [NEW_YEAR_2021, NEW_YEAR_2021 + 181 * 86_400]

    def test_an_hour_that_clocks_skip_is_an_error(self) -> None:
        problem = only_problem(read(["2021-03-28 01:30", "2021-03-28 02:30"], timezone="Europe/Berlin"))
        assert problem.rule == "does not exist in Europe/Berlin: clocks were set forward"
        assert problem.rows == ((1, "'2021-03-28 02:30'"),)

    def test_an_hour_that_clocks_repeat_is_an_error_with_a_way_out(self) -> None:
        problem = only_problem(read(["2021-10-31 02:30"], timezone="Europe/Berlin"))
        assert problem.rule == "comes twice in Europe/Berlin: clocks were set back"
        assert "+01:00" in problem.fix

    def test_the_way_out_is_one(self) -> None:
        # 02:30 summer time is 00:30 UTC, an hour before 02:30 winter time.
        times = read(["2021-10-31T02:30:00+02:00", "2021-10-31T02:30:00+01:00"], timezone="Europe/Berlin")
        assert not times.problems
        assert np.diff(times.seconds) == [3600]

    def test_a_date_is_a_day_even_where_its_midnight_is_skipped(self) -> None:
        # Sao Paulo's clocks went from 00:00 to 01:00 on 2018-11-04, three hours behind UTC before.
        times = read(["2018-11-03", "2018-11-04", "2018-11-05"], timezone="America/Sao_Paulo")
        assert not times.problems
        assert list(np.diff(times.seconds)) == [24 * 3600, 23 * 3600]
        assert "does not exist" in only_problem(read(["2018-11-04 00:00"], timezone="America/Sao_Paulo")).rule

    def test_offsets_that_follow_the_zones_clock_changes_are_one_zone(self) -> None:
        texts = ["2021-01-01T00:00:00+11:00", "2021-07-01T00:00:00+10:00"]
        at_home = read(texts, timezone="Australia/Melbourne")
        assert not find_disagreements([("a.csv", 0, at_home.style)], name="ds", timezone="Australia/Melbourne")

    def test_other_offsets_in_one_column_are_mixed_zones(self) -> None:
        times = read(["2021-01-01T00:00:00+11:00", "2021-01-01T01:00:00+05:30", "2021-01-01T02:00:00+11:00"])
        (problem,) = find_disagreements([("a.csv", 10, times.style)], name="ds", timezone="UTC")
        assert "not those of data.timezone (UTC)" in problem.rule
        assert problem.rows == ((10, "'2021-01-01T00:00:00+11:00'"), (11, "'2021-01-01T01:00:00+05:30'"))

    def test_one_offset_throughout_is_fine_in_any_zone(self) -> None:
        times = read(["2021-01-01T00:00:00+11:00", "2021-07-01T00:00:00+11:00"])
        assert not find_disagreements([("a.csv", 0, times.style)], name="ds", timezone="UTC")


class TestFormats:
    def test_a_configured_format_is_kept_to_the_letter(self) -> None:
        times = read(["31.12.2020 23:00", "01.01.2021 00:00"], time_format="%d.%m.%Y %H:%M")
        assert not times.problems
        assert list(times.seconds) == [NEW_YEAR_2021 - 3600, NEW_YEAR_2021]

    @pytest.mark.parametrize("value", ["2021-01-02 03:04", "2021-02-30", "02.01.2021"])
    def test_a_format_that_looks_like_iso_8601_forgives_nothing(self, value: str) -> None:
        problem = only_problem(read(["2021-01-01", value], time_format="%Y-%m-%d"))
        assert problem.rows == ((1, repr(value)),)
        assert problem.rule == "is not a time in the format '%Y-%m-%d'"

    def test_a_format_with_a_zone_names_instants(self) -> None:
        times = read(["2021/01/01 01:00 +0100"], time_format="%Y/%m/%d %H:%M %z", timezone="Asia/Kolkata")
        assert list(times.seconds) == [NEW_YEAR_2021]

    def test_a_format_without_one_is_read_on_the_configured_clock(self) -> None:
        times = read(["2021/01/01 05:30"], time_format="%Y/%m/%d %H:%M", timezone="Asia/Kolkata")
        assert list(times.seconds) == [NEW_YEAR_2021]

    def test_what_is_no_format_is_refused(self) -> None:
        for time_format in ("%Q", "%Y-%"):
            problem = only_problem(read(["2021"], time_format=time_format))
            assert problem.rule.startswith("data.time_format: ")
            assert time_format in problem.rule

    def test_years_may_be_numbers(self) -> None:
        assert list(read([2021], time_format="%Y").seconds) == [NEW_YEAR_2021]

    @pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
    def test_numbers_since_1970_are_read_in_their_unit(self, unit: str, factor: Any) -> None:
        for values in ([NEW_YEAR_2021 * factor], [str(NEW_YEAR_2021 * factor)]):
            times = read(values, time_format=f"epoch_{unit}", timezone="Europe/Berlin")
            assert not times.problems
            assert list(times.seconds) == [NEW_YEAR_2021]

    def test_numbers_that_are_none_or_not_whole_seconds_are_shown(self) -> None:
        times = read(["1000", "1.5", "x", "1001"], time_format="epoch_ms")
        assert [(problem.rule, [row for row, _ in problem.rows]) for problem in times.problems] == [
            ("is not a whole number, as data.time_format 'epoch_ms' asks", [1, 2]),
            ("has a fraction of a second", [3]),
        ]

    def test_bare_numbers_are_not_guessed_at(self) -> None:
        problem = only_problem(read([NEW_YEAR_2021]))
        assert "is of type int64, not a time" in problem.rule
        assert "epoch_s" in problem.fix


class TestTypedColumns:
    def test_timestamps_keep_their_instants(self) -> None:
        for unit in ("s", "ms", "us", "ns"):
            aware = pa.array(pd.DatetimeIndex(["2021-01-01T11:00+11:00"])).cast(pa.timestamp(unit, "UTC"))
            assert list(read(aware, timezone="Europe/Berlin").seconds) == [NEW_YEAR_2021]

    def test_naive_timestamps_are_read_on_the_configured_clock(self) -> None:
        naive = pa.array(pd.DatetimeIndex(["2021-01-01 01:00", "2021-03-28 02:30"]))
        times = read(naive, timezone="Europe/Berlin")
        assert times.seconds[0] == NEW_YEAR_2021
        assert only_problem(times).rows[0][0] == 1

    def test_dates_are_days_of_the_zone(self) -> None:
        dates = pa.array([datetime.date(2021, 1, 1)])
        assert list(read(dates, timezone="Asia/Kolkata").seconds) == [NEW_YEAR_2021 - 19_800]

    def test_a_missing_time_and_a_fraction_are_shown(self) -> None:
        column = pa.array([None, 1500, 2000], pa.timestamp("ms"))
        assert [problem.rule for problem in read(column).problems] == ["is empty", "has a fraction of a second"]

    def test_a_column_without_any_value_is_empty(self) -> None:
        assert only_problem(read(pa.nulls(3))).count == 3


def test_stretches_that_differ_in_form_disagree() -> None:
    first, second = read(["2021-01-01"]), read(["2021-01-02 00:00"], first_row=0)
    (problem,) = find_disagreements([("a.csv", 0, first.style), ("b.csv", 50, second.style)], name="ds", timezone="UTC")
    assert problem.rule == "differs in form from row 0 of a.csv, '2021-01-01'"
    assert (problem.file, problem.rows) == ("b.csv", ((50, "'2021-01-02 00:00'"),))


def test_a_single_time_is_read_or_refused() -> None:
    assert seconds_of("2021-01-01T01:00", timezone="Europe/Berlin") == NEW_YEAR_2021
    with pytest.raises(ValueError, match="'2021-13-01' is a time that does not exist"):
        seconds_of("2021-13-01", timezone="UTC")


def test_a_day_that_the_zone_left_out_is_refused() -> None:
    days = pa.array(["2011-12-29", "2011-12-30", "2011-12-31"])
    times = read_times(days, time_format=None, timezone="Pacific/Apia", name="ds")
    (problem,) = times.problems
    assert problem.rows == ((1, "'2011-12-30'"),)
    assert problem.rule == "is a day that Pacific/Apia left out"


def test_wall_times_after_2037_need_a_zone_whose_clocks_do_not_change() -> None:
    texts = pa.array(["2037-07-01T00:00", "2040-07-01T00:00"])
    times = read_times(texts, time_format=None, timezone="Europe/Berlin", name="ds")
    (problem,) = times.problems
    assert problem.rows == ((1, "'2040-07-01T00:00'"),)
    assert "lies after 2037" in problem.rule
    assert "distance from UTC" in problem.fix
    for fixed in ("UTC", "Asia/Tokyo", "Australia/Brisbane"):
        assert not read_times(texts, time_format=None, timezone=fixed, name="ds").problems
    zoned = pa.array(["2040-07-01T00:00+02:00", "2040-12-01T00:00+02:00"])
    assert not read_times(zoned, time_format=None, timezone="Europe/Berlin", name="ds").problems
