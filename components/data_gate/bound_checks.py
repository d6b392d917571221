"""Targets that lie outside of the bounds that the configuration gives them."""

import numpy as np

from tapeline.components.data_gate.series_rules import Rules
from tapeline.schemas.features import SPLITS, TARGET
from tapeline.series.checks.findings import SeriesFindings, plural
from tapeline.series.checks.grid_checks import places
from tapeline.series.checks.ordered_rows import Ordered


def check_bounds(found: SeriesFindings, ordered: Ordered, rules: Rules) -> None:
    """Checks that targets lie within the bounds that the configuration gives them.

    A model is not to learn from values that cannot be, so those of train are errors. In the other splits no forecast
    can meet them, which is worth a warning.
    """
    values = ordered.values[:, 0]
    for key, bound, beyond in (
        ("lower_bound", rules.lower_bound, np.less),
        ("upper_bound", rules.upper_bound, np.greater),
    ):
        if bound is None:
            continue
        # Rows hold 48 bits of a number: it may come back a hair beyond the one that it stands for.
        hair = abs(bound) * 2.0**-46
        outside = beyond(values, bound - hair if beyond is np.less else bound + hair) & np.isfinite(values)
        word = "below" if beyond is np.less else "above"
        for at, split in enumerate(SPLITS):
            rows = ordered.offenders(outside & (ordered.split == at))
            found.add(
                "beyond_bound",
                rows.count,
                lambda code, count, rows=rows, key=key, bound=bound, word=word: (  # type: ignore[misc]
                    f"{plural(count, 'value')} {word} data.{key} ({bound:g}): {places(rows, code)}."
                ),
                column=TARGET,
                split=split,
                severity="error" if split == SPLITS[0] else "warning",
                fix=f"correct these values or leave their cells empty, or change data.{key} if such values do occur.",
            )
