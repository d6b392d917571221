"""What the page is made of, before it is HTML: a first screen, and sections of tiles, bars, figures and tables.

Whoever shows something fills it; `page.html.j2` lays it out.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from tapeline.series.figures.style import Figure
from tapeline.series.pages.charts import Chart, SeriesCharts


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tile:
    """A number that stands out: its name, value, unit, and lines on what to know beside it."""

    name: str
    value: str
    unit: str = ""
    asides: Sequence[str] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bar:
    """A bar: its name, its length as a share of the longest, its value in words, and what to know beside it.

    `ink` is the name of its colour in `style.Inks`.
    """

    name: str
    length: float
    value: str
    aside: str = ""
    ink: str = "muted"


@dataclasses.dataclass(frozen=True, kw_only=True)
class BarList:
    """Bars one below the other, and what they show; `beside`: what to know is short, and stands in the same line."""

    caption: str
    bars: Sequence[Bar]
    beside: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Table:
    """A table.

    Attributes:
        caption: What it shows.
        head: Names of its columns; the first one names the rows.
        rows: Cells, all text but those of the outcome.
        numbers: Columns that are set to the right.
        outcome: Column of booleans, shown as passed and failed.
        folded: What the line says that unfolds the table; "" shows it at once.
        keep_words: Whether words stay whole, and a narrow page scrolls the table instead.
        one_line: Whether no cell is broken between lines; a narrow page scrolls the table.
        unfolded: Whether a table that can be folded is open at first.
        sorted_by: Of a table of series, the column that its rows are sorted by.
        descending: Whether the largest value is first.
        shows: Of a table of series, the key of the figure that is scrolled to when a series is chosen.
        series: Of a table of series, the position of each row's charts in `SeriesCharts`; None: the row has none.
        values: Of such a table, the numbers in the cells behind the name, to sort by.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    numbers: frozenset[int] = frozenset()
    outcome: int | None = None
    folded: str = ""
    keep_words: bool = True
    one_line: bool = False
    unfolded: bool = False
    sorted_by: int = 1
    descending: bool = False
    shows: str = ""
    series: Sequence[int | None] = ()
    values: Sequence[Sequence[float]] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page.

    In the order: tiles, paragraphs, bars, figures, findings, tables, a folded text with its title. `charts` stand in
    the place of the figures of their keys where a script runs; `more_figures` are folded.
    """

    key: str
    title: str
    tiles: Sequence[Tile] = ()
    paragraphs: Sequence[str] = ()
    bars: Sequence[BarList] = ()
    figures: Sequence[Figure] = ()
    more_figures: Sequence[Figure] = ()
    charts: Mapping[str, Chart] = dataclasses.field(default_factory=dict)
    findings: Sequence[Any] = ()
    tables: Sequence[Table] = ()
    listing: tuple[str, str] | None = None


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The verdict in a word and in a sentence."""

    blessed: bool
    word: str
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Page:
    """The page: what stands on the first screen, then its sections.

    `alarm` says what makes the verdict worthless, and is empty when nothing does; `verdict` is None on a page that
    judges nothing.
    """

    title: str
    lead: str
    first: Section
    sections: Sequence[Section]
    by_series: SeriesCharts
    footer: str
    verdict: Verdict | None = None
    alarm: str = ""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All figures, in order."""
        whole = (self.first, *self.sections)
        return tuple(figure for section in whole for figure in (*section.figures, *section.more_figures))

    @property
    def charts(self) -> dict[str, Chart]:
        """All charts, by the key of their figure."""
        return {key: chart for section in (self.first, *self.sections) for key, chart in section.charts.items()}
