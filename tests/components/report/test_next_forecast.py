"""What the page says of the steps after the data, and the files beside it, on a model computed by hand."""

import dataclasses
import pathlib
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tapeline.components.report.next_chart import next_chart, next_charts
from tapeline.components.report.next_forecast import forecast_json, forecast_section, make_forecast, write_forecast
from tapeline.components.report.page_sections import build_page
from tapeline.forecaster.inference.next_steps import Chosen
from tapeline.schemas.config import Config, parse_config
from tests import contract_model

HOURS = pd.date_range("2024-03-01", periods=10, freq="60min")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return str(contract_model.save_contract_model(tmp_path_factory.mktemp("model") / "7"))


@pytest.fixture
def config(tmp_path: pathlib.Path) -> Config:
    """Eight meters, the last of which begins too late."""
    frames = [pd.DataFrame({"time": HOURS, "meter": f"m{n}", "load": 10.0 * n}) for n in range(7)]
    pd.concat([*frames, frames[0].tail(2).assign(meter="late")]).to_csv(tmp_path / "load.csv", index=False)
    return parse_config(
        {
            "name": "load",
            "data": {
                "source": str(tmp_path / "load.csv"),
                "time": "time",
                "target": "load",
                "series_id": "meter",
                "frequency": "H",
                "unit": "MW",
            },
            "window": {"context_length": 6, "horizon": 3},
        },
        origin="the test",
    )


def words(section: Any) -> str:
    return " ".join(section.paragraphs)


def test_every_series_is_in_the_table_and_six_are_in_the_picture(
    model: Any, config: Config, tmp_path: pathlib.Path
) -> None:
    made = make_forecast(model, config, blessed=True)
    assert not isinstance(made, str), made
    write_forecast(made, config, tmp_path)
    table = pd.read_csv(tmp_path / "forecast.csv")
    assert table["series_id"].tolist() == np.repeat([f"m{n}" for n in range(7)], 3).tolist()
    assert table["time"][0] == "2024-03-01 10:00:00"
    assert (tmp_path / "forecast.png").read_bytes().startswith(b"\x89PNG")
    section = forecast_section(made, config, eval_windows=100)
    assert section.title == "The next 3 steps"
    assert "1 series could not be forecast. The first: series 'late': 2 steps up to the last" in words(section)
    (figure,) = section.figures
    assert "Shown are the 6 largest of 7 series." in figure.caption
    assert "of series m0 goes from 0.2" in figure.alt
    tree = forecast_json(made)
    assert tree is not None
    assert (tree["after_the_data"], tree["series"], tree["last"]) == (True, 7, "2024-03-01 12:00")


@pytest.mark.parametrize(
    ("windows", "said"),
    [
        (39, None),
        (12, "on 12 eval windows. That of 95 % takes 39. With fewer"),
        (8, "That of 80 % takes 9 and that of 95 % takes 39. With fewer"),
    ],
)
def test_intervals_of_too_few_errors_are_told_of(model: Any, config: Config, windows: int, said: str | None) -> None:
    made = make_forecast(model, config, blessed=True)
    told = words(forecast_section(made, config, eval_windows=windows))
    assert ("The intervals are made of" in told) is (said is not None)
    assert said is None or said in told


def test_a_window_of_the_past_is_no_table(model: Any, config: Config, tmp_path: pathlib.Path) -> None:
    made = make_forecast(model, config, blessed=True)
    assert not isinstance(made, str), made
    after = tuple(np.ones(3) for _ in made.forecasts)
    made = dataclasses.replace(made, chosen=Chosen(contexts=made.chosen.contexts, left_out=(), after=after))
    config = config.override({"features.future_covariates": ["wind"]})
    write_forecast(made, config, tmp_path)
    assert not (tmp_path / "forecast.csv").exists()
    section = forecast_section(made, config, eval_windows=100)
    assert section.title == "The newest 3 steps that can be forecast"
    assert "The model needs wind for the steps that it forecasts" in words(section)


def test_a_refused_model_forecasts_nothing_and_the_command_is_told(model: Any, config: Config) -> None:
    made = make_forecast(model, config, blessed=False)
    section = forecast_section(made, config, eval_windows=100)
    assert section.figures == ()
    assert "tapeline forecast --candidate --name load" in words(section)


def test_rows_that_cannot_be_forecast_are_a_sentence_and_no_failure(model: Any, config: Config) -> None:
    made = make_forecast(model, config.override({"data.source": "gone.csv"}), blessed=True)
    assert "no file 'gone.csv'" in words(forecast_section(made, config, eval_windows=100))
    tree = forecast_json(made)
    assert tree is not None
    assert tree["made"] is False


def test_the_forecast_is_the_first_figure_and_the_newest_test_forecast_stands_further_down(
    content: Any, model: Any, config: Config
) -> None:
    page = build_page(dataclasses.replace(content, next_forecast=make_forecast(model, config, blessed=True)))
    assert [figure.key for figure in page.first.figures] == ["next_forecast"]
    (below,) = [section for section in page.sections if section.key == "forecasts"]
    assert below.figures[0].key == "newest_forecast"
    assert "newest_forecast" in below.charts


def test_without_a_forecast_the_newest_test_forecast_is_first_beside_the_reason(
    content: Any, model: Any, config: Config
) -> None:
    page = build_page(dataclasses.replace(content, next_forecast=make_forecast(model, config, blessed=False)))
    assert [figure.key for figure in page.first.figures] == ["newest_forecast"]
    assert "The model was refused" in page.first.paragraphs[0]
    assert [figure.key for figure in page.figures].count("newest_forecast") == 1


def test_the_chart_shows_what_was_measured_and_both_intervals_of_the_forecast(model: Any, config: Config) -> None:
    made = make_forecast(model, config, blessed=True)
    assert not isinstance(made, str), made
    found = next_chart(made, 2, unit="MW")
    measured, forecast = (line.values for line in found.lines)
    np.testing.assert_array_equal(measured, [20.0] * 6 + [np.nan] * 3)
    np.testing.assert_array_equal(forecast[6:], made.forecasts[2].levels["forecast"])
    assert np.isnan(forecast[:6]).all()
    assert [band.name for band in found.bands] == ["95 % interval", "80 % interval"]
    np.testing.assert_array_equal(found.bands[0].upper[6:], made.forecasts[2].levels["upper_95"])
    assert found.x[5] < found.marks[0] < found.x[6]


def test_a_series_without_a_forecast_has_an_empty_chart_that_says_so(model: Any, config: Config) -> None:
    made = make_forecast(model, config, blessed=True)
    assert not isinstance(made, str), made
    first, late = next_charts(made, [b"m3", b"late"], unit="MW")
    assert np.isfinite(first.lines[1].values[-1])
    assert all(np.isnan(line.values).all() for line in late.lines)
    assert late.caption == "There is no forecast of this series."
