"""TFMA metrics over windows: one pass sums the windows, each metric reads the sums.

`eval_config.py` names a metric by this module, its class and a name, so Beam
workers find it without a user module. The name is a key of `window_sums.STATISTICS`. Labels are the windows' targets;
predictions the outputs of the `evaluate` signature.
"""

import functools
from collections.abc import Iterable, Mapping
from typing import Any

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from tapeline.series.window_sums import OUTPUTS, STATISTICS, WindowSums

_SUMS = "_window_sums"  # TFMA leaves metrics out of its results whose names start with an underscore.
_PARAMETERS = ("offset", "scale", "naive_error")


class WindowMetric(metric_types.Metric):
    """A statistic of forecasts over windows, free-running.

    Args:
        name: A key of `window_sums.STATISTICS`.
        requirements: What is required of it: TFMA's thresholds say the same, and `eval_config` reads these.

    Raises:
        ValueError: There is no statistic of that name.
    """

    def __init__(self, name: str, requirements: object = (), **kwargs: Any) -> None:
        if name not in STATISTICS:
            raise ValueError(f"metric {name!r}: must be one of {sorted(STATISTICS)}.")
        super().__init__(_computations, name=name, **kwargs)


metric_types.register_metric(WindowMetric)


class AuditMetric(metric_types.Metric):
    """A number that the audit found, so that TFMA's validation judges it.

    It is the same in every slice and for every model.

    Args:
        name: A key of `audit.AUDIT_LIMITS`.
        value: What was found, as text, since JSON has no infinity.
        requirements: As of `WindowMetric`.
    """

    def __init__(self, name: str, value: str, requirements: object = (), **kwargs: Any) -> None:
        super().__init__(_given, name=name, value=value, **kwargs)


metric_types.register_metric(AuditMetric)


def _given(name: str, value: str, model_names: list[str] | None = None) -> list[Any]:
    keys = [metric_types.MetricKey(name=name, model_name=model_name) for model_name in model_names or [""]]
    found = dict.fromkeys(keys, float(value))
    return [metric_types.DerivedMetricComputation(keys=keys, result=functools.partial(_answer, found=found))]


def _answer(_: Mapping[Any, Any], *, found: dict[Any, float]) -> dict[Any, float]:
    return found


def _computations(name: str, model_names: list[str] | None = None) -> list[Any]:
    """Two computations a model: the sums, which TFMA computes once for all metrics, and the statistic."""
    computations: list[Any] = []
    for model_name in model_names or [""]:
        sums_key = metric_types.MetricKey(name=_SUMS, model_name=model_name)
        key = metric_types.MetricKey(name=name, model_name=model_name)
        computations += [
            metric_types.MetricComputation(keys=[sums_key], preprocessors=None, combiner=SumWindows(sums_key)),
            metric_types.DerivedMetricComputation(
                keys=[key], result=functools.partial(_derive, key=key, sums_key=sums_key)
            ),
        ]
    return computations


def _derive(
    metrics: Mapping[Any, Any], *, key: metric_types.MetricKey, sums_key: metric_types.MetricKey
) -> dict[Any, Any]:
    return {key: STATISTICS[key.name](metrics[sums_key])}


class SumWindows(beam.CombineFn):
    """Sums the windows of one model."""

    def __init__(self, key: metric_types.MetricKey) -> None:
        self._key = key

    def create_accumulator(self) -> WindowSums:
        return WindowSums()

    def add_input(self, accumulator: WindowSums, element: metric_types.StandardMetricInputs) -> WindowSums:
        outputs = element.get_predictions(self._key.model_name)
        missing = [name for name in _PARAMETERS if name not in outputs]
        if missing:
            raise ValueError(f"the signature's outputs {sorted(outputs)} lack {missing}: export the model anew.")
        forecasts = {name: np.ravel(outputs[name]) for name in OUTPUTS if name in outputs}
        window = WindowSums.of(
            target=np.ravel(element.get_labels(self._key.model_name)),
            forecasts=forecasts,
            **{name: float(np.ravel(outputs[name])[0]) for name in _PARAMETERS},
        )
        return accumulator.merge(window)

    def merge_accumulators(self, accumulators: Iterable[WindowSums]) -> WindowSums:
        return functools.reduce(WindowSums.merge, accumulators, WindowSums())

    def extract_output(self, accumulator: WindowSums) -> dict[metric_types.MetricKey, WindowSums]:
        return {self._key: accumulator}
