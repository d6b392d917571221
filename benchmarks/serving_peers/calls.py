"""What every contestant of `serving_latency.py` shares: sizes, inputs, and how it is asked.

    calls.serve(prepare, {"library": "TensorFlow 2.16.2", "variants": ["eager"]})

`prepare(variant, batch)` returns a call without arguments; it is timed as often as it is asked for.
"""

import json
import sys
import time
from typing import Any

import numpy as np

CONTEXT, HORIZON, UNITS, CALENDAR, WEEK = 104, 24, 64, 2, 604_800
ENCODER_INPUTS = 2 + CALENDAR
"""The value, whether it was measured, the calendar."""
DECODER_INPUTS = 2 + CALENDAR
"""The value before, the calendar, the linear forecast."""
LINEAR_INPUTS = CONTEXT + HORIZON * CALENDAR


def windows(size: Any) -> tuple[Any, Any, Any]:
    """Windows as a network takes them, ready-made: encoder inputs, the calendar ahead, what the linear part reads."""
    rng = np.random.default_rng(size)
    context = rng.normal(size=(size, CONTEXT, ENCODER_INPUTS)).astype(np.float32)
    ahead = rng.normal(size=(size, HORIZON, CALENDAR)).astype(np.float32)
    linear = np.concatenate([context[:, :, 0], ahead.reshape(size, -1)], axis=1)
    return context, ahead, linear


def raw(size: Any) -> tuple[Any, Any]:
    """The same number of contexts in parts per million, float64, with their times: Saturdays, one after another."""
    values = np.random.default_rng(size).uniform(310, 370, (size, CONTEXT))
    return values, np.tile(2 * 86_400 + WEEK * np.arange(1000, 1000 + CONTEXT), (size, 1))


def serve(prepare: Any, facts: Any) -> None:
    """Answers what stands on standard input, a line each, until it ends."""
    print(json.dumps(facts), flush=True)
    ready = {}
    for line in sys.stdin:
        asked = json.loads(line)
        key = asked["variant"], asked["batch"]
        if key not in ready:
            ready[key] = prepare(*key)
            # Graphs are built and optimised at the first calls.
            for _ in range(4):
                ready[key]()
        seconds = []
        for _ in range(asked["calls"]):
            started = time.perf_counter()
            ready[key]()
            seconds.append(time.perf_counter() - started)
        print(json.dumps({"seconds": seconds}), flush=True)
