"""Contestant: Keras' own LSTM layers, trained by `model.fit`, teacher-forced."""

import time
from typing import Any

import keras
import rounds
import tensorflow as tf


def build(jit: bool) -> keras.Model:
    context = keras.Input([rounds.CONTEXT, rounds.FEATURES])
    decoder_inputs = keras.Input([rounds.HORIZON, rounds.DECODER_INPUTS])
    _, hidden, cell = keras.layers.LSTM(rounds.UNITS, return_state=True)(context)
    outputs = keras.layers.LSTM(rounds.UNITS, return_sequences=True)(decoder_inputs, initial_state=[hidden, cell])
    forecast = keras.layers.Reshape([rounds.HORIZON])(keras.layers.Dense(1)(outputs))
    model = keras.Model([context, decoder_inputs], forecast)
    model.compile(keras.optimizers.Adam(1e-3, global_clipnorm=1.0), loss="mae", jit_compile=jit)
    return model


class Stopwatch(keras.callbacks.Callback):
    """Times from the end of the first step, when graphs and pipelines are there, to the end of the last."""

    def on_train_begin(self, logs: Any = None) -> None:
        self.ends: list[float] = []

    def on_train_batch_end(self, batch: Any, logs: Any = None) -> None:
        self.ends.append(time.perf_counter())


models = {"fit": build(jit=False), "fit, XLA": build(jit=True)}
datasets: dict[int, tf.data.Dataset] = {}


def train(variant: str, size: int, steps: int) -> float:
    if size not in datasets:
        context, future, previous, target = rounds.batch(size)
        decoder_inputs = tf.concat([previous[..., None], future], axis=2)
        one = tf.data.Dataset.from_tensors(((context, decoder_inputs), target))
        datasets[size] = one.cache().repeat().prefetch(2)
    watch = Stopwatch()
    models[variant].fit(datasets[size], steps_per_epoch=steps + 1, verbose=0, callbacks=[watch])
    return size * steps / (watch.ends[-1] - watch.ends[0])


rounds.serve(train, {"library": f"Keras {keras.__version__}", "parameters": models["fit"].count_params()})
