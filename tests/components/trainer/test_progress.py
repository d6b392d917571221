"""Plain lines in a log, a bar on a terminal, and never both."""

import io
from typing import Any

from tapeline.components.trainer.training_records import ProgressLines, bar, epoch_line

LOGS = {"loss": 0.0102, "val_loss": 0.0101, "learning_rate": 0.0005, "windows_per_second": 9310.4}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def train(stream: Any, times: Any) -> Any:
    """Two epochs of two steps; the clock gives one time a look at it."""
    times = iter(times)
    lines = ProgressLines(20, stream=stream, clock=lambda: next(times))
    for epoch in range(2):
        for step in range(2):
            lines.on_train_batch_end(step, {"loss": 0.5, "steps": 2})
        lines.on_epoch_end(epoch, LOGS)
    lines.on_train_end()
    return stream.getvalue()


def test_a_line_tells_epoch_losses_rate_and_speed() -> None:
    assert epoch_line(6, 150, LOGS) == ("epoch   7/150  loss 0.01020  val_loss 0.01010  rate 0.0005    9,310 windows/s")


def test_a_bar_fills_with_the_steps() -> None:
    assert bar(1, 3, 0.5) == "  [" + "=" * 10 + "." * 20 + "] 1/3  loss 0.50000"
    assert bar(3, 3, 0.5) == "  [" + "=" * 30 + "] 3/3  loss 0.50000"


def test_a_log_gets_one_plain_line_an_epoch() -> None:
    assert train(io.StringIO(), []).splitlines() == [epoch_line(0, 20, LOGS), epoch_line(1, 20, LOGS)]


def test_a_terminal_sees_the_bar_until_the_line_replaces_it() -> None:
    # Looks at the clock: once to see whether to draw, once more when it draws. The second step comes too soon.
    output = train(Terminal(), [0.0, 0.0, 0.05, 1.0, 1.0, 1.05])
    drawn = bar(1, 2, 0.5)
    wipe = "\r" + " " * len(drawn) + "\r"
    lines = [epoch_line(epoch, 20, LOGS) + "\n" for epoch in range(2)]
    assert output == drawn + wipe + lines[0] + drawn + wipe + lines[1]


def test_a_candidate_says_who_it_is_and_draws_no_bar() -> None:
    stream = Terminal()
    lines = ProgressLines(20, candidate="candidate 2", stream=stream, clock=lambda: 0.0)
    lines.on_train_batch_end(0, {"loss": 0.5, "steps": 2})
    lines.on_epoch_end(0, LOGS)
    lines.on_train_end()
    assert stream.getvalue() == "candidate 2  epoch  1/20  loss 0.01020  val_loss 0.01010  9,310 windows/s\n"


def test_a_candidate_prints_its_first_epoch_and_then_one_every_ten_seconds() -> None:
    stream, times = io.StringIO(), iter([0.0, 4.0, 9.0, 11.0, 12.0])
    lines = ProgressLines(20, candidate="candidate 2", stream=stream, clock=lambda: next(times))
    for epoch in range(5):
        lines.on_epoch_end(epoch, LOGS)
    assert stream.getvalue().splitlines() == [epoch_line(epoch, 20, LOGS, candidate="candidate 2") for epoch in (0, 3)]


def test_lines_fit_into_80_columns() -> None:
    logs = LOGS | {"learning_rate": 0.00025, "windows_per_second": 12_345.0}
    assert len(epoch_line(149, 150, logs)) <= 80
    assert len(epoch_line(149, 150, logs, candidate="candidate 10")) <= 80
