"""What the page of a first look says: the series, what repeats in them, what is missing or far away, and covariates."""

from collections.abc import Sequence

import numpy as np

from tapeline.pipeline.drafting.decisions import Draft
from tapeline.pipeline.drafting.draft_text import flow
from tapeline.pipeline.drafting.found_data import FoundData
from tapeline.pipeline.exploring.data_look import CovariateLook, DataLook, SeriesLook
from tapeline.pipeline.exploring.look_charts import (
    ECHO,
    TOGETHER,
    VALUES,
    echo_chart,
    points_a_series,
    series_charts,
    together_chart,
    values_chart,
)
from tapeline.series.figures.style import safe
from tapeline.series.figures.wording import count, number, percent, when
from tapeline.series.inspecting.covariate_looks import strongest
from tapeline.series.pages.chart_figure import figure_of
from tapeline.series.pages.page import Page, Section, Table, Tile
from tapeline.series.season_finder import chance
from tapeline.series.time_grid import TimeGrid

MOST_SERIES = 300
"""Series that have charts: more make the page slow to open."""

_MOST_ROWS = 50
"""Rows of a table of gaps or outliers."""


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


def build_look_page(found: FoundData, draft: Draft, look: DataLook) -> Page:
    """Puts the page together; its figures are not drawn yet."""
    grid = found.grid.grid
    shown = shown_series(look)
    charts = series_charts(look, shown, grid=grid, unit="")
    series = len(look.series)
    sections = [
        _table_of_series(look, shown) if series > 1 else None,
        _repeating(look),
        _missing(look, grid),
        _outliers(look, grid),
        _covariates(look.covariates),
        _decisions(draft),
    ]
    frequency = grid.frequency
    return Page(
        title=f"{safe(draft.name)}: a first look",
        lead=f"{count(len(found.table), 'row')}, {count(series, 'series')}, frequency {frequency}. Nothing is trained yet.",
        first=_first(draft, look, shown, grid),
        sections=[section for section in sections if section],
        by_series=charts,
        footer="Made by tapeline init --explore. This page needs no network.",
    )


def _first(draft: Draft, look: DataLook, shown: Sequence[SeriesLook], grid: TimeGrid) -> Section:
    view, total = shown[0], len(look.series)
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
        Tile(name="Time", value=begin, asides=[f"to {end}"]),
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
    ]
    paragraphs = [*draft.warnings]
    if len(shown) < total:
        paragraphs.append(
            f"{len(shown):,} of {total:,} series have charts, because more would make this page slow: those with the most "
            "outliers and gaps, and others spread over all sizes. Everything else on this page is about all of them."
        )
    return Section(key="first", title="", tiles=tiles, figures=[figure], charts={VALUES: chart}, paragraphs=paragraphs)


def _of_steps(missing: int, steps: int) -> list[str]:
    return [f"{missing:,} of {steps:,} steps"] if missing else []


def _table_of_series(look: DataLook, shown: Sequence[SeriesLook]) -> Section:
    columns = {
        "Steps": [len(each.values) for each in shown],
        "Missing": [each.missing for each in shown],
        "Longest gap": [int(each.gaps[1].max(initial=0)) for each in shown],
        "Outliers": [len(each.outliers) for each in shown],
        "Season": [max(each.seasons, default=0) for each in shown],
        "Median": [float(np.nanmedian(each.values)) for each in shown],
    }
    values = np.array(list(columns.values()), float).T
    # What needs a look first.
    order = np.lexsort((-values[:, 1], -values[:, 3]))
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
            for at in order.tolist()
        ],
        numbers=frozenset(range(1, len(columns) + 1)),
        keep_words=False,
        series=order.tolist(),
        values=values[order].tolist(),
        sorted_by=4,
        descending=True,
        shows=VALUES,
    )
    return Section(key="series", title="All series", tables=[table])


def _repeating(look: DataLook) -> Section | None:
    if not np.isfinite(look.echo[1:]).any():
        return None
    strongest_lag = int(np.nanargmax(look.echo[1:])) + 1
    if look.seasons:
        said = ", ".join(f"{season} (autocorrelation {number(_at(look.echo, season), 2)})" for season in look.seasons)
        words = f"The steps of {'the series' if len(look.series) == 1 else 'all series together'} repeat after {said}."
    else:
        words = "No season was found: nothing repeats clearly enough for a forecast to rest on."
    own = [each for each in look.series if each.seasons]
    if len(look.series) > 1:
        words += f" {len(own):,} of {len(look.series):,} series show a season by themselves."
    chart = echo_chart(look.echo, look.by_chance)
    figure = figure_of(
        chart,
        key=ECHO,
        title="Autocorrelation",
        caption=(
            "Of the steps from one value to the next, in train: a trend echoes at every lag, its steps do not. In the band "
            "is what chance alone would do."
        ),
        alt=f"Autocorrelation of the steps by lag; the strongest is {number(look.echo[strongest_lag], 2)} at lag {strongest_lag}.",
    )
    return Section(key="repeating", title="What repeats", paragraphs=[words], figures=[figure], charts={ECHO: chart})


def _at(echo: np.ndarray, lag: int) -> float:
    return float(echo[lag]) if lag < len(echo) else float("nan")


def _missing(look: DataLook, grid: TimeGrid) -> Section:
    found = sorted(
        ((int(steps), int(begin), each.name) for each in look.series for begin, steps in zip(*each.gaps, strict=True)),
        reverse=True,
    )
    rest = max(look.series, key=lambda each: each.rest)
    words = [_gap_words(look, len(found))]
    if rest.rest > 2:
        who = "" if len(look.series) == 1 else f" in {safe(rest.name)}"
        words.append(
            f"The longest run of one and the same value is {count(rest.rest, 'step')}{who}: a sensor that is stuck?"
        )
    if not found:
        return Section(key="missing", title="Gaps", paragraphs=words)
    table = Table(
        caption=f"The {len(found[:_MOST_ROWS]):,} longest of {len(found):,} gaps"
        if len(found) > _MOST_ROWS
        else "Gaps",
        head=("Series", "Steps", "From", "To"),
        rows=[
            (
                safe(name),
                f"{steps:,}",
                *(when(time, grid) for time in grid.timestamps([begin, begin + steps - 1]).tolist()),
            )
            for steps, begin, name in found[:_MOST_ROWS]
        ],
        numbers=frozenset({1}),
        folded="The longest gaps" if len(found) > _MOST_ROWS else f"The {count(len(found), 'gap')}",
        unfolded=len(found) <= 10,
    )
    return Section(key="missing", title="Gaps", paragraphs=words, tables=[table])


def _gap_words(look: DataLook, gaps: int) -> str:
    if not gaps:
        return "No series lacks a step between its first value and its last."
    several = sum(bool(each.missing) for each in look.series)
    where = "" if len(look.series) == 1 else f" in {several:,} of {len(look.series):,} series"
    return f"{count(gaps, 'gap')}{where}. The model's input is filled across a gap; what it is judged by is not."


def _outliers(look: DataLook, grid: TimeGrid) -> Section:
    rule = f"farther than {look.limit:g} robust deviations from the median around it (checks.max_outlier)"
    found = [
        (
            abs(float(each.values[at]) - usual),
            (safe(each.name), when(time, grid), f"{row:,}", number(float(each.values[at])), number(usual)),
        )
        for each in look.series
        for at, usual, row, time in zip(
            each.outliers.tolist(),
            each.usual.tolist(),
            each.rows.tolist(),
            grid.timestamps(each.first + each.outliers).tolist(),
            strict=True,
        )
    ]
    if not found:
        return Section(key="outliers", title="Outliers", paragraphs=[f"No value lies {rule}."])
    rows = [row for _, row in sorted(found, key=lambda each: -each[0])][:_MOST_ROWS]
    table = Table(
        caption=f"The {len(rows):,} farthest of {len(found):,}"
        if len(rows) < len(found)
        else "Outliers, the farthest first",
        head=("Series", "Time", "Row", "Value", "Around it"),
        rows=rows,
        numbers=frozenset({2, 3, 4}),
        folded=f"The {count(len(rows), 'outlier')}",
        unfolded=len(rows) <= 10,
    )
    said = "1 value lies" if len(found) == 1 else f"{len(found):,} values lie"
    words = (
        f"{said} {rule}. Correct them or leave them empty where they are wrong. Where a few of them stretch the scale of "
        "the data, the data gate refuses the run."
    )
    return Section(key="outliers", title="Outliers", paragraphs=[words], tables=[table])


def _covariates(covariates: Sequence[CovariateLook]) -> Section | None:
    if not covariates:
        return None
    table = Table(
        caption="Columns beside the target",
        head=("Column", "Part", "Kind", "Missing", "Correlation", "At lag"),
        rows=[
            (
                safe(each.name, 40),
                each.part,
                each.kind,
                percent(each.missing) if each.missing else "none",
                *_together(each),
            )
            for each in covariates
        ],
        numbers=frozenset({3, 4, 5}),
    )
    words = [
        "Whether a column is known ahead nobody can see in a file: the configuration has it commented out until you say so. "
        "Correlation is that of its steps with the target's steps so many later, in train; no statement about causes."
    ]
    charts, figures = {}, []
    told = [each for each in covariates if each.by_lag is not None and np.isfinite(each.by_lag).any()]
    if told:
        chart = together_chart(told)
        charts[TOGETHER] = chart
        said = "; ".join(f"{safe(each.name)} {_together(each)[0]} at lag {_together(each)[1]}" for each in told)
        figures.append(
            figure_of(
                chart,
                key=TOGETHER,
                title="Correlation with the target",
                caption=(
                    "How the steps of a column go with those of the target as many steps later. What is known up to now only "
                    "helps at a lag of at least the step that is forecast."
                ),
                alt=f"Strongest correlation of each column: {said}.",
            )
        )
    return Section(
        key="covariates", title="Covariates", paragraphs=words, tables=[table], figures=figures, charts=charts
    )


def _together(look: CovariateLook) -> tuple[str, str]:
    """The strongest correlation and its lag in words."""
    lag = None if look.by_lag is None else strongest(look.by_lag)
    if look.by_lag is None or lag is None:
        return "", ""
    value = float(look.by_lag[lag])
    if abs(value) < float(chance(np.array([float(look.pairs)]))[0]):
        return "by chance", ""
    return number(value, 2), f"{lag}"


def _decisions(draft: Draft) -> Section:
    table = Table(
        caption="Key, value and reason",
        head=("Key", "Value", "Why"),
        rows=[(each.key, flow(each.value), each.reason) for each in draft.decisions],
        keep_words=False,
    )
    return Section(key="configuration", title="What the configuration says", tables=[table])
