"""Checks of the splits: without windows, with empty columns, overlapping in time over all series or within each."""

import itertools
from collections.abc import Iterator, Sequence

from tapeline.components.data_gate.totals import SplitTotal
from tapeline.schemas.features import SPLITS
from tapeline.schemas.sections import SplitConfig
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.arrays import Ints
from tapeline.series.checks.findings import Finding, SeriesFindings, plural, time_text


def check_splits(splits: Sequence[SplitTotal], *, spec: WindowSpec, split: SplitConfig) -> Iterator[Finding]:
    """Yields an error for each split without one window or with an empty column, and each pair that overlaps in time.

    Args:
        splits: Extents of `SPLITS`, over all series.
        spec: The shape of a window.
        split: How time was cut; shown.
    """
    for name, total in zip(SPLITS, splits, strict=True):
        if total.rows == 0:
            message = "no rows."
        elif total.windows == 0 or (name == "train" and total.windows == total.padded):
            # Of series that are all padded there would be nothing to learn a whole context from.
            needed = (
                f"window.context_length + window.horizon = {spec.context_length} + {spec.horizon} = {spec.length}"
                if name == "train"
                else f"window.horizon, {spec.horizon}, after window.min_context, {spec.least_context}"
            )
            message = f"no window fits: the longest series has {plural(total.longest, 'step')}, one takes {needed}."
        else:
            continue
        yield Finding(
            kind="no_windows",
            split=name,
            message=message,
            fix=f"give more rows, cut time otherwise ({_cuts(split)}), or shorten the window.",
        )
    # A column that is empty everywhere is a finding about its series.
    anywhere = {column for total in splits for column, count in total.measured.items() if count}
    for name, total in zip(SPLITS, splits, strict=True):
        for column in sorted(column for column, count in total.measured.items() if not count and column in anywhere):
            yield Finding(
                kind="no_values",
                column=column,
                split=name,
                message=f"not one value in {plural(total.rows, 'row')}, and there are some in another split.",
                fix="look where they were lost, cut time otherwise, or take the column out of features.",
            )
    if split.from_ends:
        # Each series is cut by its own end, so the splits overlap over all of them: `find_overlap` looks at each.
        return
    present = [(name, total) for name, total in zip(SPLITS, splits, strict=True) if total.rows]
    for (earlier, before), (later, after) in itertools.pairwise(present):
        # A split with rows has a first and a last time.
        last, first = int(before.last or 0), int(after.first or 0)
        if last >= first:
            yield Finding(
                kind="split_overlap",
                message=(
                    f"{earlier} ends at {time_text(last)}, {later} begins at {time_text(first)}: "
                    "the model would be judged on times that it learned from."
                ),
                fix=f"cut time so that every split ends before the next begins ({_cuts(split)}).",
            )


def find_overlap(found: SeriesFindings, first: Ints, last: Ints, split: SplitConfig) -> None:
    """Adds series whose own splits overlap in time.

    Args:
        found: Takes the findings.
        first: First time of each series in each split, int64 `[u, S]`; after every other without rows.
        last: Last time; before every other without rows.
        split: How the series were cut; shown.
    """
    for at, later in enumerate(SPLITS[1:]):
        before = last[:, : at + 1].max(axis=1)

        def overlaps(
            code: int, _: int, *, before: Ints = before, after: Ints = first[:, at + 1], name: str = later
        ) -> str:
            return (
                f"{name} begins at {time_text(int(after[code]))}, what comes before it ends at "
                f"{time_text(int(before[code]))}: the model would be judged on times that it learned from."
            )

        fix = f"cut each series so that every split ends before the next begins ({_cuts(split)})."
        found.add("split_overlap", (before >= first[:, at + 1]).astype(int), overlaps, fix=fix)


def _cuts(split: SplitConfig) -> str:
    if split.from_ends:
        return f"split.eval_steps is {split.eval_steps}, split.test_steps {split.test_steps}"
    if split.eval_start is not None:
        return f"split.eval_start is {split.eval_start}, split.test_start {split.test_start}"
    return f"split is train {split.train:g}, eval {split.eval:g}, test {split.test:g}"
