"""A report's content without any artifact behind it: a trend with a season, forecast with a growing error."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from tapeline.components.report.content import (
    Content,
    DataGateFinding,
    DataGateReport,
    Importance,
    InputImportance,
    LineageEntry,
    Origin,
)
from tapeline.components.report.run_figures import SplitExtent
from tapeline.components.report.summary import (
    ShownWindow,
    autocorrelation,
    newest_windows,
    overall_interval,
    pick_windows,
)
from tapeline.components.report.training_history import History
from tapeline.components.report.window_errors import ErrorCollector, ScoredBatch
from tapeline.schemas.checks import Requirement
from tapeline.schemas.config import parse_config
from tapeline.schemas.evaluation_result import EvaluationResult
from tapeline.series.seasons import persistence, seasonal_naive
from tapeline.series.time_grid import TimeGrid

OFFSET, SCALE = 313.0, 59.0


def sample_content(
    *,
    series: Any = (b"series",),
    frequency: str = "W-SAT",
    starts: int = 320,
    horizon: int = 24,
    context: int = 104,
    season: int = 52,
    unit: str = "ppm",
    blessed: bool = True,
    noise: float = 0.006,
    missing: float = 0.02,
    broken_forecasts: float = 0.0,
    tfma_offset: float = 0.0,
    epochs: int = 60,
    findings: Any = (),
    name: str = "co2",
    seed: int = 0,
    intervals: bool = False,
) -> Content:
    rng = np.random.default_rng(seed)
    config = parse_config(
        {
            "name": name,
            "data": {
                "source": "statsmodels:co2",
                "time": "date",
                "target": "co2",
                "unit": unit,
                "frequency": frequency,
            },
            "window": {"context_length": context, "horizon": horizon},
            "gate": {"season": season},
        },
        origin="the sample",
    )
    grid = TimeGrid.of(config.data)
    length = context + starts + horizon
    first = int(grid.ordinals(np.array([880_000_000]))[0])
    time = np.arange(length)
    collector = ErrorCollector(grid=grid)
    windows: dict[int, Any] = {}
    for number, series_id in enumerate(series):
        wave = 0.06 * np.sin(2 * np.pi * time / season + number) + 0.5 * time / length
        values = 0.7 + wave + 0.004 * rng.normal(size=length)
        rows = np.arange(starts)[:, None]
        past = values[rows + np.arange(context)]
        target = values[rows + context + np.arange(horizon)]
        drift = np.sqrt(1 + np.arange(horizon) / 3) * (1 + number % 7 / 4)
        forecast = target + noise * drift * (rng.normal(size=target.shape) + rng.normal(size=(starts, 1)))
        forecast[rng.random(starts) < broken_forecasts] = np.nan
        target = np.where(rng.random(target.shape) < missing, np.nan, target)
        start = grid.timestamps(first + context + np.arange(starts))
        collector.add(
            ScoredBatch(
                series_id=np.array([series_id] * starts, object),
                forecast_start=start,
                target=target,
                forecasts={
                    "forecast": forecast,
                    "persistence": persistence(past, horizon=horizon),
                    "seasonal_naive": seasonal_naive(past, horizon=horizon, season=season),
                    "ridge": target + 1.3 * (forecast - target),
                },
                scale=np.full(starts, SCALE),
                usual_error=np.full(starts, 0.02),
            )
        )
        for i in range(starts):
            windows[number * starts + i] = (series_id, int(start[i]), past[i], target[i], forecast[i])
    errors = collector.result()

    def shown(place: int) -> ShownWindow:
        series_id, first_step, past, target, forecast = windows[place]
        past, target, forecast = (part * SCALE + OFFSET for part in (past, target, forecast))
        return ShownWindow(
            series_id=series_id,
            forecast_start=first_step,
            context=past,
            target=target,
            forecast=forecast,
            interval=(forecast - 0.5, forecast + 0.5) if intervals else None,
            scale=SCALE,
        )

    mae = errors.mae_scaled
    by_baseline = {each: float(np.mean(errors.lead_step[each])) for each in ("persistence", "seasonal_naive", "ridge")}
    metrics = {
        "mae_scaled": mae + tfma_offset,
        "mae": errors.mae,
        "finite_share": 1.0 - broken_forecasts,
        "window_count": float(starts * len(series)),
        **{f"mae_scaled_{each}": value for each, value in by_baseline.items()},
        **{f"skill_over_{each}": 1.0 - mae / value for each, value in by_baseline.items()},
    }
    outcomes = (
        (Requirement(metric="mae_scaled", relation="<", bound=0.015), blessed),
        (Requirement(metric="finite_share", relation=">=", bound=1.0), not broken_forecasts),
        (Requirement(metric="window_count", relation=">=", bound=10.0), True),
        (Requirement(metric="skill_over_persistence", relation=">", bound=0.0), True),
        (Requirement(metric="skill_over_seasonal_naive", relation=">", bound=0.0), True),
        (Requirement(metric="mae_scaled", relation="<=", bound=0.0161, against="previous"), True),
    )
    checks = tuple(requirement.judged(metrics[requirement.metric], passed=passed) for requirement, passed in outcomes)
    epoch = np.arange(1, epochs + 1)
    fall = np.exp(-epoch / 9)
    rate = np.where(epoch < 25, 1e-3, np.where(epoch < 41, 5e-4, 2.5e-4))
    edges = grid.timestamps(first + np.array([-1500, -351, -350, -1, 0, length]))
    return Content(
        config=config,
        result=EvaluationResult(
            blessed=blessed, checks=checks, metrics=metrics, by_lead_step={}, series={}, previous_metrics={}
        ),
        errors=errors,
        interval=overall_interval(errors, horizon=horizon, stride=1),
        views=tuple((pick, shown(pick.window)) for pick in pick_windows(errors)),
        newest=tuple(shown(place) for place in newest_windows(errors, horizon=horizon)),
        importance=Importance(
            256,
            3,
            (
                InputImportance("far context", "the 80 steps before the last 24", 2.31, 0.1),
                InputImportance("calendar", "week of year", 0.12, 0.01),
                InputImportance("price <b>", "covariate, known ahead", 0.0001, 0.002),
            ),
        ),
        autocorrelation=autocorrelation(errors, grid=grid, stride=1),
        history=History(
            epoch=epoch,
            loss=0.008 + 0.05 * fall + 0.0003 * rng.normal(size=epochs),
            val_loss=0.0105 + 0.03 * fall + 0.0004 * rng.normal(size=epochs),
            teacher_forced=0.007 + 0.012 * fall,
            learning_rate=rate,
            seconds=np.full(epochs, 0.9),
            kept_epoch=min(47, epochs),
            before_training=0.041,
            train_windows=1_023,
            eval_windows=300,
            parameters=37_761,
        ),
        data_gate=DataGateReport(
            series=len(series),
            errors=0,
            warnings=len(findings),
            findings=tuple(findings),
            omitted=0,
            splits=tuple(
                SplitExtent(split, int(rows), int(edges[2 * i]), int(edges[2 * i + 1]))
                for i, (split, rows) in enumerate(zip(("train", "eval", "test"), (1150, 350, length), strict=True))
            ),
        ),
        origin=Origin(
            run_id="2026-11-21T06:40:12.123456",
            made="2026-11-21 06:41 UTC",
            versions={
                "python": "3.10.20",
                "tfx": "1.16.0",
                "tensorflow": "2.16.2",
                "keras": "3.12.0",
                "apache-beam": "2.61.0",
            },
            fingerprints={
                "data": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "code": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
            },
            lineage=(
                LineageEntry("model", "Model", 12, "Trainer/model/9", "Trainer"),
                LineageEntry("evaluation", "ModelEvaluation", 15, "Evaluator/evaluation/11", "Evaluator"),
            ),
        ),
    )


@pytest.fixture(scope="session")
def make_content() -> Any:
    """Builds a report's content; see `sample_content`."""
    return sample_content


@pytest.fixture(scope="session")
def content() -> Any:
    """The content of a blessed model's report."""
    return sample_content()


@pytest.fixture(scope="session")
def nasty_names() -> tuple[bytes, bytes, bytes, bytes, bytes, bytes]:
    """Names that a careless page would run, break on, or draw as a formula."""
    return (
        b"<script>alert(1)</script>",
        b"$\\frac{1}$",
        b"a & \"b\" 'c'",
        b"\x00\x1b[31m",
        b"\xff\xfe",
        b"</title></svg>",
    )


@pytest.fixture(scope="session")
def a_finding() -> DataGateFinding:
    return DataGateFinding(
        "warning", "drift", "column co2, test", "the column lies 0.62 from train; the limit is 0.5.", "look at it."
    )


replace = dataclasses.replace
