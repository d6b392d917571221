"""What goes with a target, by lag, and what kind of column it is."""

import numpy as np
import pytest

from tapeline.series.inspecting.covariate_looks import cross_correlation, kind_of, strongest


def test_a_covariate_that_leads_by_three_steps_is_strongest_at_lag_three() -> None:
    lead = np.random.default_rng(0).normal(size=400)
    target = np.roll(lead, 3) * -5.0 + np.arange(400)
    by_lag, pairs = cross_correlation([(target, lead)], longest=10)
    assert strongest(by_lag) == 3
    assert by_lag[3] == pytest.approx(-1.0, abs=0.05)
    assert pairs[0] == 399


def test_two_columns_that_both_rise_have_nothing_in_common() -> None:
    noise = np.random.default_rng(1).normal(size=(2, 500))
    steps = np.arange(500) * 10.0
    by_lag, _ = cross_correlation([(steps + noise[0], steps + noise[1])], longest=5)
    assert abs(by_lag[0]) < 0.2


def test_each_series_counts_alike_and_gaps_do_not_count() -> None:
    lead = np.random.default_rng(2).normal(size=200)
    holes = lead.copy()
    holes[20:40] = np.nan
    by_lag, pairs = cross_correlation([(lead * 1e6, holes), (lead, lead)], longest=4)
    assert by_lag[0] == pytest.approx(1.0, abs=0.05)
    assert pairs[0] == 199 + 199 - 21


def test_a_column_that_never_moves_goes_with_nothing() -> None:
    by_lag, _ = cross_correlation([(np.arange(9.0) ** 2, np.ones(9))], longest=2)
    assert strongest(by_lag) is None


def test_kinds_in_words() -> None:
    assert kind_of(np.array([0.0, 1.0, 0.0, 0.0]), categories=2) == "0 and 1, 25% of them 1"
    assert kind_of(np.array([1.5, 2.5]), categories=2) == "numbers, 2 different"
    assert kind_of(None, categories=1200) == "text, 1,200 different"
