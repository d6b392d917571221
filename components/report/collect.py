"""Everything that stands in a report, gathered from the artifacts of a run.

The error of the model stands in it twice: as TFMA found it, and recomputed
here from the same windows.
"""

import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any

from tapeline.components.report.content import (
    Content,
    DataGateFinding,
    DataGateReport,
    Importance,
    InputImportance,
    Origin,
)
from tapeline.components.report.next_forecast import make_forecast
from tapeline.components.report.run_figures import SplitExtent
from tapeline.components.report.scoring import TestWindows
from tapeline.components.report.summary import autocorrelation, newest_windows, overall_interval, pick_windows
from tapeline.components.report.training_history import read_history
from tapeline.components.report.window_errors import ErrorCollector
from tapeline.schemas.config import Config
from tapeline.schemas.errors import DataError
from tapeline.schemas.evaluation_result import read_verdict
from tapeline.schemas.features import SPLITS
from tapeline.schemas.served_model import CARD_FILE, LEANS_ON
from tapeline.schemas.serving_result import read_result
from tapeline.series.scaling import Scaler
from tapeline.series.time_grid import TimeGrid

FINDINGS_FILE = "findings.json"
"""What the data gate found, inside its report artifact."""


def collect(uris: Mapping[str, str], *, config: Config, origin: Origin) -> Content:
    """Reads the artifacts and scores the test windows anew.

    Args:
        uris: The folder of each input of `component.Report`; for `model` that of the SavedModel.
        config: The configuration of the run.
        origin: How the run was made; fingerprints of the model are added.

    Raises:
        DataError: An artifact is incomplete, or the test split holds no window.
    """
    grid, stride = TimeGrid.of(config.data), config.window.eval_stride
    scaler = Scaler.load(uris["transform_graph"])
    windows = TestWindows(uris["windows"], shape=config.window_shape(), model_dir=uris["model"])
    collector = ErrorCollector(grid=grid)
    for batch in windows.scored(scaler):
        collector.add(batch)
    if not collector.windows:
        raise DataError(
            f"windows: the test split holds no window of {config.window.context_length} + {config.window.horizon} "
            "steps. Shorten window.context_length or window.horizon, or give the test split more rows."
        )
    errors = collector.result()
    picks, newest = pick_windows(errors), newest_windows(errors, horizon=config.window.horizon).tolist()
    places = list(dict.fromkeys([*newest, *(pick.window for pick in picks)]))
    shown = dict(zip(places, windows.read(places, scaler), strict=True))
    card = json.loads((pathlib.Path(uris["model"]) / CARD_FILE).read_text(encoding="utf-8"))
    result = read_verdict(uris["evaluation"], uris["model_blessing"])
    if "infra_blessing" in uris:
        serving = read_result(uris["infra_blessing"])
        both = result.blessed and serving.blessed
        result = dataclasses.replace(result, blessed=both, checks=result.checks + serving.checks)
    fingerprints = {
        **origin.fingerprints,
        "training run": card["run_fingerprint"],
        "judged model": result.model_fingerprint,
    }
    return Content(
        config=config,
        result=result,
        errors=errors,
        interval=overall_interval(errors, horizon=config.window.horizon, stride=stride),
        views=tuple((pick, shown[pick.window]) for pick in picks),
        newest=tuple(shown[place] for place in newest),
        importance=read_importance(card),
        autocorrelation=autocorrelation(errors, grid=grid, stride=stride),
        history=read_history(uris["model_run"], card=card),
        data_gate=read_data_gate_report(uris["data_report"]),
        origin=dataclasses.replace(origin, fingerprints=fingerprints),
        next_forecast=make_forecast(uris["model"], config, blessed=result.blessed),
    )


def read_importance(card: Mapping[str, Any]) -> Importance | None:
    """Returns what the card of a model tells of its inputs; None where it tells nothing."""
    told = card.get(LEANS_ON) or {"inputs": ()}
    rows = tuple(InputImportance(**{**row, **_floats(row)}) for row in told["inputs"])
    return Importance(told["windows"], told["repeats"], rows) if rows else None


def _floats(row: Mapping[str, Any]) -> dict[str, float]:
    # Numbers that are not finite stand as text.
    return {name: float(row[name]) for name in ("error_growth", "deviation")}


def read_data_gate_report(data_report_uri: str) -> DataGateReport:
    """Reads what the data gate wrote.

    Raises:
        DataError: There is none.
    """
    path = pathlib.Path(data_report_uri) / FINDINGS_FILE
    if not path.is_file():
        raise DataError(f"data_report: no {FINDINGS_FILE} in {data_report_uri!r}; the data gate did not finish.")
    tree = json.loads(path.read_text(encoding="utf-8"))
    return DataGateReport(
        series=tree["series"],
        errors=tree["errors"],
        warnings=tree["warnings"],
        findings=tuple(_finding(each) for each in tree["findings"]),
        omitted=sum(each["count"] for each in tree["omitted"]),
        splits=tuple(
            SplitExtent(name, *(tree["splits"][name][key] for key in ("rows", "first", "last")))
            for name in SPLITS
            if name in tree["splits"]
        ),
        sampled=tree["sampled"],
    )


def _finding(tree: Mapping[str, Any]) -> DataGateFinding:
    parts = [f"{part.replace('_id', '')} {tree[part]}" for part in ("series_id", "column", "split") if tree.get(part)]
    return DataGateFinding(tree["severity"], tree["kind"], ", ".join(parts), tree["message"], tree["fix"])
