"""Names of files in artifacts that one component writes and others read."""

SOURCE_FILE = "source.json"
"""In SeriesExampleGen's `examples`: what the rows do not say of their source, for the data gate's messages."""

HISTORY_FILE = "history.jsonl"
"""In the Trainer's `model_run`: one JSON object a line, one line an epoch."""

PAGE_FILE = "report.html"
"""In the Report's `report`: the page."""

ONE_ROW_IN = "{split}_one_row_in"
"""A property of StatisticsGen's `statistics`: of how many rows of a split one was described; 1 where all were."""

FORECAST_FILE, FORECAST_PICTURE = "forecast.csv", "forecast.png"
"""Beside the page: what comes after the end of the data, by a model that was blessed."""
