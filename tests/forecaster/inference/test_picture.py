"""The picture holds what it is to show: read off matplotlib's own axes."""

from typing import Any

import matplotlib.figure
import numpy as np
import pytest

from tapeline.forecaster.inference.contexts import Context
from tapeline.forecaster.inference.next_steps import Chosen, NextForecast
from tapeline.forecaster.inference.picture import draw_forecasts, forecast_figure
from tapeline.forecaster.inference.table import Forecast
from tapeline.schemas.sections import DataConfig
from tapeline.series.sources.time_style import TimeStyle
from tapeline.series.time_grid import TimeGrid

GRID, T, H = TimeGrid("D"), 40, 6
PNG = b"\x89PNG"


def pair(name: bytes, *, gap: bool = False, endless: bool = False, level: float = 0.0) -> tuple[Context, Forecast]:
    times = GRID.timestamps(19_000 + np.arange(T + H))
    values = level + np.arange(T, dtype=np.float64)
    if gap:
        values[[30, 32]] = np.nan
    context = Context(
        series_id=name,
        timestamps=times[:T],
        values=values,
        past=np.zeros((T, 0)),
        future=np.zeros((T + H, 0)),
        static=np.zeros(0),
        texts={},
        steps_ahead=H,
    )
    ahead = T + np.arange(H, dtype=np.float32)
    reach = np.inf if endless else 4.0
    ends = {"lower": ahead - 2, "upper": ahead + 2, "lower_95": ahead - reach, "upper_95": ahead + reach}
    return context, Forecast(series_id=name, times=times[T:], levels={"forecast": ahead, **ends})


def made(contexts: Any, forecasts: Any, *, after: Any = ()) -> NextForecast:
    chosen = Chosen(contexts=tuple(contexts), left_out=(), after=tuple(after))
    data = DataConfig(time="day", target="sold", frequency="D")
    return NextForecast(chosen=chosen, forecasts=tuple(forecasts), data=data, style=TimeStyle())


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Any:
    canvases = []
    save = matplotlib.figure.Figure.savefig

    def keep(canvas: Any, *args: Any, **kwargs: Any) -> Any:
        canvases.append(canvas)
        return save(canvas, *args, **kwargs)

    monkeypatch.setattr(matplotlib.figure.Figure, "savefig", keep)

    def draw(*pairs: Any) -> Any:
        contexts, forecasts = zip(*pairs, strict=True)
        png = draw_forecasts(made(contexts, forecasts), unit="pieces", title="sold")
        assert png.startswith(PNG)
        return canvases[-1]

    return draw


def test_context_forecast_and_both_intervals_are_there(drawn: Any) -> None:
    canvas = drawn(pair(b"series"))
    (panel,) = canvas.axes
    labels = panel.get_legend_handles_labels()[1]
    assert sorted(labels) == ["80 % interval", "95 % interval", "forecast", "measured"]
    lines = {line.get_label(): line for line in panel.lines}
    # The line of the forecast starts where what was measured ends.
    np.testing.assert_array_equal(lines["forecast"].get_ydata(), [39, 40, 41, 42, 43, 44, 45])
    assert lines["measured"].get_ydata()[-1] == 39
    assert canvas.get_suptitle().startswith("sold, pieces  ·  6 steps from 2022-02-17")


def test_the_largest_of_several_series_are_small_multiples(drawn: Any) -> None:
    canvas = drawn(*(pair(b"s%02d" % n, level=100.0 * (n % 7)) for n in range(13)))
    shown = [panel for panel in canvas.axes if panel.get_visible()]
    assert [panel.get_title(loc="left") for panel in shown] == ["s03", "s04", "s05", "s06", "s11", "s12"]
    assert "the 6 largest of 13 series" in canvas.get_suptitle()


def test_what_was_measured_since_goes_on_beside_the_forecast() -> None:
    context, forecast = pair(b"series")
    figure = forecast_figure(made([context], [forecast], after=[np.arange(H) + 100.0]))
    canvas = matplotlib.figure.Figure()
    figure.draw(canvas, True)
    lines = {line.get_label(): line for line in canvas.axes[0].lines}
    np.testing.assert_array_equal(np.asarray(lines["measured"].get_ydata())[-H:], np.arange(H) + 100)


def test_a_value_between_gaps_is_a_point(drawn: Any) -> None:
    (panel,) = drawn(pair(b"series", gap=True)).axes
    points = [line for line in panel.lines if line.get_marker() == "."]
    assert [line.get_ydata().tolist() for line in points] == [[31.0]]


def test_an_interval_without_an_end_does_not_spoil_the_axes(drawn: Any) -> None:
    (panel,) = drawn(pair(b"series", endless=True)).axes
    assert np.isfinite(panel.get_ylim()).all()
    assert panel.get_ylim()[1] < 60
