"""The report: one page on what a run found, and the figures in it."""
