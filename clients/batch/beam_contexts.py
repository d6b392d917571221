"""The newest context of every series of a large source, on Beam: blocks of rows in, serialized requests out.

    requests, findings = blocks | RecentContexts(data=..., layout=..., card=..., first_rows=...)

No step holds a series longer than a context: each block gives the newest rows
of its series, and those of one series merge in any order.
"""

import dataclasses
import json
from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from tapeline.clients.forecast.contexts import build_context
from tapeline.clients.forecast.raw_requests import raw_request
from tapeline.clients.forecast.recent_rows import block_tails
from tapeline.clients.forecast.tails import Tail, merge
from tapeline.forecaster.pushed_model import Card
from tapeline.forecaster.request_examples import serialize_requests
from tapeline.series.checks.findings import Finding
from tapeline.series.sources.reading import Block
from tapeline.series.sources.rows import RowLayout

_FINDINGS = "findings"


@dataclasses.dataclass(eq=False)
class RecentContexts(beam.PTransform):
    """Blocks of a source to serialized Examples, one a series, and to findings as lines of JSON.

    Attributes:
        layout: Roles of the columns.
        card: What the model was trained on.
        first_rows: Row number of each block's first row.
    """

    layout: RowLayout
    card: Card
    first_rows: tuple[int, ...]

    def expand(self, blocks: beam.PCollection[Block]) -> Any:
        """Applies the transform."""
        length = self.card.window.context_length
        made = (
            blocks
            | "Tails" >> beam.FlatMap(self._tails).with_output_types(tuple[bytes, Any])
            | "Newest" >> beam.CombinePerKey(_Newest(length))
            | "Requests" >> beam.FlatMap(self._request).with_outputs(_FINDINGS, main="requests")
        )
        return made["requests"], made[_FINDINGS]

    def _tails(self, block: Block) -> Iterator[tuple[bytes, Tail]]:
        first_row, length = self.first_rows[block.index], self.card.window.context_length
        yield from block_tails(block, self.card.data, self.layout, first_row, length).items()

    def _request(self, keyed: tuple[bytes, Tail]) -> Iterator[Any]:
        findings, context = build_context(*keyed, card=self.card, horizon=self.card.window.horizon)
        for finding in findings:
            yield beam.pvalue.TaggedOutput(_FINDINGS, json.dumps(dataclasses.asdict(finding)))
        if context is not None:
            inputs = {name: values for name, values in raw_request([context]).items() if np.size(values)}
            yield from serialize_requests(inputs)


class _Newest(beam.CombineFn):
    """Tails of one series to one; its parts come in any order."""

    def __init__(self, context_length: int) -> None:
        super().__init__()
        self._context_length = context_length

    def create_accumulator(self) -> list[Tail]:
        return []

    def add_input(self, accumulator: list[Tail], tail: Tail) -> list[Tail]:
        return [merge([*accumulator, tail], context_length=self._context_length)]

    def merge_accumulators(self, accumulators: Iterable[list[Tail]]) -> list[Tail]:
        tails = [tail for accumulator in accumulators for tail in accumulator]
        return [merge(tails, context_length=self._context_length)] if tails else []

    def extract_output(self, accumulator: list[Tail]) -> Tail:
        (tail,) = accumulator
        return tail


def finding_of(line: str) -> Finding:
    """Reads a line of findings."""
    return Finding(**json.loads(line))
