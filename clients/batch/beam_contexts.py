"""The newest context of every series of a large source, on Beam: blocks of rows in, files of requests out.

No step holds a series longer than a context: each block gives the newest rows
of its series, and those of one series merge in any order.
"""

import dataclasses
import functools
import json
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import numpy as np

from tapeline.forecaster.inference.contexts import build_context, raw_request
from tapeline.forecaster.inference.recent_rows import block_tails
from tapeline.forecaster.inference.tails import Tail, merge
from tapeline.forecaster.pushed_model import Card
from tapeline.forecaster.request_examples import serialize_requests
from tapeline.series.sources.reading import Block
from tapeline.series.sources.rows import RowLayout

_FINDINGS = "findings"


@dataclasses.dataclass(eq=False)
class RecentContexts(beam.PTransform):  # type: ignore[type-arg]
    """Writes blocks of a source as serialized Examples, one a series; gives findings as lines of JSON.

    Attributes:
        layout: Roles of the columns.
        card: What the model was trained on.
        first_rows: Row number of each block's first row.
        requests: Files to write: folder and how their names begin.
    """

    layout: RowLayout
    card: Card
    first_rows: tuple[int, ...]
    requests: str

    def expand(self, blocks: "beam.pvalue.PCollection[Block]") -> Any:
        """Applies the transform."""
        length = self.card.window.context_length
        made = (
            blocks
            | "Tails" >> beam.FlatMap(self._tails).with_output_types(tuple[bytes, Any])
            | "Newest" >> beam.CombinePerKey(functools.partial(merge, context_length=length))  # type: ignore[arg-type]
            | "Requests" >> beam.FlatMap(self._request).with_outputs(_FINDINGS, main="requests")
        )
        _ = made["requests"] | "Write" >> beam.io.WriteToTFRecord(
            self.requests, file_name_suffix=".gz", coder=beam.coders.BytesCoder()
        )
        return made[_FINDINGS]

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
