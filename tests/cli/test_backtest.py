"""A backtest that stops in a fold says in which, why, and what is kept."""

import pathlib

import pytest

from tapeline.cli import exit_codes
from tapeline.cli import main as cli
from tapeline.pipeline import local_runner
from tapeline.pipeline.local_runner import LocalRun
from tapeline.schemas.errors import DataError

CO2 = str(pathlib.Path(__file__).parents[2] / "configs" / "co2.yaml")


@pytest.mark.parametrize(
    ("error", "code", "messages"),
    [
        (
            KeyboardInterrupt(),
            exit_codes.EXIT_INTERRUPTED,
            ["interrupted in fold 2 of 3", "Run the same command to continue"],
        ),
        (
            DataError("a gap of 30 steps. Fill it."),
            exit_codes.EXIT_BAD_INPUT,
            ["co2, fold 2 of 3", "a gap of 30 steps"],
        ),
        (OSError("disk full"), exit_codes.EXIT_FAILED, ["fold 2 failed", "OSError: disk full", "before it are kept"]),
        (None, exit_codes.EXIT_FAILED, ["fold 2 failed in Trainer: it did not finish"]),
    ],
)
def test_the_exit_code_and_the_message_tell_what_stopped_it(
    error: BaseException | None,
    code: int,
    messages: list[str],
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from tapeline.pipeline.lineage import Run

    ran: list[pathlib.Path] = []

    def second_fold_stops(config: object, paths: object, *, to_node: str) -> LocalRun:
        assert to_node == "Evaluator"
        ran.append(paths.root)  # type: ignore[attr-defined]
        stops = len(ran) == 2
        return LocalRun(
            run=Run(run_id="1", nodes={}),
            node_ids=("Trainer",) if stops else (),
            log=tmp_path / "run.log",
            error=error if stops else None,
        )

    monkeypatch.setattr(local_runner, "run_locally", second_fold_stops)
    arguments = ["backtest", "--config", CO2, "--home", str(tmp_path), "--folds", "3"]
    assert cli.main(arguments) == code
    told = capsys.readouterr().err
    for message in messages:
        assert message in told
    assert [path.name for path in ran] == ["fold-01", "fold-02"]
