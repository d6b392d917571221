"""An examination that is begun ahead: used once, by its own artifacts only, and measured in its turn."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tapeline.components.serving_gate import examined_ahead
from tapeline.components.serving_gate.examined_ahead import Examination, begin, leave_begun, result_of

MODEL = Examination(model_uri="model", windows_uri="windows", rows_uri="rows", sections={})
OTHER = Examination(model_uri="other", windows_uri="windows", rows_uri="rows", sections={})


ANSWERED = threading.Event()


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What examinations did, in order; they wait for their turn as those of a model do."""
    done: list[str] = []
    ANSWERED.clear()

    def run(self: Examination, before_measuring: Any = None) -> Any:
        done.append(f"{self.model_uri} answers")
        ANSWERED.set()
        if before_measuring:
            before_measuring()
        done.append(f"{self.model_uri} is measured")
        return f"result of {self.model_uri}"

    monkeypatch.setattr(Examination, "run", run)
    monkeypatch.setattr(examined_ahead, "start_ahead", lambda: None)
    yield done
    leave_begun()


def examined(examination: Examination) -> Any:
    """Asks for the result: here a text stands for it."""
    return result_of(examination)


def start(examination: Examination) -> None:
    """Begins one and waits until it has answered."""
    begin(examination)
    assert ANSWERED.wait(10)


def test_what_is_begun_answers_at_once_and_is_measured_in_its_turn(events: list[str]) -> None:
    start(MODEL)
    assert events == ["model answers"]
    assert examined(MODEL) == "result of model"
    assert events == ["model answers", "model is measured"]
    # It was for one turn.
    examined(MODEL)
    assert events[2:] == ["model answers", "model is measured"]


def test_another_model_is_examined_by_itself(events: list[str]) -> None:
    start(MODEL)
    assert examined(OTHER) == "result of other"
    leave_begun()
    # What nobody asked for is not measured.
    assert events == ["model answers", "other answers", "other is measured"]


def test_what_fails_ahead_is_done_again_in_its_turn(monkeypatch: pytest.MonkeyPatch, events: list[str]) -> None:
    again = Examination.run

    def fails_once(self: Examination, before_measuring: Any = None) -> Any:
        if before_measuring:
            raise OSError("no process can be started")
        return again(self)

    monkeypatch.setattr(Examination, "run", fails_once)
    begin(MODEL)
    assert examined(MODEL) == "result of model"
    assert events == ["model answers", "model is measured"]
