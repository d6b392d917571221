"""Has a model served alone, in a clean process, and brings back what was found: answers, or why there are none."""

import base64
import dataclasses
import json
import math
import os
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tapeline.components.serving_gate import clean_start
from tapeline.components.serving_gate.real_requests import GateRequest


@dataclasses.dataclass(frozen=True, eq=False)
class Answer:
    """What came back for one request.

    Attributes:
        kind: `answered`, `refused` (InvalidArgument) or `failed` (any other error).
        outputs: Arrays by output.
        message: The error's message.
        error: Its type, where it is not InvalidArgument.
    """

    kind: str
    outputs: Mapping[str, npt.NDArray[Any]] = dataclasses.field(default_factory=dict)
    message: str = ""
    error: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Served:
    """What a process of its own found.

    Attributes:
        problem: Why it came to no end; "" where it did.
        log: The end of what it wrote to standard error.
        answers: One for each request, in their order.
        latency_ms: Median time of one forecast; NaN where it was not measured.
        memory_mib: Peak memory; NaN where it was not measured.
        versions: Of Python and libraries.
    """

    problem: str = ""
    log: str = ""
    answers: tuple[Answer, ...] = ()
    latency_ms: float = math.nan
    memory_mib: float = math.nan
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)


def serve_alone(
    model_dir: str,
    requests: Sequence[GateRequest],
    *,
    timed: int,
    timeout_seconds: float,
    before_measuring: Callable[[], None] | None = None,
) -> Served:
    """Serves a model in a clean process and sends it requests.

    Args:
        model_dir: The SavedModel.
        requests: What to send.
        timed: Which of them is repeated to measure the time of one forecast.
        timeout_seconds: When to give up.
        before_measuring: As of `CleanProcess.run`.
    """
    clean = clean_start.take()
    try:
        _write_plan(clean.folder, model_dir, requests, timed=timed)
        problem, log = clean.run(timeout_seconds, before_measuring)
        return Served(problem=problem, log=log) if problem else _read(clean.folder, log)
    finally:
        clean.end()


def _write_plan(folder: pathlib.Path, model_dir: str, requests: Sequence[GateRequest], *, timed: int) -> None:
    arrays = {
        f"{number}/{name}": np.asarray(value)
        for number, request in enumerate(requests)
        for name, value in request.inputs.items()
    }
    # NumPy could write texts as pickles only, which may hold code.
    texts = {
        key: {"shape": value.shape, "base64": [base64.b64encode(each).decode() for each in value.ravel()]}
        for key, value in arrays.items()
        if value.dtype == object
    }
    plan = {
        "model": os.path.abspath(model_dir),
        "timed": timed,
        "requests": [{"name": request.name, "signature": request.signature} for request in requests],
        "texts": texts,
    }
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    numbers: dict[str, Any] = {key: value for key, value in arrays.items() if key not in texts}
    np.savez(folder / "inputs.npz", **numbers)


def _read(folder: pathlib.Path, log: str) -> Served:
    found: dict[str, Any] = json.loads((folder / "outcome.json").read_text(encoding="utf-8"))
    answers = []
    with np.load(folder / "outputs.npz") as arrays:
        for number, outcome in enumerate(found["outcomes"]):
            outputs = {name.partition("/")[2]: arrays[name] for name in arrays.files if name.startswith(f"{number}/")}
            answers.append(Answer(outcome["kind"], outputs, outcome.get("message", ""), outcome.get("error", "")))
    problem = f"it could import {', '.join(found['importable'])}" if found["importable"] else ""
    latency = found["latency_ms"]
    return Served(
        problem=problem,
        log=log,
        answers=tuple(answers),
        latency_ms=math.nan if latency is None else latency,
        memory_mib=found["peak_memory_mib"],
        versions=found["versions"],
    )
