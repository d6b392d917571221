"""From the newest rows of every series to what a model is asked: contexts on the grid, gaps as NaN.

Bad rows raise one error that lists all findings, with the data gate's messages.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tapeline.forecaster.inference.context_checks import check_tail, raise_findings
from tapeline.forecaster.inference.tails import Tail
from tapeline.forecaster.pushed_model import Card
from tapeline.schemas import features as names
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.served_model import TIMESTAMPS
from tapeline.series.checks.findings import Finding, listing, plural
from tapeline.series.figures.wording import when
from tapeline.series.time_grid import TimeGrid


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Context:
    """What a model is asked about one series.

    Attributes:
        series_id: The series.
        timestamps: Epoch seconds of the context, int64 `[T]`.
        values: Its target, float64 `[T]`; NaN where missing.
        past: Past covariates, float64 `[T, P]`.
        future: Future-known covariates of the context and the steps ahead, float64 `[T + steps_ahead, K']`.
        static: Static covariates, float64 `[S]`.
        texts: The columns of categories, by the name of their input; bytes of the same shapes, empty where missing.
        steps_ahead: How many steps to forecast.
    """

    series_id: bytes
    timestamps: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    past: npt.NDArray[np.float64]
    future: npt.NDArray[np.float64]
    static: npt.NDArray[np.float64]
    texts: dict[str, npt.NDArray[np.object_]]
    steps_ahead: int

    @property
    def measured_share(self) -> float:
        """Share of the context that was measured."""
        return float(np.mean(~np.isnan(self.values)))


def build_contexts(
    tails: Mapping[bytes, Tail], *, card: Card, horizon: int | None, source: str, argument: str = "--input"
) -> list[Context]:
    """Returns the context of each series, sorted by series.

    Args:
        tails: The newest rows of each series.
        card: What the model was trained on.
        horizon: Steps to forecast; None takes as many as future-known columns reach, or the trained horizon.
        source: Where the rows are from, for messages.
        argument: What named the source, for messages.

    Raises:
        DataError: Rows break a rule; the message lists all of it.
    """
    findings: list[Finding] = []
    contexts = []
    for series_id, tail in sorted(tails.items()):
        found, context = build_context(series_id, tail, card=card, horizon=horizon)
        findings += found
        if context is not None:
            contexts.append(context)
    raise_findings(findings, source=source, argument=argument)
    return contexts


def build_context(
    series_id: bytes, tail: Tail, *, card: Card, horizon: int | None, most: int | None = None
) -> tuple[list[Finding], Context | None]:
    """Returns what is wrong with the newest rows of a series, and its context where nothing is.

    Args:
        series_id: The series.
        tail: Its newest rows.
        card: What the model was trained on.
        horizon: As in `build_contexts`.
        most: Steps at most, where `horizon` is None; None for no limit.
    """
    name = series_id.decode("utf-8", errors="replace")
    findings = [dataclasses.replace(finding, series_id=name) for finding in check_tail(tail, card)]
    if findings:
        return findings, None
    last = tail.last_measured
    assert last is not None  # `check_tail` has found a measured value.
    features, length = card.features, card.window.context_length
    step = tail.ordinal - (last - length + 1)
    past, future = (len(features.numbers(role)) for role in (names.PAST_COVARIATES, names.FUTURE_COVARIATES))
    texts_ahead = [features.text_columns.index(column) for column in features.texts(names.FUTURE_COVARIATES)]
    known = ~np.isnan(tail.values[:, 1 + past : 1 + past + future]).all(axis=1)
    known |= (tail.texts[:, texts_ahead] != b"").any(axis=1)
    reach = max(0, int(step[known].max(initial=0)) + 1 - length)
    last_time = int(tail.seconds[step == length - 1][0])
    if horizon is None and most is not None:
        reach = min(reach, most)
    steps, problem = _steps_ahead(reach, card, horizon, last_time=last_time)
    static = _first_measured(tail.values[np.argsort(tail.ordinal)][:, 1 + past + future :])
    missing = [
        column
        for column, value in zip(features.numbers(names.STATIC_COVARIATES), static, strict=True)
        if np.isnan(value)
    ]
    if missing:
        problem = problem or Finding(
            kind="missing_static",
            message=f"no value of the static covariates {listing(missing)} in the newest {length} steps.",
            fix="fill the columns in; they hold the same number in every row of a series.",
        )
    if problem:
        return [dataclasses.replace(problem, series_id=name)], None
    near = step < length + steps
    table = np.full((length + steps, tail.values.shape[1]), np.nan)
    table[step[near]] = tail.values[near]
    texts = np.full((length + steps, tail.texts.shape[1]), b"", object)
    texts[step[near]] = tail.texts[near]
    context = Context(
        series_id=series_id,
        timestamps=TimeGrid.of(card.data).timestamps(last - length + 1 + np.arange(length)),
        values=table[:length, 0],
        past=table[:length, 1 : 1 + past],
        future=table[:, 1 + past : 1 + past + future],
        static=static,
        texts=_by_input(texts, features, length=length),
        steps_ahead=steps,
    )
    return [], context


def _by_input(texts: npt.NDArray[np.object_], features: FeaturesConfig, *, length: int) -> dict[str, Any]:
    """The categories of context and horizon `[T + steps, Q]` by the name of their input."""
    found = {}
    for role, name in names.CATEGORIES.items():
        of_role = texts[:, [features.text_columns.index(column) for column in features.texts(role)]]
        if role == names.STATIC_COVARIATES:
            known = of_role != b""
            first = np.argmax(known, axis=0)
            found[name] = of_role[first, np.arange(of_role.shape[1])]
        else:
            found[name] = of_role[:length] if role == names.PAST_COVARIATES else of_role
    return found


def _steps_ahead(reach: int, card: Card, horizon: int | None, *, last_time: int) -> tuple[int, Finding | None]:
    """How many steps to forecast; where the model has future-known columns, their reach decides."""
    known_ahead = bool(card.features.future_covariates)
    steps = horizon or (reach if known_ahead else card.window.horizon)
    if known_ahead and reach < max(1, steps):
        columns = listing(list(card.features.future_covariates))
        wanted = f" for {horizon} steps" if horizon else ""
        return 0, Finding(
            kind="no_known_future",
            message=(
                f"the last measured value is of {when(last_time, TimeGrid.of(card.data))}, and the future-known columns {columns} reach "
                f"{plural(reach, 'step')} beyond it; the model needs them{wanted} ahead."
            ),
            fix="append rows with the times to forecast, these columns filled in and the target empty"
            + (", or ask for fewer steps with --horizon." if reach else "."),
        )
    if card.longest_horizon is not None and steps > card.longest_horizon:
        return 0, Finding(
            kind="horizon_too_long",
            message=f"{plural(steps, 'step')} to forecast; the model goes {card.longest_horizon:,} steps ahead at most.",
            fix=f"ask for fewer with --horizon; it was trained for {card.window.horizon}.",
        )
    return steps, None


def _first_measured(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The first value of each column that is there, `[S]`; NaN where none is."""
    known = ~np.isnan(values)
    first = np.argmax(known, axis=0)
    return np.where(known.any(axis=0), values[first, np.arange(values.shape[1])], np.nan)


def raw_request(contexts: Sequence[Context]) -> dict[str, npt.NDArray[Any]]:
    """Returns every input on raw values that a signature may take.

    Args:
        contexts: All of the same number of steps ahead, `[B]`.
    """
    series = np.empty(len(contexts), object)
    series[:] = [context.series_id for context in contexts]
    return {
        names.CONTEXT: np.stack([context.values for context in contexts]),
        TIMESTAMPS: np.stack([context.timestamps for context in contexts]),
        names.SERIES_ID: series,
        names.PAST_COVARIATES: np.stack([context.past for context in contexts]),
        names.FUTURE_COVARIATES: np.stack([context.future for context in contexts]),
        names.STATIC_COVARIATES: np.stack([context.static for context in contexts]),
        **{name: np.stack([context.texts[name] for context in contexts]) for name in names.CATEGORIES.values()},
    }


def largest(contexts: Sequence[Context], *, most: int) -> list[int]:
    """Returns which contexts hold the largest values on average, in the order of the contexts.

    Args:
        contexts: Of all series.
        most: How many are wanted.
    """
    size = np.array([np.nanmean(np.abs(context.values)) for context in contexts])
    return sorted(np.argsort(-size, kind="stable")[:most].tolist())
