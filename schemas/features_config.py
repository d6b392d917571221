"""The sections of a configuration that tell what the model sees beside the target."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

import pydantic

from tapeline.schemas import features as names
from tapeline.schemas.config_errors import Clash
from tapeline.schemas.config_section import Section
from tapeline.schemas.config_values import ChosenFromData, Columns, Once, Steps
from tapeline.schemas.holiday_codes import check_code

CALENDAR_FEATURES = (
    "minute_of_hour",
    "hour_of_day",
    "day_of_week",
    "day_of_month",
    "day_of_year",
    "week_of_year",
    "month_of_year",
    "hour_of_week",
    "weekend",
)


def calendar_width(features: Iterable[str]) -> int:
    """Returns how many columns features of the calendar are: a sine and a cosine each, but `weekend` is one number.

    >>> calendar_width(["hour_of_day", "weekend"])
    3
    """
    return sum(1 if name == "weekend" else 2 for name in features)


class RollingConfig(Section):
    """Causal statistics of the target over the last `window` steps, as inputs to the encoder."""

    window: Annotated[Steps, pydantic.Field(ge=2)]
    """Steps that a statistic looks back over, the present one included."""
    statistics: Annotated[tuple[Literal["mean", "std"], ...], Once] = ("mean", "std")
    """Which statistics."""


class FeaturesConfig(Section):
    """What the model sees beside the target."""

    past_covariates: Columns = ()
    """Columns known up to the cutoff only."""
    future_covariates: Columns = ()
    """Columns known ahead for the whole horizon: holidays, prices, a weather forecast."""
    static_covariates: Columns = ()
    """Columns that hold one number for each series."""
    categorical: Annotated[Columns, Once] = ()
    """Those of the covariates above that hold categories, text or whole numbers, in place of amounts: `weather: mist`.
    What train did not hold, and what is missing, counts as one more category."""
    calendar: Annotated[tuple[Literal[CALENDAR_FEATURES], ...], Once, ChosenFromData()] = ()  # type: ignore[valid-type]
    """Features computed from the timestamps, as sine and cosine; known ahead."""
    holidays: Annotated[Columns, Once] = ()
    """Countries or parts of them, such as `AU-VIC`, whose public holidays are known ahead: three columns each, for the
    day itself, the day before and the day after, on the clock of `data.timezone`. In weeks and months they count the
    holidays of the step, of the next and of the one before."""
    rolling: Annotated[tuple[RollingConfig, ...], Once] = ()
    """Rolling statistics of the target."""

    @pydantic.field_validator("holidays")
    @classmethod
    def _holidays_are_known(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        for code in codes:
            check_code(code)
        return codes

    @property
    def columns(self) -> tuple[str, ...]:
        """Every covariate column, in the order past, future, static."""
        return self.past_covariates + self.future_covariates + self.static_covariates

    @property
    def number_columns(self) -> tuple[str, ...]:
        """The covariate columns that hold amounts, in the order of `columns`."""
        return tuple(column for column in self.columns if column not in self.categorical)

    @property
    def text_columns(self) -> tuple[str, ...]:
        """The covariate columns that hold categories, in the order of `columns`."""
        return tuple(column for column in self.columns if column in self.categorical)

    def numbers(self, role: str) -> tuple[str, ...]:
        """Returns the columns of a role that hold amounts."""
        return tuple(column for column in getattr(self, role) if column not in self.categorical)

    def texts(self, role: str) -> tuple[str, ...]:
        """Returns the columns of a role that hold categories."""
        return tuple(column for column in getattr(self, role) if column in self.categorical)

    def text_positions(self, role: str) -> tuple[int, ...]:
        """Returns where among the columns of a role categories stand."""
        return tuple(at for at, column in enumerate(getattr(self, role)) if column in self.categorical)

    @property
    def future_size(self) -> int:
        """`K`: width of the future-known vector: columns, three for each of `holidays`, then the calendar."""
        return len(self.future_covariates) + 3 * len(self.holidays) + calendar_width(self.calendar)

    def _clashes(self) -> Iterator[Clash]:
        seen: dict[str, str] = {}
        for role in ("past_covariates", "future_covariates", "static_covariates"):
            for column in getattr(self, role):
                if column in names.RESERVED or column.startswith(names.REST):
                    yield Clash((role,), f"{column!r} is a name of Tapeline's own: rename the column")
                if column in seen:
                    yield Clash((role, seen[column]), f"column {column!r} is named twice: give each column one part")
                seen[column] = role
        for column in self.categorical:
            if column not in seen:
                yield Clash(
                    ("categorical",),
                    f"column {column!r} plays no part: list it under past_covariates, future_covariates or "
                    "static_covariates too",
                )
