from typing import Any

import numpy as np
import pytest

from tapeline.forecaster.statistical.autoregression import Autoregression
from tapeline.forecaster.statistical.autoregressive_choice import fit_autoregressions
from tapeline.forecaster.statistical.histories import TRAIN_BLOCKS, History, rolling_origins

SETTINGS = [
    Autoregression(order=2),
    Autoregression(order=1, seasons=1, differences=1, mean="none"),
    Autoregression(order=3, mean="train"),
]


def fitted(*series: Any, per_series: Any = (False, True), trained: Any = 160, settings: Any = SETTINGS) -> Any:
    histories = [History(b"%d" % index, values.astype(np.float32), trained) for index, values in enumerate(series)]
    origins = rolling_origins(histories, context_length=24, horizon=5, most=2000)
    values = [history.values for history in histories]
    return origins, fit_autoregressions(values, origins.context, origins, settings, season=4, per_series=per_series)


def walks(count: Any, steps: Any = 200) -> Any:
    return np.cumsum(np.random.default_rng(0).normal(size=(count, steps)), axis=1)


@pytest.mark.parametrize("block", range(TRAIN_BLOCKS + 1))
def test_nothing_at_or_after_the_start_of_a_forecast_changes_it(block: Any) -> None:
    series = walks(3)
    origins, before = fitted(*series)
    changed = series.copy()
    for index, cut in enumerate(origins.cuts[:, block]):
        changed[index, cut:] += 100.0
    _, after = fitted(*changed)
    # Of the first window of the block, all of the context lies before the cut.
    for one, other in zip(before, after, strict=True):
        same = (origins.block == block) & (origins.context == rolling_context(changed, origins)).all(axis=1)
        assert same.any()
        np.testing.assert_allclose(one.forecasts[same], other.forecasts[same], rtol=1e-4)


def rolling_context(series: Any, origins: Any) -> Any:
    histories = [History(b"%d" % index, values.astype(np.float32), 160) for index, values in enumerate(series)]
    return rolling_origins(histories, context_length=24, horizon=5, most=2000).context


def test_what_is_served_has_not_seen_the_eval_split() -> None:
    series = walks(2)
    changed = series.copy()
    changed[:, 160:] *= -3.0
    for one, other in zip(fitted(*series)[1], fitted(*changed)[1], strict=True):
        np.testing.assert_array_equal(one.coefficients, other.coefficients)
        np.testing.assert_array_equal(one.means, other.means)


def test_a_series_of_its_own_coefficients_does_not_hear_of_the_others() -> None:
    series = walks(2)
    changed = np.stack([series[0], walks(3)[2]])
    (one, *_), (other, *_) = (fitted(*values, per_series=(True,))[1] for values in (series, changed))
    # Row 0 is for all series.
    np.testing.assert_allclose(one.coefficients[1], other.coefficients[1])
    assert not np.allclose(one.coefficients[0], other.coefficients[0])


def test_a_setting_that_has_too_few_values_is_left_out() -> None:
    # Of 24 values the first fit knows, 11 have twelve before them: too few for twelve coefficients.
    settings = [Autoregression(order=12), Autoregression(order=1)]
    _, found = fitted(walks(1, 40)[0], per_series=(False,), trained=36, settings=settings)
    assert [fit.setting.order for fit in found] == [1]
