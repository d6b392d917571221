"""What stops a pull request among known vulnerabilities: what nobody accepted, and what no longer holds."""

import datetime
import json
import pathlib
import re
from typing import Any

import pytest

import audit
import stacks

ROOT = pathlib.Path(__file__).resolve().parents[2]
TODAY = datetime.date(2026, 11, 26)
ENTRY = {"id": "CVE-1", "package": "old", "reason": "It waits for TFX.", "until": "2027-01-31"}


def report(*names: str, package: str = "old") -> str:
    vulns = [{"id": name, "aliases": [f"GHSA-{name}"], "fix_versions": ["2.0"], "description": ""} for name in names]
    clean = {"name": "sound", "version": "1.0", "vulns": []}
    skipped = {"name": "own", "skip_reason": "not on PyPI"}
    return json.dumps({"dependencies": [clean, skipped, {"name": package, "version": "1.0", "vulns": vulns}]})


def judge(text: str, *accepted: dict[str, Any]) -> list[str]:
    return audit.judge(audit.read_report(text), accepted, today=TODAY)


def test_what_is_accepted_passes_by_any_of_its_names() -> None:
    assert judge(report("CVE-1"), ENTRY) == []
    assert judge(report("CVE-1"), {**ENTRY, "id": "GHSA-CVE-1"}) == []


def test_what_nobody_accepted_stops() -> None:
    (problem,) = judge(report("CVE-1", "CVE-2"), ENTRY)
    assert problem.startswith("CVE-2 = GHSA-CVE-2 (old 1.0, corrected in 2.0) is not accepted.")


def test_an_advisory_is_accepted_for_one_package_only() -> None:
    stopped, gone = judge(report("CVE-1", package="other"), ENTRY)
    assert "other 1.0" in stopped
    assert gone == "CVE-1 of old is gone. Take it out of the list."


def test_what_is_gone_stops() -> None:
    assert judge(report(), ENTRY) == ["CVE-1 of old is gone. Take it out of the list."]


def test_a_date_that_has_passed_stops() -> None:
    (problem,) = judge(report("CVE-1"), {**ENTRY, "until": "2026-11-25"})
    assert problem == "CVE-1 of old was accepted until 2026-11-25. Decide anew."


@pytest.mark.parametrize("key", ["id", "package", "reason", "until"])
def test_an_entry_without_a_reason_or_the_like_accepts_nothing(key: str) -> None:
    problems = judge(report("CVE-1"), {**ENTRY, key: ""})
    assert any(f"lacks {key}" in problem for problem in problems)
    assert any("is not accepted" in problem for problem in problems)


def test_the_exit_status_and_the_words(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    (tmp_path / "accepted.json").write_text(json.dumps([ENTRY]))
    monkeypatch.setattr(audit, "ACCEPTED", tmp_path / "accepted.json")
    (tmp_path / "one.json").write_text(report("CVE-1"))
    (tmp_path / "two.json").write_text(report("CVE-3"))
    assert audit.main([str(tmp_path / "one.json")]) == 0
    assert audit.main([str(tmp_path / "one.json"), str(tmp_path / "two.json")]) == 1
    assert "CVE-3" in capsys.readouterr().out


def test_the_list_names_packages_that_are_locked() -> None:
    accepted = json.loads(audit.ACCEPTED.read_text())
    assert len({(entry["package"], entry["id"]) for entry in accepted}) == len(accepted)
    locks = "\n".join((ROOT / stack.lock).read_text() for stack in stacks.STACKS.values())
    for entry in accepted:
        assert set(entry) == {"id", "package", "reason", "until"}
        assert re.search(rf"^{re.escape(entry['package'])}==", locks, re.MULTILINE), entry
        assert len(entry["reason"]) > 20
        datetime.date.fromisoformat(entry["until"])
