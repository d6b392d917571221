"""What a report says, before it is a page: read and computed, not yet drawn.

`collect.py` fills it, `page_sections.py` makes a page of it, `report_json` gives it to machines.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from tapeline.components.report.next_forecast import forecast_json
from tapeline.components.report.run_figures import SplitExtent
from tapeline.components.report.summary import Autocorrelation, OverallInterval, Pick, ShownWindow
from tapeline.components.report.training_history import History
from tapeline.components.report.window_errors import SplitErrors
from tapeline.forecaster.inference.next_steps import NextForecast
from tapeline.schemas.config import Config
from tapeline.schemas.evaluation_result import EvaluationResult, without_nan
from tapeline.series.figures.wording import when
from tapeline.series.time_grid import TimeGrid

JSON_VERSION = 2
"""Changes when a field of `report_json` changes its meaning."""

_SIX_DIGITS = 5e-7


@dataclasses.dataclass(frozen=True)
class LineageEntry:
    """An artifact that the report rests on.

    `part` is what it is to the report, such as `model`; the rest is what ML
    Metadata knows, `uri` relative to the pipeline root.
    """

    part: str
    type_name: str
    id: int
    uri: str
    producer: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Origin:
    """How a run was made: TFX's name of it, when the report was made (in words), and what went into it.

    Versions are by package, fingerprints by what they are of.
    """

    run_id: str
    made: str
    versions: Mapping[str, str]
    fingerprints: Mapping[str, str]
    lineage: tuple[LineageEntry, ...]


@dataclasses.dataclass(frozen=True)
class DataGateFinding:
    """Something that the data gate reported, an `error` or a `warning`.

    `kind` is one word for machines; `place` names series, column and split, and
    is "" for the whole.
    """

    severity: str
    kind: str
    place: str
    message: str
    fix: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataGateReport:
    """What the data gate found: numbers of series, errors and warnings, and the findings that are not omitted.

    `sampled` says that schema and drift were judged on a sample; empty where they were not.
    """

    series: int
    errors: int
    warnings: int
    findings: tuple[DataGateFinding, ...]
    omitted: int
    splits: tuple[SplitExtent, ...]
    sampled: str = ""


@dataclasses.dataclass(frozen=True)
class InputImportance:
    """What the model does with one input.

    `error_growth` is by what share the error on the eval split grows where the input is another window's, `deviation`
    that of the growth over repeats.
    """

    input: str
    what: str
    error_growth: float
    deviation: float


@dataclasses.dataclass(frozen=True)
class Importance:
    """What the model leans on, the most needed input first, over how many eval windows and repeats."""

    windows: int
    repeats: int
    inputs: tuple[InputImportance, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Content:
    """What a report says.

    `errors` are recomputed from the test windows; `interval` is how far their
    mean may be from that of another stretch of time; `views` are windows to
    look at, each with the rule that chose it; `newest` are the newest windows of
    the series to choose from, by skill, the least first; `autocorrelation` is
    None where there are too few residuals, `importance` where the model has no
    error on eval; `next_forecast` is what comes after the data, a sentence where
    there is none, "" where nothing was tried.
    """

    config: Config
    result: EvaluationResult
    errors: SplitErrors
    interval: OverallInterval
    views: tuple[tuple[Pick, ShownWindow], ...]
    newest: tuple[ShownWindow, ...]
    importance: Importance | None
    autocorrelation: Autocorrelation | None
    history: History
    data_gate: DataGateReport
    origin: Origin
    next_forecast: NextForecast | str = ""

    @property
    def agrees(self) -> bool:
        """Whether TFMA's MAE and the recomputed one are the same to six digits."""
        return same_to_six_digits(self.result.metrics.get("mae_scaled", math.nan), self.errors.mae_scaled)


def same_to_six_digits(one: float, other: float) -> bool:
    """Whether two values are the same to six digits after the point; two that are no numbers are the same."""
    return one == other or (math.isnan(one) and math.isnan(other)) or abs(one - other) < _SIX_DIGITS


def report_json(content: Content) -> dict[str, Any]:
    """Returns the numbers behind a report as a tree for JSON; numbers that are not finite stand as strings."""
    errors, grid = content.errors, TimeGrid.of(content.config.data)
    names = [name.decode("utf-8", errors="replace") for name in errors.series_ids]
    tree = {
        "version": JSON_VERSION,
        "name": content.config.name,
        "run_id": content.origin.run_id,
        "blessed": content.result.blessed,
        "checks": [{"id": check.id, **dataclasses.asdict(check)} for check in content.result.checks],
        "metrics": content.result.metrics,
        "recomputed": {"mae_scaled": errors.mae_scaled, "mae": errors.mae, "agrees": content.agrees},
        "interval": dataclasses.asdict(content.interval),
        "mae_scaled_by_lead_step": errors.lead_step,
        "mae_scaled_by_series": dict(zip(names, errors.series_mae, strict=True)),
        "relative_mae_by_series": dict(zip(names, errors.series_relative_mae, strict=True)),
        "mae_scaled_by_calendar": {
            cycle.name: dict(zip(cycle.labels, values, strict=True)) for cycle, values in errors.cycles.items()
        },
        "windows_shown": [
            {
                **dataclasses.asdict(pick),
                "series_id": view.series_id.decode("utf-8", errors="replace"),
                "forecast_start": when(view.forecast_start, grid),
                "mae": pick.mae_scaled * view.scale,
            }
            for pick, view in content.views
        ],
        "leans_on": dataclasses.asdict(content.importance) if content.importance else None,
        "autocorrelation": dataclasses.asdict(content.autocorrelation) if content.autocorrelation else None,
        "next_forecast": forecast_json(content.next_forecast),
        "data_gate": dataclasses.asdict(content.data_gate),
        "versions": content.origin.versions,
        "fingerprints": content.origin.fingerprints,
        "lineage": [dataclasses.asdict(entry) for entry in content.origin.lineage],
        "config": content.config.model_dump(mode="json"),
    }
    plain: dict[str, Any] = without_nan(tree)
    return plain
