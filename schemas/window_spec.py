"""The shape of a window: how far it looks back, how far ahead.

>>> WindowSpec(context_length=104, horizon=24).length      # steps from the first context to the last forecast value
128
"""

import dataclasses
from collections.abc import Mapping

from tapeline.schemas.features import CATEGORIES, FUTURE_COVARIATES
from tapeline.schemas.features_config import FeaturesConfig, calendar_width
from tapeline.schemas.sections import WindowConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class WindowSpec:
    """Sizes of a window, in steps of the series' frequency.

    Attributes:
        context_length: `T`, the past steps that the model sees.
        horizon: `H`, the steps that it forecasts.
        stride: Steps between the forecast starts of two neighbouring windows.
        min_context: Fewest steps of a series that a context holds, where the whole one does not fit; the others are
            padded in front. None: a context is never padded.
    """

    context_length: int
    horizon: int
    stride: int = 1
    min_context: int | None = None

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is None and field.name == "min_context":
                continue
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"window.{field.name}: got {value!r}, must be a whole number of steps, 1 or more.")

    @property
    def length(self) -> int:
        """Steps that a window covers: `T + H`."""
        return self.context_length + self.horizon

    @property
    def least_context(self) -> int:
        """Fewest steps of a series before a forecast."""
        return min(self.context_length, self.min_context or self.context_length)

    @classmethod
    def of(cls, window: WindowConfig, *, stride: int | None = None) -> "WindowSpec":
        """Returns the shape that a configuration asks for.

        Args:
            window: The section `window`.
            stride: Steps between neighbouring windows; None: those of training.
        """
        return cls(
            context_length=window.context_length,
            horizon=window.horizon,
            stride=stride or window.stride,
            min_context=window.least_context,
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class WindowShape:
    """Widths of everything in a window, as a model needs them to build its layers.

    Attributes:
        context_length: `T`.
        horizon: `H`.
        past: `P`, past covariates at each context step.
        future: `K`, future-known covariates at each context and horizon step, the calendar included.
        static: `S`, numbers that belong to the series.
        calendar: Calendar features, the last columns of the future-known covariates: sine and cosine of each, but one
            number for `weekend`.
        categories: Covariates that are numbers of categories: role, position among the covariates of that role, and
            how many numbers there are, that of unseen values included.
        series: Series that may have weights of their own; 0: none has.
        lags: Seasons at which a linear map reads the columns that are known ahead.
        min_context: Fewest steps of a context that a request must give; None: all.
    """

    context_length: int
    horizon: int
    past: int = 0
    future: int = 0
    static: int = 0
    calendar: tuple[str, ...] = ()
    categories: tuple[tuple[str, int, int], ...] = ()
    series: int = 0
    lags: tuple[int, ...] = ()
    min_context: int | None = None

    @property
    def amounts(self) -> tuple[int, ...]:
        """Positions of the columns known ahead that are amounts: neither categories nor the calendar."""
        columns = range(self.future - calendar_width(self.calendar))
        numbers = {position for role, position, _ in self.categories if role == FUTURE_COVARIATES}
        return tuple(position for position in columns if position not in numbers)

    @property
    def least_context(self) -> int:
        """Fewest steps of a context that a request must give."""
        return self.min_context or self.context_length

    @classmethod
    def of(
        cls, window: WindowConfig, features: FeaturesConfig, *, category_sizes: Mapping[str, int] | None = None
    ) -> "WindowShape":
        """Returns the widths that a configuration asks for.

        Args:
            window: The section `window`.
            features: The section `features`.
            category_sizes: Numbers of each categorical column, for a network; None where only widths matter.
        """
        return cls(
            context_length=window.context_length,
            horizon=window.horizon,
            past=len(features.past_covariates),
            future=features.future_size,
            static=len(features.static_covariates),
            calendar=features.calendar,
            min_context=window.least_context,
            categories=tuple(
                (role, position, category_sizes[getattr(features, role)[position]])
                for role in CATEGORIES
                for position in features.text_positions(role)
            )
            if category_sizes is not None
            else (),
        )
