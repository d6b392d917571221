"""What `Windows` refuses, from facts that its workers have gathered. Pure; raised in the main process."""

import numpy as np

from tapeline.components.transform.group import WindowPlan
from tapeline.components.transform.survey import Survey
from tapeline.schemas.errors import DataError
from tapeline.series.scaling import refusal


def check_survey(survey: Survey) -> None:
    """Refuses series without a scale.

    Raises:
        DataError: Transform found values of series that had none in the train split.
    """
    if survey.unscaled.any():
        raise DataError(refusal(survey.ids[survey.unscaled].tolist()))


def check_counts(counts: dict[str, int], survey: Survey, plan: WindowPlan) -> None:
    """Refuses splits without a window, all in one message.

    Args:
        counts: Windows in each split.
        survey: Facts about all rows.
        plan: How windows are cut.

    Raises:
        DataError: A split has none.
    """
    window = plan.window
    problems = []
    for split, (start, end) in survey.splits().items():
        if counts[split]:
            continue
        context_ends = survey.first + window.context_length
        steps = np.minimum(survey.last + 1, end) - np.maximum(context_ends, start)
        longest = max(0, int(steps.max()))
        if longest >= window.horizon:
            fix = (
                f"every context has less than {window.min_observed:.0%} measured values (window.min_observed) or its "
                "forecast none. Lower window.min_observed, or fill the series before"
            )
        else:
            fix = (
                f"at most {longest} of its steps lie in one series behind a context of {window.context_length} "
                f"(window.context_length), and a forecast takes {window.horizon} (window.horizon). Give the split more "
                "time (split), or shorten window.context_length or window.horizon"
            )
        problems.append(f"{split}: {survey.split_rows.get(split, 0)} rows give no window: {fix}.")
    if problems:
        raise DataError("window: not every split can be trained or scored on.\n" + "\n".join(problems))
