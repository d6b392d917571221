"""What `tapeline gate` makes of a run: passed, refused, or nothing to judge, never a pass by accident."""

import json
import pathlib
import resource
import shutil
import subprocess
import sys

import pytest

from tapeline.cli import exit_codes
from tapeline.cli import main as cli
from tapeline.pipeline.judgement import Outcome, judge
from tapeline.pipeline.paths import RunPaths
from tests.judged_run import FAILED, RUNNING, Home, result

RUN = "2026-11-21T10:00:00"


@pytest.fixture
def home(tmp_path: pathlib.Path) -> Home:
    return Home(tmp_path / "load")


def outcome_of(home: Home, run_id: str | None = None) -> tuple[Outcome, str]:
    judgement = judge(RunPaths(home.root), run_id)
    return judgement.outcome, judgement.problem


def test_a_blessed_and_pushed_model_passes(home: Home) -> None:
    home.judged()
    judgement = judge(RunPaths(home.root))
    assert judgement.outcome is Outcome.PASSED
    assert judgement.run_id == RUN
    assert judgement.verdict is not None
    assert judgement.verdict.pushed_version == "7"


def test_a_model_that_is_not_blessed_is_refused(home: Home) -> None:
    home.judged(blessed=False)
    assert outcome_of(home) == (Outcome.REFUSED, "")


def test_a_model_that_the_serving_gate_refuses_is_refused(home: Home) -> None:
    model = home.train(RUN)
    home.evaluate(RUN, model, result(blessed=True))
    home.serve(RUN, model, latency_ms=3.0)
    home.push(RUN, pushed=False)
    judgement = judge(RunPaths(home.root))
    assert judgement.outcome is Outcome.REFUSED
    assert judgement.verdict is not None
    assert [check.id for check in judgement.verdict.checks if not check.passed] == ["serving_latency_ms.at_most"]


def test_a_model_that_both_gates_bless_passes(home: Home) -> None:
    model = home.train(RUN)
    home.evaluate(RUN, model, result(blessed=True))
    home.serve(RUN, model)
    home.push(RUN, pushed=True)
    assert outcome_of(home) == (Outcome.PASSED, "")


def test_a_blessing_to_serve_another_model_is_nothing_to_judge(home: Home) -> None:
    other = home.train("first", weights="other weights")
    model = home.train(RUN)
    home.evaluate(RUN, model, result(blessed=True))
    home.serve(RUN, other)
    home.push(RUN, pushed=True)
    outcome, problem = outcome_of(home)
    assert outcome is Outcome.NOTHING
    assert "Run the ServingGate again" in problem


def test_a_serving_gate_whose_report_was_changed_is_nothing_to_judge(home: Home) -> None:
    model = home.train(RUN)
    home.evaluate(RUN, model, result(blessed=True))
    home.serve(RUN, model, latency_ms=3.0, blessed=1)
    home.push(RUN, pushed=True)
    assert outcome_of(home)[0] is Outcome.NOTHING


def test_a_version_that_is_there_passes(home: Home) -> None:
    model = home.train(RUN)
    home.evaluate(RUN, model, result(blessed=True))
    home.push_version(RUN, model)
    assert outcome_of(home) == (Outcome.PASSED, "")


def test_a_version_that_is_gone_is_nothing_that_passes(home: Home) -> None:
    model = home.train(RUN)
    home.evaluate(RUN, model, result(blessed=True))
    shutil.rmtree(home.push_version(RUN, model))
    outcome, problem = outcome_of(home)
    assert outcome is Outcome.NOTHING
    assert "is gone. Run the pipeline again" in problem


def test_a_version_that_was_changed_is_nothing_that_passes(home: Home) -> None:
    model = home.train(RUN)
    home.evaluate(RUN, model, result(blessed=True))
    (home.push_version(RUN, model) / "saved_model.pb").write_text("other")
    outcome, problem = outcome_of(home)
    assert outcome is Outcome.NOTHING
    assert "is not what was pushed" in problem


def test_a_version_that_newer_ones_replaced_may_be_gone(home: Home) -> None:
    model = home.train(RUN)
    home.evaluate(RUN, model, result(blessed=True))
    version = home.push_version(RUN, model)
    version.rename(version.with_name(str(int(version.name) + 1)))
    assert outcome_of(home) == (Outcome.PASSED, "")


def test_a_run_that_ended_at_the_evaluator_passes_without_a_push(home: Home) -> None:
    home.evaluate(RUN, home.train(RUN), result(blessed=True))
    assert outcome_of(home) == (Outcome.PASSED, "")


def test_the_newest_run_is_judged_unless_one_is_named(home: Home) -> None:
    home.judged("first", blessed=False)
    home.judged("second")
    assert outcome_of(home)[0] is Outcome.PASSED
    assert outcome_of(home, "first")[0] is Outcome.REFUSED


def test_no_run_is_nothing_to_judge(tmp_path: pathlib.Path) -> None:
    judgement = judge(RunPaths(tmp_path / "load"))
    assert judgement.outcome is Outcome.NOTHING
    assert "Run `tapeline run` first" in judgement.problem


def test_an_unknown_run_is_answered_with_the_known_ones(home: Home) -> None:
    home.judged("first")
    home.judged("second")
    outcome, problem = outcome_of(home, "third")
    assert outcome is Outcome.NOTHING
    assert "no run 'third'" in problem
    assert "second, first" in problem


def test_an_evaluator_that_never_ran_is_nothing_to_judge(home: Home) -> None:
    home.train(RUN)
    outcome, problem = outcome_of(home)
    assert outcome is Outcome.NOTHING
    assert "the Evaluator never ran" in problem


@pytest.mark.parametrize(("state", "words"), [(FAILED, "Trainer failed: out of memory"), (RUNNING, "still running")])
def test_a_run_that_broke_before_the_evaluator_says_where(home: Home, state: int, words: str) -> None:
    home.execute(RUN, "Trainer", state, error="out of memory")
    outcome, problem = outcome_of(home)
    assert outcome is Outcome.NOTHING
    assert words in problem


def test_a_blessed_model_whose_push_failed_does_not_pass(home: Home) -> None:
    home.evaluate(RUN, home.train(RUN), result(blessed=True))
    home.execute(RUN, "Pusher", FAILED, error="disk full")
    outcome, problem = outcome_of(home)
    assert outcome is Outcome.NOTHING
    assert "Pusher failed: disk full" in problem


def test_a_blessed_model_that_the_pusher_left_out_does_not_pass(home: Home) -> None:
    home.evaluate(RUN, home.train(RUN), result(blessed=True))
    home.push(RUN, pushed=False)
    outcome, problem = outcome_of(home)
    assert outcome is Outcome.NOTHING
    assert "pushed nothing" in problem


def test_an_earlier_blessing_does_not_speak_for_a_failed_run(home: Home) -> None:
    home.judged("first")
    home.execute("second", "Evaluator", FAILED, error="no test windows")
    assert outcome_of(home)[0] is Outcome.NOTHING


def test_a_blessing_of_another_runs_model_is_nothing_to_judge(home: Home) -> None:
    other = home.train("first")
    home.train("second", weights="other weights")
    home.evaluate("second", other, result(blessed=True))
    outcome, problem = outcome_of(home)
    assert outcome is Outcome.NOTHING
    assert "the blessing is of another run" in problem


def test_a_blessing_copied_over_from_another_run_is_nothing_to_judge(home: Home) -> None:
    home.judged("first")
    home.judged("second", blessed=False)
    blessing = home.folder("second", "blessing")
    (blessing / "NOT_BLESSED").rename(blessing / "BLESSED")
    outcome, problem = outcome_of(home)
    assert outcome is Outcome.NOTHING
    assert "not of one run" in problem


def test_an_evaluation_copied_over_from_another_run_is_nothing_to_judge(home: Home) -> None:
    home.judged("first")
    model = home.train("second", weights="other weights")
    home.evaluate("second", model, result(blessed=True, mae=0.5))
    for file in home.folder("first", "evaluation").iterdir():
        file.replace(home.folder("second", "evaluation") / file.name)
    outcome, problem = outcome_of(home)
    assert outcome is Outcome.NOTHING
    assert "not of one run" in problem


def test_a_blessing_that_names_no_content_is_nothing_to_judge(home: Home) -> None:
    home.evaluate(RUN, home.train(RUN), result(blessed=True), model_fingerprint="")
    assert outcome_of(home)[0] is Outcome.NOTHING


def test_a_model_changed_after_the_blessing_is_nothing_to_judge(home: Home) -> None:
    model = home.judged()
    (model / "Format-Serving" / "saved_model.pb").write_text("other weights")
    outcome, problem = outcome_of(home)
    assert outcome is Outcome.NOTHING
    assert "changed after the Evaluator" in problem


@pytest.mark.parametrize("name", ["model/Format-Serving/saved_model.pb", "evaluation/tapeline_verdict.json"])
def test_artifacts_that_are_gone_are_nothing_to_judge(home: Home, name: str) -> None:
    home.judged()
    gone = home.folder(RUN, name)
    gone.unlink()
    gone.parent.rmdir()
    assert outcome_of(home)[0] is Outcome.NOTHING


@pytest.mark.parametrize(("blessed", "code"), [(True, exit_codes.EXIT_DONE), (False, exit_codes.EXIT_REFUSED)])
def test_the_command_prints_the_checks_and_writes_three_files(
    home: Home, blessed: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    home.judged(blessed=blessed)
    assert cli.main(["gate", "--home", str(home.root.parent), "-v"]) == code
    out = capsys.readouterr().out
    assert RUN in out
    assert ("passed " if blessed else "REFUSED") + "  mae_scaled is 0.01" in out
    report = home.root / "report" / "2026-11-21T10-00-00"
    assert sorted(path.name for path in report.iterdir()) == ["junit.xml", "summary.md", "verdict.json"]


def test_the_command_answers_in_json_where_a_machine_asks(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.judged(blessed=False)
    output = home.root / "elsewhere"
    arguments = ["gate", "--home", str(home.root.parent), "--name", "load", "--json", "--output", str(output)]
    assert cli.main(arguments) == exit_codes.EXIT_REFUSED
    printed = capsys.readouterr().out
    assert json.loads(printed)["outcome"] == "refused"
    assert (output / "verdict.json").read_text() == printed


def test_the_sentence_alone_is_printed_where_that_is_enough(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.judged()
    assert cli.main(["gate", "--home", str(home.root.parent), "--quiet"]) == exit_codes.EXIT_DONE
    out = " ".join(capsys.readouterr().out.split())
    assert out == "BLESSED, and pushed as version 7: it errs by 12.5 MW, 50.0% less than the best naive forecast."


def test_nothing_to_judge_ends_with_code_2_and_leaves_files_that_say_so(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.train(RUN)
    assert cli.main(["gate", "--home", str(home.root.parent), "--json"]) == exit_codes.EXIT_BAD_INPUT
    captured = capsys.readouterr()
    assert json.loads(captured.out)["outcome"] == "nothing_to_judge"
    assert "the Evaluator never ran" in captured.err
    assert (home.root / "report" / "2026-11-21T10-00-00" / "junit.xml").exists()


def test_the_name_comes_from_the_configuration(home: Home, tmp_path: pathlib.Path) -> None:
    home.judged()
    Home(tmp_path / "other").judged(blessed=False)
    config = tmp_path / "config.yaml"
    config.write_text("name: load\n")
    assert cli.main(["gate", "--home", str(tmp_path), "--config", str(config)]) == exit_codes.EXIT_DONE
    config.write_text("name: other\n")
    assert cli.main(["gate", "--home", str(tmp_path), "--config", str(config)]) == exit_codes.EXIT_REFUSED


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "holds the runs of load, other. Say which"),
        (["--name", "third"], "no run in"),
        (["--config", "nowhere.yaml"], "no file 'nowhere.yaml'"),
        (["--name", "load", "--output", "/dev/null/folder"], "--output: cannot write"),
    ],
)
def test_what_cannot_be_answered_ends_with_code_2(
    home: Home, tmp_path: pathlib.Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    home.judged()
    Home(tmp_path / "other").judged()
    assert cli.main(["gate", "--home", str(tmp_path), *arguments]) == exit_codes.EXIT_BAD_INPUT
    assert message in capsys.readouterr().err


def test_a_folder_without_runs_says_so(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["gate", "--home", str(tmp_path)]) == exit_codes.EXIT_BAD_INPUT
    assert "holds no runs" in capsys.readouterr().err


def test_the_command_takes_less_than_five_seconds(home: Home) -> None:
    home.judged()
    probe = (
        "import sys; from tapeline.cli import main as cli\n"
        f"assert cli.main(['gate', '--home', {str(home.root.parent)!r}]) == 0\n"
        "heavy = {'pandas', 'tensorflow', 'tensorflow_model_analysis', 'tfx', 'apache_beam'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Time on the processor: what else the machine does is not the command's doing.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5.0
