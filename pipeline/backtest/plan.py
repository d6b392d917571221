"""The folds of a backtest: for each the dates of its splits, a configuration and a folder."""

import dataclasses
import hashlib
import json
import pathlib

from tapeline.components.ingest.splits import find_bounds, first_step_from, show_time
from tapeline.pipeline.backtest.folds import Cuts, TrainWindow, plan_folds
from tapeline.pipeline.paths import RunPaths
from tapeline.pipeline.settling import settle
from tapeline.schemas.config import Config
from tapeline.schemas.errors import ConfigError
from tapeline.series.sources.reading import plan_blocks
from tapeline.series.sources.rows import RowLayout
from tapeline.series.sources.scanning import scan_block, survey_source
from tapeline.series.sources.source import find_source, source_fingerprint
from tapeline.series.time_grid import TimeGrid

_WITHOUT_INFLUENCE = {"push", "beam", "kubeflow"}
"""Sections that no number of a backtest depends on."""

_KEY_LENGTH = 12


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fold:
    """One fold, a pipeline of its own: its dates, the configuration with them, and its folder."""

    number: int
    cuts: Cuts
    config: Config
    paths: RunPaths


@dataclasses.dataclass(frozen=True, kw_only=True)
class Backtest:
    """All folds, the earliest first.

    `config` has nothing left to choose; `chosen` says what was, in a line.
    `root` is the folder of the folds, and of the results where no other is
    named.
    """

    config: Config
    window: TrainWindow
    root: pathlib.Path
    folds: tuple[Fold, ...]
    chosen: str = ""


def plan_backtest(
    config: Config, paths: RunPaths, *, folds: int, window: TrainWindow, fold_length: int | None = None
) -> Backtest:
    """Reads from when to when the data reach, and lays the folds.

    What the configuration leaves to the data is chosen once, from what the first fold trains on: no fold is tested on
    rows that have had a say in it.

    Args:
        config: What is tested.
        paths: The configuration's folder.
        folds: Number of folds.
        window: What becomes of train from fold to fold.
        fold_length: Steps of each test span; None shares the configuration's test span.

    Raises:
        ConfigError: The folds do not fit into the data.
        DataError: The source is missing, or cannot be read as it should.
    """
    fingerprint = source_fingerprint(config.data)
    base = base_cuts(config)

    def cut(config: Config) -> tuple[Cuts, ...]:
        return plan_folds(base, folds=folds, window=window, spec=config.window_spec(), fold_length=fold_length)

    chosen = ""
    if config.auto:
        first = fold_config(config, cut(settle(config).config)[0], base=base)
        settled = settle(first)
        values = {key: settled.config.value(key) for key in settled.keys}
        config, chosen = config.override(values, origin="chosen for these data"), settled.words()
    cuts = cut(config)
    settings = {
        "config": config.model_dump(mode="json", exclude=_WITHOUT_INFLUENCE),
        "data": fingerprint,
        "folds": [dataclasses.asdict(each) for each in cuts],
    }
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:_KEY_LENGTH]
    root = paths.root / "backtest" / key
    return Backtest(
        config=config,
        window=window,
        root=root,
        folds=tuple(
            Fold(
                number=number,
                cuts=each,
                config=fold_config(config, each, base=base),
                paths=RunPaths(root / f"fold-{number:02d}"),
            )
            for number, each in enumerate(cuts, start=1)
        ),
        chosen=chosen,
    )


def base_cuts(config: Config) -> Cuts:
    """Returns where the configuration itself cuts its data, in steps of the grid.

    Raises:
        ConfigError: The split's dates do not fit the data.
        DataError: The source is missing, or cannot be read as it should.
    """
    if config.split.from_ends:
        raise ConfigError(
            "split.test_steps: a backtest moves one date through all series, and these steps cut each series by its own "
            "end. Give split.eval_start and split.test_start, or fractions."
        )
    layout, grid = RowLayout.of(config.data, config.features), TimeGrid.of(config.data)
    blocks = plan_blocks(find_source(config.data), needed=layout.columns)
    survey = survey_source(blocks, (facts for block in blocks for facts in scan_block(block, layout)), layout)
    bounds = find_bounds(first=survey.first, last=survey.last, split=config.split, grid=grid)
    return Cuts(**{name: first_step_from(time, grid) for name, time in dataclasses.asdict(bounds).items()})


def fold_config(config: Config, cuts: Cuts, *, base: Cuts) -> Config:
    """Returns the configuration of one fold."""
    grid = TimeGrid.of(config.data)
    dates = {name: show_time(int(grid.timestamps([step])[0])) for name, step in dataclasses.asdict(cuts).items()}
    split = {
        "start": config.split.start if cuts.train_start == base.train_start else dates["train_start"],
        "eval_start": dates["eval_start"],
        "test_start": dates["test_start"],
        "end": config.split.end if cuts.end == base.end else dates["end"],
    }
    # Whatever ran in a fold's folder before must not decide about it.
    return config.override({"split": split, "gate.no_worse_than_blessed": False})
