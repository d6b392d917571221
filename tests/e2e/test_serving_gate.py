"""Models served in a process of their own: the good one is blessed, each faulty one is refused for its fault."""

import pathlib
import subprocess
import sys
from typing import Any

import pytest

from tapeline.components.serving_gate import clean_start
from tapeline.components.serving_gate.examination import examine
from tapeline.schemas.check_wording import in_words
from tapeline.schemas.gate_config import ServingConfig

ROOT = pathlib.Path(__file__).parents[2]


def gate(folder: Any, *, fault: str = "", timeout_seconds: float = 120.0) -> Any:
    from tests.contract_model import real_windows, save_contract_model

    model = save_contract_model(folder / "model", fault)
    return examine(
        str(model), real_windows(), limits=ServingConfig(), refuses_unknown=False, timeout_seconds=timeout_seconds
    )


def reasons(result: Any) -> dict[str, str]:
    return {check.id: in_words(check) for check in result.checks if not check.passed}


def test_a_model_that_keeps_the_contract_is_blessed(tmp_path: pathlib.Path) -> None:
    result = gate(tmp_path)
    assert reasons(result) == {}
    assert result.blessed
    assert 0.0 < next(check.value for check in result.checks if check.metric == "serving_latency_ms") < 250.0
    assert 50.0 < next(check.value for check in result.checks if check.metric == "serving_memory_mib") < 4096.0


@pytest.mark.parametrize(
    ("fault", "check", "words"),
    [
        (
            "answers anything",
            "serving_wrong_refusals.at_most",
            "NaN everywhere: answered with values that are not finite",
        ),
        ("answers NaN", "serving_wrong_refusals.at_most", "NaN everywhere: answered with values that are not finite"),
        ("refuses without words", "serving_wrong_refusals.at_most", "refused without a message"),
        ("lacks an output", "serving_wrong_answers.at_most", "no output upper_95"),
        ("other forecast", "serving_deviation.at_most", "0.003 of the scale"),
        ("lacks a signature", "serving_process.at_least", "lacks the signature any_horizon"),
        ("calls Python", "serving_process.at_least", "calls back into Python (PyFunc)"),
    ],
)
def test_a_faulty_model_is_refused_for_its_fault(tmp_path: pathlib.Path, fault: str, check: str, words: str) -> None:
    result = gate(tmp_path, fault=fault)
    assert not result.blessed
    assert words in reasons(result)[check]


def test_a_process_that_was_started_ahead_serves_the_next_model_and_no_other(tmp_path: pathlib.Path) -> None:
    clean_start.start_ahead()
    clean_start.start_ahead()
    (ahead,) = clean_start._ahead
    assert gate(tmp_path).blessed
    assert ahead.process.returncode is not None
    assert not ahead.folder.exists()
    clean_start.start_ahead()
    (unused,) = clean_start._ahead
    clean_start.end_ahead()
    assert unused.process.returncode is not None
    assert not unused.folder.exists()


def test_a_clean_process_ends_when_whoever_started_it_is_gone() -> None:
    left = clean_start.CleanProcess.start()
    assert left.process.stdin is not None
    left.process.stdin.close()
    assert left.process.wait(timeout=120) == 0
    left.end()


def test_a_model_that_never_answers_is_given_up(tmp_path: pathlib.Path) -> None:
    result = gate(tmp_path, fault="hangs", timeout_seconds=30.0)
    assert (
        "came to no end within 30 s; it was at: serving_default: raw values"
        in reasons(result)["serving_process.at_least"]
    )


def test_a_process_that_crashes_is_a_refusal_with_its_signal(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "crash.py"
    script.write_text("import os, sys; open(sys.argv[1] + '/stage.txt', 'w').write('loading'); os.abort()")
    monkeypatch.setattr(clean_start, "SCRIPT", script)
    assert "was ended by SIGABRT; it was at: loading" in reasons(gate(tmp_path))["serving_process.at_least"]


def test_a_process_that_can_import_the_project_is_a_refusal(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean_start, "BARRED", (*clean_start.BARRED, "json"))
    # json is imported before the barrier is up, so it stands for a package that got in.
    assert reasons(gate(tmp_path))["serving_process.at_least"].endswith("it could import json")


def test_a_file_that_is_no_model_is_refused(tmp_path: pathlib.Path) -> None:
    from tests.contract_model import real_windows

    (tmp_path / "saved_model.pb").write_text("no model")
    result = examine(str(tmp_path), real_windows(), limits=ServingConfig(), refuses_unknown=False)
    assert "saved_model.pb cannot be read" in reasons(result)["serving_process.at_least"]


def test_without_a_real_window_nothing_is_blessed(tmp_path: pathlib.Path) -> None:
    from tests.contract_model import save_contract_model

    model = save_contract_model(tmp_path / "model")
    result = examine(str(model), None, limits=ServingConfig(), refuses_unknown=False)
    assert "nothing real to ask" in reasons(result)["serving_process.at_least"]


def test_the_projects_package_is_barred_wherever_they_are_installed() -> None:
    probe = (
        f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        f"bar = runpy.run_path({str(clean_start.SCRIPT)!r})['bar']\n"
        "assert bar(['tapeline']) == []\n"
        "try: import tapeline.schemas.errors\n"
        "except ModuleNotFoundError as error: assert 'barred' in str(error)\n"
        "else: raise AssertionError('the project was imported')"
    )
    subprocess.run([sys.executable, "-I", "-c", probe], check=True, capture_output=True)
