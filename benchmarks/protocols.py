"""The public series that figures are measured on: their configurations, and what must be reached."""

import dataclasses
import pathlib
import sys
from collections.abc import Mapping

from tapeline.pipeline.settling import settle
from tapeline.schemas.config import Config, load_config

ROOT = pathlib.Path(__file__).parents[1]
DATA_DIR = ROOT / "data"
"""Where the series that are not embedded are looked for."""

ETT_COLUMNS = ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Protocol:
    """One line of the table.

    Attributes:
        title: What the line is called.
        config: A shipped configuration.
        file: Data file, under the data folder; None for the embedded series.
        override: What differs from the shipped configuration.
        must: The error that must be reached; None for persistence and 0.3 percent.
        aim: The error that is aimed at.
    """

    title: str
    config: str
    file: str | None = None
    override: Mapping[str, object] = dataclasses.field(default_factory=dict)
    must: float | None = None
    aim: float | None = None


PROTOCOLS = {
    "co2": Protocol(title="CO2, 24 weeks", config="co2", must=0.0100, aim=0.0097),
    "etth1_ot": Protocol(title="ETTh1 OT, 24 h", config="etth1", file="ETTh1.csv", must=0.1220, aim=0.118),
    "etth1_all": Protocol(
        title="ETTh1 all 7, 24 h",
        config="etth1",
        file="ETTh1.csv",
        override={
            "data.target": ETT_COLUMNS,
            "scaling.per_series": True,
            "features.calendar": ["hour_of_day", "day_of_week"],
            "model.dropout": 0.0,
        },
        must=0.335,
        aim=0.326,
    ),
    "vic_temperature": Protocol(
        title="Victoria, 48 half hours; calendar, holiday, temperature",
        config="vic_electricity",
        file="vic_electricity.csv",
        must=0.0145,
        aim=0.0138,
    ),
    "vic_calendar": Protocol(
        title="Victoria, 48 half hours; calendar, holiday",
        config="vic_electricity",
        file="vic_electricity.csv",
        override={"features.future_covariates": ["Holiday"]},
        must=0.0210,
        aim=0.0198,
    ),
    "btc": Protocol(title="BTC close, 24 h", config="btc_hourly", file="btc_hourly.csv"),
}


def configure(name: str, data_dir: pathlib.Path, changes: Mapping[str, object] | None = None) -> Config | None:
    """Returns the configuration of a protocol; None, and a word on where to get it, where its file is missing.

    Args:
        name: One of `PROTOCOLS`.
        data_dir: Where the files are.
        changes: What to override, by dotted key.
    """
    protocol = PROTOCOLS[name]
    config = load_config(ROOT / "configs" / f"{protocol.config}.yaml")
    override = {**protocol.override, **(changes or {})}
    if protocol.file is not None:
        path = data_dir / protocol.file
        if not path.is_file():
            print(f"{name}: skipped, there is no {path}. Get it here: {config.data.origin}", file=sys.stderr)
            return None
        override["data.source"] = str(path)
    return settle(config.override(override)).config
