"""The gate on rows held in memory: statistics, schema, anomalies and series together."""

import json
import os
import pathlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tapeline.schemas.errors import DataError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import ChecksConfig, DataConfig, WindowConfig

DATA = DataConfig(frequency="W-SAT", time="date", target="co2")
WINDOW = WindowConfig(context_length=104, horizon=24)
CHECKS = ChecksConfig(max_gap=18, max_constant=8)
CURATED = (pathlib.Path(__file__).parents[4] / "schemas" / "co2" / "schema.pbtxt").read_text()


@pytest.fixture(scope="module")
def weeks() -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    from statsmodels.datasets import co2

    series = co2.load_pandas().data["co2"]
    return series.index.asi8 // 10**9, series.to_numpy(float)


def run(folder: Any, times: Any, values: Any, **options: Any) -> Any:
    # TFX and TFDV take ten seconds to import: not while the unit tests are collected.
    from tests.e2e.components.data_gate import gate_runs

    options = {"data": DATA, "window": WINDOW, "checks": CHECKS, "schema": CURATED, **options}
    return gate_runs.run_gate(folder, gate_runs.single_series(times, values), **options)


def refusal(folder: Any, times: Any, values: Any, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        run(folder, times, values, **options)
    return str(caught.value)


def test_co2_passes_with_its_curated_schema_and_a_warning_about_its_level(
    tmp_path: pathlib.Path, weeks: tuple[npt.NDArray[Any], npt.NDArray[Any]]
) -> None:
    gate = run(tmp_path, *weeks)
    report = json.loads((pathlib.Path(gate.report.uri) / "findings.json").read_text())
    assert report["errors"] == 0
    assert {finding["kind"] for finding in report["findings"]} == {"drift"}
    text = (pathlib.Path(gate.report.uri) / "report.txt").read_text()
    assert text.startswith("Data gate: PASSED (0 errors, ")
    assert gate.examples.split_names == gate.rows.split_names
    for split in ("train", "eval", "test"):
        (name,) = os.listdir(f"{gate.rows.uri}/Split-{split}")
        given, passed = (f"{uri}/Split-{split}/{name}" for uri in (gate.rows.uri, gate.examples.uri))
        assert os.path.samefile(given, passed)
        assert not os.path.islink(passed)


def test_a_series_too_long_for_a_worker_is_refused_with_its_rows(
    tmp_path: pathlib.Path, weeks: tuple[npt.NDArray[Any], npt.NDArray[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tapeline.series.grouping.series_survey.HELD_BYTES", 100 * 136)
    message = refusal(tmp_path, *weeks)
    assert (
        f"data: series 'series' has {len(weeks[0]):,} rows. A worker holds a series whole: at most 100 rows" in message
    )


def test_co2_passes_with_an_inferred_schema(
    tmp_path: pathlib.Path, weeks: tuple[npt.NDArray[Any], npt.NDArray[Any]]
) -> None:
    run(tmp_path, *weeks, schema=None)


def panel(size: int = 400) -> dict[str, dict[str, npt.NDArray[Any]]]:
    """Two hourly series of the same daily course, with a past, a future and a static covariate."""
    hours = np.arange(size)
    course = 10 + np.sin(2 * np.pi * hours / 24) + np.random.default_rng(0).normal(size=size) / 10
    parts = np.searchsorted([0.7 * size, 0.85 * size], hours, side="right")
    rows = {}
    for index, split in enumerate(("train", "eval", "test")):
        mine = hours[parts == index]
        both = np.repeat(mine, 2)
        rows[split] = {
            "series_id": np.tile(np.array([b"north", b"south"]), len(mine)),
            "timestamp": both * 3600,
            "row_number": 2 * both + np.tile([0, 1], len(mine)),
            "target": course[both] + np.tile([0.0, 0.5], len(mine)),
            "wind": course[both] * 2,
            "holiday": (both % 7 == 0).astype(float),
            "area": np.tile([3.0, 4.0], len(mine)),
        }
    return rows


PANEL: dict[str, Any] = {
    "data": DataConfig(frequency="H"),
    "window": WindowConfig(context_length=48, horizon=12),
    "features": FeaturesConfig(past_covariates=("wind",), future_covariates=("holiday",), static_covariates=("area",)),
}


def test_a_panel_with_covariates_passes_without_a_finding(tmp_path: pathlib.Path) -> None:
    from tests.e2e.components.data_gate import gate_runs

    gate = gate_runs.run_gate(tmp_path, panel(), **PANEL)
    report = json.loads((pathlib.Path(gate.report.uri) / "findings.json").read_text())
    assert report["findings"] == []
    assert report["series"] == 2
    # 280 train steps an series: 280 - 60 + 1 = 221 windows; 60 steps of eval and test: 60 - 12 + 1 = 49.
    assert [report["splits"][split]["windows"] for split in ("train", "eval", "test")] == [442, 98, 98]


def test_faults_of_a_panel_are_named_by_series_and_column(tmp_path: pathlib.Path) -> None:
    from tests.e2e.components.data_gate import gate_runs

    rows = panel()
    rows["eval"]["holiday"][3] = np.nan
    rows["test"]["area"][0] = 9.0
    rows["test"]["wind"][:] = np.nan
    with pytest.raises(DataError) as caught:
        gate_runs.run_gate(tmp_path, rows, **PANEL)
    message = str(caught.value)
    assert "[missing_covariate] series 'south', column 'holiday': 1 row without a value: row 563 " in message
    assert (
        "[static_varies] series 'north', column 'area': 1 row with another value than the first one, 3: row 680 "
        in message
    )
    assert "[no_values] column 'wind', test: not one value in 120 rows, and there are some in another split." in message


def test_all_errors_stand_in_one_refusal_and_the_report_survives(
    tmp_path: pathlib.Path, weeks: tuple[npt.NDArray[Any], npt.NDArray[Any]]
) -> None:
    times, values = weeks
    values = values.copy()
    values[300] = np.inf
    values[500:520] = 320.0
    times = np.concatenate([times[:1000], times[1026:], times[1500:1510]])
    values = np.concatenate([values[:1000], values[1026:], values[1500:1510]])
    message = refusal(tmp_path, times, values)
    for kind in ("infinite_values", "constant_run", "gap", "duplicate_timestamps", "unordered_timestamps", "schema"):
        assert f"[{kind}]" in message
    assert "26 steps from 1977-05-28 to 1977-11-19" in message
    kept = tmp_path / "DataGate" / "refused" / "7" / "report.txt"
    assert f"The whole report: {kept}" in message
    assert kept.read_text().startswith("Data gate: REFUSED")
    assert not (tmp_path / "DataGate" / "examples").exists()


def test_fifty_rows_are_refused_for_their_length(
    tmp_path: pathlib.Path, weeks: tuple[npt.NDArray[Any], npt.NDArray[Any]]
) -> None:
    message = refusal(tmp_path, weeks[0][400:450], weeks[1][400:450])
    assert "[no_windows] train: no window fits: the longest series has 35 steps" in message
    assert "window.context_length + window.horizon = 104 + 24 = 128" in message


def test_a_value_outside_the_curated_range_is_refused(
    tmp_path: pathlib.Path, weeks: tuple[npt.NDArray[Any], npt.NDArray[Any]]
) -> None:
    values = weeks[1].copy()
    values[2000] = 3700.0
    message = refusal(tmp_path, weeks[0], values)
    assert "[schema] target, test: Unexpectedly high value: 3700>500; the schema allows 280 to 500." in message


def test_a_cell_that_stretches_the_scale_is_refused_whatever_the_schema_allows(
    tmp_path: pathlib.Path, weeks: tuple[npt.NDArray[Any], npt.NDArray[Any]]
) -> None:
    values = weeks[1].copy()
    values[300] = 9999.0
    message = refusal(tmp_path, weeks[0], values, schema=None)
    assert "1 error, " in message
    assert "[scale_outliers] target, train: 1 value of train sets the scale: the range is 9" in message
    assert "times as small: row 300 (1963-12-28): 9999. Fix: correct these cells" in message


def test_a_file_that_cannot_be_linked_is_copied(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tapeline.components.data_gate.executor import link_or_copy

    def other_device(source: Any, target: Any) -> None:
        raise OSError("Invalid cross-device link")

    source, target = tmp_path / "source.gz", tmp_path / "target.gz"
    source.write_bytes(b"rows")
    monkeypatch.setattr(os, "link", other_device)
    link_or_copy(str(source), str(target))
    assert target.read_bytes() == b"rows"
    assert not os.path.samefile(source, target)
