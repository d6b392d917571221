import functools
import pathlib
from typing import Any

import apache_beam as beam
import numpy as np

from tapeline.components.data_gate.series_checks import check_group
from tapeline.components.data_gate.series_rules import Rules
from tapeline.components.data_gate.totals import Totals
from tapeline.schemas.features import ROW_NUMBER, SERIES_ID, SPLITS, TARGET, TIMESTAMP
from tapeline.schemas.stack import LOCAL_BEAM_RUNNER
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.checks.findings import Finding, FindingGroup
from tapeline.series.grouping.beam_groups import group_files
from tapeline.series.grouping.rows_io import read_rows
from tapeline.series.grouping.series_rows import RowFeatures
from tapeline.series.grouping.series_survey import Grouping, SeriesSurvey
from tapeline.series.time_grid import TimeGrid
from tests.components.data_gate.checked_rows import Table, check
from tests.row_files import write_row_file

RULES = Rules(grid=TimeGrid("H"), spec=WindowSpec(context_length=4, horizon=2), max_gap=3, max_constant=5)


def write_file(path: Any, names: Any, hours: Any, rows: Any, target: Any) -> str:
    """Writes rows."""
    columns = {SERIES_ID: names, TIMESTAMP: np.asarray(hours) * 3600, ROW_NUMBER: rows, TARGET: target}
    return write_row_file(path, columns)


def divide(survey: SeriesSurvey, *, group_rows: int) -> Grouping:
    return Grouping.of(survey, survey.rows, group_rows=group_rows)


def test_beam_finds_what_the_pure_checks_find(tmp_path: pathlib.Path) -> None:
    # Two series of 30 rows each, interleaved in the source; `odd` repeats a time. 20 rows a group: each has its own.
    lines = np.arange(60)
    names = np.array([b"even", b"odd"], object)[lines % 2]
    target = lines.astype(float)
    target[40] = np.inf
    hours = lines // 2
    hours[31] = hours[29]
    parts = np.searchsorted([36, 48], lines, side="right")
    expected = check(Table(names, hours * 3600, lines, parts, np.c_[target]), RULES)
    assert {kind for _, kind, _, _ in expected.groups} == {"infinite_values", "duplicate_timestamps"}

    files = []
    for index, split in enumerate(SPLITS):
        for number, some in enumerate(np.array_split(np.flatnonzero(parts == index), 3)):
            path = tmp_path / f"{split}-{number}.parquet"
            write_file(path, names[some], hours[some], lines[some], target[some])
            files.append((split, str(path)))

    for group_rows in (20, 1000):
        _, told = group_files(
            beam.Pipeline(runner=LOCAL_BEAM_RUNNER),
            files,
            read=functools.partial(read_rows, features=RowFeatures(numbers=(TARGET,), row_number=True)),
            divide=functools.partial(divide, group_rows=group_rows),
            work=functools.partial(check_group, rules=RULES),
            folder=str(tmp_path),
        )
        found = list(told)
        assert len(found) == (2 if group_rows == 20 else 1)
        assert functools.reduce(Totals.merge, map(Totals.from_json, found)) == expected


def test_an_empty_split_is_one_error_and_not_one_for_every_series() -> None:
    short = [
        FindingGroup.of(Finding(kind="too_short", split=split, severity="warning", message="short.", fix="more."))
        for split in ("eval", "test")
    ]
    totals = Totals(
        {("warning", "too_short", None, split): group for split, group in zip(("eval", "test"), short, strict=True)}
    )
    whole = Finding(kind="no_windows", split="test", message="none.", fix="more.")
    assert totals.judged([whole]) == [short[0], FindingGroup.of(whole)]
