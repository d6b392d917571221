"""What the decoder reads in training: the truth, its own output, or a mixture that shifts from one to the other.

>>> config = SamplingConfig(schedule="linear", start=0.0, end=1.0, epochs=20)
>>> [sampling_probability(config, epoch) for epoch in (0, 5, 20, 30)]
[0.0, 0.25, 1.0, 1.0]

Teacher forcing hides from a decoder that it will have to live with its own mistakes. Scheduled sampling (Bengio et al.
2015) feeds it more and more of its own output. Step after step, with a gradient through every step, that is slow. Here
the output to feed is made first, by a rollout without gradient; then the whole horizon is decoded from the mixture in
one call of the fused kernel, and only that call is differentiated.

Once nothing but its own output is fed, no mixture is needed: the rollout itself is differentiated, which is one pass
where there were two, and the gradient knows that a forecast is the next one's input.
"""

import math
from typing import Literal

import tensorflow as tf

from tapeline.forecaster.network.decoding import Encoded
from tapeline.forecaster.network.draws import Place, draw_uniform
from tapeline.forecaster.network.inputs import Window
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.training_config import SamplingConfig

_SIGMOID_REACH = 6.0
"""The inverse sigmoid schedule follows a sigmoid from -6 to 6, where it is within 0.3 % of its ends."""

_EXPONENTIAL_REST = 0.01
"""What an exponential schedule has left of its way when it ends."""


def sampling_probability(config: SamplingConfig, epoch: int) -> float:
    """Returns the probability that the decoder reads its own output.

    Args:
        config: From where to where, how, and in how many epochs.
        epoch: The epoch, from 0.
    """
    progress = min(epoch / config.epochs, 1.0)
    return config.start + (config.end - config.start) * _covered(config.schedule, progress)


def _covered(schedule: str, progress: float) -> float:
    """Returns the share of the way that a schedule has covered, from 0 at 0 to 1 at 1."""
    if schedule == "constant":
        return 0.0
    if schedule == "linear":
        return progress
    if schedule == "inverse_sigmoid":
        low, here, high = (
            1.0 / (1.0 + math.exp(-_SIGMOID_REACH * (2.0 * place - 1.0))) for place in (0.0, progress, 1.0)
        )
        return (here - low) / (high - low)
    return float((1.0 - _EXPONENTIAL_REST**progress) / (1.0 - _EXPONENTIAL_REST))


def teacher_inputs(encoded: Encoded, target: tf.Tensor) -> tf.Tensor:
    """Returns the true segment before each segment; where a value was not observed, the linear forecast of it.

    Args:
        encoded: What the model's encoder made of the windows.
        target: `[B, H]`, NaN where unobserved.

    Returns:
        `[B, N p]`: the context's last segment, then the target but for its last segment. With segments of one step: the
        last context value, then the target but for its last step.
    """
    return encoded.fed_back(target)


def free_forecast(
    model: Seq2SeqForecaster, window: Window, *, seed: tf.Tensor, place: Place | None = None
) -> tf.Tensor:
    """Forecasts free-running, as training does: with dropout, and with a gradient through what is fed back.

    Args:
        model: The model.
        window: Features of `docs/data-formats.md`.
        seed: `[2]` integers that dropout draws from; another one a training step.
        place: Where the windows lie in the batch that is drawn for; None: they are the batch.

    Returns:
        `[B, H]`, scaled.
    """
    dropout_seed, _ = tf.unstack(tf.random.split(tf.cast(seed, tf.int32), 2))
    return model.rollout(model.encode(window, training=True, seed=dropout_seed, place=place), training=True)


def sample_forecast(
    model: Seq2SeqForecaster,
    window: Window,
    target: tf.Tensor,
    probability: tf.Tensor | float,
    *,
    draw: Literal["step", "window"] = "step",
    seed: tf.Tensor,
    place: Place | None = None,
) -> tf.Tensor:
    """Forecasts windows whose targets are known, as training does.

    The model's own output is computed without gradient; the gradient is that of one last pass, which reads the mixture.
    With probability 0 nothing but that pass is made: teacher forcing. With probability 1 the forecast is exactly that
    of free running; `free_forecast` gives it with less work.

    Args:
        model: The model.
        window: Features of `docs/data-formats.md`.
        target: `[B, H]`, scaled, NaN where unobserved.
        probability: Probability that a decoder input is the model's own output.
        draw: Whether each decoder step draws, or one draw holds for a whole window.
        seed: `[2]` integers that all draws come from, dropout's included; another one a training step.
        place: Where the windows lie in the batch that is drawn for; None: they are the batch.

    Returns:
        `[B, H]`, scaled.
    """
    dropout_seed, draw_seed = tf.unstack(tf.random.split(tf.cast(seed, tf.int32), 2))
    encoded = model.encode(window, training=True, seed=dropout_seed, place=place)
    truth = teacher_inputs(encoded, target)

    def mixed() -> tf.Tensor:
        own = encoded.fed_back(model.rollout(encoded, training=True))
        segment = encoded.segment_length
        steps = 1 if draw == "window" else own.shape[1] // segment
        uniform = draw_uniform((tf.shape(own)[0], steps), seed=draw_seed, place=place)
        if steps > 1:
            uniform = tf.repeat(uniform, segment, axis=1)
        return tf.where(uniform < probability, own, truth)

    previous = tf.cond(tf.convert_to_tensor(probability) > 0.0, mixed, lambda: truth)
    return model.decode(encoded, tf.stop_gradient(previous))
