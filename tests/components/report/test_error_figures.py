"""Figures: what is drawn, in which inks, for which canvas."""

import base64
import dataclasses
import io
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import matplotlib.image
import numpy as np
import pytest

from tapeline.components.report.error_figures import cycle_figure, lead_step_figure, residual_figure, series_figure
from tapeline.components.report.run_figures import learning_figure, timeline_figure, window_figure
from tapeline.components.report.training_history import History, OtherCourse
from tapeline.series.figures.style import DARK, LIGHT, NARROW_INCHES, WIDE_INCHES, render, safe
from tapeline.series.figures.wording import Space, count, number, percent, when
from tapeline.series.time_grid import TimeGrid

PPM = Space(59.0, "ppm")
WEEKLY = TimeGrid("W-SAT")
SVG = "{http://www.w3.org/2000/svg}"


def svg_of(source: Any) -> Any:
    return base64.b64decode(source.removeprefix("data:image/svg+xml;base64,")).decode()


def texts(svg: Any) -> list[Any]:
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.fixture(scope="module")
def lead_step(content: Any) -> Any:
    return render(lead_step_figure(content.errors, PPM))


def test_picture_is_well_formed_and_transparent(lead_step: Any) -> None:
    tree = ElementTree.fromstring(lead_step.wide)
    assert tree.tag == f"{SVG}svg"
    assert LIGHT.paper not in lead_step.wide
    assert {"persistence", "seasonal naive", "ridge", "this model", "MAE, ppm", "lead step"} <= set(
        texts(lead_step.wide)
    )


def test_dark_picture_has_the_dark_inks_and_none_of_the_light_ones(lead_step: Any) -> None:
    dark = svg_of(lead_step.source(narrow=False, dark=True))
    light = svg_of(lead_step.source(narrow=False, dark=False))
    assert light == lead_step.wide
    assert DARK.forecast in dark
    assert not [ink for ink in dataclasses.astuple(LIGHT) if ink in dark]
    assert texts(dark) == texts(light)


def test_every_ink_of_a_theme_is_another() -> None:
    for inks in (LIGHT, DARK):
        assert len(set(dataclasses.astuple(inks))) == len(dataclasses.fields(inks))


def luminance(ink: Any) -> float:
    channels = [int(ink[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("inks", [LIGHT, DARK])
def test_inks_stand_out_from_their_ground(inks: Any) -> None:
    # WCAG 2.1: 4.5 for text, 3 for lines and marks.
    least = {"ink": 4.5, "muted": 4.5, "forecast": 3, "persistence": 3, "seasonal_naive": 3, "ridge": 2.9}
    for name, contrast in least.items():
        pair = sorted([luminance(getattr(inks, name)), luminance(inks.paper)])
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= contrast, name


def test_phone_gets_a_drawing_of_its_own_with_letters_of_the_same_size(lead_step: Any) -> None:
    sizes = [
        set(re.findall(r"font-size: ([\d.]+)px|font: ([\d.]+)px", svg)) for svg in (lead_step.wide, lead_step.narrow)
    ]
    assert sizes[0] == sizes[1]
    assert lead_step.narrow_size[0] / lead_step.wide_size[0] == pytest.approx(NARROW_INCHES / WIDE_INCHES, abs=0.01)


def test_lines_are_told_apart_without_colour(lead_step: Any) -> None:
    dashes = re.findall(r"stroke-dasharray: ([^;\"]+)", lead_step.wide)
    assert len(set(dashes)) >= 3


def test_png_shows_something_on_white(lead_step: Any) -> None:
    image = matplotlib.image.imread(io.BytesIO(lead_step.png))
    assert image.shape[1] > 1_000
    assert image[0, 0, :3] == pytest.approx([1, 1, 1], abs=0.01)
    assert (image[..., :3].min(axis=2) < 0.5).mean() > 0.01


def test_drawing_twice_gives_the_same_picture(content: Any, lead_step: Any) -> None:
    again = render(lead_step_figure(content.errors, PPM))
    assert again.wide == lead_step.wide
    assert again.png == lead_step.png


def test_names_are_drawn_letter_by_letter(
    make_content: Any, nasty_names: tuple[bytes, bytes, bytes, bytes, bytes, bytes]
) -> None:
    errors = make_content(series=nasty_names, starts=20, horizon=2, context=52).errors
    drawn = texts(render(series_figure(errors)).wide)
    assert "<script>alert(1)</script>" in drawn
    assert "$\\frac{1}$" in drawn
    assert "\ufffd\ufffd[31m" in drawn


def test_name_is_cut_and_cleaned() -> None:
    assert safe(b"\x00a\xff") == "\ufffda\ufffd"
    assert safe("a\u202eb") == "a\ufffdb"
    assert safe("x" * 100, 10) == "x" * 9 + "…"
    assert safe("北京") == "北京"


def test_only_the_worst_series_are_drawn(make_content: Any) -> None:
    names = tuple(b"series %03d" % i for i in range(40))
    content = make_content(series=names, starts=20, horizon=2, context=52)
    figure = series_figure(content.errors)
    worst = names[int(np.argmax(content.errors.series_relative_mae))].decode()
    assert figure.alt.startswith("The 20 worst of 40 series")
    assert f"The worst is {worst}" in figure.alt
    drawn = texts(render(figure).wide)
    assert sum(name.decode() in drawn for name in names) == 20


def test_finding_by_lead_step_names_both_ends(content: Any) -> None:
    lead = content.errors.lead_step
    alt = lead_step_figure(content.errors, PPM).alt
    assert f"errs by {number(lead['forecast'][0] * 59)} ppm at lead step 1" in alt
    assert f"{number(lead['forecast'][-1] * 59)} at lead step 24" in alt
    assert f"persistence {number(lead['persistence'][-1] * 59)}" in alt


def test_finding_by_month_names_the_largest_and_the_smallest() -> None:
    from tapeline.series.cycles import MONTH

    values = np.full(12, np.nan)
    values[[0, 4, 7]] = [0.2, 0.5, 0.1]
    assert cycle_figure(MONTH, values, 0.3, Space(10.0, "MW")).alt == (
        "The error is largest for May with 5 MW and smallest for Aug with 1; overall 3."
    )


def test_residuals_far_out_do_not_squeeze_the_rest(content: Any) -> None:
    values = np.append(np.linspace(-1, 1, 1_000), 1e6).astype(np.float32)
    figure = residual_figure(dataclasses.replace(content.errors, residuals=values), Space(1.0, "scaled"))
    assert "The outermost bars hold the 0.100\u00a0% that lie further out." in figure.caption
    assert "1,000,000" not in texts(render(figure).wide)


def test_window_shows_its_rule_its_start_and_its_error(content: Any) -> None:
    pick, view = content.views[0]
    figure = window_figure(view, pick, grid=WEEKLY, unit="ppm")
    assert f"50th percentile of the window error: forecast from {when(view.forecast_start, WEEKLY)}" in figure.caption
    assert f"Mean absolute error {number(pick.mae_scaled * view.scale)} ppm" in figure.alt
    assert {"truth", "forecast", "cutoff"} <= set(texts(render(figure).wide))


def test_window_with_a_prediction_interval_shows_it(content: Any) -> None:
    pick, without = content.views[0]
    view = dataclasses.replace(without, interval=(without.forecast - 1, without.forecast + 1))
    assert "80 % prediction interval" in texts(render(window_figure(view, pick, grid=WEEKLY, unit="ppm")).wide)
    without = texts(render(window_figure(without, pick, grid=WEEKLY, unit="ppm")).wide)
    assert "prediction interval" not in without


def history(**changes: Any) -> History:
    values = {
        "epoch": np.arange(1, 6),
        "loss": np.array([0.5, 0.4, 0.3, 0.25, 0.2]),
        "val_loss": np.array([0.4, 0.3, 0.35, 0.34, 0.33]),
        "teacher_forced": None,
        "learning_rate": np.array([1e-3, 1e-3, 1e-3, 5e-4, 2.5e-4]),
        "seconds": np.ones(5),
        "kept_epoch": 2,
        "before_training": 0.6,
        "train_windows": 10,
        "eval_windows": 10,
        "parameters": 3,
    }
    return History(**{**values, **changes})


def test_learning_curves_mark_each_new_rate_and_what_was_kept() -> None:
    figure = learning_figure(history())
    assert history().rate_changes == (3, 4)
    assert {"rate 0.0005", "rate 0.00025", "weights kept"} <= set(texts(render(figure).wide))
    assert "has the weights of epoch 2." in figure.alt
    assert "from 0.6000 to 0.3000" in figure.alt


def test_learning_curves_say_when_no_epoch_was_better_than_none() -> None:
    figure = learning_figure(history(kept_epoch=None))
    assert history(kept_epoch=None).kept_error == 0.6
    assert "the weights from before training: no epoch was better" in figure.alt


def test_learning_curves_show_the_other_candidates_of_a_pool() -> None:
    other = OtherCourse(name="candidate 2", epoch=np.arange(1, 3), val_loss=np.array([0.5, 0.4]), seconds=np.ones(2))
    figure = learning_figure(history(others=(other,)))
    assert "free-running error, other candidates" in texts(render(figure).wide)
    assert "of the candidate that was best by itself" in figure.caption
    assert "other candidates" not in texts(render(learning_figure(history())).wide)


def test_timeline_tells_rows_and_dates(content: Any) -> None:
    own = timeline_figure(content.data_gate.splits, grid=WEEKLY, own_ends=True)
    assert own.alt.startswith("The splits overlap over all series: train")
    figure = timeline_figure(content.data_gate.splits, grid=WEEKLY)
    train = content.data_gate.splits[0]
    assert f"train 1,150 rows from {when(train.first, WEEKLY)} to {when(train.last, WEEKLY)}" in figure.alt
    assert {"train", "eval", "test"} <= set(texts(render(figure).wide))


def test_a_split_without_rows_is_left_blank(content: Any) -> None:
    empty = dataclasses.replace(content.data_gate.splits[1], rows=0, first=None, last=None)
    figure = timeline_figure((content.data_gate.splits[0], empty, content.data_gate.splits[2]), grid=WEEKLY)
    assert "eval" not in figure.alt
    assert "eval" in texts(render(figure).wide)


def test_numbers_in_words() -> None:
    assert [number(value) for value in (0.010217, 12_345.6, 3.2e-5, 0, 2.0, float("nan"), -1.5)] == [
        "0.0102",
        "12,346",
        "3.20e\u221205",
        "0",
        "2",
        "not a number",
        "\u22121.50",
    ]
    assert percent(0.318) == "32\u00a0%"
    assert [count(1, "window"), count(2_000, "window"), count(1, "series")] == ["1 window", "2,000 windows", "1 series"]


def test_times_are_told_on_the_clock_of_the_data() -> None:
    assert when(0, TimeGrid("H", "Europe/Helsinki")) == "1970-01-01 02:00"
    assert when(22 * 3600, TimeGrid("D", "Europe/Helsinki")) == "1970-01-02"
