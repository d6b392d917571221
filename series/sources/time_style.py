"""How a source writes its times, and where its blocks disagree about that.

>>> day, clock = TimeStyle(form="dddd-dd-dd", first=(0, "'2021-01-01'")), TimeStyle(form="dd", first=(7, "'09'"))
>>> (problem,) = find_disagreements([("a.csv", 0, day), ("b.csv", 100, clock)], name="ds", timezone="UTC")
>>> problem.rule, problem.rows
("differs in form from row 0 of a.csv, '2021-01-01'", ((107, "'09'"),))
"""

import dataclasses
from collections.abc import Sequence

from tapeline.series.sources.problems import SHOWN, Problem

ONE_FORM = "All rows take one form: rewrite the others, or give all rows one format and name it in data.time_format"
"""What to do about mixed forms."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TimeStyle:
    """How a stretch of rows writes its times; all stretches of a source must agree.

    Attributes:
        form: What the rows look like; empty when none could be read.
        first: Row number and value that show the form.
        offsets: Each distance from UTC that is written in the rows, in
            minutes, with the first row that has it.
        follows_zone: Whether those distances are the ones of the zone.
        wall_clock: Whether rows say nothing of a zone, neither by name nor by distance.
    """

    form: str = ""
    first: tuple[int, str] = (0, "")
    offsets: dict[int, tuple[int, str]] = dataclasses.field(default_factory=dict)
    follows_zone: bool = True
    wall_clock: bool = False


def find_disagreements(styles: Sequence[tuple[str, int, TimeStyle]], *, name: str, timezone: str) -> list[Problem]:
    """Returns where the stretches of a source disagree on how times are written.

    Args:
        styles: File, row number in it that a stretch starts at, and the stretch's style, in order.
        name: The column's name.
        timezone: `data.timezone`.
    """
    label = f"data.time: column {name!r}"
    known = [(file, start, style) for file, start, style in styles if style.form]
    problems = []
    for file, start, style in known[1:]:
        first_file, first_start, first = known[0]
        if style.form != first.form:
            rule = f"differs in form from row {first.first[0] + first_start} of {first_file}, {first.first[1]}"
            row, value = style.first
            rows = ((row + start, value),)
            problems.append(Problem(column=label, rule=rule, fix=ONE_FORM, count=1, rows=rows, file=file))
            break
    first_rows = {
        offset: (row + start, value)
        for _, start, style in reversed(known)
        for offset, (row, value) in style.offsets.items()
    }
    if len(first_rows) > 1 and not all(style.follows_zone for _, _, style in known):
        problems.append(
            Problem(
                column=label,
                rule=f"their distances from UTC differ, and are not those of data.timezone ({timezone})",
                fix="Write all times in one zone, or set data.timezone to the zone whose clock changes they follow",
                count=len(first_rows),
                rows=tuple(sorted(first_rows.values())[:SHOWN]),
                file=known[0][0],
            )
        )
    return problems
