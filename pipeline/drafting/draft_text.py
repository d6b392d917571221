"""Writes a draft down: as a commented YAML file, and as lines for a terminal.

>>> made = Draft(name="sales", decisions=(Decision("data.time", "day", "ISO 8601"),), unsure={}, warnings=())
>>> print(terminal_lines(made)[0])
data.time: day                    ISO 8601
"""

from collections.abc import Iterator
from typing import Any

import yaml

from tapeline.pipeline.drafting.decisions import Decision, Draft

_COLUMN = 34

_ROLES = {
    "future_covariates": "0 and 1, as of holidays: known ahead?",
    "past_covariates": "known ahead (then future_covariates), or only up to now?",
    "static_covariates": "one number a series",
}

_HEAD = """\
# Written by `tapeline init` from what it found in the data. Change what you know better; `tapeline help
# configuration` lists every key. What is left out is chosen for the data at each run, and printed: context, lags, calendar.
"""


def yaml_text(draft: Draft) -> str:
    """Returns the file."""
    sections: dict[str, list[Decision]] = {}
    for each in draft.decisions:
        sections.setdefault(each.key.split(".")[0], []).append(each)
    lines = [_HEAD.rstrip(), f"name: {draft.name}"]
    for section, decisions in sections.items():
        if section == "split":
            shares = ", ".join(f"{each.key.split('.')[1]}: {_flow(each.value)}" for each in decisions)
            lines += [f"# {decisions[0].reason}", f"split: {{{shares}}}"]
            continue
        lines.append(f"{section}:")
        for each in decisions:
            lines += [f"  # {each.reason}", f"  {each.key.split('.')[1]}: {_flow(each.value)}"]
        if section == "features":
            lines += [f"  # {line}" for line in _unsure(draft)]
    if "features" not in sections and draft.unsure:
        lines += [f"# {line}" for line in ("features:", *(f"  {line}" for line in _unsure(draft)))]
    return "\n".join(lines) + "\n"


def _unsure(draft: Draft) -> Iterator[str]:
    for role, meaning in _ROLES.items():
        if role in draft.unsure:
            yield f"{role}: {_flow(list(draft.unsure[role]))}  # {meaning}"
    if "text" in draft.unsure:
        yield f"categorical: {_flow(list(draft.unsure['text']))}  # text; name it in one of the lists above as well"


def decisions_in_words(draft: Draft) -> Iterator[tuple[str, str]]:
    """Yields the decisions with their reasons; how time is cut is one of them."""
    for each in draft.decisions:
        said = f"{each.key}: {_flow(each.value)}"
        if each.key.startswith("split."):
            if not each.reason:
                continue
            parts = [other.value for other in draft.decisions if other.key.startswith("split.")]
            said = f"split: {' / '.join(f'{100 * part:g}' if isinstance(part, float) else str(part) for part in parts)}"
            if each.key == "split.eval_steps":
                said = f"split: last {parts[0]} / {parts[1]} steps"
        yield said, each.reason


def terminal_lines(draft: Draft) -> list[str]:
    """Returns a line a decision, then what is unsure and what should be known."""
    lines = [f"{said:<{_COLUMN - 1}} {reason}".rstrip() for said, reason in decisions_in_words(draft)]
    for role, names in draft.unsure.items():
        part = "categorical" if role == "text" else role
        lines.append(f"{', '.join(names)}: maybe {part}, commented out in the file")
    return lines + [f"note: {warning}" for warning in draft.warnings]


def _flow(value: Any) -> str:
    """A value on one line, as YAML writes it."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
    return text.removesuffix("...\n").strip()
