"""What every contestant of the speed comparison shares: the task's sizes and how it talks to the parent process.

A contestant is a process that stays alive. It reads one JSON object a line,
`{"variant": ..., "batch": ..., "steps": ...}`, makes that many training steps,
and answers with the windows per second. It needs NumPy alone, so that PyTorch
can run in an environment without TensorFlow.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

CONTEXT, HORIZON, FUTURE, UNITS = 104, 24, 2, 64
FEATURES = 6
"""Inputs at each context step: the value, whether it was measured, two past and two known covariates."""

DECODER_INPUTS = 1 + FUTURE
"""Inputs at each lead step: the value before it, and the known covariates."""

Trainer = Callable[[str, int, int], float]


def batch(size: int, seed: int = 0) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Context `[B, T, 6]`, known future `[B, H, 2]`, value before each lead step `[B, H]`, target `[B, H]`."""
    rng = np.random.default_rng(seed)
    context = rng.normal(size=(size, CONTEXT, FEATURES)).astype(np.float32)
    future = rng.normal(size=(size, HORIZON, FUTURE)).astype(np.float32)
    target = rng.normal(size=(size, HORIZON)).astype(np.float32)
    previous = np.concatenate([context[:, -1:, 0], target[:, :-1]], axis=1)
    return context, future, previous, target


def serve(train: Trainer, facts: dict[str, object]) -> None:
    """Answers the parent until it closes the pipe."""
    print(json.dumps(facts), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        rate = train(asked["variant"], asked["batch"], asked["steps"])
        print(json.dumps({"windows_per_second": rate}), flush=True)
