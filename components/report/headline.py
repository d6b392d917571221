"""The top of the report: the verdict in a sentence, the error beside the baselines', and the numbers that matter."""

import math

from tapeline.components.report.bootstrap import Interval
from tapeline.components.report.content import Content
from tapeline.components.report.summary import OverallInterval
from tapeline.schemas.check_wording import harder_test, in_words, required_in_words
from tapeline.schemas.check_wording import number as checks_number
from tapeline.schemas.checks import Check
from tapeline.schemas.served_model import BASELINES, FORECAST, NAIVE
from tapeline.series.figures.style import safe
from tapeline.series.figures.wording import METRICS, NAMES, Space, count, metric_name, number, percent, when
from tapeline.series.pages.page import Bar, BarList, Section, Table, Tile, Verdict
from tapeline.series.time_grid import TimeGrid

_DIGITS = 6


def verdict(content: Content) -> Verdict:
    """The verdict in a word, and in a sentence or two what it rests on."""
    checks = content.result.checks
    failed = [check for check in checks if not check.passed]
    if content.result.blessed:
        met = f"All {count(len(checks), 'requirement')} are met."
        return Verdict(True, "Blessed", f"{_how_good(content)} {met}")
    if not failed:
        return Verdict(False, "Refused", f"The Evaluator refused it. {_how_good(content)}")
    reasons = "; ".join(_reason(check) for check in failed)
    head = f"{len(failed)} of {count(len(checks), 'requirement')} failed"
    said = (f"{head}: {reasons.rstrip('.')}.", _how_good(content), harder_test(checks, content.result.metrics))
    return Verdict(False, "Refused", " ".join(filter(None, said)))


def _how_good(content: Content) -> str:
    errors, metrics = content.errors, content.result.metrics
    naive = {name: metrics.get(f"mae_scaled_{name}", math.nan) for name in NAIVE}
    best = min(naive, key=lambda name: naive[name] if math.isfinite(naive[name]) else math.inf)
    unit = safe(content.config.data.unit) or "target units"
    if not (math.isfinite(errors.mae) and naive[best] > 0.0):
        return f"Its mean absolute error is {number(errors.mae)}."
    compared = f"{_compared(errors.mae_scaled / naive[best])} than {NAMES[best]}"
    if content.config.scaling.per_series and len(errors.series_ids) > 1:
        # The mean over series of different sizes would be that of the largest.
        return f"It errs {compared}."
    return f"It errs by {number(errors.mae)} {unit} on average, {compared}."


def _compared(ratio: float) -> str:
    return f"{percent(abs(1.0 - ratio))} {'less' if ratio <= 1.0 else 'more'}"


def against_baselines(content: Content, space: Space) -> BarList:
    """The error of the model and of what it is compared with, the smallest first."""
    metrics, previous = content.result.metrics, content.result.previous_metrics
    errors = {name: metrics.get(f"mae_scaled_{name}", math.nan) for name in BASELINES}
    own = content.errors.mae_scaled
    rows = [(NAMES[name], errors[name], name) for name in BASELINES]
    if "mae_scaled" in previous:
        rows.append(("the previous model", previous["mae_scaled"], "muted"))
    finite = [error for _, error, _ in rows if math.isfinite(error)]
    longest = max([*finite, own if math.isfinite(own) else 0.0]) or 1.0

    def bar(name: str, error: float, ink: str) -> Bar:
        aside = (
            f"this model errs {_compared(own / error)}"
            if error > 0.0 and math.isfinite(own) and ink != FORECAST
            else ""
        )
        length = error / longest if math.isfinite(error) else 0.0
        return Bar(name=name, length=length, value=space.text(error), aside=aside, ink=ink)

    rows.append((NAMES[FORECAST], own, FORECAST))
    # What is no number comes last; of equal errors the model first.
    rows.sort(key=lambda row: (math.isnan(row[1]), row[1], row[2] != FORECAST))
    return BarList(
        caption=f"Mean absolute error over {count(len(content.errors.forecast_start), 'test window')}",
        bars=[bar(*row) for row in rows],
        beside=True,
    )


def _reason(check: Check) -> str:
    return in_words(check, name=f"the {METRICS[check.metric]}" if check.metric in METRICS else "")


def alarm(content: Content) -> str:
    """What makes the verdict worthless: two computations of one number that differ; "" when they agree."""
    if content.agrees:
        return ""
    reported = content.result.metrics.get("mae_scaled", math.nan)
    return (
        f"the Evaluator's error ({_digits(reported)}) and the one recomputed from the same windows "
        f"({_digits(content.errors.mae_scaled)}) differ. Do not trust this verdict before the cause is known."
    )


def _digits(value: float) -> str:
    return f"{value:.{_DIGITS}f}" if math.isfinite(value) else number(value)


def checks(content: Content) -> Table:
    """Each requirement: what was measured, what was required, and the outcome in a word; open where one failed."""
    rows = [
        (metric_name(check.metric), _value(check.value), required_in_words(check), check.passed)
        for check in content.result.checks
    ]
    return Table(
        caption="What the gates require of the model, and what was measured",
        head=("Requirement", "Measured", "Required", "Result"),
        rows=rows,
        numbers=frozenset({1}),
        outcome=3,
        folded=f"All {count(len(rows), 'requirement')}",
        unfolded=not content.result.blessed,
    )


def _value(value: float) -> str:
    return checks_number(value).replace("-", "\u2212")


def headline(content: Content, space: Space) -> Section:
    """The error with its interval, how often intervals held, the number of windows, and every requirement."""
    config, errors, metrics, interval = content.config, content.errors, content.result.metrics, content.interval
    starts, grid = errors.forecast_start, TimeGrid.of(config.data)
    tiles = [
        Tile(
            name="Mean absolute error",
            value=number(errors.mae),
            unit=safe(config.data.unit) or "target units",
            asides=_between(interval.in_unit),
        ),
        Tile(name="In scaled space", value=number(errors.mae_scaled), asides=_between(interval.scaled)),
    ]
    if "interval_coverage_80" in metrics:
        width = space.text(metrics.get("interval_width_80_scaled", math.nan))
        tiles.append(
            Tile(
                name="Truth inside the 80 % interval",
                value=percent(metrics["interval_coverage_80"]),
                asides=(
                    f"which is {width} wide",
                    f"inside 95 %: {percent(metrics.get('interval_coverage_95', math.nan))}",
                ),
            )
        )
    tiles.append(
        Tile(
            name="Test windows",
            value=f"{len(starts):,}",
            asides=(f"from {when(int(starts.min()), grid)}", f"to {when(int(starts.max()), grid)}"),
        )
    )
    same = Table(
        caption="One number, computed twice: the mean absolute error in scaled space, free-running",
        head=("Computed by", "Value"),
        rows=(
            ("TFMA, in the Evaluator", _digits(metrics.get("mae_scaled", math.nan))),
            ("NumPy, from the test windows through the model's signature", _digits(errors.mae_scaled)),
            ("To six digits", "the same" if content.agrees else "NOT the same"),
        ),
        numbers=frozenset({1}),
        keep_words=False,
        folded="Computed twice",
        unfolded=not content.agrees,
    )
    return Section(
        key="numbers",
        title="In numbers",
        tiles=tiles,
        paragraphs=[_meaning(interval)],
        tables=[checks(content), _everything(content), same],
    )


def _everything(content: Content) -> Table:
    previous = content.result.previous_metrics
    rows = []
    for name, value in content.result.metrics.items():
        other = (_value(previous[name]),) if name in previous else ("",) if previous else ()
        rows.append((metric_name(name), _value(value), *other))
    return Table(
        caption="Everything the Evaluator measured on the test split, over all windows",
        head=("Metric", "This model", *(["The previous model"] if previous else [])),
        rows=rows,
        numbers=frozenset({1, 2}),
        folded="All metrics",
    )


def _between(interval: Interval | None) -> tuple[str]:
    if interval is None:
        return ("no interval, see below",)
    return (f"{percent(interval.level)}: {number(interval.low)} to {number(interval.high)}",)


def _meaning(interval: OverallInterval) -> str:
    if interval.scaled is None:
        return (
            f"There is no interval for the error: {count(interval.starts, 'forecast start')} hold fewer than four "
            f"blocks of {interval.block_length}, or the error is not finite."
        )
    return (
        "The intervals show how far the error may be from that of another stretch of time like this one; the gate "
        f"compares the error itself with its limit. They are from a block bootstrap ({interval.scaled.resamples:,} "
        f"resamples) over {interval.starts:,} forecast starts in blocks of {interval.block_length}: windows overlap, "
        "and single ones would make them too narrow."
    )
