"""From gradients to weights: groups of variables with an optimizer each, clipping, and averaged weights."""

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf

from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.training_config import TrainingConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class VariableGroup:
    """Variables that share an optimizer.

    Attributes:
        name: Name of the group.
        optimizer: Their optimizer.
        variables: The variables; no other group has any of them.
    """

    name: str
    optimizer: keras.optimizers.Optimizer
    variables: Sequence[keras.Variable]


def variable_groups(model: Seq2SeqForecaster, config: TrainingConfig) -> tuple[VariableGroup, ...]:
    """Gives each part of the model its optimizer.

    Args:
        model: Says which variables belong together.
        config: The learning rates. A group with rate 0 is left out: its variables are not trained, and no gradient is
            computed for them.

    Returns:
        The groups, that of the network first.

    Raises:
        ValueError: The model has nothing to train.
    """
    highway_rate = config.learning_rate if config.highway_learning_rate is None else config.highway_learning_rate
    parts = model.variable_groups()
    groups = tuple(
        VariableGroup(name=name, optimizer=_optimizer(config, rate, name=name), variables=parts[name])
        for name, rate in (("network", config.learning_rate), ("highway", highway_rate))
        if rate > 0.0 and parts[name]
    )
    if not groups:
        raise ValueError(f"model: none of its parts {sorted(parts)} has variables to train.")
    for group in groups:
        # The slots are made here, not in the first step: a checkpoint may have to fill them before that.
        group.optimizer.build(list(group.variables))
    return groups


def _optimizer(config: TrainingConfig, rate: float, *, name: str) -> keras.optimizers.Optimizer:
    """Returns Adam (Kingma and Ba 2015), or AdamW: weight decay apart from the gradient (Loshchilov and Hutter 2019).

    Decay in the gradient, as a squared penalty gives it, would be divided by Adam's estimate of the gradient's size:
    weights that matter much would hardly shrink. A bias does not shrink: where it lies says nothing about complexity.
    """
    averages = {"use_ema": True, "ema_momentum": config.average_weights} if config.average_weights > 0.0 else {}
    if config.optimizer.kind == "adam":
        return keras.optimizers.Adam(rate, name=name, **averages)
    decaying = keras.optimizers.AdamW(rate, weight_decay=config.optimizer.weight_decay, name=name, **averages)
    decaying.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
    return decaying


def clip_by_norm(
    gradients: Sequence[tf.Tensor], clip_norm: float | None
) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor]:
    """Scales gradients down together when they are long: the step gets shorter, its direction stays.

    Pascanu et al., "On the difficulty of training recurrent neural networks" (2013): through an LSTM's many steps a
    gradient can grow without bound.

    >>> clipped, norm, squares = clip_by_norm([tf.constant([3.0, 4.0])], 1.0)
    >>> clipped[0].numpy().tolist(), float(norm)
    ([0.6000000238418579, 0.800000011920929], 5.0)

    Args:
        gradients: One for each variable.
        clip_norm: Largest Euclidean norm of all of them together; None does not clip.

    Returns:
        The gradients; their norm before clipping; the squared norm of each `[V]`. A value that is not finite makes its
        own square and the norm not finite: one number tells whether all is well, the squares tell where it is not.
    """
    squares = tf.stack([tf.reduce_sum(tf.square(gradient)) for gradient in gradients])
    norm = tf.sqrt(tf.reduce_sum(squares))
    if clip_norm is None:
        return list(gradients), norm, squares
    scale = clip_norm / tf.maximum(norm, clip_norm)
    return [gradient * scale for gradient in gradients], norm, squares


@contextlib.contextmanager
def averaged(groups: Sequence[VariableGroup]) -> Iterator[None]:
    """Gives the variables their moving averages for a while: what is validated, kept and served.

    At a constant learning rate the weights never come to rest, they circle about a minimum. Their average lies near its
    middle (Polyak and Juditsky 1992). The optimizers keep it, a variable beside each weight, so a checkpoint holds it
    too. Does nothing for optimizers that keep none.

    Args:
        groups: Variables and their optimizers, after at least one step.
    """
    kept = [
        (variable, np.array(variable.numpy()))
        for group in groups
        if group.optimizer.use_ema
        for variable in group.variables
    ]
    for group in groups:
        group.optimizer.finalize_variable_values(list(group.variables))
    try:
        yield
    finally:
        for variable, value in kept:
            variable.assign(value)
