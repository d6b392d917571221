"""Writes the reference of the configuration from the sections themselves.

    python -m tapeline.schemas.reference > docs/configuration.md

Every field's sentence and default come from the class that checks it, so the
page cannot say anything else than the code.
"""

import inspect
import json
import textwrap
import types
import typing
from collections.abc import Iterator
from typing import Any

import pydantic

from tapeline.schemas.config import Config
from tapeline.schemas.config_section import Section
from tapeline.schemas.config_values import AUTO

_HEAD = """# Configuration

One YAML file describes a pipeline. Only `name` and `data.frequency` are required; everything else has a default.
Unknown keys are refused, and keys that stand twice. All mistakes are listed at once, each with its key path and line.
Numbers are written as `24`, `0.5` or `1e-3`; whatever only older YAML takes for a number, a date or a truth value
(`030`, `1:30`, `yes`) is text.

`tapeline run --set KEY=VALUE` replaces a value: `--set training.seed=2`. The value is read as in the file; a `%` at its
start needs no quotes there. `tapeline help KEY` prints what this page says of a key or a section.

A relative `data.source` is looked for in the working directory first, then in the folder of the configuration file.
Where both hold different files of that name, the run is refused and names both; `--data` says which.

What is `auto` is chosen from the train split before a run; [auto.md](auto.md) says how. A value that you give wins.

This page is made from the code: `python -m tapeline.schemas.reference > docs/configuration.md`.
"""


def reference() -> str:
    """Returns the page as Markdown: one table a section."""
    return _HEAD + "".join(_section(path, model) for path, model in _walk("", Config))


def terminal_reference(topic: str = "", *, columns: int = 80) -> str:
    """Returns what is known of keys as text for a terminal.

    >>> print(terminal_reference("training.seed"), end="")
    training.seed: whole number, default 1
        Seed of initial weights, shuffling, sampling and dropout.

    Args:
        topic: A key or a section, dotted; "" takes all keys.
        columns: Width of the lines.

    Returns:
        The text; "" where there is no such key.
    """
    told = []
    for path, model in _walk("", Config):
        for name, field in model.model_fields.items():
            key = f"{path}.{name}" if path else name
            if topic in ("", key) or key.startswith(f"{topic}."):
                default = _default(model, name)
                value = default if default in _UNSAID else f"default {default}"
                head = f"{key}: {_type_of(model, name)}, {value}".replace("`", "").removesuffix(", see below")
                meaning = " ".join((field.description or "").split())
                told += [_wrapped(head, columns, "", "      "), _wrapped(meaning, columns, "    ", "    ")]
    return "".join(f"{lines}\n" for lines in told)


_UNSAID = ("required", "see below")
"""Words in place of a default."""


def _wrapped(text: str, columns: int, first: str, later: str) -> str:
    return textwrap.fill(
        text,
        columns,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _walk(path: str, model: type[pydantic.BaseModel]) -> Iterator[tuple[str, type[pydantic.BaseModel]]]:
    yield path, model
    for name, field in model.model_fields.items():
        for inner in _models(field.annotation):
            yield from _walk(f"{path}.{name}" if path else name, inner)


def _models(annotation: Any) -> list[type[pydantic.BaseModel]]:
    """The section classes inside an annotation: `X`, `X | None`, `tuple[X, ...]`."""
    if inspect.isclass(annotation) and issubclass(annotation, pydantic.BaseModel):
        return [annotation]
    return [model for argument in typing.get_args(annotation) for model in _models(argument)]


def _section(path: str, model: type[pydantic.BaseModel]) -> str:
    title = f"`{path}`" if path else "The file"
    rows = "".join(
        f"| `{name}` | {_type_of(model, name)} | {_default(model, name)} | {' '.join((field.description or '').split())} |\n"
        for name, field in model.model_fields.items()
    )
    summary = inspect.cleandoc(model.__doc__ or "").splitlines()[0]
    return f"\n## {title}\n\n{summary}\n\n| key | type | default | meaning |\n|---|---|---|---|\n{rows}"


def _type_of(model: type[pydantic.BaseModel], name: str) -> str:
    written = _type(model.model_fields[name].annotation)
    return f"{written} or `{AUTO}`" if name in _auto_fields(model) else written


def _auto_fields(model: type[pydantic.BaseModel]) -> tuple[str, ...]:
    return model.auto_fields() if issubclass(model, Section) else ()


def _type(annotation: Any) -> str:
    if _models(annotation):
        many = typing.get_origin(annotation) is tuple
        return "list of sections" if many else "section"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type(arguments[0])
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return f"mapping of {_type(arguments[0])} to {_type(arguments[1])}"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type(argument) for argument in arguments if argument is not type(None))
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}[annotation]


def _default(model: type[pydantic.BaseModel], name: str) -> str:
    field: Any = model.model_fields[name]
    if name in _auto_fields(model):
        return f"`{AUTO}`"
    if field.is_required():
        return "required"
    default = field.default
    if default is None:
        return "none"
    if isinstance(default, pydantic.BaseModel):
        return "see below"
    return f"`{json.dumps(default)}`"


if __name__ == "__main__":
    print(reference(), end="")
