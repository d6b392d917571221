"""Kinds of artifacts that TFX has no type for."""

from tfx.types.artifact import Artifact


class ValidationReport(Artifact):
    """What the data gate found: `report.txt` for readers, `findings.json` for machines."""

    TYPE_NAME = "tapeline.ValidationReport"


class ForecastReport(Artifact):
    """`report.html` for people, `report.json` with its numbers, `figures/` with its pictures."""

    TYPE_NAME = "tapeline.ForecastReport"


class Forecasts(Artifact):
    """Parquet files of forecasts."""

    TYPE_NAME = "tapeline.Forecasts"
