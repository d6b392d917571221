"""Contestant: what `tapeline export` wrote, in TensorFlow Lite's interpreter or in ONNX Runtime."""

import pathlib
import sys
from typing import Any

import calls
import numpy as np

path = pathlib.Path(sys.argv[1])


def inputs(wanted: Any, batch: Any) -> dict[Any, Any]:
    """Contexts in parts per million; what a client computes beside them is any number from 0 to 1."""
    rng = np.random.default_rng(batch)
    arrays = {
        name: rng.random([batch if at == 0 else size for at, size in enumerate(shape)]).astype(dtype)
        for name, (shape, dtype) in wanted.items()
    }
    return {**arrays, "context": calls.raw(batch)[0].astype(wanted["context"][1])}


if path.suffix == ".tflite":
    import tensorflow as tf

    runner = tf.lite.Interpreter(str(path)).get_signature_runner()
    library = f"TensorFlow Lite, TensorFlow {tf.__version__}"
    wanted = {name: (details["shape"], details["dtype"]) for name, details in runner.get_input_details().items()}

    def prepare(variant: Any, batch: Any) -> Any:
        asked = inputs(wanted, batch)
        return lambda: runner(**asked)

else:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path))
    library = f"ONNX Runtime {onnxruntime.__version__}"
    dtypes = {"tensor(double)": np.float64, "tensor(float)": np.float32}
    wanted = {node.name: (node.shape, dtypes[node.type]) for node in session.get_inputs()}

    def prepare(variant: Any, batch: Any) -> Any:
        asked = inputs(wanted, batch)
        return lambda: session.run(None, asked)


calls.serve(prepare, {"library": library})
