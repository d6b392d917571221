"""Judges what became of an input: refused in good words, or read as the reference reads it. Anything else is a fault."""

import collections
import contextlib
import errno
import math
import os
import pathlib
import re
import signal
import time
import unittest.mock
from collections.abc import Callable, Iterator
from typing import Any

from tapeline.schemas.errors import UserError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig
from tapeline.series.sources.reading import plan_blocks, read_batches
from tapeline.series.sources.rows import RowLayout, read_rows
from tapeline.series.sources.scanning import facts_from_json, facts_to_json, scan_block, survey_source
from tapeline.series.sources.source import find_source
from tests.fuzz.cases import Row, SourceCase

SECONDS = 5.0
"""Longest that one input may take, on a busy machine."""

LONGEST_MESSAGE = 10_000

_ARGUMENT = re.compile(
    r"\b(name|schema_path|data|features|checks|split|window|scaling|model|training|gate|serving|push|beam|kubeflow)\b"
    r"|--[a-z-]+|config\.yaml"
)
_FIX = re.compile(
    r"\b(Correct|Give|Write|Mend|Fix|Remove|Rename|Set|Name|Save|Quote|Round|Convert|Separate|Did you mean|Add|Run|"
    r"correct|give|write|name|keep|must|should|Repair|Make|Put|Use|Delete|Sort|Take|Push|lists the keys|shorten|lengthen|make|exclude)\b"
)


def refusal_faults(message: str) -> list[str]:
    """What a user misses in the words of a refusal."""
    faults = []
    if not _ARGUMENT.search(message):
        faults.append(f"the message names no argument: {message[:200]!r}")
    if not _FIX.search(message):
        faults.append(f"the message gives no fix: {message[:200]!r}")
    if len(message) > LONGEST_MESSAGE:
        faults.append(f"the message has {len(message):,} characters: {message[:100]!r}...")
    if not all(character.isprintable() or character in "\n\t" for character in message):
        faults.append(f"the message has characters that cannot be printed: {message[:200]!r}")
    return faults


@contextlib.contextmanager
def _alarm() -> Iterator[None]:
    """Stops what hangs; Python code only."""

    def stop(*_: Any) -> None:
        raise TimeoutError("stopped")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 4 * SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def faults_of(read: Callable[[], Any], check: Callable[[Any], list[str]], *, must_read: bool = False) -> list[str]:
    """Runs a reader on one input.

    Args:
        read: Reads the input.
        check: What is wrong with what was read, compared with the reference.
        must_read: Whether a refusal is wrong.
    """
    started = time.perf_counter()
    try:
        with _alarm():
            result = read()
    except UserError as error:
        faults = refusal_faults(str(error))
        if must_read:
            faults.append(f"refused, though nothing is wrong: {error}"[:300])
    except RecursionError:
        faults = ["crash: RecursionError"]
    except Exception as error:
        faults = [f"crash: {type(error).__name__}: {error}"[:300]]
    else:
        faults = check(result)
    took = time.perf_counter() - started
    return faults if took < SECONDS else [*faults, f"took {took:.1f} s"]


def read_source(case: SourceCase, folder: pathlib.Path) -> list[Row]:
    """Reads a case as the two passes of `SeriesExampleGen` do, without Beam."""
    data = DataConfig(
        source=str(folder / case.source),
        **{"time": "ds", "target": "y", "series_id": None, "frequency": "D", **case.options},
    )
    layout = RowLayout.of(data, FeaturesConfig())
    blocks = plan_blocks(find_source(data), needed=layout.columns, block_bytes=case.block_bytes)
    lines = [facts_to_json(facts) for block in blocks for facts in scan_block(block, layout)]
    survey = survey_source(blocks, map(facts_from_json, lines), layout)
    rows: list[Row] = []
    for block in blocks:
        for batch in read_batches(block):
            read = read_rows(batch, layout, first_row=0)
            ids = [None] * len(read) if read.series_ids is None else read.series_ids.to_pylist()
            names = [None if name is None else name.decode() for name in ids]
            numbers = [None if math.isnan(number) else number for number in read.numbers["y"].tolist()]
            rows += zip(read.times.seconds.tolist(), names, numbers, strict=True)
    assert survey.rows == len(rows), f"the survey counts {survey.rows} rows, {len(rows)} were read"
    return rows


@contextlib.contextmanager
def _locked(name: str) -> Iterator[None]:
    """Refuses to list folders of a name, as to a user without the right to; the one who runs the tests may have it."""
    scandir = os.scandir

    def refuse(path: Any = ".") -> Any:
        if os.path.basename(os.fspath(path)) == name:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scandir(path)

    with unittest.mock.patch("os.scandir", refuse):
        yield


def source_faults(case: SourceCase, folder: pathlib.Path) -> list[str]:
    """What is wrong with how a case is read."""
    for name, content in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    if case.prepare:
        case.prepare(folder)

    def check(rows: list[Row]) -> list[str]:
        if case.expected is None:
            return [f"read without a word, {len(rows)} rows, such as {rows[:2]}"]
        lost = collections.Counter(case.expected) - collections.Counter(rows)
        more = collections.Counter(rows) - collections.Counter(case.expected)
        if lost or more:
            return [f"rows differ: lost {list(lost)[:2]}, got {list(more)[:2]} ({len(rows)} of {len(case.expected)})"]
        return []

    with _locked(case.locked) if case.locked else contextlib.nullcontext():
        return faults_of(lambda: read_source(case, folder), check, must_read=case.must_read)
