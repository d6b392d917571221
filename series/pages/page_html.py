"""Makes one HTML file of a page, which needs nothing else.

Styles, figures and scripts are inside the page. Whatever comes from the data
goes through the template's escaping. A content security policy says the same
to the browser: nothing is fetched, and no script runs but the one with this
hash. Where none runs, the figures stand in the place of the charts.
"""

import base64
import dataclasses
import hashlib
import html
import importlib.resources
import re
from collections.abc import Mapping

import jinja2

from tapeline.series.figures.style import DARK, LIGHT, Inks, Pictures
from tapeline.series.pages.charts import charts_json
from tapeline.series.pages.page import Page

_OPTION = re.compile(r"--[a-z][a-z-]*")
_DARK = "(prefers-color-scheme: dark)"


def to_html(page: Page, drawings: Mapping[str, Pictures]) -> str:
    """Returns the page as one HTML file, with the pictures of each figure by its key."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    environment.filters["whole_options"] = _whole_options
    script = _script()
    return environment.from_string(_read("page.html.j2")).render(
        page=page,
        drawings=drawings,
        css="\n".join([_inks(LIGHT), f"@media screen and {_DARK} {{ {_inks(DARK)} }}", _styles()]),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        charts=charts_json(page.charts, page.by_series),
    )


def _whole_options(text: str) -> str:
    """Returns a text as HTML in which no option of a command (`--candidate`) is broken behind its hyphens."""
    return _OPTION.sub(r'<span class="whole">\g<0></span>', html.escape(text))


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
    return importlib.resources.files("tapeline.series.pages").joinpath(name).read_text(encoding="utf-8")
