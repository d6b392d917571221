"""What the report says of the selection: who was picked, from whom, and which series are served something else."""

from collections.abc import Mapping
from typing import Any

from tapeline.components.report.training_history import History
from tapeline.series.figures.style import safe
from tapeline.series.figures.wording import count, number, percent
from tapeline.series.pages.page import Table

_MOST_SERIES = 20


def selection_table(history: History) -> Table:
    """Returns the members with their errors and weights, those that were picked first."""
    order = sorted(history.members, key=lambda member: (-member.weight, member.error))
    return Table(
        caption="What could be picked, with its own free-running error on the eval split, in scaled space",
        head=("Member", "Weight", "What it is", "Eval error", "Epochs"),
        rows=[
            (
                safe(member.name),
                percent(member.weight) if member.weight else "",
                safe(member.what, 200),
                number(member.error, 4),
                "" if member.epochs is None else str(member.epochs),
            )
            for member in order
        ],
        numbers=frozenset({1, 3, 4}),
    )


def selection_words(history: History) -> list[str]:
    """Returns paragraphs on the selection; none where there was no choice."""
    if not history.members:
        return []
    picked = sum(member.weight > 0.0 for member in history.members)
    words = [
        f"What is served is the average of {count(picked, 'member')}, picked one after another by the error of the "
        f"average on the eval split: {number(history.selected_error, 4)}."
        if picked > 1
        else f"What is served is one member: no average with another had a smaller error on the eval split than its "
        f"{number(history.selected_error, 4)}."
    ]
    if history.short_series:
        words.append(_short_series(history.short_series))
    if history.served_instead:
        shown = [f"{safe(series)} ({safe(name)})" for series, name in sorted(history.served_instead.items())]
        more = len(shown) - _MOST_SERIES
        words.append(
            f"{count(len(shown), 'series')} on which the selection is worse than a naive forecast by more than noise "
            f"get a simpler forecast in its place: {', '.join(shown[:_MOST_SERIES])}"
            + (f", and {more} more." if more > 0 else ".")
        )
    return words


def _short_series(told: Mapping[str, Any]) -> str:
    whom = " and ".join(f"{safe(name)} ({percent(share)})" for name, share in told["weights"].items())
    also = ", and series that training did not see," if told["unseen_series"] else ""
    rests = (
        f"an error of {number(told['val_mae_scaled'], 4)} on {count(told['windows'], 'eval window')} like that"
        if told["windows"]
        else "no eval window was like that, so it rests on the other windows"
    )
    return f"Series that are shorter than three quarters of the context{also} are forecast by {whom}: {rests}."
