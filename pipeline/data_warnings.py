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
    """Returns a line for each of the first warnings, and where all of them are; "" where there are none.

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
    lines = [_line(finding) for finding in tree["findings"] if finding["severity"] == "warning"][:_MOST]
    rest = tree["warnings"] - len(lines)
    more = f"{rest:,} more, and what to do: " if rest else "What to do: "
    return "\n".join(["  The data passed with warnings:", *lines, f"    {more}{shown(path.with_name('report.txt'))}"])


def _line(finding: dict[str, Any]) -> str:
    """The kind, the place and the beginning of the message, on one line."""
    named = [
        repr(finding["series_id"]) if finding["series_id"] is not None else None,
        finding["column"],
        finding["split"],
    ]
    place = ", ".join(part for part in named if part)
    text = f"[{finding['kind']}] {place}: {finding['message']}"
    return "    " + textwrap.shorten(printable(text, most=400), _COLUMNS - 4, placeholder=" …")
