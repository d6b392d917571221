"""A page as one HTML file."""

from tapeline.series.pages.charts import SeriesCharts
from tapeline.series.pages.page import Page, Section
from tapeline.series.pages.page_html import to_html


def test_an_option_of_a_command_is_not_broken_and_all_else_is_escaped() -> None:
    first = Section(key="first", title="", paragraphs=["Try <b> tapeline forecast --candidate --name x"])
    nothing = SeriesCharts(names=[], first=0, charts={}, whole=frozenset())
    page = Page(title="t", lead="", first=first, sections=(), by_series=nothing, footer="")
    whole = '<span class="whole">--{}</span>'
    expected = f"Try &lt;b&gt; tapeline forecast {whole.format('candidate')} {whole.format('name')} x"
    assert expected in to_html(page, {})
