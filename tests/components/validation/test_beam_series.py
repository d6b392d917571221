import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.testing.util import assert_that
from hypothesis import given
from hypothesis import strategies as st

from components.validation.beam_series import CheckSeries, Totals, column_values, join_pieces, split_by_series
from components.validation.findings import Finding, FindingGroup
from components.validation.series import Rules, Series
from schemas.features import ROW_NUMBER, SERIES_ID, SPLITS, TARGET, TIMESTAMP
from schemas.time_grid import TimeGrid
from schemas.window_spec import WindowSpec

RULES = Rules(grid=TimeGrid("H"), spec=WindowSpec(context_length=4, horizon=2), max_gap=3, max_constant=5)


def lists(values, kind: pa.DataType) -> pa.Array:
    return pa.array([None if value is None else [value] for value in values], pa.large_list(kind))


def batch(names, hours, rows, target) -> pa.RecordBatch:
    columns = {
        SERIES_ID: lists(names, pa.large_binary()),
        TIMESTAMP: lists([int(hour) * 3600 for hour in hours], pa.int64()),
        ROW_NUMBER: lists([int(row) for row in rows], pa.int64()),
        TARGET: lists(target, pa.float32()),
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), list(columns))


def test_missing_values_become_nan_and_an_absent_column_is_all_nan():
    rows = batch([b"a"] * 3, range(3), range(3), [1.5, None, 2.5])
    np.testing.assert_array_equal(column_values(rows, TARGET), [1.5, np.nan, 2.5])
    np.testing.assert_array_equal(column_values(rows, "wind"), [np.nan] * 3)


def test_an_empty_list_is_a_missing_value():
    rows = pa.RecordBatch.from_arrays([pa.array([[1.5], [], [2.5]], pa.large_list(pa.float32()))], [TARGET])
    np.testing.assert_array_equal(column_values(rows, TARGET), [1.5, np.nan, 2.5])


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.integers(0, 2)), min_size=1, max_size=40))
def test_cutting_and_joining_gives_every_series_its_rows_in_source_order(rows):
    pieces: dict[str, list] = {}
    for split in range(3):
        chosen = [(name, number) for number, (name, part) in enumerate(rows) if part == split]
        if chosen:
            names, numbers = zip(*reversed(chosen), strict=True)
            part = batch(names, numbers, numbers, [float(number) for number in numbers])
            for series_id, piece in split_by_series(part, split=split, columns=(TARGET,)):
                pieces.setdefault(series_id, []).append(piece)
    for series_id, parts in pieces.items():
        expected = [number for number, (name, _) in enumerate(rows) if name.decode() == series_id]
        joined = join_pieces(series_id, parts, columns=(TARGET,))
        assert joined.rows.tolist() == expected
        assert joined.timestamps.tolist() == [number * 3600 for number in expected]
        assert joined.values[TARGET].tolist() == expected
        assert joined.splits.tolist() == [rows[number][1] for number in expected]


def test_beam_finds_what_the_pure_checks_find():
    hours = np.arange(60)
    names = np.array([b"even", b"odd"])[hours % 2]
    target = [float(hour) for hour in hours]
    target[40] = float("inf")
    # Two series of 30 rows each, interleaved in the source; `odd` repeats a time.
    steps = hours // 2
    steps[31] = steps[29]
    parts = np.searchsorted([36, 48], hours, side="right")
    expected = Totals()
    for name in (b"even", b"odd"):
        mine = names == name
        alone = Series(
            series_id=name.decode(),
            timestamps=steps[mine] * 3600,
            rows=hours[mine],
            splits=parts[mine].astype(np.int8),
            values={TARGET: np.array(target)[mine]},
        )
        expected = expected.merge(Totals.of(alone, RULES))
    assert {kind for _, kind, _, _ in expected.groups} == {"infinite_values", "duplicate_timestamps"}

    def same(actual):
        (totals,) = actual
        assert totals == expected

    with beam.Pipeline(runner="DirectRunner") as pipeline:
        batches = {}
        for index, split in enumerate(SPLITS):
            inside = np.flatnonzero(parts == index)
            pieces = [
                batch(names[some], steps[some], hours[some], [target[row] for row in some])
                for some in np.array_split(inside, 3)
            ]
            batches[split] = pipeline | split >> beam.Create(pieces, reshuffle=False)
        assert_that(batches | CheckSeries(RULES), same)


def test_an_empty_split_is_one_error_and_not_one_for_every_series():
    short = [
        FindingGroup.of(Finding(kind="too_short", split=split, severity="warning", message="short.", fix="more."))
        for split in ("eval", "test")
    ]
    totals = Totals(
        {("warning", "too_short", None, split): group for split, group in zip(("eval", "test"), short, strict=True)}
    )
    whole = Finding(kind="no_windows", split="test", message="none.", fix="more.")
    assert totals.judged([whole]) == [short[0], FindingGroup.of(whole)]
