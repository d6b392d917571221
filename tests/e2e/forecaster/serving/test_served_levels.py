"""Quantiles, bounds and the size of each series' errors in what is served and scored."""

import json
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.schemas.served_model import levels_of
from tapeline.series.error_ratios import context_ratios
from tests.e2e.forecaster.serving.small_export import (
    CONTEXT,
    DAILY,
    HORIZON,
    RICH,
    export,
    raw_examples,
    raw_request,
    serialized,
    serve,
    serve_longer,
    window_of,
)

LOWEST, LARGEST = 290.0, 330.0


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, model: Any, ridge: Any) -> tuple[Any, Any]:
    """A model with one scale, two series with errors of other sizes, and quantiles."""
    folder = tmp_path_factory.mktemp("rich") / "Format-Serving"
    return folder, export(folder, model, ridge, intervals=RICH)


@pytest.fixture(scope="module")
def bounded(tmp_path_factory: pytest.TempPathFactory, model: Any, ridge: Any) -> Any:
    """The same with bounds inside the range of its forecasts."""
    data = DAILY.model_copy(update={"lower_bound": LOWEST, "upper_bound": LARGEST})
    return export(tmp_path_factory.mktemp("bounded") / "Format-Serving", model, ridge, intervals=RICH, data=data)


def asked(module: Any) -> dict[str, Any]:
    """What every signature for raw values answers for the series `a`, `b` and one that it does not know."""
    context, timestamps = raw_request(gaps=False)
    ids = np.array([b"a", b"b", b"new"], object)
    series = {"series_id": tf.constant(ids.tolist())}
    examples = raw_examples(context=context, timestamps=timestamps, series_id=ids)
    return {
        "serve": serve(module, context, timestamps, **series),
        "any_horizon": serve_longer(module, context, timestamps, 3 * HORIZON, **series),
        "predict_examples": module.signatures["predict_examples"](examples),
    }


def test_intervals_are_as_wide_as_series_and_context_say_under_one_scale(exported: tuple[Any, Any]) -> None:
    changes = np.abs(np.diff(window_of(*raw_request(gaps=False))["context"], axis=1)).mean(axis=1)
    ratios = context_ratios(changes, np.array([0.5, 4.0, 1.0]), 0.1)
    assert np.ptp(ratios / [0.5, 4.0, 1.0]) > 0.5
    for outputs in asked(exported[1]).values():
        reach = (outputs["upper"] - outputs["forecast"])[:, 0].numpy()
        np.testing.assert_allclose(reach, 50.0 * 0.1 * ratios, rtol=1e-4)


def test_what_is_scored_is_what_is_served(exported: tuple[Any, Any], bounded: Any) -> None:
    context, timestamps = raw_request(gaps=False)
    for module in (exported[1], bounded):
        outputs = serve(module, context, timestamps, series_id=tf.constant(["b"] * 3))
        scored = module.signatures["evaluate"](serialized(window_of(context, timestamps), series_id=b"b"))
        for name in levels_of(outputs):
            np.testing.assert_allclose((outputs[name] - 300.0) / 50.0, scored[name], atol=1e-5, err_msg=name)


def test_quantiles_are_outputs_of_all_signatures_and_do_not_cross(exported: tuple[Any, Any]) -> None:
    assert "quantile_0.5" in exported[1].signatures["evaluate"].structured_outputs
    for outputs in asked(exported[1]).values():
        assert {"quantile_0.3", "quantile_0.5"} <= set(outputs)
        assert (outputs["quantile_0.3"].numpy() < outputs["quantile_0.5"].numpy()).all()
        assert (outputs["lower"].numpy() < outputs["quantile_0.3"].numpy()).all()


def test_nothing_is_served_beyond_a_bound(exported: tuple[Any, Any], bounded: Any) -> None:
    free = asked(exported[1])["serve"]
    assert free["forecast"].numpy().min() < LOWEST
    for outputs in asked(bounded).values():
        for name in levels_of(outputs):
            assert LOWEST <= outputs[name].numpy().min() <= outputs[name].numpy().max() <= LARGEST, name
    np.testing.assert_allclose(
        asked(bounded)["serve"]["forecast"], np.clip(free["forecast"], LOWEST, LARGEST), rtol=1e-6
    )


def test_ridge_is_held_to_the_bounds_as_well(bounded: Any) -> None:
    scored = bounded.signatures["evaluate"](serialized(window_of(*raw_request(gaps=False))))
    assert scored["ridge"].numpy().min() >= np.float32((LOWEST - 300.0) / 50.0)


def test_a_block_goes_on_from_what_was_cut_off(bounded: Any) -> None:
    context, timestamps = raw_request(gaps=False)
    series = {"series_id": tf.constant(["a"] * 3)}
    first = serve(bounded, context, timestamps, **series)
    moved = (
        np.concatenate([context, first["forecast"]], axis=1)[:, -CONTEXT:],
        np.concatenate([timestamps, first["forecast_time"]], axis=1)[:, -CONTEXT:],
    )
    second = serve(bounded, *moved, **series)
    longer = serve_longer(bounded, context, timestamps, 2 * HORIZON, **series)
    np.testing.assert_allclose(longer["forecast"][:, HORIZON:], second["forecast"], rtol=1e-5)


def test_the_card_names_the_series_whose_errors_have_their_own_size(exported: tuple[Any, Any]) -> None:
    card = json.loads((exported[0] / "assets.extra" / "model_card.json").read_text())
    assert card["inputs"]["series"] == ["a", "b"]
    assert card["inputs"]["unknown_series"] == "global"
    assert card["intervals"]["error_ratios"] == {"of": "seasonal naive on train", "smallest": 0.5, "largest": 4.0}
    assert card["intervals"]["offsets"]["quantile_0.5"] == pytest.approx([0.01] * HORIZON)
