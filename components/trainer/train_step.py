"""One step of training: forecast, loss, gradient, update. Compiled once into a graph.

A global batch is taken apart in three ways that add up to the same gradient:

    replicas   devices of a `tf.distribute` strategy, at the same time
    parts      one after another, where the whole would not fit (`accumulate`)
    shards     side by side in one graph, to keep the cores busy

It adds up because the loss is divided from the start by the weight of the whole batch, which is known before any
forecast is made: it depends on which targets were observed, not on the model.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tapeline.components.trainer.losses import HorizonWeightedLoss
from tapeline.components.trainer.optimizers import VariableGroup, clip_by_norm
from tapeline.components.trainer.sampling import free_forecast, sample_forecast
from tapeline.forecaster.network.draws import Place
from tapeline.forecaster.network.inputs import Window
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.training_config import SamplingConfig

GradientHook = Callable[[str, tf.Tensor], tf.Tensor]
"""Sees each gradient under its variable's path, and returns it or another one; runs inside the compiled step."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossTerm:
    """One part of what is minimised.

    Attributes:
        loss: The loss; its mean over all observed steps is the term.
        factor: What the term is multiplied by.
    """

    loss: HorizonWeightedLoss
    factor: float = 1.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class StepResult:
    """What one step found.

    Attributes:
        loss: Mean over the batch, all terms together, before the update.
        terms: The same of each term, without its factor `[K]`.
        weight: Weight of the batch in the first term: the mean of an epoch is weighted by it.
        gradient_norm: Global norm before clipping.
        squares: Squared norm of each variable's gradient `[V]`.
    """

    loss: float
    terms: npt.NDArray[np.float32]
    weight: float
    gradient_norm: float
    squares: npt.NDArray[np.float32]

    @property
    def finite(self) -> bool:
        """Whether the update was made: it is not when the loss or any gradient is NaN or infinite."""
        return bool(np.isfinite(self.loss) and np.isfinite(self.gradient_norm))


@dataclasses.dataclass(eq=False)
class TrainStep:
    """Makes steps; the graph is built at the first call.

    Attributes:
        model: What is trained; made under the strategy that is active now.
        terms: What is minimised, added up.
        groups: What is updated, and by which optimizer.
        sampling: How the decoder reads its own output.
        clip_norm: Largest global norm of the gradients.
        accumulate: Parts of a batch that are computed one after another.
        shards: Pieces of a part that are computed side by side.
        gradient_hook: Called for each gradient, after all pieces are added up and before clipping.
    """

    model: Seq2SeqForecaster
    _: dataclasses.KW_ONLY
    terms: Sequence[LossTerm]
    groups: Sequence[VariableGroup]
    sampling: SamplingConfig
    clip_norm: float | None = None
    accumulate: int = 1
    shards: int = 1
    gradient_hook: GradientHook | None = None

    def __post_init__(self) -> None:
        self.variables = [variable for group in self.groups for variable in group.variables]
        self.strategy = tf.distribute.get_strategy()
        self._factors = tf.constant([term.factor for term in self.terms], tf.float32)
        # Nothing in the step is Python control flow that would have to be turned into graph operations.
        self.compiled = tf.function(self._step, autograph=False)

    def __call__(self, window: Window, target: tf.Tensor, *, probability: float, seed: tuple[int, int]) -> StepResult:
        """Makes one step.

        Args:
            window: Features of a batch, `accumulate` times the batch size windows.
            target: `[B, H]`, scaled, NaN where unobserved.
            probability: Probability that the decoder reads its own output.
            seed: What all draws of this step come from; another one in every step.
        """
        # Tensors, not Python numbers: a new Python number would build a new graph. Free running is the one other graph,
        # built when the schedule gets there.
        drawn = None if probability >= 1.0 else tf.constant(probability, tf.float32)
        numbers = self.compiled(window, target, drawn, tf.constant(seed, tf.int32)).numpy()
        loss, weight, norm = (float(number) for number in numbers[:3])
        terms, squares = np.split(numbers[3:], [len(self.terms)])
        return StepResult(loss=loss, terms=terms, weight=weight, gradient_norm=norm, squares=squares)

    def _step(self, window: Window, target: tf.Tensor, probability: tf.Tensor | None, seed: tf.Tensor) -> tf.Tensor:
        """Builds the graph: gradients on every replica, one update for all; no probability means free running."""
        on_replicas = self.strategy.run(self._gradients, args=(window, target, probability, seed))
        # All replicas hold the same sums by now; any of them will do.
        losses, weights, gradients = (self.strategy.experimental_local_results(part)[0] for part in on_replicas)
        if self.gradient_hook is not None:
            paths = [variable.path for variable in self.variables]
            gradients = [self.gradient_hook(path, gradient) for path, gradient in zip(paths, gradients, strict=True)]
        gradients, norm, squares = clip_by_norm(gradients, self.clip_norm)
        loss = tf.tensordot(losses, self._factors, axes=1)

        def update() -> tf.Tensor:
            self.strategy.run(self._apply, args=(gradients,))
            return tf.constant(1)

        tf.cond(tf.math.is_finite(loss) & tf.math.is_finite(norm), update, lambda: tf.constant(0))
        # One small tensor is one transfer, whatever the device.
        return tf.concat([[loss, weights[0], norm], losses, squares], axis=0)

    def _apply(self, gradients: Sequence[tf.Tensor]) -> None:
        # Keras' optimizers add up what the replicas give them. Each has the whole sum already, so it gives a share.
        replicas = self.strategy.num_replicas_in_sync
        rest = list(gradients) if replicas == 1 else [gradient / replicas for gradient in gradients]
        for group in self.groups:
            mine, rest = rest[: len(group.variables)], rest[len(group.variables) :]
            group.optimizer.apply(mine, list(group.variables))

    def _gradients(
        self, window: Window, target: tf.Tensor, probability: tf.Tensor | None, seed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """Returns losses, weights and gradients of one replica's share of the batch, summed over all replicas."""
        replica = tf.distribute.get_replica_context()
        weights = tf.stack([term.loss.sums(target, tf.zeros_like(target))[1] for term in self.terms])
        weights = replica.all_reduce(tf.distribute.ReduceOp.SUM, weights)

        size = target.shape[0] // self.accumulate
        first = tf.cast(replica.replica_id_in_sync_group, tf.int32) * target.shape[0]
        total = target.shape[0] * replica.num_replicas_in_sync

        def part(number: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
            start = number * size
            rows = {name: _rows(values, start, size) for name, values in window.items()}
            place = Place(first + start, total)
            return self._part(rows, _rows(target, start, size), weights, probability, seed=seed, place=place)

        if self.accumulate == 1:
            losses, gradients = self._part(window, target, weights, probability, seed=seed, place=Place(first, total))
        else:
            nothing = (tf.zeros(len(self.terms)), [tf.zeros(variable.shape) for variable in self.variables])
            losses, gradients = tf.foldl(
                lambda done, number: tf.nest.map_structure(tf.add, done, part(number)),
                tf.range(self.accumulate),
                initializer=nothing,
                parallel_iterations=1,
            )
        losses, gradients = replica.all_reduce(tf.distribute.ReduceOp.SUM, (losses, gradients))
        return losses, weights, gradients

    def _part(
        self,
        window: Window,
        target: tf.Tensor,
        weights: tf.Tensor,
        probability: tf.Tensor | None,
        *,
        seed: tf.Tensor,
        place: Place,
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Returns losses `[K]` and gradients of some windows, as shares of the whole batch's."""
        variables = [variable.value for variable in self.variables]
        # The tape writes down what is computed from the watched variables. Frozen ones are not watched: nothing
        # is kept for a gradient that nobody wants.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            for variable in variables:
                tape.watch(variable)
            # The shards do not depend on each other, so TensorFlow computes them at the same time, and the tape's
            # way back through them as well.
            losses = []
            start = 0
            for size in even_sizes(target.shape[0], self.shards):
                rows = {name: values[start : start + size] for name, values in window.items()}
                truth = target[start : start + size]
                where = Place(place.first + start, place.total)
                if probability is None:
                    forecast = free_forecast(self.model, rows, seed=seed, place=where)
                else:
                    forecast = sample_forecast(
                        self.model, rows, truth, probability, draw=self.sampling.draw, seed=seed, place=where
                    )
                losses.append(tf.stack([term.loss.sums(truth, forecast)[0] for term in self.terms]))
                start += size
            # A batch in which nothing was observed has weight 0 and loss 0.
            shares = tf.math.divide_no_nan(tf.add_n(losses), weights)
            total = tf.tensordot(shares, self._factors, axes=1)
        gradients = tape.gradient(total, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return shares, [tf.convert_to_tensor(gradient) for gradient in gradients]


def _rows(values: tf.Tensor, start: tf.Tensor, size: int) -> tf.Tensor:
    """Returns `values[start : start + size]`, with a first axis whose size the graph knows."""
    rows = tf.slice(values, [start] + [0] * (values.shape.rank - 1), [size, *values.shape[1:]])
    return tf.ensure_shape(rows, [size, *values.shape[1:]])


def even_sizes(total: int, parts: int) -> list[int]:
    """Returns the sizes of `parts` pieces of `total` rows that differ by one row at most; none is empty.

    >>> even_sizes(10, 4)
    [3, 3, 2, 2]
    """
    parts = max(1, min(parts, total))
    return [total // parts + (1 if number < total % parts else 0) for number in range(parts)]
