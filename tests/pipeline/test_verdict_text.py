"""The verdict on a terminal: short, within 80 columns, and with whatever failed or is close."""

import dataclasses
from typing import Any

import pytest

from tapeline.pipeline.verdict import Verdict
from tapeline.pipeline.verdict_text import verdict_text
from tapeline.schemas.checks import Fault, Requirement
from tests.judged_run import result, served

LIMIT = Requirement(metric="mae_scaled", relation="<", bound=0.015)


def verdict(*, blessed: bool = True, latency_ms: float | None = None, **fields: Any) -> Verdict:
    return Verdict(
        evaluation=result(blessed=blessed, **fields),
        pushed_version="7" if blessed else None,
        model_uri="",
        serving=None if latency_ms is None else served(latency_ms=latency_ms),
    )


def row(text: str, label: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if line.startswith(f"  {label}  "))
    return line.removeprefix(f"  {label}").split()


def test_one_sentence_says_what_became_of_it_and_how_good_it_is() -> None:
    told = " ".join(verdict_text(verdict()).split())
    assert told.startswith(
        "BLESSED, and pushed as version 7: it errs by 12.5 MW, 50.0% less than the best naive forecast."
    )
    refused = " ".join(verdict_text(verdict(blessed=False, mae=0.03)).split())
    assert refused.startswith(
        "NOT BLESSED: the gate refused this model; nothing was pushed. It errs by 37.5 MW, 50.0% more than the best "
        "naive forecast. REFUSED mae_scaled is 0.03, not below 0.015 (gate.mae_scaled_below)"
    )


def test_the_table_has_the_unit_the_scaled_error_the_share_of_the_naive_one_and_the_skill() -> None:
    text = verdict_text(verdict())
    assert row(text, "1,234 test windows of 3 steps") == ["MAE,", "MW", "MAE", "scaled", "MAE", "/", "naive", "skill"]
    assert row(text, "this model") == ["12.5", "0.01000", "0.500"]
    # 1 - 0.01 / 0.04, 1 - 0.01 / 0.02 and 1 - 0.01 / 0.01
    assert row(text, "persistence") == ["50.0", "0.04000", "2.000", "+75.0%"]
    assert row(text, "seasonal naive") == ["25.0", "0.02000", "1.000", "+50.0%"]
    assert row(text, "ridge") == ["12.5", "0.01000", "0.500", "+0.0%"]
    assert "previous model" not in text


@pytest.mark.parametrize(("naive_on_eval", "told"), [(0.008, True), (0.04, False)])
def test_a_refusal_of_a_model_that_beats_the_naive_forecasts_says_why(naive_on_eval: float, told: bool) -> None:
    limit = Requirement(metric="mae_scaled", relation="<", bound=naive_on_eval, against="naive_on_eval")
    refused = verdict(blessed=False, mae=0.01, checks=(limit.judged(0.01),))
    text = " ".join(verdict_text(refused).split())
    assert ("On test the naive forecasts err by 0.02 or more, on eval by 0.008: it became harder" in text) == told


def test_the_previous_model_stands_in_the_table() -> None:
    text = verdict_text(verdict(previous_metrics={"mae_scaled": 0.0125, "mae": 15.625}))
    assert row(text, "previous model") == ["15.6", "0.01250", "0.625", "+20.0%"]


def test_an_evaluation_without_windows_still_names_the_refusal() -> None:
    evaluation = dataclasses.replace(result(blessed=False), metrics={}, by_lead_step={})
    text = verdict_text(Verdict(evaluation=evaluation, pushed_version=None, model_uri=""))
    assert "0 test windows" in text
    assert "REFUSED  mae_scaled is 0.01, not below 0.015" in text


def test_what_passed_is_counted_and_listed_on_request() -> None:
    text = verdict_text(verdict())
    assert "finite_share" not in text
    assert text.endswith("All 2 requirements are met; -v lists them.")
    assert "  passed   finite_share is 1, at least 1" in verdict_text(verdict(), verbose=True)


def test_what_was_nearly_missed_is_named() -> None:
    text = verdict_text(verdict(checks=(LIMIT.judged(0.0149), LIMIT.judged(0.01)), mae=0.0149))
    assert text.endswith("  close    mae_scaled is 0.0149, below 0.015\n  1 other requirement is met; -v lists them.")


def test_the_refusal_of_the_serving_gate_is_named() -> None:
    text = verdict_text(verdict(latency_ms=3.0))
    assert " ".join(text.split()).startswith("BLESSED") is False
    assert "NOT BLESSED: the serving gate refused this model; nothing was" in text
    assert "REFUSED  one forecast takes 3 ms, not within serving.max_latency_ms 1" in text


@pytest.mark.parametrize(
    ("skill", "words"),
    [
        (-0.007, "The model adds nothing over ridge, a linear regression: 0.7% more error."),
        (0.004, "The model adds little over ridge, a linear regression: 0.4% less error."),
        (0.02, ""),
    ],
)
def test_a_network_that_adds_nothing_over_ridge_is_called_that(skill: float, words: str) -> None:
    found = result(blessed=True)
    metrics = {**found.metrics, "skill_over_ridge": skill}
    text = verdict_text(
        Verdict(evaluation=dataclasses.replace(found, metrics=metrics), pushed_version="7", model_uri="")
    )
    assert (words in text) if words else ("The model adds" not in text)


def test_series_are_ranked_by_skill_and_not_by_their_error() -> None:
    # South errs by twice as much, and a quarter of what its naive forecasts err by.
    told = " ".join(verdict_text(verdict()).split())
    assert "Least skill of 2 series, over their own best naive forecasts: 'north' -50.0%, 'south' +75.0%." in told
    assert "1 is forecast worse than naively." in told
    good = {name: {"relative_mae": 0.5} for name in ("north", "south")}
    assert "None is forecast worse than naively." in " ".join(verdict_text(verdict(series=good)).split())
    assert "Least skill" not in verdict_text(verdict(series_count=1, series={"a": {"relative_mae": 2.0}}))


def test_of_thousands_of_series_the_worst_are_named_and_none_is_claimed_for_the_rest() -> None:
    found = verdict(series_count=9000, series={"s1": {"relative_mae": 2.5}, "s2": {"relative_mae": float("inf")}})
    told = " ".join(verdict_text(found).split())
    assert "Least skill of 9,000 series, over their own best naive forecasts: 's2' not finite, 's1' -150.0%." in told
    assert "worse than naively" not in told


def test_nothing_is_wider_than_a_terminal_nor_broken_inside_a_word() -> None:
    name = "a-store-with-quite-a-long-name-and-a-number-0001"
    harm = Requirement(metric="badly_harmed_share", relation="<=", bound=0.0, worse_by=0.25)
    check = harm.judged(0.5, of=2, failing=1, faults=(Fault(repr(name), "310 % worse"),))
    evaluation = verdict(
        blessed=False,
        checks=(LIMIT.judged(0.0149), check),
        unit="thousand tonnes of oil equivalent",
        series={name: {"relative_mae": 4.1}, "\x1b[31mred": {"relative_mae": 0.5}},
    )
    for verbose in (False, True):
        text = verdict_text(evaluation, verbose=verbose)
        assert max(map(len, text.splitlines())) <= 80
        assert "\x1b" not in text
        assert name in text
