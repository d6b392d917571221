import json

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
from apache_beam.testing.util import assert_that

from tapeline.components.data_gate.beam_series import CheckRows, ScanFile
from tapeline.components.data_gate.findings import Finding, FindingGroup
from tapeline.components.data_gate.placement import Placement
from tapeline.components.data_gate.records import read_rows
from tapeline.components.data_gate.rules import Rules
from tapeline.components.data_gate.survey import merge_surveys
from tapeline.components.data_gate.totals import Totals
from tapeline.schemas.features import ROW_NUMBER, SERIES_ID, SPLITS, TARGET, TIMESTAMP
from tapeline.schemas.stack import LOCAL_BEAM_RUNNER
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.grouping.pieces import load, load_from_json, save
from tapeline.series.time_grid import TimeGrid
from tests.components.data_gate.checked_rows import Table, check

RULES = Rules(grid=TimeGrid("H"), spec=WindowSpec(context_length=4, horizon=2), max_gap=3, max_constant=5)


def write_file(path, names, hours, rows, target) -> str:
    """Writes rows as Examples; None leaves the feature out, [] leaves it empty."""
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for name, hour, row, value in zip(names, hours, rows, target, strict=True):
            example = tf.train.Example()
            feature = example.features.feature
            feature[SERIES_ID].bytes_list.value.append(name)
            feature[TIMESTAMP].int64_list.value.append(int(hour) * 3600)
            feature[ROW_NUMBER].int64_list.value.append(int(row))
            if value is not None:
                feature[TARGET].float_list.value.extend(np.atleast_1d(value))
                feature[TARGET].float_list.SetInParent()
            writer.write(example.SerializeToString())
    return str(path)


def test_absent_and_empty_features_are_missing_values(tmp_path):
    path = write_file(tmp_path / "rows.gz", [b"b", b"a\xff", b"b", b"b"], range(4), range(4), [1.5, None, [], 2.5])
    (rows,) = read_rows(path, (TARGET, "wind"))
    np.testing.assert_array_equal(rows.values, [[1.5, np.nan], [np.nan, np.nan], [np.nan, np.nan], [2.5, np.nan]])
    assert rows.ids[rows.code].tolist() == [b"b", b"a\xff", b"b", b"b"]
    assert rows.timestamp.tolist() == [0, 3600, 7200, 10800]
    assert rows.row.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("group_rows", [None, 20])
def test_beam_finds_what_the_pure_checks_find(tmp_path, group_rows):
    # Two series of 30 rows each, interleaved in the source; `odd` repeats a time. 20 rows a group: both are cut.
    lines = np.arange(60)
    names = np.array([b"even", b"odd"], object)[lines % 2]
    target = lines.astype(float)
    target[40] = np.inf
    hours = lines // 2
    hours[31] = hours[29]
    parts = np.searchsorted([36, 48], lines, side="right")
    expected = check(Table(names, hours * 3600, lines, parts, np.c_[target]), RULES)
    assert {kind for _, kind, _, _ in expected.groups} == {"infinite_values", "duplicate_timestamps"}

    surveys, loads = [], []
    for index, split in enumerate(SPLITS):
        for number, some in enumerate(np.array_split(np.flatnonzero(parts == index), 3)):
            path = tmp_path / f"{split}-{number}.gz"
            write_file(path, names[some], hours[some], lines[some], target[some])
            (line,) = ScanFile(RULES, str(tmp_path))((split, str(path)))
            scan = json.loads(line)
            surveys.append(load(scan["survey"]))
            loads += [load_from_json(pieces) for pieces in scan["loads"]]
    survey = merge_surveys(surveys)
    placement = Placement.of(survey, group_rows=group_rows)
    if group_rows:
        # No row of so few is sampled.
        placement = Placement(survey.ids, np.array([1, 4]), 1, {0: np.array([9, 20]) * 3600, 1: np.array([14]) * 3600})

    def same(actual):
        (totals,) = actual
        assert totals == expected

    folder = str(tmp_path)
    paths = {"survey_path": save(survey, folder), "placement_path": save(placement, folder)}
    check_rows = CheckRows(RULES, placement.groups, **paths, folder=folder)
    with beam.Pipeline(runner=LOCAL_BEAM_RUNNER) as pipeline:
        assert_that(pipeline | beam.Create(loads) | check_rows, same)


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
