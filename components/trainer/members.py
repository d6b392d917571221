"""From candidates and naive forecasts to the one model that is served."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.selection import Choice, overlapping, select, served_instead
from tapeline.forecaster.network.ensemble import Ensemble
from tapeline.schemas import features as names
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.windowing import late_contexts

MOST_VALUES = 4_000_000
"""Most forecast values of one member that are held in memory: 16 MB. Of more windows, evenly spaced ones are taken."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Member:
    """Who may be picked.

    Attributes:
        name: What it is called in records: `ridge`, `candidate 2`.
        words: What it is, for people.
        layer: `layer(window, training=False, kernel=...)` → `[B, H]`, scaled.
        needs: Steps of a series that it needs before a forecast.
        naive: Whether it is a naive forecast, which nobody's forecast should be worse than.
        trusted: Whether it was chosen on many more windows than those of the eval split.
        network: Whether it was trained by the loop.
        by_series: Whether series have weights of their own in it.
    """

    name: str
    words: str
    layer: keras.layers.Layer
    needs: int = 1
    naive: bool = False
    trusted: bool = False
    network: bool = False
    by_series: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class LateChoice:
    """Who forecasts where a context begins late, since its series does; or a series that has no scale of its own.

    Attributes:
        weights: The share of each member, by position.
        error: Mean absolute error of their average on such eval windows; None where there are none.
        windows: How many there are.
    """

    weights: Mapping[int, float]
    error: float | None = None
    windows: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Selected:
    """What is served, and why.

    Attributes:
        model: The average of what was picked.
        members: All that could have been picked, the simplest first.
        choice: What was picked of them.
        late: Who forecasts where a context begins late; None: the average as well.
        unseen: Whether that one forecasts series as well that training did not see.
        windows: Eval windows that decided.
        instead: Name of the member that a series is served in place of the average, by index of the series.
    """

    model: Ensemble
    members: tuple[Member, ...]
    choice: Choice
    late: LateChoice | None
    unseen: bool
    windows: int
    instead: Mapping[int, str]

    @property
    def picked(self) -> tuple[tuple[Member, float], ...]:
        """The members of the average with their weights, in the order in which they were picked."""
        return tuple((self.members[position], weight) for position, weight in self.choice.weights.items())

    @property
    def by_series(self) -> bool:
        """Whether the model asks which series it forecasts."""
        late = () if self.late is None else self.late.weights
        served = [member for member, _ in self.picked] + [self.members[position] for position in late]
        return bool(self.instead) or self.unseen or any(member.by_series for member in served)

    def in_words(self) -> str:
        """Returns two or three lines for people: who was picked, and what forecasts without training reach."""
        picked = ", ".join(f"{member.name} ({weight:.0%})" for member, weight in self.picked)
        others = ", ".join(
            f"{member.name} {error:.5f}"
            for member, error in zip(self.members, self.choice.errors, strict=True)
            if not member.network
        )
        hurt = f"\nseries that are served a simpler forecast: {len(self.instead):,}" if self.instead else ""
        late = "" if self.late is None or not self.late.windows else f"\n{self._late_in_words(self.late)}"
        return f"picked: {picked}; val_loss {self.choice.error:.5f}{late}\nnot trained: {others}{hurt}"

    def _late_in_words(self, late: LateChoice) -> str:
        names = ", ".join(f"{self.members[place].name} ({weight:.0%})" for place, weight in late.weights.items())
        return f"short series: {names}; val_loss {late.error:.5f} on {late.windows:,} eval windows"


def select_members(
    members: Sequence[Member],
    data: WindowStream,
    *,
    most_picks: int,
    shape: WindowShape,
    stride: int,
    unseen: bool = False,
) -> Selected:
    """Picks members by their free-running forecasts of the eval windows.

    Args:
        members: The simplest first, naive ones before all others.
        data: The eval windows.
        most_picks: Most picks.
        shape: Widths of a window.
        stride: Steps between two eval windows.
        unseen: Whether series that training did not see count as ones that begin late: their scale is that of others.
    """
    every = max(1, -(-data.count() * shape.horizon // MOST_VALUES))
    forecasts, target, series, late = forecasts_of([member.layer for member in members], data, every=every)
    if unseen and series is not None:
        late |= series < 0
    block = -(-shape.horizon // (stride * every))
    blocks = overlapping(np.zeros(len(target), np.int32) if series is None else series, block)
    whole = ~late if (~late).any() else np.ones(len(target), bool)
    choice = select(
        forecasts[:, whole],
        target[whole],
        most_picks=most_picks,
        blocks=blocks[whole],
        trusted=next((position for position, member in enumerate(members) if member.trusted), None),
    )
    able = [position for position, member in enumerate(members) if member.needs <= shape.least_context]
    late_choice = _choose_late(
        members, able, forecasts[:, late], target[late], most_picks=most_picks, blocks=blocks[late]
    )
    simple = [position for position, member in enumerate(members) if not member.network]
    hurt: dict[int, int] = {}
    if series is not None and (series >= 0).any() and len(np.unique(series)) > 1:
        served = np.array(_average(forecasts, choice.weights))
        if late_choice is not None:
            served[late] = _average(forecasts[:, late], late_choice.weights)
        hurt = served_instead(
            served,
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
            late=_together(members, late_choice, shape),
            unseen=unseen,
        ),
        members=tuple(members),
        choice=choice,
        late=late_choice,
        unseen=unseen,
        windows=int(whole.sum()),
        instead={index: members[simple[place]].name for index, place in hurt.items()},
    )


def _choose_late(
    members: Sequence[Member],
    able: Sequence[int],
    forecasts: npt.NDArray[np.float32],
    target: npt.NDArray[np.float32],
    *,
    most_picks: int,
    blocks: npt.NDArray[np.integer[Any]],
) -> LateChoice | None:
    """Picks among the members at the positions `able`; without such windows, the one that was chosen on the most others."""
    trusted = next((place for place, position in enumerate(able) if members[position].trusted), None)
    if not len(target):
        return None if trusted is None else LateChoice(weights={able[trusted]: 1.0})
    if not able:
        return None
    choice = select(forecasts[able], target, most_picks=most_picks, blocks=blocks, trusted=trusted)
    weights = {able[place]: weight for place, weight in choice.weights.items()}
    return LateChoice(weights=weights, error=choice.error, windows=len(target))


def _together(members: Sequence[Member], late: LateChoice | None, shape: WindowShape) -> keras.layers.Layer | None:
    """Returns the average of the members that forecast late contexts as one layer."""
    if late is None:
        return None
    layers = [members[position].layer for position in late.weights]
    return Ensemble(layers, list(late.weights.values()), shape=shape)


def _average(forecasts: npt.NDArray[np.float32], weights: Mapping[int, float]) -> npt.NDArray[np.float32]:
    return np.asarray(sum(weight * forecasts[position] for position, weight in weights.items()))


def forecasts_of(
    layers: Sequence[Callable[..., tf.Tensor]], data: WindowStream, *, every: int = 1
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int32] | None, npt.NDArray[np.bool_]]:
    """Returns forecasts of a stream's windows.

    Args:
        layers: `layer(window)` → `[B, H]`.
        data: The windows.
        every: Every how many windows.

    Returns:
        Forecasts `[C, N, H]`, targets `[N, H]`, index of the series `[N]` or None where windows do not tell it;
            whether the context begins late `[N]`.
    """
    compiled = [tf.function(layer, autograph=False) for layer in layers]
    forecasts: list[list[npt.NDArray[np.float32]]] = []
    targets, series, late, first = [], [], [], 0
    for window, target in data.batches():
        # What fills up the last batch is no window.
        chosen = slice(-first % every, data.count() - first, every)
        first += len(target)
        tensors = {name: tf.convert_to_tensor(values) for name, values in window.items()}
        forecasts.append([layer(tensors).numpy()[chosen] for layer in compiled])
        targets.append(target[chosen])
        late.append(late_contexts(window[names.CONTEXT_OBSERVED])[chosen])
        if names.SERIES_INDEX in window:
            series.append(window[names.SERIES_INDEX][chosen])
    return (
        np.stack([np.concatenate(parts) for parts in zip(*forecasts, strict=True)]),
        np.concatenate(targets),
        np.concatenate(series) if series else None,
        np.concatenate(late),
    )
