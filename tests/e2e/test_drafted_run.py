"""From a file as people have it to a pushed model and a forecast, without a configuration written by hand."""

import pathlib
import re

import pandas as pd
import pytest

from tests.e2e.small_project import Tapeline, daily_load, states

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
    """Semicolons, decimal commas, the day first, and two columns that name a series together."""
    monkeypatch.chdir(tmp_path)
    load = daily_load()
    load["time"] = pd.to_datetime(load["time"]).dt.strftime("%d.%m.%Y %H:%M")
    panel = pd.concat(
        [load.assign(city=city, meter=meter) for city in ("Graz", "Linz") for meter in (1, 2)], ignore_index=True
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
    assert "chosen for these data: context " in ended.out
    assert "auto" not in (folder / "runs" / "load" / "config.yaml").read_text().replace("season: auto", "")
    again = states(tapeline(*run).out)
    assert (again["SeriesExampleGen"], again["Trainer"]) == ("cached", "cached")

    ended = tapeline("forecast", "--model", "runs/load/serving_model", "--input", "load.csv", "--output", "next.csv")
    assert ended.code == 0, ended.err
    forecast = pd.read_csv("next.csv")
    assert sorted(forecast["series_id"].unique()) == ["Graz/1", "Graz/2", "Linz/1", "Linz/2"]
    assert len(forecast) == 4 * 24
