"""The ridges of a run: what networks start from, and members of the pool themselves."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy.typing as npt

from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.loop import Say
from tapeline.components.trainer.members import Member
from tapeline.forecaster.network.highway import WIDEST_FIRST, LinearHighway, widest_reads
from tapeline.forecaster.network.log_view import LogView
from tapeline.forecaster.network.naive import Persistence, RidgeForecast, SeasonalNaive
from tapeline.forecaster.network.ridge import RidgeKind
from tapeline.forecaster.network.ridge_fit import RidgeFit
from tapeline.forecaster.network.ridge_sums import most_series
from tapeline.schemas import features as names
from tapeline.schemas.training_config import ViewConfig
from tapeline.schemas.window_spec import WindowShape, WindowSpec
from tapeline.series.windowing import Chunk, late_contexts, late_steps

Chunks = Callable[[], Iterable[Chunk]]
"""Starts a pass over the chunks of a split."""

BASELINE = RidgeKind()
"""It reads all that is known, and is one for all series."""

_RIDGE_BATCH = 1024


def ridge_batches(
    chunks: Chunks, spec: WindowSpec, series: Sequence[bytes] = (), *, late: bool = True
) -> Callable[[], Iterator[dict[str, npt.NDArray[Any]]]]:
    """Returns passes over the windows as they are: one that only fills up a batch would count in a sum.

    Args:
        chunks: What windows are cut from.
        spec: Their shape.
        series: The series that windows tell the index of.
        late: Whether windows whose context begins late are among them.
    """
    stream = WindowStream(
        read=chunks, spec=spec, batch_size=_RIDGE_BATCH, fill_last=False, series=series, keep_start=True
    )

    def batches() -> Iterator[dict[str, npt.NDArray[Any]]]:
        for window, target in stream.batches():
            batch = {**window, names.TARGET: target}
            left = ~late_contexts(window[names.CONTEXT_OBSERVED])
            if late or left.all():
                yield batch
            elif left.any():
                yield {name: values[left] for name, values in batch.items()}

    return batches


def trained_series(
    chunks: Chunks, view: ViewConfig, *, shape: WindowShape, choice: bool, say: Say = lambda line: None
) -> tuple[tuple[bytes, ...], int]:
    """Returns the series that windows tell the index of, sorted, and how many may have linear maps of their own.

    Args:
        chunks: The train split.
        view: The section `model.view`.
        shape: Widths of a window.
        choice: Whether other views and other forecasts are tried as well.
        say: Told where the view asks for maps and there are none.
    """
    asked = view.highway_per_series and view.highway != "none"
    if not asked and not choice:
        return (), 0
    series = tuple(sorted({chunk.series_id for chunk in chunks()}))
    most = most_series(shape)
    maps = len(series) if 2 <= len(series) <= most else 0
    if asked and not maps:
        say(f"model.view.highway_per_series: {len(series):,} series, not 2 to {most}: one map serves all")
    return (series if maps or (choice and len(series) > 1) else ()), maps


def simple_kinds(shape: WindowShape) -> tuple[RidgeKind, ...]:
    """Returns the ridges that are members of a pool: all that differ from each other, those that read least first.

    Args:
        shape: Widths of a window, and the series that may have maps of their own.
    """
    kinds = [RidgeKind(reads) for reads in reversed(WIDEST_FIRST) if widest_reads(reads, shape) == reads]
    if shape.series:
        kinds += [RidgeKind(kind.reads, True) for kind in tuple(kinds)]
    return tuple(kinds)


def simple_members(fits: Mapping[RidgeKind, RidgeFit], *, shape: WindowShape, season: int) -> tuple[Member, ...]:
    """Returns the members that no loop trains, the simplest first: naive forecasts, then ridges.

    Args:
        fits: The ridges.
        shape: Widths of a window.
        season: Steps that the seasonal naive forecast repeats.
    """
    naive = (
        Member(name="persistence", words="the last value", layer=Persistence(shape), naive=True),
        Member(
            name="seasonal naive",
            words=f"the value {season} step{'s' * (season > 1)} before",
            needs=season,
            layer=SeasonalNaive(shape, season=season),
            naive=True,
        ),
    )
    return naive + tuple(_ridge_member(kind, fits[kind], shape) for kind in simple_kinds(shape))


def ridge_line(kind: RidgeKind, fit: RidgeFit, shape: WindowShape) -> LinearHighway:
    """Returns a solved ridge as a frozen layer: its forecast less the last value."""
    line = LinearHighway(shape, reads=kind.reads, per_series=kind.per_series, trainable=False)
    line.adopt(fit)
    return line


def whole_context(context_length: int) -> int:
    """Returns the steps that a context has at least which does not begin late."""
    return context_length - max(late_steps(context_length) - 1, 0)


def log_members(fits: Mapping[RidgeKind, RidgeFit], *, shape: WindowShape, logs: LogView) -> tuple[Member, ...]:
    """Returns the ridges on logarithms, in the order of `simple_members`."""
    return tuple(_ridge_member(kind, fits[kind], shape, logs) for kind in simple_kinds(shape))


_READS = {
    "context": (" on the context", "the context alone"),
    "known": (" on what is known", "the context and what is known ahead"),
    "all": ("", "the context, what is known ahead, more waves, lags and squares"),
}
"""What a ridge reads, in its name and in words."""


def _ridge_member(kind: RidgeKind, fit: RidgeFit, shape: WindowShape, logs: LogView | None = None) -> Member:
    suffix, reads = _READS[kind.reads]
    name = "ridge" + suffix + (" by series" if kind.per_series else "") + (" in logarithms" if logs is not None else "")
    return Member(
        name=name,
        words=f"a linear map of {reads}"
        + (", one for each series" if kind.per_series else "")
        + (", on logarithms" if logs is not None else ""),
        layer=RidgeForecast(ridge_line(kind, fit, shape), logs=logs, name=name.replace(" ", "_")),
        needs=whole_context(shape.context_length),
        by_series=kind.per_series or (logs is not None and len(logs.ratio) > 1),
    )
