"""Scales from moments, their file, and the way into scaled space and back."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapeline.schemas.errors import DataError
from tapeline.schemas.sections import ScalingConfig
from tapeline.series.moments import merge, moments, scale_file
from tapeline.series.scaling import Scaler, escape, unescape

NAN = np.nan


def fitted(rows: Any, **options: Any) -> Any:
    ids = np.array([series for series, _ in rows], object)
    values = np.array([value for _, value in rows], np.float32)
    return Scaler.parse(scale_file(moments(ids, values), ScalingConfig(**options)))


ROWS = [(b"a", 1.0), (b"a", 3.0), (b"a", NAN), (b"b", 10.0), (b"b", 20.0)]


def test_min_max_puts_the_extremes_of_all_series_at_0_and_1() -> None:
    scaler = fitted(ROWS)
    # (1 - 1) / (20 - 1) and (20 - 1) / (20 - 1)
    np.testing.assert_allclose(scaler.scale(np.array([1.0, 20.0]), [b"a", b"b"]), [0, 1])


def test_each_series_has_its_own_extremes() -> None:
    scaler = fitted(ROWS, per_series=True)
    np.testing.assert_allclose(scaler.scale(np.array([2.0, 12.0]), ["a", "b"]), [0.5, 0.2])


def test_standard_scale_is_the_population_standard_deviation() -> None:
    scaler = fitted(ROWS, method="standard", per_series=True)
    # a: mean 2, deviation 1; b: mean 15, deviation 5
    np.testing.assert_allclose(scaler.scale(np.array([3.0, 10.0]), [b"a", b"b"]), [1, -1])


@pytest.mark.parametrize("method", ["min_max", "standard"])
def test_constant_series_becomes_0_and_a_later_change_keeps_its_size(method: str) -> None:
    scaler = fitted([(b"c", 0.1)] * 3 + [(b"d", NAN)], method=method, per_series=True)
    constant = float(np.float32(0.1))
    np.testing.assert_array_equal(scaler.scale(np.array([constant, constant + 2]), [b"c", b"c"]), [0, 2])


def test_unseen_series_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"scaling.per_series: series 'new' have no measured value in the train split"):
        fitted(ROWS, per_series=True).scale(np.array([1.0, 2.0]), [b"a", b"new"])


def test_unseen_series_takes_the_scale_of_all() -> None:
    scaler = fitted(ROWS, per_series=True, unseen_series="global")
    np.testing.assert_allclose(scaler.scale(np.array([20.0, 2.0]), [b"new", b"a"]), [1, 0.5])


def test_forecasts_come_back_into_units_row_by_row() -> None:
    scaler = fitted(ROWS, per_series=True)
    np.testing.assert_allclose(scaler.unscale(np.array([[0.0, 1.0], [0.5, 0.5]]), [b"a", b"b"]), [[1, 3], [15, 15]])


def test_rows_and_series_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="got 1 for 2 rows"):
        fitted(ROWS).scale(np.zeros(2), [b"a"])


def test_mean_far_from_zero_costs_no_precision() -> None:
    # 1e8 is a whole number of float32 steps (8); the deviation of +-8 around it is 8.
    scaler = fitted([(b"a", 1e8 - 8), (b"a", 1e8 + 8)] * 500, method="standard")
    assert scaler.overall == (1e8, 8.0)


def test_nothing_measured_scales_to_nan() -> None:
    assert np.isnan(fitted([(b"a", NAN)]).scale(np.array([1.0]), [b"a"])).all()


values = st.one_of(st.just(NAN), st.floats(-1e3, 1e3, width=32))


@given(st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), values), min_size=1), st.data())
def test_moments_do_not_depend_on_order_or_batches(rows: Any, data: Any) -> None:
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))

    def table(part: Any) -> Any:
        return moments(np.array([s for s, _ in part], object), np.array([v for _, v in part], np.float32))

    whole, parts = table(rows), merge([table(shuffled[:cut]), table(shuffled[cut:])])
    left, right = np.argsort(whole.ids), np.argsort(parts.ids)
    assert whole.ids[left].tolist() == parts.ids[right].tolist()
    for one, other in zip(whole[1:], parts[1:], strict=True):
        np.testing.assert_allclose(one[left], other[right], rtol=1e-9, atol=1e-6)
    for row, series in enumerate(whole.ids):
        measured = [v for s, v in rows if s == series and not np.isnan(v)]
        np.testing.assert_allclose(whole.mean[row], np.mean(measured), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(whole.square_sum[row], np.var(measured) * len(measured), rtol=1e-6, atol=1e-6)
        assert (whole.low[row], whole.high[row]) == (min(measured), max(measured))


@given(st.binary())
def test_any_series_id_survives_its_line(series_id: Any) -> None:
    escaped = escape(series_id)
    assert unescape(escaped) == series_id
    assert not set(escaped) & set(b"\t\n\r")
    assert escaped != b"\\*"


@given(st.lists(st.tuples(st.binary(max_size=4), st.floats(-(2.0**100), 2.0**100, width=32)), min_size=1))
def test_scale_file_gives_the_same_numbers_back(rows: Any) -> None:
    table = moments(np.array([s for s, _ in rows], object), np.array([v for _, v in rows], np.float32))
    scaler = Scaler.parse(scale_file(table, ScalingConfig(per_series=True)))
    order = np.argsort(table.ids)
    assert scaler.ids.tolist() == table.ids[order].tolist()
    np.testing.assert_array_equal(scaler.offset, table.low[order])
