"""A draft is written as a file that says why, and as lines for a terminal."""

import yaml

from tapeline.pipeline.drafting.decisions import Decision, Draft
from tapeline.pipeline.drafting.draft_text import terminal_lines, yaml_text

DRAFT = Draft(
    name="sales",
    decisions=(
        Decision("data.time", "day", "day first"),
        Decision("data.time_format", "%d/%m/%y", "day first"),
        Decision("data.target", ["a", "b: c"], "all columns"),
        Decision("split.train", 0.6, "10 windows in eval"),
        Decision("split.eval", 0.2, ""),
        Decision("split.test", 0.2, ""),
        Decision("gate.season", "auto", "looked for"),
    ),
    unsure={"past_covariates": ("price",), "text": ("weather",)},
    warnings=("Sort the file.",),
)


def test_the_file_says_why_and_can_be_read() -> None:
    text = yaml_text(DRAFT)
    assert yaml.safe_load(text) == {
        "name": "sales",
        "data": {"time": "day", "time_format": "%d/%m/%y", "target": ["a", "b: c"]},
        "split": {"train": 0.6, "eval": 0.2, "test": 0.2},
        "gate": {"season": "auto"},
    }
    assert "  # day first\n  time: day\n" in text
    assert "time_format: '%d/%m/%y'" in text
    assert "# features:\n#   past_covariates: [price]" in text
    assert "#   categorical: [weather]" in text


def test_what_is_unsure_stands_below_what_is_sure() -> None:
    known = Decision("features.future_covariates", ["holiday"], "you say so")
    text = yaml_text(Draft(name="sales", decisions=(known,), unsure=DRAFT.unsure, warnings=()))
    assert yaml.safe_load(text)["features"] == {"future_covariates": ["holiday"]}
    assert "  # past_covariates: [price]" in text


def test_the_terminal_gets_a_line_a_decision() -> None:
    lines = terminal_lines(DRAFT)
    assert lines[0].split() == ["data.time:", "day", "day", "first"]
    assert "split: 60 / 20 / 20" in lines[3]
    assert lines[-3:] == [
        "price: maybe past_covariates, commented out in the file",
        "weather: maybe categorical, commented out in the file",
        "note: Sort the file.",
    ]
    assert len(lines) == 5 + 3
