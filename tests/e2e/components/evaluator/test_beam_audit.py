"""The audit on Beam, over files of windows and rows as the components write them."""

import dataclasses
import itertools
import pathlib
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf

from tapeline.components.evaluator.beam_audit import AuditPlan, run_audit
from tapeline.schemas.errors import DataError
from tapeline.schemas.sections import DataConfig, ScalingConfig, SplitConfig, WindowConfig
from tapeline.schemas.stack import LOCAL_BEAM_RUNNER
from tapeline.series.scaling import Scaler
from tapeline.series.windowing import fill_gaps
from tests.row_files import write_row_file

NAN = float("nan")
T, H, TEST = 4, 2, 20
DATA = DataConfig(frequency="H", time="t", target="y")
# 40 hours: train until 15, eval until 20. One series is ten times the other, and misses values.
SERIES = {b"a": np.arange(40.0), b"b": np.where(np.arange(40) % 7 == 3, NAN, 10.0 * np.arange(40))}
# The scales of train: 0..14 and 0..140.
SCALER = Scaler.parse(b"\\*\t0.0\t140.0\tnone\na\t0.0\t14.0\nb\t0.0\t140.0\n")
PLAN = AuditPlan(data=DATA, window=WindowConfig(context_length=T, horizon=H), scaling=ScalingConfig(per_series=True))


def example(**values: Any) -> Any:
    feature = {}
    for name, value in values.items():
        if isinstance(value, bytes):
            feature[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        elif isinstance(value, int):
            feature[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        else:
            feature[name] = tf.train.Feature(float_list=tf.train.FloatList(value=np.ravel(value)))
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def rows(first: Any, last: Any, *, only: Any = None) -> Iterator[Any]:
    for series, values in SERIES.items():
        if only not in (None, series):
            continue
        for hour in range(first, last):
            yield {"series_id": series, "timestamp": 3600 * hour, "target": values[hour]}


def windows(starts: Any, *, only: Any = None, scaler: Any = SCALER) -> Iterator[Any]:
    for series, values in SERIES.items():
        if only not in (None, series):
            continue
        scaled = scaler.scale(values[None, :], [series])[0].astype(np.float32)
        for start in starts:
            context, observed = fill_gaps(scaled[None, start - T : start])
            yield example(
                series_id=series,
                forecast_start=3600 * start,
                context=context,
                context_observed=observed.astype(np.float32),
                target=scaled[start : start + H],
            )


class World:
    """Files of rows and windows, some records in each."""

    def __init__(self, folder: Any) -> None:
        self.folder = folder
        self._count = itertools.count()

    def write(self, records: Any, per_file: int = 7) -> Any:
        paths, records = [], list(records)
        for begin in range(0, len(records), per_file):
            paths.append(str(self.folder / f"{next(self._count)}.gz"))
            with tf.io.TFRecordWriter(paths[-1], options="GZIP") as writer:
                for record in records[begin : begin + per_file]:
                    writer.write(record)
        return paths

    def write_rows(self, rows: Any, per_file: int = 7) -> list[str]:
        paths, rows = [], list(rows)
        for begin in range(0, len(rows), per_file):
            some = rows[begin : begin + per_file]
            path = self.folder / f"{next(self._count)}.parquet"
            paths.append(write_row_file(path, {name: [row[name] for row in some] for name in some[0]}))
        return paths

    def audit(
        self, *, starts: Any = range(TEST, 38), splits: Any = None, plan: Any = PLAN, scaler: Any = SCALER
    ) -> Any:
        splits = splits or {"train": (0, 15), "eval": (15, TEST), "test": (TEST, 40)}
        return run_audit(
            lambda: beam.Pipeline(runner=LOCAL_BEAM_RUNNER),
            windows=self.write(windows(starts)),
            rows=[(split, path) for split, hours in splits.items() for path in self.write_rows(rows(*hours))],
            scaler=scaler,
            plan=plan,
            folder=str(self.folder),
        )


@pytest.fixture
def world(tmp_path: pathlib.Path) -> World:
    return World(tmp_path)


def test_windows_and_scales_of_a_correct_pipeline_pass(world: World) -> None:
    found = world.audit()
    assert found["window_deviation"] < 1e-6
    assert found["steps_before_test"] == 0.0
    assert found["scale_deviation"] == 0.0


def test_one_scale_over_all_series_is_fitted_anew_too(world: World) -> None:
    overall = Scaler.parse(b"\\*\t0.0\t140.0\tall\n")
    plan = AuditPlan(data=DATA, window=PLAN.window, scaling=ScalingConfig())
    found = world.audit(plan=plan, scaler=overall)
    assert found["scale_deviation"] == 0.0
    # The windows are on scales of their own; `a` is off by its values over 14 less those over 140.
    assert found["window_deviation"] > 0.1


def test_scales_fitted_on_eval_as_well_are_found(world: World) -> None:
    # 0..19 in place of 0..14 for `a`: a distance of 5 in units of 14; `b` misses 190.
    stretched = Scaler.parse(b"\\*\t0.0\t190.0\tnone\na\t0.0\t19.0\nb\t0.0\t190.0\n")
    assert world.audit(scaler=stretched)["scale_deviation"] == pytest.approx(5 / 14)


def test_windows_that_reach_into_eval_are_found(world: World) -> None:
    assert world.audit(starts=range(TEST - 3, 38))["steps_before_test"] == 3.0


def test_series_with_ends_of_their_own_are_audited_by_them(world: World) -> None:
    # `b` ends twelve hours before `a`: what is test of one is train of the other.
    own = {
        b"a": {"train": (0, 15), "eval": (15, 20), "test": (20, 40)},
        b"b": {"train": (0, 9), "eval": (9, 12), "test": (12, 28)},
    }

    def audit(first_of_b: int, split: SplitConfig) -> float:
        scaler = Scaler.parse(b"\\*\t0.0\t80.0\tnone\na\t0.0\t14.0\nb\t0.0\t80.0\n")
        ends = {b"a": range(20, 38), b"b": range(first_of_b, 26)}
        found = run_audit(
            lambda: beam.Pipeline(runner=LOCAL_BEAM_RUNNER),
            windows=[
                path for series, at in ends.items() for path in world.write(windows(at, only=series, scaler=scaler))
            ],
            rows=[
                (name, path)
                for series, cuts in own.items()
                for name, hours in cuts.items()
                for path in world.write_rows(rows(*hours, only=series))
            ],
            scaler=scaler,
            plan=dataclasses.replace(PLAN, split=split),
            folder=str(world.folder),
        )
        assert found["window_deviation"] < 1e-6
        assert found["scale_deviation"] == 0.0
        return found["steps_before_test"]

    by_steps = SplitConfig(eval_steps=5, test_steps=20)
    assert audit(12, by_steps) == 0.0
    assert audit(10, by_steps) == 2.0
    assert audit(12, SplitConfig()) == 8.0


def test_nothing_to_audit_is_no_pass(world: World) -> None:
    assert set(world.audit(starts=[]).values()) == {float("inf")}


def test_data_without_train_rows_are_refused(world: World) -> None:
    with pytest.raises(DataError, match="train split holds none"):
        world.audit(splits={"eval": (15, TEST), "test": (TEST, 40)})
