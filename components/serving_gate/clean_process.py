"""Serves a model in a process of its own and writes down what it did; run as a script, never imported by the project.

It is run as `python -I clean_process.py FOLDER PACKAGE...`, imports TensorFlow
and NumPy, and bars the packages that are named, the project's: a model that
needs them cannot be served. Once a line comes on its standard input, `FOLDER`
holds `plan.json` and `inputs.npz`, and the script answers. A second line lets it
measure the time of a forecast. It leaves `outcome.json` and `outputs.npz` there,
and in `stage.txt` what it was doing last, for whoever finds that it crashed.
Where no line comes, whoever started it is gone, and it ends.
"""

import base64
import contextlib
import importlib
import json
import pathlib
import statistics
import sys
import time
from typing import Any

_WARM_UPS = 5
_MEASURED = 100
_SECONDS_TO_MEASURE = 10.0
_LEAST_MEASURED = 3


class _Barrier:
    """Refuses imports of some packages, wherever they are installed."""

    def __init__(self, names: list[str]) -> None:
        self._names = frozenset(names)

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in self._names:
            raise ModuleNotFoundError(f"{name} is barred: a served model needs nothing of the project", name=name)


def bar(names: list[str]) -> list[str]:
    """Makes packages impossible to import, and returns those that can be imported all the same."""
    sys.meta_path.insert(0, _Barrier(names))
    importable = []
    for name in names:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
            importable.append(name)
    return importable


def answer(signature: Any, inputs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Asks once; returns what came back, and its arrays."""
    import tensorflow as tf

    try:
        outputs = {name: value.numpy() for name, value in signature(**inputs).items()}
    except tf.errors.InvalidArgumentError as error:
        return {"kind": "refused", "message": str(error)}, {}
    except Exception as error:
        return {"kind": "failed", "error": type(error).__name__, "message": str(error)}, {}
    return {"kind": "answered"}, outputs


def median_milliseconds(signature: Any, inputs: dict[str, Any]) -> float:
    """Returns the median time of one forecast, from the tensors that go in to the numbers that come out."""

    def once() -> float:
        start = time.perf_counter()
        for value in signature(**inputs).values():
            value.numpy()
        return 1000.0 * (time.perf_counter() - start)

    for _ in range(_WARM_UPS):
        once()
    taken: list[float] = []
    end = time.perf_counter() + _SECONDS_TO_MEASURE
    while len(taken) < _LEAST_MEASURED or (len(taken) < _MEASURED and time.perf_counter() < end):
        taken.append(once())
    return statistics.median(taken)


def peak_memory_mib() -> float:
    """Returns the most memory that this process has held."""
    # `ru_maxrss` would count the process that started this one as well.
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024.0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0**2 if sys.platform == "darwin" else 1024.0)


def main(folder: pathlib.Path, barred: list[str]) -> None:
    """Does what the plan says."""

    def stage(text: str) -> None:
        (folder / "stage.txt").write_text(text, encoding="utf-8")

    stage("starting")
    importable = bar(barred)

    stage("importing TensorFlow")
    import numpy as np
    import tensorflow as tf

    stage("waiting for the plan")
    if not sys.stdin.readline():
        return
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    numbers = np.load(folder / "inputs.npz", allow_pickle=False)
    texts = {key: [base64.b64decode(each) for each in text["base64"]] for key, text in plan["texts"].items()}

    def tensors(number: int) -> dict[str, Any]:
        prefix = f"{number}/"
        found = {key: tf.constant(numbers[key]) for key in numbers.files if key.startswith(prefix)}
        for key in (key for key in texts if key.startswith(prefix)):
            found[key] = tf.constant(texts[key], tf.string, plan["texts"][key]["shape"])
        return {key.removeprefix(prefix): tensor for key, tensor in found.items()}

    stage("loading the model")
    model = tf.saved_model.load(plan["model"])

    outcomes: list[dict[str, Any]] = []
    outputs: dict[str, Any] = {}
    for number, request in enumerate(plan["requests"]):
        stage(f"{request['signature']}: {request['name']}")
        outcome, answered = answer(model.signatures[request["signature"]], tensors(number))
        outcomes.append(outcome)
        outputs.update({f"{number}/{name}": value for name, value in answered.items() if value.dtype != object})

    stage("waiting for its turn to measure")
    if not sys.stdin.readline():
        return
    latency = None
    timed = plan["timed"]
    if outcomes[timed]["kind"] == "answered":
        stage("measuring the time of one forecast")
        latency = median_milliseconds(model.signatures[plan["requests"][timed]["signature"]], tensors(timed))

    stage("writing what was found")
    np.savez(folder / "outputs.npz", **outputs)
    outcome = {
        "importable": importable,
        "outcomes": outcomes,
        "latency_ms": latency,
        "peak_memory_mib": peak_memory_mib(),
        "versions": {"python": sys.version.split()[0], "tensorflow": tf.__version__, "numpy": np.__version__},
    }
    (folder / "outcome.json").write_text(json.dumps(outcome), encoding="utf-8")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2:])
