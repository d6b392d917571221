"""Writes the page of a first look beside the configuration."""

import pathlib

from tapeline.pipeline.drafting.decisions import Draft
from tapeline.pipeline.drafting.found_data import FoundData
from tapeline.pipeline.drafting.horizons import Plan
from tapeline.pipeline.exploring.data_look import look_closer
from tapeline.pipeline.exploring.look_page import build_look_page
from tapeline.schemas.whole_files import write_whole
from tapeline.series.figures.style import render
from tapeline.series.pages.page_html import to_html


def write_look(found: FoundData, draft: Draft, plan: Plan, path: pathlib.Path) -> None:
    """Looks closer at data, and writes a page of what is seen.

    Args:
        found: What the data hold.
        draft: The configuration that was drafted.
        plan: How it cuts time.
        path: The HTML file.

    Raises:
        DataError: There is next to nothing to show.
    """
    page = build_look_page(found, draft, look_closer(found, plan), horizon=plan.horizon)
    write_whole(path, to_html(page, {figure.key: render(figure) for figure in page.figures}))
