"""No input passes in silence: each is refused in good words, or read as a slow reference reads it.

The inputs are made from seeds, `TAPELINE_FUZZ` of them for each mutation (2, unless it is set).
"""

import collections
import pathlib
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest

from tests.e2e.served_folder import Folder
from tests.e2e.test_kills import CHAINS, POINTS
from tests.fuzz import byte_inputs, csv_inputs, folder_inputs, parquet_inputs, rest_inputs, served_inputs, yaml_inputs
from tests.fuzz.cases import Mutation
from tests.fuzz.known import KNOWN, OF_OLD_LIBRARIES, RARE
from tests.fuzz.oracle import source_faults

SOURCES = (byte_inputs, csv_inputs, folder_inputs, parquet_inputs)
OLD_LIBRARIES = int(pa.__version__.split(".")[0]) < 14
ALL = [mutation for module in (*SOURCES, yaml_inputs, rest_inputs, served_inputs) for mutation in module.MUTATIONS]


def parameters(*modules: ModuleType) -> list[Any]:
    """The mutations, those that are known to pass wrongly marked as such."""

    def marks(key: str) -> list[pytest.MarkDecorator]:
        strict = key not in OF_OLD_LIBRARIES or OLD_LIBRARIES
        return [pytest.mark.xfail(strict=strict, reason=KNOWN[key])] if key in KNOWN else []

    return [
        pytest.param(mutation, id=mutation.key.replace(": ", "-", 1), marks=marks(mutation.key))
        for module in modules
        for mutation in module.MUTATIONS
    ]


def all_faults(
    mutation: Mutation, judge: Callable[[Any, pathlib.Path], list[str]], folder: pathlib.Path
) -> dict[int, Any]:
    """The faults of a mutation's inputs, by their number."""
    rare = RARE.get(mutation.key)
    found = {at: judge(case, folder / str(at)) for at, case in mutation.inputs()}
    found = {at: [fault for fault in faults if not (rare and rare in fault)] for at, faults in found.items()}
    return {at: faults for at, faults in found.items() if faults}


@pytest.mark.parametrize("mutation", parameters(*SOURCES))
def test_a_source_is_refused_or_read_as_the_reference_reads_it(mutation: Mutation, tmp_path: pathlib.Path) -> None:
    assert all_faults(mutation, source_faults, tmp_path) == {}


@pytest.mark.parametrize("mutation", parameters(yaml_inputs))
def test_a_configuration_is_refused_or_means_what_it_says(mutation: Mutation, tmp_path: pathlib.Path) -> None:
    assert all_faults(mutation, yaml_inputs.faults, tmp_path) == {}


@pytest.mark.parametrize("mutation", parameters(rest_inputs))
def test_a_request_is_refused_or_reaches_the_model_as_it_was_sent(mutation: Mutation, tmp_path: pathlib.Path) -> None:
    assert all_faults(mutation, rest_inputs.faults, tmp_path) == {}


@pytest.mark.parametrize("mutation", parameters(served_inputs))
def test_a_version_is_used_as_it_was_pushed_or_not_at_all(mutation: Mutation, tmp_path: pathlib.Path) -> None:
    assert all_faults(mutation, served_inputs.faults, tmp_path) == {}


def test_there_are_500_mutations_and_more() -> None:
    assert len({mutation.key for mutation in ALL}) == len(ALL) >= 500


def test_what_is_known_names_mutations_that_there_are() -> None:
    assert KNOWN.keys() | RARE.keys() <= {mutation.key for mutation in ALL}


def test_the_same_seed_gives_the_same_input() -> None:
    for mutation in csv_inputs.MUTATIONS:
        assert [case.files for _, case in mutation.inputs()] == [case.files for _, case in mutation.inputs()]


def test_the_page_counts_what_is_tried_and_what_passes_wrongly() -> None:
    page = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "reliability.md"
    told = {
        row[0]: (int(row[1]), int(row[2]))
        for row in re.findall(r"\| `(\w+)` \|[^|]+\| (\d+) \| (\d+) \|", page.read_text())
    }
    tried = collections.Counter(mutation.domain for mutation in ALL)
    wrong = collections.Counter(mutation.domain for mutation in ALL if mutation.key in KNOWN)
    assert told == {domain: (tried[domain], wrong[domain]) for domain in tried}


def test_the_page_counts_kills_and_changes_of_the_served_folder() -> None:
    page = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "reliability.md").read_text()
    told = {row[0].strip(): row[1] for row in re.findall(r"^\| ([^|`]+) \| ([^|]+) \|", page, re.MULTILINE)}
    assert told["SIGKILL on the way through a run"] == f"{len(POINTS)} points, {len(POINTS[::CHAINS])} in `make test`"
    ways = Folder(pathlib.Path(), pathlib.Path()).ways()
    assert told["the served folder changed under load"].startswith(f"{len(ways)} ways, each at least once")
