"""The project's first test: nothing that happens later may reach a model that forecasts earlier."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tapeline.components.ingest.series_cuts import cut_steps
from tapeline.components.trainer.dataset import WindowStream
from tapeline.components.trainer.ridges import ridge_batches
from tapeline.components.transform.window_group import WindowPlan, cut_group
from tapeline.forecaster.network import ridge_solver
from tapeline.forecaster.network.ridge import RidgeKind, fit_ridges
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.features_config import FeaturesConfig, RollingConfig
from tapeline.schemas.sections import DataConfig, SplitConfig, WindowConfig
from tapeline.schemas.training_config import ModelConfig, ViewConfig
from tapeline.schemas.window_spec import WindowShape, WindowSpec
from tapeline.series.calendar import Calendar
from tapeline.series.chunking import own_bounds, split_bounds
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows
from tapeline.series.grouping.series_survey import survey_rows
from tapeline.series.time_features import TimeFeatures
from tapeline.series.time_folds import TimeFolds
from tapeline.series.time_grid import TimeGrid
from tapeline.series.windowing import Chunk
from tests.windows_of_chunks import cut_windows

KNOWN_BEFORE_THE_FORECAST = ("series_id", "context", "context_observed", "past_covariates", "static_covariates")
SPLITS = ("train", "eval", "test")
CALENDAR = ("hour_of_day", "weekend")
LEARNED = WindowShape(context_length=8, horizon=4, past=1, future=3, static=1, calendar=CALENDAR, series=2)
EVERYTHING = ModelConfig(
    units=4,
    segment_length=2,
    lags=(3,),
    view=ViewConfig(harmonics=3, weekend_hours=True, level=True, window_units=True, highway_per_series=True),
)


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


@given(
    seed=st.integers(0, 10**6),
    horizon=st.integers(1, 6),
    ends=st.lists(st.integers(20, 120), min_size=1, max_size=4),
)
def test_no_window_touches_the_later_parts_of_its_series_where_series_end_at_different_times(
    seed: int, horizon: int, ends: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    split = SplitConfig(eval_steps=horizon + 3, test_steps=horizon + 2)
    plan = WindowPlan(
        data=DataConfig(frequency="H"),
        features=FeaturesConfig(),
        window=WindowConfig(context_length=5, horizon=horizon, min_observed=0.0),
        chunk_steps=64,
    )
    code = np.repeat(np.arange(len(ends)), ends)
    ordinal = np.concatenate([np.arange(end) for end in ends])
    # The first and the last row of each series stay: they say where it is cut.
    kept = (rng.random(len(code)) > 0.1) | (ordinal == 0) | (ordinal == np.array(ends)[code] - 1)
    code, ordinal = code[kept], ordinal[kept]
    evaluated, test = cut_steps(np.zeros(len(ends), int), np.array(ends) - 1, split)
    part = ((ordinal >= evaluated[code]).astype(np.int8) + (ordinal >= test[code])).astype(np.int8)

    def windows_of(name: str, target: Any) -> dict[Any, Any]:
        nothing = np.zeros((len(code), 0), np.float32)
        columns = {NUMBERS: target[:, None], **{f"{role}_covariates": nothing for role in ("past", "future", "static")}}
        ids = np.array([b"%d" % at for at in range(len(ends))], object)
        rows = SeriesRows(ids, code, part, ordinal * 3600, columns)
        splits = own_bounds(rows, TimeGrid.of(plan.data))
        group = cut_group(rows, plan=plan, splits=splits, of_time=TimeFeatures(plan.data, plan.features))
        return {
            (int(series), int(start) // 3600): (windows["context"][row], windows["target"][row])
            for windows in group.windows(name, plan.spec(name))
            for row, (series, start) in enumerate(zip(windows["series_id"], windows["forecast_start"], strict=True))
        }

    values = rng.normal(size=len(code)).astype(np.float32)
    for at, name in enumerate(SPLITS):
        later = np.where(part > at, values + 100, values)
        found, tampered = windows_of(name, values), windows_of(name, later)
        assert found.keys() == tampered.keys()
        for (series, start), arrays in found.items():
            forecast = part[(code == series) & (ordinal >= start) & (ordinal < start + horizon)]
            assert set(forecast.tolist()) == {at}
            for one, other in zip(arrays, tampered[series, start], strict=True):
                np.testing.assert_array_equal(one, other)
    # And every series that was cut is judged.
    judged = {series for series, _ in windows_of("test", values)}
    assert judged == set(np.flatnonzero(test < np.array(ends)).tolist())


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


def test_what_happens_later_changes_nothing_in_a_padded_window() -> None:
    features = FeaturesConfig(past_covariates="wind", future_covariates="promo", calendar=("hour_of_day",))
    window = WindowConfig(context_length=12, horizon=3, min_context=4)
    plan = WindowPlan(data=DataConfig(frequency="H"), features=features, window=window, chunk_steps=64)
    of_time, ordinal = TimeFeatures(plan.data, features), np.arange(20, 31)

    def windows(*, tampered_from: int) -> Any:
        values = np.random.default_rng(3).random((len(ordinal), 3)).astype(np.float32)
        values[ordinal >= tampered_from, :2] += 5.0
        columns = {
            NUMBERS: values[:, :1],
            "past_covariates": values[:, 1:2],
            "future_covariates": np.concatenate([values[:, 2:], of_time(ordinal * 3600)], axis=1),
            "static_covariates": np.zeros((len(ordinal), 0), np.float32),
        }
        code, split = np.zeros(len(ordinal), np.int64), np.zeros(len(ordinal), np.int8)
        rows = SeriesRows(np.array([b"a"], object), code, split, ordinal * 3600, columns)
        group = cut_group(rows, plan=plan, splits=dict.fromkeys(SPLITS, (0, 40)), of_time=of_time)
        (found,) = group.windows("test", plan.spec("test"))
        return found

    # Forecasts start behind the least context, in order.
    starts = range(24, 29)
    before = windows(tampered_from=99)
    assert (before["forecast_start"] // 3600).tolist() == list(starts)
    assert not np.isnan(before["context"]).any()
    for row, start in enumerate(starts):
        after = windows(tampered_from=start)
        for name in ("context", "context_observed", "past_covariates", "future_covariates"):
            np.testing.assert_array_equal(before[name][row], after[name][row], err_msg=name)
        assert (windows(tampered_from=start - 1)["context"][row] != before["context"][row]).any()


def a_chunk(target: Any, past: Any, name: bytes = b"a") -> Chunk:
    """Hours with their calendar, the first one a Friday's; each that has a context starts a forecast."""
    steps = len(target)
    return Chunk(
        series_id=name,
        timestamp=1_700_172_000 + np.arange(steps) * 3600,
        target=target,
        past_covariates=past,
        future_covariates=Calendar(CALENDAR, "UTC")(1_700_172_000 + np.arange(steps) * 3600),
        static_covariates=np.ones(1, np.float32),
        forecast_offsets=np.arange(8, steps - 3),
    )


def test_what_happens_later_changes_nothing_that_a_network_sees_or_says() -> None:
    rng = np.random.default_rng(0)
    target, past = floats((60,), rng, gaps=0.1), floats((60, 1), rng, gaps=0.1)
    model = Seq2SeqForecaster(shape=LEARNED, config=EVERYTHING, rolling=(RollingConfig(window=3),), seed=1)
    for variable in model.variables:
        variable.assign(rng.normal(0.0, 0.3, variable.shape) if variable.shape else 1.0)
    folds = TimeFolds.of([a_chunk(target, past)] * 3, LEARNED.horizon)

    def window(target: Any, past: Any, start: int) -> Any:
        spec = WindowSpec(context_length=8, horizon=4)
        chunk = dataclasses.replace(a_chunk(target, past), forecast_offsets=np.array([start]))
        options: dict[str, Any] = {"series": (b"a", b"b"), "folds": folds, "keep_start": True}
        (batch, _), *_ = WindowStream(read=lambda: [chunk], spec=spec, batch_size=1, **options).batches()
        return batch

    for start in range(8, 57):
        tampered = [values.copy() for values in (target, past)]
        for values in tampered:
            values[start:] = floats(values[start:].shape, rng, gaps=0.3) + 100
        before, after = window(target, past, start), window(tampered[0], tampered[1], start)
        assert {"series_index", "fold", "context", "past_covariates", "future_covariates"} < set(before)
        for name, values in before.items():
            np.testing.assert_array_equal(values, after[name], err_msg=name)
        np.testing.assert_array_equal(model(before), model(after))
        # And what was before is seen: nothing here is blind.
        earlier = [values.copy() for values in (target, past)]
        earlier[0][start - 1] = 3.0
        assert np.abs(model(window(earlier[0], earlier[1], start)) - model(before)).max() > 1e-3


@pytest.mark.parametrize("least_gain", [1.0, -np.inf], ids=["plain", "weighed"])
def test_the_line_of_a_window_in_training_never_saw_a_target_of_its_block(
    least_gain: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whether windows are weighed is one choice for all of train, as is the penalty.
    monkeypatch.setattr(ridge_solver, "_LEAST_GAIN", least_gain)
    rng = np.random.default_rng(1)
    chunks = [a_chunk(floats((120,), rng, gaps=0.0), floats((120, 1), rng, gaps=0.0), name) for name in (b"a", b"b")]
    folds = TimeFolds.of(chunks, LEARNED.horizon)
    assert folds is not None
    spec = WindowSpec(context_length=8, horizon=4)
    (window,) = ridge_batches(lambda: chunks, spec, (b"a", b"b"))()
    steps = window["forecast_start"][:, None] + 3600 * np.arange(4)
    kinds = [RidgeKind()]

    def crossed(train: Any) -> Any:
        options: dict[str, Any] = {"penalties": [1e-2], "covariate_factors": [1.0]}
        fits = fit_ridges(
            lambda: iter([train]), lambda: iter([window]), shape=LEARNED, kinds=kinds, folds=folds, **options
        )
        return fits[kinds[0]].fold_kernel

    before = crossed(window)
    for fold in range(folds.count):
        target = window["target"].copy()
        # A step of a block is the target of windows that start in it, and of some that start before.
        target[folds.index(steps) == fold] += 5.0
        after = crossed({**window, "target": target})
        np.testing.assert_allclose(after[fold], before[fold], atol=1e-5)
        others = np.delete(np.arange(folds.count), fold)
        assert np.abs(after[others] - before[others]).max() > 1e-2
