"""Puts a report into a folder, the page last.

write_report(content, folder)        # report.html, report.json, figures/*.png
copy_report(folder, to=other)
"""

import json
import pathlib
import shutil
import uuid

from tapeline.components.report.content import Content, report_json
from tapeline.components.report.page import to_html
from tapeline.components.report.page_sections import build_page
from tapeline.schemas.artifact_files import PAGE_FILE
from tapeline.series.figures.style import render

NUMBERS_FILE = "report.json"
FIGURES_FOLDER = "figures"


def write_report(content: Content, folder: pathlib.Path) -> None:
    """Draws a report and writes its page, its numbers and its figures."""
    page = build_page(content)
    drawings = {figure.key: render(figure) for figure in page.figures}
    figures = folder / FIGURES_FOLDER
    figures.mkdir(parents=True, exist_ok=True)
    for key, pictures in drawings.items():
        (figures / f"{key}.png").write_bytes(pictures.png)
    numbers = json.dumps(report_json(content), indent=2, allow_nan=False, ensure_ascii=False)
    (folder / NUMBERS_FILE).write_text(numbers + "\n", encoding="utf-8")
    (folder / PAGE_FILE).write_text(to_html(page, drawings), encoding="utf-8")


def copy_report(folder: pathlib.Path, *, to: pathlib.Path) -> None:
    """Copies a report, file by file, the page last; whatever else lies there stays."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for source in sorted(files, key=lambda path: path.name == PAGE_FILE):
        target = to / source.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        shutil.copyfile(source, part)
        part.replace(target)
