"""The sections of the report in words: the verdict first, then what it rests on, then how the run was made."""

import dataclasses

import numpy as np
import yaml

from tapeline.components.report.content import Content
from tapeline.components.report.error_figures import (
    LEAD_STEP,
    autocorrelation_figure,
    cycle_figure,
    lead_step_figure,
    residual_figure,
)
from tapeline.components.report.headline import against_baselines, alarm, headline, verdict
from tapeline.components.report.insight_sections import leaning, series_section
from tapeline.components.report.next_chart import NEXT, next_charts
from tapeline.components.report.next_forecast import forecast_section
from tapeline.components.report.run_charts import (
    autocorrelation_chart,
    cycle_chart,
    lead_step_chart,
    learning_chart,
    series_charts,
    window_chart,
)
from tapeline.components.report.run_figures import (
    NEWEST,
    learning_figure,
    newest_figure,
    timeline_figure,
    window_figure,
)
from tapeline.components.report.selected_members import selection_table, selection_words
from tapeline.schemas.served_model import BASELINES
from tapeline.series.figures.style import safe
from tapeline.series.figures.wording import NAMES, Space, count, number, sentence, when
from tapeline.series.pages.charts import SeriesCharts
from tapeline.series.pages.page import Page, Section, Table
from tapeline.series.time_grid import TimeGrid

_MOST_LEAD_STEPS = 48
_FIGURES_AT_ONCE = 3
_LEAST_PHASES = 3


def build_page(content: Content) -> Page:
    """Puts the page together; its figures are not drawn yet."""
    config = content.config
    space, grid = Space.of(content.errors.scale, config.data.unit), TimeGrid.of(config.data)
    unit = safe(config.data.unit) or "target units"
    series = len(content.errors.series_ids)
    by_series = _by_series(content, grid=grid, unit=unit, space=space)
    newest = _newest(content, by_series, grid=grid, unit=unit)
    first = _first(content, space, newest)
    sections = [
        leaning(content),
        series_section(content, space),
        _lead_steps(content, space),
        _forecasts(content, newest if first.charts != newest.charts else None),
        headline(content, space),
        _where(content, space),
        _training(content),
        _residuals(content, space),
        _data(content),
        _making(content),
    ]
    return Page(
        title=f"{safe(config.name)}: forecast report",
        lead=(
            f"{count(config.window.horizon, 'step')} ahead from {count(config.window.context_length, 'step')} of "
            f"context, frequency {config.data.frequency}, {count(series, 'series')}"
            f"{', in ' + safe(config.data.unit) if config.data.unit else ''}."
        ),
        verdict=verdict(content),
        alarm=alarm(content),
        first=first,
        sections=[section for section in sections if section],
        by_series=by_series,
        footer=f"Made {content.origin.made} in run {safe(content.origin.run_id)}. This page needs no network.",
    )


def _first(content: Content, space: Space, newest: Section) -> Section:
    """The next forecast, or the newest test forecast where there is none, and the error beside the baselines'."""
    ahead = forecast_section(content.next_forecast, content.config, eval_windows=content.history.eval_windows)
    bars = [against_baselines(content, space)]
    if ahead is None or not ahead.figures:
        return dataclasses.replace(newest, key="first", bars=bars, paragraphs=ahead.paragraphs if ahead else ())
    figures = [dataclasses.replace(figure, title=ahead.title) for figure in ahead.figures]
    return dataclasses.replace(ahead, key="first", title="", figures=figures, bars=bars)


def _by_series(content: Content, *, grid: TimeGrid, unit: str, space: Space) -> SeriesCharts:
    """The charts of single series, the next forecast among them."""
    found = series_charts(content.errors, content.newest, grid=grid, unit=unit, space=space)
    if isinstance(content.next_forecast, str):
        return found
    ahead = next_charts(content.next_forecast, [view.series_id for view in content.newest], unit=unit)
    return dataclasses.replace(found, charts={**found.charts, NEXT: ahead})


def _newest(content: Content, by_series: SeriesCharts, *, grid: TimeGrid, unit: str) -> Section:
    """The newest test forecast of a series, to be exchanged with that of another one."""
    if not content.newest:
        return Section(key="newest", title="")
    view = content.newest[by_series.first]
    return Section(
        key="newest",
        title="",
        figures=[newest_figure(view, grid=grid, unit=unit)],
        charts={NEWEST: window_chart(view, grid=grid, unit=unit)},
    )


def _lead_steps(content: Content, space: Space) -> Section:
    lead = content.errors.lead_step
    horizon = len(lead["forecast"])
    steps = np.unique(np.round(np.linspace(0, horizon - 1, min(horizon, _MOST_LEAD_STEPS))).astype(int))
    names = ("forecast", *BASELINES)
    table = Table(
        caption=f"Mean absolute error by lead step, {space.unit}; in the last column scaled",
        head=("Lead step", *(NAMES[name] for name in names), "scaled"),
        rows=[
            (
                f"{step + 1:,}",
                *(number(lead[name][step] * space.factor) for name in names),
                number(lead["forecast"][step]),
            )
            for step in steps
        ],
        numbers=frozenset(range(1, 6)),
        folded="The same as a table" if len(steps) == horizon else f"{len(steps)} of the lead steps as a table",
    )
    return Section(
        key="lead-steps",
        title="How far ahead it can be trusted",
        figures=[lead_step_figure(content.errors, space)],
        charts={LEAD_STEP: lead_step_chart(lead, factor=space.factor, unit=space.unit)} if horizon > 1 else {},
        tables=[table],
    )


def _forecasts(content: Content, newest: Section | None) -> Section | None:
    if not content.views:
        return None
    grid, unit = TimeGrid.of(content.config.data), safe(content.config.data.unit) or "target units"
    figures = [window_figure(view, pick, grid=grid, unit=unit) for pick, view in content.views]
    return Section(
        key="forecasts",
        title="Forecasts against the truth",
        paragraphs=["Chosen by rule: the test windows with the middle, the least and the largest error."],
        figures=[*(newest.figures if newest else ()), *figures[:_FIGURES_AT_ONCE]],
        more_figures=figures[_FIGURES_AT_ONCE:],
        charts={
            figure.key: window_chart(view, grid=grid, unit=unit)
            for figure, (_, view) in zip(figures, content.views, strict=True)
        }
        | (dict(newest.charts) if newest else {}),
    )


def _training(content: Content) -> Section:
    history = content.history
    seconds = float(np.nansum(history.seconds)) + sum(float(np.nansum(other.seconds)) for other in history.others)
    epochs = len(history.epoch) + sum(len(other.epoch) for other in history.others)
    candidates = len(history.others) + 1
    return Section(
        key="training",
        title="Training",
        paragraphs=[
            f"{count(history.parameters, 'parameter')}, {count(history.train_windows, 'window')} an epoch, "
            + (
                f"{count(epochs, 'epoch')} of {candidates} candidates side by side: {number(seconds, 2)} seconds, added up."
                if candidates > 1
                else f"{count(epochs, 'epoch')} in {number(seconds, 2)} seconds."
            ),
            *selection_words(history),
        ],
        figures=[learning_figure(history)],
        charts={"learning_curves": learning_chart(history)},
        tables=[selection_table(history)] if history.members else [],
    )


def _where(content: Content, space: Space) -> Section | None:
    errors = content.errors
    figures, charts = [], {}
    for cycle, values in errors.cycles.items():
        if np.isfinite(values).sum() >= _LEAST_PHASES:
            figures.append(cycle_figure(cycle, values, errors.mae_scaled, space))
            charts[figures[-1].key] = cycle_chart(cycle, values, space)
    if not figures:
        return None
    return Section(key="where", title="When it errs", figures=figures, charts=charts)


def _residuals(content: Content, space: Space) -> Section | None:
    figures, charts = [], {}
    if len(content.errors.residuals):
        figures.append(residual_figure(content.errors, space))
    if content.autocorrelation is not None:
        figures.append(autocorrelation_figure(content.autocorrelation))
        charts[figures[-1].key] = autocorrelation_chart(content.autocorrelation)
    if not figures:
        return None
    return Section(key="residuals-left", title="Residuals", figures=figures, charts=charts)


def _data(content: Content) -> Section:
    report, grid = content.data_gate, TimeGrid.of(content.config.data)
    found = f"{count(report.errors, 'error')} and {count(report.warnings, 'warning')}"
    if not report.errors and not report.warnings:
        found = "no errors and no warnings"
    paragraphs = [f"The data gate checked {count(report.series, 'series')} and found {found}."]
    if report.omitted:
        paragraphs.append(f"{count(report.omitted, 'finding')} more of the same kinds are not listed.")
    if report.sampled:
        paragraphs.append(report.sampled)
    split = content.config.split
    if split.from_ends:
        paragraphs.append(
            f"Each series is cut from its own end: its last {split.test_steps} steps are test, the {split.eval_steps} "
            "before them eval. So the cut-offs differ between series, and the splits overlap in time; within a series "
            "they never do."
        )
    rows = [
        (
            split.name,
            f"{split.rows:,}",
            when(split.first, grid) if split.first is not None else "none",
            when(split.last, grid) if split.last is not None else "none",
        )
        for split in report.splits
    ]
    return Section(
        key="data",
        title="The data",
        paragraphs=paragraphs,
        findings=[dataclasses.replace(finding, fix=sentence(finding.fix)) for finding in report.findings],
        figures=[timeline_figure(report.splits, grid=grid, own_ends=split.from_ends)],
        tables=[Table(caption="Splits", head=("Split", "Rows", "First", "Last"), rows=rows, numbers=frozenset({1}))],
    )


def _making(content: Content) -> Section:
    origin = content.origin
    tables = [
        Table(caption="Versions", head=("Package", "Version"), rows=tuple(origin.versions.items()), folded="Versions"),
        Table(
            caption="Fingerprints: the same hash, the same content",
            head=("Of", "Hash"),
            rows=tuple(origin.fingerprints.items()),
            keep_words=False,
            folded="Fingerprints",
        ),
        Table(
            caption="Artifacts that this report rests on, from ML Metadata; folders are below the pipeline root",
            head=("Part", "Type", "Id", "Folder"),
            rows=[(entry.part, entry.type_name, entry.id, entry.uri) for entry in origin.lineage],
            numbers=frozenset({2}),
            folded="Artifacts",
        ),
    ]
    text = yaml.safe_dump(content.config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    return Section(key="making", title="How it was made", tables=tables, listing=("The configuration", text))
