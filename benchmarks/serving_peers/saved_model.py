"""Contestant: a pushed SavedModel, raw values in; a TensorFlow process that knows nothing of this project."""

import sys
from typing import Any

import calls
import tensorflow as tf

module = tf.saved_model.load(sys.argv[1])
TEN = tf.constant(10 * calls.HORIZON, tf.int64)


def prepare(variant: Any, batch: Any) -> Any:
    context, timestamps = (tf.constant(values) for values in calls.raw(batch))
    signature = module.signatures[variant.split(",")[0]]
    more = {"horizon": TEN} if variant == "any_horizon, 10 x" else {}
    return lambda: signature(context=context, timestamps=timestamps, **more)["forecast"].numpy()


calls.serve(prepare, {"library": f"this SavedModel, TensorFlow {tf.__version__}"})
