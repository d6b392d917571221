"""Pages that a browser shows without network: the same frame for the report of a run and for a first look at data.

Read `charts.py` (figures as data for a browser), `page.py` (what a page is made of), then `page_html.py` with
`page.html.j2`, `page.css`, `charts.js` and `series_table.js`. The files named `uplot-` are uPlot, as its release has
them, with its licence (MIT).
"""
