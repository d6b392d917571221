"""Puts the results of a backtest together and writes them: table, numbers and figures.

results = write_results(backtest, outcomes, output)
print(results.table)      # also backtest.txt, beside backtest.json, backtest.png and fold-01.png ...
"""

import dataclasses
import json
import pathlib
from collections.abc import Sequence

from tfx.utils import path_utils

from tapeline.components.report.scoring import TestWindows
from tapeline.pipeline.backtest.fold_figures import ForecastStrip, fold_figure, overview_figure
from tapeline.pipeline.backtest.fold_forecasts import read_strip
from tapeline.pipeline.backtest.plan import Backtest, Fold
from tapeline.pipeline.backtest.tables import FoldScore, table, to_tree, typical_series
from tapeline.pipeline.console import quiet
from tapeline.pipeline.lineage import Run
from tapeline.pipeline.local_runner import LocalRun
from tapeline.schemas.evaluation_result import read_verdict
from tapeline.schemas.whole_files import write_whole
from tapeline.series.figures.style import Figure, render_png
from tapeline.series.figures.wording import Space
from tapeline.series.scaling import Scaler
from tapeline.series.time_grid import TimeGrid

TABLE_FILE, NUMBERS_FILE = "backtest.txt", "backtest.json"


@dataclasses.dataclass(frozen=True)
class Results:
    """What was written.

    Attributes:
        table: For people.
        json: For machines.
    """

    table: str
    json: str


def write_results(backtest: Backtest, outcomes: Sequence[LocalRun], output: pathlib.Path) -> Results:
    """Reads what the Evaluators found, forecasts what is shown, and writes all files."""
    grid = TimeGrid.of(backtest.config.data)
    scores, figures = [], []
    for fold, outcome in zip(backtest.folds, outcomes, strict=True):
        assert outcome.run is not None
        with quiet(outcome.log):
            score, strip = read_fold(fold, outcome.run)
        scores.append(score)
        figures.append(fold_figure(score, strip, grid=grid))
    scores = _in_one_space(scores)
    figures.insert(0, overview_figure(scores, grid=grid))
    tree = {
        "name": backtest.config.name,
        "window": backtest.window,
        **to_tree(scores, grid=grid),
        "figures": [{"file": _file(figure), "shows": figure.caption, "alt": figure.alt} for figure in figures],
        "config": backtest.config.model_dump(mode="json"),
    }
    results = Results(table(scores, grid=grid), json.dumps(tree, indent=2, allow_nan=False, ensure_ascii=False) + "\n")
    for figure in figures:
        write_whole(output / _file(figure), render_png(figure))
    write_whole(output / TABLE_FILE, f"{results.table}\n")
    write_whole(output / NUMBERS_FILE, results.json)
    return results


def read_fold(fold: Fold, run: Run) -> tuple[FoldScore, ForecastStrip]:
    """Reads one fold's numbers, and the forecasts that are shown of it.

    Raises:
        DataError: An artifact is incomplete, or the test split holds no window.
    """
    result = read_verdict(_uri(run, "Evaluator", "evaluation"), _uri(run, "Evaluator", "blessing"))
    scaler = Scaler.load(_uri(run, "Transform", "transform_graph"))
    # Of too many series the Evaluator scores none by itself.
    series = [name.encode() for name in result.series] or list(scaler.ids) or [b""]
    _, scale = scaler.parameters(series)
    windows = TestWindows(
        _uri(run, "Windows", "windows"),
        shape=fold.config.window_shape(),
        model_dir=path_utils.serving_model_path(_uri(run, "Trainer", "model")),
    )
    strip = read_strip(
        windows,
        series_id=typical_series(result.series) if result.series else None,
        horizon=fold.config.window.horizon,
        grid=TimeGrid.of(fold.config.data),
        scaler=scaler,
    )
    space = Space.of(scale, fold.config.data.unit)
    return FoldScore(number=fold.number, cuts=fold.cuts, result=result, space=space), strip


def _in_one_space(scores: list[FoldScore]) -> list[FoldScore]:
    """Folds stand in one table: where one has no common unit, none is shown in it."""
    if len({score.space.unit for score in scores}) == 1:
        return scores
    return [dataclasses.replace(score, space=Space(1.0, "scaled")) for score in scores]


def _uri(run: Run, node: str, key: str) -> str:
    artifact = run.artifact(node, key)
    assert artifact is not None, f"{node} came to its end without {key}"
    return artifact.uri


def _file(figure: Figure) -> str:
    return f"{figure.key}.png"
