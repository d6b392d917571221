"""The sections of a configuration that tell what the data are and how they are made into windows.

A section is frozen, refuses unknown keys and has a default that is right for
most. `config` puts all sections together; those of the model and its training
are in `training_config`, those of its tests in `gate_config`, those of the
machines in `runner_config`.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pydantic

from tapeline.schemas import features as names
from tapeline.schemas.config_errors import Clash
from tapeline.schemas.config_section import Section
from tapeline.schemas.config_values import (
    ChosenFromData,
    Columns,
    Count,
    Fraction,
    Names,
    Once,
    Positive,
    Real,
    Share,
    Steps,
)
from tapeline.schemas.frequency import Frequency, check_zone
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


class DataConfig(Section):
    """Where the rows come from and which column plays which part."""

    source: str | None = None
    """CSV or Parquet (CSV also compressed: `.gz`, `.bz2`, `.xz`, `.zst`) as a path, a glob, a folder (names of folders
    such as `region=VIC` are columns) or spans such as `span-{SPAN}/*.csv`; or `statsmodels:co2`. None: the command line
    must give `--data`."""
    spans: Positive = 1
    """How many of the newest spans are read, where `source` has a `{SPAN}` or the date `{YYYY}`, `{MM}`, `{DD}`."""
    origin: str = ""
    """Where the data can be had, and their licence; shown when the file is missing."""
    time: str = "ds"
    """Column of timestamps."""
    time_format: str | None = None
    """strptime format of text, or `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns` for numbers since 1970; None takes one
    ISO 8601 form, the same in every row."""
    target: Columns = ("y",)
    """Column to forecast; several columns become several series under one shared model."""
    unit: str = ""
    """Unit of the target, for people: `ppm`, `MW`."""
    lower_bound: Real | None = None
    """Smallest value that the target can have, in its unit: 0 for sales. Forecasts and intervals are cut off there; train
    rows below it are refused."""
    upper_bound: Real | None = None
    """Largest value that it can have: 100 for a share in percent."""
    series_id: Names | None = None
    """Column that names the series (long form), or several whose values are joined by `/`; None: one series, or one a
    target column."""
    frequency: str
    """Step between rows as a pandas offset alias: `15min`, `h`, `D`, `W-SAT`, `MS`, `ME`."""
    timezone: str = "UTC"
    """IANA zone of timestamps that carry none, and of the calendar features."""
    offset: str = "0s"
    """Distance of the timestamps from the start of their period: `30min` for hourly values taken at half past."""
    separator: Literal["comma", "semicolon", "tab", "bar"] = "comma"
    """Mark between the fields of a CSV file."""
    decimal: Literal["point", "comma"] = "point"
    """Decimal mark of numbers in a CSV file."""

    @pydantic.model_validator(mode="before")
    @classmethod
    def _nixtla_names(cls, values: Any) -> Any:
        """Nixtla's long form needs no renaming: `ds` and `y` with `unique_id` as the series."""
        if isinstance(values, dict) and not {"time", "target", "series_id"} & set(values):
            return {**values, "series_id": "unique_id"}
        return values

    @pydantic.field_validator("frequency")
    @classmethod
    def _has_a_grid(cls, frequency: str) -> str:
        Frequency(frequency)
        return frequency

    @pydantic.field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, timezone: str) -> str:
        check_zone(timezone)
        return timezone

    @pydantic.field_validator("offset")
    @classmethod
    def _is_a_distance(cls, offset: str) -> str:
        _seconds(offset)
        return offset

    @pydantic.field_validator("target")
    @classmethod
    def _targets_differ(cls, target: tuple[str, ...]) -> tuple[str, ...]:
        if not target:
            raise ValueError("name at least one column")
        if len(set(target)) < len(target):
            raise ValueError("a column is named twice; name each once")
        return target

    def _clashes(self) -> Iterator[Clash]:
        if self.series_id is not None and len(self.target) > 1:
            yield Clash(
                ("series_id", "target"),
                "series_id and several target columns exclude each other: give one target, or no series_id",
            )
        lower, upper = self.lower_bound, self.upper_bound
        if lower is not None and upper is not None and lower >= upper:
            yield Clash(
                ("lower_bound", "upper_bound"),
                f"lower_bound ({lower:g}) must be less than upper_bound ({upper:g}): correct one, or leave it out",
            )
        for key, column in (("target", self.time), ("series_id", self.time), ("series_id", *self.target[:1])):
            if column in (self.target if key == "target" else self.series_columns):
                other = "time" if column == self.time else "target"
                yield Clash((key, other), f"column {column!r} is data.{other} already: give each column one part")

    @property
    def separator_mark(self) -> str:
        """The mark between fields itself."""
        return {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}[self.separator]

    @property
    def series_columns(self) -> tuple[str, ...]:
        """The columns that name the series."""
        return (self.series_id,) if isinstance(self.series_id, str) else self.series_id or ()

    @property
    def offset_seconds(self) -> int:
        """The offset in seconds."""
        return _seconds(self.offset)


def _seconds(offset: str) -> int:
    import pandas as pd

    try:
        seconds = pd.Timedelta(offset).total_seconds()
    except (ValueError, OverflowError) as error:
        raise ValueError("not a length of time; write it like 30min or 6h") from error
    # NaT is not equal to itself.
    if seconds < 0 or seconds != int(seconds if seconds == seconds else -1):
        raise ValueError("must be 0 or a positive, whole number of seconds, such as 30min")
    return int(seconds)


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
        """`K`: width of the future-known vector: columns, three for each of `holidays`, then the calendar.

        A feature of the calendar is a sine and a cosine, but `weekend` is one number.
        """
        calendar = sum(1 if name == "weekend" else 2 for name in self.calendar)
        return len(self.future_covariates) + 3 * len(self.holidays) + calendar

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


class ChecksConfig(Section):
    """What the data gate refuses."""

    max_gap: Count = 24
    """Longest run of missing steps or values inside a series, in steps."""
    max_constant: Annotated[Positive, pydantic.Field(ge=2)] = 48
    """Longest run of one and the same value, in steps: a stuck sensor."""
    max_outlier: Annotated[Real, pydantic.Field(gt=0.0)] | None = 20.0
    """Farthest that a target may lie from the median of its neighbours, in robust standard deviations (Hampel). Farther
    ones are told, and refused where a few of them set the scale; None lets every value pass."""
    max_drift: Annotated[Real, pydantic.Field(ge=0.0)] = 0.5
    """Largest distance of a column between two splits before a warning, 0 (same) to 1 (Jensen-Shannon)."""


class SplitConfig(Section):
    """How time is cut into train, eval and test: by fractions of the time span, or by dates."""

    train: Fraction = 0.70
    """Share of the time span, from its start."""
    eval: Fraction = 0.15
    """Share that follows; model selection looks here."""
    test: Fraction = 0.15
    """Share at the end; the gate looks here, once."""
    eval_start: str | None = None
    """First time of the eval split; replaces the fractions, together with `test_start`."""
    test_start: str | None = None
    """First time of the test split."""
    start: str | None = None
    """First time that is used; None begins with the first row."""
    end: str | None = None
    """First time that is not used any more; None uses all rows."""

    def _clashes(self) -> Iterator[Clash]:
        # Compared with the defaults, not with the keys that are set: a section written as JSON sets every key.
        fractions = [name for name in names.SPLITS if getattr(self, name) != type(self).model_fields[name].default]
        dates = ("eval_start", "test_start")
        if (self.eval_start is None) != (self.test_start is None):
            given = dates[self.eval_start is None]
            yield Clash((given, *dates), "eval_start and test_start come together: give both or neither")
        if self.eval_start is not None and fractions:
            yield Clash(
                ("eval_start", *fractions), f"dates and fractions ({', '.join(fractions)}) exclude each other: keep one"
            )
        total = self.train + self.eval + self.test
        if abs(total - 1.0) > 1e-6:
            yield Clash(tuple(fractions), f"train + eval + test is {total:g}, must be 1: correct the fractions")


class WindowConfig(Section):
    """The shape of a window, in steps."""

    context_length: Annotated[Steps, ChosenFromData()] = 104
    """Past steps that the model sees."""
    horizon: Steps = 24
    """Steps that it forecasts."""
    stride: Positive = 1
    """Steps between the forecast starts of neighbouring training windows. Not a multiple of a season: with 24 in
    hourly data every window starts at one hour of the day, and the model knows no other; take 23 or 25."""
    eval_stride: Positive = 1
    """The same for the windows of eval and test."""
    min_observed: Share = 0.5
    """Least share of measured values in a context; windows with fewer are left out."""


class ScalingConfig(Section):
    """The space that the model and the gate work in, fitted on the train split only."""

    method: Literal["min_max", "standard"] = "min_max"
    """`min_max`: 0 and 1 are the train split's extremes. `standard`: mean 0, standard deviation 1."""
    per_series: bool = False
    """Whether each series has a scale of its own."""
    unseen_series: Literal["global", "refuse"] = "refuse"
    """What a series without train rows gets: the scale over all series, or a refusal."""
