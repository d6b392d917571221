"""Names of files in artifacts that one component writes and others read."""

HISTORY_FILE = "history.jsonl"
"""In the Trainer's `model_run`: one JSON object a line, one line an epoch."""

PAGE_FILE = "report.html"
"""In the Report's `report`: the page."""
