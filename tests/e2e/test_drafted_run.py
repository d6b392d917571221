"""From a file as people have it to a pushed model and a forecast, without a configuration written by hand.

`TAPELINE_FILES=all` takes each of the twenty drafted files from file to picture with one command, as every night.
`TAPELINE_FILES=FOLDER` takes the files of a folder as well.
"""

import json
import os
import pathlib
import re
import shutil

import pandas as pd
import pytest

from tests.e2e.small_project import Tapeline, daily_load, states
from tests.pipeline.drafting.drafted_files import FILES

pytestmark = pytest.mark.once

QUICK = {
    "model.units": 8,
    "model.members": 1,
    "training.candidates": 1,
    "training.epochs": 3,
    "gate.mae_scaled_below": 0.2,
}


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Semicolons, decimal commas, the day first, two columns that name a series together, and meters that were removed."""
    monkeypatch.chdir(tmp_path)
    load = daily_load()
    load["time"] = pd.to_datetime(load["time"]).dt.strftime("%d.%m.%Y %H:%M")
    meters = {("Graz", 1): 700, ("Graz", 2): 500, ("Linz", 1): 600, ("Linz", 2): 700}
    panel = pd.concat(
        [load[:rows].assign(city=city, meter=meter) for (city, meter), rows in meters.items()], ignore_index=True
    )
    panel.to_csv("load.csv", sep=";", decimal=",", index=False, encoding="utf-8-sig")
    return tmp_path


def test_a_file_becomes_a_model_and_a_forecast(folder: pathlib.Path, tapeline: Tapeline) -> None:
    ended = tapeline("init", "load.csv")
    assert ended.code == 0, ended.err
    config = folder / "load.yaml"
    # What this model must reach is said here: it is trained for three epochs.
    config.write_text(re.sub(r"(mae_scaled_below): auto", rf"\1: {QUICK['gate.mae_scaled_below']}", config.read_text()))
    run = ["run", "--data", "load.csv", "--home", "runs"]
    run += [word for key, value in QUICK.items() for word in ("--set", f"{key}={value}")]

    ended = tapeline(*run)

    assert ended.code == 0, ended.out + ended.err
    assert "load.yaml is there already, and used" in ended.out
    # 0.15 x 500 hours of the shortest series, of each from its own end; no time cuts all of them.
    assert "split: {eval_steps: 75, test_steps: 75}" in config.read_text()
    (page,) = folder.glob("runs/load/artifacts/Report/report/*/report.html")
    assert "Each series is cut from its own end: its last 75 steps are test" in " ".join(page.read_text().split())
    assert "chosen for these data: context " in ended.out
    assert "auto" not in (folder / "runs" / "load" / "config.yaml").read_text().replace("season: auto", "")
    again = states(tapeline(*run).out)
    assert (again["SeriesExampleGen"], again["Trainer"]) == ("cached", "cached")

    ended = tapeline("forecast", "--model", "runs/load/serving_model", "--input", "load.csv", "--output", "next.csv")
    assert ended.code == 0, ended.err
    forecast = pd.read_csv("next.csv")
    assert sorted(forecast["series_id"].unique()) == ["Graz/1", "Graz/2", "Linz/1", "Linz/2"]
    assert len(forecast) == 4 * 24


WANTED = os.environ.get("TAPELINE_FILES", "")
OTHERS = sorted(path for path in pathlib.Path(WANTED).glob("*") if path.is_file()) if WANTED not in ("", "all") else []


@pytest.mark.skipif(not WANTED, reason="TAPELINE_FILES=all takes each of them, as every night")
@pytest.mark.parametrize("name", [*FILES, *map(str, OTHERS)])
def test_one_command_takes_a_file_to_a_verdict_and_a_picture(
    name: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, tapeline: Tapeline
) -> None:
    monkeypatch.chdir(tmp_path)
    path = pathlib.Path(name).name
    if name in FILES:
        FILES[name](tmp_path / path)
    else:
        shutil.copyfile(name, path)
    small = {key: value for key, value in QUICK.items() if not key.startswith("gate.")}

    ended = tapeline(
        *("run", "--data", path, "--home", "runs"),
        *(word for key, value in small.items() for word in ("--set", f"{key}={value}")),
    )

    assert ended.code in (0, 1), ended.out + ended.err
    (report,) = tmp_path.glob("runs/*/report/*/")
    verdict = json.loads((report / "verdict.json").read_text())
    assert verdict["outcome"] == ("passed" if ended.code == 0 else "refused")
    if ended.code == 1:
        # Nothing is forecast by a refused model unless somebody asks for it.
        by_refused = ("--candidate", "--output", str(report / "forecast.csv"), "--plot", str(report / "forecast.png"))
        asked = tapeline("forecast", "--home", "runs", *by_refused)
        assert asked.code == 0, asked.out + asked.err
    assert len(pd.read_csv(report / "forecast.csv")) > 0
    assert (report / "forecast.png").read_bytes().startswith(b"\x89PNG")
