"""Decides on a first configuration: one decision a value, each with its reason.

    for each in decide(found, wishes).decisions:
        print(each.key, each.value, each.reason)

Limits are set to what the data have: a first run shall not fail for a gap that
everybody can see in the report.
"""

import dataclasses
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from tapeline.components.ingest.splits import show_time
from tapeline.pipeline.drafting.draft_warnings import warnings
from tapeline.pipeline.drafting.found_data import FoundData, Wishes
from tapeline.pipeline.drafting.horizons import Plan, plan_windows
from tapeline.schemas.features import SPLITS
from tapeline.series.checks.findings import plural
from tapeline.series.checks.grid_checks import duration_text
from tapeline.series.inspecting.regular_steps import longest_gap, longest_rest

_ZEROS = 0.01
"""With a larger share of zeros, and nothing below, 0 is the least that there can be, not the least there was."""

_SCALES_DIFFER = 3.0
"""Series whose ranges differ by more than this factor get a scale each."""


@dataclasses.dataclass(frozen=True)
class Decision:
    """A value of the configuration.

    Attributes:
        key: Dotted.
        value: What it is set to; None leaves the key to its default.
        reason: Why, in a phrase.
    """

    key: str
    value: Any
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Draft:
    """A first configuration.

    Attributes:
        name: The pipeline's.
        decisions: What was decided, in the order of the file.
        unsure: Columns that may be covariates, by the part that they may play.
        warnings: What stands in the way of a run, or should be known; sentences.
    """

    name: str
    decisions: tuple[Decision, ...]
    unsure: dict[str, tuple[str, ...]]
    warnings: tuple[str, ...]


def decide(found: FoundData, wishes: Wishes) -> Draft:
    """Decides.

    Args:
        found: What the data hold.
        wishes: What the user says.
    """
    plan = plan_of(found, wishes)
    return Draft(
        name=name_of(found.table.source),
        decisions=(
            *_data(found),
            *_known_ahead(found, wishes),
            *_checks(found),
            *_split(found, plan, wishes),
            _horizon(plan, wishes),
            *_scaling(found, plan),
            Decision("gate.mae_scaled_below", "auto", "better than the strongest naive forecast on eval"),
            Decision("gate.season", "auto", "the naive forecast's season is looked for in train"),
        ),
        unsure=found.unsure,
        warnings=tuple(warnings(found, plan)),
    )


def plan_of(found: FoundData, wishes: Wishes) -> Plan:
    """Returns how far ahead a first configuration looks, and where it cuts time."""
    return plan_windows(
        [int(each.steps[0]) for each in found.series],
        [int(each.steps[-1]) for each in found.series],
        grid=found.grid.grid,
        horizon=wishes.horizon,
        split=wishes.split,
    )


def name_of(source: str) -> str:
    """Returns a pipeline's name out of a path: of a file its name without endings, of a glob what stands before it.

    >>> name_of("data/My sales (2021).csv.gz"), name_of("statsmodels:co2"), name_of("load/*.parquet")
    ('My_sales_2021', 'co2', 'load')
    """
    path = pathlib.PurePath(source.removeprefix("statsmodels:"))
    plain = [part for part in path.parts if not re.search(r"[*?\[{]", part)]
    stem = re.sub(r"(\.(csv|parquet|gz|bz2|xz|zst))+$", "", plain[-1] if plain else "", flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9-]+", "_", stem).strip("_-")[:63] or "series"


def _data(found: FoundData) -> Iterator[Decision]:
    table, time, grid = found.table, found.time, found.grid.grid
    yield Decision("data.source", table.source, f"{plural(len(table), 'row')}")
    if table.separator != "comma":
        yield Decision("data.separator", table.separator, "so every line has the same number of fields")
    if table.decimal != "point":
        yield Decision("data.decimal", table.decimal, "some columns are numbers only if read so")
    yield Decision("data.time", time.name, time.reason)
    if time.time_format is not None:
        yield Decision("data.time_format", time.time_format, time.reason)
    count = len(found.series) + found.empty
    if found.ids:
        ids: Any = found.ids[0] if len(found.ids) == 1 else list(found.ids)
        yield Decision("data.series_id", ids, f"{count:,} series; with the time it names each row once")
    targets = found.targets.columns
    yield Decision("data.target", targets[0] if len(targets) == 1 else list(targets), found.targets.reason)
    yield Decision("data.frequency", grid.frequency, f"{found.grid.fit:.0%} of neighbouring times are one step apart")
    if grid.offset_seconds:
        yield Decision("data.offset", duration_text(grid.offset_seconds), "so far from the start of their period")
    if time.zone is not None:
        follows = "the times follow its clock changes; a neighbour with the same is as good"
        yield Decision("data.timezone", time.zone, follows if time.zoned else "you say so")
    elif time.zoned:
        yield Decision(
            "data.timezone", "UTC", "the times carry their zone; set the one that people live by, for the calendar"
        )
    values = np.concatenate([each.values for each in found.series])
    if values.min() == 0.0 and (values == 0.0).mean() >= _ZEROS:
        yield Decision("data.lower_bound", 0, f"{(values == 0.0).mean():.0%} of the values are 0, and none lies below")


def _known_ahead(found: FoundData, wishes: Wishes) -> Iterator[Decision]:
    if found.ahead:
        given = [name for name in found.ahead if name not in wishes.known_ahead]
        reason = f"{', '.join(given)}: given for times without a target" if given else "you say so"
        yield Decision("features.future_covariates", list(found.ahead), reason)
        texts = [name for name in found.ahead if found.table.numbers(name) is None]
        if texts:
            yield Decision("features.categorical", texts, "text")


def _checks(found: FoundData) -> Iterator[Decision]:
    gap = max(longest_gap(each.steps, each.values) for each in found.series)
    rest = max(longest_rest(each.values) for each in found.series)
    missing = f"the longest gap has {plural(gap, 'step')}, and is allowed as it is" if gap else "no step is missing"
    still = f"one value stays for up to {plural(rest, 'step')}, and is allowed as it is"
    yield Decision("checks.max_gap", gap, missing)
    yield Decision("checks.max_constant", max(rest, 2), still if rest > 1 else "no value stays for two steps")


def _split(found: FoundData, plan: Plan, wishes: Wishes) -> Iterator[Decision]:
    said = "you say so; " if wishes.split else ""
    counts = f"{said}{plan.windows[1]:,} windows in eval, {plan.windows[2]:,} in test"
    if plan.fractions is not None:
        for name, share in zip(SPLITS, plan.fractions, strict=True):
            yield Decision(f"split.{name}", share, counts if name == "train" else "")
        return
    if plan.parts is not None:
        why = "each series is cut from its own end" if said else _WHY_FROM_ENDS
        yield Decision("split.eval_steps", plan.parts[0], f"{counts}; {why}")
        yield Decision("split.test_steps", plan.parts[1], "")
        return
    assert plan.cuts is not None
    times = found.grid.grid.timestamps(plan.cuts[1:3]).tolist()
    whom = "every series keeps" if not plan.padded else "the series that count keep"
    reason = f"{counts}; {whom} {plan.shortest} or more steps to train on"
    yield Decision("split.eval_start", show_time(times[0]), reason)
    yield Decision("split.test_start", show_time(times[1]), "")


_WHY_FROM_ENDS = "the series end at different times, so each is cut from its own end"


def _horizon(plan: Plan, wishes: Wishes) -> Decision:
    if wishes.horizon is not None:
        return Decision("window.horizon", plan.horizon, "you say so")
    reason = "usual for this frequency" if plan.usual else "shorter than usual, so that eval and test have windows"
    return Decision("window.horizon", plan.horizon, reason)


def _scaling(found: FoundData, plan: Plan) -> Iterator[Decision]:
    if len(found.series) < 2:
        return
    ranges = np.array([np.ptp(each.values) for each in found.series])
    levels = np.array([np.abs(np.median(each.values)) for each in found.series])
    ranges, levels = ranges[ranges > 0], levels[levels > 0]
    ratio = max(float(x.max() / x.min()) for x in (ranges, levels, np.ones(1)) if len(x))
    if ratio <= _SCALES_DIFFER:
        return
    yield Decision("scaling.per_series", True, f"the series differ in size by a factor of {ratio:,.3g}")
    if plan.cuts is not None and any(each.steps[0] >= plan.cuts[1] for each in found.series):
        yield Decision("scaling.unseen_series", "global", "some series begin after train, and get the scale over all")
