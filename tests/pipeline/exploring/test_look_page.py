"""The page of a first look, before its figures are drawn."""

import pathlib

import numpy as np
import pandas as pd
import pytest

from tapeline.pipeline.drafting.decisions import decide, plan_of
from tapeline.pipeline.drafting.found_data import Wishes, look_at
from tapeline.pipeline.exploring import look_page
from tapeline.pipeline.exploring.data_look import look_closer
from tapeline.series.figures.style import Pictures
from tapeline.series.inspecting.raw_table import read_table
from tapeline.series.pages.page import Page
from tapeline.series.pages.page_html import to_html

BLANK = Pictures(png=b"", wide="<svg/>", narrow="<svg/>", wide_size=(1, 1), narrow_size=(1, 1))
NASTY = "<script>alert(1)</script>"


def make_page(folder: pathlib.Path, *, series: tuple[str, ...] = ()) -> Page:
    day = np.arange(200)
    frame = pd.DataFrame({"day": pd.date_range("2021-01-01", periods=200), "sold": 9 + day % 7 + 0.01 * day})
    frame["price"] = np.random.default_rng(0).normal(size=200)
    if series:
        frame = pd.concat([frame.assign(shop=shop) for shop in series])
    path = folder / "sales.csv"
    frame.to_csv(path, index=False)
    wishes = Wishes(target=("sold",))
    found = look_at(read_table(str(path)), wishes)
    plan = plan_of(found, wishes)
    draft = decide(found, wishes)
    return look_page.build_look_page(found, draft, look_closer(found, plan), horizon=plan.horizon)


def test_one_series_needs_no_table_of_series_and_no_picker(tmp_path: pathlib.Path) -> None:
    page = make_page(tmp_path)
    assert [section.key for section in page.sections] == [
        "repeating",
        "missing",
        "outliers",
        "covariates",
        "configuration",
    ]
    tiles = {tile.name: tile.value for tile in page.first.tiles}
    assert tiles == {
        "Time": "200",
        "Horizon": "14",
        "Seasons": "7",
        "Without a value": "none",
        "Outliers": "none",
        "Covariates": "1",
    }
    assert page.verdict is None
    rows: dict[str, str] = dict(map(tuple, page.sections[-1].tables[0].rows))
    assert rows["split: 70 / 15 / 15"].endswith("in test")


def test_every_series_is_in_the_table_and_names_are_text(tmp_path: pathlib.Path) -> None:
    page = make_page(tmp_path, series=("a", "b", NASTY))
    table = page.sections[0].tables[0]
    assert sorted(row[0] for row in table.rows) == sorted(["a", "b", NASTY])
    assert {page.by_series.names[place] for place in table.series if place is not None} == {"a", "b", NASTY}
    html = to_html(page, {figure.key: BLANK for figure in page.figures})
    assert NASTY not in html
    assert "script-src 'sha256-" in html
    assert 'data-shows="series_values"' in html


def test_more_series_than_a_page_can_hold_are_chosen_and_the_reason_is_said(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_page.shown_series, "__kwdefaults__", {"most": 2})
    page = make_page(tmp_path, series=("a", "b", "c"))
    assert len(page.by_series.names) == 2
    assert any(text.startswith("2 of 3 series have charts, because") for text in page.first.paragraphs)
