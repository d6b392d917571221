"""The names in a served model that its writer and its readers share: signatures, outputs, files.

`features` holds the names of its inputs; docs/data-formats.md describes all of it.
"""

from collections.abc import Iterable

EVALUATE = "evaluate"
"""Signature that the Evaluator scores: serialized windows in, scaled forecasts and those of the baselines out."""

SERVE = "serving_default"
"""Signature that clients call: raw values in and out."""

ANY_HORIZON = "any_horizon"
"""The same, for as many steps as the request asks for."""

PREDICT_EXAMPLES = "predict_examples"
"""The same as `serving_default` for serialized `tf.Example`s, as BulkInferrer sends them."""

SIGNATURES = (EVALUATE, SERVE, ANY_HORIZON, PREDICT_EXAMPLES)
"""Every signature that a pushed model has, and no other."""

EXAMPLES = "examples"
"""The input of the signatures that take serialized records."""

TIMESTAMPS = "timestamps"
"""Input: time of each context step, epoch seconds `[B, T']`."""

HORIZON = "horizon"
"""Input of `any_horizon`: how many steps to forecast, where no known future says so."""

FORECAST = "forecast"
"""Output with the forecast itself."""

INTERVALS = (("lower", "upper"), ("lower_95", "upper_95"))
"""Outputs that bound each interval, narrow ones first."""

LEVELS = (FORECAST, *(end for ends in INTERVALS for end in ends))
"""Outputs that are values of the target: `forecast`, `lower`, `upper`, `lower_95`, `upper_95`."""

QUANTILE = "quantile_"
"""How the outputs with the quantiles on request begin: `quantile_0.1`."""

BASELINES = {"persistence": "persistence", "seasonal_naive": "seasonal naive", "ridge": "ridge"}
"""Outputs of `evaluate` that a forecast is compared with, and what people call them."""

NAIVE = ("persistence", "seasonal_naive")
"""Those of the baselines that nothing is fitted for."""

NAIVE_ON_EVAL = "naive_val_mae_scaled"
"""Key of the model card: what each of `NAIVE` errs by on the eval split, scaled."""

LEANS_ON = "leans_on"
"""Key of the model card: by how much the error on the eval split grows without each input."""

FORECAST_TIME = "forecast_time"
"""Output with the time of each step, in epoch seconds."""

GRAPH_FILE = "saved_model.pb"

CARD_FILE = "assets.extra/model_card.json"
"""What the model says about itself; TF Serving keeps `assets.extra` as it is."""

CONTENT_FILE = "assets.extra/content.sha256"
"""The SHA-256 of a pushed version's files, but for this one: who loads the version checks it."""

WARM_UP_FILE = "assets.extra/tf_serving_warmup_requests"
"""Requests that TF Serving asks of a new version before it serves it."""


def quantile_name(level: float) -> str:
    """Returns the output of a quantile.

    >>> quantile_name(0.1)
    'quantile_0.1'
    """
    return f"{QUANTILE}{level!r}"


def levels_of(outputs: Iterable[str]) -> tuple[str, ...]:
    """Returns the outputs of a model that are values of the target: `LEVELS`, then its quantiles, lowest first.

    >>> levels_of(["forecast_time", "quantile_0.9", "quantile_0.05"])[-3:]
    ('upper_95', 'quantile_0.05', 'quantile_0.9')
    """
    quantiles = [name for name in outputs if name.startswith(QUANTILE)]
    return (*LEVELS, *sorted(quantiles, key=lambda name: float(name.removeprefix(QUANTILE))))
