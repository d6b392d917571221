"""A run that stops says what stopped it, and what it pushed before."""

import pathlib

import pytest

from tapeline.cli import main as cli
from tapeline.cli.signals import Signalled
from tapeline.pipeline import local_runner
from tapeline.pipeline.local_runner import LocalRun
from tapeline.schemas.errors import DataError

CO2 = str(pathlib.Path(__file__).parents[2] / "configs" / "co2.yaml")
FULL = OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("error", "pushed", "code", "messages"),
    [
        (FULL, None, 2, ["no room is left on the disk", "Nothing was pushed."]),
        (FULL, 7, 2, ["no room is left on the disk", "Version 7 was pushed before that"]),
        (DataError("a gap"), None, 2, ["tapeline run: a gap", "Nothing was pushed."]),
        (RuntimeError("out of order"), 7, 3, ["failed in Report: RuntimeError", "Version 7 was pushed before that"]),
        (None, None, 3, ["failed in Report: it did not finish", "Nothing was pushed."]),
        (Signalled(15), 7, 143, ["interrupted", "Version 7 was pushed before that"]),
        (KeyboardInterrupt(), None, 130, ["interrupted"]),
    ],
)
def test_what_stopped_it_and_what_was_pushed_are_told(
    error: BaseException | None,
    pushed: int | None,
    code: int,
    messages: list[str],
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stopped = LocalRun(run=None, node_ids=("Report",), log=tmp_path / "run.log", error=error, pushed=pushed)
    monkeypatch.setattr(local_runner, "run_locally", lambda *_, **__: stopped)
    assert cli.main(["run", "--config", CO2, "--home", str(tmp_path)]) == code
    told = capsys.readouterr().err
    for message in messages:
        assert message in told
    assert ("Nothing was pushed" in told) <= (pushed is None)
