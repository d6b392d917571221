"""The first component: any supported source in, rows split by time out.

    example_gen = SeriesExampleGen(
        data=config.data.model_dump_json(),
        features=config.features.model_dump_json(),
        split=config.split.model_dump_json(),
        source_fingerprint=source_fingerprint(config.data),
        code_fingerprint=...,
    )
    example_gen.outputs["examples"]      # Split-train, Split-eval, Split-test

The stock ExampleGen splits by a hash of each record, which puts the future
into the train split; this one splits by time.
"""

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import component_spec, standard_artifacts

from tapeline.components.ingest.executor import EXAMPLES_KEY, Executor


class SeriesExampleGenSpec(types.ComponentSpec):
    """What the component takes and gives."""

    PARAMETERS = {
        "data": component_spec.ExecutionParameter(type=str),
        "features": component_spec.ExecutionParameter(type=str),
        "split": component_spec.ExecutionParameter(type=str),
        "source_fingerprint": component_spec.ExecutionParameter(type=str),
        "code_fingerprint": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {}
    OUTPUTS = {EXAMPLES_KEY: component_spec.ChannelParameter(type=standard_artifacts.Examples)}


class SeriesExampleGen(base_beam_component.BaseBeamComponent):
    """Reads series, checks how they are written, and splits them by time."""

    SPEC_CLASS = SeriesExampleGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(self, *, data: str, features: str, split: str, source_fingerprint: str, code_fingerprint: str) -> None:
        """Makes the component.

        Args:
            data: The `data` section as JSON.
            features: The `features` section as JSON.
            split: The `split` section as JSON.
            source_fingerprint: Hash of what the source holds, for the cache.
            code_fingerprint: Hash of this component's code, for the cache.
        """
        super().__init__(
            SeriesExampleGenSpec(
                data=data,
                features=features,
                split=split,
                source_fingerprint=source_fingerprint,
                code_fingerprint=code_fingerprint,
                examples=types.Channel(type=standard_artifacts.Examples),
            )
        )
