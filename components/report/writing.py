"""Puts a report into a folder, whole or not at all.

write_report(content, folder)        # report.html, report.json, figures/*.png
copy_report(folder, to=other)
"""

import contextlib
import json
import pathlib
import shutil
import uuid
from collections.abc import Iterator

from tapeline.components.report.content import Content, report_json
from tapeline.components.report.page import to_html
from tapeline.components.report.sections import build_page
from tapeline.schemas.artifact_files import PAGE_FILE
from tapeline.series.figures.style import render

NUMBERS_FILE = "report.json"
FIGURES_FOLDER = "figures"


def write_report(content: Content, folder: pathlib.Path) -> None:
    """Draws a report and writes its page, its numbers and its figures.

    Args:
        content: What it says.
        folder: Where it goes; what is there is replaced.
    """
    page = build_page(content)
    drawings = {figure.key: render(figure) for figure in page.figures}
    with _appearing(folder) as part:
        (part / PAGE_FILE).write_text(to_html(page, drawings), encoding="utf-8")
        numbers = json.dumps(report_json(content), indent=2, allow_nan=False, ensure_ascii=False)
        (part / NUMBERS_FILE).write_text(numbers + "\n", encoding="utf-8")
        (part / FIGURES_FOLDER).mkdir()
        for key, pictures in drawings.items():
            (part / FIGURES_FOLDER / f"{key}.png").write_bytes(pictures.png)


def copy_report(folder: pathlib.Path, *, to: pathlib.Path) -> None:
    """Copies a report, file by file, the page last; whatever else lies there stays.

    Args:
        folder: A whole report.
        to: Folder that it is copied into.
    """
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for source in sorted(files, key=lambda path: path.name == PAGE_FILE):
        target = to / source.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        shutil.copyfile(source, part)
        part.replace(target)


@contextlib.contextmanager
def _appearing(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Gives a folder to write in, which takes its name when all is written."""
    part = folder.parent / f".{folder.name}.{uuid.uuid4().hex}"
    part.mkdir(parents=True)
    try:
        yield part
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
