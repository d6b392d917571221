"""Drafts a configuration of a file, and asks the data gate about it: ingest and checks, without Beam and training."""

import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import yaml

from tapeline.components.data_gate.executor import make_rules
from tapeline.components.data_gate.gate_report import Report
from tapeline.components.data_gate.outlier_checks import check_scale
from tapeline.components.data_gate.series_checks import check_series
from tapeline.components.data_gate.split_checks import check_splits
from tapeline.components.ingest.series_cuts import AnyBounds, ends_span, find_split
from tapeline.components.ingest.splits import check_counts
from tapeline.pipeline.drafting.decisions import Draft, decide
from tapeline.pipeline.drafting.draft_text import yaml_text
from tapeline.pipeline.drafting.found_data import Wishes, look_at
from tapeline.pipeline.settling import settle
from tapeline.schemas.config import Config, parse_config
from tapeline.schemas.features import ROW_NUMBER, SPLITS
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows
from tapeline.series.inspecting.raw_table import read_table
from tapeline.series.sources.reading import plan_blocks, read_batches
from tapeline.series.sources.rows import RowLayout, read_rows
from tapeline.series.sources.scanning import scan_block, survey_source
from tapeline.series.sources.source import find_source
from tapeline.series.time_grid import TimeGrid


def make_draft(path: pathlib.Path | str, **wishes: Any) -> Draft:
    """Drafts with what the user says."""
    said = Wishes(**wishes)
    return decide(look_at(read_table(str(path)), said), said)


def config_of(draft: Draft) -> Config:
    """The configuration that a draft writes, settled."""
    tree = yaml.safe_load(yaml_text(draft))
    return settle(parse_config(tree, origin="test")).config


def gate_report(config: Config) -> Report:
    """What the data gate says of a configuration's data."""
    grid, layout = TimeGrid.of(config.data), RowLayout.of(config.data, config.features)
    blocks = plan_blocks(find_source(config.data), needed=layout.columns)
    span = ends_span(config.split, grid)
    survey = survey_source(
        blocks, (facts for block in blocks for facts in scan_block(block, layout, span=span)), layout
    )
    bounds = find_split(survey, split=config.split, grid=grid)
    parts: list[dict[str, Any]] = []
    row = 0
    for batch in (batch for block in blocks for batch in read_batches(block)):
        parts += _parts(batch, layout, bounds, first_row=row)
        row += batch.num_rows
    code, found = pd.factorize(pd.Index(np.concatenate([part["id"] for part in parts])), sort=True)
    ids = found.to_numpy()
    seconds, values, rows_of, split = (
        np.concatenate([part[name] for part in parts]) for name in ("seconds", "values", "row", "split")
    )
    check_counts({name: int((split == at).sum()) for at, name in enumerate(SPLITS)}, bounds.ranges())
    rows = SeriesRows(
        ids=ids,
        code=code.astype(np.int64),
        split=split.astype(np.int8),
        timestamp=seconds,
        columns={ROW_NUMBER: rows_of, NUMBERS: values},
    )
    rules = make_rules(
        data=config.data,
        features=config.features,
        checks=config.checks,
        window=config.window,
        scaling=config.scaling,
        split=config.split,
    )
    totals = check_series(rows, rules)
    whole = [*check_scale(totals, rules), *check_splits(totals.splits, spec=rules.spec, split=config.split)]
    return Report.gather(totals.judged(whole), splits=totals.splits, series=totals.series)


def _parts(batch: Any, layout: RowLayout, bounds: AnyBounds, *, first_row: int) -> Iterator[dict[str, Any]]:
    rows = read_rows(batch, layout, first_row=first_row)
    split = {target: of_row for targets, of_row in bounds.of_rows(rows, layout) for target in targets}
    for target in layout.target:
        columns = [rows.numbers[column] for column in (target, *layout.numbers[len(layout.target) :])]
        yield {
            "id": np.array(rows.ids_of(target, layout).to_pylist(), object),
            "seconds": rows.times.seconds,
            "values": np.stack(columns, axis=1).astype(np.float32),
            "split": split[target],
            "row": first_row + np.arange(len(rows)),
        }


def seasonal(times: pd.DatetimeIndex, season: int, *, level: float = 100.0, seed: int = 0) -> Any:
    """Values with a season, a little trend and noise."""
    steps = np.arange(len(times))
    noise = np.random.default_rng(seed).normal(scale=0.03, size=len(times))
    return (level * (1 + 0.2 * np.sin(2 * np.pi * steps / season) + 0.0001 * steps + noise)).round(4)
