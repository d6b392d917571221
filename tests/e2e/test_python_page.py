"""What docs/python.md shows runs as printed, on a small series."""

import functools
import pathlib
import re
import types
from typing import Any

import pandas as pd
import pytest

import tapeline
from tests.e2e.small_project import daily_load

pytestmark = pytest.mark.once

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "python.md"
QUICK: dict[str, object] = {
    "window.context_length": 48,
    **{"model.units": 8, "model.members": 1, "model.segment_length": 1, "model.encoder_length": None, "model.lags": []},
    **{"training.candidates": 1, "training.epochs": 3},
    "gate.mae_scaled_below": 0.2,
}


def test_the_page_runs_as_printed(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = daily_load()
    frame = rows.assign(time=pd.to_datetime(rows["time"])).set_index("time")
    # As printed, but for a training of three epochs.
    quick = types.SimpleNamespace(run=functools.partial(tapeline.run, overrides=QUICK), load=tapeline.load)
    known: dict[str, Any] = {"tapeline": quick, "frame": frame, "recent": frame.tail(100)}
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(block, known)

    run, model = known["run"], known["model"]
    assert run.verdict
    assert run.forecast["time"].tolist() == pd.date_range("2023-01-30 04:00", periods=12, freq="60min").tolist()
    pd.testing.assert_frame_equal(run.forecast, model.forecast(), check_exact=False, rtol=1e-5)
    assert (
        model.forecast(known["recent"], horizon=3)["forecast"].tolist()
        == model.forecast(horizon=3)["forecast"].tolist()
    )
    assert (tmp_path / "load.png").read_bytes().startswith(b"\x89PNG")
    page = run._repr_html_()
    assert "BLESSED, and pushed" in page
    assert "data:image/png;base64," in page
    assert "<iframe sandbox" in run.report._repr_html_()
