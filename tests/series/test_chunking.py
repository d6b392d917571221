"""Windows out of rows in any order, against a plain loop, whatever the chunks and groups."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapeline.components.transform.window_group import SPLITS_OF_CHUNKS, WindowPlan, cut_group
from tapeline.schemas.errors import DataError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, WindowConfig
from tapeline.series.chunking import cut_chunks, split_bounds, to_grid
from tapeline.series.grouping.series_rows import NUMBERS, SeriesRows
from tapeline.series.grouping.series_survey import NEVER, Grouping, merge_surveys, survey_rows
from tapeline.series.time_features import TimeFeatures
from tapeline.series.time_grid import TimeGrid
from tapeline.series.windowing import Chunk, fill_gaps, hold_known
from tests.windows_of_chunks import cut_windows

HOUR = 3600
DATA = DataConfig(frequency="H", time="ds", target="y", series_id="id", timezone="Europe/Berlin")
FEATURES = FeaturesConfig(past_covariates="p", future_covariates="f", static_covariates="s", calendar=("hour_of_day",))
OF_TIME = TimeFeatures(DATA, FEATURES)
SPLITS = ("train", "eval", "test")


def plan_of(window: Any, *, chunk_steps: int = 16) -> WindowPlan:
    return WindowPlan(data=DATA, features=FEATURES, window=window, chunk_steps=chunk_steps)


def rows_of(ids: Any, ordinals: Any, target: Any, past: Any = None, future: Any = None) -> SeriesRows:
    """Rows whose static covariate is their own ordinal; `run` says in which split they lie."""
    names, code = np.unique(np.asarray(ids, object), return_inverse=True)
    ordinals = np.asarray(ordinals, np.int64)
    past = np.asarray(target if past is None else past, np.float32).reshape(-1, 1)
    future = np.asarray(ordinals if future is None else future, np.float32).reshape(-1, 1)
    calendar = OF_TIME(ordinals * HOUR)
    columns = {
        NUMBERS: np.asarray(target, np.float32).reshape(-1, 1),
        "past_covariates": past,
        "future_covariates": np.concatenate([future, calendar], axis=1),
        "static_covariates": ordinals[:, None].astype(np.float32),
    }
    return SeriesRows(names, code, np.zeros(len(ordinals), np.int8), ordinals * HOUR, columns)


def take(rows: Any, index: Any) -> Any:
    return rows.take(np.asarray(index, np.int64))


def split_of(ordinals: Any, cuts: Any) -> Any:
    return np.searchsorted(cuts, ordinals, side="right").astype(np.int8)


def run(rows: Any, cuts: Any, plan: Any, *, batch: int = 7, group_rows: int = 1000) -> list[Any]:
    """The two passes without Beam: batches of each split, survey, routing, groups."""
    rows = dataclasses.replace(rows, split=split_of(rows.timestamp // HOUR, cuts))
    batches = []
    for at in range(len(SPLITS)):
        mine = np.flatnonzero(rows.split == at)
        batches += [take(rows, mine[i : i + batch]) for i in range(0, len(mine), batch)]
    survey = merge_surveys([survey_rows(part) for part in batches])
    grouping = Grouping.of(survey, survey.rows, group_rows=group_rows)
    groups: dict[Any, Any] = {}
    for part in batches:
        keys = grouping.keys(part.ids)[part.code]
        for key in np.unique(keys):
            groups.setdefault(key, []).append(take(part, np.flatnonzero(keys == key)))
    splits = split_bounds(survey.split_first, TimeGrid.of(plan.data))
    return [cut_group(SeriesRows.join(group), plan=plan, splits=splits, of_time=OF_TIME) for group in groups.values()]


def as_chunks(cut: Any, split: Any, plan: Any) -> Iterator[Chunk]:
    bounds = cut_chunks(cut.grid, cut.starts[split], chunk_steps=plan.chunk_steps, spec=plan.spec(split))
    for i in range(len(bounds.begin)):
        steps = slice(bounds.begin[i], bounds.end[i])
        series = cut.grid.code[bounds.begin[i]]
        yield Chunk(
            series_id=cut.grid.ids[series],
            timestamp=cut.timestamp[steps],
            target=cut.grid.target[steps],
            past_covariates=cut.grid.past[steps],
            future_covariates=cut.grid.future[steps],
            static_covariates=cut.grid.static[series],
            forecast_offsets=bounds.starts[bounds.split_at[i] : bounds.split_at[i + 1]] - bounds.begin[i],
        )


def keyed(windows: Any, into: Any) -> None:
    for row in range(len(windows["forecast_start"])):
        key = windows["series_id"][row], int(windows["forecast_start"][row])
        assert key not in into, "a window came out twice"
        into[key] = {name: values[row] for name, values in windows.items()}


def from_chunks(cuts_of: Any, split: Any, plan: Any) -> Any:
    found: dict[Any, Any] = {}
    for cut in cuts_of:
        for chunk in as_chunks(cut, split, plan):
            keyed(cut_windows(chunk, chunk.forecast_offsets, plan.spec(split)), found)
    return found


def materialised(cuts_of: Any, split: Any, plan: Any) -> Any:
    found: dict[Any, Any] = {}
    for cut in cuts_of:
        for windows in cut.windows(split, plan.spec(split)):
            keyed(windows, found)
    return found


def reference(rows: Any, cuts: Any, plan: Any) -> Any:
    """Every window by its definition, one series and one start at a time."""
    ordinal, columns = rows.timestamp // HOUR, rows.columns
    starts_of_split = [-math.inf, *(ordinal[split_of(ordinal, cuts) == i].min(initial=10**9) for i in (1, 2))]
    starts_of_split[1] = min(starts_of_split[1:])
    ends = [*starts_of_split[1:], math.inf]
    context_length, horizon = plan.window.context_length, plan.window.horizon
    found: dict[str, dict[Any, Any]] = {split: {} for split in SPLITS}
    for code, series in enumerate(rows.ids):
        mine = {int(o): i for i, o in zip(np.flatnonzero(rows.code == code), ordinal[rows.code == code], strict=True)}
        first, last = min(mine), max(mine)
        for split, low, high in zip(SPLITS, starts_of_split, ends, strict=True):
            stride = plan.window.stride if split == "train" else plan.window.eval_stride
            # Where no whole context fits, it begins before the series.
            for least in (context_length, plan.window.least_context):
                possible = [
                    start
                    for start in range(first + least, last + 2 - horizon)
                    if start >= low and start + horizon <= high
                ]
                if possible:
                    break
            for start in possible[::stride]:
                steps = np.arange(start - context_length, start + horizon)
                target = np.array([columns[NUMBERS][mine[o], 0] if o in mine else np.nan for o in steps], np.float32)
                past = np.array(
                    [columns["past_covariates"][mine[o], 0] if o in mine else np.nan for o in steps], np.float32
                )
                known = np.array(
                    [columns["future_covariates"][mine[o], 0] if o in mine else np.nan for o in steps], np.float32
                )
                measured = int((~np.isnan(target[:context_length])).sum())
                if not measured or measured < plan.window.min_observed * least:
                    continue
                if np.isnan(target[context_length:]).all():
                    continue
                context, observed = fill_gaps(target[None, :context_length])
                future = np.concatenate([known[:, None], OF_TIME(steps * HOUR)], axis=1)
                found[split][series, start * HOUR] = {
                    "context": context[0],
                    "context_observed": observed[0].astype(np.float32),
                    "past_covariates": fill_gaps(past[None, :context_length, None])[0][0],
                    "future_covariates": hold_known(future[None], context_length)[0],
                    "static_covariates": np.array([first], np.float32),
                    "target": target[context_length:],
                }
    return found


def assert_same_windows(found: Any, wanted: Any) -> None:
    assert sorted(found) == sorted(wanted)
    for key, window in wanted.items():
        for name, values in window.items():
            np.testing.assert_array_equal(found[key][name], values, err_msg=f"{key} {name}")


@st.composite
def panels(draw: Any) -> Any:
    ids, ordinals = [], []
    for series in range(draw(st.integers(1, 3))):
        first = draw(st.integers(-20, 20))
        steps = draw(st.lists(st.booleans(), min_size=1, max_size=45))
        present = [first + i for i, there in enumerate(steps) if there or i == 0]
        ids += [b"s%d" % series] * len(present)
        ordinals += present
    value = st.one_of(st.just(np.nan), st.integers(0, 9).map(float))
    columns = [draw(st.lists(value, min_size=len(ids), max_size=len(ids))) for _ in range(3)]
    order = draw(st.permutations(range(len(ids))))
    rows = rows_of(ids, ordinals, *columns)
    return take(rows, order)


windows = st.builds(
    WindowConfig,
    context_length=st.integers(1, 6),
    horizon=st.integers(1, 4),
    stride=st.integers(1, 4),
    eval_stride=st.integers(1, 3),
    min_observed=st.sampled_from([0.0, 0.5, 1.0]),
    min_context=st.sampled_from([None, 1, 2, 99]),
)


@settings(max_examples=60, deadline=None)
@given(
    rows=panels(),
    window=windows,
    cuts=st.tuples(st.integers(-10, 30), st.integers(0, 25)).map(lambda c: (c[0], c[0] + c[1])),
    chunk_steps=st.integers(1, 40),
    group_rows=st.sampled_from([1, 10, 1000]),
)
def test_windows_equal_those_of_a_plain_loop(
    rows: Any, window: Any, cuts: Any, chunk_steps: int, group_rows: Any
) -> None:
    plan = plan_of(window, chunk_steps=chunk_steps)
    cuts_of = run(rows, cuts, plan, group_rows=group_rows)
    wanted = reference(rows, cuts, plan)
    for split in SPLITS:
        assert_same_windows(from_chunks(cuts_of, split, plan), wanted[split])
        assert_same_windows(materialised(cuts_of, split, plan), wanted[split])


@settings(max_examples=50, deadline=None)
@given(window=windows, steps=st.integers(1, 120))
def test_gapless_series_gives_as_many_windows_as_the_formula(window: Any, steps: int) -> None:
    plan = plan_of(window.model_copy(update={"min_context": 99}))
    rows = rows_of([b"a"] * steps, np.arange(steps) + 1000, np.ones(steps))
    cuts_of = run(rows, (5000, 6000), plan)
    spec = plan.spec("train")
    formula = max(0, (steps - spec.length) // spec.stride + 1)
    assert sum(len(cut.starts["train"]) for cut in cuts_of) == formula


def test_context_of_the_first_eval_window_reaches_into_train() -> None:
    plan = plan_of(WindowConfig(context_length=4, horizon=2))
    cuts_of = run(rows_of([b"a"] * 20, range(20), range(20)), (10, 15), plan)
    found = {split: sorted(start // HOUR for _, start in from_chunks(cuts_of, split, plan)) for split in SPLITS}
    # train: forecasts start at 4 and end by 9; eval: 10 to 14; test: 15 to 19
    assert found == {"train": [4, 5, 6, 7, 8], "eval": [10, 11, 12, 13], "test": [15, 16, 17, 18]}


def test_a_series_without_room_for_a_whole_context_is_padded_in_front() -> None:
    plan = plan_of(WindowConfig(context_length=8, horizon=2, min_context=3))
    ids = [b"long"] * 40 + [b"short"] * 9
    cuts_of = run(rows_of(ids, [*range(40), *range(20, 29)], np.ones(49)), (26, 35), plan)
    train = from_chunks(cuts_of, "train", plan)
    assert sorted(start // HOUR for series, start in train if series == b"short") == [23, 24]
    # Of a series with room for whole contexts none is padded.
    assert min(start // HOUR for series, start in train if series == b"long") == 8
    observed = train[b"short", 24 * HOUR]["context_observed"]
    assert observed.tolist() == [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]
    # Eval has no whole context either, and its first one reaches back over train.
    evaluated = from_chunks(cuts_of, "eval", plan)
    assert sorted(start // HOUR for series, start in evaluated if series == b"short") == [26, 27]


def test_chunks_repeat_only_what_their_contexts_need() -> None:
    plan = plan_of(WindowConfig(context_length=4, horizon=2), chunk_steps=100)
    cuts_of = run(rows_of([b"a"] * 300, range(300), range(300)), (900, 950), plan)
    lengths = [len(chunk.target) for cut in cuts_of for chunk in as_chunks(cut, "train", plan)]
    # 295 starts, from 4 to 298, in stretches of 99, 99 and 97; each chunk reaches 4 back and 1 on.
    assert lengths == [104, 104, 102]


def test_short_series_is_one_chunk_wherever_it_lies() -> None:
    plan = plan_of(WindowConfig(context_length=4, horizon=2), chunk_steps=100)
    for first in range(100):
        cuts_of = run(rows_of([b"a"] * 150, np.arange(first, first + 150), np.ones(150)), (900, 950), plan)
        assert [len(chunk.target) for cut in cuts_of for chunk in as_chunks(cut, "train", plan)] == [150]


@settings(max_examples=60, deadline=None)
@given(
    series=st.lists(st.tuples(st.integers(0, 80), st.integers(1, 300)), min_size=1, max_size=4),
    window=st.builds(
        WindowConfig,
        context_length=st.integers(1, 40),
        horizon=st.integers(1, 10),
        stride=st.integers(1, 3),
        eval_stride=st.integers(1, 3),
        min_context=st.just(99),
    ),
    cuts=st.tuples(st.integers(1, 300), st.integers(0, 100)).map(lambda c: (c[0], c[0] + c[1])),
)
def test_chunks_hold_at_most_twice_the_numbers_of_the_rows(series: Any, window: Any, cuts: Any) -> None:
    length = window.context_length + window.horizon
    # As many steps in a chunk as the plan takes at least, against a window.
    plan = plan_of(window, chunk_steps=4 * length)
    ids = np.repeat([b"s%d" % at for at in range(len(series))], [steps for _, steps in series])
    ordinals = np.concatenate([np.arange(first, first + steps) for first, steps in series])
    cuts_of = run(rows_of(ids, ordinals, np.ones(len(ids))), cuts, plan, batch=1000)
    chunks = [chunk for cut in cuts_of for split in SPLITS_OF_CHUNKS for chunk in as_chunks(cut, split, plan)]
    # Time and target alone, beside which the positions of forecasts weigh most.
    written = sum(2 * len(chunk.target) + len(chunk.forecast_offsets) for chunk in chunks)
    assert written <= 2 * 2 * len(ids)


def test_calendar_is_right_in_steps_without_a_row() -> None:
    plan = plan_of(WindowConfig(context_length=4, horizon=2, min_observed=0.0))
    present = np.array([0, 1, 5, 6, 7, 8])
    cuts_of = run(rows_of([b"a"] * 6, present, np.ones(6)), (90, 95), plan)
    window = from_chunks(cuts_of, "train", plan)[b"a", 5 * HOUR]
    np.testing.assert_array_equal(window["future_covariates"][:, 1:], OF_TIME(np.arange(1, 7) * HOUR))
    # The column itself holds its last known value: the row of step 1, then those of 5 and 6.
    np.testing.assert_array_equal(window["future_covariates"][:, 0], [1, 1, 1, 1, 5, 6])


def test_missing_static_covariate_is_0_and_the_first_row_counts() -> None:
    rows = rows_of([b"a", b"a", b"b"], [5, 4, 9], [1, 1, 1])
    rows.columns["static_covariates"][:, 0] = [2, 1, np.nan]
    grid = to_grid(rows, TimeGrid.of(DATA))
    np.testing.assert_array_equal(grid.static, [[1], [0]])
    assert (grid.first.tolist(), grid.last.tolist()) == ([4, 9], [5, 9])


def test_two_rows_for_one_step_are_refused_by_series() -> None:
    rows = rows_of([b"a", b"b", b"b"], [3, 5, 5], [1, 2, 3])
    with pytest.raises(DataError, match="series 'b' has 1 steps with more than one row"):
        to_grid(rows, TimeGrid.of(DATA))


def test_a_split_without_rows_ends_where_it_begins() -> None:
    bounds = split_bounds(np.array([0, NEVER, 7 * HOUR]), TimeGrid.of(DATA))
    assert bounds["eval"] == (7, 7)
    assert (bounds["train"][1], bounds["test"][0]) == (7, 7)
