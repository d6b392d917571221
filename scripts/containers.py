"""Builds the image as its Dockerfile says and runs it: `make test-containers`. No Docker is needed.

    python3 scripts/containers.py                     # build, then every test below tests/containers
    ARGS="-k serve" python3 scripts/containers.py     # some of them

The engine is podman. Where there is no image registry, the base image comes from debootstrap, which is all that the
Dockerfile needs. What is built lies in a folder of its own below the user's cache, and the next call takes from it what
did not change. What cannot be had here is told as a reason, and is no failure.
"""

import os
import pathlib
import resource
import shlex
import shutil
import subprocess
import sys
import tarfile
import time
from typing import Dict, List, Mapping

import bootstrap
import newer_system
import processes
import uv_tool

HOME_VARIABLE = "TAPELINE_CONTAINERS"
"""The tests' way to the folder; who sets it chooses the folder."""
BASE = f"localhost/tapeline-base:{newer_system.SUITE}"
IMAGES = {"pipeline": "localhost/tapeline:test", "serve": "localhost/tapeline-serve:test"}
"""Targets of the Dockerfile, and what they are tagged as."""
STAGES = {stage: f"localhost/tapeline-{stage}:test" for stage in ("wheel", "libraries", "serve-libraries")}
"""Stages that the targets copy from. What has no tag is removed in the end, and the next call would make it anew."""
TAGS = {**STAGES, **IMAGES}
"""All that is built, in order."""
TOOLS = {"podman": "podman", "debootstrap": "debootstrap", "runc": "runc"}
"""Programs, and Debian's packages of them."""
QUICK_SECONDS = 60
MOST = 10_000
"""Files and processes of a container; this machine's own limits may be lower."""
BYTES = 20e9
"""Room for both images and what they are built from."""


class CannotRun(Exception):
    """This machine has no engine, or what the images are made of cannot be had here; the message says why."""


def folder_of(environ: Mapping[str, str]) -> pathlib.Path:
    """Returns where images, and what the engine needs, lie."""
    return pathlib.Path(environ.get(HOME_VARIABLE) or newer_system.root_folder(environ).with_name("containers"))


def engine_environment(folder: pathlib.Path, environ: Mapping[str, str]) -> Dict[str, str]:
    """Writes the engine's settings; returns the variables of its commands.

    It keeps to its folder, and asks for nothing that a container without an init system lacks.
    """
    limits = {
        name: resource.getrlimit(number)[1]
        for name, number in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC))
    }
    # By default the runtime asks for as many as the kernel knows, which is more than it may.
    low = ", ".join(f'"{name}={min(limit, MOST)}:{min(limit, MOST)}"' for name, limit in limits.items() if limit > 0)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "containers.conf").write_text(
        f'[containers]\nnetns = "host"\ndefault_ulimits = [{low}]\n'
        '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n'
    )
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/storage"\nrunroot = "{folder}/run"\n'
    )
    return {
        **environ,
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        # A kernel with older control groups is a warning in every answer of newer engines.
        "PODMAN_IGNORE_CGROUPSV1_WARNING": "1",
        HOME_VARIABLE: str(folder),
    }


def demand_engine(folder: pathlib.Path, environ: Mapping[str, str]) -> None:
    """Installs what is missing, where this system has Debian's packages.

    Raises:
      CannotRun: it could not be had, or there is no room for the images.
    """
    if os.geteuid() != 0:
        raise CannotRun("making a base image takes root's rights")
    free = shutil.disk_usage(str(folder)).free
    if free < BYTES and not (folder / "storage").exists():
        raise CannotRun(f"{folder} has room for {free / 1e9:.0f} GB, and the images take {BYTES / 1e9:.0f}")
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool, path=environ.get("PATH")) is None]
    if not missing:
        return
    if shutil.which("apt-get", path=environ.get("PATH")) is None:
        raise CannotRun(f"there is neither {' nor '.join(missing)}, nor an apt-get to install them with")
    quiet = dict(environ, DEBIAN_FRONTEND="noninteractive")
    for step in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        command = ["apt-get", *step]
        demand(command, processes.run_showing_time(shlex.join(command), command, environ=quiet))


def demand(command: List[str], outcome: processes.Outcome) -> None:
    """Says which command failed that needs what this machine may not have, and why."""
    if not outcome.ok:
        raise CannotRun(f"{shlex.join(command)} failed: {outcome.last_line}")


def make_base(folder: pathlib.Path, environ: Mapping[str, str]) -> None:
    """Makes the base image, unless it is there.

    Raises:
      CannotRun: Debian's packages or the engine could not be had.
    """
    if processes.run(["podman", "image", "exists", BASE], timeout=QUICK_SECONDS, environ=environ).ok:
        return
    root, packed = folder / "base", folder / "base.tar"
    shutil.rmtree(str(root), ignore_errors=True)
    command = ["debootstrap", "--variant=minbase", newer_system.SUITE, str(root)]
    demand(command, processes.run_showing_time("Debian 13 by debootstrap", command, environ=environ))
    left_out = ("./var/cache/apt/archives", "./var/lib/apt/lists", "./proc", "./sys", "./dev")
    with tarfile.open(str(packed), "w") as tar:
        tar.add(str(root), ".", filter=lambda entry: None if entry.name.startswith(left_out) else entry)
    command = ["podman", "import", str(packed), BASE]
    demand(command, processes.run_showing_time(BASE, command, environ=environ))
    packed.unlink()
    shutil.rmtree(str(root))


def demand_containers(environ: Mapping[str, str]) -> None:
    """Looks whether a container can start here, with limits.

    Raises:
      CannotRun: it cannot.
    """
    limits = ["--network", "none", "--cpus", "1", "--memory", "64m", "--read-only", "--cap-drop", "all"]
    command = ["podman", "run", "--rm", *limits, BASE, "true"]
    demand(command, processes.run(command, timeout=QUICK_SECONDS, environ=environ))


def demand_packages(environ: Mapping[str, str]) -> None:
    """Looks whether a container reaches what the Dockerfile installs.

    Raises:
      CannotRun: it does not.
    """
    update = ["podman", "run", "--rm", "--network", "host", BASE, "apt-get", "update"]
    demand(update, processes.run(update, timeout=QUICK_SECONDS, environ=environ))
    index = uv_tool.index_url(environ)
    try:
        uv_tool.read(index + "/uv/")
    except OSError as error:
        raise CannotRun(f"the package index {index} could not be read: {error}") from error


def build_command(target: str, folder: pathlib.Path, environ: Mapping[str, str]) -> List[str]:
    """Returns the command that builds a target; pip and uv in it use this machine's index and certificates."""
    settings = uv_tool.uv_environment(environ)
    index, uv, pip = settings.get("UV_INDEX_URL"), ["native-tls = true"], ["[global]"]
    if index:
        uv.append(f'index-url = "{index}"')
        pip.append(f"index-url = {index}")
    mounts = ["/etc/ssl/certs:/etc/ssl/certs:O"]
    pip.append("cert = /etc/ssl/certs/ca-certificates.crt")
    for lines, name, place in ((uv, "uv.toml", "/etc/uv/uv.toml"), (pip, "pip.conf", "/etc/pip.conf")):
        (folder / name).write_text("\n".join(lines) + "\n")
        mounts.append(f"{folder / name}:{place}:ro")
    # Without Docker's format there is no health check; without skipping, stages of registries would be pulled.
    options = ["--format", "docker", "--pull=never", "--skip-unused-stages", "--network", "host"]
    volumes = [each for mount in mounts for each in ("--volume", mount)]
    named = ["--target", target, "--tag", TAGS[target], "--build-arg", f"BASE={BASE}"]
    return ["podman", "build", *options, *volumes, *named, "."]


def main(arguments: List[str]) -> int:
    """Builds the images and runs the tests; returns an exit status."""
    os.chdir(str(bootstrap.PROJECT))
    folder = folder_of(os.environ)
    environ = engine_environment(folder, os.environ)
    try:
        demand_engine(folder, environ)
        make_base(folder, environ)
        demand_containers(environ)
        code = build(folder, environ)
    except CannotRun as reason:
        print(f"skipped: {reason}.")
        return 0
    if code:
        return code
    tests = [str(bootstrap.PROJECT / ".venv/bin/python"), "-m", "pytest", "tests/containers", "--durations=0"]
    code = subprocess.call([*tests, *shlex.split(environ.get("ARGS", "")), *arguments], env=environ)
    subprocess.call(["podman", "image", "prune", "--force"], env=environ, stdout=subprocess.DEVNULL)
    return code


def build(folder: pathlib.Path, environ: Mapping[str, str]) -> int:
    """Builds the stages and both images; returns an exit status.

    Raises:
      CannotRun: a build failed where nothing can be installed.
    """
    for target, tag in TAGS.items():
        began = time.monotonic()
        outcome = processes.run_showing_time(
            f"target {target}", build_command(target, folder, environ), environ=environ
        )
        if not outcome.ok:
            demand_packages(environ)
            print(outcome.output, file=sys.stderr)
            return outcome.code
        size = processes.run(
            ["podman", "image", "inspect", "--format", "{{.Size}}", tag], timeout=QUICK_SECONDS, environ=environ
        )
        seconds = time.monotonic() - began
        print(f"  {tag}: {int(size.last_line) / 1e9:.2f} GB, built in {seconds:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
