"""What keeps the newest rows of a series from being forecast, in the words of the data gate."""

from collections.abc import Iterator

import numpy as np

from tapeline.forecaster.inference.tails import Tail
from tapeline.forecaster.pushed_model import Card
from tapeline.schemas import features as names
from tapeline.schemas.errors import DataError
from tapeline.series.checks.findings import Finding, listing, plural
from tapeline.series.checks.grid_checks import at_rows, check_times
from tapeline.series.time_grid import TimeGrid

_MOST_FINDINGS = 18


def check_tail(tail: Tail, card: Card) -> Iterator[Finding]:
    """Yields what keeps the newest rows of a series from being a context.

    Args:
        tail: The rows.
        card: What the model was trained on.
    """
    found = [
        *check_times(tail.seconds, rows=tail.row, grid=TimeGrid.of(card.data)),
        *_infinite(tail, card),
    ]
    yield from found
    window, last = card.window, tail.last_measured
    if last is None:
        yield Finding(
            kind="no_target",
            message="no row has a measured target.",
            fix="give the measured values before the steps to forecast, or remove the series.",
        )
    elif not found and last - tail.start + 1 < window.least_context:
        steps = plural(last - tail.start + 1, "step")
        yield Finding(
            kind="too_short",
            message=(
                f"{steps} up to the last measured value; the model reads {window.context_length} "
                f"(window.context_length), and needs {window.least_context} at least (window.min_context)."
            ),
            fix="give more rows before it, remove the series, or train with a smaller window.min_context.",
        )


def _infinite(tail: Tail, card: Card) -> Iterator[Finding]:
    columns = (names.TARGET, *card.features.number_columns)
    for at, column in enumerate(columns):
        wrong = np.flatnonzero(np.isinf(tail.values[:, at]))
        if len(wrong):
            wrong = wrong[np.argsort(tail.row[wrong])]
            yield Finding(
                kind="infinite_values",
                column=column,
                message=(
                    f"{plural(len(wrong), 'infinite value')}: "
                    f"{listing(at_rows(tail.seconds[wrong], tail.row[wrong]), len(wrong))}."
                ),
                fix="correct the values, or leave the fields empty where nothing was measured.",
                count=len(wrong),
            )


def raise_findings(findings: list[Finding], *, source: str, argument: str = "--input") -> None:
    """Does nothing where there are no findings.

    Raises:
        DataError: There is a finding; the message lists all of them.
    """
    if not findings:
        return
    lines = [f"{argument}: {source} cannot be forecast: {plural(len(findings), 'error')}"]
    lines += [f"  [{found.kind}] {found.place}{found.message} Fix: {found.fix}" for found in findings[:_MOST_FINDINGS]]
    if len(findings) > _MOST_FINDINGS:
        lines.append(f"  ... and {len(findings) - _MOST_FINDINGS:,} more.")
    raise DataError("\n".join(lines))
