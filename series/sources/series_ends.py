"""From when to when each series was measured: where it is cut, if it is cut from its own end.

>>> merge_ends([{"a": (10, 20)}, {"a": (0, 5), "b": (3, 3)}])
{'a': (0, 20), 'b': (3, 3)}
"""

from collections.abc import Iterable, Mapping

import numpy as np

from tapeline.series.sources.rows import RowLayout, Rows

Ends = Mapping[str, tuple[int, int]]
"""First and last time of a measured value, epoch seconds, by series."""


def series_ends(rows: Rows, layout: RowLayout, *, span: tuple[int, int]) -> dict[str, tuple[int, int]]:
    """Returns the ends of the series of a batch; a series without a measured value is left out.

    Args:
        rows: The batch.
        layout: The columns' roles.
        span: First time that counts, and the one after the last.
    """
    seconds = rows.times.seconds
    inside = (seconds >= span[0]) & (seconds < span[1])
    found = {}
    for target in layout.target:
        measured = np.flatnonzero(inside & ~np.isnan(rows.numbers[target]))
        ids = rows.ids_of(target, layout).take(measured).dictionary_encode()
        code, times = ids.indices.to_numpy(), seconds[measured]
        order = np.lexsort((times, code))
        code, times = code[order], times[order]
        firsts, lasts = np.flatnonzero(np.diff(code, prepend=-1)), np.flatnonzero(np.diff(code, append=-1))
        for first, last in zip(firsts, lasts, strict=True):
            name = ids.dictionary[int(code[first])].as_py().decode()
            found[name] = int(times[first]), int(times[last])
    return found


def merge_ends(parts: Iterable[Ends]) -> dict[str, tuple[int, int]]:
    """Returns the ends over all parts."""
    merged: dict[str, tuple[int, int]] = {}
    for part in parts:
        for name, (first, last) in part.items():
            before = merged.get(name, (first, last))
            merged[name] = min(first, before[0]), max(last, before[1])
    return merged
