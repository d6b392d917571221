"""Transform on Beam: the same records from one process and from several; refusals come from the main process."""

import pathlib
from typing import Any

import numpy as np
import pytest

from tapeline.components.transform import beam_analysis
from tapeline.pipeline.beam_arguments import beam_arguments
from tapeline.schemas.errors import DataError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, ScalingConfig, SplitConfig, WindowConfig
from tapeline.series.scaling import Scaler
from tests.row_files import write_row_file

WINDOW = WindowConfig(context_length=12, horizon=4, eval_stride=3)
SCALING = ScalingConfig()


def write_rows(
    folder: Any,
    *,
    steps: int = 120,
    series: int = 5,
    target: Any = lambda step: np.sin(step / 3),
    cuts: Any = (80, 100),
) -> None:
    step = np.tile(np.arange(steps), series)
    ids = np.repeat([b"s%d" % i for i in range(series)], steps)
    split = np.searchsorted(cuts, step, side="right")
    for at, name in enumerate(("train", "eval", "test")):
        (folder / f"Split-{name}").mkdir(parents=True)
        for part in range(2):
            mine = np.flatnonzero((split == at) & (np.arange(len(step)) % 2 == part))
            columns = {"series_id": ids[mine], "timestamp": step[mine] * 3600, "target": target(step[mine])}
            write_row_file(folder / f"Split-{name}" / f"rows-{part}.parquet", columns)


def run(
    home: Any, rows: Any, *, beam_args: Any = (), window: Any = WINDOW, scaling: Any = SCALING, execution: Any = "1"
) -> tuple[Any, Any]:
    """Returns the records of every file that the executor writes, in their order, and its artifacts."""
    import tensorflow as tf
    from tfx.dsl.components.base import base_beam_executor
    from tfx.types import standard_artifacts

    from tapeline.components.transform.executor import Executor

    def artifact(uri: Any, kind: Any = standard_artifacts.Examples) -> Any:
        made = kind()
        made.uri = str(uri)
        return made

    home.mkdir(exist_ok=True)
    outputs = {name: [artifact(home / name / execution)] for name in ("chunks", "windows")}
    outputs["transform_graph"] = [artifact(home / "transform_graph" / execution, standard_artifacts.TransformGraph)]
    context = base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=beam_arguments(tuple(beam_args)), tmp_dir=str(home / "temporary"), unique_id="1"
    )
    sections = {
        "data": DataConfig(frequency="H"),
        "features": FeaturesConfig(),
        "split": SplitConfig(),
        "scaling": scaling,
        "window": window,
    }
    Executor(context).Do(
        {"examples": [artifact(rows)]},
        outputs,
        {name: section.model_dump_json() for name, section in sections.items()},
    )
    files = {
        str(path.relative_to(home)): [
            tf.train.Example.FromString(record)
            for record in tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator()
        ]
        for name in ("chunks", "windows")
        for path in sorted((home / name / execution).rglob("*.gz"))
    }
    return files, outputs


def test_several_processes_write_the_same_records_in_the_same_files_as_one(tmp_path: pathlib.Path) -> None:
    write_rows(tmp_path / "rows")
    several = ["--direct_running_mode=multi_processing", "--direct_num_workers=2"]
    one, outputs = run(tmp_path / "one", tmp_path / "rows")
    other, _ = run(tmp_path / "other", tmp_path / "rows", beam_args=several)
    assert one == other
    assert sorted(path.rsplit("/", 2)[-2] for path in one) == sorted(
        # The Trainer's chunks, and the windows that are scored.
        ["Split-train", "Split-eval", "Split-test"]
    )
    (chunks,) = outputs["chunks"]
    # train: 80 - 16 + 1 starts; eval: starts 80 to 96 by 3 are 6; five series each.
    assert chunks.get_int_custom_property("train_windows") == 5 * 65
    assert chunks.get_int_custom_property("eval_windows") == 5 * 6
    assert chunks.get_int_custom_property("unmeasured_windows") == 0


def test_windows_without_measured_values_are_counted(tmp_path: pathlib.Path) -> None:
    def target(step: Any) -> Any:
        return np.where((step >= 80) & (step < 88), np.nan, np.sin(step / 3))

    write_rows(tmp_path / "rows", series=1, target=target)
    _, outputs = run(tmp_path / "out", tmp_path / "rows", window=WINDOW.model_copy(update={"min_observed": 0.25}))
    (chunks,) = outputs["chunks"]
    counts = [chunks.get_int_custom_property(f"{kind}_windows") for kind in ("train", "eval", "test", "unmeasured")]
    # Eval forecasts start at 80, 83, ..., 95. Of those at 80 and 83 nothing was measured (80 to 83, 83 to 86); all
    # contexts have at least 3 of 12 measured, such as 77, 78, 79 and 88 of the one before 89.
    assert counts == [65, 4, 6, 2]


def test_split_without_windows_is_refused(tmp_path: pathlib.Path) -> None:
    write_rows(tmp_path / "rows", cuts=(80, 83))
    with pytest.raises(DataError, match=r"eval: 15 rows give no window: at most 3 of its steps"):
        run(tmp_path / "out", tmp_path / "rows")


def test_series_without_scale_is_refused(tmp_path: pathlib.Path) -> None:
    write_rows(tmp_path / "rows", series=1, target=lambda step: np.where(step < 80, np.nan, 1.0))
    with pytest.raises(DataError, match="series 's0' have no measured value in the train split"):
        run(tmp_path / "out", tmp_path / "rows", scaling=ScalingConfig(per_series=True))


def test_another_window_does_not_fit_the_graph_again_and_other_rows_do(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = []

    def count(**options: Any) -> Any:
        fitted.append(options["target"])
        return beam_analysis.FitGraph(**options)

    monkeypatch.setattr("tapeline.components.transform.executor.FitGraph", count)
    write_rows(tmp_path / "rows", series=1)
    home = tmp_path / "Transform"
    run(home, tmp_path / "rows")
    _, outputs = run(home, tmp_path / "rows", window=WINDOW.model_copy(update={"horizon": 5}), execution="2")
    assert len(fitted) == 1
    one, other = (Scaler.load(str(home / "transform_graph" / execution)) for execution in "12")
    assert one.overall == other.overall
    assert outputs["chunks"][0].get_int_custom_property("train_windows") == 80 - 12 - 5 + 1

    run(home, tmp_path / "rows", scaling=ScalingConfig(method="standard"), execution="3")
    assert len(fitted) == 2
    write_rows(tmp_path / "others", series=1, target=lambda step: np.cos(step / 3))
    run(home, tmp_path / "others", execution="4")
    assert len(fitted) == 3


def test_duplicate_rows_are_refused(tmp_path: pathlib.Path) -> None:
    write_rows(tmp_path / "rows")
    twice = tmp_path / "rows" / "Split-eval"
    (twice / "rows-2.parquet").write_bytes((twice / "rows-0.parquet").read_bytes())
    with pytest.raises(DataError, match="has 10 steps with more than one row"):
        run(tmp_path / "out", tmp_path / "rows")


def test_series_with_more_steps_than_a_worker_holds_are_refused(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 120 steps with one number, 128 + 8 bytes each: one byte too few.
    monkeypatch.setattr("tapeline.series.grouping.series_survey.HELD_BYTES", 120 * 136 - 1)
    write_rows(tmp_path / "rows", series=2)
    with pytest.raises(DataError, match=r"series 's0' has 120 steps \(and 1 more series are too long\).* at most 119"):
        run(tmp_path / "out", tmp_path / "rows")


def test_a_long_series_is_a_group_of_its_own(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_rows(tmp_path / "rows", series=2)
    one, _ = run(tmp_path / "one", tmp_path / "rows")
    monkeypatch.setattr("tapeline.series.grouping.series_survey.GROUP_ROWS", 100)
    each, _ = run(tmp_path / "each", tmp_path / "rows")
    assert len(each) == 2 * len(one) == 6
    for (path, records), pair in zip(one.items(), zip(*[iter(each.items())] * 2, strict=True), strict=True):
        assert records == [record for _, some in pair for record in some], path


def test_rows_are_scaled_and_cut_in_one_job(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tfx.dsl.components.base import base_beam_executor

    made = []
    make = base_beam_executor.BaseBeamExecutor._make_beam_pipeline

    def count(executor: Any) -> Any:
        made.append(make(executor))
        return made[-1]

    monkeypatch.setattr(base_beam_executor.BaseBeamExecutor, "_make_beam_pipeline", count)
    write_rows(tmp_path / "rows", series=1)
    run(tmp_path / "out", tmp_path / "rows")
    assert len(made) == 1


def test_no_rows_are_refused(tmp_path: pathlib.Path) -> None:
    write_rows(tmp_path / "rows", steps=0)
    with pytest.raises(DataError, match=r"examples: hold no rows\. Check the source and the split's dates\."):
        run(tmp_path / "out", tmp_path / "rows")
