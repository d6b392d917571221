"""What a component counted, for the end of its line while a pipeline runs.

>>> counts_in_words({"train_rows": 1599, "eval_rows": 342, "test_rows": 343, "unused_rows": 0})
'2,284 rows: 1,599 train, 342 eval, 343 test'

The numbers are those that components write onto their artifacts, summed over
all workers, so they are the same on every runner and for a cached component.
The serving gate writes its finding, which stands in place of numbers.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tapeline.schemas.features import SPLITS


def counts_in_words(properties: Mapping[str, Any]) -> str:
    """Returns rows or windows by split, and series, or what was found; "" where an artifact has no split of its own."""
    if "in_words" in properties:
        return str(properties["in_words"])
    whats = [what for what in ("rows", "windows") if all(f"{split}_{what}" in properties for split in SPLITS)]
    if not whats:
        return ""
    parts = []
    if "first_span" in properties:
        first, last = properties["first_span"], properties["span"]
        parts.append(f"span {last}" if first == last else f"spans {first} to {last}")
    if "series" in properties:
        parts.append(f"{properties['series']:,} series")
    for what in whats:
        by_split = {split: properties.get(f"{split}_{what}", 0) for split in (*SPLITS, "unused", "unmeasured")}
        total = sum(by_split[split] for split in SPLITS)
        shares = [f"{count:,} {split}" for split, count in by_split.items() if split in SPLITS or count > 0]
        parts.append(f"{total:,} {what}: {', '.join(shares)}")
    return "; ".join(parts)


def counts_of(artifacts: Iterable[Mapping[str, Any]]) -> str:
    """Returns the counts of the first artifact that has rows or windows of every split; "" where none has."""
    return next(filter(None, map(counts_in_words, artifacts)), "")
