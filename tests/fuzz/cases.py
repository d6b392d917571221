"""What a generated input is, and what may become of it.

Every mutation is a function from a random generator to a case. The case
carries what a slow reference made of the same input, so that the oracle needs
to know nothing of how the input was made.
"""

import dataclasses
import os
import pathlib
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

Row = tuple[int, str | None, float | None]
"""Epoch seconds, series, value; None where there is no series column, or the value is missing."""

INPUTS = int(os.environ.get("TAPELINE_FUZZ", "2"))
"""Inputs of each mutation: a few in the unit tests, many at night."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SourceCase:
    """Files, how they are configured, and their rows.

    Attributes:
        files: Content by path below the case's folder.
        expected: Their rows, in any order; None where the input must be refused.
        must_read: Whether a refusal is wrong too.
        source: What `data.source` names below the folder.
        options: Further keys of the section `data`.
        block_bytes: Where files are cut.
        prepare: What else is done to the folder, such as a link.
        locked: Name of a folder that may not be listed.
    """

    files: dict[str, bytes]
    expected: list[Row] | None
    must_read: bool = False
    source: str = "data.csv"
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    block_bytes: int = 1 << 20
    prepare: Callable[[pathlib.Path], None] | None = None
    locked: str = ""


@dataclasses.dataclass(frozen=True)
class Mutation:
    """One way to make an input.

    Attributes:
        domain: What kind of input it is: `csv`, `yaml`, `rest`, ...
        name: What is wrong with it.
        make: From a random generator to the input.
    """

    domain: str
    name: str
    make: Callable[[Random], Any]

    def inputs(self) -> list[tuple[int, Any]]:
        """The inputs by their number: the first ones are the same however many are asked for."""
        return [(at, self.make(Random(zlib.crc32(f"{self.key}#{at}".encode())))) for at in range(INPUTS)]

    @property
    def key(self) -> str:
        """What `known.py` calls it."""
        return f"{self.domain}: {self.name}"


def collect(domain: str, makers: dict[str, Callable[[Random], Any]]) -> list[Mutation]:
    """The mutations of one domain."""
    return [Mutation(domain, name, make) for name, make in makers.items()]
