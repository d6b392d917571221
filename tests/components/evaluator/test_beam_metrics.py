"""What the gate is told of series one by one, whatever their number."""

import json
from typing import Any

from tapeline.components.evaluator.beam_metrics import series_summary
from tapeline.series.series_skill import MOST_SHOWN, SUMS, SeriesSkills, vector

LIMITS = {"badly_harmed_share": 0.25, "harmed_share": 0.05}


def skills(relative: list[float], windows: list[int]) -> SeriesSkills:
    table = {}
    for i, (error, count) in enumerate(zip(relative, windows, strict=True)):
        sums = dict.fromkeys(SUMS, 1.0) | {"windows": count, "absolute": error}
        table[b"s%03d" % i] = vector(sums)
    return SeriesSkills.of(table)


def summary(found: SeriesSkills) -> dict[str, Any]:
    return series_summary(found, least_windows=10, worse_by=LIMITS)


def test_shares_are_of_the_series_that_have_windows_enough() -> None:
    found = summary(skills([0.5, 1.1, 1.5, 9.0], [10, 10, 10, 9]))
    assert found["judged_series"] == 3.0
    assert (found["harmed_share"], found["badly_harmed_share"]) == (2 / 3, 1 / 3)
    told = json.loads(found["series_skills"])
    assert (told["series"], told["judged"], told["harmed"]) == (4, 3, {"badly_harmed_share": 1, "harmed_share": 2})
    # The one that is not judged is told as well.
    assert [row["series_id"] for row in told["worst"]] == ["s003", "s002", "s001", "s000"]


def test_where_no_series_has_windows_enough_none_is_harmed() -> None:
    found = summary(skills([9.0, 9.0], [1, 1]))
    assert (found["judged_series"], found["harmed_share"], found["badly_harmed_share"]) == (0.0, 0.0, 0.0)


def test_the_worst_judged_series_are_told_however_many_are_not_judged() -> None:
    found = summary(skills([9.0] * 50 + [2.0], [1] * 50 + [10]))
    worst = json.loads(found["series_skills"])["worst"]
    assert len(worst) == MOST_SHOWN + 1
    assert worst[-1]["series_id"] == "s050"
