"""Builds the site of all pages into site/: `make docs`. A link that leads nowhere fails it.

Pages link to each other and to files beside docs/ as they do in the repository. So everything that the README and the
pages lead to is laid out anew in one folder, in the same places, and MkDocs builds that.

MkDocs has an environment of its own, from the hashes in `site-requirements.txt`.
"""

import os
import pathlib
import re
import shutil
import sys
from typing import Iterator, List

import bootstrap
import processes
import uv_and_python

REQUIREMENTS = pathlib.Path(__file__).with_name("site-requirements.txt")
WORK = bootstrap.PROJECT / ".site"
"""The environment and the pages that are built."""

_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


def linked(page: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields the files that a page leads to; a link that leads nowhere is for MkDocs to find."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in _LINK.findall(text):
        path = pathlib.Path(os.path.normpath(str(page.parent / target)))
        if path.is_file():
            yield path


def pages(root: pathlib.Path) -> List[pathlib.Path]:
    """Returns the README, the pages of docs/, and every file that can be reached from them."""
    waiting = [root / "README.md", *sorted((root / "docs").glob("*.md"))]
    found: List[pathlib.Path] = []
    while waiting:
        path = waiting.pop()
        if path not in found and root in path.parents:
            found.append(path)
            waiting += linked(path) if path.suffix == ".md" else []
    return sorted(found)


def lay_out(root: pathlib.Path, folder: pathlib.Path) -> None:
    """Copies the pages and what they lead to into an empty folder."""
    shutil.rmtree(str(folder), ignore_errors=True)
    for path in pages(root):
        target = folder / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(path), str(target))


def main(arguments: "list[str]") -> int:
    """Builds the site; returns an exit status. The arguments go to `mkdocs build`."""
    os.chdir(str(bootstrap.PROJECT))
    lay_out(bootstrap.PROJECT, WORK / "pages")
    tools = uv_and_python.find("make docs", os.environ)
    if tools is None:
        return 1
    # What its makers say of a coming MkDocs 2 is no fault of a page.
    environ = {**tools.environ, "NO_MKDOCS_2_WARNING": "1"}
    place = WORK / "env"
    steps = [
        ("environment of the site", [tools.uv, "venv", "--quiet", "--clear", "--python", tools.python, str(place)]),
        (
            "MkDocs",
            [
                tools.uv,
                "pip",
                "install",
                "--quiet",
                "--python",
                str(place),
                "--require-hashes",
                "-r",
                str(REQUIREMENTS),
            ],
        ),
        ("site/", [str(place / "bin" / "mkdocs"), "build", "--strict", *arguments]),
    ]
    for label, command in steps:
        outcome = processes.run_showing_time(label, command, environ=environ)
        if not outcome.ok:
            print(outcome.output, file=sys.stderr)
            return outcome.code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
