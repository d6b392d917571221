"""Short series at rolling origins: the statistical member beside forecasts that are refitted at every origin.

    python -m benchmarks.short_series --data-dir PATH
    python -m benchmarks.short_series --data-dir PATH --references references.json --only m4_weekly
    python -m benchmarks.short_series --whole --other series.json       # trainings as a run makes them

Chosen before the test part: settings, weights and the season are found on the first 85 % of a series, and what is
fitted is fitted once, on the first 70 %; the references see everything up to each origin. `references.json` holds their
mean absolute errors, `{series: {name: error}}`, at the same origins (`origins`); without it, statsmodels' ETS and Theta
are fitted here. The last column is the error over the best of them on each series, which is chosen by hindsight. Other
series are `{name: {"values": [...], "season": 12, "horizon": 12}}`.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import time
import warnings
from collections.abc import Iterator

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import numpy.typing as npt
import pandas as pd
import statsmodels.datasets
import tensorflow as tf
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.forecasting.theta import ThetaModel

from benchmarks.short_training import trained_forecasts
from tapeline.forecaster.statistical.histories import History
from tapeline.forecaster.statistical.statistical_forecaster import fit_statistical
from tapeline.schemas import features as names
from tapeline.series.season_finder import find_season

Doubles = npt.NDArray[np.float64]

MOST_ORIGINS = 8
"""Origins in the test part, spread evenly."""

M4_HORIZON, M4_CONTEXT, M4_SEASON, M4_EVAL = 13, 104, 52, 26


@dataclasses.dataclass(frozen=True)
class Series:
    """A short series; `season` is what a user would tell the references, 1 where there is none."""

    name: str
    values: Doubles
    season: int
    horizon: int


def all_series(folder: pathlib.Path, other: pathlib.Path | None = None) -> Iterator[Series]:
    """Yields statsmodels' own series and those of the folder that are there; or those of a file in their place."""
    if other is not None:
        for name, given in json.loads(other.read_text(encoding="utf-8")).items():
            yield Series(name, np.array(given["values"], np.float64), given["season"], given["horizon"])
        return
    load = {name: getattr(statsmodels.datasets, name).load_pandas().data for name in DATASETS}
    yield Series("sunspots", load["sunspots"].SUNACTIVITY.to_numpy(np.float64), 1, 8)
    yield Series("elnino", load["elnino"].iloc[:, 1:].to_numpy(np.float64).ravel(), 12, 12)
    for column in ("realgdp", "realcons", "realinv", "cpi", "tbilrate", "unemp", "infl"):
        yield Series(f"macro_{column}", load["macrodata"][column].to_numpy(np.float64), 4, 8)
    yield Series("nile", load["nile"].volume.to_numpy(np.float64), 1, 8)
    for column in ("WORLDCONSUMPTION", "COPPERPRICE"):
        yield Series(f"copper_{column}", load["copper"][column].to_numpy(np.float64), 1, 3)
    for file, column, name, season, horizon in FILES:
        if (folder / file).is_file():
            yield Series(name, pd.read_csv(folder / file)[column].to_numpy(np.float64), season, horizon)


DATASETS = ("sunspots", "elnino", "macrodata", "nile", "copper")

_FUEL = "consumos-combustibles-mensual.csv"
FILES = (
    ("expenditures_australia.csv", "turnover", "expenditures", 12, 12),
    ("visitas_por_dia_web_cienciadedatos.csv", "users", "visits", 7, 14),
    *(
        (_FUEL, column, f"fuel_{column}", 12, 12)
        for column in ("GLPs", "Gasolinas", "Querosenos", "Gasoleos", "Fueloleos")
    ),
    *(("simulated_items_sales.csv", f"item_{number}", f"item_{number}", 7, 14) for number in (1, 2, 3)),
    ("bicimad_users.csv", "users", "bicimad", 7, 14),
)


def origins(series: Series) -> npt.NDArray[np.int64]:
    """Returns where the forecasts of the test part start: in the last 15 % of the series."""
    count, horizon = len(series.values), series.horizon
    starts = np.arange(count - max(int(0.15 * count), horizon + 2), count - horizon + 1)
    chosen = np.round(np.linspace(0, len(starts) - 1, min(len(starts), MOST_ORIGINS))).astype(np.int64)
    return starts[chosen]


def our_forecasts(series: Series) -> Doubles:
    """Returns the forecasts of the statistical member at the origins, `[N, H]`."""
    starts, horizon = origins(series), series.horizon
    known = int(starts[0])
    trained = int(0.82 * known)
    learned = series.values[:trained]
    season = series.season if series.season > 1 else find_season([learned], longest=trained // 4) or 1
    length = int(min(max(4 * season, 25), (known - horizon) // 2))
    season = season if length > 2 * season else 1
    low, span = learned.min(), np.ptp(learned)
    scaled = ((series.values - low) / span).astype(np.float32)
    fit = fit_statistical(
        [History(b"series", scaled[:known], trained)],
        season=season,
        context_length=length,
        horizon=horizon,
        offset=np.full(2, low),
        scale=np.full(2, span),
    )
    assert fit is not None
    contexts = np.stack([scaled[start - length : start] for start in starts])
    window = {names.CONTEXT: tf.constant(contexts), names.CONTEXT_OBSERVED: tf.ones_like(contexts)}
    return fit.layer(window).numpy() * span + low


def whole_training(series: Series) -> Doubles:
    """Returns the forecasts of a training's selection at the origins, `[N, H]`."""
    return trained_forecasts(series.values, season=series.season, horizon=series.horizon, starts=origins(series))


def refitted(series: Series) -> dict[str, float]:
    """Returns the errors of statsmodels' ETS and Theta and of seasonal naive, refitted at every origin."""
    found: dict[str, list[float]] = {"naive": [], "ets": [], "theta": []}
    for start in origins(series):
        past, truth = series.values[:start], series.values[start : start + series.horizon]
        season, steps = series.season, np.arange(series.horizon)
        found["naive"].append(np.abs(past[len(past) - season + steps % season] - truth).mean())
        ets = ETSModel(
            past, trend="add", damped_trend=True, seasonal="add" if season > 1 else None, seasonal_periods=season
        ).fit(disp=False)
        found["ets"].append(np.abs(ets.forecast(series.horizon) - truth).mean())
        theta = ThetaModel(past, period=season, deseasonalize=season > 1, method="additive").fit()
        found["theta"].append(np.abs(theta.forecast(series.horizon).to_numpy() - truth).mean())
    return {name: float(np.mean(errors)) for name, errors in found.items()}


def m4_weekly(path: pathlib.Path) -> str:
    """Returns MASE and sMAPE on M4 Weekly, 13 weeks, means over the series; a short context is filled up and masked."""
    panel = {str(name): rows.value.to_numpy(np.float64) for name, rows in pd.read_parquet(path).groupby("series")}
    ids = sorted(panel, key=str.encode)
    known = [panel[name][:-M4_HORIZON] for name in ids]
    low = np.array([values[:-M4_EVAL].min() for values in known])
    span = np.array([np.ptp(values[:-M4_EVAL]) for values in known])
    scaled = [((values - a) / b).astype(np.float32) for values, a, b in zip(known, low, span, strict=True)]
    started = time.perf_counter()
    fit = fit_statistical(
        [History(name.encode(), values, len(values) - M4_EVAL) for name, values in zip(ids, scaled, strict=True)],
        season=M4_SEASON,
        context_length=M4_CONTEXT,
        horizon=M4_HORIZON,
        offset=np.append(low.mean(), low),
        scale=np.append(span.mean(), span),
    )
    seconds = time.perf_counter() - started
    assert fit is not None
    missing = [max(M4_CONTEXT - len(values), 0) for values in scaled]
    contexts = np.stack(
        [np.pad(values[-M4_CONTEXT:], (gap, 0), mode="edge") for values, gap in zip(scaled, missing, strict=True)]
    )
    window = {
        names.CONTEXT: tf.constant(contexts),
        names.CONTEXT_OBSERVED: tf.constant(np.arange(M4_CONTEXT) >= np.array(missing)[:, np.newaxis], tf.float32),
        names.SERIES_INDEX: tf.range(len(ids)),
    }
    ours = fit.layer(window).numpy() * span[:, np.newaxis] + low[:, np.newaxis]
    truth = np.stack([panel[name][-M4_HORIZON:] for name in ids])
    error = np.abs(ours - truth)
    unit = np.array([np.abs(np.diff(values)).mean() for values in known])[:, np.newaxis]
    mase, smape = (error / unit).mean(), (200.0 * error / (np.abs(ours) + np.abs(truth))).mean()
    return f"M4 Weekly: MASE {mase:.3f}, sMAPE {smape:.3f}; chosen in {seconds:.0f} s"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description="The statistical member on short series.")
    parser.add_argument("--data-dir", type=pathlib.Path, default=pathlib.Path("data"))
    parser.add_argument("--references", type=pathlib.Path, help="errors of other forecasts, JSON")
    parser.add_argument("--only", nargs="+", help="names of series")
    parser.add_argument("--other", type=pathlib.Path, help="other series in place of these, JSON")
    parser.add_argument("--whole", action="store_true", help="the selection of a whole training, not one member")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    given = json.loads(options.references.read_text(encoding="utf-8")) if options.references else {}
    ratios = []
    print("| series | rows | horizon | ours | best of the others | ours over it | s |\n|---|--:|--:|--:|---|--:|--:|")
    for series in all_series(options.data_dir / "any", options.other):
        if options.only and series.name not in options.only:
            continue
        started = time.perf_counter()
        starts = origins(series)
        truth = np.stack([series.values[start : start + series.horizon] for start in starts])
        forecasts = whole_training(series) if options.whole else our_forecasts(series)
        ours = float(np.abs(forecasts - truth).mean())
        seconds = time.perf_counter() - started
        others = given.get(series.name) or refitted(series)
        best = min(others, key=others.__getitem__)
        ratios.append(ours / others[best])
        print(
            f"| {series.name} | {len(series.values):,} | {series.horizon} | {ours:.4g} | {best} {others[best]:.4g} "
            f"| {ratios[-1]:.2f} | {seconds:.0f} |",
            flush=True,
        )
    if ratios:
        print(
            f"\nGeometric mean over {len(ratios)} series: {np.exp(np.mean(np.log(ratios))):.3f}, worst {max(ratios):.2f}"
        )
    path = options.data_dir / "m4_weekly.parquet"
    if path.is_file() and not options.whole and not options.other and (not options.only or "m4_weekly" in options.only):
        print(m4_weekly(path))


if __name__ == "__main__":
    main()
