"""From chunks to a trained model, without TFX: the ridge, networks that start from it, the loop, the selection."""

import dataclasses
import time
from collections.abc import Mapping

import keras
import tensorflow as tf

from tapeline.components.trainer.candidates import Candidate, make_candidates
from tapeline.components.trainer.checkpoint import CheckpointStore
from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.distribution import local_strategy
from tapeline.components.trainer.log_choice import Transform, batches_in_logs, find_logs, logs_are_better
from tapeline.components.trainer.loop import History, Say
from tapeline.components.trainer.members import Member, Selected, select_members
from tapeline.components.trainer.pool import Records, TrainedCandidate, train_candidates
from tapeline.components.trainer.ridges import (
    BASELINE,
    Chunks,
    log_members,
    ridge_batches,
    ridge_line,
    simple_kinds,
    simple_members,
    trained_series,
    whole_context,
)
from tapeline.components.trainer.statistical_member import statistical_member
from tapeline.forecaster.network.ensemble import Ensemble
from tapeline.forecaster.network.highway import LinearHighway
from tapeline.forecaster.network.naive import RidgeForecast
from tapeline.forecaster.network.ridge import RidgeKind, fit_ridges
from tapeline.forecaster.network.ridge_fit import RidgeFit
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import WindowConfig
from tapeline.schemas.training_config import ModelConfig, TrainingConfig
from tapeline.schemas.window_spec import WindowShape, WindowSpec
from tapeline.series.scaling import Scaler
from tapeline.series.time_folds import TimeFolds
from tapeline.series.windowing import any_late

_VALIDATION_BATCH = 512


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """What training gives.

    Attributes:
        model: The forecaster that is served: the average of what was selected, or the one network.
        ridge: The linear baseline that networks started from, frozen.
        fit: How that baseline was found.
        candidates: The networks, with the weights of their best epochs.
        selected: What was picked of candidates, ridge and naive forecasts; None where there was no choice.
        trained_series: Ids of the series that were trained on, sorted, where there are several; else none.
        series: The same where the model asks which series it forecasts: some have weights or a forecast of their own.
        train_windows: How many windows were trained on.
        eval_windows: How many decided about stopping and about the selection.
    """

    model: Seq2SeqForecaster | Ensemble
    ridge: LinearHighway
    fit: RidgeFit
    candidates: tuple[TrainedCandidate, ...]
    selected: Selected | None
    trained_series: tuple[bytes, ...]
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
        return {self.trained_series[index].decode("utf-8", errors="replace"): name for index, name in instead.items()}

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
    scaler: Scaler | None = None,
    transform: Transform = "none",
    category_sizes: Mapping[str, int] | None = None,
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
        scaler: The scales of the series, for forecasts of logarithms; None: there are none of these.
        transform: Whether networks and ridges read logarithms: `scaling.transform`.
        category_sizes: Numbers of each categorical column, from `tapeline.series.categories`.
        records: Returns what is told about every epoch of a candidate.
        checkpoints: Where to write one each epoch, and to carry on from.
        say: Gets a line when something other than an epoch is worth telling.

    Raises:
        DataError: A split has no windows.
        TrainingError: The loss or a gradient is no longer finite.
    """
    ends_at = None if training.time_limit is None else time.monotonic() + training.time_limit
    make_reproducible(training)
    spec = WindowSpec.of(window, stride=1)
    choice = training.candidates > 1 or model.members > 1
    widths = WindowShape.of(window, features, category_sizes=category_sizes or {})
    shape = dataclasses.replace(widths, lags=model.lags)
    logs = find_logs(train_chunks, transform=transform, scaler=scaler, say=say)
    several = logs is not None and len(logs.ratio) > 1
    series, maps = trained_series(train_chunks, model.view, shape=shape, choice=choice or several, say=say)
    shape = dataclasses.replace(shape, series=maps)
    has_line = choice or model.view.highway != "none"
    folds = TimeFolds.of(train_chunks(), window.horizon) if model.cross_fit and has_line else None
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

    candidates = make_candidates(
        training.candidates, model=model, seed=training.seed, shape=shape, several_series=shape.series > 0
    )
    kinds = {candidate.number: RidgeKind.of(candidate.config.view, shape) for candidate in candidates}
    train_batches = ridge_batches(train_chunks, spec, series, late=False)
    eval_batches = ridge_batches(eval_chunks, spec, series)
    wanted = list(dict.fromkeys([BASELINE, *(simple_kinds(shape) if choice else ()), *kinds.values()]))
    fits = fit_ridges(train_batches, eval_batches, shape=shape, kinds=wanted, folds=folds)
    log_fits = None
    if logs is not None:
        in_logs = (batches_in_logs(batches, logs) for batches in (train_batches, eval_batches))
        log_fits = fit_ridges(*in_logs, shape=shape, kinds=wanted, folds=folds)
        block = -(-window.horizon // window.eval_stride)
        lines = [ridge_line(BASELINE, each[BASELINE], shape) for each in (fits, log_fits)]
        if transform == "auto" and not logs_are_better(
            RidgeForecast(lines[0]), RidgeForecast(lines[1], logs=logs), eval_data, block=block
        ):
            logs = log_fits = None
        say("networks read " + ("values" if logs is None else "logarithms") + f" (scaling.transform: {transform})")

    def network(candidate: Candidate) -> Seq2SeqForecaster:
        forecaster = Seq2SeqForecaster(
            shape=shape, config=candidate.config, rolling=features.rolling, seed=candidate.seed, logs=logs
        )
        forecaster.adopt((log_fits or fits)[kinds[candidate.number]])
        return forecaster

    with strategy.scope():
        trained = train_candidates(
            candidates,
            network=network,
            train_data=train_data,
            validation_data=eval_data,
            config=training,
            members=model.members,
            records=records,
            checkpoints=checkpoints,
            ends_at=ends_at,
            say=say,
        )
    padded = any_late(train_chunks(), spec)
    networks = [
        Member(
            name=each.candidate.name,
            words=each.candidate.words + (", on logarithms" if logs is not None else ""),
            layer=each.model,
            needs=spec.least_context if padded else whole_context(spec.context_length),
            network=True,
            by_series=kinds[each.candidate.number].per_series or (logs is not None and len(logs.ratio) > 1),
        )
        for each in trained
    ]
    selected = None
    if choice:
        simple = [*simple_members(fits, shape=shape, season=season)]
        if logs is not None and log_fits is not None:
            simple += log_members(log_fits, shape=shape, logs=logs)
        statistical = statistical_member(train_chunks, eval_chunks, spec=spec, season=season, scaler=scaler)
        members = [*simple, *([statistical] if statistical else []), *networks]
        selected = select_members(
            members,
            eval_data,
            most_picks=model.members,
            shape=shape,
            stride=window.eval_stride,
            unseen=bool(series) and scaler is not None and scaler.scope == "unseen",
        )
    by_series = networks[0].by_series if selected is None else selected.by_series
    return TrainedModel(
        model=trained[0].model if selected is None else selected.model,
        ridge=ridge_line(BASELINE, fits[BASELINE], shape),
        fit=fits[BASELINE],
        candidates=trained,
        selected=selected,
        trained_series=series,
        series=series if by_series else (),
        train_windows=train_data.count(),
        eval_windows=eval_count,
    )


def make_reproducible(training: TrainingConfig) -> None:
    """Sets the seeds of this process, and makes TensorFlow take only deterministic paths where it is asked to."""
    keras.utils.set_random_seed(training.seed % 2**32)
    if training.deterministic:
        tf.config.experimental.enable_op_determinism()
