"""The sections of the report in words: the verdict first, then what it rests on, then how the run was made."""

import dataclasses

import numpy as np
import yaml

from tapeline.components.report.content import Content
from tapeline.components.report.error_figures import (
    autocorrelation_figure,
    cycle_figure,
    lead_step_figure,
    residual_figure,
    series_figure,
)
from tapeline.components.report.headline import alarm, checks, headline, verdict
from tapeline.components.report.page import Page, Section, Table
from tapeline.components.report.run_figures import learning_figure, timeline_figure, window_figure
from tapeline.components.report.selected_members import selection_table, selection_words
from tapeline.components.report.summary import worst_series
from tapeline.schemas.served_model import BASELINES
from tapeline.series.figures.style import safe
from tapeline.series.figures.wording import NAMES, Space, count, number, sentence, signed_percent, when
from tapeline.series.time_grid import TimeGrid

_MOST_LEAD_STEPS = 48
_MOST_SERIES_ROWS = 50
_LEAST_PHASES = 3


def build_page(content: Content) -> Page:
    """Puts the page together; its figures are not drawn yet."""
    config = content.config
    space = Space.of(content.errors.scale, config.data.unit)
    series = len(content.errors.series_ids)
    sections = [
        headline(content, space),
        _lead_steps(content, space),
        _forecasts(content),
        _training(content),
        _where(content, space),
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
        checks=checks(content),
        sections=[section for section in sections if section],
        footer=f"Made {content.origin.made} in run {safe(content.origin.run_id)}. This page needs no network.",
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
        tables=[table],
    )


def _forecasts(content: Content) -> Section | None:
    if not content.views:
        return None
    grid, unit = TimeGrid.of(content.config.data), safe(content.config.data.unit) or "target units"
    return Section(
        key="forecasts",
        title="Forecasts against the truth",
        paragraphs=[
            "Chosen by rule, not by eye: all test windows are ordered by their mean absolute error in scaled space; "
            "shown are those at the 50th, 0th, 100th, 5th and 95th percentile."
        ],
        figures=[window_figure(view, pick, grid=grid, unit=unit) for pick, view in content.views],
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
        tables=[selection_table(history)] if history.members else [],
    )


def _where(content: Content, space: Space) -> Section | None:
    errors = content.errors
    figures, tables = [], []
    mae = errors.series_mae
    if len(mae) > 1:
        figures.append(series_figure(errors))
        skill = 1.0 - errors.series_relative_mae
        order = worst_series(errors, most=_MOST_SERIES_ROWS)
        tables.append(
            Table(
                caption="Mean absolute error by series, and skill over its best naive forecast, the least first",
                head=("Series", "target's unit", "scaled", "skill"),
                rows=[
                    (
                        safe(errors.series_ids[i]),
                        number(mae[i] * errors.scale[i]),
                        number(mae[i]),
                        signed_percent(skill[i]),
                    )
                    for i in order
                ],
                numbers=frozenset({1, 2, 3}),
                folded=f"{len(order)} of {count(len(mae), 'series')} as a table",
                keep_words=False,
            )
        )
    for cycle, values in errors.cycles.items():
        if np.isfinite(values).sum() >= _LEAST_PHASES:
            figures.append(cycle_figure(cycle, values, errors.mae_scaled, space))
    if not figures:
        return None
    return Section(key="where", title="Where it errs", figures=figures, tables=tables)


def _residuals(content: Content, space: Space) -> Section | None:
    figures = []
    if len(content.errors.residuals):
        figures.append(residual_figure(content.errors, space))
    if content.autocorrelation is not None:
        figures.append(autocorrelation_figure(content.autocorrelation))
    if not figures:
        return None
    return Section(key="residuals-left", title="Residuals", figures=figures)


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
        figures=[timeline_figure(report.splits, grid=grid)],
        tables=[Table(caption="Splits", head=("Split", "Rows", "First", "Last"), rows=rows, numbers=frozenset({1}))],
    )


def _making(content: Content) -> Section:
    origin = content.origin
    tables = [
        Table(caption="Versions", head=("Package", "Version"), rows=tuple(origin.versions.items())),
        Table(
            caption="Fingerprints: the same hash, the same content",
            head=("Of", "Hash"),
            rows=tuple(origin.fingerprints.items()),
            keep_words=False,
        ),
        Table(
            caption="Artifacts that this report rests on, from ML Metadata; folders are below the pipeline root",
            head=("Part", "Type", "Id", "Folder"),
            rows=[(entry.part, entry.type_name, entry.id, entry.uri) for entry in origin.lineage],
            numbers=frozenset({2}),
        ),
    ]
    text = yaml.safe_dump(content.config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    return Section(key="making", title="How it was made", tables=tables, listing=("The configuration", text))
