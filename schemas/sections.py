"""The sections of a configuration that tell what the data are and how they are made into windows.

A section is frozen, refuses unknown keys and has a default that is right for
most. `config` puts all sections together; covariates and calendar are in
`features_config`, the model and its training in `training_config`, its tests in
`gate_config`, the machines in `runner_config`.
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
    Positive,
    Real,
    Share,
    Steps,
)
from tapeline.schemas.frequency import Frequency, check_zone


class DataConfig(Section):
    """Where the rows come from and which column plays which part."""

    source: str | None = None
    """CSV or Parquet (CSV also compressed: `.gz`, `.bz2`, `.xz`, `.zst`) as a path, a glob, a folder (names of folders
    such as `region=VIC` are columns) or spans such as `span-{SPAN}/*.csv`; or `statsmodels:co2`. A relative path is
    looked for in the working directory, then in the folder of this file. None: the command line must give `--data`."""
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
    statistics_rows: Positive | None = None
    """Rows of each split that the statistics describe, by which schema and drift are judged, spread over it; None
    describes all. Series, times and gaps are checked row by row whatever it is."""


class SplitConfig(Section):
    """How time is cut into train, eval and test: by fractions of the time span, by dates, or from each series' end."""

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
    eval_steps: Steps | None = None
    """Steps of eval, counted back from the test split of each series; replaces the fractions, together with
    `test_steps`. A series that leaves train no step goes to train whole, and is not judged."""
    test_steps: Steps | None = None
    """Steps of test, counted back from the last value of each series: where series end at different times, so do their
    splits."""
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
        steps = ("eval_steps", "test_steps")
        if (self.eval_steps is None) != (self.test_steps is None):
            given = steps[self.eval_steps is None]
            yield Clash((given, *steps), "eval_steps and test_steps come together: give both or neither")
        others = [name for name in dates if getattr(self, name) is not None] + fractions
        if self.from_ends and others:
            yield Clash(
                ("test_steps", *others),
                f"steps from each series' end and {', '.join(others)} exclude each other: keep one way to cut",
            )
        total = self.train + self.eval + self.test
        if abs(total - 1.0) > 1e-6:
            yield Clash(tuple(fractions), f"train + eval + test is {total:g}, must be 1: correct the fractions")

    @property
    def from_ends(self) -> bool:
        """Whether each series is cut by its own last step."""
        return self.test_steps is not None


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
    min_context: Steps | None = None
    """Fewest steps of a series before a forecast. A series that no whole context fits into is padded in front with steps
    that count as not measured. None: as many as the horizon. `context_length` and more: shorter series are refused."""

    @property
    def least_context(self) -> int:
        """Fewest steps of a series before a forecast."""
        return min(self.context_length, self.min_context or self.horizon)


class ScalingConfig(Section):
    """The space that the model and the gate work in, fitted on the train split only."""

    method: Literal["min_max", "standard"] = "min_max"
    """`min_max`: 0 and 1 are the train split's extremes. `standard`: mean 0, standard deviation 1."""
    per_series: bool = False
    """Whether each series has a scale of its own."""
    unseen_series: Literal["global", "refuse"] = "refuse"
    """What a series without train rows gets: the scale over all series, or a refusal."""
    transform: Literal["none", "log", "auto"] = "none"
    """`log`: networks and ridges read logarithms and forecast them, and the model turns these back; all train values must
    be above 0. `auto`: where a ridge on them is better on eval by more than chance. The scaled space, its errors and the
    gate stay what they are."""
