"""A backtest in words, numbers and pictures, from errors that one can compute by hand."""

import io
import json
import math
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure as Canvas
from matplotlib.text import Text

from tapeline.components.report.summary import ShownWindow
from tapeline.pipeline.backtest.fold_figures import ForecastStrip, fold_figure, overview_figure
from tapeline.pipeline.backtest.folds import Cuts
from tapeline.pipeline.backtest.tables import FoldScore, end_to_end, spreads, table, to_tree, typical_series
from tapeline.schemas.evaluation_result import EvaluationResult
from tapeline.series.figures.style import WIDE_INCHES, Figure, render_png
from tapeline.series.figures.wording import Space
from tapeline.series.time_grid import TimeGrid

DAILY = TimeGrid("D")
PPM = Space(50.0, "ppm")


def fold(number: int, model: float, *, space: Space = PPM, blessed: bool = True) -> FoldScore:
    """A fold whose baselines err by 0.04, 0.03 and 0.02 in scaled space; its test is 10 days long."""
    metrics = {
        "mae_scaled": model,
        "mae": 50 * model,
        "window_count": 7.0,
        "mae_scaled_persistence": 0.04,
        "mae_scaled_seasonal_naive": 0.03,
        "mae_scaled_ridge": 0.02,
    }
    test = 100 + 10 * number
    return FoldScore(
        number=number,
        cuts=Cuts(train_start=0, eval_start=test - 20, test_start=test, end=test + 10),
        result=EvaluationResult(blessed, (), metrics, {}, {}, {}, unit="ppm"),
        space=space,
    )


SCORES = [fold(1, 0.01), fold(2, 0.02, blessed=False)]


def rows_of(text: str) -> dict[str, str]:
    return {line.split()[0]: " ".join(line.split()) for line in text.splitlines() if line.strip()}


def test_skill_is_over_the_best_baseline_of_the_fold() -> None:
    # ridge is best with 0.02: 1 - 0.01 / 0.02.
    assert fold(1, 0.01).skill == 0.5
    assert fold(1, 0.03).skill == pytest.approx(-0.5)


def test_errors_are_compared_in_the_unit() -> None:
    assert fold(1, 0.01).model == 0.5
    assert fold(1, 0.01).baselines == {"persistence": 2.0, "seasonal_naive": 1.5, "ridge": 1.0}


def test_table_has_a_line_for_each_fold_then_mean_and_spread() -> None:
    rows = rows_of(table(SCORES, grid=DAILY))
    # Epoch day 110 is 1970-04-21; the test ends with day 119. Train are days 0 to 89.
    assert rows["1"] == "1 1970-01-01 90 1970-04-21 1970-04-30 7 0.01000 0.5000 2 1.500 1 +50.0 % passed"
    assert rows["2"].endswith("refused")
    # Unit MAEs 0.5 and 1: mean 0.75, deviation 0.5 / sqrt(2) = 0.3536. Skills 0.5 and 0.
    assert rows["mean"] == "mean 0.01500 0.7500 2 1.500 1 +25.0 % 1 of 2"
    assert rows["sd"] == "sd 0.00707 0.3536 0 0 0 35.4 %"


def test_one_fold_has_no_line_of_spread() -> None:
    assert "sd" not in rows_of(table(SCORES[:1], grid=DAILY))


def test_table_says_that_scaled_errors_are_not_compared() -> None:
    assert "compare folds in ppm and by skill, not by the scaled MAE" in table(SCORES, grid=DAILY)
    alone = table([fold(1, 0.01, space=Space(1.0, "scaled"))], grid=DAILY)
    assert "Baselines are in scaled space" in alone
    assert "compare folds by skill" in alone


def test_a_model_that_is_not_finite_shows_in_its_line_and_in_the_mean() -> None:
    broken = [fold(1, 0.01), fold(2, math.nan, blessed=False)]
    rows = rows_of(table(broken, grid=DAILY))
    assert "nan" in rows["2"]
    assert "nan" in rows["mean"]
    assert math.isnan(spreads(broken)["mae"].mean)
    assert spreads(broken)["ridge"].mean == 1.0


def test_tree_is_json_with_every_number() -> None:
    tree = json.loads(json.dumps(to_tree([*SCORES, fold(3, math.nan)], grid=DAILY), allow_nan=False))
    assert tree["folds"][0]["test_start"] == "1970-04-21"
    assert tree["folds"][0]["end"] == "1970-05-01"
    assert tree["folds"][0]["train_steps"] == 90
    assert tree["folds"][1]["blessed"] is False
    assert tree["folds"][2]["mae"] == "nan"
    assert tree["mean"]["persistence"] == 2.0
    assert tree["standard_deviation"]["mae"] == "nan"


def test_strip_takes_each_forecast_that_begins_after_the_one_before() -> None:
    # Horizon 3: 5 to 7, then 8 is missing so 9 to 11, then 12.
    steps = np.array([5, 6, 7, 9, 10, 11, 12, 13])
    assert steps[end_to_end(steps, 3)].tolist() == [5, 9, 12]
    assert end_to_end(np.zeros(0, np.int64), 3).tolist() == []


def test_the_series_shown_is_the_one_in_the_middle() -> None:
    errors = {"a": 0.3, "b": 0.1, "c": math.nan, "d": 0.2}
    # 0.1, 0.2, 0.3, NaN: of four, the second.
    assert typical_series({name: {"mae_scaled": value} for name, value in errors.items()}) == "d"
    assert typical_series({"only": {}}) == "only"


def strip() -> ForecastStrip:
    windows = [
        ShownWindow(
            series_id=b"<b>&$x$",
            forecast_start=86_400 * (110 + first),
            context=np.arange(first - 8.0, first),
            target=np.arange(first, first + 3.0),
            forecast=np.arange(first, first + 3.0) + 0.5,
            interval=None,
            scale=1.0,
        )
        for first in (0, 3, 6)
    ]
    return ForecastStrip(windows=windows, steps=np.array([110, 113, 116]), left_out=2)


def drawn(figure: Figure) -> Canvas:
    canvas = Canvas(figsize=(WIDE_INCHES, figure.height))
    figure.draw(canvas, False)
    return canvas


def texts(canvas: Canvas) -> set[str]:
    return {text.get_text() for text in canvas.findobj(Text)}


def test_overview_tells_the_range_of_errors_and_how_often_the_model_was_best() -> None:
    figure = overview_figure(SCORES, grid=DAILY)
    assert "errs by 0.500 to 1 ppm over 2 folds" in figure.alt
    assert "at most as much as each of 3 baselines in 2 of 2" in figure.alt
    shown = texts(drawn(figure))
    assert {"fold 1", "fold 2", "MAE of the test windows, ppm", "train", "mean \u00b1 sd", "ridge"} <= shown
    assert "0.500  (+50.0\u00a0%)" in shown


@pytest.mark.parametrize(("model", "scale"), [(0.01, "linear"), (0.004, "log")])
def test_errors_far_apart_are_drawn_by_ratio(model: float, scale: str) -> None:
    # Persistence errs by 0.04: 4 times 0.01, 10 times 0.004.
    assert drawn(overview_figure([fold(1, model)], grid=DAILY)).axes[1].get_xscale() == scale


def test_a_fold_without_a_finite_error_says_so_in_the_picture() -> None:
    assert "not finite" in texts(drawn(overview_figure([fold(1, 0.01), fold(2, math.nan)], grid=DAILY)))


def test_forecasts_of_a_fold_are_drawn_with_the_name_as_it_is() -> None:
    figure = fold_figure(SCORES[0], strip(), grid=DAILY)
    assert figure.key == "fold-01"
    assert "0.500 ppm, 50\u00a0% less than the best baseline" in figure.alt
    canvas = drawn(figure)
    assert "series <b>&$x$, ppm; fold 1, tested from 1970-04-21, the first 3 forecasts" in {
        canvas.axes[0].get_title(loc="left"),
        *texts(canvas),
    }
    # The truth is one line: 6 steps of context (two horizons), then 9; then a line and a dot for each forecast.
    truth, *forecasts = canvas.axes[0].lines
    assert truth.get_ydata().tolist() == [-6, -5, -4, -3, -2, -1, *range(9)]
    assert [line.get_ydata().tolist() for line in forecasts[::2]] == [
        window.forecast.tolist() for window in strip().windows
    ]


@pytest.mark.parametrize("figure", [overview_figure(SCORES, grid=DAILY), fold_figure(SCORES[0], strip(), grid=DAILY)])
def test_pictures_are_drawn(figure: Any) -> None:
    picture = matplotlib.image.imread(io.BytesIO(render_png(figure)))
    assert picture.shape[1] > 1000
    assert picture[..., :3].std() > 0.05
