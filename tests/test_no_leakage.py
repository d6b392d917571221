"""The project's first test: nothing that happens later may reach a model that forecasts earlier."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tapeline.components.transform.window_group import WindowPlan, cut_group
from tapeline.schemas.sections import DataConfig, FeaturesConfig, WindowConfig
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.chunking import split_bounds
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows
from tapeline.series.grouping.series_survey import survey_rows
from tapeline.series.time_features import TimeFeatures
from tapeline.series.time_grid import TimeGrid
from tapeline.series.windowing import Chunk
from tests.windows_of_chunks import cut_windows

KNOWN_BEFORE_THE_FORECAST = ("series_id", "context", "context_observed", "past_covariates", "static_covariates")
SPLITS = ("train", "eval", "test")


def floats(shape: Any, rng: Any, *, gaps: Any) -> Any:
    values = rng.normal(size=shape).astype(np.float32)
    values[rng.random(shape) < gaps] = np.nan
    return values


@given(
    seed=st.integers(0, 10**6),
    spec=st.builds(WindowSpec, context_length=st.integers(1, 8), horizon=st.integers(1, 5)),
    gaps=st.sampled_from([0.0, 0.4, 0.9]),
    spare=st.integers(0, 6),
)
def test_changing_any_value_from_forecast_start_on_changes_no_context_feature(
    seed: int, spec: Any, gaps: Any, spare: int
) -> None:
    rng = np.random.default_rng(seed)
    steps = spec.length + spare
    start = int(rng.integers(spec.context_length, steps - spec.horizon + 1))

    def chunk(target: Any, past: Any, future: Any) -> Chunk:
        return Chunk(
            series_id=b"a",
            timestamp=np.arange(steps) * 3600,
            target=target,
            past_covariates=past,
            future_covariates=future,
            static_covariates=np.ones(1, np.float32),
            forecast_offsets=np.array([start]),
        )

    target, past, future = (floats(shape, rng, gaps=gaps) for shape in ((steps,), (steps, 2), (steps, 2)))
    tampered = [values.copy() for values in (target, past, future)]
    for values in tampered:
        values[start:] = floats(values[start:].shape, rng, gaps=gaps) + 100
    before = cut_windows(chunk(target, past, future), np.array([start]), spec)
    after = cut_windows(chunk(*tampered), np.array([start]), spec)
    for name in KNOWN_BEFORE_THE_FORECAST:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)
    in_context = slice(None), slice(0, spec.context_length)
    np.testing.assert_array_equal(before["future_covariates"][in_context], after["future_covariates"][in_context])
    # And no value of before it is left out of sight: the target is what the chunk holds from the start on.
    np.testing.assert_array_equal(after["target"][0], tampered[0][start : start + spec.horizon])


def a_panel(rng: Any, series: Any, steps: Any) -> tuple[Any, Any, Any]:
    first = rng.integers(0, 30, series)
    ids = np.repeat(np.array([b"s%d" % i for i in range(series)], object), steps)
    ordinal = np.concatenate([start + np.arange(steps) for start in first])
    kept = rng.random(len(ids)) > 0.1
    return ids[kept], ordinal[kept], floats(int(kept.sum()), rng, gaps=0.1)


def cut(ids: Any, ordinal: Any, target: Any, cuts: Any, window: Any) -> dict[Any, Any]:
    """All windows of a panel by split, as `(series, forecast_start) -> target, context`."""
    plan = WindowPlan(data=DataConfig(frequency="H"), features=FeaturesConfig(), window=window, chunk_steps=64)
    names, code = np.unique(ids, return_inverse=True)
    nothing = np.zeros((len(ids), 0), np.float32)
    columns = {NUMBERS: target[:, None], **{f"{role}_covariates": nothing for role in ("past", "future", "static")}}
    split = np.searchsorted(cuts, ordinal, side="right").astype(np.int8)
    rows = SeriesRows(names, code, split, ordinal * 3600, columns)
    splits = split_bounds(survey_rows(rows).split_first, TimeGrid.of(plan.data))
    group = cut_group(rows, plan=plan, splits=splits, of_time=TimeFeatures(plan.data, plan.features))
    return {
        name: {
            (series, int(start) // 3600): (target, context)
            for windows in group.windows(name, plan.spec(name))
            for series, start, target, context in zip(
                *(windows[part] for part in ("series_id", "forecast_start", "target", "context")), strict=True
            )
        }
        for name in SPLITS
    }


@given(seed=st.integers(0, 10**6), horizon=st.integers(1, 12), stride=st.integers(1, 5))
def test_no_forecast_crosses_a_split(seed: int, horizon: int, stride: int) -> None:
    rng = np.random.default_rng(seed)
    cuts = (60, 90)
    window = WindowConfig(context_length=10, horizon=horizon, stride=stride, eval_stride=stride)
    found = cut(*a_panel(rng, 4, 100), cuts, window)
    low, high = {"train": 0, "eval": cuts[0], "test": cuts[1]}, {"train": cuts[0], "eval": cuts[1], "test": 200}
    for split in SPLITS:
        assert found[split], "the panel gives windows to every split"
        for _, start in found[split]:
            assert low[split] <= start
            assert start + horizon <= high[split]


@given(seed=st.integers(0, 10**6))
def test_row_order_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    panel = a_panel(rng, 3, 60)
    order = rng.permutation(len(panel[0]))
    window = WindowConfig(context_length=8, horizon=4)
    (ids, ordinal, target), cuts = panel, (50, 60)
    sorted_ = cut(ids, ordinal, target, cuts, window)
    shuffled = cut(ids[order], ordinal[order], target[order], cuts, window)
    for split in SPLITS:
        assert sorted_[split].keys() == shuffled[split].keys()
        for key, arrays in sorted_[split].items():
            for one, other in zip(arrays, shuffled[split][key], strict=True):
                np.testing.assert_array_equal(one, other)


@given(seed=st.integers(0, 10**6))
def test_no_category_from_forecast_start_on_reaches_a_context_and_none_lies_between_two(seed: int) -> None:
    rng = np.random.default_rng(seed)
    features = FeaturesConfig(
        past_covariates=("wind", "sky"), future_covariates=("promo",), categorical=("sky", "promo")
    )
    plan = WindowPlan(
        data=DataConfig(frequency="H"),
        features=features,
        window=WindowConfig(context_length=6, horizon=3, min_observed=0.0),
        chunk_steps=64,
    )
    ordinal = np.flatnonzero(rng.random(40) > 0.2)
    start = 30

    def first_forecast(*, tampered: bool) -> Any:
        draw = np.random.default_rng(seed)
        past, future = draw.integers(1, 5, (len(ordinal), 2)), draw.integers(1, 5, (len(ordinal), 1))
        if tampered:
            past[ordinal >= start] += 5
        columns = {
            NUMBERS: np.ones((len(ordinal), 1), np.float32),
            "past_covariates": past.astype(np.float32),
            "future_covariates": future.astype(np.float32),
            "static_covariates": np.zeros((len(ordinal), 0), np.float32),
        }
        code, split = np.zeros(len(ordinal), np.int64), np.zeros(len(ordinal), np.int8)
        rows = SeriesRows(np.array([b"a"], object), code, split, ordinal * 3600, columns)
        group = cut_group(
            rows, plan=plan, splits=dict.fromkeys(SPLITS, (0, 40)), of_time=TimeFeatures(plan.data, features)
        )
        (windows,) = group.windows("test", plan.spec("test"))
        return {name: values[windows["forecast_start"] <= start * 3600] for name, values in windows.items()}

    before, after = first_forecast(tampered=False), first_forecast(tampered=True)
    for name, values in before.items():
        np.testing.assert_array_equal(values, after[name], err_msg=name)
    sky, promo = before["past_covariates"][:, :, 1], before["future_covariates"][:, :, 0]
    for row, forecast_start in enumerate(before["forecast_start"] // 3600):
        context = np.isin(forecast_start - 6 + np.arange(6), ordinal)
        whole = np.isin(forecast_start - 6 + np.arange(9), ordinal)
        # 0, of missing ones, where there is no row; a whole number of train's elsewhere.
        np.testing.assert_array_equal(sky[row] > 0, context)
        np.testing.assert_array_equal(promo[row] > 0, whole)
        assert (sky[row] % 1 == 0).all()
