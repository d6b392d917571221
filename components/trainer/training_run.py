"""From chunks to a trained model, without TFX: the ridge, the model that starts from it, the loop."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy.typing as npt
import tensorflow as tf

from tapeline.components.trainer.checkpoint import CheckpointStore
from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.distribution import local_strategy
from tapeline.components.trainer.loop import History, Say, train
from tapeline.forecaster.network.highway import LinearHighway
from tapeline.forecaster.network.ridge import RidgeKind, fit_ridges
from tapeline.forecaster.network.ridge_fit import RidgeFit
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas import features as names
from tapeline.schemas.sections import FeaturesConfig, WindowConfig
from tapeline.schemas.training_config import ModelConfig, TrainingConfig, ViewConfig
from tapeline.schemas.window_spec import WindowShape, WindowSpec
from tapeline.series.time_folds import TimeFolds
from tapeline.series.windowing import Chunk

Chunks = Callable[[], Iterable[Chunk]]
"""Starts a pass over the chunks of a split."""

MOST_SERIES = 64
"""Most series with a linear map of their own: statistics and weights of all of them are in memory."""

_VALIDATION_BATCH = 512
_RIDGE_BATCH = 1024


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """What training gives.

    Attributes:
        model: The forecaster, with the weights of its best epoch.
        ridge: The linear baseline, which reads all that is known and is one for all series, frozen.
        fit: How that baseline was found.
        series: The trained series, sorted, where the model has weights of their own for them; else none.
        history: The course of training.
        train_windows: How many windows were trained on.
        eval_windows: How many decided about stopping.
    """

    model: Seq2SeqForecaster
    ridge: LinearHighway
    fit: RidgeFit
    series: tuple[bytes, ...]
    history: History
    train_windows: int
    eval_windows: int


def run_training(
    *,
    train_chunks: Chunks,
    eval_chunks: Chunks,
    window: WindowConfig,
    features: FeaturesConfig,
    model: ModelConfig,
    training: TrainingConfig,
    category_sizes: Mapping[str, int] | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    checkpoints: CheckpointStore | None = None,
    say: Say = lambda line: None,
) -> TrainedModel:
    """Fits the ridge, starts a model from it, and trains that.

    Args:
        train_chunks: What is learned from.
        eval_chunks: What decides about the penalty, the learning rate and the end.
        window: The section `window`.
        features: The section `features`.
        model: The section `model`.
        training: The section `training`.
        category_sizes: Numbers of each categorical column, from `tapeline.series.categories`.
        callbacks: Told about every epoch.
        checkpoints: Where to write one each epoch, and to carry on from.
        say: Gets a line when something other than an epoch is worth telling.

    Raises:
        DataError: A split has no windows.
        TrainingError: The loss or a gradient is no longer finite.
    """
    make_reproducible(training)
    spec = WindowSpec(context_length=window.context_length, horizon=window.horizon)
    series = own_series(train_chunks, model.view, say)
    shape = dataclasses.replace(
        WindowShape.of(window, features, category_sizes=category_sizes or {}), series=len(series)
    )
    folds = TimeFolds.of(train_chunks(), window.horizon) if model.cross_fit and model.view.highway != "none" else None
    batch_size = training.batch_size * training.accumulate
    strategy = local_strategy(batch_size)
    train_data = WindowStream(
        read=train_chunks,
        spec=spec,
        batch_size=batch_size,
        shuffle_windows=training.shuffle_windows,
        seed=training.seed,
        series=series,
        folds=folds,
    )
    eval_count = WindowStream(read=eval_chunks, spec=spec, batch_size=1).count()
    # One batch where one is enough; as many rows for each replica.
    replicas = strategy.num_replicas_in_sync
    eval_batch = -(-min(_VALIDATION_BATCH, max(eval_count, 1)) // replicas) * replicas
    eval_data = WindowStream(read=eval_chunks, spec=spec, batch_size=eval_batch, series=series)

    baseline, kind = RidgeKind(), RidgeKind.of(model.view, shape)
    fits = fit_ridges(
        ridge_batches(train_chunks, spec, series),
        ridge_batches(eval_chunks, spec, series),
        shape=shape,
        kinds=[baseline, kind],
        folds=folds,
    )
    with strategy.scope():
        forecaster = Seq2SeqForecaster(shape=shape, config=model, rolling=features.rolling, seed=training.seed)
        forecaster.adopt(fits[kind])
        history = train(
            forecaster,
            train_data=train_data,
            validation_data=eval_data,
            config=training,
            callbacks=callbacks,
            checkpoints=checkpoints,
            say=say,
        )
    ridge = LinearHighway(shape, trainable=False)
    ridge.adopt(fits[baseline])
    return TrainedModel(
        model=forecaster,
        ridge=ridge,
        fit=fits[baseline],
        series=series,
        history=history,
        train_windows=train_data.count(),
        eval_windows=eval_count,
    )


def make_reproducible(training: TrainingConfig) -> None:
    """Sets the seeds of this process, and makes TensorFlow take only deterministic paths where it is asked to."""
    keras.utils.set_random_seed(training.seed % 2**32)
    if training.deterministic:
        tf.config.experimental.enable_op_determinism()


def ridge_batches(
    chunks: Chunks, spec: WindowSpec, series: Sequence[bytes] = ()
) -> Callable[[], Iterator[dict[str, npt.NDArray[Any]]]]:
    """Returns passes over the windows as they are: one that only fills up a batch would count in a sum."""
    stream = WindowStream(
        read=chunks, spec=spec, batch_size=_RIDGE_BATCH, fill_last=False, series=series, keep_start=True
    )
    return lambda: ({**window, names.TARGET: target} for window, target in stream.batches())


def own_series(chunks: Chunks, view: ViewConfig, say: Say) -> tuple[bytes, ...]:
    """Returns the series that get weights of their own, sorted; none where they are too many, or there is only one.

    Args:
        chunks: The train split.
        view: The section `model.view`.
        say: Told where series would have maps of their own and do not.
    """
    if not view.highway_per_series or view.highway == "none":
        return ()
    series = sorted({chunk.series_id for chunk in chunks()})
    if 2 <= len(series) <= MOST_SERIES:
        return tuple(series)
    say(f"model.view.highway_per_series: {len(series):,} series, not 2 to {MOST_SERIES}: one map serves all")
    return ()
