"""The verdict as JSON, JUnit XML and Markdown.

The golden files are what `python tests/pipeline/test_verdict_files.py` writes. Write them anew when a format
changes on purpose, and read the difference: machines read these files.
"""

import dataclasses
import json
import math
import pathlib
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from tapeline.pipeline.judgement import Judgement, Outcome
from tapeline.pipeline.verdict import Verdict
from tapeline.pipeline.verdict_files import to_json, to_junit, to_markdown, write_files
from tapeline.schemas.checks import Fault, Requirement
from tests.judged_run import JUDGED_AT, result, served

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "verdict"
SCHEMA = pathlib.Path(__file__).parents[2] / "schemas" / "verdict.schema.json"
EVIL = '<script>alert("1")</script>|`x`\x00]]>'


def judgement(*, blessed: bool, **fields: Any) -> Judgement:
    evaluation = result(blessed=blessed, model_fingerprint="ab" * 32, **fields)
    verdict = Verdict(
        evaluation=evaluation,
        pushed_version="1790000000" if blessed else None,
        model_uri="/runs/load/artifacts/Trainer/model/8",
        previous_uri="/runs/load/artifacts/Trainer/model/3" if evaluation.previous_metrics else None,
        judged_at=JUDGED_AT,
    )
    outcome = Outcome.PASSED if blessed else Outcome.REFUSED
    return Judgement(name="load", outcome=outcome, run_id="2026-11-21T10:00:00", verdict=verdict)


def examples() -> dict[str, Judgement]:
    """The judgements that the golden files show."""
    problem = "run 2026-11-21T10:00:00: the Evaluator never ran; the run ended before it. Run without --to."
    return {
        "passed": judgement(blessed=True, previous_metrics={"mae_scaled": 0.0125, "mae": 15.625}),
        "refused": judgement(blessed=False, mae=0.02),
        "nothing": Judgement(name="load", outcome=Outcome.NOTHING, run_id="2026-11-21T10:00:00", problem=problem),
    }


def golden_files() -> dict[str, str]:
    files: dict[str, str] = {}
    for name, example in examples().items():
        files |= {
            f"{name}.json": to_json(example),
            f"{name}.xml": to_junit(example),
            f"{name}.md": to_markdown(example),
        }
    return files


@pytest.mark.parametrize("name", sorted(golden_files()))
def test_files_are_the_golden_ones(name: Any) -> None:
    assert golden_files()[name] == (GOLDEN / name).read_text(encoding="utf-8")


def evil() -> Judgement:
    every = Requirement(metric="finite_share", relation=">=", bound=1.0, scope="every_series")
    silent = every.judged(math.nan, of=1, failing=1, faults=(Fault(EVIL),))
    crashed = Requirement(metric="serving_process", relation=">=", bound=1.0).judged(0.0, faults=(Fault("", EVIL),))
    return judgement(blessed=False, checks=(crashed, silent), series={EVIL: {"mae_scaled": math.inf}}, unit=EVIL)


@pytest.mark.parametrize("example", [*examples().values(), evil()])
def test_json_keeps_its_schema(example: Any) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(to_json(example)), schema, cls=jsonschema.Draft202012Validator)


def test_a_verdict_without_checks_breaks_the_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    tree = json.loads(to_json(examples()["passed"]))
    del tree["checks"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tree, json.loads(SCHEMA.read_text()), cls=jsonschema.Draft202012Validator)


def test_json_tells_the_change_against_the_previous_model() -> None:
    tree = json.loads(to_json(examples()["passed"]))
    # 0.01 - 0.0125, and 1250 times that.
    assert tree["previous"]["change"] == pytest.approx({"mae_scaled": -0.0025, "mae": -3.125})
    assert json.loads(to_json(examples()["refused"]))["previous"] is None


def test_json_lists_the_worst_series_first_and_no_more_than_ten() -> None:
    # A large error is no bad forecast where naive ones err by more.
    errors = {f"s{i:02}": {"mae_scaled": 0.1 / (i + 1), "relative_mae": 0.1 * i} for i in range(12)}
    errors["broken"] = {"mae_scaled": math.nan, "relative_mae": math.nan}
    tree = json.loads(to_json(judgement(blessed=False, series=errors, series_count=13)))
    assert [row["series_id"] for row in tree["worst_series"]] == ["broken", *(f"s{i:02}" for i in range(11, 2, -1))]
    assert tree["series"] == 13


def test_every_check_is_a_test_case_and_a_refusal_a_failure() -> None:
    (suite,) = ElementTree.fromstring(to_junit(examples()["refused"]))
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert list(cases) == ["something to judge", "mae_scaled.below", "finite_share.at_least"]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "0")
    failure = cases["mae_scaled.below"].find("failure")
    assert failure is not None
    assert failure.get("message") == "mae_scaled is 0.02, not below 0.015 (gate.mae_scaled_below)"
    assert cases["finite_share.at_least"].find("failure") is None


def test_a_refusal_of_the_serving_gate_is_a_check_in_every_file() -> None:
    blessed = judgement(blessed=True).verdict
    assert blessed is not None
    verdict = dataclasses.replace(blessed, pushed_version=None, serving=served(latency_ms=3.0))
    example = Judgement(name="load", outcome=Outcome.REFUSED, run_id="r", verdict=verdict)
    reason = "one forecast takes 3 ms, not within serving.max_latency_ms 1"
    tree = json.loads(to_json(example))
    assert tree["checks"][-1]["id"] == "serving_latency_ms.at_most"
    assert tree["checks"][-1]["in_words"] == reason
    (suite,) = ElementTree.fromstring(to_junit(example))
    (failure,) = suite.iter("failure")
    assert failure.get("message") == reason
    assert "- " + reason.replace("_", r"\_") in to_markdown(example)


def test_nothing_to_judge_is_an_error_and_no_empty_success() -> None:
    (suite,) = ElementTree.fromstring(to_junit(examples()["nothing"]))
    (case,) = suite.iter("testcase")
    assert (suite.get("tests"), suite.get("errors")) == ("1", "1")
    assert "the Evaluator never ran" in case.find("error").get("message", "")


def test_names_from_the_data_are_escaped_everywhere() -> None:
    example = evil()
    root = ElementTree.fromstring(to_junit(example))
    assert EVIL.replace("\x00", "\ufffd") in next(root.iter("failure")).get("message", "")
    markdown = to_markdown(example)
    assert "<script" not in markdown
    assert "&lt;script&gt;" in markdown
    assert all(line.replace(r"\|", "").count("|") in (0, 4) for line in markdown.splitlines())
    assert json.loads(to_json(example))["worst_series"][0]["series_id"] == EVIL


def test_markdown_names_every_reason_of_a_refusal() -> None:
    markdown = to_markdown(examples()["refused"])
    assert r"- mae\_scaled is 0.02, not below 0.015" in markdown
    assert "previous model" not in markdown


def test_markdown_shows_the_change_against_the_previous_model() -> None:
    # 0.01 is a fifth less than 0.0125.
    assert "| previous model | 0.0125 | -20.0% |" in to_markdown(examples()["passed"])


def test_files_are_replaced_in_one_step_and_nothing_is_left_over(tmp_path: pathlib.Path) -> None:
    write_files(examples()["refused"], tmp_path / "report")
    written = write_files(examples()["passed"], tmp_path / "report")
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["junit.xml", "summary.md", "verdict.json"]
    assert json.loads(written["verdict.json"].read_text())["outcome"] == "passed"


def test_an_evaluation_without_windows_makes_files_too() -> None:
    empty = dataclasses.replace(result(blessed=False), metrics={}, by_lead_step={}, series={})
    verdict = Verdict(evaluation=empty, pushed_version=None, model_uri="/model")
    example = Judgement(name="load", outcome=Outcome.REFUSED, run_id="r", verdict=verdict)
    assert "0 test windows" in to_markdown(example)
    assert json.loads(to_json(example))["metrics"] == {}


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for file_name, content in golden_files().items():
        (GOLDEN / file_name).write_text(content, encoding="utf-8")
