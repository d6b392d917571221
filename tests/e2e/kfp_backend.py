"""Runs a compiled Kubeflow pipeline as a back end of KFP would, without a cluster.

It knows nothing of Tapeline: it reads components, executors, tasks, dependencies, inputs, retries and volumes from the
YAML, fills in KFP's placeholders, and starts each step's command in a process of its own as soon as the steps it
depends on have succeeded. The mount path of the volume becomes a folder.

A step is started as its container would start it, or, to save fifteen seconds of imports, forked from a process that
has them loaded: `TAPELINE_FORKED` says which names are commands of this project.
"""

import contextlib
import dataclasses
import json
import multiprocessing
import os
import pathlib
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import yaml

SUCCEEDED, FAILED, NOT_RUN = "succeeded", "failed", "not run"
SECONDS = 900
PRELOADED = ["tapeline.pipeline.node_runner", "tapeline.pipeline.pipeline", "tapeline.pipeline.ir"]


@dataclasses.dataclass
class Attempt:
    """One start of a step."""

    code: int
    log: str
    began: float
    ended: float


@dataclasses.dataclass
class Outcome:
    """How a run ended: its tasks by name, and the files of their output artifacts."""

    job: str
    states: dict[str, str]
    attempts: dict[str, list[Attempt]]
    artifacts: dict[tuple[str, str], pathlib.Path]

    @property
    def succeeded(self) -> bool:
        return set(self.states.values()) == {SUCCEEDED}

    def log(self, task: str) -> str:
        return "\n".join(attempt.log for attempt in self.attempts[task])

    def codes(self, task: str) -> list[int]:
        return [attempt.code for attempt in self.attempts[task]]

    def explain(self) -> str:
        tails = [f"{task} {self.codes(task)}: {self.log(task)[-3000:]}" for task in self.attempts]
        return "\n\n".join(
            [str(self.states), *(tails[at] for at, task in enumerate(self.attempts) if any(self.codes(task)))]
        )


Watch = Callable[[str, int, int], None]
"""Called again and again while a step runs: its task, the number of the try from 0, its process."""


class BackEnd:
    """A back end with one volume.

    Args:
        package: The compiled YAML.
        volume: The folder that stands for the volume.
        forked: Whether steps are forked from a process with everything imported.
    """

    def __init__(self, package: pathlib.Path, volume: pathlib.Path, *, forked: bool = False) -> None:
        self.spec, platform = yaml.safe_load_all(package.read_text())
        self.mounts = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
        self.volume = volume
        self.forked = forked

    def run(self, arguments: Mapping[str, Any], *, watch: Watch | None = None) -> Outcome:
        """Runs the pipeline to its end.

        Args:
            arguments: Parameters of the run.
            watch: Called while steps run.
        """
        job = str(uuid.uuid4())
        values = self._parameters(arguments)
        tasks: dict[str, Any] = self.spec["root"]["dag"]["tasks"]
        outcome = Outcome(job, dict.fromkeys(tasks, NOT_RUN), {}, {})
        running: dict[str, threading.Thread] = {}

        def execute(name: str) -> None:
            outcome.attempts[name] = []
            retries = tasks[name].get("retryPolicy", {}).get("maxRetryCount", 0)
            for number in range(retries + 1):
                attempt = self._start(name, tasks[name], values, outcome, number, watch)
                outcome.attempts[name].append(attempt)
                if attempt.code == 0:
                    break
            outcome.states[name] = SUCCEEDED if attempt.code == 0 else FAILED

        while True:
            for name, task in tasks.items():
                ready = all(outcome.states[needed] == SUCCEEDED for needed in task.get("dependentTasks", ()))
                if name not in running and ready:
                    running[name] = threading.Thread(target=execute, args=(name,))
                    running[name].start()
            if not any(thread.is_alive() for thread in running.values()):
                waiting = [name for name in tasks if name not in running]
                if not any(
                    all(outcome.states[needed] == SUCCEEDED for needed in tasks[name].get("dependentTasks", ()))
                    for name in waiting
                ):
                    return outcome
            time.sleep(0.05)

    def _parameters(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The pipeline's parameters: as given, else their defaults; none may be missing, none unknown."""
        known = self.spec["root"]["inputDefinitions"]["parameters"]
        assert not set(arguments) - set(known), f"unknown parameters: {set(arguments) - set(known)}"
        values = {name: definition.get("defaultValue") for name, definition in known.items()} | dict(arguments)
        missing = [name for name, value in values.items() if value is None]
        assert not missing, f"parameters without a value: {missing}"
        return values

    def _start(
        self,
        name: str,
        task: Mapping[str, Any],
        values: dict[str, Any],
        outcome: Outcome,
        number: int,
        watch: Watch | None,
    ) -> Attempt:
        component = self.spec["components"][task["componentRef"]["name"]]
        label = component["executorLabel"]
        container = self.spec["deploymentSpec"]["executors"][label]["container"]
        inputs = {}
        for key, source in task.get("inputs", {}).get("parameters", {}).items():
            if "componentInputParameter" in source:
                inputs[key] = values[source["componentInputParameter"]]
            else:
                constant = source["runtimeValue"]["constant"]
                inputs[key] = (
                    {"{{$.pipeline_job_uuid}}": outcome.job}.get(constant, constant)
                    if isinstance(constant, str)
                    else constant
                )
        assert set(inputs) == set(component.get("inputDefinitions", {}).get("parameters", {}))
        artifacts = component.get("outputDefinitions", {}).get("artifacts", {})
        for key in artifacts:
            outcome.artifacts[name, key] = self.volume / "kfp" / outcome.job / name / key
        command = [
            self._fill(text, inputs, {key: outcome.artifacts[name, key] for key in artifacts})
            for text in (*container["command"], *container["args"])
        ]
        for mount in self.mounts[label]["pvcMount"]:
            command = [text.replace(mount["mountPath"], str(self.volume)) for text in command]
        folder = self.volume / "pods" / outcome.job / f"{name}-{number}"
        folder.mkdir(parents=True)
        began = time.monotonic()
        process = (_fork if self.forked else _execute)(command, folder)
        while (code := process.poll()) is None:
            if watch is not None:
                watch(name, number, process.pid)
            if time.monotonic() - began > SECONDS:
                process.kill()
            time.sleep(0.05)
        return Attempt(code, (folder / "log").read_text(errors="replace"), began, time.monotonic())

    def _fill(self, text: str, inputs: Mapping[str, Any], artifacts: Mapping[str, pathlib.Path]) -> str:
        """Fills in placeholders as KFP's launcher does; one that is unknown to it stays, which a container would see."""
        for key, value in inputs.items():
            text = text.replace(f"{{{{$.inputs.parameters['{key}']}}}}", _as_text(value))
        for key, path in artifacts.items():
            text = text.replace(f"{{{{$.outputs.artifacts['{key}'].path}}}}", str(path))
        assert not re.search(r"\{\{\$\.(inputs|outputs)", text), f"a placeholder that nothing fills: {text}"
        return text


def _as_text(value: Any) -> str:
    """Text as it is, everything else as Go writes JSON: 24.0 becomes 24."""
    return value if isinstance(value, str) else json.dumps(_whole(value))


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclasses.dataclass
class _Forked:
    process: Any

    @property
    def pid(self) -> int:
        return int(self.process.pid)

    def poll(self) -> int | None:
        return self.process.exitcode

    def kill(self) -> None:
        self.process.kill()


def _execute(command: list[str], folder: pathlib.Path) -> "subprocess.Popen[bytes]":
    """Starts a command as a container does: found on PATH, in a folder of its own."""
    environ = {**os.environ, "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])}
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=subprocess.STDOUT)


_FORKING = threading.Lock()


def _fork(command: list[str], folder: pathlib.Path) -> _Forked:
    with _FORKING:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOADED)
        process = context.Process(target=run_command, args=(command, str(folder)))
        process.start()
    return _Forked(process)


def run_command(command: list[str], folder: str) -> None:
    """Runs a command of this project in this process, which ends with it.

    Args:
        command: `tapeline` and its arguments.
        folder: Where it runs, and where its log goes.
    """
    assert command[0] == "tapeline"
    os.chdir(folder)
    with open("log", "wb", buffering=0) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    from tapeline.cli import main as cli

    code = cli.main(command[1:])
    with contextlib.suppress(ValueError):
        sys.stdout.flush()
    os._exit(code)
