"""Who takes part in a pool: the configured network, then others that see a window in another way, from other seeds."""

import dataclasses
import itertools
from collections.abc import Iterator

from tapeline.components.trainer.candidate_views import VIEWS
from tapeline.forecaster.network.highway import widest_reads
from tapeline.schemas.training_config import ModelConfig, ViewConfig
from tapeline.schemas.window_spec import WindowShape

_SEEDS_APART = 1_000
"""Between the seeds of two candidates; a network takes several from its own on."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Candidate:
    """One network of a pool, before it is trained.

    Attributes:
        number: From 1.
        config: What it is: the section `model` with its own view.
        seed: Of its weights, of the order of its windows, of its dropout.
        words: What it sees, for people.
    """

    number: int
    config: ModelConfig
    seed: int
    words: str

    @property
    def name(self) -> str:
        """What it is called in records."""
        return f"candidate {self.number}"


def make_candidates(
    count: int, *, model: ModelConfig, seed: int, shape: WindowShape, several_series: bool
) -> tuple[Candidate, ...]:
    """Returns the candidates, the configured network first.

    A view that comes to the same as an earlier one, because there is nothing to see for it, is left out. Where views
    run out, they come again with other seeds.

    Args:
        count: How many.
        model: The configured network.
        seed: Of the first candidate.
        shape: What there is to see in a window.
        several_series: Whether there are several series.
    """
    configs = list(_different(model, shape=shape, several_series=several_series))
    return tuple(
        Candidate(
            number=number,
            config=config,
            seed=(seed + _SEEDS_APART * (number - 1)) % 2**32,
            words=_in_words(config, configured=model, again=number > len(configs)),
        )
        for number, config in enumerate(itertools.islice(itertools.cycle(configs), count), start=1)
    )


def _different(model: ModelConfig, *, shape: WindowShape, several_series: bool) -> Iterator[ModelConfig]:
    yield model
    seen = [_what_it_comes_to(model, shape=shape, several_series=several_series)]
    for row in VIEWS:
        view = model.view.model_copy(update=row["view"])
        changes = {
            "view": view,
            "dropout": max(model.dropout, row.get("dropout", 0.0)),
            "cross_fit": model.cross_fit and row.get("cross_fit", True),
        }
        other = model.model_copy(update=changes)
        same = _what_it_comes_to(other, shape=shape, several_series=several_series)
        if same not in seen:
            seen.append(same)
            yield same


def _what_it_comes_to(model: ModelConfig, *, shape: WindowShape, several_series: bool) -> ModelConfig:
    """Returns the network with every switch at its default that has nothing to switch."""
    view, default, idle = model.view, ViewConfig(), []
    if not any(name != "weekend" for name in shape.calendar):
        idle.append("harmonics")
    if not {"hour_of_day", "weekend"} <= set(shape.calendar):
        idle.append("weekend_hours")
    if not model.lags or not shape.past + shape.future:
        idle.append("lag_covariates")
    if view.highway != "none" and widest_reads(view.highway, shape) == widest_reads(default.highway, shape):
        idle.append("highway")
    if view.highway == "none" or not several_series:
        idle.append("highway_per_series")
    return model.model_copy(update={"view": view.model_copy(update={name: getattr(default, name) for name in idle})})


def _in_words(model: ModelConfig, *, configured: ModelConfig, again: bool) -> str:
    """Returns what a network sees other than the configured one.

    >>> other = ModelConfig(view={"level": True, "harmonics": 4}, dropout=0.1)
    >>> _in_words(other, configured=ModelConfig(), again=False)
    'sees the last value, 4 waves a calendar cycle, dropout 0.1'
    """
    view, base = model.view, configured.view
    line = {
        "none": "no line",
        "context": "a line over the context alone",
        "known": "a line over what is known",
        "all": "a line that bends",
    }
    words = {
        "level": "sees the last value" if view.level else "does not see the last value",
        "harmonics": f"{view.harmonics} wave{'s' * (view.harmonics > 1)} a calendar cycle",
        "weekend_hours": "weekend hours apart" if view.weekend_hours else "weekend hours like others",
        "lag_covariates": "columns at the lags" if view.lag_covariates else "no columns at the lags",
        "window_units": "in units of the window" if view.window_units else "in usual units",
        "highway": line[view.highway],
        "highway_per_series": "a line for each series" if view.highway_per_series else "one line for all series",
    }
    different = [text for name, text in words.items() if getattr(view, name) != getattr(base, name)]
    if model.cross_fit != configured.cross_fit:
        different.append("not cross-fitted")
    if model.dropout != configured.dropout:
        different.append(f"dropout {model.dropout:g}")
    return ", ".join(different or ["as configured"]) + (", another seed" if again else "")
