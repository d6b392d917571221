"""TFMA metrics over windows: one pass sums the windows, in all and by series; each metric reads the sums.

`eval_config.py` names a metric by this module, its class and a name, so Beam
workers find it without a user module. The name is a key of `window_sums.STATISTICS`. Labels are the windows' targets;
predictions the outputs of the `evaluate` signature.
"""

import functools
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from tapeline.schemas.features import SERIES_ID
from tapeline.series.series_skill import MOST_SHOWN, SeriesSkills, Table, add, merge
from tapeline.series.window_sums import OUTPUTS, STATISTICS, WindowSums

# TFMA leaves metrics out of its results whose names start with an underscore.
_SUMS = "_window_sums"
_SERIES_SUMS = "_series_sums"
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


class SeriesMetric(metric_types.Metric):
    """What the series of a slice are like one by one, whatever their number.

    TFMA takes a slice for each series, and no more than some thousands of them; this is one metric over all windows.

    Args:
        name: A key of `series_summary`'s answer.
        least_windows: Fewest windows of a series that is judged.
        worse_by: For each share of harmed series, how much worse than its best naive forecast a harmed series is.
        requirements: As of `WindowMetric`.
    """

    def __init__(
        self, name: str, least_windows: int, worse_by: Mapping[str, float], requirements: object = (), **kwargs: Any
    ) -> None:
        super().__init__(_of_series, name=name, least_windows=least_windows, worse_by=worse_by, **kwargs)


metric_types.register_metric(SeriesMetric)


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
        key = metric_types.MetricKey(name=name, model_name=model_name)
        sums = _sums(model_name)
        computations += [
            sums,
            metric_types.DerivedMetricComputation(
                keys=[key], result=functools.partial(_derive, key=key, sums_key=sums.keys[0])
            ),
        ]
    return computations


def _of_series(
    name: str, least_windows: int, worse_by: Mapping[str, float], model_names: list[str] | None = None
) -> list[Any]:
    computations: list[Any] = []
    for model_name in model_names or [""]:
        key = metric_types.MetricKey(name=name, model_name=model_name)
        sums = _sums(model_name)
        answer = functools.partial(
            _summarise, key=key, sums_key=sums.keys[1], least_windows=least_windows, worse_by=worse_by
        )
        computations += [sums, metric_types.DerivedMetricComputation(keys=[key], result=answer)]
    return computations


def _sums(model_name: str) -> metric_types.MetricComputation:
    keys = [metric_types.MetricKey(name=name, model_name=model_name) for name in (_SUMS, _SERIES_SUMS)]
    reads_series = metric_types.FeaturePreprocessor(feature_keys=[SERIES_ID])
    return metric_types.MetricComputation(keys=keys, preprocessors=[reads_series], combiner=SumWindows(*keys))


def _derive(
    metrics: Mapping[Any, Any], *, key: metric_types.MetricKey, sums_key: metric_types.MetricKey
) -> dict[Any, Any]:
    return {key: STATISTICS[key.name](metrics[sums_key])}


def _summarise(
    metrics: Mapping[Any, Any],
    *,
    key: metric_types.MetricKey,
    sums_key: metric_types.MetricKey,
    least_windows: int,
    worse_by: Mapping[str, float],
) -> dict[Any, Any]:
    skills = SeriesSkills.of(metrics[sums_key])
    return {key: series_summary(skills, least_windows=least_windows, worse_by=worse_by)[key.name]}


def series_summary(
    skills: SeriesSkills, *, least_windows: int, worse_by: Mapping[str, float]
) -> dict[str, float | bytes]:
    """Returns the share of harmed series for each limit, how many were judged, and all of it with names as JSON.

    Where no series has windows enough to be judged, no share of them is harmed.

    Args:
        skills: The series.
        least_windows: Fewest windows of a series that is judged.
        worse_by: How much worse than its best naive forecast a harmed series is, by the name of the share.
    """
    judged = int(skills.judged(least_windows).sum())
    harmed = {name: skills.worse_than(much, least_windows=least_windows) for name, much in worse_by.items()}
    # The worst of all series, whether judged or not, and of the judged ones.
    shown = np.union1d(
        np.arange(len(skills.ids))[:MOST_SHOWN], np.flatnonzero(skills.judged(least_windows))[:MOST_SHOWN]
    )
    rows = [
        {
            "series_id": bytes(skills.ids[i]).decode("utf-8", errors="replace"),
            "windows": int(skills.windows[i]),
            "mae_scaled": repr(float(skills.mae_scaled[i])),
            "relative_mae": repr(float(skills.relative_mae[i])),
        }
        for i in shown.tolist()
    ]
    counts = {name: int(flags.sum()) for name, flags in harmed.items()}
    told = {
        "series": len(skills.ids),
        "judged": judged,
        "least_windows": least_windows,
        "harmed": counts,
        "worst": rows,
    }
    shares: dict[str, float | bytes] = {name: count / judged if judged else 0.0 for name, count in counts.items()}
    return {**shares, "judged_series": float(judged), "series_skills": json.dumps(told).encode()}


class Sums(NamedTuple):
    """Sums over windows, and those of each series."""

    windows: WindowSums
    series: Table


class SumWindows(beam.CombineFn):
    """Sums the windows of one model; the keys are those of the sums in all and of the sums by series."""

    def __init__(self, key: metric_types.MetricKey, series_key: metric_types.MetricKey) -> None:
        self._key = key
        self._series_key = series_key

    def create_accumulator(self) -> Sums:
        return Sums(WindowSums(), {})

    def add_input(self, accumulator: Sums, element: metric_types.StandardMetricInputs) -> Sums:
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
        add(accumulator.series, np.ravel(element.get_features()[SERIES_ID])[0], window.for_series())
        return Sums(accumulator.windows.merge(window), accumulator.series)

    def merge_accumulators(self, accumulators: Iterable[Sums]) -> Sums:
        parts = list(accumulators)
        windows = functools.reduce(WindowSums.merge, (part.windows for part in parts), WindowSums())
        return Sums(windows, merge(part.series for part in parts))

    def extract_output(self, accumulator: Sums) -> dict[metric_types.MetricKey, Any]:
        return {self._key: accumulator.windows, self._series_key: accumulator.series}
