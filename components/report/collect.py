"""Everything that stands in a report, gathered from the artifacts of a run.

content = collect(sources, config=config, origin=origin)
content.errors.mae_scaled, content.result.metrics["mae_scaled"]    # recomputed, and TFMA's
"""

import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any

from tapeline.components.report.content import Content, DataGateFinding, DataGateReport, Origin
from tapeline.components.report.run_figures import SplitExtent
from tapeline.components.report.scoring import TestWindows
from tapeline.components.report.summary import autocorrelation, overall_interval, pick_windows
from tapeline.components.report.training_history import read_history
from tapeline.components.report.window_errors import ErrorCollector
from tapeline.schemas.config import Config
from tapeline.schemas.errors import DataError
from tapeline.schemas.evaluation_result import read_verdict
from tapeline.schemas.features import SPLITS
from tapeline.schemas.served_model import CARD_FILE
from tapeline.schemas.serving_result import read_result
from tapeline.series.scaling import Scaler
from tapeline.series.time_grid import TimeGrid

FINDINGS_FILE = "findings.json"
"""What the data gate found, inside its report artifact."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sources:
    """Folders of the artifacts that a report is made from.

    Attributes:
        evaluation: The Evaluator's.
        blessing: The verdict's.
        model_dir: The SavedModel.
        windows: Windows; the `test` split is read.
        model_run: The Trainer's record.
        data_report: The data gate's.
        transform_graph: Holds the scales of the series.
        infra_blessing: The serving gate's; None where there is none.
    """

    evaluation: str
    blessing: str
    model_dir: str
    windows: str
    model_run: str
    data_report: str
    transform_graph: str
    infra_blessing: str | None = None


def collect(sources: Sources, *, config: Config, origin: Origin) -> Content:
    """Reads the artifacts and scores the test windows anew.

    Raises:
        DataError: An artifact is incomplete, or the test split holds no window.
    """
    grid, stride = TimeGrid.of(config.data), config.window.eval_stride
    scaler = Scaler.load(sources.transform_graph)
    windows = TestWindows(sources.windows, shape=config.window_shape(), model_dir=sources.model_dir)
    collector = ErrorCollector(grid=grid)
    for batch in windows.scored(scaler):
        collector.add(batch)
    if not collector.windows:
        raise DataError(
            f"windows: the test split holds no window of {config.window.context_length} + {config.window.horizon} "
            "steps. Shorten window.context_length or window.horizon, or give the test split more rows."
        )
    errors = collector.result()
    card = json.loads((pathlib.Path(sources.model_dir) / CARD_FILE).read_text(encoding="utf-8"))
    result = read_verdict(sources.evaluation, sources.blessing)
    if sources.infra_blessing is not None:
        serving = read_result(sources.infra_blessing)
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
        views=windows.views(pick_windows(errors), scaler),
        autocorrelation=autocorrelation(errors, grid=grid, stride=stride),
        history=read_history(sources.model_run, card=card),
        data_gate=read_data_gate_report(sources.data_report),
        origin=dataclasses.replace(origin, fingerprints=fingerprints),
    )


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
            SplitExtent(name, tree["splits"][name]["rows"], tree["splits"][name]["first"], tree["splits"][name]["last"])
            for name in SPLITS
            if name in tree["splits"]
        ),
    )


def _finding(tree: Mapping[str, Any]) -> DataGateFinding:
    parts = [f"{part.replace('_id', '')} {tree[part]}" for part in ("series_id", "column", "split") if tree.get(part)]
    return DataGateFinding(tree["severity"], tree["kind"], ", ".join(parts), tree["message"], tree["fix"])
