"""The page in a real browser: seen, hovered, zoomed, filtered by series; no error in it, and no request to anywhere."""

import base64
import io
import json
import pathlib
from collections.abc import Iterator
from typing import Any

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from tapeline.components.report.writing import NUMBERS_FILE, copy_report, write_report
from tapeline.pipeline.drafting.decisions import decide, plan_of
from tapeline.pipeline.drafting.found_data import Wishes, look_at
from tapeline.pipeline.exploring.writing_look import write_look
from tapeline.schemas.artifact_files import PAGE_FILE
from tapeline.series.inspecting.raw_table import read_table
from tests.e2e.components.report.browser import BROWSER, Tab, new_tab

PHONE_WIDTH = 390
NEWEST, LEAD_STEP = "#newest_forecast", "#mae_by_lead_step"

in_a_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome here: apt-get install chromium")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, make_content: Any, nasty_names: Any) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("run") / "report"
    content = make_content(
        series=nasty_names, starts=60, horizon=8, context=52, blessed=False, frequency="D", intervals=True
    )
    write_report(content, folder)
    return folder


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with new_tab(tmp_path_factory.mktemp("browser")) as tab:
        yield tab


@pytest.fixture
def page(tab: Tab, report: pathlib.Path) -> Iterator[Tab]:
    """The report, opened wide; at the end nothing went wrong and nothing was asked for."""
    tab.open(report / PAGE_FILE)
    tab.wait_for(f"document.querySelector('{NEWEST} canvas') !== null")
    yield tab
    assert tab.errors == []
    assert tab.requests == []


def seen(tab: Tab, *, whole: bool = False) -> Any:
    return matplotlib.image.imread(io.BytesIO(base64.b64decode(tab.picture(whole=whole))))[..., :3]


def hint(tab: Tab, figure: str) -> str:
    text: str = tab.run(f"document.querySelector('{figure} .hint').innerText")
    return text


@in_a_browser
@pytest.mark.parametrize(("width", "dark"), [(1200, False), (PHONE_WIDTH, False), (PHONE_WIDTH, True)])
def test_page_is_seen_and_nothing_is_wider_than_the_window(
    page: Tab, report: pathlib.Path, width: int, dark: bool
) -> None:
    page.open(report / PAGE_FILE, width=width, dark=dark)
    page.wait_for(f"document.querySelector('{NEWEST} canvas') !== null")
    image = seen(page, whole=True)
    ground = image[2, 2]
    assert (ground.mean() < 0.3) if dark else (ground.mean() > 0.9)
    differs = np.abs(image - ground).max(axis=2) > 0.15
    assert 0.02 < differs.mean() < 0.6
    # Every part of the page shows something: no figure is missing.
    assert all(part.any() for part in np.array_split(differs, 12))
    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.run("[...document.images].filter(image => image.complete && !image.naturalWidth).length") == 0


@in_a_browser
def test_hovering_tells_the_values_at_the_pointer(page: Tab) -> None:
    assert page.run(f"document.querySelector('{NEWEST} .hint').hidden")
    page.mouse("mouseMoved", page.middle_of(f"{NEWEST} .u-over", across=0.9))
    said = hint(page, NEWEST)
    assert said.split("\n")[0].startswith("199")
    assert all(name in said for name in ("truth", "forecast", "80 % interval", " to "))
    page.mouse("mouseMoved", page.middle_of(f"{NEWEST} .u-over", across=0.1))
    # Before the cutoff there is no forecast.
    assert "forecast" not in hint(page, NEWEST)


@in_a_browser
def test_arrow_keys_walk_along_a_chart(page: Tab) -> None:
    page.run(f"document.querySelector('{LEAD_STEP} .plot').focus()")
    page.key("ArrowRight")
    page.key("ArrowRight")
    assert hint(page, LEAD_STEP).startswith("lead step 2")


@in_a_browser
def test_dragging_zooms_and_a_button_shows_all_again(page: Tab) -> None:
    button = f"document.querySelector('{NEWEST} .tools > button')"
    assert page.run(f"{button}.hidden")
    start, end = (page.middle_of(f"{NEWEST} .u-over", across=share) for share in (0.6, 0.9))
    before = seen(page)
    page.drag(start, end)
    page.wait_for(f"!{button}.hidden")
    zoomed = seen(page)
    assert (np.abs(zoomed - before).max(axis=2) > 0.15).mean() > 0.002
    page.run(f"{button}.click()")
    assert page.run(f"{button}.hidden")


@in_a_browser
def test_choosing_a_series_changes_every_chart_of_series(page: Tab) -> None:
    state = f"[...document.querySelectorAll('{NEWEST} select, {LEAD_STEP} select')].map(s => s.selectedOptions[0].text)"
    first, whole = page.run(state)
    assert whole == "all together"
    names = page.run(f"[...document.querySelector('{NEWEST} select').options].map(o => o.text)")
    assert "<script>alert(1)</script>" in names
    other = next(name for name in names if name != first)
    caption = page.run(f"document.querySelector('{NEWEST} figcaption').textContent")
    page.run(
        f"(() => {{ const s = document.querySelector('{NEWEST} select'); s.value = '{names.index(other)}';"
        " s.dispatchEvent(new Event('change')); })()"
    )
    assert page.run(state) == [other, other]
    assert page.run(f"document.querySelector('{NEWEST} figcaption').textContent") != caption
    page.mouse("mouseMoved", page.middle_of(f"{NEWEST} .u-over", across=0.9))
    assert "forecast" in hint(page, NEWEST)


@in_a_browser
def test_table_of_series_is_searched_sorted_and_chosen_from(page: Tab) -> None:
    names = "[...document.querySelectorAll('.series-table tbody tr:not([hidden]) th')].map(cell => cell.textContent)"
    by_skill = page.run(names)
    assert len(by_skill) == 6
    page.run("document.querySelectorAll('.series-table thead button')[1].click()")
    assert page.run(names) == by_skill[::-1]
    page.run(
        "(() => { const s = document.querySelector('.search input'); s.value = 'ALERT';"
        " s.dispatchEvent(new Event('input')); })()"
    )
    assert page.run(names) == ["<script>alert(1)</script>"]
    page.run("document.querySelector('.series-table tbody tr:not([hidden]) button').click()")
    chosen = page.run(f"document.querySelector('{NEWEST} select').selectedOptions[0].text")
    assert chosen == "<script>alert(1)</script>"


@in_a_browser
def test_a_line_can_be_left_out(page: Tab) -> None:
    entry = f"document.querySelector('{LEAD_STEP} .legend button')"
    assert page.run(f"{entry}.textContent") == "persistence"
    page.run(f"{entry}.click()")
    assert page.run(f"{entry}.getAttribute('aria-pressed')") == "false"
    page.mouse("mouseMoved", page.middle_of(f"{LEAD_STEP} .u-over"))
    said = hint(page, LEAD_STEP)
    assert "seasonal naive" in said
    assert "persistence" not in said


@in_a_browser
def test_a_folded_figure_is_drawn_when_it_is_unfolded(page: Tab) -> None:
    folded = "document.querySelector('#forecast_good')"
    assert page.run(f"{folded}.querySelector('canvas') === null")
    page.run(f"{folded}.closest('details').open = true")
    page.wait_for(f"{folded}.querySelector('canvas') !== null")


@in_a_browser
def test_without_scripts_the_pictures_stand_in_the_place_of_the_charts(page: Tab, report: pathlib.Path) -> None:
    page.scripts(run=False)
    page.open(report / PAGE_FILE)
    try:
        picture = f"document.querySelector('{NEWEST} picture')"
        assert page.run(f"{picture}.getBoundingClientRect().height") > 100
        assert page.run("document.querySelectorAll('.chart, select').length") == 0
    finally:
        page.scripts(run=True)


@in_a_browser
def test_page_of_a_first_look_shows_each_series_and_asks_for_nothing(tab: Tab, tmp_path: pathlib.Path) -> None:
    path = write_panel(tmp_path)
    said = Wishes(target=("sold",))
    found = look_at(read_table(str(path)), said)
    write_look(found, decide(found, said), plan_of(found, said), tmp_path / "look.html")
    values = "#series_values"
    for width, dark in ((1200, False), (PHONE_WIDTH, True)):
        tab.open(tmp_path / "look.html", width=width, dark=dark)
        tab.wait_for(f"document.querySelector('{values} canvas') !== null")
        assert tab.run("document.documentElement.scrollWidth") <= width
    # The series with an outlier is first, in the chart as in the table.
    chosen = f"document.querySelector('{values} select').selectedOptions[0].text"
    assert tab.run(chosen) == "<b>shop 2</b>"
    assert "1 outlier" in tab.run(f"document.querySelector('{values} figcaption').textContent")
    tab.run("document.querySelectorAll('.series-table tbody th button')[1].click()")
    assert tab.run(chosen) != "<b>shop 2</b>"
    assert tab.run("document.querySelector('#autocorrelation select').selectedOptions[0].text") == tab.run(chosen)
    tab.mouse("mouseMoved", tab.middle_of(f"{values} .u-over"))
    assert "value" in hint(tab, values)
    assert tab.run("document.querySelectorAll('b').length") == tab.run("document.querySelectorAll('.hint b').length")
    assert tab.errors == []
    assert tab.requests == []


def write_panel(folder: pathlib.Path) -> pathlib.Path:
    """Four shops with a week, one with a wrong cell, and a column beside them."""
    day = np.arange(200)
    shops = []
    for shop in range(4):
        sold = 50.0 + day % 7 + np.random.default_rng(shop).normal(scale=0.3, size=200)
        sold[60] *= 40 if shop == 2 else 1
        times = pd.date_range("2021-01-01", periods=200)
        shops.append(
            pd.DataFrame({"day": times, "shop": f"<b>shop {shop}</b>", "sold": sold, "promotion": day % 9 // 8})
        )
    pd.concat(shops).to_csv(folder / "sales.csv", index=False)
    return folder / "sales.csv"


def test_folder_holds_page_numbers_and_the_same_figures_as_png(report: pathlib.Path, tmp_path: pathlib.Path) -> None:
    copy_report(report, to=tmp_path / "copy")
    (tmp_path / "copy" / "verdict.json").write_text("{}")
    (tmp_path / "copy" / PAGE_FILE).write_text("an older page")
    copy_report(report, to=tmp_path / "copy")
    assert (tmp_path / "copy" / "verdict.json").read_text() == "{}"
    for folder in (report, tmp_path / "copy"):
        page = (folder / PAGE_FILE).read_text(encoding="utf-8")
        pictures = sorted(path.stem for path in (folder / "figures").iterdir())
        assert len(pictures) == page.count("<figure id=")
        assert all(f'<figure id="{key}"' in page for key in pictures)
        assert json.loads((folder / NUMBERS_FILE).read_text(encoding="utf-8"))["blessed"] is False
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == [
        "figures",
        PAGE_FILE,
        NUMBERS_FILE,
        "verdict.json",
    ]
