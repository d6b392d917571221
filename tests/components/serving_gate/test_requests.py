"""What is asked of a model depends on its inputs, and every hostile request is hostile in its own way."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from tapeline.components.serving_gate.hostile_requests import hostile_requests
from tapeline.components.serving_gate.real_requests import GateRequest, RealWindows, real_requests
from tapeline.schemas.served_model import ANY_HORIZON, EVALUATE, EXAMPLES, PREDICT_EXAMPLES, SERVE
from tests import contract_model

T, H = contract_model.CONTEXT_LENGTH, contract_model.HORIZON
ALONE = {
    SERVE: ("context", "timestamps"),
    ANY_HORIZON: ("context", "horizon", "timestamps"),
    PREDICT_EXAMPLES: (EXAMPLES,),
    EVALUATE: (EXAMPLES,),
}
COLUMNS = ("context", "future_covariates", "past_covariates", "series_id", "static_covariates", "timestamps")
# Where columns are known ahead, their length is the horizon.
WHOLE = {**ALONE, SERVE: COLUMNS, ANY_HORIZON: COLUMNS}


@pytest.fixture(scope="module")
def windows() -> RealWindows:
    plain = contract_model.real_windows()
    rows = len(plain.context)
    return RealWindows(
        serialized=plain.serialized,
        series_id=plain.series_id,
        timestamps=plain.timestamps,
        context=plain.context,
        past=np.ones((rows, T, 2), np.float32),
        future=np.ones((rows, T + 2 * H, 1), np.float32),
        static=np.ones((rows, 1), np.float32),
        least_context=T - 2,
    )


def test_every_signature_is_asked_something_real_and_something_hostile(windows: RealWindows) -> None:
    for requests in (real_requests(windows, ALONE), hostile_requests(windows, ALONE, refuses_unknown=True)):
        assert {request.signature for request in requests} == set(ALONE)


@pytest.mark.parametrize("inputs", [ALONE, WHOLE])
def test_a_signature_is_given_exactly_what_it_takes(windows: RealWindows, inputs: Any) -> None:
    for request in real_requests(windows, inputs) + hostile_requests(windows, inputs, refuses_unknown=True):
        assert sorted(request.inputs) == sorted(inputs[request.signature]), request.name


def test_horizons_are_asked_by_the_input_or_by_the_length_of_the_known_future(windows: RealWindows) -> None:
    steps = [H, max(1, H // 2), 2 * H]
    by_input = [request for request in real_requests(windows, ALONE) if request.signature == ANY_HORIZON]
    assert [int(request.inputs["horizon"]) for request in by_input] == steps
    by_length = [request for request in real_requests(windows, WHOLE) if request.signature == ANY_HORIZON]
    assert [request.inputs["future_covariates"].shape[1] - T for request in by_length] == steps
    assert [request.steps_compared for request in by_input] == [H, max(1, H // 2), H]
    # Fewer steps known ahead may give another forecast.
    assert [request.steps_compared for request in by_length] == [H, 0, H]


def hostile(
    windows: Any, inputs: Any, signature: Any = SERVE, **options: Any
) -> dict[str, dict[str, npt.NDArray[Any]]]:
    requests = hostile_requests(windows, inputs, **{"refuses_unknown": True, **options})
    return {request.name: request.inputs for request in requests if request.signature == signature}


def test_hostile_requests_break_one_rule_each(windows: RealWindows) -> None:
    asked = hostile(windows, WHOLE)
    assert np.isnan(asked["NaN everywhere"]["context"]).all()
    assert np.isinf(asked["an infinite value"]["context"]).any()
    too_short = asked["a context too short"]
    assert too_short["context"].shape == too_short["timestamps"].shape == (2, T - 3)
    assert too_short["future_covariates"].shape == (2, T - 3 + H, 1)
    assert asked["fewer times than values"]["timestamps"].shape == (2, T - 1)
    assert (np.diff(asked["times out of order"]["timestamps"]) < 0).any()
    assert (np.diff(asked["a time left out"]["timestamps"]) == 2 * contract_model.HOUR).any()
    assert (asked["a time off the frequency"]["timestamps"] % contract_model.HOUR != 0).any()
    assert asked["an unknown series"]["series_id"][0] not in windows.series_id
    assert np.isinf(asked["infinite past_covariates"]["past_covariates"]).any()
    assert np.isinf(asked["infinite future_covariates"]["future_covariates"]).any()
    assert asked["future_covariates for fewer steps than there are"]["future_covariates"].shape == (2, T + H - 1, 1)
    assert np.isnan(asked["missing static covariates"]["static_covariates"]).all()


def test_fewer_steps_known_ahead_are_hostile_only_where_the_horizon_is_fixed(windows: RealWindows) -> None:
    name = "future_covariates for fewer steps than there are"
    assert name in hostile(windows, WHOLE, SERVE)
    assert name not in hostile(windows, WHOLE, ANY_HORIZON)


def test_a_horizon_of_no_step_is_asked(windows: RealWindows) -> None:
    assert int(hostile(windows, ALONE, ANY_HORIZON)["a horizon of 0 steps"]["horizon"]) == 0
    assert int(hostile(windows, ALONE, ANY_HORIZON)["a horizon of -1 steps"]["horizon"]) == -1
    assert hostile(windows, WHOLE, ANY_HORIZON)["a horizon of 0 steps"]["future_covariates"].shape[1] == T


def test_an_unknown_series_is_hostile_only_where_such_series_are_refused(windows: RealWindows) -> None:
    assert "an unknown series" not in hostile(windows, WHOLE, refuses_unknown=False)
    assert "an unknown series" not in hostile(windows, ALONE)


def test_asking_does_not_change_the_windows(windows: RealWindows) -> None:
    before = windows.context.copy(), windows.timestamps.copy()
    real_requests(windows, WHOLE)
    hostile_requests(windows, WHOLE, refuses_unknown=True)
    np.testing.assert_array_equal(windows.context, before[0])
    np.testing.assert_array_equal(windows.timestamps, before[1])


def test_examples_hold_the_raw_values_row_by_row(windows: RealWindows) -> None:
    (request,) = (request for request in real_requests(windows, WHOLE) if request.signature == PREDICT_EXAMPLES)
    feature = tf.train.Example.FromString(request.inputs[EXAMPLES][1]).features.feature
    assert sorted(feature) == sorted(COLUMNS)
    np.testing.assert_array_equal(feature["context"].float_list.value, windows.context[1])
    np.testing.assert_array_equal(feature["timestamps"].int64_list.value, windows.timestamps[1, :T])
    assert feature["series_id"].bytes_list.value[0] == b"series"
    assert len(feature["future_covariates"].float_list.value) == T + H


def test_no_field_has_a_default_that_python_3_11_takes_for_mutable() -> None:
    # Python 3.11 refuses what has no hash; a slice has one from 3.12 on.
    for field in dataclasses.fields(GateRequest):
        assert not isinstance(field.default, slice), field.name


TEXTS = ("context", "future_categories", "past_categories", "static_categories", "timestamps")
CATEGORIES = {**ALONE, SERVE: TEXTS, ANY_HORIZON: TEXTS}


def test_categories_are_asked_and_cut_as_numbers_are(windows: RealWindows) -> None:
    rows = len(windows.context)
    texts = {
        "past_categories": np.full((rows, T, 1), b"mist", object),
        "future_categories": np.full((rows, T + 2 * H, 2), b"sun", object),
        "static_categories": np.full((rows, 1), b"city", object),
    }
    with_texts = dataclasses.replace(windows, texts=texts)
    real = real_requests(with_texts, CATEGORIES)
    hostile = hostile_requests(with_texts, CATEGORIES, refuses_unknown=True)
    for request in real + hostile:
        assert sorted(request.inputs) == sorted(CATEGORIES[request.signature]), request.name
    longer = [request.inputs["future_categories"].shape[1] - T for request in real if request.signature == ANY_HORIZON]
    assert longer == [H, max(1, H // 2), 2 * H]
    assert any(request.must_mention == "past_categories" for request in hostile)
    assert any(request.must_mention == "future_categories" and "horizon of 0" in request.name for request in hostile)
