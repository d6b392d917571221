"""The member of a pool that comes from the statistics of the series: no loop trains it."""

from tapeline.components.trainer.log_choice import scales_of
from tapeline.components.trainer.members import Member
from tapeline.components.trainer.ridges import Chunks
from tapeline.forecaster.statistical.histories import histories
from tapeline.forecaster.statistical.statistical_forecaster import fit_statistical
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.scaling import Scaler

MOST_SERIES = 1_000
"""Of more series the statistics are not taken: a network has enough to learn from there."""

NAME = "statistical"


def statistical_member(
    train_chunks: Chunks, eval_chunks: Chunks, *, spec: WindowSpec, season: int, scaler: Scaler | None
) -> Member | None:
    """Returns the weighed mean of smoothing, Theta, autoregressions and the like.

    Args:
        train_chunks: What parameters are fitted to.
        eval_chunks: What settings and weights are chosen on, beside the later part of the train split.
        spec: Context length and horizon.
        season: Steps of a season; 1 is none.
        scaler: The scales of the series; None: they are not known, so there are no logarithms.

    Returns:
        The member; None where there are too many series, or none is long enough.
    """
    series = histories(train_chunks(), eval_chunks())
    if not 1 <= len(series) <= MOST_SERIES:
        return None
    offset, scale = scales_of([history.series_id for history in series], scaler)
    fit = fit_statistical(
        series,
        season=season,
        context_length=spec.context_length,
        horizon=spec.horizon,
        offset=offset,
        scale=scale,
        others=scaler is not None and scaler.scope == "unseen",
    )
    if fit is None:
        return None
    kinds = sorted(fit.weights.items(), key=lambda item: -item[1])
    words = ", ".join(f"{name.replace('_', ' ')} {weight:.0%}" for name, weight in kinds)
    return Member(
        name=NAME,
        words=words,
        layer=fit.layer,
        needs=spec.least_context,
        trusted=True,
        by_series=fit.layer.by_series,
    )
