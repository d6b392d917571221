"""A model in Python, on one whose forecasts one can compute by hand: the last value plus 0.2 a step."""

import pathlib
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

import tapeline
from tapeline.components.code_fingerprint import reached_files
from tapeline.schemas.errors import UserError
from tests import contract_model

HOURS = pd.date_range("2024-03-01", periods=10, freq="60min")
RECENT = pd.DataFrame({"load": [10.0] * 9 + [12.5]}, index=HOURS)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("runs") / "load" / "serving_model"
    contract_model.save_contract_model(folder / "7")
    return tapeline.load(folder.parent)


def test_a_frame_in_and_a_frame_out(model: Any) -> None:
    frame = model.forecast(RECENT)
    assert list(frame.columns) == ["time", "forecast", "lower", "upper", "lower_95", "upper_95"]
    assert frame["time"].tolist() == pd.date_range("2024-03-01 10:00", periods=3, freq="60min").tolist()
    np.testing.assert_allclose(frame["forecast"], [12.7, 12.9, 13.1], rtol=1e-6)
    assert len(model.forecast(RECENT, horizon=5)) == 5


def test_a_file_gives_the_same(model: Any, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "recent.csv"
    RECENT.rename_axis("time").to_csv(path)
    pd.testing.assert_frame_equal(model.forecast(path), model.forecast(RECENT))


def test_a_picture_is_shown_and_saved(model: Any, tmp_path: pathlib.Path) -> None:
    picture = model.plot(RECENT)
    picture.save(tmp_path / "forecast.png")
    assert (tmp_path / "forecast.png").read_bytes() == picture._repr_png_()
    assert picture._repr_png_().startswith(b"\x89PNG")


def test_the_card_is_a_mapping_and_a_table(model: Any) -> None:
    assert model.card["window"]["horizon"] == contract_model.HORIZON
    assert "<td>300</td>" in model.card._repr_html_()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda model: model.forecast(RECENT, horizon=0), "^horizon: got 0, must be 1 or more"),
        (lambda model: model.forecast(RECENT.tail(3)), r"frame cannot be forecast(.|\n)*\[too_short\] 3 steps"),
        (lambda model: model.forecast(3), "^frame: got int, must be a data frame"),
        (lambda model: model.forecast(), "^frame: is missing, and this model is of no run whose data are known"),
        (lambda model: tapeline.load("nowhere"), "^folder: no folder 'nowhere'"),
        (lambda model: tapeline.run(), "^source: is missing"),
        (lambda model: tapeline.run(RECENT, config={}, target="load"), "^target: a configuration is given"),
    ],
)
def test_mistakes_name_the_argument_as_python_does(model: Any, ask: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        ask(model)


def test_importing_tapeline_loads_nothing_else() -> None:
    probe = "import sys; before = set(sys.modules); import tapeline; print(*sorted(set(sys.modules) - before))"
    ended = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert [name for name in ended.stdout.split() if name.split(".")[0] in ("numpy", "pandas", "tensorflow")] == []
    assert {"load", "run", "init", "Run", "Model"} <= set(dir(tapeline))


def test_no_component_runs_anew_for_a_change_of_the_python_interface() -> None:
    reached = reached_files("tapeline.components.report.executor")
    assert [path for path in reached if path.parent.name == "api"] == []
