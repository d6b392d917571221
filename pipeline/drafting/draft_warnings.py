"""What stands in the way of a run, or should be known before it, in sentences."""

from collections.abc import Iterator

import numpy as np

from tapeline.pipeline.drafting.found_data import FoundData
from tapeline.pipeline.drafting.horizons import LEAST_WINDOWS, Plan
from tapeline.series.checks.findings import plural
from tapeline.series.inspecting.regular_steps import longest_gap

_LARGE_GAP = 0.1
"""A gap of more than this share of a series is worth a warning."""


def warnings(found: FoundData, plan: Plan) -> Iterator[str]:
    """Yields what should be known of a draft, a sentence or two each.

    Args:
        found: What the data hold.
        plan: How the draft cuts time.
    """
    if not found.table.whole:
        yield f"Only the first {len(found.table):,} rows were looked at; limits and series of the others may differ."
    if not plan.is_enough:
        yield (
            f"There is room for {plan.windows[0]:,}, {plan.windows[1]:,} and {plan.windows[2]:,} windows of "
            f"{plural(plan.horizon, 'step')} in train, eval and test, and a verdict rests on {LEAST_WINDOWS} or more: "
            f"give more rows{_missing(found, plan)}, or a shorter horizon."
        )
    hopeless = sum(int(each.steps[-1] - each.steps[0]) + 1 < plan.horizon for each in found.series)
    if hopeless:
        yield (
            f"{hopeless:,} series {_have(hopeless)} fewer than {plural(plan.horizon, 'step')} in all: the data gate "
            f"refuses that. Remove {_them(hopeless)}, or give a shorter horizon."
        )
    elif plan.padded and len(found.series) > 1:
        yield (
            f"{plan.padded:,} series {_have(plan.padded)} fewer than {2 * plan.horizon} steps in train: nothing is learned "
            f"from {_them(plan.padded)}, and {'it is' if plan.padded == 1 else 'they are'} forecast by what the others show."
        )
    if found.repeated:
        yield (
            f"{plural(found.repeated, 'row')} {'share their' if found.repeated > 1 else 'shares its'} time with another "
            "one of the same series: the data gate refuses that. Remove them, or name the column that tells the series apart with --series."
        )
    if found.disordered:
        yield (
            f"{plural(found.disordered, 'row')} stand below a later time of their series: the data gate refuses that. "
            "Sort the file by time."
        )
    if found.grid.off:
        yield (
            f"{plural(found.grid.off, 'time')} lie beside the steps of {found.grid.grid.frequency}: the data gate "
            "refuses that. Move them to the nearest step, or remove them."
        )
    if found.empty:
        yield f"{found.empty:,} series {_have(found.empty)} no value: the data gate refuses that. Remove {_them(found.empty)}."
    constant = sum(len(each.values) > 1 and not np.ptp(each.values) for each in found.series)
    if constant:
        keep = "keeps" if constant == 1 else "keep"
        yield f"{constant:,} series {keep} one value throughout: the data gate refuses that. Remove {_them(constant)}."
    if any(longest_gap(each.steps, each.values) > _LARGE_GAP * len(each.steps) for each in found.series):
        yield "A gap is longer than a tenth of its series: forecasts near it rest on little."
    after = max(each.rows_after for each in found.series)
    if after:
        yield f"The last {plural(after, 'row')} hold no target: forecasts of those times are not scored."


def _missing(found: FoundData, plan: Plan) -> str:
    """How many rows a series lacks; of several it depends on which gets longer."""
    rows = plan.missing_rows
    return f" ({plan.horizon}-step forecasts take about {rows} more)" if rows and len(found.series) == 1 else ""


def _have(series: int) -> str:
    return "has" if series == 1 else "have"


def _them(series: int) -> str:
    return "it" if series == 1 else "them"
