"""A small series, its configuration, and a folder to run them in."""

import dataclasses
import pathlib
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import yaml

ROWS = 700


def daily_load(rows: int = ROWS, *, seed: int = 0) -> pd.DataFrame:
    """Hourly load with a daily season, a slow trend and noise: what a day-ahead forecaster sees."""
    hours = np.arange(rows)
    noise = np.random.default_rng(seed).normal(scale=1.0, size=rows)
    load = 500 + 0.05 * hours + 60 * np.sin(2 * np.pi * hours / 24) + noise
    times = pd.date_range("2023-01-01", periods=rows, freq="H")
    return pd.DataFrame({"time": times.strftime("%Y-%m-%d %H:%M:%S"), "load": load.round(3)})


def small_config(**sections: Any) -> dict[str, Any]:
    """A configuration that trains in seconds; `sections` replace its own."""
    config: dict[str, Any] = {
        "name": "load",
        "data": {"time": "time", "target": "load", "unit": "MW", "frequency": "H"},
        "features": {"calendar": ["hour_of_day"], "rolling": [{"window": 6}]},
        "window": {"context_length": 48, "horizon": 12},
        "model": {"units": 8, "members": 1, "segment_length": 1, "encoder_length": None, "lags": []},
        "training": {"epochs": 3, "candidates": 1},
        "gate": {"mae_scaled_below": 0.05},
    }
    return {**config, **sections}


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Tapeline = Callable[..., Ended]


@dataclasses.dataclass(frozen=True)
class Project:
    """A folder with a configuration and a data file, and the home of its runs."""

    root: pathlib.Path

    def configure(self, **sections: Any) -> None:
        """Writes the configuration anew."""
        (self.root / "config.yaml").write_text(yaml.safe_dump(small_config(**sections)))

    def write(self, frame: pd.DataFrame) -> None:
        """Writes the data anew."""
        frame.to_csv(self.root / "load.csv", index=False)

    @property
    def arguments(self) -> list[str]:
        """What `tapeline run` is given."""
        return [
            *("--config", str(self.root / "config.yaml")),
            *("--data", str(self.root / "load.csv")),
            *("--home", str(self.root / "runs")),
        ]

    @property
    def versions(self) -> list[str]:
        """The pushed versions."""
        folder = self.root / "runs" / "load" / "serving_model"
        return sorted(path.name for path in folder.iterdir() if path.name.isdigit()) if folder.exists() else []


def states(lines: str) -> dict[str, str]:
    """How each component ended, by its name, from what a run printed."""
    return dict(re.findall(r"^ +(\w+) +(ran|cached|failed) +[\d.]+ s\b", lines, flags=re.MULTILINE))


def make_project(root: pathlib.Path) -> Project:
    """A project with the small series."""
    project = Project(root)
    project.configure()
    project.write(daily_load())
    return project
