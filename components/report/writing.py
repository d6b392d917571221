"""Puts a report into a folder: the page as one HTML file that needs nothing else, its numbers and its figures.

Styles, figures and scripts are inside the page. Whatever comes from the data
goes through the template's escaping. A content security policy says the same
to the browser: nothing is fetched, and no script runs but the one with this
hash. Where none runs, the figures stand in the place of the charts.
"""

import base64
import dataclasses
import hashlib
import importlib.resources
import json
import pathlib
import shutil
from collections.abc import Mapping

import jinja2

from tapeline.components.report.charts import charts_json
from tapeline.components.report.content import Content, report_json
from tapeline.components.report.next_forecast import write_forecast
from tapeline.components.report.page import Page
from tapeline.components.report.page_sections import build_page
from tapeline.schemas.artifact_files import PAGE_FILE
from tapeline.schemas.whole_files import replacing
from tapeline.series.figures.style import DARK, LIGHT, Inks, Pictures, render

NUMBERS_FILE = "report.json"
FIGURES_FOLDER = "figures"

_DARK = "(prefers-color-scheme: dark)"


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


def to_html(page: Page, drawings: Mapping[str, Pictures]) -> str:
    """Returns the page as one HTML file, with the pictures of each figure by its key."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    script = _script()
    return environment.from_string(_read("page.html.j2")).render(
        page=page,
        drawings=drawings,
        css="\n".join([_inks(LIGHT), f"@media screen and {_DARK} {{ {_inks(DARK)} }}", _styles()]),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        charts=charts_json(page.charts, page.by_series),
    )


def _styles() -> str:
    return "\n".join([_read("uplot-1.6.32.min.css"), _read("page.css")])


def _script() -> str:
    """The charting library with its licence, and what draws with it."""
    licence = f"/*\nuPlot 1.6.32\n\n{_read('uplot-1.6.32.LICENSE.txt')}*/"
    return "\n".join([licence, *map(_read, ("uplot-1.6.32.iife.min.js", "charts.js", "series_table.js"))])


def _inks(inks: Inks) -> str:
    """The colours of figures as variables of CSS."""
    lines = (f"--ink-{name.replace('_', '-')}: {ink};" for name, ink in dataclasses.asdict(inks).items())
    return f":root {{ {' '.join(lines)} }}"


def _read(name: str) -> str:
    return importlib.resources.files("tapeline.components.report").joinpath(name).read_text(encoding="utf-8")


def copy_report(folder: pathlib.Path, *, to: pathlib.Path) -> None:
    """Copies a report, file by file, the page last; whatever else lies there stays."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for source in sorted(files, key=lambda path: path.name == PAGE_FILE):
        with replacing(to / source.relative_to(folder)) as part:
            shutil.copyfile(source, part)
