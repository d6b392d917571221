"""A verdict as files for machines and reviewers: `verdict.json`, `junit.xml` and `summary.md`.

Each is a pure function of the judgement. `docs/verdict.md` describes the JSON,
`schemas/verdict.schema.json` checks it. Names of series come from the data: they
are escaped in every format.
"""

import dataclasses
import datetime
import html
import json
import math
import os
import pathlib
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

from tapeline.pipeline.judgement import Judgement, Outcome
from tapeline.pipeline.verdict import Verdict, compared, headline, windows_text
from tapeline.schemas.check_wording import in_words, required_in_words
from tapeline.schemas.checks import Check
from tapeline.schemas.evaluation_result import EvaluationResult, without_nan
from tapeline.schemas.whole_files import write_whole

SCHEMA_VERSION = 3
"""Of `verdict.json`. It grows when a field changes its meaning or goes away; new fields may come at any time."""

KUBEFLOW_METRICS = "metrics"
"""Name of the output artifact of a KFP component that holds them."""

_WORST_SERIES = 10
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_files(judgement: Judgement, folder: str | os.PathLike[str]) -> dict[str, pathlib.Path]:
    """Writes all three files, each in one step.

    Returns:
        The files by name.
    """
    renderers = {"verdict.json": to_json, "junit.xml": to_junit, "summary.md": to_markdown}
    written = {name: pathlib.Path(folder) / name for name in renderers}
    for name, render in renderers.items():
        write_whole(written[name], render(judgement))
    return written


def to_json(judgement: Judgement) -> str:
    """Returns `verdict.json`; numbers that are not finite stand as strings."""
    tree: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "name": judgement.name,
        "run_id": judgement.run_id,
        "outcome": judgement.outcome.value,
        "problem": judgement.problem or None,
    }
    if judgement.verdict is not None:
        tree |= _verdict_tree(judgement.verdict)
    return json.dumps(without_nan(tree), indent=2, allow_nan=False) + "\n"


def _verdict_tree(verdict: Verdict) -> dict[str, Any]:
    evaluation = verdict.evaluation
    return {
        "judged_at": _iso(verdict.judged_at),
        "pushed_version": verdict.pushed_version,
        "model": {"uri": verdict.model_uri, "fingerprint": evaluation.model_fingerprint},
        "unit": evaluation.unit,
        "checks": [
            {"id": check.id, **dataclasses.asdict(check), "in_words": in_words(check)} for check in verdict.checks
        ],
        "metrics": dict(evaluation.metrics),
        "metrics_by_lead_step": {name: list(values) for name, values in evaluation.by_lead_step.items()},
        "series": evaluation.series_count or len(evaluation.series),
        "worst_series": [
            {"series_id": series_id, "metrics": dict(evaluation.series[series_id])}
            for series_id in _worst_series(evaluation)
        ],
        "previous": _previous(verdict),
    }


def _previous(verdict: Verdict) -> dict[str, Any] | None:
    previous, now = verdict.evaluation.previous_metrics, verdict.evaluation.metrics
    if not previous:
        return None
    return {
        "uri": verdict.previous_uri,
        "metrics": previous,
        "change": {name: now[name] - value for name, value in previous.items() if name in now},
    }


def _worst_series(evaluation: EvaluationResult) -> list[str]:
    """The series with the least skill over their best naive forecast; those without a finite error lead.

    An error in scaled space tells which series is large, or restless, not which one is forecast badly.
    """

    def rank(series_id: str) -> tuple[float, str]:
        error = evaluation.series[series_id].get("relative_mae", math.nan)
        return (-error if math.isfinite(error) else -math.inf, series_id)

    return sorted(evaluation.series, key=rank)[:_WORST_SERIES]


def to_kubeflow(verdict: Verdict) -> tuple[str, str]:
    """Returns the verdict's numbers as JSON, and as what KFP reads of its output artifact `metrics` (ExecutorOutput).

    KFP's page shows an artifact's metadata; numbers that are not finite have no place in it.
    """
    finite = {name: value for name, value in verdict.evaluation.metrics.items() if math.isfinite(value)}
    numbers = {"blessed": float(verdict.blessed), **finite}
    output = {"artifacts": {KUBEFLOW_METRICS: {"artifacts": [{"name": KUBEFLOW_METRICS, "metadata": numbers}]}}}
    return json.dumps(numbers, indent=2) + "\n", json.dumps(output)


def to_junit(judgement: Judgement) -> str:
    """Returns `junit.xml`: every check is a test case, and so is having something to judge."""
    checks = judgement.verdict.checks if judgement.verdict else ()
    failures = sum(not check.passed for check in checks)
    nothing = judgement.outcome is Outcome.NOTHING
    counts = {"tests": str(len(checks) + 1), "failures": str(failures), "errors": str(int(nothing)), "time": "0"}
    root = ElementTree.Element("testsuites", {"name": "tapeline gate", **counts})
    suite = ElementTree.SubElement(root, "testsuite", {"name": f"gate.{judgement.name}", **counts})
    if judgement.run_id is not None:
        properties = ElementTree.SubElement(suite, "properties")
        ElementTree.SubElement(properties, "property", {"name": "run_id", "value": _xml(judgement.run_id)})
    judged = _test_case(suite, judgement, "something to judge")
    if nothing:
        problem = _xml(judgement.problem)
        ElementTree.SubElement(judged, "error", {"type": judgement.outcome.value, "message": problem}).text = problem
    for check in checks:
        case = _test_case(suite, judgement, check.id)
        words = _xml(in_words(check))
        if check.passed:
            ElementTree.SubElement(case, "system-out").text = words
        else:
            ElementTree.SubElement(case, "failure", {"type": "refused", "message": words}).text = words
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _test_case(suite: ElementTree.Element, judgement: Judgement, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite, "testcase", {"classname": f"gate.{judgement.name}", "name": _xml(name), "time": "0"}
    )


def _xml(text: str) -> str:
    """XML 1.0 has no place for control characters, escaped or not."""
    return _NOT_IN_XML.sub("\ufffd", text)


def to_markdown(judgement: Judgement) -> str:
    """Returns `summary.md`, fit for a pull request: the verdict, the change against the previous model, checks."""
    title = f"## {_SIGNS[judgement.outcome]} {_md(judgement.name)}: "
    if judgement.verdict is None:
        return f"{title}nothing to judge\n\n{_md(judgement.problem)}\n"
    verdict = judgement.verdict
    evaluation = verdict.evaluation
    failed = [check for check in verdict.checks if not check.passed]
    parts = [title + headline(verdict), _sentence(evaluation)]
    if failed:
        parts.append("\n".join(f"- {_md(in_words(check))}" for check in failed))
    parts += [_error_table(evaluation), _check_table(verdict.checks)]
    parts.append(f"<sub>run {_md(judgement.run_id or '')} · model `{evaluation.model_fingerprint[:12]}`</sub>")
    return "\n\n".join(parts) + "\n"


_SIGNS = {Outcome.PASSED: "✅", Outcome.REFUSED: "❌", Outcome.NOTHING: "⚠️"}


def _sentence(evaluation: EvaluationResult) -> str:
    unit = f" {_md(evaluation.unit)}" if evaluation.unit else ""
    mae, scaled = (_number(evaluation.metrics.get(name, math.nan)) for name in ("mae", "mae_scaled"))
    over = _number(evaluation.metrics.get("relative_mae", math.nan))
    return (
        f"Mean absolute error **{scaled}** in scaled space, {mae}{unit}, {over} of the best naive forecast's, free-running "
        f"over {windows_text(evaluation)}."
    )


def _error_table(evaluation: EvaluationResult) -> str:
    """The model against the previous one and the baselines, all on the same windows."""
    rows = [("**this model**", evaluation.metrics.get("mae_scaled", math.nan), "")]
    rows += [(label, value, _percent(change)) for label, value, change in compared(evaluation)]
    head = "| forecast | MAE scaled | error of this model against it |\n|---|---:|---:|\n"
    return head + "\n".join(f"| {name} | {_number(value)} | {change} |" for name, value, change in rows)


def _check_table(checks: tuple[Check, ...]) -> str:
    head = "| | required | measured |\n|---|---|---:|\n"
    rows = (
        f"| {'✅' if check.passed else '❌'} | {_md(f'{check.metric} {required_in_words(check)}')} "
        f"| {_number(check.value)} |"
        for check in checks
    )
    return head + "\n".join(rows)


def _md(text: str) -> str:
    """Text that Markdown and HTML leave as it is, in a table or out of it."""
    one_line = " ".join(_xml(text).split())
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", html.escape(one_line, quote=False))


def _number(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else str(value)


def _percent(share: float) -> str:
    return f"{share:+.1%}" if math.isfinite(share) else "n/a"


def _iso(milliseconds: int) -> str | None:
    if not milliseconds:
        return None
    time = datetime.datetime.fromtimestamp(milliseconds / 1000, tz=datetime.timezone.utc)
    return time.isoformat(timespec="seconds")
