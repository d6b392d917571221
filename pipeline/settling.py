"""Settles a configuration: what it leaves to the data is chosen, once, before a pipeline is built.

    settled = settle(load_config("sales.yaml"))
    settled.config.auto        # ()
    print(settled.words())     # chosen for these data: context 104 (2 seasons of 52), lags 52, ...

The rules are in `series.choices`. They see the train split alone, and the same
data give the same values. Times and targets are read, no other column; of a
source of many blocks, some spread over it.
"""

import dataclasses
import itertools
from typing import Any

import numpy as np

from tapeline.components.ingest.series_cuts import WHOLE, cut_steps
from tapeline.components.ingest.splits import find_bounds, used_span
from tapeline.schemas.config import Config
from tapeline.schemas.errors import UserError
from tapeline.schemas.features import SINGLE_SERIES
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import SplitConfig
from tapeline.series.arrays import Bools, Floats, Ints
from tapeline.series.choices import TrainFacts, choose, counting, seasons_in
from tapeline.series.inspecting.regular_steps import on_steps
from tapeline.series.sources.reading import DAMAGES, Block, MalformedRowsError, plan_blocks, read_batches
from tapeline.series.sources.rows import RowLayout, Rows, read_rows
from tapeline.series.sources.source import find_source
from tapeline.series.time_grid import TimeGrid

MOST_BLOCKS = 8
"""Blocks that are read of a larger source: the first, the last, and some between."""

MOST_STEPS = 100_000
"""Steps of train that seasons are looked for in."""

_SHAPING = ("window.context_length", "model.lags")
"""Keys that others are chosen by."""

_MOST_STEPS_A_ROW = 100
"""A series of fewer rows for its steps is not on this grid."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settled:
    """A configuration without anything left to choose.

    Attributes:
        config: Its values.
        keys: What was chosen, dotted.
        seasons: The seasons that were found in the train split, in steps.
        readable: Whether the rows could be read. Where not, the frequency alone has chosen, and the first component
            of a run says what is wrong with them.
    """

    config: Config
    keys: tuple[str, ...] = ()
    seasons: tuple[int, ...] = ()
    readable: bool = True

    def words(self) -> str:
        """Returns in one line what was chosen; empty where nothing was."""
        parts = [_in_words(key, self) for key in self.keys]
        return f"chosen for these data: {', '.join(parts)}" if parts and self.readable else ""


def settle(config: Config) -> Settled:
    """Chooses from the train split what a configuration leaves open.

    Raises:
        DataError: There are no data.
        ConfigError: What is given does not go together with what is chosen.
    """
    if not config.auto:
        return Settled(config=config)
    # Data that are not there are told here; what is wrong with their rows, by the component that reads all of them.
    find_source(config.data)
    try:
        facts = _facts(config)
    except (UserError, MalformedRowsError, *DAMAGES):
        facts = None
    chosen = _chosen(config, facts or TrainFacts(frequency=config.data.frequency))
    return Settled(
        config=config.override(chosen, origin="chosen for these data"),
        keys=tuple(chosen),
        seasons=facts.seasons if facts else (),
        readable=facts is not None,
    )


def require_settled(config: Config) -> None:
    """States that a configuration leaves nothing open.

    Raises:
        AssertionError: It does; a pipeline would be built on values that stand for nothing.
    """
    assert not config.auto, f"settle the configuration first: {', '.join(config.auto)}"


def settle_unread(config: Config) -> Config:
    """Settles a configuration by its frequency alone, for what no value changes: which nodes its pipeline has."""
    return config.override(_chosen(config, TrainFacts(frequency=config.data.frequency)), origin="chosen by frequency")


def _chosen(config: Config, facts: TrainFacts) -> dict[str, Any]:
    """What a configuration leaves open, by dotted key, in the order in which it is told."""
    given = {key: config.value(key) for key in _SHAPING if key not in config.auto}
    window = config.window
    chosen = choose(facts, horizon=window.horizon, stride=window.stride, given=given, look_back=_look_back(config))
    return {key: value for key, value in chosen.items() if key in config.auto}


def _look_back(config: Config) -> int:
    """Steps of the context that values need which the configuration gives itself."""
    lags = () if "model.lags" in config.auto else config.model.lags
    season = config.gate.season if isinstance(config.gate.season, int) else 1
    return max([season, *lags, *(rolling.window for rolling in config.features.rolling)])


def _facts(config: Config) -> TrainFacts:
    grid = TimeGrid.of(config.data)
    ids, seconds, values = _read(config)
    train = _in_train(ids, seconds, values, split=config.split, grid=grid)
    values = np.where(train, values, np.nan)
    kept = train.any(axis=1)
    ids, seconds, values = ids[kept], seconds[kept], values[kept]
    order = np.lexsort((seconds, ids))
    ids, ordinals, values = ids[order], grid.ordinals(seconds[order]), values[order]
    edges = np.flatnonzero(np.diff(ids, prepend=-1, append=-1))
    series = [(ordinals[a:b], values[a:b]) for a, b in itertools.pairwise(edges)]
    # Each target column is a series of its own, of the same length.
    lengths = tuple(int(steps[-1] - steps[0]) + 1 for steps, _ in series)
    if not lengths or sum(lengths) > _MOST_STEPS_A_ROW * len(ids):
        return TrainFacts(frequency=config.data.frequency)
    steps_of = np.array(lengths, np.int64)
    pieces = [on_steps(*each) for each in _some(series)]
    return TrainFacts(
        frequency=config.data.frequency,
        lengths=lengths,
        span_seconds=int(seconds.max() - seconds.min()),
        seasons=seasons_in(
            (piece[:, column] for piece in pieces for column in range(piece.shape[1])),
            frequency=config.data.frequency,
            steps=max(lengths),
            room=int(steps_of[counting(steps_of)].min()) - config.window.horizon,
        ),
    )


def _in_train(ids: Ints, seconds: Ints, values: Floats, *, split: SplitConfig, grid: TimeGrid) -> Bools:
    """Which values lie in train, bool `[N, C]`. A series whose end lies in rows that were not read is cut too early."""
    first, last = int(seconds.min()), int(seconds.max())
    if not split.from_ends:
        bounds = find_bounds(first=first, last=last, split=split, grid=grid)
        train = (seconds >= bounds.train_start) & (seconds < bounds.eval_start)
        return np.broadcast_to(train[:, None], values.shape)
    start, end = used_span(first=first, last=last, split=split, grid=grid)
    steps = np.broadcast_to(grid.ordinals(seconds)[:, None], values.shape)
    inside = np.broadcast_to(((seconds >= start) & (seconds < end))[:, None], values.shape)
    owner = ids[:, None] * values.shape[1] + np.arange(values.shape[1])
    measured = inside & ~np.isnan(values)
    begin, stop = np.full(owner.max() + 1, WHOLE), np.full(owner.max() + 1, -WHOLE)
    np.minimum.at(begin, owner[measured], steps[measured])
    np.maximum.at(stop, owner[measured], steps[measured])
    evaluated, _ = cut_steps(begin, stop, split)
    in_train: Bools = inside & (steps < evaluated[owner])
    return in_train


def _some(series: list[tuple[Ints, Floats]]) -> list[tuple[Ints, Floats]]:
    """The newest steps of series, of many series some, spread over them: about `MOST_STEPS` rows."""
    rows = sum(len(steps) for steps, _ in series)
    some = series[:: max(1, min(len(series), rows // MOST_STEPS))]
    share = MOST_STEPS // len(some) + 1
    return [(steps[-share:], values[-share:]) for steps, values in some]


def _read(config: Config) -> tuple[Ints, Ints, Floats]:
    """Series as numbers `[N]`, times `[N]` and targets `[N, C]` of the rows."""
    layout = RowLayout.of(config.data, FeaturesConfig())
    blocks = plan_blocks(find_source(config.data), needed=layout.columns)
    known: dict[bytes, int] = {}
    parts = []
    for block in _spread(blocks):
        for batch in read_batches(block):
            rows = read_rows(batch, layout, first_row=0)
            if rows.problems:
                raise UserError(rows.problems[0].rule)
            values = np.stack([rows.numbers[column] for column in layout.target], axis=1).astype(np.float32)
            parts.append((_codes(rows, known), rows.times.seconds, values))
    if not sum(len(part[1]) for part in parts):
        raise UserError("there are no rows")
    ids, seconds, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    return ids, seconds, values


def _spread(blocks: list[Block]) -> list[Block]:
    some = np.unique(np.linspace(0, len(blocks) - 1, min(len(blocks), MOST_BLOCKS)).round().astype(int))
    return [blocks[at] for at in some]


def _codes(rows: Rows, known: dict[bytes, int]) -> Ints:
    if rows.series_ids is None:
        return np.full(len(rows), known.setdefault(SINGLE_SERIES.encode(), 0))
    encoded: Any = rows.series_ids.dictionary_encode()
    numbers = np.array([known.setdefault(name, len(known)) for name in encoded.dictionary.to_pylist()], np.int64)
    codes: Ints = numbers[encoded.indices.to_numpy()]
    return codes


def _in_words(key: str, settled: Settled) -> str:
    value = settled.config.value(key)
    if key == "window.context_length":
        seasons = [season for season in settled.config.model.lags if value % season == 0]
        repeated = f" ({value // seasons[-1]} season{'s' * (value > seasons[-1])} of {seasons[-1]})" if seasons else ""
        return f"context {value}{repeated}"
    name = key.split(".")[1].replace("_length", "")
    if isinstance(value, tuple):
        return f"{name} {' '.join(map(str, value)) or 'none'}"
    return f"{name} {'all' if value is None else value}"
