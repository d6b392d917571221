"""The gate as TFMA's configuration: series by series, or all together where they are many."""

import json

from tapeline.components.evaluator.eval_config import MOST_SERIES, create_eval_config, for_series
from tapeline.schemas.sections import GateConfig


def limits(config, *, of_series):
    return {
        json.loads(metric.config)["name"]
        for spec in config.metrics_specs
        for metric in spec.metrics
        for one in metric.per_slice_thresholds
        if bool(one.slicing_specs[0].feature_keys) == of_series
    }


def test_a_few_series_are_scored_one_by_one():
    config = create_eval_config(GateConfig())
    assert for_series(config, MOST_SERIES) == config
    assert [list(spec.feature_keys) for spec in config.slicing_specs] == [[], ["series_id"]]
    assert limits(config, of_series=True) == {"finite_share"}


def test_many_series_are_judged_together_and_every_limit_on_all_windows_stays():
    config = create_eval_config(GateConfig())
    together = for_series(config, MOST_SERIES + 1)
    assert [list(spec.feature_keys) for spec in together.slicing_specs] == [[]]
    assert limits(together, of_series=True) == set()
    assert limits(together, of_series=False) == limits(config, of_series=False) >= {"mae_scaled", "finite_share"}


def test_a_limit_for_each_series_is_kept_however_many_they_are():
    config = create_eval_config(GateConfig(mae_scaled_below_per_series=0.1))
    assert for_series(config, 10 * MOST_SERIES) == config
