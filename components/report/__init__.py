"""The Report: one page on what a run found, for people, whether the model was blessed or refused.

In: the verdicts of Evaluator and serving gate, the model, the record of its
training, the test windows and what the data gate found. Out: `report.html`,
`report.json` and the figures. The error is computed once more from the test
windows, beside TFMA's.

Read in this order:

1. What is computed: `window_errors.py`, `bootstrap.py`, `summary.py`, `residual_sample.py`, `scoring.py`,
   `training_history.py`.
2. What the report says: `content.py`, and `collect.py`, which reads it from the artifacts.
3. How it is shown: `run_figures.py`, `error_figures.py`, and the same as data for a browser, `run_charts.py`;
   `headline.py`, `insight_sections.py`, `selected_members.py`, `page_sections.py`, and `writing.py`. What pages are made
   of, and how one becomes HTML, is in `series/pages/`.
4. `executor.py` and `component.py`.
"""
