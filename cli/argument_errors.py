"""What Typer refuses, in one line: the argument, what is wrong with it, and how to correct it."""

from typing import Any

import typer

from tapeline.schemas.errors import printable

_KINDS = {"int_parsing": "a whole number", "int_from_float": "a whole number", "float_parsing": "a number"}


def in_one_line(error: typer.TyperException, command: str) -> str:
    """Returns the message.

    Args:
        error: What Typer raised.
        command: Such as `tapeline run`.
    """
    found: Any = error
    param, option = getattr(error, "param", None), printable(getattr(error, "option_name", ""))
    if hasattr(error, "possibilities"):
        near, *_ = found.possibilities or [""]
        said = f"{option}: no such option." + (f" Did you mean {near}?" if near else "")
    elif param is not None:
        return f"{command}: {_shown(param)}: {_wrong(error, param)}"
    elif option:
        said = f"{option}: takes no value." if "does not take" in error.message else f"{option}: needs a value."
    else:
        # A command that there is not, or words that no command takes.
        said = printable(error.format_message())
        said = f"{said[0].lower()}{said[1:]}" + ("" if said.endswith(("?", ".")) else ".")
    return f"{command}: {said} `{command} --help` says what there is."


def _shown(param: Any) -> str:
    """An option by its longest name, an argument by what stands for it in the help."""
    return max(param.opts, key=len) if param.param_type_name == "option" else str(param.metavar or param.name)


def _wrong(error: typer.TyperException, param: Any) -> str:
    choices = " or ".join(map(str, param.type_descriptor.choices or ()))
    if not error.message:
        value = choices or param.metavar
        what = value if param.param_type_name == "argument" else f"{_shown(param)} {value}"
        return f"is missing. Give {what}" + (f": {param.help}." if param.help else ".")
    cause: Any = error.__cause__
    first: dict[str, Any] = cause.errors()[0] if hasattr(cause, "errors") else {}
    must = choices or _KINDS.get(first.get("type", ""), "")
    given = f"got {printable(repr(first['input']))}, " if "input" in first else ""
    return f"{given}must be {must}." if must else f"{given}{printable(error.message)}."
