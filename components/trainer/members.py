"""From candidates and naive forecasts to the one model that is served."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.selection import Choice, overlapping, select, served_instead
from tapeline.forecaster.network.ensemble import Ensemble
from tapeline.schemas import features as names
from tapeline.schemas.window_spec import WindowShape

MOST_VALUES = 4_000_000
"""Most forecast values of one member that are held in memory: 16 MB. Of more windows, evenly spaced ones are taken."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Member:
    """Who may be picked.

    Attributes:
        name: What it is called in records: `ridge`, `candidate 2`.
        words: What it is, for people.
        layer: `layer(window, training=False, kernel=...)` → `[B, H]`, scaled.
        naive: Whether it is a naive forecast, which nobody's forecast should be worse than.
        trusted: Whether it was chosen on many more windows than those of the eval split.
        network: Whether it was trained by the loop.
        by_series: Whether series have weights of their own in it.
    """

    name: str
    words: str
    layer: keras.layers.Layer
    naive: bool = False
    trusted: bool = False
    network: bool = False
    by_series: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Selected:
    """What is served, and why.

    Attributes:
        model: The average of what was picked.
        members: All that could have been picked, the simplest first.
        choice: What was picked of them.
        windows: Eval windows that decided.
        instead: Name of the member that a series is served in place of the average, by index of the series.
    """

    model: Ensemble
    members: tuple[Member, ...]
    choice: Choice
    windows: int
    instead: Mapping[int, str]

    @property
    def picked(self) -> tuple[tuple[Member, float], ...]:
        """The members of the average with their weights, in the order in which they were picked."""
        return tuple((self.members[position], weight) for position, weight in self.choice.weights.items())

    @property
    def by_series(self) -> bool:
        """Whether the model asks which series it forecasts."""
        return bool(self.instead) or any(member.by_series for member, _ in self.picked)

    def in_words(self) -> str:
        """Returns two or three lines for people: who was picked, and what forecasts without training reach."""
        picked = ", ".join(f"{member.name} ({weight:.0%})" for member, weight in self.picked)
        others = ", ".join(
            f"{member.name} {error:.5f}"
            for member, error in zip(self.members, self.choice.errors, strict=True)
            if not member.network
        )
        hurt = f"\nseries that are served a simpler forecast: {len(self.instead):,}" if self.instead else ""
        return f"picked: {picked}; val_loss {self.choice.error:.5f}\nnot trained: {others}{hurt}"


def select_members(
    members: Sequence[Member], data: WindowStream, *, most_picks: int, shape: WindowShape, stride: int
) -> Selected:
    """Picks members by their free-running forecasts of the eval windows.

    Args:
        members: The simplest first, naive ones before all others.
        data: The eval windows.
        most_picks: Most picks.
        shape: Widths of a window.
        stride: Steps between two eval windows.
    """
    every = max(1, -(-data.count() * shape.horizon // MOST_VALUES))
    forecasts, target, series = forecasts_of([member.layer for member in members], data, every=every)
    block = -(-shape.horizon // (stride * every))
    choice = select(
        forecasts,
        target,
        most_picks=most_picks,
        blocks=overlapping(np.zeros(len(target), np.int32) if series is None else series, block),
        trusted=next((position for position, member in enumerate(members) if member.trusted), None),
    )
    simple = [position for position, member in enumerate(members) if not member.network]
    hurt: dict[int, int] = {}
    if series is not None and (series >= 0).any() and len(np.unique(series)) > 1:
        average = sum(weight * forecasts[position] for position, weight in choice.weights.items())
        hurt = served_instead(
            np.asarray(average),
            forecasts[simple],
            target,
            naive=sum(member.naive for member in members),
            series=series,
            block=block,
        )
    return Selected(
        model=Ensemble(
            [members[position].layer for position in choice.weights],
            list(choice.weights.values()),
            shape=shape,
            instead={index: members[simple[place]].layer for index, place in hurt.items()},
        ),
        members=tuple(members),
        choice=choice,
        windows=len(target),
        instead={index: members[simple[place]].name for index, place in hurt.items()},
    )


def forecasts_of(
    layers: Sequence[Callable[..., tf.Tensor]], data: WindowStream, *, every: int = 1
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int32] | None]:
    """Returns forecasts of a stream's windows.

    Args:
        layers: `layer(window)` → `[B, H]`.
        data: The windows.
        every: Every how many windows.

    Returns:
        Forecasts `[C, N, H]`, targets `[N, H]`, index of the series `[N]` or None where windows do not tell it.
    """
    compiled = [tf.function(layer, autograph=False) for layer in layers]
    forecasts: list[list[npt.NDArray[np.float32]]] = []
    targets, series, first = [], [], 0
    for window, target in data.batches():
        # What fills up the last batch is no window.
        chosen = slice(-first % every, data.count() - first, every)
        first += len(target)
        tensors = {name: tf.convert_to_tensor(values) for name, values in window.items()}
        forecasts.append([layer(tensors).numpy()[chosen] for layer in compiled])
        targets.append(target[chosen])
        if names.SERIES_INDEX in window:
            series.append(window[names.SERIES_INDEX][chosen])
    return (
        np.stack([np.concatenate(parts) for parts in zip(*forecasts, strict=True)]),
        np.concatenate(targets),
        np.concatenate(series) if series else None,
    )
