"""Whether networks and ridges read logarithms: `scaling.transform`.

The scaled space stays what it is: a member takes scaled values, makes logarithms of them, and gives scaled values. So
losses, errors, gate and intervals of a model with logarithms compare with those of one without.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.loop import Say
from tapeline.components.trainer.members import forecasts_of
from tapeline.components.trainer.ridges import Chunks
from tapeline.components.trainer.selection import clearly_better, overlapping
from tapeline.forecaster.network.log_view import LogView, in_logs, log_view
from tapeline.forecaster.network.naive import RidgeForecast
from tapeline.schemas.errors import DataError
from tapeline.series.arrays import Array
from tapeline.series.scaling import Scaler

Transform = Literal["none", "log", "auto"]


def find_logs(
    chunks: Chunks, *, transform: Transform, scaler: Scaler | None, say: Say = lambda line: None
) -> LogView | None:
    """Returns how the values of the series become logarithms; None where they are not asked for, or cannot.

    Args:
        chunks: The train split.
        transform: `scaling.transform`.
        scaler: The scales of the series.
        say: Told where some are asked for and there are none.

    Raises:
        DataError: Logarithms are asked for, and a value is not above 0.
    """
    if transform == "none" or scaler is None:
        return None
    least: dict[bytes, float] = {}
    for chunk in chunks():
        known = chunk.target[np.isfinite(chunk.target)]
        # A series without a value counts as one that stays at its offset.
        least[chunk.series_id] = min(least.get(chunk.series_id, np.inf), float(known.min(initial=np.inf)))
    ids = sorted(least)
    lowest = np.array([least[name] if np.isfinite(least[name]) else 0.0 for name in ids])
    offset, scale = scales_of(ids, scaler)
    found = log_view(lowest, offset=offset, scale=scale)
    if found is not None:
        return found
    bad = [
        name.decode(errors="replace")
        for name, low in zip(ids, offset[1:] + scale[1:] * lowest, strict=True)
        if low <= 0
    ]
    whose = f"{len(bad):,} series, {bad[0]!r} among them, hold values" if len(bad) > 1 else "the series hold values"
    problem = f"{whose} that are not above 0 in train, and have no logarithm"
    if transform == "log":
        raise DataError(f"scaling.transform: got 'log'; {problem}. Set it to auto or none.")
    say(f"scaling.transform: {problem}; values stay as they are")
    return None


def scales_of(ids: Sequence[bytes], scaler: Scaler | None) -> tuple[Array, Array]:
    """Returns offset and scale of the series, `[1 + G]`; row 0 is for all others."""
    if scaler is None:
        return np.zeros(1 + len(ids)), np.ones(1 + len(ids))
    offset, scale = scaler.parameters(ids)
    # All others of a single series are scaled like it.
    others = (offset[0], scale[0]) if len(ids) == 1 else scaler.overall
    return np.append(others[0], offset), np.append(others[1], scale)


def batches_in_logs(
    batches: Callable[[], Iterator[Mapping[str, Any]]], logs: LogView
) -> Callable[[], Iterator[dict[str, npt.NDArray[Any]]]]:
    """Returns passes over the same windows, context and target as logarithms."""
    return lambda: (
        {name: np.asarray(values) for name, values in in_logs(window, logs).items()} for window in batches()
    )


def logs_are_better(values: RidgeForecast, logs: RidgeForecast, data: WindowStream, *, block: int) -> bool:
    """Returns whether a ridge on logarithms is better on the eval windows, by more than one standard error.

    Args:
        values: The ridge on values.
        logs: That on logarithms.
        data: The eval windows.
        block: Windows, one after another, that reach over a horizon.
    """
    forecasts, target, series, _ = forecasts_of([values, logs], data)
    blocks = overlapping(np.zeros(len(target), np.int32) if series is None else series, block)
    return clearly_better(forecasts[1], forecasts[0], target, blocks)
