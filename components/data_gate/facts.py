"""All facts of a stretch of time of some series.

    facts = Facts.of(rows, survey.of(rows.ids), rules, whole=False)
    whole = facts.merge(later)          # later times of the same series

Facts have a bounded size, and it does not matter where time is cut. So no
step needs a whole series.
"""

import dataclasses

import numpy as np

from tapeline.components.data_gate.few import Few
from tapeline.components.data_gate.gap_facts import GapFacts
from tapeline.components.data_gate.names import first_by_name
from tapeline.components.data_gate.rows import Rows, order_rows
from tapeline.components.data_gate.rules import Rules
from tapeline.components.data_gate.run_facts import RunFacts
from tapeline.components.data_gate.survey import Survey
from tapeline.components.data_gate.time_facts import TimeFacts
from tapeline.components.data_gate.time_samples import TimeSample
from tapeline.components.data_gate.window_facts import Bounds, WindowFacts
from tapeline.schemas.features import TARGET


@dataclasses.dataclass(frozen=True, eq=False)
class Facts:
    """Facts of a stretch of time of some series.

    Attributes:
        times: Order, repeated times, steps.
        samples: Times of series whose frequency may be wrong, by their position.
        infinite: Infinite values by column: row number and time.
        missing: Missing values of future-known and static covariates by column.
        varying: Values of static covariates that differ from the series' first one, by column.
        runs: Runs of equal target values.
        gaps: Gaps in the target and in past covariates, by column.
        windows: Windows by split.
    """

    times: TimeFacts
    samples: dict[int, TimeSample]
    infinite: dict[str, Few]
    missing: dict[str, Few]
    varying: dict[str, Few]
    runs: RunFacts
    gaps: dict[str, GapFacts]
    windows: WindowFacts

    @classmethod
    def of(cls, rows: Rows, survey: Survey, rules: Rules, *, whole: bool) -> "Facts":
        """The facts of rows.

        Args:
            rows: The rows; series in the order of the survey.
            survey: What is known of these series.
            rules: What they must keep.
            whole: Whether these are all rows of the series. Then samples are made only of those that will be named.
        """
        ordered = order_rows(rows, rules.grid)
        column = dict(zip(rules.columns, ordered.values.T, strict=True))
        times = TimeFacts.of(ordered)
        sampled = first_by_name(rows.ids, np.flatnonzero(times.wrong)) if whole else np.arange(len(rows.ids))
        samples = {}
        for code in sampled.tolist():
            here = slice(ordered.starts[code], ordered.ends[code])
            samples[code] = TimeSample.of(ordered.timestamp[here][~ordered.repeats[here]])
        known = (*rules.future, *rules.static)
        empty = survey.measured.sum(axis=1) == 0
        missing = {
            # A column without one value is another finding.
            name: ordered.offenders(np.isnan(column[name]) & ~empty[ordered.code, rules.columns.index(name)])
            for name in known
        }
        varying = {}
        for at, name in enumerate(rules.static):
            other = ~np.isnan(column[name]) & (column[name] != survey.static[ordered.code, at])
            varying[name] = ordered.offenders(other)
        first, last = survey.ordinals(rules.grid)
        return cls(
            times=times,
            samples=samples,
            infinite={name: ordered.offenders(np.isinf(values)) for name, values in column.items()},
            missing=missing,
            varying=varying,
            runs=RunFacts.of(ordered, column[TARGET], limit=rules.max_constant),
            gaps={name: GapFacts.of(ordered, column[name], limit=rules.max_gap) for name in (TARGET, *rules.past)},
            windows=WindowFacts.of(ordered, column[TARGET], Bounds.of(rules, first=first, last=last)),
        )

    def merge(self, later: "Facts") -> "Facts":
        """The facts of both stretches, one after the other."""

        def each(mine: dict, theirs: dict) -> dict:
            return {name: facts.merge(theirs[name]) for name, facts in mine.items()}

        return Facts(
            times=self.times.merge(later.times),
            samples=each(self.samples, later.samples),
            infinite=each(self.infinite, later.infinite),
            missing=each(self.missing, later.missing),
            varying=each(self.varying, later.varying),
            runs=self.runs.merge(later.runs),
            gaps=each(self.gaps, later.gaps),
            windows=self.windows.merge(later.windows),
        )
