"""Two sections of the report: what the forecast leans on, and the series by skill."""

import math

import numpy as np

from tapeline.components.report.content import Content, InputImportance
from tapeline.components.report.error_figures import series_figure
from tapeline.components.report.run_figures import NEWEST
from tapeline.components.report.summary import worst_series
from tapeline.series.figures.style import safe
from tapeline.series.figures.wording import Space, count, number, percent, signed_percent
from tapeline.series.pages.page import Bar, BarList, Section, Table

_MOST_ROWS = 500
"""Series in the table; of more, half of these from either end."""

_TWICE = 1.0
"""From this growth on the error is told as a multiple: percent are hard to read beyond."""


def leaning(content: Content) -> Section | None:
    """By how much the error grows without each input."""
    found = content.importance
    if found is None:
        return None
    longest = max(max(row.error_growth for row in found.inputs), 1e-9)
    bars = [
        Bar(
            name=safe(row.input),
            length=min(max(row.error_growth, 0.0) / longest, 1.0) if math.isfinite(row.error_growth) else 1.0,
            value=_growth(row),
            aside=safe(row.what, 200),
            ink="forecast",
        )
        for row in found.inputs
    ]
    return Section(
        key="leans-on",
        title="What the forecast leans on",
        paragraphs=[
            "By how much the error grows where one input is exchanged with that of another window, and all others stay. "
            "Inputs that tell the same stand in for each other; it is no statement about causes."
        ],
        bars=[
            BarList(
                caption=f"Growth of the free-running error over {count(found.windows, 'window')} of the eval split, mean "
                f"of {count(found.repeats, 'shuffle')}",
                bars=bars,
            )
        ],
    )


def _growth(row: InputImportance) -> str:
    if abs(row.error_growth) < max(row.deviation, 0.0005):
        return "none"
    if row.error_growth >= _TWICE:
        return f"{number(1.0 + row.error_growth, 2)} times"
    return signed_percent(row.error_growth)


def series_section(content: Content, space: Space) -> Section | None:
    """The series by skill over their own best naive forecasts; None where there is one."""
    errors = content.errors
    total = len(errors.series_ids)
    if total < 2:
        return None
    order = worst_series(errors, most=total)
    shown = order if len(order) <= _MOST_ROWS else np.concatenate([order[: _MOST_ROWS // 2], order[-_MOST_ROWS // 2 :]])
    skill, mae = 1.0 - errors.series_relative_mae, errors.series_mae
    charts = {view.series_id: place for place, view in enumerate(content.newest)}
    ids = [errors.series_ids[i] for i in shown]
    part = f"{len(shown):,} of {total:,} series, those with the least and the most skill"
    head = part if len(shown) < len(order) else f"All {total:,} series by skill"
    table = Table(
        caption=f"{head}: by how much their error is smaller than that of their own best naive forecast",
        head=("Series", "Skill", "MAE, target's unit", "MAE, scaled"),
        rows=[
            (safe(name), signed_percent(skill[i]), number(mae[i] * errors.scale[i]), number(mae[i]))
            for i, name in zip(shown, ids, strict=True)
        ],
        numbers=frozenset({1, 2, 3}),
        keep_words=False,
        shows=NEWEST,
        series=[charts.get(name) for name in ids],
        values=[_cells(skill[i], mae[i], errors.scale[i]) for i in shown],
    )
    better = int((errors.series_relative_mae[order] < 1.0).sum())
    middle = float(np.median(skill[order][np.isfinite(skill[order])])) if np.isfinite(skill[order]).any() else math.nan
    return Section(
        key="series",
        title="Series by skill",
        paragraphs=[
            f"{better:,} of {total:,} series are forecast better than by their own best naive forecast; the middle one "
            f"has {percent(abs(middle))} {'less' if middle >= 0.0 else 'more'} error."
        ],
        figures=[series_figure(errors)],
        tables=[table],
    )


def _cells(skill: float, mae: float, scale: float) -> list[float]:
    # What is not finite goes before all others, as in the table.
    return [value if math.isfinite(value) else -1e300 for value in (float(skill), float(mae * scale), float(mae))]
