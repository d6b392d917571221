"""What is said of a series that is too short in one of its splits."""

import numpy as np

from tapeline.components.data_gate.findings import Finding, plural
from tapeline.components.data_gate.rules import Rules


def no_window(split: str, series_rows: np.ndarray, series_steps: np.ndarray, rules: Rules, code: int) -> Finding:
    """Not one window fits: an error where train rows make none, else a warning.

    Args:
        split: The split.
        series_rows: Rows of each series in it.
        series_steps: Steps from the first to the last of them.
        rules: The shape of a window.
        code: Position of the series.
    """
    rows, steps = int(series_rows[code]), int(series_steps[code])
    spec = rules.spec
    train = split == "train"
    if rows == 0:
        message = "no rows" + (": the model never sees this series." if train else ".")
    elif train and steps < spec.length:
        message = (
            f"{plural(steps, 'step')}; one window takes {spec.length} "
            f"(window.context_length {spec.context_length} + window.horizon {spec.horizon})."
        )
    elif steps < spec.horizon:
        message = f"{plural(steps, 'step')}; a forecast takes window.horizon, {spec.horizon}."
    else:
        message = (
            f"no window in {plural(steps, 'step')}: too few steps before it, or fewer "
            f"than {rules.min_observed:.0%} (window.min_observed) of a context measured."
        )
    return Finding(
        kind="too_short" if rows else "no_rows",
        severity="error" if train and rows else "warning",
        split=split,
        message=message,
        fix="give more rows, remove the series, or shorten window.context_length or window.horizon.",
    )
