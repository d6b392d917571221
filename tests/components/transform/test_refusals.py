"""Splits without windows and series without a scale are refused with numbers and a fix."""

import numpy as np
import pytest

from tapeline.components.transform.group import WindowPlan
from tapeline.components.transform.refusals import check_counts, check_survey
from tapeline.components.transform.survey import Survey
from tapeline.schemas.errors import DataError
from tapeline.schemas.sections import DataConfig, FeaturesConfig, WindowConfig

PLAN = WindowPlan.of(DataConfig(frequency="H"), FeaturesConfig(), WindowConfig(context_length=10, horizon=4))


def survey(*, unscaled=(False, False)):
    return Survey(
        split_first={"train": 0, "eval": 20, "test": 23},
        split_rows={"train": 40, "eval": 6, "test": 34},
        ids=np.array([b"a", b"b"], object),
        first=np.array([0, 15]),
        last=np.array([39, 39]),
        static=np.zeros((2, 0), np.float32),
        unscaled=np.array(unscaled),
        blocks=np.array([0]),
        block_rows=np.array([80]),
    )


def test_every_split_with_a_window_passes():
    check_counts({"train": 1, "eval": 1, "test": 1}, survey(), PLAN)


def test_split_that_is_too_short_is_told_its_steps():
    # eval runs from step 20 to 22: 3 steps behind a full context of series a, and b has no context yet.
    with pytest.raises(
        DataError, match=r"eval: 6 rows give no window: at most 3 of its steps .* takes 4 \(window.horizon\)"
    ):
        check_counts({"train": 1, "eval": 0, "test": 1}, survey(), PLAN)


def test_split_without_measured_values_is_told_so():
    with pytest.raises(DataError, match=r"train: 40 rows give no window: every context has less than 50% measured"):
        check_counts({"train": 0, "eval": 1, "test": 1}, survey(), PLAN)


def test_all_splits_without_windows_stand_in_one_message():
    with pytest.raises(DataError, match=r"(?s)train: .*eval: .*test: "):
        check_counts({"train": 0, "eval": 0, "test": 0}, survey(), PLAN)


def test_series_without_a_scale_is_refused_by_name():
    check_survey(survey())
    with pytest.raises(DataError, match="series 'b' have no measured value in the train split"):
        check_survey(survey(unscaled=(False, True)))
