"""Where the folds of a backtest lie in time: rolling origin, refitted in every fold.

>>> base = Cuts(train_start=0, eval_start=70, test_start=85, end=100)
>>> spec = WindowSpec(context_length=8, horizon=2)
>>> [(fold.test_start, fold.end) for fold in plan_folds(base, folds=3, window="expanding", spec=spec)]
[(85, 90), (90, 95), (95, 100)]

Times are steps of the grid, whole numbers. The test spans tile the time up to
the end, so each step is forecast by the model that was trained last before it:

    fold 1  train train train train eval  test
    fold 2  train train train train train eval  test
    fold 3  train train train train train train eval  test    expanding
    fold 3              train train train train eval  test    sliding

Source: Tashman (2000), Out-of-sample tests of forecasting accuracy,
International Journal of Forecasting 16(4).
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from tapeline.schemas.errors import ConfigError
from tapeline.schemas.window_spec import WindowSpec

TrainWindow = Literal["expanding", "sliding"]
"""Whether train begins with the first row in every fold, or moves along and keeps its length."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cuts:
    """Where time is cut, in steps of the grid: the first of each split, and the first after test."""

    train_start: int
    eval_start: int
    test_start: int
    end: int


def plan_folds(
    base: Cuts, *, folds: int, window: TrainWindow, spec: WindowSpec, fold_length: int | None = None
) -> tuple[Cuts, ...]:
    """Lays the folds, the earliest first.

    Eval keeps its length and lies between train and test, as in the
    configuration. One fold of the default length is the configuration's own
    split.

    Args:
        base: The configuration's own split.
        folds: Number of folds.
        window: What becomes of train from fold to fold.
        spec: The shape of a window: what has to fit into a fold.
        fold_length: Steps of each test span; None shares the configuration's
            test span among the folds, so that none is trained on less than
            the configuration's train split.

    Raises:
        ConfigError: The folds do not fit into the data, or a fold is too
            short for one forecast.
    """
    if folds < 1:
        raise ConfigError(f"--folds: got {folds}, must be 1 or more.")
    test, evaluated = base.end - base.test_start, base.test_start - base.eval_start
    length = test // folds if fold_length is None else fold_length
    if length < spec.horizon:
        raise ConfigError(_too_short(length, test=test, folds=folds, spec=spec, shared=fold_length is None))
    first_test = base.end - folds * length
    train = first_test - evaluated - base.train_start
    if train < spec.length:
        most = (base.end - base.train_start - evaluated - spec.length) // length
        raise ConfigError(
            f"--folds: {folds} of {length} steps leave {max(train, 0)} steps to train the first fold on, and one "
            f"window takes {spec.length} (window.context_length {spec.context_length} + window.horizon "
            f"{spec.horizon}). "
            + (f"Give at most {most} folds, or a shorter" if most > 0 else "Give a shorter")
            + " --fold-length."
        )
    return tuple(
        Cuts(
            train_start=base.train_start + (number * length if window == "sliding" else 0),
            eval_start=first_test - evaluated + number * length,
            test_start=first_test + number * length,
            end=first_test + (number + 1) * length,
        )
        for number in range(folds)
    )


def _too_short(length: int, *, test: int, folds: int, spec: WindowSpec, shared: bool) -> str:
    rule = f"a forecast takes window.horizon, {spec.horizon}"
    if not shared:
        return f"--fold-length: got {length} steps, {rule}. Give {spec.horizon} or more."
    most = test // spec.horizon
    fewer = f"at most {most} folds, or " if most else ""
    return (
        f"--folds: {folds} share the test split's {test} steps, {length} each, and {rule}. Give {fewer}a --fold-length "
        f"of {spec.horizon} or more, which tests times before the test split too."
    )


class Spread(NamedTuple):
    """Mean and sample standard deviation of a value over folds; the latter is NaN for fewer than two folds."""

    mean: float
    deviation: float


def spread(values: Sequence[float]) -> Spread:
    """Returns mean and standard deviation; a value that is not finite shows in both."""
    count = len(values)
    mean = math.fsum(values) / count if count and all(map(math.isfinite, values)) else math.nan
    if count < 2:
        return Spread(mean, math.nan)
    return Spread(mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1)))
