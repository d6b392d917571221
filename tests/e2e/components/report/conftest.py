"""The content of a report, as the report's unit tests have it."""

from tests.components.report.conftest import make_content, nasty_names

__all__ = ["make_content", "nasty_names"]
