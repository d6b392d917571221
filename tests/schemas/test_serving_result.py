"""What the serving gate writes down, read back."""

import json
import math
import pathlib
from typing import Any

import pytest

from tapeline.schemas.checks import Requirement
from tapeline.schemas.errors import DataError
from tapeline.schemas.serving_result import (
    BLESSED_FILE,
    NOT_BLESSED_FILE,
    REPORT_JSON,
    REPORT_TEXT,
    ServingResult,
    read_result,
    write_result,
)


def result(*, value: float = 0.5) -> ServingResult:
    return ServingResult(
        checks=(Requirement(metric="serving_latency_ms", relation="<=", bound=1.0).judged(value),),
        requests=("must answer  serving_default: raw values",),
        model_fingerprint="ab",
        versions={"tensorflow": "2.16"},
    )


@pytest.mark.parametrize("value", [0.5, 3.0, math.inf])
def test_a_result_is_read_as_it_was_written(tmp_path: pathlib.Path, value: Any) -> None:
    write_result(result(value=value), tmp_path)
    assert read_result(tmp_path) == result(value=value)


@pytest.mark.parametrize(("value", "file"), [(0.5, BLESSED_FILE), (3.0, NOT_BLESSED_FILE)])
def test_a_file_says_whether_the_model_is_blessed_as_infra_validator_does(
    tmp_path: pathlib.Path, value: float, file: Any
) -> None:
    write_result(result(value=value), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([file, REPORT_JSON, REPORT_TEXT])


def test_the_text_names_reasons_requests_and_versions(tmp_path: pathlib.Path) -> None:
    write_result(result(value=3.0), tmp_path)
    text = (tmp_path / REPORT_TEXT).read_text()
    assert text.startswith("Serving gate: NOT BLESSED")
    for words in ("REFUSED  one forecast takes 3 ms, not within", "serving_default: raw values", "tensorflow 2.16"):
        assert words in text


def test_a_result_without_checks_is_no_blessing() -> None:
    assert not ServingResult(checks=()).blessed


def test_a_line_names_the_first_reason_and_counts_the_others() -> None:
    (bad,) = result(value=3.0).checks
    words = "REFUSED: one forecast takes 3 ms, not within serving.max_latency_ms 1 (and 2 more)"
    assert ServingResult(checks=(bad, bad, bad)).in_words == words
    assert result().in_words.startswith("served: 1 requests, 0.5 ms a forecast")


def test_a_gate_that_did_not_finish_says_so(tmp_path: pathlib.Path) -> None:
    with pytest.raises(DataError, match="did not finish"):
        read_result(tmp_path)


def test_a_blessing_that_contradicts_its_report_is_refused(tmp_path: pathlib.Path) -> None:
    write_result(result(value=3.0), tmp_path)
    (tmp_path / NOT_BLESSED_FILE).rename(tmp_path / BLESSED_FILE)
    with pytest.raises(DataError, match="contradict each other"):
        read_result(tmp_path)


def test_the_report_of_another_version_is_refused(tmp_path: pathlib.Path) -> None:
    write_result(result(), tmp_path)
    tree = json.loads((tmp_path / REPORT_JSON).read_text())
    (tmp_path / REPORT_JSON).write_text(json.dumps({**tree, "version": 99}))
    with pytest.raises(DataError, match="version 99"):
        read_result(tmp_path)
