"""What the page of a first look says: the series, what repeats in them, what is missing or far away, and covariates."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from tapeline.pipeline.drafting.decisions import Draft
from tapeline.pipeline.drafting.draft_text import decisions_in_words
from tapeline.pipeline.drafting.found_data import FoundData
from tapeline.pipeline.exploring.columns_beside import UNDECIDED
from tapeline.pipeline.exploring.data_look import DataLook, SeriesLook
from tapeline.pipeline.exploring.look_charts import (
    VALUES,
    points_a_series,
    series_charts,
    values_chart,
)
from tapeline.pipeline.exploring.look_sections import (
    covariates_section,
    missing_section,
    outliers_section,
    repeating_section,
)
from tapeline.series.figures.style import safe
from tapeline.series.figures.wording import count, number, percent, when
from tapeline.series.pages.chart_figure import figure_of
from tapeline.series.pages.page import Page, Section, Table, Tile
from tapeline.series.time_grid import TimeGrid

MOST_SERIES = 300
"""Series that have charts: more make the page slow to open."""


def shown_series(look: DataLook, *, most: int = MOST_SERIES) -> list[SeriesLook]:
    """Returns the series that have charts: a third for their outliers and gaps, the others spread over all sizes."""
    if len(look.series) <= most:
        return list(look.series)
    order = range(len(look.series))
    odd = sorted(order, key=lambda at: (-len(look.series[at].outliers), -look.series[at].missing, at))[: most // 3]
    rest = sorted(set(order) - set(odd), key=lambda at: _size(look.series[at]))
    spread = np.linspace(0, len(rest) - 1, most - len(odd)).round().astype(int)
    return [look.series[at] for at in sorted({*odd, *(rest[place] for place in spread)})]


def _size(one: SeriesLook) -> float:
    return float(np.nanmedian(np.abs(one.values)))


def build_look_page(found: FoundData, draft: Draft, look: DataLook, *, horizon: int) -> Page:
    """Puts the page together; its figures are not drawn yet."""
    grid = found.grid.grid
    shown = shown_series(look)
    order = _odd_first(shown)
    charts = dataclasses.replace(series_charts(look, shown, grid=grid, unit=""), first=order[0])
    series = len(look.series)
    sections = [
        _table_of_series(look, shown, order) if series > 1 else None,
        repeating_section(look),
        missing_section(look, grid),
        outliers_section(look, grid),
        covariates_section(look.covariates),
        _decisions(draft),
    ]
    frequency = grid.frequency
    return Page(
        title=f"{safe(draft.name)}: a first look",
        lead=f"{count(len(found.table), 'row')}, {count(series, 'series')}, frequency {frequency}. Nothing is trained yet.",
        first=_first(draft, look, shown, grid, view=shown[order[0]], horizon=horizon),
        sections=[section for section in sections if section],
        by_series=charts,
        footer="Made by tapeline init --explore. This page needs no network.",
    )


def _odd_first(shown: Sequence[SeriesLook]) -> list[int]:
    """The positions of series, those with the most outliers and missing steps first."""
    return sorted(range(len(shown)), key=lambda at: (-len(shown[at].outliers), -shown[at].missing, at))


def _first(
    draft: Draft, look: DataLook, shown: Sequence[SeriesLook], grid: TimeGrid, *, view: SeriesLook, horizon: int
) -> Section:
    total = len(look.series)
    chart = values_chart(view, grid=grid, unit="", most=points_a_series(len(shown)))
    figure = figure_of(
        chart,
        key=VALUES,
        title="The series" if total == 1 else "Series by series",
        caption=chart.caption,
        alt=f"The values of {safe(view.name)} over time. {chart.caption}",
    )
    first = min(each.first for each in look.series)
    last = max(each.first + len(each.values) for each in look.series) - 1
    begin, end = (when(each, grid) for each in grid.timestamps([first, last]).tolist())
    missing = sum(each.missing for each in look.series)
    steps = sum(len(each.values) for each in look.series)
    outliers = sum(len(each.outliers) for each in look.series)
    tiles = [
        Tile(name="Time", value=f"{last - first + 1:,}", unit="steps", asides=[f"{begin} to {end}"]),
        Tile(name="Horizon", value=f"{horizon:,}", unit="step" if horizon == 1 else "steps"),
        Tile(
            name="Seasons",
            value=", ".join(map(str, look.seasons)) or "none",
            unit="steps" if look.seasons else "",
        ),
        Tile(
            name="Without a value",
            value=percent(missing / steps) if missing else "none",
            asides=_of_steps(missing, steps),
        ),
        Tile(name="Outliers", value=f"{outliers:,}" if outliers else "none"),
        Tile(
            name="Covariates",
            value=f"{len(look.covariates)}" if look.covariates else "none",
            asides=_undecided(look),
        ),
    ]
    paragraphs = [*draft.warnings]
    if len(shown) < total:
        paragraphs.append(
            f"{len(shown):,} of {total:,} series have charts, because more would make this page slow: those with the most "
            "outliers and gaps, and others spread over all sizes. Everything else on this page is about all of them."
        )
    return Section(key="first", title="", tiles=tiles, figures=[figure], charts={VALUES: chart}, paragraphs=paragraphs)


def _undecided(look: DataLook) -> list[str]:
    open_ = sum(each.part == UNDECIDED for each in look.covariates)
    return [f"{open_} for you to decide on"] if open_ else []


def _of_steps(missing: int, steps: int) -> list[str]:
    return [f"{missing:,} of {steps:,} steps"] if missing else []


def _table_of_series(look: DataLook, shown: Sequence[SeriesLook], order: list[int]) -> Section:
    columns = {
        "Steps": [len(each.values) for each in shown],
        "Missing": [each.missing for each in shown],
        "Longest gap": [int(each.gaps[1].max(initial=0)) for each in shown],
        "Outliers": [len(each.outliers) for each in shown],
        "Season": [max(each.seasons, default=0) for each in shown],
        "Median": [float(np.nanmedian(each.values)) for each in shown],
    }
    values = np.array(list(columns.values()), float).T
    head = (
        f"{len(shown):,} of {len(look.series):,} series"
        if len(shown) < len(look.series)
        else f"All {len(shown):,} series"
    )
    table = Table(
        caption=f"{head}, those with the most outliers and missing steps first; choose one to see it",
        head=("Series", *columns),
        rows=[
            (
                safe(shown[at].name),
                *(number(value, 3) if value or place < 4 else "none" for place, value in enumerate(values[at])),
            )
            for at in order
        ],
        numbers=frozenset(range(1, len(columns) + 1)),
        one_line=True,
        series=order,
        values=values[order].tolist(),
        sorted_by=4,
        descending=True,
        shows=VALUES,
    )
    return Section(key="series", title="Series", tables=[table])


def _decisions(draft: Draft) -> Section:
    table = Table(
        caption="What was decided, and why",
        head=("Key and value", "Why"),
        rows=[(safe(said, 200), safe(reason, 200)) for said, reason in decisions_in_words(draft)],
        keep_words=False,
    )
    return Section(key="configuration", title="What the configuration says", tables=[table])
