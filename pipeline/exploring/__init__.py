"""`tapeline init --explore`: one page on data, before anything is trained on them.

Read `data_look.py` and `columns_beside.py` (what is looked at), `look_charts.py`, `look_sections.py` and `look_page.py` (what the page says), then `writing_look.py`.
"""
