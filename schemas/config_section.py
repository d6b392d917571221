"""What all sections of a configuration have in common: frozen, strict, and able to leave a value to the data.

>>> import typing
>>> class Window(Section):
...     context: typing.Annotated[int, ChosenFromData()] = 104
>>> Window(context="auto").unsettled, Window(context=24).unsettled
(('context',), ())
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pydantic

from tapeline.schemas.config_errors import Clash, ClashError
from tapeline.schemas.config_values import AUTO, ChosenFromData


class Section(pydantic.BaseModel):
    """A frozen part of the configuration that refuses keys it does not know."""

    model_config = pydantic.ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), use_attribute_docstrings=True
    )

    @pydantic.model_validator(mode="before")
    @classmethod
    def _auto_is_left_out(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        asked = {name for name in cls.auto_fields() if isinstance(values.get(name), str) and values[name] == AUTO}
        return {name: value for name, value in values.items() if name not in asked} if asked else values

    @classmethod
    def auto_fields(cls) -> tuple[str, ...]:
        """The values that are chosen from the data where a configuration leaves them out, or says `auto`."""
        marked = (
            (name, any(isinstance(mark, ChosenFromData) for mark in field.metadata))
            for name, field in cls.model_fields.items()
        )
        return tuple(name for name, is_marked in marked if is_marked)

    @property
    def unsettled(self) -> tuple[str, ...]:
        """Those of them that nobody has chosen yet; what they hold until then stands for nothing."""
        return tuple(name for name in self.auto_fields() if name not in self.model_fields_set)

    @pydantic.model_validator(mode="after")
    def _values_agree(self) -> "Section":
        clashes = list(self._clashes())
        if clashes:
            raise ClashError(clashes)
        return self

    def _clashes(self) -> Iterator[Clash]:
        """Yields values that are right one by one and cannot stand together."""
        return iter(())
