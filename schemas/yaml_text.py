"""Reads YAML and JSON as a person reads them: one meaning for each number, no key twice, and nothing without end.

Whole numbers, real numbers, `true`, `false` and `null` are what YAML 1.2 and JSON both take for them. All else is
text: dates, `yes`, and also `030`, `1:30` and `1_000`, which older YAML reads as 24, 90 and 1000.

>>> read_text("{seed: 1, rate: 1e-3, start: 2020-01-01, unit: 030}", origin="example")[0]
{'seed': 1, 'rate': 0.001, 'start': '2020-01-01', 'unit': '030'}
"""

import json
import pathlib
import re
from typing import Any

import yaml

from tapeline.schemas.errors import ConfigError, mistakes_error, printable

MOST_BYTES = 512 * 1024
MOST_VALUES = 20_000
"""Values of a configuration, those that aliases repeat included."""
MOST_LEVELS = 32
MOST_DIGITS = 100
"""Characters of a number."""

_TAG = "tag:yaml.org,2002:"
_NULL = re.compile(r"~|null|Null|NULL|")
_TRUTH = re.compile(r"true|True|TRUE|false|False|FALSE")
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_REAL = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MERGE = re.compile(r"<<")
_BROKEN = re.compile("[\0\ud800-\udfff]")
"""What no path and no UTF-8 can hold."""


class _Loader(yaml.SafeLoader):
    """Composes nodes, no deeper than `MOST_LEVELS`; `_Reading` makes the values."""

    yaml_implicit_resolvers: dict[Any, Any] = {}
    level = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.level += 1
        if self.level > MOST_LEVELS:
            raise yaml.composer.ComposerError(
                None, None, f"lists and mappings lie more than {MOST_LEVELS} levels deep", self.peek_event().start_mark
            )
        node = super().compose_node(parent, index)
        self.level -= 1
        return node


for _name, _form in {"null": _NULL, "bool": _TRUTH, "int": _WHOLE, "float": _REAL, "merge": _MERGE}.items():
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"(?:{_form.pattern})\Z"), None)


class _Reading:
    """Makes values of nodes, and notes what is wrong with them."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []
        self.values = 0

    def value(self, node: yaml.Node, path: str, level: int = 1) -> Any:
        self.values += 1
        if self.values > MOST_VALUES or level > MOST_LEVELS:
            raise _RefusedError(
                f"aliases and values make more than {MOST_VALUES:,} values or {MOST_LEVELS} levels. "
                "Remove aliases, or write less"
            )
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, path, level)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.value(child, f"{path}[{at}]", level + 1) for at, child in enumerate(node.value)]
        self._note(path, node, f"the tag {node.tag.removeprefix(_TAG)!r} has no meaning here. Remove it")
        return None

    def _mapping(self, node: yaml.MappingNode, path: str, level: int) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, child in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode):
                self._note(path, key_node, "a list or mapping cannot be a key. Give a text as the key")
                continue
            place = f"{path}.{key}" if path else key
            line = key_node.start_mark.line + 1
            if key in lines:
                self._note(place, key_node, f"stands there twice, first in line {lines[key]}. Remove one of them")
            lines.setdefault(key, line)
            value = self.value(child, place, level + 1)
            if key_node.tag != f"{_TAG}merge":
                tree[key] = value
                continue
            # Of several merged mappings the first counts.
            for part in reversed(value if isinstance(value, list) else [value]):
                if isinstance(part, dict):
                    merged.update(part)
                else:
                    self._note(place, key_node, "only mappings can be merged. Correct the alias")
        return {**merged, **tree}

    def _scalar(self, node: yaml.ScalarNode, path: str) -> Any:
        text, tag = node.value, node.tag.removeprefix(_TAG)
        if tag in ("str", "merge"):
            if _BROKEN.search(text):
                self._note(path, node, "holds a character that no text may have (NUL, half a pair). Remove it")
            return text
        if tag == "null" and _NULL.fullmatch(text):
            return None
        if tag == "bool" and _TRUTH.fullmatch(text):
            return text.lower() == "true"
        if tag in ("int", "float") and len(text) > MOST_DIGITS:
            self._note(path, node, f"is a number of {len(text):,} characters. Give one of at most {MOST_DIGITS}")
        elif tag == "int" and _WHOLE.fullmatch(text):
            return int(text)
        elif tag == "float" and _REAL.fullmatch(text):
            # Infinity and NaN are YAML as well; the configuration's own checks refuse them.
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        elif tag in ("null", "bool", "int", "float"):
            self._note(path, node, f"the tag !!{tag} does not fit {printable(repr(text), most=100)}. Remove the tag")
        else:
            self._note(path, node, f"the tag {tag!r} has no meaning here. Remove it, or quote the value")
        return None

    def _note(self, path: str, node: yaml.Node, problem: str) -> None:
        place = printable(path, most=200) or "(the whole)"
        self.mistakes.append(f"{place} (line {node.start_mark.line + 1}): {problem}.")


class _RefusedError(ValueError):
    """A text says more or other than a configuration can; becomes a `ConfigError`."""


def read_file(path: str | pathlib.Path, *, option: str, fix: str) -> tuple[Any, yaml.Node | None]:
    """Reads a YAML file.

    Args:
        path: The file.
        option: The option of the command line that names it.
        fix: What to give instead, a sentence.

    Returns:
        Mappings with text as keys, lists and scalars; and the YAML node, for line numbers.

    Raises:
        ConfigError: It is missing, is no YAML, or says more or other than a configuration can.
    """
    name = printable(repr(str(path)))
    try:
        # Also tells a path that is too long or holds a NUL.
        if not pathlib.Path(path).is_file():
            raise ConfigError(f"{option}: no file {name}. {fix}")
        with pathlib.Path(path).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{option}: {name} cannot be read: {error.strerror}. {fix}") from error
    try:
        text = content[:MOST_BYTES].decode("utf-8")
    except UnicodeDecodeError as error:
        # A file that is too long may be cut inside a character.
        if len(content) <= MOST_BYTES:
            raise ConfigError(
                f"{option}: {name} is not UTF-8: byte {error.start + 1:,} is 0x{content[error.start]:02X}. Save it as UTF-8."
            ) from error
    if len(content) > MOST_BYTES:
        raise ConfigError(f"{option}: {name} has more than {MOST_BYTES // 1024} KiB. {fix}")
    return read_text(text, origin=f"{option}: {path}")


def read_text(text: str, *, origin: str) -> tuple[Any, yaml.Node | None]:
    """Reads one YAML document.

    Args:
        text: The document.
        origin: What error messages call it.

    Returns and raises what `read_file` does.
    """
    _refuse_long(text, origin)
    reading = _Reading()
    try:
        node = yaml.compose(text, Loader=_Loader)
        tree = None if node is None else reading.value(node, "")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise _unreadable(origin, "YAML", where + ", ".join(filter(None, (error.context, error.problem)))) from error
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        # Beside YAML's own: escapes beyond Unicode, and what is refused here.
        raise _unreadable(origin, "YAML", str(error)) from error
    if reading.mistakes:
        raise mistakes_error(origin, reading.mistakes)
    return tree, node


def read_json(text: str, *, origin: str) -> Any:
    """Reads JSON under the same rules; whole numbers may be written as 24.0.

    Args:
        text: The JSON.
        origin: What error messages call it.

    Raises:
        ConfigError: It is no JSON, or says more or other than a configuration can.
    """
    _refuse_long(text, origin)

    def number(digits: str) -> float:
        if len(digits) > MOST_DIGITS:
            raise _RefusedError(f"a number has {len(digits):,} characters; give one of at most {MOST_DIGITS}")
        value = float(digits)
        return int(digits) if _WHOLE.fullmatch(digits) else int(value) if value.is_integer() else value

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for key, value in pairs:
            if key in tree:
                raise _RefusedError(f"the key {key!r} stands there twice; remove one of them")
            tree[key] = value
        return tree

    try:
        tree = json.loads(text, parse_float=number, parse_int=number, object_pairs_hook=mapping)
        _count(tree)
    except (ValueError, OverflowError, RecursionError) as error:
        raise _unreadable(origin, "JSON", str(error)) from error
    return tree


def _count(tree: Any, level: int = 1) -> int:
    """Counts the values of a tree; refuses one that is too deep or too large."""
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    count = 1 + sum(_count(child, level + 1) for child in children)
    if isinstance(tree, str) and _BROKEN.search(tree):
        raise _RefusedError(f"{tree[:100]!r} holds a character that no text may have (NUL, half a pair); remove it")
    if level > MOST_LEVELS or count > MOST_VALUES:
        raise _RefusedError(f"it has more than {MOST_VALUES:,} values or {MOST_LEVELS} levels")
    return count


def _refuse_long(text: str, origin: str) -> None:
    if len(text) > MOST_BYTES:
        raise ConfigError(f"{origin}: has {len(text):,} characters. Give at most {MOST_BYTES:,}.")


def _unreadable(origin: str, language: str, problem: str) -> ConfigError:
    words = printable(" ".join(problem.split()))
    return ConfigError(f"{printable(origin)}: not readable as {language}: {words}. Correct the syntax.")
