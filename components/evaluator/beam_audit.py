"""Runs the audit of `audit.py` on Beam: one pass over the test windows, one over the rows of the data, in one job.

A worker reads a file at a time and leaves what it found in a file of its own;
the main process merges those.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import numpy.typing as npt
import pandas as pd
import tensorflow as tf

from tapeline.components.evaluator.audit import AUDITED_WINDOWS, WindowSample, scale_deviation, window_deviation
from tapeline.schemas import features as names
from tapeline.schemas.errors import DataError
from tapeline.schemas.sections import DataConfig, ScalingConfig, SplitConfig, WindowConfig
from tapeline.series.arrays import Ints, Names
from tapeline.series.grouping.beam_lines import run_two_passes
from tapeline.series.grouping.pieces import load, save
from tapeline.series.grouping.rows_io import read_rows
from tapeline.series.grouping.series_rows import NUMBERS, RowFeatures
from tapeline.series.grouping.series_survey import NEVER
from tapeline.series.moments import Moments, merge, moments, scale_file
from tapeline.series.scaling import Scaler
from tapeline.series.step_index import StepIndex
from tapeline.series.time_grid import TimeGrid

_RECORDS_A_BATCH = 8192
_SCANS_A_MERGE = 64


@dataclasses.dataclass(frozen=True, kw_only=True)
class AuditPlan:
    """The sections of the configuration that workers need."""

    data: DataConfig
    window: WindowConfig
    scaling: ScalingConfig
    split: SplitConfig = dataclasses.field(default_factory=SplitConfig)

    def cut_together(self, series: Names) -> Names:
        """Returns whose end each series is cut by, bytes `[N]`: its own, or that of all, which has no name."""
        return series if self.split.from_ends else np.full(len(series), b"", object)


@dataclasses.dataclass(frozen=True, eq=False)
class Latest:
    """The latest step of each series, or of all under one name.

    Attributes:
        owners: Whose, bytes, ascending, each once, `[k]`.
        ordinals: Int64 `[k]`.
    """

    owners: Names
    ordinals: Ints

    @classmethod
    def of(cls, owners: Names, ordinals: Ints) -> "Latest":
        """Takes steps of any owners, `[N]` each."""
        code, names_of = pd.factorize(pd.Index(owners, dtype=object), sort=True)
        latest = np.full(len(names_of), -NEVER)
        np.maximum.at(latest, code, ordinals)
        return cls(names_of.to_numpy(), latest)

    @classmethod
    def join(cls, parts: Sequence["Latest"]) -> "Latest":
        """Returns the latest over all parts."""
        return cls.of(
            np.concatenate([part.owners for part in parts]), np.concatenate([part.ordinals for part in parts])
        )


@dataclasses.dataclass(frozen=True, eq=False)
class RowScan:
    """What is known of the rows of one file or of several.

    Attributes:
        train: Moments of the rows in train; empty in other splits.
        train_rows: How many those are.
        last_seen: Ordinal of the last row in train or eval, of all series or of each.
        place: Where rows lie in `StepIndex.keys`, int64 `[k]`.
        value: Their targets, float64 `[k]`.
    """

    train: Moments
    train_rows: int
    last_seen: Latest
    place: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Returns all of it as it lies on disk."""
        rows = {"train_rows": np.array(self.train_rows), "place": self.place, "value": self.value}
        return {**self.train._asdict(), **vars(self.last_seen), **rows}

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[Any]]) -> "RowScan":
        """Takes what `arrays` gave."""
        train = Moments(*(arrays[name] for name in Moments._fields))
        seen = Latest(arrays["owners"], arrays["ordinals"])
        return cls(train, int(arrays["train_rows"]), seen, arrays["place"], arrays["value"])


@dataclasses.dataclass(frozen=True)
class ScanWindows:
    """Draws windows from one file of them, and yields where the sample lies."""

    plan: AuditPlan
    folder: str

    def __call__(self, path: str) -> Iterator[str]:
        """Scans one file."""
        window = self.plan.window
        spec = {
            names.SERIES_ID: tf.io.FixedLenFeature([], tf.string),
            names.FORECAST_START: tf.io.FixedLenFeature([], tf.int64),
            names.CONTEXT: tf.io.FixedLenFeature([window.context_length], tf.float32),
            names.CONTEXT_OBSERVED: tf.io.FixedLenFeature([window.context_length], tf.float32),
            names.TARGET: tf.io.FixedLenFeature([window.horizon], tf.float32),
        }
        grid, sample = TimeGrid.of(self.plan.data), None
        earliest: list[Latest] = []
        records = tf.data.TFRecordDataset(path, compression_type="GZIP").batch(_RECORDS_A_BATCH)
        for batch in records.map(lambda serialized: tf.io.parse_example(serialized, spec)).as_numpy_iterator():
            start = grid.ordinals(batch[names.FORECAST_START])
            series = batch[names.SERIES_ID]
            earliest.append(Latest.of(self.plan.cut_together(series), -start))
            rank = pd.util.hash_array(pd.util.hash_array(series) ^ start.astype(np.uint64))
            values = (batch[name] for name in (names.CONTEXT, names.CONTEXT_OBSERVED, names.TARGET))
            drawn = WindowSample(rank, series, start, *values)
            sample = (WindowSample.join([sample, drawn]) if sample else drawn).smallest(AUDITED_WINDOWS)
        if sample is not None:
            yield save({**vars(sample), **vars(Latest.join(earliest))}, self.folder)


@dataclasses.dataclass(frozen=True)
class ScanRows:
    """Finds the rows of sampled windows in one file of rows, and yields where they lie."""

    plan: AuditPlan
    folder: str

    def __call__(self, split: str, path: str, steps_path: str) -> Iterator[str]:
        """Scans one file, whose rows lie in a split, for the steps in another file."""
        found = load(steps_path)
        steps = StepIndex(found["series"], int(found["base"]), int(found["span"]), found["keys"])
        grid = TimeGrid.of(self.plan.data)
        scans: list[RowScan] = []
        for batch in read_rows(path, RowFeatures(numbers=(names.TARGET,))):
            series, ordinal = batch[names.SERIES_ID], grid.ordinals(batch[names.TIMESTAMP])
            target = batch[NUMBERS][:, 0]
            place = steps.locate(series, ordinal)
            ids = series if self.plan.scaling.per_series else np.full(len(series), b"", object)
            trained = len(target) if split == names.SPLITS[0] else 0
            seen = len(target) if split != names.SPLITS[-1] else 0
            scan = RowScan(
                train=moments(ids[:trained], target[:trained]),
                train_rows=trained,
                last_seen=Latest.of(self.plan.cut_together(series[:seen]), ordinal[:seen]),
                place=place[place >= 0],
                value=target[place >= 0],
            )
            scans.append(scan)
            if len(scans) == _SCANS_A_MERGE:
                scans = [merge_scans(scans)]
        if scans:
            yield save(merge_scans(scans).arrays(), self.folder)


def steps_between(seen: Latest, starts: Latest) -> int:
    """Returns by how many steps the first test forecast begins before rows that were learned from end, at most.

    Args:
        seen: Last row in train or eval.
        starts: First forecast in test, its ordinal negated.
    """
    known = np.isin(seen.owners, starts.owners)
    at = np.searchsorted(starts.owners, seen.owners[known])
    return int((seen.ordinals[known] + 1 + starts.ordinals[at]).max(initial=0))


@dataclasses.dataclass(frozen=True)
class Settle:
    """From what was drawn of each file of windows to the files of rows, each with the steps that are looked for."""

    rows: Sequence[tuple[str, str]]
    folder: str

    def __call__(self, drawn: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        """Yields split, path, and where the steps lie."""
        _, sample = _join(drawn)
        steps_path = save({name: np.asarray(value) for name, value in vars(sample.steps()).items()}, self.folder)
        yield from ((split, path, steps_path) for split, path in self.rows)


def _join(drawn: Iterable[str]) -> tuple[Latest, WindowSample]:
    """Puts together what was drawn of each file; returns the starts of first windows, negated, and the sample."""
    # In one order, so that whoever joins them gets the same sample.
    parts = [load(path) for path in sorted(drawn)]
    starts = Latest.join([Latest(part.pop("owners"), part.pop("ordinals")) for part in parts])
    return starts, WindowSample.join([WindowSample(**part) for part in parts]).smallest(AUDITED_WINDOWS)


def merge_scans(scans: Sequence[RowScan]) -> RowScan:
    """Returns what is known of the rows of several files."""
    return RowScan(
        train=merge(scan.train for scan in scans),
        train_rows=sum(scan.train_rows for scan in scans),
        last_seen=Latest.join([scan.last_seen for scan in scans]),
        place=np.concatenate([scan.place for scan in scans]),
        value=np.concatenate([scan.value for scan in scans]),
    )


def run_audit(
    make_pipeline: Callable[[], Any],
    *,
    windows: Sequence[str],
    rows: Sequence[tuple[str, str]],
    scaler: Scaler,
    plan: AuditPlan,
    folder: str,
) -> dict[str, float]:
    """Audits test windows and scales.

    Args:
        make_pipeline: Makes Beam pipelines.
        windows: Files of the test windows.
        rows: Files of the rows behind them, each after its split.
        scaler: The scales that the windows are in.
        plan: Configuration.
        folder: For temporary files; workers reach it.

    Returns:
        `window_deviation`, `steps_before_test` and `scale_deviation`; infinite where there is nothing to audit.

    Raises:
        DataError: There are no rows in train.
    """
    drawn, scanned = (
        list(lines)
        for lines in run_two_passes(
            make_pipeline(),
            windows,
            ScanWindows(plan, folder),
            Settle(rows, folder),
            beam.FlatMapTuple(ScanRows(plan, folder)),
            folder,
        )
    )
    if not drawn:
        return dict.fromkeys(("window_deviation", "steps_before_test", "scale_deviation"), math.inf)
    starts, sample = _join(drawn)
    steps = sample.steps()
    # A bundle that is repeated leaves its file twice; its path is written once.
    scans = [RowScan.from_arrays(load(path)) for path in sorted(scanned)]
    found = merge_scans(scans) if scans else None
    if found is None or not found.train_rows:
        raise DataError("rows: the train split holds none. Check the source and the split's dates.")
    values = np.full(len(steps.keys), np.nan)
    values[found.place] = found.value
    return {
        "window_deviation": window_deviation(sample, steps, values, scaler=scaler),
        "steps_before_test": float(steps_between(found.last_seen, starts)),
        "scale_deviation": scale_deviation(scaler, Scaler.parse(scale_file(found.train, plan.scaling))),
    }
