"""Every mistake in a configuration, each with its key path and line.

A validator stops at the first thing that it cannot read. Here each mistake is
noted and taken out of the tree, and the tree is checked again. A second
mistake of a value that was found wrong already is left out.

>>> find_mistakes(pydantic.create_model("Window", horizon=(int, ...)), {"horizon": "x"}, node=None)
["horizon: got 'x', should be a valid integer, unable to parse string as an integer."]
"""

import copy
import dataclasses
import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pydantic
import yaml

from tapeline.schemas.errors import printable

Place = tuple[Any, ...]
"""Keys and list positions from the root to a value."""


@dataclasses.dataclass(frozen=True)
class Clash:
    """Values that are right one by one and cannot stand together.

    Attributes:
        keys: Dotted keys of all values involved, from the section that raises; the message stands at the first.
        message: What is wrong and how to fix it.
    """

    keys: tuple[str, ...]
    message: str


class ClashError(ValueError):
    """Raised by a section's validator; holds all clashes that it found."""

    def __init__(self, clashes: Sequence[Clash]) -> None:
        super().__init__("; ".join(clash.message for clash in clashes))
        self.clashes = tuple(clashes)


def find_mistakes(model: type[pydantic.BaseModel], tree: Any, *, node: yaml.Node | None) -> list[str]:
    """Returns one line for each mistake, in the file's order; none when the tree is a valid configuration.

    Args:
        model: The configuration's class.
        tree: Mappings, lists and scalars, as YAML gives them; left as it is.
        node: The YAML node of `tree`, for line numbers.
    """
    given, tree = tree, copy.deepcopy(tree)
    lines = dict(_lines(node))
    judged: list[Place] = []
    mistakes: list[tuple[int, str]] = []
    while True:
        before = tuple(judged)
        try:
            model.model_validate(tree)
        except pydantic.ValidationError as error:
            repaired = False
            for problem in _one_a_value(error.errors(), tree):
                for places, text in _split(problem, model):
                    if not any(_overlap(place, old) for place in places for old in before):
                        line = _line(places[0], lines)
                        where = printable(_path(places[0], given), most=200) + (f" (line {line})" if line else "")
                        mistakes.append((line, f"{where}: {text}"))
                        judged += places
                    for place in places:
                        repaired |= _repair(tree, place, missing=problem["type"] == "missing")
            if repaired:
                continue
        return [text for _, text in sorted(mistakes, key=lambda mistake: mistake[0])]


def _one_a_value(problems: Sequence[Any], tree: Any) -> list[Any]:
    """Returns one problem for each value: of a value that may be a number or a word, pydantic tells both."""
    kept: dict[Place, Any] = {}
    for problem in problems:
        place, value = problem["loc"], tree
        for depth, step in enumerate(problem["loc"]):
            value = _get(value, step)
            if value is _ABSENT:
                # What follows in the place names an alternative of a type; of a missing key there is one problem only.
                place = place[:depth] if problem["type"] != "missing" else place
                break
        if place in kept and problem["type"] == "literal_error":
            kept[place] = {**kept[place], "msg": f"{kept[place]['msg']} or {problem['ctx']['expected']}"}
        else:
            kept[problem["loc"] if place in kept else place] = problem
    return list(kept.values())


def _split(problem: Any, model: type[pydantic.BaseModel]) -> Iterator[tuple[list[Place], str]]:
    """Yields the values that a problem of pydantic's involves, and our words for it."""
    place, kind, given = problem["loc"], problem["type"], problem["input"]
    error = problem.get("ctx", {}).get("error")
    if isinstance(error, ClashError):
        for clash in error.clashes:
            yield [(*place, *_steps(key)) for key in clash.keys], f"{clash.message}."
    elif kind == "extra_forbidden":
        yield [place], f"unknown key. {_near(place, model)}`tapeline help configuration` lists the keys."
    elif kind == "missing":
        yield [place], "is required and missing. Add it."
    elif kind == "value_error":
        yield [place], f"got {_brief(given)}: {error}."
    elif kind in ("model_type", "dict_type", "model_attributes_type"):
        yield [place], f"got {_brief(given)}, should be a mapping of keys to values."
    elif kind == "tuple_type":
        yield [place], f"got {_brief(given)}, should be a list."
    else:
        message = problem["msg"].removeprefix("Input ")
        is_text = isinstance(given, str) and kind in ("int_type", "float_type")
        fix = " Write it in plain digits: no quotes, leading zeros, colons or underscores." if is_text else ""
        yield [place], f"got {_brief(given)}, {message[0].lower()}{message[1:]}.{fix}"


def _brief(value: Any) -> str:
    return printable(repr(value), most=120)


def _steps(key: str) -> Iterator[str | int]:
    return (int(step) if step.isdigit() else step for step in key.split("."))


def _near(place: Place, model: type[pydantic.BaseModel]) -> str:
    """The key that was probably meant."""
    section: Any = model
    for part in place[:-1]:
        field = getattr(section, "model_fields", {}).get(part)
        section = getattr(field, "annotation", None)
    close = difflib.get_close_matches(str(place[-1]), getattr(section, "model_fields", {}), n=1)
    return f"Did you mean {close[0]!r}? " if close else "Remove it or correct its spelling; "


def _overlap(place: Place, other: Place) -> bool:
    """Whether one value is the other or lies inside it."""
    return all(a == b for a, b in zip(place, other, strict=False))


_STAND_INS = {"name": "x", "data": {}, "frequency": "D", "window": 2}
"""Values for required keys that are missing, so that the rest can be checked."""


def _repair(tree: Any, place: Place, *, missing: bool) -> bool:
    """Takes a value out of the tree, or puts a stand-in where one is required; tells whether anything changed."""
    parent, part, value = None, None, tree
    for step in place:
        if missing and isinstance(value, dict) and step == place[-1] and step in _STAND_INS and step not in value:
            value[step] = copy.deepcopy(_STAND_INS[step])
            return True
        child = _get(value, step)
        if child is _ABSENT:
            break
        parent, part, value = value, step, child
    else:
        del parent[part]  # type: ignore[union-attr]
        return True
    if isinstance(value, dict) or parent is None:
        return False
    # What follows in the place names an alternative of a type, which no tree holds.
    del parent[part]
    return True


_ABSENT = object()


def _get(parent: Any, part: Any) -> Any:
    if isinstance(parent, dict):
        return parent.get(part, _ABSENT)
    if isinstance(parent, list) and isinstance(part, int) and part < len(parent):
        return parent[part]
    return _ABSENT


def _path(place: Place, tree: Any) -> str:
    """Key path of a value, such as `features.rolling[0].window`."""
    path = ""
    for step in place:
        if tree is not _ABSENT and not isinstance(tree, (dict, list, tuple)):
            # pydantic names the alternatives of a type like keys; the file holds none of them.
            break
        tree = _get(tree, step)
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    return path or "(the whole)"


def _lines(node: yaml.Node | None, place: Place = ()) -> Iterator[tuple[Place, int]]:
    """Yields the places of all values that a file holds, and their lines, from 1."""
    if isinstance(node, yaml.MappingNode):
        children = [(key.value, key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        children = [(at, value, value) for at, value in enumerate(node.value)]
    else:
        return
    for step, first, value in children:
        yield (*place, step), first.start_mark.line + 1
        yield from _lines(value, (*place, step))


def _line(place: Place, lines: Mapping[Place, int]) -> int:
    """Line of the deepest key of a place that the file holds; 0 where there is none."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 0)
