"""What a single value of the configuration may be: bounds that no sound value reaches, so that no run dies of one."""

from typing import Annotated, Any

import pydantic

_LARGEST = 2**31 - 1

Real = Annotated[float, pydantic.Field(strict=True, allow_inf_nan=False)]
"""A number; no text, no truth value, not infinite."""
Fraction = Annotated[Real, pydantic.Field(gt=0.0, lt=1.0)]
Share = Annotated[Real, pydantic.Field(ge=0.0, le=1.0)]
Count = Annotated[int, pydantic.Field(ge=0, le=_LARGEST, strict=True)]
Positive = Annotated[int, pydantic.Field(ge=1, le=_LARGEST, strict=True)]
Steps = Annotated[int, pydantic.Field(ge=1, le=100_000, strict=True)]
"""Steps inside a window, which has to fit in memory many times."""


def _each_once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    seen = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{value!r} is named twice; name each once")
        seen.add(value)
    return values


class ChosenFromData:
    """Marks a value that is chosen from the data where a configuration leaves it out, or says `auto`."""


AUTO = "auto"
"""How a configuration says that."""


Once = pydantic.AfterValidator(_each_once)
"""Refuses a list that holds a value twice."""


def _one_or_several(value: Any) -> Any:
    """One name is text, however it is written; several are a list."""
    return value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value


Names = Annotated[
    str | Annotated[tuple[str, ...], pydantic.Field(min_length=1), Once], pydantic.BeforeValidator(_one_or_several)
]
"""One column, or several."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Columns = Annotated[tuple[str, ...], pydantic.BeforeValidator(_as_list)]
