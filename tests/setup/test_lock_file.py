"""Both locks: what they hold, for which Pythons, and that they name no place."""

import pathlib
import re
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import stacks

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = sorted(path.name for path in ROOT.glob("requirements*.in"))
TOOLS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("scripts/*-requirements.txt"))
PAIRS = [(stack, python) for stack in stacks.STACKS.values() for python in stack.pythons]


def requirements(name: str, python: str) -> list[Requirement]:
    """The requirements of a file that hold for a version of Python."""
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    found = [Requirement(line) for line in lines if line]
    return [each for each in found if holds(each, python)]


def holds(requirement: Requirement, python: str) -> bool:
    here = {"python_version": python, "python_full_version": python + ".1", "sys_platform": "linux"}
    return requirement.marker is None or requirement.marker.evaluate(here)


def locked(stack: stacks.Stack, python: str) -> dict[str, tuple[str, list[str]]]:
    """Version and hashes of each package of a stack's lock that a version of Python gets."""
    text = re.sub(r"\\\n", "", (ROOT / stack.lock).read_text())
    found: dict[str, tuple[str, list[str]]] = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            words, *hashes = line.split("--hash=sha256:")
            entry = Requirement(words)
            (version,) = (specifier.version for specifier in entry.specifier)
            if holds(entry, python):
                found[canonicalize_name(entry.name)] = (version, [each.strip() for each in hashes])
    return found


@pytest.mark.parametrize(("stack", "python"), PAIRS, ids=lambda value: getattr(value, "name", value))
def test_every_direct_requirement_is_locked_at_a_version_that_satisfies_it(stack: Any, python: Any) -> None:
    entries = locked(stack, python)
    assert len(SOURCES) == 5
    wrong = [
        f"{wanted}: locked {entries.get(canonicalize_name(wanted.name))}"
        for source in SOURCES
        for wanted in requirements(source, python)
        if not wanted.specifier.contains(entries.get(canonicalize_name(wanted.name), ("0",))[0])
    ]
    assert wrong == []
    # The name of a stack is its version of TFX.
    assert entries["tfx"][0] == f"{stack.name}.0"


@pytest.mark.parametrize(("stack", "python"), PAIRS, ids=lambda value: getattr(value, "name", value))
def test_every_entry_has_hashes(stack: Any, python: Any) -> None:
    entries = locked(stack, python)
    assert len(entries) > 100
    wrong = [name for name, (_, hashes) in entries.items() if not hashes or {len(each) for each in hashes} != {64}]
    assert wrong == []


def test_locks_name_no_index_no_folder_and_no_url() -> None:
    for name in (*(stack.lock for stack in stacks.STACKS.values()), *TOOLS):
        text = (ROOT / name).read_text()
        assert re.findall(r"://|--index|--find-links|\.org\b|\.com\b|(?m:^| )/\w+/.*", text) == []


@pytest.mark.parametrize(("stack", "python"), PAIRS, ids=lambda value: getattr(value, "name", value))
def test_the_image_has_the_version_of_tensorflow_that_the_lock_has(stack: Any, python: Any) -> None:
    (image,) = requirements("scripts/image.in", python)
    assert str(image.specifier) == f"=={locked(stack, python)['tensorflow'][0]}"
    pinned = (ROOT / "scripts/image-requirements.txt").read_text()
    assert re.search(rf"^{image.name}{image.specifier} ;.*\\\n    --hash=sha256:", pinned, re.MULTILINE)


@pytest.mark.parametrize(("stack", "python"), PAIRS, ids=lambda value: getattr(value, "name", value))
def test_build_backend_is_locked_so_that_the_project_installs_without_network(stack: Any, python: Any) -> None:
    entries = locked(stack, python)
    text = (ROOT / "pyproject.toml").read_text()
    (listed,) = re.findall(r"^\[build-system\]\nrequires = \[(.*)\]", text, re.MULTILINE)
    for wanted in map(Requirement, re.findall('"([^"]+)"', listed)):
        assert wanted.specifier.contains(entries[canonicalize_name(wanted.name)][0])


@pytest.mark.parametrize(("stack", "python"), PAIRS, ids=lambda value: getattr(value, "name", value))
def test_no_second_deep_learning_framework_is_locked(stack: Any, python: Any) -> None:
    assert not {"torch", "jax", "tensorflow-cpu"} & set(locked(stack, python))
