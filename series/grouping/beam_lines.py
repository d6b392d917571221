"""How results of a Beam pipeline reach the process that started it: as lines of text in files."""

import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.pipeline import Pipeline


def run_lines(pipeline: Pipeline, name: str, transform: "beam.PTransform[Any, Any]", folder: str) -> Iterator[str]:
    """Runs a pipeline that gives lines of text, and returns them in any order.

    Args:
        pipeline: A new pipeline.
        name: Name of the step.
        transform: From the pipeline's begin to lines.
        folder: Where the lines wait.
    """
    prefix = _prefix(folder, name)
    with pipeline:
        _ = pipeline | name >> transform | "Collect" >> beam.io.WriteToText(prefix)
    return _lines(prefix)


def run_two_passes(
    pipeline: Pipeline,
    items: Sequence[Any],
    first: Callable[[Any], Iterable[str]],
    settle: Callable[[Iterable[str]], Iterable[Any]],
    second: "beam.PTransform[Any, Any]",
    folder: str,
    *,
    between: "beam.PTransform[Any, Any] | None" = None,
) -> tuple[Iterator[str], Iterator[str]]:
    """Runs two passes in one job: what the first one finds says what the second one has to do.

    A job of its own for each would start every worker twice. A mistake in the data is nothing to raise on a worker:
    then `settle` gives nothing, and the caller raises what it sees in the lines of the first pass.

    Args:
        pipeline: A new pipeline.
        items: What the first pass goes over.
        first: From an item to lines.
        settle: From all lines, in any order, to what the second pass goes over. One worker runs it.
        second: From those to lines.
        folder: Where the lines wait.
        between: From the lines of the first pass to what must be done before the second one begins; it may give
            anything.

    Returns:
        The lines of both passes, in any order.
    """
    prefixes = [_prefix(folder, name) for name in ("First", "Second")]
    with pipeline:
        found = pipeline | beam.Create(items) | beam.Reshuffle() | "First pass" >> beam.FlatMap(first)
        _ = found | "Keep" >> beam.io.WriteToText(prefixes[0])
        # What a step takes at its side is done before it begins.
        done = [] if between is None else [beam.pvalue.AsIter(found | "Between" >> between)]
        together = found | beam.Map(_together) | beam.GroupByKey() | beam.Values()
        settled = together | "Settle" >> beam.ParDo(_Settle(settle), *done)
        lines = settled | "Spread" >> beam.Reshuffle() | "Second pass" >> second
        _ = lines | "Collect" >> beam.io.WriteToText(prefixes[1])
    return _lines(prefixes[0]), _lines(prefixes[1])


class _Settle(beam.DoFn):
    def __init__(self, settle: Callable[[Iterable[str]], Iterable[Any]]) -> None:
        super().__init__()
        self._settle = settle

    def process(self, lines: Iterable[str], done: Any = None) -> Iterable[Any]:
        return self._settle(lines)


def _together(line: str) -> tuple[int, str]:
    return 0, line


def _prefix(folder: str, name: str) -> str:
    return os.path.join(folder, f"{name}-{uuid.uuid4().hex}")


def _lines(prefix: str) -> Iterator[str]:
    (found,) = FileSystems.match([prefix + "*"])
    for path in sorted(metadata.path for metadata in found.metadata_list):
        with FileSystems.open(path) as file:
            for line in file:
                yield line.decode().rstrip("\n")
