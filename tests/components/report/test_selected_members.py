"""What the report says of the selection, in words."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from tapeline.components.report.selected_members import selection_words
from tapeline.components.report.training_history import History, SelectedMember

NOTHING = np.zeros(0)
HISTORY = History(
    epoch=NOTHING.astype(np.int64),
    loss=NOTHING,
    val_loss=NOTHING,
    teacher_forced=None,
    learning_rate=NOTHING,
    seconds=NOTHING,
    kept_epoch=None,
    before_training=0.3,
    train_windows=10,
    eval_windows=10,
    parameters=5,
    members=(SelectedMember(name="ridge", what="a linear map", error=0.1, weight=1.0, epochs=None),),
    selected_error=0.1,
)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"windows": 12, "val_mae_scaled": 0.25, "unseen_series": False}, "an error of 0.25"),
        ({"windows": 0, "val_mae_scaled": None, "unseen_series": True}, "and series that training did not see, are"),
    ],
)
def test_who_forecasts_short_series_is_told(told: dict[str, Any], words: str) -> None:
    short = {"weights": {"statistical": 1.0}, **told}
    *_, text = selection_words(dataclasses.replace(HISTORY, short_series=short))
    assert "forecast by statistical (100" in text
    assert words in text


def test_where_nobody_else_forecasts_short_series_nothing_is_said() -> None:
    assert len(selection_words(HISTORY)) == 1
