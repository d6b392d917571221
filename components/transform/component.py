"""The nodes of the transform room: TFX's Transform with our preprocessing, and `Windows`.

transform = create_transform(examples=..., schema=..., data=..., features=..., scaling=..., code_fingerprint=...)
windows = Windows(transformed_examples=transform.outputs["transformed_examples"], ...)
"""

from tfx import types
from tfx.components import Transform
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.proto import transform_pb2
from tfx.types import channel, component_spec, standard_artifacts

from tapeline.components.transform.executor import CHUNKS_KEY, EXAMPLES_KEY, WINDOWS_KEY, Executor
from tapeline.schemas import features as names

PREPROCESSING_FN = "tapeline.components.transform.preprocessing.preprocessing_fn"


def create_transform(
    *,
    examples: channel.BaseChannel,
    schema: channel.BaseChannel,
    data: str,
    features: str,
    scaling: str,
    code_fingerprint: str,
) -> Transform:
    """Returns TFX's Transform: fitted on the train split, applied to every split.

    Args:
        examples: Rows, split by time.
        schema: Their TFDV schema.
        data: JSON of the section `data`.
        features: JSON of the section `features`.
        scaling: JSON of the section `scaling`.
        code_fingerprint: Hash of this room's source; part of the cache key only.
    """
    return Transform(
        examples=examples,
        schema=schema,
        preprocessing_fn=PREPROCESSING_FN,
        splits_config=transform_pb2.SplitsConfig(  # type: ignore[attr-defined]
            analyze=["train"], transform=list(names.SPLITS)
        ),
        custom_config={"data": data, "features": features, "scaling": scaling, "code_fingerprint": code_fingerprint},
        # StatisticsGen has described the rows already; a second description doubles what this node costs.
        disable_statistics=True,
    )


class WindowsSpec(types.ComponentSpec):
    """What the component takes and gives."""

    PARAMETERS = {
        "window": component_spec.ExecutionParameter(type=str),
        "data": component_spec.ExecutionParameter(type=str),
        "features": component_spec.ExecutionParameter(type=str),
        "code_fingerprint": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {EXAMPLES_KEY: component_spec.ChannelParameter(type=standard_artifacts.Examples)}
    OUTPUTS = {
        CHUNKS_KEY: component_spec.ChannelParameter(type=standard_artifacts.Examples),
        WINDOWS_KEY: component_spec.ChannelParameter(type=standard_artifacts.Examples),
    }


class Windows(base_beam_component.BaseBeamComponent):
    """Puts scaled rows on their regular grid and cuts chunks (for training) and windows (for scoring)."""

    SPEC_CLASS = WindowsSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        *,
        transformed_examples: channel.BaseChannel,
        window: str,
        data: str,
        features: str,
        code_fingerprint: str,
    ) -> None:
        """Makes the component.

        Args:
            transformed_examples: Scaled rows, with the splits train, eval and test.
            window: JSON of the section `window`.
            data: JSON of the section `data`.
            features: JSON of the section `features`.
            code_fingerprint: Hash of this room's source; part of the cache key only.
        """
        super().__init__(
            WindowsSpec(
                transformed_examples=transformed_examples,
                window=window,
                data=data,
                features=features,
                code_fingerprint=code_fingerprint,
                chunks=types.Channel(type=standard_artifacts.Examples),
                windows=types.Channel(type=standard_artifacts.Examples),
            )
        )
