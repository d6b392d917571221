"""Containers of the images under test, and the compiled YAML run as containers."""

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import containers
from tests.e2e.kfp_backend import BackEnd

IMAGE, SERVE = containers.IMAGES["pipeline"], containers.IMAGES["serve"]
MOUNT = "/mnt/tapeline"
ANY_USER = "1000710000:0"
"""As OpenShift chooses one: a number without a name, in group 0."""
CLOSED = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges")
"""What a restricted cluster takes away from every container. Podman gives a read-only one its own writable /tmp."""


def podman(*arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """Runs a command of the engine to its end."""
    ended = subprocess.run(["podman", *arguments], capture_output=True, text=True, check=False)
    assert not check or ended.returncode == 0, f"{arguments}: {ended.stdout[-3000:]}{ended.stderr[-3000:]}"
    return ended


def run(*arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """Runs a container of the image to its end."""
    return podman("run", "--rm", *arguments, check=check)


@contextlib.contextmanager
def running(name: str, *arguments: str) -> Iterator[str]:
    """Keeps a container running inside the block."""
    podman("run", "--detach", "--name", name, *arguments)
    try:
        yield name
    finally:
        podman("rm", "--force", "--time", "0", name)


def log_of(name: str) -> str:
    """What a container has printed."""
    ended = podman("logs", name)
    return ended.stdout + ended.stderr


def wait_until(true: Any, what: str, *, seconds: float = 180) -> None:
    """Waits until a function returns something true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s: {what}"
        time.sleep(0.5)


@dataclasses.dataclass
class Step:
    """A step in a container."""

    name: str
    process: "subprocess.Popen[bytes]"

    @property
    def pid(self) -> int:
        return self.process.pid

    def poll(self) -> int | None:
        return self.process.poll()

    def kill(self) -> None:
        podman("kill", self.name, check=False)


class Containers(BackEnd):
    """A back end that runs every step as a container, under the limits of the YAML and without a network.

    Args:
        package: The compiled YAML.
        volume: The folder that stands for the volume.
        users: Who the steps run as, in turn.
        options: More options of `podman run`.
    """

    def __init__(
        self,
        package: pathlib.Path,
        volume: pathlib.Path,
        *,
        users: tuple[str, ...] = (ANY_USER,),
        options: Any = CLOSED,
    ) -> None:
        super().__init__(package, volume)
        self.users = users
        self.options = options
        self.started: list[str] = []

    def start(self, label: str, command: list[str], folder: pathlib.Path) -> Step:
        for above in (folder, folder.parent, folder.parent.parent):
            above.chmod(0o770)
        name = f"{folder.parent.name}-{folder.name}"
        user = self.users[len(self.started) % len(self.users)]
        self.started.append(name)
        limits = self.spec["deploymentSpec"]["executors"][label]["container"]["resources"]
        # More cores than there are is more than a runtime takes.
        cores = min(float(limits["cpuLimit"]), os.cpu_count() or 1)
        options = [
            "--cpus",
            str(cores),
            "--memory",
            str(int(limits["memoryLimit"] * 1e9)),
            "--network",
            "none",
            "--user",
            user,
        ]
        for mount in self.mounts[label]["pvcMount"]:
            options += ["--volume", f"{self.volume}:{mount['mountPath']}"]
            command = [text.replace(str(self.volume), mount["mountPath"]) for text in command]
        image = self.spec["deploymentSpec"]["executors"][label]["container"]["image"]
        with (folder / "log").open("wb") as log:
            whole = ["podman", "run", "--rm", "--name", name, *options, *self.options, image, *command]
            return Step(name, subprocess.Popen(whole, stdout=log, stderr=subprocess.STDOUT))


def serving(socket: pathlib.Path) -> "subprocess.Popen[bytes]":
    """Starts the engine's service, which speaks Docker's protocol at a socket."""
    return subprocess.Popen(["podman", "system", "service", "--time", "0", f"unix://{socket}"])


def bill_of_materials(image: str) -> Any:
    """What an image says that it holds."""
    return json.loads(run("--entrypoint", "cat", image, "/opt/tapeline/sbom.cdx.json").stdout)
