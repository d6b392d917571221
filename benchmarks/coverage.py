"""The share of the test split's values that lie inside a model's prediction intervals, for `benchmarks.accuracy`.

Intervals are made on the eval split, as the Trainer makes them; the test split
is read for the count alone.
"""

from collections.abc import Mapping

import numpy as np

from tapeline.components.trainer.training_run import TrainedModel
from tapeline.components.trainer.validation import eval_errors
from tapeline.schemas.config import Config
from tapeline.schemas.served_model import INTERVALS
from tapeline.series.prediction_intervals import EvalErrors, PredictionIntervals, fit_intervals
from tapeline.series.seasons import choose_season, naive_errors
from tapeline.series.windowing import Chunk

Shares = list[tuple[float, float, float]]
"""Of each interval: share of all test values inside, and that of the series with the smallest and the largest one."""


def interval_shares(config: Config, splits: Mapping[str, list[Chunk]], trained: TrainedModel) -> Shares:
    """Returns the shares, an entry for each interval.

    Args:
        config: The configuration that the model was trained by.
        splits: From `load_splits`.
        trained: The model.
    """

    def errors_on(split: str) -> EvalErrors:
        return eval_errors(trained.model, read=lambda: splits[split], spec=config.window_spec(), series=trained.series)

    season = choose_season(config.gate, data=config.data, window=config.window, chunks=lambda: splits["train"])
    fitted = fit_intervals(
        errors_on("eval"),
        naive_errors=naive_errors(splits["train"], season=season),
        overlap=-(-config.window.horizon // config.window.eval_stride),
    )
    return _shares(fitted, errors_on("test"))


def in_words(shares: Shares) -> list[str]:
    """Returns a cell of the table for each interval."""
    return [
        f"{share:.1%}" if low == high else f"{share:.1%} ({low:.1%} to {high:.1%} by series)"
        for share, low, high in shares
    ]


def _shares(fitted: PredictionIntervals, errors: EvalErrors) -> Shares:
    ratios = fitted.ratios(errors)[:, np.newaxis]
    offsets = dict(zip(fitted.names, fitted.offsets, strict=True))
    shares = []
    for lower, upper in INTERVALS:
        inside = (offsets[lower] * ratios <= errors.values) & (errors.values <= offsets[upper] * ratios)
        measured = ~np.isnan(errors.values)
        by_series = [
            float(inside[here].sum() / measured[here].sum())
            for here in (errors.series == name for name in np.unique(errors.series))
        ]
        shares.append((float(inside.sum() / measured.sum()), min(by_series), max(by_series)))
    return shares
