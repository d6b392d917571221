"""What the page is made of, before it is HTML: a verdict, checks, and sections of tiles, figures and tables.

`headline.py` and `page_sections.py` fill it, `page.html.j2` lays it out.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

from tapeline.series.figures.style import Figure


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tile:
    """A number that stands out: its name, value, unit, and lines on what to know beside it."""

    name: str
    value: str
    unit: str = ""
    asides: Sequence[str] = ()


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
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    numbers: frozenset[int] = frozenset()
    outcome: int | None = None
    folded: str = ""
    keep_words: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page, in the order: tiles, paragraphs, figures, findings, tables, a folded text with its title."""

    key: str
    title: str
    tiles: Sequence[Tile] = ()
    paragraphs: Sequence[str] = ()
    figures: Sequence[Figure] = ()
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
    """The page. `alarm` says what makes the verdict worthless, and is empty when nothing does."""

    title: str
    lead: str
    verdict: Verdict
    alarm: str
    checks: Table
    sections: Sequence[Section]
    footer: str

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All figures, in order."""
        return tuple(figure for section in self.sections for figure in section.figures)
