"""Contestant: the same network in plain Keras layers, in a graph; windows come scaled and ready-made."""

from typing import Any

import calls
import keras
import tensorflow as tf

encoder = keras.layers.LSTM(calls.UNITS, return_state=True)
cell = keras.layers.LSTMCell(calls.UNITS)
head, highway = keras.layers.Dense(1), keras.layers.Dense(calls.HORIZON)


@tf.function(reduce_retracing=True)
def forecast(context: Any, ahead: Any, linear: Any) -> Any:
    line = highway(linear)
    _, hidden, state = encoder(context)
    states, value, values = [hidden, state], context[:, -1, :1], []
    for step in range(calls.HORIZON):
        output, states = cell(tf.concat([value, ahead[:, step], line[:, step : step + 1]], axis=1), states)
        value = line[:, step : step + 1] + head(output)
        values.append(value)
    return tf.concat(values, axis=1)


def prepare(variant: Any, batch: Any) -> Any:
    window = [tf.constant(values) for values in calls.windows(batch)]
    return lambda: forecast(*window).numpy()


calls.serve(prepare, {"library": f"Keras {keras.__version__}"})
