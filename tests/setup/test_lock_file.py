import pathlib
import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ["requirements.in", "requirements-kubeflow.in", "requirements-dev.in"]


def requirements(name: str) -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    return [Requirement(line) for line in lines if line]


@pytest.fixture(scope="module")
def entries() -> dict[str, tuple[str, list[str]]]:
    """Version and hashes of each locked package."""
    text = re.sub(r"\\\n", "", (ROOT / "requirements.lock").read_text())
    found = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            name, version = re.match(r"([A-Za-z0-9._-]+)==(\S+)", line).groups()
            found[canonicalize_name(name)] = (version, re.findall(r"--hash=sha256:([0-9a-f]{64})\b", line))
    return found


@pytest.mark.parametrize("source", SOURCES)
def test_every_direct_requirement_is_locked_at_a_version_that_satisfies_it(source, entries):
    wrong = [
        f"{wanted}: locked {entries.get(canonicalize_name(wanted.name))}"
        for wanted in requirements(source)
        if not wanted.specifier.contains(entries.get(canonicalize_name(wanted.name), ("0",))[0])
    ]
    assert wrong == []


def test_every_entry_has_hashes(entries):
    assert len(entries) > 100
    assert [name for name, (_, hashes) in entries.items() if not hashes] == []


def test_lock_names_no_index_no_folder_and_no_url():
    for name in ("requirements.lock", "scripts/uv-requirements.txt"):
        text = (ROOT / name).read_text()
        assert re.findall(r"://|--index|--find-links|\.org\b|\.com\b|(?m:^| )/\w+/.*", text) == []


def test_build_backend_is_locked_so_that_the_project_installs_without_network(entries):
    text = (ROOT / "pyproject.toml").read_text()
    (listed,) = re.findall(r"^\[build-system\]\nrequires = \[(.*)\]", text, re.MULTILINE)
    for wanted in map(Requirement, re.findall('"([^"]+)"', listed)):
        assert wanted.specifier.contains(entries[canonicalize_name(wanted.name)][0])


def test_no_second_deep_learning_framework_is_locked(entries):
    assert not {"torch", "jax", "tensorflow-cpu"} & set(entries)
