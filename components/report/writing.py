"""Puts a report into a folder: the page as one HTML file that needs nothing else, its numbers and its figures.

How the page becomes HTML is in `series/pages/`.
"""

import json
import pathlib
import shutil

from tapeline.components.report.content import Content, report_json
from tapeline.components.report.next_forecast import write_forecast
from tapeline.components.report.page_sections import build_page
from tapeline.schemas.artifact_files import PAGE_FILE
from tapeline.schemas.whole_files import replacing
from tapeline.series.figures.style import render
from tapeline.series.pages.page_html import to_html

NUMBERS_FILE = "report.json"
FIGURES_FOLDER = "figures"


def write_report(content: Content, folder: pathlib.Path) -> None:
    """Draws a report and writes its figures, its forecast, its numbers and, last, its page; the folder is made."""
    page = build_page(content)
    drawings = {figure.key: render(figure) for figure in page.figures}
    figures = folder / FIGURES_FOLDER
    figures.mkdir(parents=True, exist_ok=True)
    for key, pictures in drawings.items():
        (figures / f"{key}.png").write_bytes(pictures.png)
    write_forecast(content.next_forecast, content.config, folder)
    numbers = json.dumps(report_json(content), indent=2, allow_nan=False, ensure_ascii=False)
    (folder / NUMBERS_FILE).write_text(numbers + "\n", encoding="utf-8")
    (folder / PAGE_FILE).write_text(to_html(page, drawings), encoding="utf-8")


def copy_report(folder: pathlib.Path, *, to: pathlib.Path) -> None:
    """Copies a report, file by file, the page last; whatever else lies there stays."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for source in sorted(files, key=lambda path: path.name == PAGE_FILE):
        with replacing(to / source.relative_to(folder)) as part:
            shutil.copyfile(source, part)
