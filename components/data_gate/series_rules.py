"""The rules that every series must keep, as the data gate's checks read them."""

import dataclasses
import math

from tapeline.schemas.features import TARGET
from tapeline.schemas.sections import ScalingConfig, SplitConfig
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.time_grid import TimeGrid


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rules:
    """What a series must keep.

    Attributes:
        grid: The regular times.
        spec: The shape of a window.
        max_gap: Longest run of missing steps or values, in steps.
        max_constant: Longest run of one value, in measured values.
        max_outlier: Farthest that a target may lie from its neighbourhood, in robust deviations; None: as far as it does.
        scaling: How the scaled space is made.
        split: How the series are cut.
        min_observed: Least share of measured values in a context.
        lower_bound: Smallest value that a target can have; None where there is no limit.
        upper_bound: Largest one.
        past: Past covariates by column.
        future: Future-known covariates by column.
        static: Static covariates by column.
        texts: Those of all these that hold categories, in the order of `columns`.
        files: The first row of each file of the source, and its name.
        wall_clock: Whether the times were written without a zone.
    """

    grid: TimeGrid
    spec: WindowSpec
    max_gap: int = 24
    max_constant: int = 48
    max_outlier: float | None = 20.0
    scaling: ScalingConfig = dataclasses.field(default_factory=ScalingConfig)
    split: SplitConfig = dataclasses.field(default_factory=SplitConfig)
    min_observed: float = 0.5
    lower_bound: float | None = None
    upper_bound: float | None = None
    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    files: tuple[tuple[int, str], ...] = ()
    wall_clock: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Target and covariates."""
        return (TARGET, *self.past, *self.future, *self.static)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Those of the columns that hold amounts."""
        return tuple(column for column in self.columns if column not in self.texts)

    def least_measured(self, steps: int) -> int:
        """Returns the least number of measured values in a context of so many steps."""
        return math.ceil(max(1, self.min_observed * steps))
