"""Names of series, as findings show them."""

import numpy as np

from tapeline.components.data_gate.findings import MAX_SERIES


def name_of(series_id: bytes) -> str:
    """The name in words; bytes that are no UTF-8 show as a question mark in a box."""
    return series_id.decode("utf-8", "replace")


def first_by_name(ids: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Returns those of the chosen series that a report names: the first ones by name.

    Args:
        ids: The series, bytes `[u]`.
        chosen: Positions of some of them, int64 `[n]`.
    """
    return np.array(sorted(chosen.tolist(), key=lambda code: name_of(bytes(ids[code])))[:MAX_SERIES], np.int64)
