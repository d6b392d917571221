"""Compares what pip-audit found in the locks with the advisories that were accepted: `python3 scripts/audit.py FILE ...`.

The files are pip-audit's reports in JSON. An advisory that nobody has accepted fails, with its package and the version
that corrects it; so does one that was accepted and is gone, or whose date has passed: the list says what is known
today, with a reason for each.
"""

import datetime
import json
import pathlib
import sys
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

ACCEPTED = pathlib.Path(__file__).parent / "accepted-advisories.json"
_KEYS = {"id", "package", "reason", "until"}


class Found(NamedTuple):
    """An advisory that pip-audit reports.

    Attributes:
        package: The package.
        version: The version that is locked.
        ids: The advisory's id, and others that it is known by.
        fixed: Versions that correct it.
    """

    package: str
    version: str
    ids: Tuple[str, ...]
    fixed: Tuple[str, ...]


def read_report(text: str) -> List[Found]:
    """Returns the advisories of a report."""
    return [
        Found(package["name"], package["version"], (each["id"], *each["aliases"]), tuple(each["fix_versions"]))
        for package in json.loads(text)["dependencies"]
        for each in package.get("vulns", ())
    ]


def judge(found: Sequence[Found], accepted: Sequence[Dict[str, Any]], *, today: datetime.date) -> List[str]:
    """Returns what stops a pull request, a sentence each.

    Args:
        found: Advisories of all reports.
        accepted: The list: `id`, `package`, `reason`, and `until`, the day after which the reason is read anew.
        today: The day.
    """
    problems = []
    for entry in accepted:
        missing = sorted(key for key in _KEYS if not str(entry.get(key, "")).strip())
        if missing:
            problems.append("{}: the entry lacks {}.".format(entry.get("id", entry), ", ".join(missing)))
    whole = [entry for entry in accepted if all(str(entry.get(key, "")).strip() for key in _KEYS)]
    listed = {(entry["package"], entry["id"]) for entry in whole}
    seen = {(each.package, name) for each in found for name in each.ids}
    for each in sorted(set(found)):
        if not any((each.package, name) in listed for name in each.ids):
            fixed = "corrected in " + ", ".join(each.fixed) if each.fixed else "not corrected in any version"
            problems.append(
                "{} ({} {}, {}) is not accepted. Lock a version without it, or add it to {} with a reason.".format(
                    " = ".join(each.ids), each.package, each.version, fixed, ACCEPTED.name
                )
            )
    for entry in whole:
        if (entry["package"], entry["id"]) not in seen:
            problems.append("{id} of {package} is gone. Take it out of the list.".format(**entry))
        elif datetime.date(*map(int, entry["until"].split("-"))) < today:
            problems.append("{id} of {package} was accepted until {until}. Decide anew.".format(**entry))
    return problems


def main(reports: Sequence[str]) -> int:
    """Judges reports; returns an exit status."""
    found = [each for path in reports for each in read_report(pathlib.Path(path).read_text())]
    problems = judge(found, json.loads(ACCEPTED.read_text()), today=datetime.date.today())
    for problem in problems:
        print(problem)
    print(f"{len(set(found))} advisories in {len(reports)} reports, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
