"""No input passes in silence: each is refused in good words, or read as a slow reference reads it.

The inputs are made from seeds, `TAPELINE_FUZZ` of them for each mutation (2, unless it is set).
"""

import pathlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tests.fuzz import byte_inputs, csv_inputs, folder_inputs, parquet_inputs, rest_inputs, yaml_inputs
from tests.fuzz.cases import Mutation
from tests.fuzz.known import KNOWN, RARE
from tests.fuzz.oracle import source_faults

SOURCES = (byte_inputs, csv_inputs, folder_inputs, parquet_inputs)
ALL = [mutation for module in (*SOURCES, yaml_inputs, rest_inputs) for mutation in module.MUTATIONS]


def parameters(*modules: ModuleType) -> list[Any]:
    """The mutations, those that are known to pass wrongly marked as such."""
    return [
        pytest.param(
            mutation,
            id=mutation.key.replace(": ", "-", 1),
            marks=[pytest.mark.xfail(strict=True, reason=KNOWN[mutation.key])] if mutation.key in KNOWN else [],
        )
        for module in modules
        for mutation in module.MUTATIONS
    ]


def all_faults(mutation: Mutation, judge: Callable[[Any, pathlib.Path], list[str]], folder: pathlib.Path) -> dict:
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


def test_there_are_500_inputs_and_more() -> None:
    assert sum(len(mutation.inputs()) for mutation in ALL) >= 500


def test_what_is_known_names_mutations_that_there_are() -> None:
    elsewhere = {"parquet: a type that runs code"}
    assert (KNOWN.keys() | RARE.keys()) - {mutation.key for mutation in ALL} == elsewhere


def test_the_same_seed_gives_the_same_input() -> None:
    for mutation in csv_inputs.MUTATIONS:
        assert [case.files for _, case in mutation.inputs()] == [case.files for _, case in mutation.inputs()]
