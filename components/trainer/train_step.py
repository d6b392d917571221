"""One step of training: forecast, loss, gradient, update. Compiled once into a graph.

    step = TrainStep(model, terms=terms, groups=groups, sampling=config.sampling, clip_norm=1.0)
    result = step(window, target, probability=0.3, seed=(1, 1234))
    result.loss, result.gradient_norm, result.finite

A global batch is taken apart in three ways that add up to the same gradient:

    replicas   devices of a `tf.distribute` strategy, at the same time
    parts      one after another, where the whole would not fit (`accumulate`)
    shards     side by side in one graph, to keep the cores busy

It adds up because the loss is divided from the start by the weight of the
whole batch, which is known before any forecast is made: it depends on which
targets were observed, not on the model.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from tapeline.components.trainer.gradients import GradientHook, LossTerm, VariableGroup, clip_by_norm, even_sizes
from tapeline.components.trainer.sampling import sample_forecast
from tapeline.forecaster.network.draws import Place
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.training_config import SamplingConfig

Window = Mapping[str, tf.Tensor]


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
    terms: np.ndarray
    weight: float
    gradient_norm: float
    squares: np.ndarray

    @property
    def finite(self) -> bool:
        """Whether the update was made: it is not, when the loss or any gradient is NaN or infinite."""
        return bool(np.isfinite(self.loss) and np.isfinite(self.gradient_norm))


class TrainStep:
    """Makes steps; the graph is built at the first call."""

    def __init__(
        self,
        model: Seq2SeqForecaster,
        *,
        terms: Sequence[LossTerm],
        groups: Sequence[VariableGroup],
        sampling: SamplingConfig,
        clip_norm: float | None = None,
        accumulate: int = 1,
        shards: int = 1,
        gradient_hook: GradientHook | None = None,
    ) -> None:
        """Says what a step does.

        Args:
            model: What is trained; made under the strategy that is active now.
            terms: What is minimised, added up.
            groups: What is updated, and by which optimizer.
            sampling: How the decoder reads its own output.
            clip_norm: Largest global norm of the gradients.
            accumulate: Parts of a batch that are computed one after another.
            shards: Pieces of a part that are computed side by side.
            gradient_hook: Called for each gradient, after all pieces are added up and before clipping.
        """
        self.model = model
        self.groups = tuple(groups)
        self.variables = [variable for group in groups for variable in group.variables]
        self.term_names = tuple(term.loss.name for term in terms)
        self._terms = tuple(terms)
        self._factors = tf.constant([term.factor for term in terms], tf.float32)
        self._sampling = sampling
        self._clip_norm = clip_norm
        self._accumulate = accumulate
        self._shards = shards
        self._gradient_hook = gradient_hook
        self._strategy = tf.distribute.get_strategy()
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
        # Tensors, not Python numbers: a new Python number would build a new graph.
        numbers = self.compiled(
            window, target, tf.constant(probability, tf.float32), tf.constant(seed, tf.int32)
        ).numpy()
        loss, weight, norm = (float(number) for number in numbers[:3])
        terms, squares = np.split(numbers[3:], [len(self._terms)])
        return StepResult(loss=loss, terms=terms, weight=weight, gradient_norm=norm, squares=squares)

    def _step(self, window: Window, target: tf.Tensor, probability: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """The graph: gradients on every replica, one update for all."""
        on_replicas = self._strategy.run(self._gradients, args=(window, target, probability, seed))
        # All replicas hold the same sums by now; any of them will do.
        losses, weights, gradients = (self._strategy.experimental_local_results(part)[0] for part in on_replicas)
        if self._gradient_hook is not None:
            paths = [variable.path for variable in self.variables]
            gradients = [self._gradient_hook(path, gradient) for path, gradient in zip(paths, gradients, strict=True)]
        gradients, norm, squares = clip_by_norm(gradients, self._clip_norm)
        loss = tf.tensordot(losses, self._factors, axes=1)
        tf.cond(
            tf.math.is_finite(loss) & tf.math.is_finite(norm), lambda: self._update(gradients), lambda: tf.constant(0)
        )
        # One small tensor is one transfer, whatever the device.
        return tf.concat([[loss, weights[0], norm], losses, squares], axis=0)

    def _update(self, gradients: Sequence[tf.Tensor]) -> tf.Tensor:
        self._strategy.run(self._apply, args=(gradients,))
        return tf.constant(1)

    def _apply(self, gradients: Sequence[tf.Tensor]) -> None:
        # Keras' optimizers add up what the replicas give them. Each has the whole sum already, so it gives a share.
        replicas = self._strategy.num_replicas_in_sync
        rest = list(gradients) if replicas == 1 else [gradient / replicas for gradient in gradients]
        for group in self.groups:
            mine, rest = rest[: len(group.variables)], rest[len(group.variables) :]
            group.optimizer.apply(mine, list(group.variables))

    def _gradients(
        self, window: Window, target: tf.Tensor, probability: tf.Tensor, seed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """One replica's share of the batch: losses, weights and gradients, summed over all replicas."""
        replica = tf.distribute.get_replica_context()
        weights = tf.stack([term.loss.sums(target, tf.zeros_like(target))[1] for term in self._terms])
        weights = replica.all_reduce(tf.distribute.ReduceOp.SUM, weights)

        size = target.shape[0] // self._accumulate
        first = tf.cast(replica.replica_id_in_sync_group, tf.int32) * target.shape[0]
        total = target.shape[0] * replica.num_replicas_in_sync

        def part(number: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
            start = number * size
            rows = {name: _rows(values, start, size) for name, values in window.items()}
            return self._part(
                rows, _rows(target, start, size), weights, probability, seed=seed, place=Place(first + start, total)
            )

        if self._accumulate == 1:
            losses, gradients = self._part(window, target, weights, probability, seed=seed, place=Place(first, total))
        else:
            nothing = (tf.zeros(len(self._terms)), [tf.zeros(variable.shape) for variable in self.variables])
            losses, gradients = tf.foldl(
                lambda done, number: tf.nest.map_structure(tf.add, done, part(number)),
                tf.range(self._accumulate),
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
        probability: tf.Tensor,
        *,
        seed: tf.Tensor,
        place: Place,
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Losses `[K]` and gradients of some windows, as shares of the whole batch's."""
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
            for size in even_sizes(target.shape[0], self._shards):
                rows = {name: values[start : start + size] for name, values in window.items()}
                truth = target[start : start + size]
                forecast = sample_forecast(
                    self.model,
                    rows,
                    truth,
                    probability,
                    draw=self._sampling.draw,
                    seed=seed,
                    place=Place(place.first + start, place.total),
                )
                losses.append(tf.stack([term.loss.sums(truth, forecast)[0] for term in self._terms]))
                start += size
            # A batch in which nothing was observed has weight 0 and loss 0.
            shares = tf.math.divide_no_nan(tf.add_n(losses), weights)
            total = tf.tensordot(shares, self._factors, axes=1)
        gradients = tape.gradient(total, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return shares, [tf.convert_to_tensor(gradient) for gradient in gradients]


def _rows(values: tf.Tensor, start: tf.Tensor, size: int) -> tf.Tensor:
    """`values[start : start + size]`, with a first axis whose size the graph knows."""
    rows = tf.slice(values, [start] + [0] * (values.shape.rank - 1), [size, *values.shape[1:]])
    return tf.ensure_shape(rows, [size, *values.shape[1:]])
