"""Makes a TFX component out of a class that declares what it reads, what it is told and what it writes.

>>> from tfx.types.standard_artifacts import Examples
>>> class Count(Component, executor=base_executor.EmptyExecutor):
...     "Counts rows."
...     rows = Input(Examples, "What is counted.")
...     unit = Property(str, "What one row stands for.")
...     counted = Output(Examples, "Rows with their number.")
>>> list(Count(rows=types.Channel(type=Examples), unit="day").outputs)
['counted']

The names are those that ML Metadata keeps. No two of one component may be the
same, be they of an input, a property or an output. TFX's own `@component`
makes components of functions; ours run executor classes.

One property is there without being declared: `code_fingerprint`, the hash of
all source that the executor reaches. So a changed line runs every component
anew that it concerns, and no other.
"""

import inspect
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_beam_component, base_component, base_executor, executor_spec
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.system_executions import SystemExecution

from tapeline.components.code_fingerprint import code_fingerprint
from tapeline.schemas.config_section import Section


class Input(ChannelParameter):
    """An artifact that the component reads; the argument is the channel of it."""

    def __init__(self, kind: type[types.Artifact], doc: str, *, optional: bool = False) -> None:
        super().__init__(type=kind, optional=optional)
        self.doc = doc


class Output(ChannelParameter):
    """An artifact that the component writes, found in `outputs`."""

    def __init__(self, kind: type[types.Artifact], doc: str) -> None:
        super().__init__(type=kind)
        self.doc = doc


class Property(ExecutionParameter):
    """A value that the component is told: text, a number, a message, or a section of the configuration.

    The executor finds a section as JSON.
    """

    def __init__(self, kind: type, doc: str) -> None:
        self.section = kind if issubclass(kind, Section) else None
        super().__init__(type=str if self.section else kind)
        self.doc = doc

    def recorded(self, name: str, value: Any) -> Any:
        """Returns a value as ML Metadata keeps it.

        Raises:
            TypeError: It should be a section, and is not.
        """
        if self.section is None:
            return value
        if not isinstance(value, self.section):
            raise TypeError(f"{name}: {value!r} is no {self.section.__name__}. Give that section of the configuration.")
        return value.model_dump_json()


_CODE = "code_fingerprint"
_CODE_DOC = "Hash of all source that the executor reaches; part of the cache key."


class _Declared(base_component.BaseComponent):
    """Turns the declarations of a class into TFX's specification, and its arguments into one of these."""

    TYPE_ANNOTATION: type[SystemExecution] | None = None
    """The kind of work that ML Metadata notes beside the component's own type."""

    def __init_subclass__(cls, *, executor: type[base_executor.BaseExecutor] | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if executor is None:
            return
        inputs, parameters, outputs = (
            {name: value for name, value in vars(cls).items() if isinstance(value, kind)}
            for kind in (Input, Property, Output)
        )
        if executor.__module__.startswith("tapeline."):
            parameters[_CODE] = Property(str, _CODE_DOC)
        parts = {
            "INPUTS": inputs,
            "PARAMETERS": parameters,
            "OUTPUTS": outputs,
            "TYPE_ANNOTATION": cls.TYPE_ANNOTATION,
            "__module__": cls.__module__,
        }
        cls.SPEC_CLASS = type(f"{cls.__name__}Spec", (ComponentSpec,), parts)
        of_beam = issubclass(cls, base_beam_component.BaseBeamComponent)
        cls.EXECUTOR_SPEC = (executor_spec.BeamExecutorSpec if of_beam else executor_spec.ExecutorClassSpec)(executor)
        lines = {
            title: [f"    {name}: {value.doc}" for name, value in declared.items()]
            for title, declared in (("Args", {**inputs, **parameters}), ("Outputs", outputs))
        }
        described = "".join(f"\n\n{title}:\n" + "\n".join(entries) for title, entries in lines.items())
        cls.__doc__ = inspect.cleandoc(cls.__doc__ or "") + described

    def __init__(self, **arguments: Any) -> None:
        """Wires the component.

        Args:
            **arguments: The inputs and properties that the class declares.

        Raises:
            TypeError: One is missing, unknown, or of another type.
        """
        name, spec = type(self).__name__, self.SPEC_CLASS
        computed: dict[str, str] = {}
        declared = {**spec.INPUTS, **spec.PARAMETERS}
        if declared.pop(_CODE, None):
            computed[_CODE] = code_fingerprint(self.EXECUTOR_SPEC.executor_class.__module__)
        for argument in arguments:
            if argument not in declared:
                raise TypeError(f"{argument}: {name} has no such argument. It takes {', '.join(declared)}.")
        for argument, declaration in declared.items():
            if argument not in arguments and not declaration.optional:
                raise TypeError(f"{argument}: {name} needs this argument. {declaration.doc}")
            if isinstance(declaration, Property):
                arguments[argument] = declaration.recorded(argument, arguments[argument])
        outputs = {output: types.Channel(type=declaration.type) for output, declaration in spec.OUTPUTS.items()}
        super().__init__(spec(**arguments, **computed, **outputs))


class Component(_Declared):
    """A component whose executor needs no Beam."""


class BeamComponent(_Declared, base_beam_component.BaseBeamComponent):
    """A component whose executor runs Beam pipelines, with `with_beam_pipeline_args`."""
