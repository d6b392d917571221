"""One group of whole series: from its rows to its chunks and windows, as Arrow batches for the encoder."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from tapeline.schemas import features as names
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, WindowConfig
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.arrays import Array, Ints
from tapeline.series.chunking import Grid, SplitSteps, cut_chunks, forecast_starts, to_grid
from tapeline.series.grouping.series_rows import RowFeatures, SeriesRows
from tapeline.series.time_features import TimeFeatures
from tapeline.series.time_grid import TimeGrid
from tapeline.series.window_writer import chunk_batch, window_batch
from tapeline.series.windowing import cut_arrays

SPLITS_OF_CHUNKS = ("train", "eval")
"""Splits that the Trainer cuts windows from."""

SPLITS_OF_WINDOWS = ("test",)
"""Splits whose windows are written out one by one, for the Evaluator and the report."""

_WINDOWS_A_BATCH = 4096
_STEPS_A_BATCH = 2**18


@dataclasses.dataclass(frozen=True, kw_only=True)
class WindowPlan:
    """How windows are cut: everything that workers need to know.

    Attributes:
        data: Section `data`.
        features: Section `features`.
        window: Section `window`.
        chunk_steps: Ordinals whose forecast starts share a chunk.
    """

    data: DataConfig
    features: FeaturesConfig
    window: WindowConfig
    chunk_steps: int

    @classmethod
    def of(cls, data: DataConfig, features: FeaturesConfig, window: WindowConfig) -> "WindowPlan":
        """Chooses sizes: a chunk repeats `T + H` steps of its neighbour, so it is at least four times as long."""
        chunk_steps = max(4096, 4 * (window.context_length + window.horizon))
        return cls(data=data, features=features, window=window, chunk_steps=chunk_steps)

    @property
    def row_features(self) -> RowFeatures:
        """Returns what is read of a scaled row."""
        vectors = {
            names.PAST_COVARIATES: len(self.features.past_covariates),
            names.FUTURE_COVARIATES: self.features.future_size,
            names.STATIC_COVARIATES: len(self.features.static_covariates),
        }
        return RowFeatures(numbers=(names.TARGET,), vectors=vectors)

    def spec(self, split: str) -> WindowSpec:
        """Returns the shape of a split's windows: those that are not learned from have a stride of their own."""
        stride = self.window.stride if split == names.SPLITS[0] else self.window.eval_stride
        return WindowSpec.of(self.window, stride=stride)


@dataclasses.dataclass(frozen=True, eq=False)
class GroupCut:
    """One group on its grid, and where its forecasts start.

    Attributes:
        grid: The steps of all series of the group; what a time alone tells has no holes.
        timestamp: Epoch seconds of each step, int64 `[L]`.
        starts: Positions of forecast starts, by split.
        unmeasured: Windows left out because too little of them was measured.
    """

    grid: Grid
    timestamp: Ints
    starts: dict[str, Ints]
    unmeasured: int

    def chunk_batches(self, split: str, plan: WindowPlan) -> Iterator[pa.RecordBatch]:
        """Yields the chunks of a split."""
        chunks = cut_chunks(self.grid, self.starts[split], chunk_steps=plan.chunk_steps, spec=plan.spec(split))
        for some in chunks.batches(_STEPS_A_BATCH):
            yield chunk_batch(some, self.grid, timestamp=self.timestamp)

    def windows(self, split: str, spec: WindowSpec) -> Iterator[dict[str, Array]]:
        """Yields the windows of a split in batches: what `windowing.cut_arrays` gives, the series and the static covariates."""
        starts = self.starts[split]
        for some in np.split(starts, range(_WINDOWS_A_BATCH, len(starts), _WINDOWS_A_BATCH)):
            windows = cut_arrays(
                timestamp=self.timestamp,
                target=self.grid.target,
                past_covariates=self.grid.past,
                future_covariates=self.grid.future,
                offsets=some,
                spec=spec,
            )
            series = self.grid.code[some]
            yield {
                **windows,
                names.SERIES_ID: self.grid.ids[series],
                names.STATIC_COVARIATES: self.grid.static[series],
            }

    def window_batches(self, split: str, spec: WindowSpec) -> Iterator[pa.RecordBatch]:
        """Yields the windows of a split, encoded as Arrow."""
        return map(window_batch, self.windows(split, spec))


def cut_group(rows: SeriesRows, *, plan: WindowPlan, splits: SplitSteps, of_time: TimeFeatures) -> GroupCut:
    """Puts a group on its grid and finds its forecasts.

    Args:
        rows: All rows of the group, series in ascending order.
        plan: How windows are cut.
        splits: First ordinal of each split, and the one after its last.
        of_time: Fills holidays and calendar in steps that have no row.

    Raises:
        DataError: A series has two rows for one step.
    """
    time = TimeGrid.of(plan.data)
    grid = to_grid(rows, time, splits=splits.values(), spec=plan.spec(names.SPLITS[0]))
    timestamp = time.timestamps(grid.ordinal)
    if of_time.size:
        grid.future[~grid.has_row, -of_time.size :] = of_time(timestamp[~grid.has_row])
    for role, values in ((names.PAST_COVARIATES, grid.past), (names.FUTURE_COVARIATES, grid.future)):
        # A step without a row has no category, which is a category; between two of them lies none.
        values[np.ix_(~grid.has_row, np.array(plan.features.text_positions(role), int))] = names.UNSEEN
    starts, unmeasured = {}, 0
    for split, covers in splits.items():
        starts[split], left_out = forecast_starts(
            grid, split=covers, spec=plan.spec(split), min_observed=plan.window.min_observed
        )
        unmeasured += left_out
    return GroupCut(grid, timestamp, starts, unmeasured)
