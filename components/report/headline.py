"""The top of the report: the verdict, each requirement, and the numbers that matter."""

import math

from tapeline.components.report.bootstrap import Interval
from tapeline.components.report.content import Content
from tapeline.components.report.page import Section, Table, Tile, Verdict
from tapeline.components.report.summary import OverallInterval
from tapeline.schemas.check_wording import in_words, required_in_words
from tapeline.schemas.check_wording import number as checks_number
from tapeline.schemas.checks import Check
from tapeline.schemas.served_model import BASELINES
from tapeline.series.figures.style import safe
from tapeline.series.figures.wording import METRICS, NAMES, Space, count, metric_name, number, percent, sentence, when
from tapeline.series.time_grid import TimeGrid

_DIGITS = 6


def verdict(content: Content) -> Verdict:
    """The verdict in a word, and why in a sentence."""
    checks = content.result.checks
    failed = [check for check in checks if not check.passed]
    if content.result.blessed:
        limit = next((check for check in checks if check.metric == "mae_scaled"), None)
        why = f": {_reason(limit)}" if limit else ""
        return Verdict(True, "Blessed", sentence(f"all {count(len(checks), 'requirement')} were met{why}"))
    reasons = "; ".join(_reason(check) for check in failed)
    unmet = f"{len(failed)} of {count(len(checks), 'requirement')} {'was' if len(failed) == 1 else 'were'} not met"
    return Verdict(False, "Refused", sentence(f"{unmet}: {reasons}" if failed else "the Evaluator did not bless it"))


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
    """Each requirement: what was measured, what was required, and the outcome in a word."""
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
    )


def _value(value: float) -> str:
    return checks_number(value).replace("-", "\u2212")


def headline(content: Content, space: Space) -> Section:
    """The error with its interval, the skill over the baselines, and the number of windows."""
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
    for name in BASELINES:
        skill = metrics.get(f"skill_over_{name}", math.nan)
        aside = f"which errs by {space.text(metrics.get(f'mae_scaled_{name}', math.nan))}"
        more_or_less = "More" if skill < 0 else "Less"
        tiles.append(Tile(name=f"{more_or_less} error than {NAMES[name]}", value=percent(abs(skill)), asides=[aside]))
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
    )
    return Section(
        key="numbers",
        title="In numbers",
        tiles=tiles,
        paragraphs=[_meaning(interval)],
        tables=[same, _everything(content)],
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
        f"The intervals are from a block bootstrap ({interval.scaled.resamples:,} resamples) over "
        f"{interval.starts:,} forecast starts in blocks of {interval.block_length}: windows overlap, and errors follow "
        "each other in time, so single windows would make them too narrow. They show how far the error may be from "
        "that of another stretch of time like this one; the gate compares the error itself "
        "with its limit, not the interval."
    )
