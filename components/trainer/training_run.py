"""From chunks to a trained model, without TFX: the ridge, networks that start from it, the loop, the selection."""

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tapeline.components.trainer.candidates import Candidate, make_candidates
from tapeline.components.trainer.checkpoint import CheckpointStore
from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.distribution import local_strategy
from tapeline.components.trainer.loop import History, Say
from tapeline.components.trainer.members import Member, Selected, select_members
from tapeline.components.trainer.pool import Records, TrainedCandidate, train_candidates
from tapeline.forecaster.network.ensemble import Ensemble
from tapeline.forecaster.network.highway import LinearHighway
from tapeline.forecaster.network.naive import Persistence, RidgeForecast, SeasonalNaive
from tapeline.forecaster.network.ridge import RidgeFit, fit_ridge
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas import features as names
from tapeline.schemas.sections import FeaturesConfig, WindowConfig
from tapeline.schemas.training_config import ModelConfig, TrainingConfig
from tapeline.schemas.window_spec import WindowShape, WindowSpec
from tapeline.series.windowing import Chunk

Chunks = Callable[[], Iterable[Chunk]]
"""Starts a pass over the chunks of a split."""

_VALIDATION_BATCH = 512
_RIDGE_BATCH = 1024


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """What training gives.

    Attributes:
        model: The forecaster that is served: the average of what was selected, or the one network.
        ridge: The linear baseline that networks started from, frozen.
        fit: How that baseline was found.
        candidates: The networks, with the weights of their best epochs.
        selected: What was picked of candidates, ridge and naive forecasts; None where there was no choice.
        series: Ids of the series that were trained on, sorted.
        train_windows: How many windows were trained on.
        eval_windows: How many decided about stopping and about the selection.
    """

    model: Seq2SeqForecaster | Ensemble
    ridge: LinearHighway
    fit: RidgeFit
    candidates: tuple[TrainedCandidate, ...]
    selected: Selected | None
    series: tuple[bytes, ...]
    train_windows: int
    eval_windows: int

    @property
    def leading(self) -> TrainedCandidate:
        """The candidate that was best by itself."""
        return min(self.candidates, key=lambda each: each.history.val_loss)

    @property
    def history(self) -> History:
        """The course of the leading candidate."""
        return self.leading.history

    @property
    def served_instead(self) -> dict[str, str]:
        """Name of the forecast that a series is served in place of the selection, by the id of the series."""
        instead = {} if self.selected is None else self.selected.instead
        return {self.series[index].decode("utf-8", errors="replace"): name for index, name in instead.items()}

    @property
    def val_loss(self) -> float:
        """The free-running error of the model on the eval windows."""
        return self.history.val_loss if self.selected is None else self.selected.choice.error


def run_training(
    *,
    train_chunks: Chunks,
    eval_chunks: Chunks,
    window: WindowConfig,
    features: FeaturesConfig,
    model: ModelConfig,
    training: TrainingConfig,
    season: int = 1,
    records: Records = lambda candidate: (),
    checkpoints: CheckpointStore | None = None,
    say: Say = lambda line: None,
) -> TrainedModel:
    """Fits the ridge, starts networks from it, trains them, and selects what is served.

    With `model.members: 1` and `training.candidates: 1` there is one network and no selection.

    Args:
        train_chunks: What is learned from.
        eval_chunks: What decides about the penalty, the learning rate, the end, and the selection.
        window: The section `window`.
        features: The section `features`.
        model: The section `model`.
        training: The section `training`.
        season: Steps that the seasonal naive forecast repeats, at most the context.
        records: Returns what is told about every epoch of a candidate.
        checkpoints: Where to write one each epoch, and to carry on from.
        say: Gets a line when something other than an epoch is worth telling.

    Raises:
        DataError: A split has no windows.
        TrainingError: The loss or a gradient is no longer finite.
    """
    ends_at = None if training.time_limit is None else time.monotonic() + training.time_limit
    make_reproducible(training)
    spec = WindowSpec(context_length=window.context_length, horizon=window.horizon)
    shape = WindowShape.of(window, features)
    batch_size = training.batch_size * training.accumulate
    strategy = local_strategy(batch_size)
    train_data = WindowStream(
        read=train_chunks,
        spec=spec,
        batch_size=batch_size,
        shuffle_windows=training.shuffle_windows,
        seed=training.seed,
    )
    eval_count = WindowStream(read=eval_chunks, spec=spec, batch_size=1).count()
    # One batch where one is enough; as many rows for each replica.
    replicas = strategy.num_replicas_in_sync
    eval_batch = -(-min(_VALIDATION_BATCH, max(eval_count, 1)) // replicas) * replicas
    eval_data = WindowStream(read=eval_chunks, spec=spec, batch_size=eval_batch)

    fit = fit_ridge(_ridge_batches(train_chunks, spec), _ridge_batches(eval_chunks, spec), shape=shape)
    context_fit = fit_ridge(
        _ridge_batches(train_chunks, spec),
        _ridge_batches(eval_chunks, spec),
        shape=dataclasses.replace(shape, future=0, static=0, calendar=()),
    )
    ridge = LinearHighway(shape, trainable=False)
    ridge.set_weights([fit.kernel, fit.bias])
    series = tuple(sorted({chunk.series_id for chunk in train_chunks()}))
    candidates = make_candidates(
        training.candidates,
        model=model,
        seed=training.seed,
        shape=shape,
        several_series=False,
    )

    def network(candidate: Candidate) -> Seq2SeqForecaster:
        forecaster = Seq2SeqForecaster(
            shape=shape, config=candidate.config, rolling=features.rolling, seed=candidate.seed
        )
        forecaster.adopt(context_fit if candidate.config.view.highway == "context" else fit)
        return forecaster

    with strategy.scope():
        trained = train_candidates(
            candidates,
            network=network,
            train_data=train_data,
            validation_data=eval_data,
            config=training,
            records=records,
            checkpoints=checkpoints,
            ends_at=ends_at,
            say=say,
        )
    selected = None
    if training.candidates > 1 or model.members > 1:
        members = (
            Member(name="persistence", words="the last value", layer=Persistence(shape), naive=True),
            Member(
                name="seasonal naive",
                words=f"the value {season} steps ago",
                layer=SeasonalNaive(shape, season=season),
                naive=True,
            ),
            Member(name="ridge", words="the linear map that networks start from", layer=RidgeForecast(ridge)),
            *(
                Member(name=each.candidate.name, words=each.candidate.words, layer=each.model, network=True)
                for each in trained
            ),
        )
        selected = select_members(members, eval_data, most_picks=model.members, shape=shape, stride=window.eval_stride)
    return TrainedModel(
        model=trained[0].model if selected is None else selected.model,
        ridge=ridge,
        fit=fit,
        candidates=trained,
        selected=selected,
        series=series,
        train_windows=train_data.count(),
        eval_windows=eval_count,
    )


def make_reproducible(training: TrainingConfig) -> None:
    """Sets the seeds of this process, and makes TensorFlow take only deterministic paths where it is asked to."""
    keras.utils.set_random_seed(training.seed % 2**32)
    if training.deterministic:
        tf.config.experimental.enable_op_determinism()


def _ridge_batches(chunks: Chunks, spec: WindowSpec) -> Callable[[], Iterator[dict[str, npt.NDArray[np.float32]]]]:
    """Returns passes over the windows as they are: one that only fills up a batch would count in a sum."""
    stream = WindowStream(read=chunks, spec=spec, batch_size=_RIDGE_BATCH, fill_last=False)
    return lambda: ({**window, names.TARGET: target} for window, target in stream.batches())
