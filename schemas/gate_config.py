"""The sections of a configuration that tell what a model must reach to be blessed, and to be pushed."""

from typing import Annotated, Literal

import pydantic

from tapeline.schemas.config_section import Section
from tapeline.schemas.config_values import Positive, Real, Share, Steps


class SkillConfig(Section):
    """Least skill over a baseline, as a share of the baseline's MAE; None: shown, not required."""

    persistence: Real | None = 0.0
    """Over "repeat the last value"."""
    seasonal_naive: Real | None = 0.0
    """Over "repeat the last season"."""
    ridge: Real | None = None
    """Over one linear regression from the context to all steps."""


class HarmedSeriesConfig(Section):
    """How many series may do worse than their own best naive forecast, and by how much.

    The better one of "repeat the last value" and "repeat the last season" counts, on the series' test windows. A series
    with fewer than `gate.min_windows` of those is counted and not judged.
    """

    worse_by: Annotated[Real, pydantic.Field(ge=0.0)] = 0.05
    """A series is harmed whose error is more than this share above that of its best naive forecast."""
    share: Share = 0.1
    """Largest share of the judged series that may be harmed."""
    badly_worse_by: Annotated[Real, pydantic.Field(ge=0.0)] = 0.25
    """A series is badly harmed whose error is more than this share above it."""
    badly_share: Share = 0.0
    """Largest share of the judged series that may be badly harmed."""


class GateConfig(Section):
    """What a model must reach on the test split to be blessed."""

    mae_scaled_below: Annotated[Real, pydantic.Field(gt=0.0)] | Literal["auto"] = 0.015
    """The free-running MAE in scaled space must be strictly less than this. `auto`: than that of the better naive
    forecast (the last value, the last season) on the eval split, which is known before the test split is read."""
    mae_scaled_below_per_series: Annotated[Real, pydantic.Field(gt=0.0)] | None = None
    """The same for every series by itself; None: shown (for up to 5,000 series), not required."""
    season: Steps | Literal["auto"] | None = None
    """Steps of one season for the seasonal naive baseline; `auto` finds it by autocorrelation on the train split, None
    takes the frequency's own."""
    skill_over: SkillConfig = SkillConfig()
    """Baselines that must be beaten."""
    harmed_series: HarmedSeriesConfig | None = HarmedSeriesConfig()
    """Series that the model must not harm; None: shown, not required."""
    coverage: Annotated[Real, pydantic.Field(gt=0.0, lt=0.8)] | None = 0.15
    """How far the share of test values inside an interval may be from the interval's level: 0.15 lets that of 80 % hold
    65 to 95 %, and that of 95 % no less than 80 %. Required where the test split has 20 forecasts that do not overlap;
    None: shown, not required."""
    min_windows: Positive = 10
    """Fewest test windows that a verdict may rest on; that of a series by itself, too."""
    no_worse_than_blessed: bool = True
    """Whether a model must be at least as good as the one blessed last."""


class ServingConfig(Section):
    """What the model must bear in a process of its own before it is pushed."""

    max_latency_ms: Annotated[Real, pydantic.Field(gt=0.0)] = 250.0
    """Longest median time of one forecast, in milliseconds, on the machine that runs the serving gate."""
    max_memory_mib: Annotated[Real, pydantic.Field(gt=0.0)] = 4096.0
    """Largest peak memory of the process that serves it, in MiB."""


class PushConfig(Section):
    """Where a blessed model goes."""

    keep: Positive = 5
    """Versions that stay in `serving_model/`; older ones are removed."""
