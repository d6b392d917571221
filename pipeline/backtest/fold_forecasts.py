"""The forecasts of one test span that are shown: those of one series, end to end.

    strip = read_strip(windows, series_id="series", horizon=24, grid=grid, scaler=scaler)
    strip.forecasts          # [N, H], in the target's unit

Windows overlap; a strip holds every window that begins where the one before it
ends. No choice by error: what is shown is what came.
"""

from tapeline.components.report.scoring import TestWindows
from tapeline.pipeline.backtest.fold_figures import ForecastStrip
from tapeline.pipeline.backtest.tables import end_to_end
from tapeline.schemas.errors import DataError
from tapeline.series.scaling import Scaler
from tapeline.series.time_grid import TimeGrid

MOST_STEPS = 480
"""Steps of a test span that are shown; more cannot be told apart on a page."""


def read_strip(
    windows: TestWindows, *, series_id: str | None, horizon: int, grid: TimeGrid, scaler: Scaler
) -> ForecastStrip:
    """Forecasts the chosen test windows with the model that was judged.

    Args:
        windows: The windows and the model.
        series_id: The series shown; None for that of the first window.
        horizon: Steps of a forecast, `H`.
        grid: The grid of the data.
        scaler: Of the same run.

    Raises:
        DataError: The test split holds no window of the series.
    """
    places, starts = windows.of_series(None if series_id is None else series_id.encode())
    if not len(places):
        raise DataError(f"windows: the test split holds no window of series {series_id!r}. Run the backtest again.")
    steps = grid.ordinals(starts)
    followed = end_to_end(steps, horizon)
    chosen = followed[: max(1, MOST_STEPS // horizon)]
    shown = windows.read(places[chosen], scaler)
    return ForecastStrip(
        series_id=shown.series_id[0].decode(errors="replace"),
        steps=steps[chosen],
        context=shown.context[0],
        truth=shown.target,
        forecasts=shown.forecast,
        left_out=len(followed) - len(chosen),
    )
