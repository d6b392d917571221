"""The verdict as a person reads it on a terminal of 80 columns: in a sentence, as a table, and what went wrong or nearly did."""

import math
import textwrap
from collections.abc import Iterable, Iterator

from tapeline.pipeline.verdict import Verdict, headline, rivals, windows_text
from tapeline.schemas.check_wording import harder_test, in_words, number
from tapeline.schemas.checks import Check, is_close
from tapeline.schemas.errors import printable
from tapeline.schemas.evaluation_result import EvaluationResult
from tapeline.schemas.served_model import BASELINES, NAIVE

_COLUMNS = 80
_SERIES_SHOWN = 3
_LITTLE_SKILL = 0.01
"""So little skill over ridge that what was trained was not worth its while."""


def verdict_text(verdict: Verdict, *, verbose: bool = False) -> str:
    """Returns the verdict; with all requirements, or with those that failed or were nearly missed."""
    failed = [check for check in verdict.checks if not check.passed]
    close = [check for check in verdict.checks if is_close(check)]
    parts = [_wrapped(_sentence(verdict))]
    if failed:
        parts.append(_lines(failed))
    parts.append(_table(verdict.evaluation))
    parts += [_wrapped(remark, indent="  ") for remark in _remarks(verdict.evaluation)]
    if verbose:
        parts.append(_lines(check for check in verdict.checks if check.passed))
        return "\n\n".join(filter(None, parts))
    rest = len(verdict.checks) - len(failed) - len(close)
    word = "other requirement" if failed or close else "requirement"
    met = f"  {'All ' * (not failed and not close)}{rest} {word}{'s are' if rest != 1 else ' is'} met; -v lists them."
    parts.append("\n".join(filter(None, [_lines(close), met])))
    return "\n\n".join(parts)


def _sentence(verdict: Verdict) -> str:
    metrics = verdict.evaluation.metrics
    error, relative = metrics.get("mae", math.nan), metrics.get("relative_mae", math.nan)
    if not (math.isfinite(error) and math.isfinite(relative)):
        return f"{headline(verdict)}."
    unit = f" {printable(verdict.evaluation.unit)}" if verdict.evaluation.unit else ""
    compared = f"{abs(1.0 - relative):.1%} {'less' if relative <= 1.0 else 'more'} than the best naive forecast"
    joint = ": it" if verdict.blessed else ". It"
    return f"{headline(verdict)}{joint} errs by {number(error, digits=3)}{unit}, {compared}."


def _table(evaluation: EvaluationResult) -> str:
    """The model and what it is compared with: MAE in the target's unit, scaled, and over the best naive forecast's."""
    metrics = evaluation.metrics
    scaled, in_unit = (metrics.get(name, math.nan) for name in ("mae_scaled", "mae"))
    naive = min(metrics.get(f"mae_scaled_{name}", math.nan) for name in NAIVE)
    # Three digits of the model's own error; the others stand below it.
    digits = min(max(2 - math.floor(math.log10(in_unit)), 0), 9) if 0.0 < in_unit < math.inf else 3
    unit = f"MAE, {printable(evaluation.unit)}" if evaluation.unit else "MAE"
    head = (windows_text(evaluation), textwrap.shorten(unit, 14, placeholder="…"), "MAE scaled", "MAE / naive", "skill")
    rows = [head]

    def add(label: str, mae: float, mae_scaled: float, skill: str = "") -> None:
        over = mae_scaled / naive if naive else math.nan
        rows.append((label, _cell(mae, digits), _cell(mae_scaled, 5), _cell(over, 3), skill))

    add("this model", in_unit, scaled)
    for label, found, suffix in rivals(evaluation):
        other = found.get(f"mae_scaled{suffix}", math.nan)
        skill = 1.0 - scaled / other if other else math.nan
        shown = f"{skill:+.1%}" if math.isfinite(skill) else _ABSENT
        add(label, found.get(f"mae{suffix}", math.nan), other, shown)
    wide = max(len(row[0]) for row in rows)
    return "\n".join(
        f"  {name:<{wide}} {mae:>14} {error:>11} {over:>12} {skill:>8}".rstrip()
        for name, mae, error, over, skill in rows
    )


_ABSENT = "-"
"""Stands for what is no number."""


def _cell(value: float, digits: int) -> str:
    return _ABSENT if math.isnan(value) else f"{value:,.{digits}f}"


def _remarks(evaluation: EvaluationResult) -> Iterator[str]:
    """What a reader should know beside the table."""
    if harder := harder_test(evaluation.checks, evaluation.metrics):
        yield harder
    skill = evaluation.metrics.get("skill_over_ridge", math.nan)
    if skill < _LITTLE_SKILL:
        added = "nothing" if skill <= 0.0 else "little"
        much = f"{abs(skill):.1%} {'more' if skill < 0.0 else 'less'} error"
        yield f"The model adds {added} over {BASELINES['ridge']}, a linear regression: {much}."
    if evaluation.series_count > 1:
        yield from _series_remarks(evaluation)


def _series_remarks(evaluation: EvaluationResult) -> Iterator[str]:
    known = {name: found["relative_mae"] for name, found in evaluation.series.items() if "relative_mae" in found}
    worst = sorted(known, key=lambda name: (-known[name] if math.isfinite(known[name]) else -math.inf, name))
    if worst:
        shown = ", ".join(_series_skill(name, known[name]) for name in worst[:_SERIES_SHOWN])
        remark = f"Least skill of {evaluation.series_count:,} series, over their own best naive forecasts: {shown}."
        if len(known) == evaluation.series_count:
            harmed = sum(not value <= 1.0 for value in known.values())
            remark += (
                f" {f'{harmed:,}' if harmed else 'None'} {'are' if harmed > 1 else 'is'} forecast worse than naively."
            )
        yield remark
    judged = int(evaluation.metrics.get("judged_series", evaluation.series_count))
    if judged < evaluation.series_count:
        few = evaluation.series_count - judged
        yield f"Not judged one by one: {few:,} series with fewer test windows than gate.min_windows."


def _series_skill(name: str, relative: float) -> str:
    skill = f"{1.0 - relative:+.1%}" if math.isfinite(relative) else "not finite"
    return f"{printable(repr(name), most=40)} {skill}"


def _lines(checks: Iterable[Check]) -> str:
    return "\n".join(_line(check) for check in checks)


def _line(check: Check) -> str:
    mark = "REFUSED" if not check.passed else "close" if is_close(check) else "passed"
    return _wrapped(in_words(check), indent=f"  {mark:<7}  ", after=" " * 11)


def _wrapped(text: str, *, indent: str = "", after: str | None = None) -> str:
    later = indent if after is None else after
    return textwrap.fill(
        text,
        _COLUMNS,
        initial_indent=indent,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )
