"""Sections of a first look: what repeats, what is missing, what is far away, and what stands beside the target."""

from collections.abc import Sequence

import numpy as np

from tapeline.pipeline.exploring.columns_beside import UNDECIDED, CovariateLook
from tapeline.pipeline.exploring.data_look import DataLook
from tapeline.pipeline.exploring.look_charts import ECHO, TOGETHER, echo_chart, together_chart
from tapeline.series.arrays import Array
from tapeline.series.choices import REPETITIONS
from tapeline.series.figures.style import safe
from tapeline.series.figures.wording import count, number, percent, when
from tapeline.series.inspecting.covariate_looks import strongest
from tapeline.series.pages.chart_figure import figure_of
from tapeline.series.pages.page import Section, Table
from tapeline.series.season_finder import chance
from tapeline.series.time_grid import TimeGrid

_LEAST_CORRELATION = 0.05
"""A weaker one is not worth a word."""

_MOST_ROWS = 50
"""Rows of a table of gaps or outliers."""


def repeating_section(look: DataLook) -> Section | None:
    """Returns the seasons, and the autocorrelation by lag; None where there is none."""
    if not np.isfinite(look.echo[1:]).any():
        return None
    strongest_lag = int(np.nanargmax(look.echo[1:])) + 1
    if look.seasons:
        said = ", ".join(f"{season} (autocorrelation {number(_at(look.echo, season), 2)})" for season in look.seasons)
        words = f"The steps of {'the series' if len(look.series) == 1 else 'all series together'} repeat after {said}."
    else:
        words = "No season was found: nothing repeats clearly enough for a forecast to rest on."
    words += (
        f" Cycles of the calendar of up to {count(look.longest_cycle, 'step')} were looked for, as many as the series can "
        f"show; any other season where train holds it {REPETITIONS} times."
    )
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


def _at(echo: Array, lag: int) -> float:
    return float(echo[lag]) if lag < len(echo) else float("nan")


def missing_section(look: DataLook, grid: TimeGrid) -> Section:
    """Returns the gaps, the longest first."""
    found = sorted(
        ((int(steps), int(begin), each.name) for each in look.series for begin, steps in zip(*each.gaps, strict=True)),
        reverse=True,
    )
    rest = max(look.series, key=lambda each: each.rest)
    words = [_gap_words(look, len(found))]
    if rest.rest > 2:
        who = "" if len(look.series) == 1 else f" in {safe(rest.name)}"
        words.append(f"The longest run of one and the same value has {count(rest.rest, 'step')}{who}.")
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
        one_line=True,
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


def outliers_section(look: DataLook, grid: TimeGrid) -> Section:
    """Returns the values that the data gate will tell as outliers, the farthest first."""
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
        one_line=True,
        folded=f"The {count(len(rows), 'outlier')}",
        unfolded=len(rows) <= 10,
    )
    said = "1 value lies" if len(found) == 1 else f"{len(found):,} values lie"
    words = (
        f"{said} {rule}. Correct them or leave them empty where they are wrong. Where a few of them stretch the scale of "
        "the data, the data gate refuses the run."
    )
    return Section(key="outliers", title="Outliers", paragraphs=[words], tables=[table])


def covariates_section(covariates: Sequence[CovariateLook]) -> Section | None:
    """Returns what is known of the columns beside the target; None where there are none."""
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
        f"Whether a column is known ahead nobody can see in a file: what is {UNDECIDED} is commented out in the "
        "configuration until you say so. "
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
    # The strongest of many lags: chance alone brings one of them above the limit of a single one.
    if abs(value) < max(_LEAST_CORRELATION, 1.5 * float(chance(np.array([float(look.pairs)]))[0])):
        return "none", ""
    return number(value, 2), f"{lag}"
