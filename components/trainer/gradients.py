"""What a training step is made of besides the model: loss terms, groups of variables, clipping.

terms = (LossTerm(loss=make_loss(config.training.loss, horizon=24)),)
groups = variable_groups(model, config.training)      # one optimizer each
scaled, norm = clip_by_norm(gradients, clip_norm=1.0)
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Protocol

import keras
import tensorflow as tf

from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.training_config import TrainingConfig

GradientHook = Callable[[str, tf.Tensor], tf.Tensor]
"""Sees each gradient under its variable's path, and returns it or another one; runs inside the compiled step."""


class SummedLoss(Protocol):
    """A loss that gives its two parts, as `tapeline.components.trainer.losses` does."""

    name: str

    def sums(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the sum of all losses and the sum of the weights, which depends on `y_true` alone."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossTerm:
    """One part of what is minimised.

    Attributes:
        loss: The loss; its mean over all observed steps is the term.
        factor: What the term is multiplied by.
    """

    loss: SummedLoss
    factor: float = 1.0


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
        config: The learning rates. A group with rate 0 is left out: its
            variables are not trained, and no gradient is computed for them.

    Returns:
        The groups, that of the network first.

    Raises:
        ValueError: The model has nothing to train.
    """
    highway_rate = config.learning_rate if config.highway_learning_rate is None else config.highway_learning_rate
    rates = {"network": config.learning_rate, "highway": highway_rate}
    parts = model.variable_groups()
    groups = tuple(
        VariableGroup(name=name, optimizer=_adam(name, rate, config), variables=parts[name])
        for name, rate in rates.items()
        if rate > 0.0 and parts[name]
    )
    if not groups:
        raise ValueError(f"model: none of its parts {sorted(parts)} has variables to train.")
    for group in groups:
        # The slots are made here, not in the first step: a checkpoint may have to fill them before that.
        group.optimizer.build(list(group.variables))
    return groups


def _adam(name: str, rate: float, config: TrainingConfig) -> keras.optimizers.Optimizer:
    averages = config.average_weights > 0.0
    return keras.optimizers.Adam(
        rate, use_ema=averages, ema_momentum=config.average_weights if averages else 0.99, name=name
    )


def clip_by_norm(
    gradients: Sequence[tf.Tensor], clip_norm: float | None
) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor]:
    """Scales gradients down together when they are long: the step gets shorter, its direction stays.

    Pascanu et al., "On the difficulty of training recurrent neural networks"
    (2013): through an LSTM's many steps a gradient can grow without bound.

    Args:
        gradients: One a variable.
        clip_norm: Largest Euclidean norm of all of them together; None does not clip.

    Returns:
        The gradients; their norm before clipping; the squared norm of each `[V]`.
        A value that is not finite makes its own square and the norm not finite:
        one number tells whether all is well, the squares tell where it is not.
    """
    squares = tf.stack([tf.reduce_sum(tf.square(gradient)) for gradient in gradients])
    norm = tf.sqrt(tf.reduce_sum(squares))
    if clip_norm is None:
        return list(gradients), norm, squares
    scale = clip_norm / tf.maximum(norm, clip_norm)
    return [gradient * scale for gradient in gradients], norm, squares


def even_sizes(total: int, parts: int) -> list[int]:
    """Returns the sizes of `parts` pieces of `total` rows that differ by one row at most; none is empty.

    >>> even_sizes(10, 4)
    [3, 3, 2, 2]
    """
    parts = max(1, min(parts, total))
    return [total // parts + (1 if number < total % parts else 0) for number in range(parts)]


def choose_shards(batch_size: int, cores: int) -> int:
    """Returns into how many pieces to split a batch so that they keep the cores busy side by side.

    One window's recurrence is a chain: only windows can be computed in
    parallel. A piece under some 32 windows wastes the kernel's matrix
    products, one over 64 falls out of the cache.

    Args:
        batch_size: Windows on one device in one part of a step.
        cores: Cores of the machine.
    """
    return max(1, min(cores, batch_size // 32), batch_size // 64)
