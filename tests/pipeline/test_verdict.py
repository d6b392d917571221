import dataclasses
import pathlib

import pytest

from tapeline.pipeline.lineage import Run, read_run
from tapeline.pipeline.verdict import Verdict, read_verdict, verdict_text
from tests.judged_run import Home, result, served

RUN = "2026-11-21T10:00:00"


def verdict_of(home: Home) -> Verdict:
    run = read_run(home.root / "metadata.db")
    assert run is not None
    verdict = read_verdict(run)
    assert verdict is not None
    return verdict


@pytest.mark.parametrize(
    ("blessed", "pushed", "accepted", "headline"),
    [
        (True, True, True, "BLESSED, and pushed as version 7"),
        (True, False, False, "BLESSED, but not pushed"),
        (True, None, False, "BLESSED, but not pushed"),
        (False, False, False, "NOT BLESSED"),
    ],
)
def test_a_model_is_accepted_only_when_blessed_and_pushed(
    blessed: bool, pushed: bool | None, accepted: bool, headline: str, tmp_path: pathlib.Path
) -> None:
    home = Home(tmp_path / "load")
    home.evaluate(RUN, home.train(RUN), result(blessed=blessed))
    if pushed is not None:
        home.push(RUN, pushed=pushed)
    verdict = verdict_of(home)
    assert verdict.accepted is accepted
    assert verdict_text(verdict).startswith(headline)


def test_a_run_without_an_evaluator_has_no_verdict() -> None:
    assert read_verdict(Run(run_id="r", nodes={})) is None


def test_a_verdict_names_the_models_that_it_compares(tmp_path: pathlib.Path) -> None:
    home = Home(tmp_path / "load")
    model = home.train(RUN)
    home.evaluate(RUN, model, result(blessed=True), baseline_model="/models/3")
    verdict = verdict_of(home)
    assert verdict.model_uri == str(model)
    assert verdict.previous_uri == "/models/3"


def text_lines(verdict: Verdict) -> dict[str, str]:
    return {line.strip().split("  ")[0]: line for line in verdict_text(verdict).splitlines()}


def test_text_shows_the_error_in_the_target_unit_beside_every_baseline() -> None:
    verdict = Verdict(evaluation=result(blessed=True), pushed_version="7", model_uri="")
    lines = text_lines(verdict)
    assert lines["1,234 test windows of 3 steps, free-running"]
    assert lines["model"].split()[1:] == ["0.01000", "12.5", "MW"]
    # 1 - 0.01 / 0.04, 1 - 0.01 / 0.02 and 1 - 0.01 / 0.01
    assert lines["persistence"].split()[1:] == ["0.04000", "+75.0%"]
    assert lines["seasonal naive"].split()[2:] == ["0.02000", "+50.0%"]
    assert lines["ridge"].split()[1:] == ["0.01000", "+0.0%"]
    assert "previous model" not in lines


def test_text_shows_the_previous_model() -> None:
    evaluation = result(blessed=True, previous_metrics={"mae_scaled": 0.0125})
    lines = text_lines(Verdict(evaluation=evaluation, pushed_version="7", model_uri=""))
    # 1 - 0.01 / 0.0125
    assert lines["previous model"].split()[2:] == ["0.01250", "+20.0%"]


def test_text_of_an_evaluation_without_windows_still_names_the_refusal() -> None:
    evaluation = dataclasses.replace(result(blessed=False), metrics={}, by_lead_step={})
    text = verdict_text(Verdict(evaluation=evaluation, pushed_version=None, model_uri=""))
    assert "0 test windows" in text
    assert "REFUSED  mae_scaled is 0.01, not below 0.015" in text


def test_text_names_the_refusal_of_the_serving_gate() -> None:
    verdict = Verdict(
        evaluation=result(blessed=True), pushed_version=None, model_uri="", serving=served(latency_ms=3.0)
    )
    text = verdict_text(verdict)
    assert text.startswith("NOT BLESSED: the serving gate refused this model; nothing was pushed")
    assert "passed   mae_scaled is 0.01, below 0.015" in text
    assert "REFUSED  one forecast takes 3 ms, not within serving.max_latency_ms 1" in text


def test_the_headline_names_every_gate_that_refused() -> None:
    verdict = Verdict(
        evaluation=result(blessed=False), pushed_version=None, model_uri="", serving=served(latency_ms=3.0)
    )
    assert verdict_text(verdict).startswith("NOT BLESSED: the gate and the serving gate refused this model;")


def test_a_model_that_does_not_serve_is_not_accepted_even_if_it_was_pushed() -> None:
    verdict = Verdict(evaluation=result(blessed=True), pushed_version="7", model_uri="", serving=served(latency_ms=3.0))
    assert not verdict.accepted
