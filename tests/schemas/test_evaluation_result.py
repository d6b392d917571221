"""The summary of an evaluation, and the blessing it must agree with."""

import dataclasses
import json
import math
import pathlib
from typing import Any

import pytest

from tapeline.schemas import evaluation_result as results
from tapeline.schemas.checks import Fault, Requirement
from tapeline.schemas.errors import DataError

GOOD = results.EvaluationResult(
    blessed=True,
    checks=(Requirement(metric="mae_scaled", relation="<", bound=0.015).judged(0.01),),
    metrics={"mae_scaled": 0.01, "skill_over_ridge": float("-inf")},
    by_lead_step={"mae_scaled_by_lead_step": (0.005, float("nan"))},
    series={"<script>": {"mae_scaled": 0.01}},
    previous_metrics={},
)


def write(folder: Any, result: Any, *files: Any) -> tuple[str, str]:
    (folder / results.SUMMARY_FILE).write_text(results.result_to_json(result), encoding="utf-8")
    for name in files:
        (folder / name).touch()
    return str(folder), str(folder)


def test_a_summary_survives_writing_and_reading(tmp_path: pathlib.Path) -> None:
    read = results.read_verdict(*write(tmp_path, GOOD, "BLESSED"))
    assert read.metrics == GOOD.metrics
    assert read.checks == GOOD.checks
    assert read.series == GOOD.series
    first, second = read.by_lead_step["mae_scaled_by_lead_step"]
    assert first == 0.005
    assert math.isnan(second)


def test_a_summary_is_strict_json() -> None:
    def refuse(constant: Any) -> None:
        raise AssertionError(constant)

    json.loads(results.result_to_json(GOOD), parse_constant=refuse)


def test_a_check_keeps_its_faults_and_numbers_that_are_not_finite(tmp_path: pathlib.Path) -> None:
    every = Requirement(metric="mae_scaled", relation="<", bound=0.02, scope="every_series")
    failed = every.judged(math.inf, of=7, failing=1, faults=(Fault("<script>"),))
    refused = dataclasses.replace(GOOD, blessed=False, checks=(*GOOD.checks, failed))
    assert results.read_verdict(*write(tmp_path, refused, "NOT_BLESSED")).failed == (failed,)
    assert GOOD.failed == ()


def test_an_evaluator_that_never_ran_is_no_verdict(tmp_path: pathlib.Path) -> None:
    with pytest.raises(DataError, match="the Evaluator did not finish"):
        results.read_verdict(str(tmp_path), str(tmp_path))


@pytest.mark.parametrize("files", [(), ("BLESSED", "NOT_BLESSED")])
def test_a_blessing_says_one_thing(tmp_path: pathlib.Path, files: Any) -> None:
    with pytest.raises(DataError, match="must be one"):
        results.read_verdict(*write(tmp_path, GOOD, *files))


def test_a_blessing_of_another_evaluation_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(DataError, match="not of one run"):
        results.read_verdict(*write(tmp_path, GOOD, "NOT_BLESSED"))


def test_a_summary_of_another_version_is_refused() -> None:
    tree = json.loads(results.result_to_json(GOOD)) | {"version": 99}
    with pytest.raises(DataError, match="version 99, must be 3"):
        results.result_from_json(json.dumps(tree))
