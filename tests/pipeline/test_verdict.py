import pathlib

import pytest

from tapeline.pipeline.lineage import Run, read_run
from tapeline.pipeline.verdict import Verdict, headline, read_verdict
from tests.judged_run import Home, result, served

RUN = "2026-11-21T10:00:00"


def verdict_of(home: Home) -> Verdict:
    run = read_run(home.root / "metadata.db")
    assert run is not None
    verdict = read_verdict(run)
    assert verdict is not None
    return verdict


@pytest.mark.parametrize(
    ("blessed", "pushed", "accepted", "words"),
    [
        (True, True, True, "BLESSED, and pushed as version 7"),
        (True, False, False, "BLESSED, but not pushed"),
        (True, None, False, "BLESSED, but not pushed"),
        (False, False, False, "NOT BLESSED"),
    ],
)
def test_a_model_is_accepted_only_when_blessed_and_pushed(
    blessed: bool, pushed: bool | None, accepted: bool, words: str, tmp_path: pathlib.Path
) -> None:
    home = Home(tmp_path / "load")
    home.evaluate(RUN, home.train(RUN), result(blessed=blessed))
    if pushed is not None:
        home.push(RUN, pushed=pushed)
    verdict = verdict_of(home)
    assert verdict.accepted is accepted
    assert headline(verdict).startswith(words)


def test_a_run_without_an_evaluator_has_no_verdict() -> None:
    assert read_verdict(Run(run_id="r", nodes={})) is None


def test_a_verdict_names_the_models_that_it_compares(tmp_path: pathlib.Path) -> None:
    home = Home(tmp_path / "load")
    model = home.train(RUN)
    home.evaluate(RUN, model, result(blessed=True), baseline_model="/models/3")
    verdict = verdict_of(home)
    assert verdict.model_uri == str(model)
    assert verdict.previous_uri == "/models/3"


def test_the_headline_names_every_gate_that_refused() -> None:
    verdict = Verdict(
        evaluation=result(blessed=False), pushed_version=None, model_uri="", serving=served(latency_ms=3.0)
    )
    assert headline(verdict).startswith("NOT BLESSED: the gate and the serving gate refused this model;")


def test_a_model_that_does_not_serve_is_not_accepted_even_if_it_was_pushed() -> None:
    verdict = Verdict(evaluation=result(blessed=True), pushed_version="7", model_uri="", serving=served(latency_ms=3.0))
    assert not verdict.accepted
