"""How results of a Beam pipeline reach the process that started it: as lines of text in a file.

Beam's own way to text files takes a dozen steps, for any number of lines and files. These are few lines: one worker gets
all of them, each once, and writes them down.
"""

import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.pipeline import Pipeline

from tapeline.series.grouping.remote_files import open_write, rename


def run_lines(pipeline: Pipeline, name: str, transform: "beam.PTransform[Any, Any]", folder: str) -> Iterator[str]:
    """Runs a pipeline that gives lines of text, and returns them in any order.

    Args:
        pipeline: A new pipeline.
        name: Name of the step.
        transform: From the pipeline's begin to lines.
        folder: Where the lines wait.
    """
    path = _new_path(folder, name)
    with pipeline:
        _ = pipeline | name >> transform | "Collect" >> _Together() | "Keep" >> beam.Map(_write, path)
    return _lines(path)


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
    paths = [_new_path(folder, name) for name in ("First", "Second")]
    with pipeline:
        found = pipeline | beam.Create(items) | beam.Reshuffle() | "First pass" >> beam.FlatMap(first)
        together = found | "Collect first" >> _Together()
        _ = together | "Keep first" >> beam.Map(_write, paths[0])
        # What a step takes at its side is done before it begins.
        done = [] if between is None else [beam.pvalue.AsIter(found | "Between" >> between)]
        settled = together | "Settle" >> beam.ParDo(_Settle(settle), *done)
        lines = settled | "Spread" >> beam.Reshuffle() | "Second pass" >> second
        _ = lines | "Collect second" >> _Together() | "Keep second" >> beam.Map(_write, paths[1])
    return _lines(paths[0]), _lines(paths[1])


class _Together(beam.PTransform[Any, Any]):
    """From lines to one element with all of them; to none where there are none."""

    def expand(self, lines: Any) -> Any:
        return lines | beam.Map(_with_one_key) | beam.GroupByKey() | beam.Values()


class _Settle(beam.DoFn):
    def __init__(self, settle: Callable[[Iterable[str]], Iterable[Any]]) -> None:
        super().__init__()
        self._settle = settle

    def process(self, lines: Iterable[str], done: Any = None) -> Iterable[Any]:
        return self._settle(lines)


def _with_one_key(line: str) -> tuple[int, str]:
    return 0, line


def _write(lines: Iterable[str], path: str) -> None:
    # A worker that is lost in here leaves nothing under this name, and one that is repeated the same.
    part = f"{path}-{uuid.uuid4().hex}"
    with open_write(part) as file:
        for line in lines:
            file.write(f"{line}\n".encode())
    rename(part, path)


def _new_path(folder: str, name: str) -> str:
    return os.path.join(folder, f"{name}-{uuid.uuid4().hex}")


def _lines(path: str) -> Iterator[str]:
    # Without a line there is no file.
    if FileSystems.exists(path):
        with FileSystems.open(path) as file:
            for line in file:
                yield line.decode().rstrip("\n")
