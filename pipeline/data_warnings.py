"""What the data gate warned of, in a few lines: a run that passed says it too."""

import json
import pathlib
import textwrap
from typing import Any

from tapeline.pipeline.lineage import Run
from tapeline.pipeline.paths import shown
from tapeline.schemas.errors import printable

_COLUMNS = 80
_MOST = 3


def warnings_text(run: Run) -> str:
    """Returns the first warnings, at most two lines each, and where all of them are; "" where there are none.

    Args:
        run: A run whose data gate let the data pass.
    """
    report = run.artifact("DataGate", "report")
    path = pathlib.Path(report.uri) / "findings.json" if report else None
    if path is None or not path.is_file():
        return ""
    tree = json.loads(path.read_text(encoding="utf-8"))
    if not tree["warnings"]:
        return ""
    told = [_lines(finding) for finding in tree["findings"] if finding["severity"] == "warning"][:_MOST]
    rest = tree["warnings"] - len(told)
    more = f"{rest:,} more, and what to do: " if rest else "What to do: "
    return "\n".join(["  The data passed with warnings:", *told, f"    {more}{shown(path.with_name('report.txt'))}"])


def _lines(finding: dict[str, Any]) -> str:
    """The kind, the place and the beginning of the message, on at most two lines."""
    named = [
        repr(finding["series_id"]) if finding["series_id"] is not None else None,
        finding["column"],
        finding["split"],
    ]
    place = ", ".join(part for part in named if part)
    text = f"[{finding['kind']}] {place}: {finding['message']}"
    return textwrap.fill(
        printable(text, most=400),
        _COLUMNS,
        initial_indent="    ",
        subsequent_indent="      ",
        max_lines=2,
        placeholder=" …",
    )
