"""What the data gate warned of, in a few lines of a terminal."""

import json
import pathlib
from typing import Any

from tapeline.pipeline.data_warnings import warnings_text
from tapeline.pipeline.lineage import Artifact, NodeRun, NodeState, Run


def finding(**fields: Any) -> dict[str, Any]:
    usual = {"kind": "drift", "severity": "warning", "series_id": None, "column": "load", "split": "test"}
    return {**usual, "message": "the values lie 0.91 from those of train " + "and so on " * 20, **fields}


def run_with(folder: pathlib.Path, *findings: dict[str, Any], warnings: int) -> Run:
    (folder / "findings.json").write_text(json.dumps({"warnings": warnings, "findings": findings}))
    report = Artifact(id=1, uri=str(folder), properties={})
    return Run(run_id="r", nodes={"DataGate": NodeRun(state=NodeState.CACHED, outputs={"report": (report,)})})


def test_the_first_warnings_are_told_in_two_lines_each_and_the_others_counted(tmp_path: pathlib.Path) -> None:
    named = finding(kind="outliers", series_id="north\x1b[31m", split=None)
    text = warnings_text(run_with(tmp_path, named, finding(), finding(), finding(), warnings=12))
    lines = text.splitlines()
    assert lines[0] == "  The data passed with warnings:"
    assert lines[1].startswith("    [outliers] 'north\\x1b[31m', load: the values lie 0.91")
    assert lines[2].startswith("      ")
    assert lines[2].endswith(" …")
    assert lines[3].startswith("    [drift] load, test: the values lie 0.91 from those of train")
    assert all(len(line) <= 80 for line in lines[:-1])
    assert len(lines) == 8
    assert lines[-1].startswith("    9 more, and what to do: ")
    assert lines[-1].endswith("report.txt")


def test_data_without_a_warning_and_runs_without_a_report_say_nothing(tmp_path: pathlib.Path) -> None:
    assert warnings_text(run_with(tmp_path, warnings=0)) == ""
    assert warnings_text(Run(run_id="r", nodes={})) == ""
