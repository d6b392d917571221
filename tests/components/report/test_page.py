"""The page as HTML: what stands in it, in which order, and that nothing from the data can break it."""

import base64
import dataclasses
import hashlib
import html.parser
import json
import math
import re
from typing import Any

import numpy as np
import pytest

from tapeline.components.report.content import report_json, same_to_six_digits
from tapeline.components.report.page_sections import build_page
from tapeline.components.report.training_history import OtherCourse, SelectedMember
from tapeline.series.figures.style import Pictures, safe
from tapeline.series.figures.wording import percent
from tapeline.series.pages.page_html import to_html

VOID = {"meta", "link", "img", "source", "br"}


class Outline(html.parser.HTMLParser):
    """Reads a page: its tags, its visible text, its alternative texts."""

    def __init__(self, text: Any) -> None:
        super().__init__()
        self.tags: list[Any] = []
        self.open: list[Any] = []
        self.text: list[Any] = []
        self.alts: list[Any] = []
        self.ids: list[Any] = []
        self.links: list[Any] = []
        self.headings: list[Any] = []
        self.scripts: list[tuple[Any, Any]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: Any, attributes: Any) -> None:
        attributes = dict(attributes)
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.scripts += [(attributes.get("type"), "")] if tag == "script" else []
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes["href"]] if tag == "a" else []
        self.alts += [attributes["alt"]] if tag == "img" else []
        assert not [name for name in attributes if name.startswith("on")]

    def handle_endtag(self, tag: Any) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: Any) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif self.open and self.open[-1] not in ("style", "title"):
            self.text.append(data)
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings.append((self.open[-1], data.strip()))


BLANK = Pictures(png=b"", wide="<svg/>", narrow="<svg/>", wide_size=(700, 300), narrow_size=(350, 300))


def html_of(content: Any) -> Any:
    """The page with blank figures: drawing them takes longer than all else."""
    page = build_page(content)
    return to_html(page, {figure.key: BLANK for figure in page.figures})


@pytest.fixture(scope="module")
def outline(content: Any) -> Outline:
    return Outline(html_of(content))


def text_of(outline: Any) -> Any:
    return " ".join(" ".join(outline.text).split())


def test_tags_are_closed_in_order_and_ids_are_used_once(outline: Outline) -> None:
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert {link.removeprefix("#") for link in outline.links} <= set(outline.ids)


def test_verdict_stands_first_then_what_it_rests_on_then_how_it_was_made(outline: Outline) -> None:
    levels = [title for level, title in outline.headings if level in ("h1", "h2")]
    assert levels == [
        "co2: forecast report",
        "✓ Blessed",
        "What the forecast leans on",
        "How far ahead it can be trusted",
        "Forecasts against the truth",
        "In numbers",
        "When it errs",
        "Training",
        "Residuals",
        "The data",
        "How it was made",
    ]


def test_first_screen_has_the_verdict_in_a_sentence_a_forecast_and_the_error_beside_the_baselines(
    content: Any, outline: Outline
) -> None:
    assert outline.ids[:2] == ["verdict", "newest_forecast"]
    text = text_of(outline)
    first = text[text.index("Blessed") : text.index("What the forecast leans on")]
    skill = percent(1.0 - content.errors.mae_scaled / content.result.metrics["mae_scaled_persistence"])
    said = f"It errs by {content.errors.mae:.3f} ppm on average, {skill} less than persistence. All 6 requirements are met."
    assert " ".join(said.split()) in first
    places = [first.index(f"{name} {start}") for name, start in (("this model", 0), ("ridge", 1), ("persistence", 2))]
    assert places == sorted(places)
    assert "this model errs 23 % less" in first


def test_page_asks_for_nothing_and_runs_nothing_but_its_own_script(content: Any) -> None:
    text = html_of(content)
    (kind, numbers), (no_kind, script) = Outline(text).scripts
    assert (kind, no_kind) == ("application/json", None)
    assert set(json.loads(numbers)["charts"]) >= {"newest_forecast", "mae_by_lead_step", "learning_curves"}
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    sources = re.findall(r'(?:src|srcset|href)="([^"]*)"', text)
    assert sources
    assert all(source.startswith(("data:", "#")) for source in sources)
    assert "http" not in re.sub(r'(http-equiv)|"data:[^"]*"', "", text.replace(script, ""))
    # The charting library names its address; nothing in it fetches.
    assert re.findall(r"https?://\S+", script) == ["https://github.com/leeoniya/uPlot"]
    assert not re.search(r"fetch\(|XMLHttpRequest|import\(|eval\(|new Function|innerHTML", script)
    assert "Permission is hereby granted, free of charge" in script
    assert "@import" not in text


def test_every_figure_tells_its_finding_with_numbers(outline: Outline, content: Any) -> None:
    assert outline.alts == [figure.alt for figure in build_page(content).figures]
    assert len(outline.alts) >= 10
    for alt in outline.alts:
        assert re.search(r"\d", alt)
        assert "nan" not in alt.split()


def test_six_digits_of_both_computations_stand_side_by_side(content: Any, outline: Outline) -> None:
    text = text_of(outline)
    assert text.count(f"{content.errors.mae_scaled:.6f}") == 2
    assert "To six digits the same" in text
    assert "Alarm" not in text


def test_numbers_of_the_headline_carry_unit_and_interval(content: Any, outline: Outline) -> None:
    interval = content.interval.in_unit
    text = text_of(outline)
    assert re.search(rf"Mean absolute error {content.errors.mae:.3f} ppm 95\s% ?: {interval.low:.3f} to", text)


def test_headline_says_how_often_the_truth_lay_inside_the_intervals(content: Any) -> None:
    measured = {"interval_coverage_80": 0.75, "interval_coverage_95": 0.92, "interval_width_80_scaled": 0.0}
    result = dataclasses.replace(content.result, metrics={**content.result.metrics, **measured})
    text = text_of(Outline(html_of(dataclasses.replace(content, result=result))))
    assert re.search(r"Truth inside the 80 % interval 75\s% which is 0 ppm wide inside 95 %: 92\s%", text)
    assert "Truth inside" not in text_of(Outline(html_of(content)))


def test_every_metric_stands_beside_that_of_the_previous_model(content: Any) -> None:
    result = dataclasses.replace(content.result, previous_metrics={"mae_scaled": 0.0161})
    text = text_of(Outline(html_of(dataclasses.replace(content, result=result))))
    assert "Metric This model The previous model" in text
    assert re.search(r"Mean absolute error in scaled space [\d.]+ 0\.0161", text)
    assert "The previous model" not in text_of(Outline(html_of(content)))


def test_a_mae_that_differs_in_the_sixth_digit_is_an_alarm(make_content: Any) -> None:
    text = text_of(Outline(html_of(make_content(tfma_offset=1e-6))))
    assert "Alarm: the Evaluator's error" in text
    assert "NOT the same" in text


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (0.0102171, 0.0102174, True),
        (0.010217, 0.010218, False),
        (math.nan, math.nan, True),
        (math.inf, math.inf, True),
        (math.nan, 0.01, False),
        (math.inf, 0.01, False),
    ],
)
def test_six_digits(one: Any, other: Any, same: bool) -> None:
    assert same_to_six_digits(one, other) is same


def test_refusal_says_why_in_words(make_content: Any) -> None:
    outline = Outline(html_of(make_content(blessed=False, noise=0.02)))
    text = text_of(outline)
    assert ("h2", "✗ Refused") in outline.headings
    assert "1 of 6 requirements failed: the mean absolute error in scaled space is" in text
    assert text.count("✗ failed") == 1
    assert text.count("✓ passed") == 5


def test_forecasts_that_are_not_finite_still_get_a_report(make_content: Any) -> None:
    content = make_content(blessed=False, broken_forecasts=1.0, starts=60, context=52)
    text = text_of(Outline(html_of(content)))
    assert "is not a number" in text
    assert "forecasts that are not finite" in text
    json.dumps(report_json(content), allow_nan=False)


def test_names_from_the_data_are_text_and_nothing_else(
    make_content: Any, nasty_names: tuple[bytes, bytes, bytes, bytes, bytes, bytes], a_finding: Any
) -> None:
    content = make_content(
        series=nasty_names, starts=30, horizon=4, context=52, unit="<b>$x$</b>", findings=[a_finding]
    )
    outline = Outline(html_of(content))
    assert [kind for kind, _ in outline.scripts] == ["application/json", None]
    assert sorted(json.loads(outline.scripts[0][1])["series"]["names"]) == sorted(map(safe, nasty_names))
    assert "b" not in outline.tags
    text = text_of(outline)
    assert "<script>alert(1)</script>" in text
    assert "$\\frac{1}$" in text
    assert "\x00" not in html_of(content)
    assert outline.open == []


def test_selection_stands_in_the_section_on_training_with_who_is_served_something_else(make_content: Any) -> None:
    content = make_content()
    alone = html_of(content)
    assert "What could be picked" not in alone
    members = (
        SelectedMember(name="ridge", what="a linear map", error=0.03, weight=0.0, epochs=None),
        SelectedMember(name="candidate 1", what="as <configured>", error=0.02, weight=2 / 3, epochs=5),
        SelectedMember(name="candidate 2", what="level", error=0.021, weight=1 / 3, epochs=3),
    )
    other = OtherCourse(
        name="candidate 2", epoch=np.arange(1, 4), val_loss=np.array([0.03, 0.025, 0.021]), seconds=np.ones(3)
    )
    history = dataclasses.replace(
        content.history,
        members=members,
        others=(other,),
        selected_error=0.019,
        served_instead={"small <one>": "persistence"},
    )
    text = " ".join("".join(Outline(html_of(dataclasses.replace(content, history=history))).text).split())
    assert "epochs of 2 candidates side by side: " in text
    assert "the average of 2 members" in text
    assert "small <one> (persistence)" in text
    # Those that were picked come first.
    places = [text.index(part) for part in ("67 %", "as <configured>", "33 %", "level", "a linear map")]
    assert places == sorted(places)


def test_findings_of_the_data_gate_are_listed_with_their_fix(make_content: Any, a_finding: Any) -> None:
    text = text_of(Outline(html_of(make_content(findings=[a_finding], starts=30, horizon=4, context=52))))
    assert "found 0 errors and 1 warning" in text
    assert "warning drift (column co2, test): the column lies 0.62 from train" in text
    assert "Look at it." in text


def test_a_large_panel_gives_a_page_of_ordinary_size(make_content: Any) -> None:
    names = tuple(b"series %d" % number for number in range(2_000))
    content = make_content(series=names, starts=5, horizon=2, context=8, season=4, frequency="D")
    text = html_of(content)
    assert "500 of 2,000 series, those with the least and the most skill" in text
    assert text.count("<tr data-series=") <= 500
    assert len(json.loads(Outline(text).scripts[0][1])["series"]["names"]) == 1_000
    assert len(text) < 2_000_000


def test_a_panel_of_300_series_has_them_all_by_skill_in_a_page_of_ordinary_size(make_content: Any) -> None:
    names = tuple(b"series %d" % number for number in range(300))
    text = html_of(make_content(series=names, starts=8, horizon=24, context=52, frequency="D", intervals=True))
    assert "All 300 series by skill" in text
    skill = [
        float(value) for value in re.findall(r'<tr data-series="\d+"><th.*?</th><td[^>]*data-value="([^"]*)"', text)
    ]
    assert len(skill) == 300
    assert skill == sorted(skill)
    assert len(text) < 1_500_000


def test_a_long_horizon_gives_a_table_of_ordinary_length(make_content: Any) -> None:
    content = make_content(starts=12, horizon=1_000, context=52)
    text = html_of(content)
    assert "48 of the lead steps as a table" in text
    assert len(text) < 3_000_000


def test_series_on_scales_of_their_own_are_compared_in_scaled_space(make_content: Any) -> None:
    content = make_content(series=(b"a", b"b"), starts=30, horizon=4, context=52)
    errors = dataclasses.replace(content.errors, scale=content.errors.scale * [1.0, 1_000.0])
    text = text_of(Outline(html_of(dataclasses.replace(content, errors=errors))))
    assert "Mean absolute error, scaled, of each step ahead" in text


def test_numbers_behind_the_page_are_json(content: Any) -> None:
    tree = json.loads(json.dumps(report_json(content), allow_nan=False))
    assert tree["recomputed"]["mae_scaled"] == content.errors.mae_scaled
    assert tree["recomputed"]["agrees"] is True
    assert len(tree["mae_scaled_by_lead_step"]["forecast"]) == 24
    assert [window["name"] for window in tree["windows_shown"]] == ["typical", "best", "worst", "good", "poor"]
    assert tree["config"]["window"]["horizon"] == 24
