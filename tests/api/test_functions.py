"""A configuration is drafted from a data frame, and says why."""

import pathlib

import numpy as np
import pandas as pd

import tapeline

DAYS = pd.date_range("2023-01-01", periods=400, freq="D")
SOLD = 100 + 20 * np.sin(2 * np.pi * np.arange(400) / 7) + np.random.default_rng(0).normal(size=400)


def test_a_frame_is_drafted_into_a_configuration(tmp_path: pathlib.Path) -> None:
    draft = tapeline.init(pd.DataFrame({"sold": SOLD}, index=DAYS), horizon=7, name="shop", home=tmp_path)
    config = draft.config
    assert (config.name, config.data.target, config.data.frequency, config.window.horizon) == (
        "shop",
        ("sold",),
        "D",
        7,
    )
    assert pathlib.Path(str(config.data.source)).parent == tmp_path / "shop" / "frames"
    assert "<td>you say so</td>" in draft._repr_html_()
    draft.save(tmp_path / "shop.yaml")
    assert (tmp_path / "shop.yaml").read_text() == draft.text
