"""The nodes of the transform room: TFX's Transform with our preprocessing, and `Windows`, which reads what it writes."""

from typing import Any

from tfx.components import Transform
from tfx.proto import transform_pb2
from tfx.types import channel
from tfx.types.standard_artifacts import Examples

from tapeline.components.code_fingerprint import code_fingerprint
from tapeline.components.tfx_component import BeamComponent, Input, Output, Property
from tapeline.components.transform.executor import Executor
from tapeline.schemas import features as names
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, ScalingConfig, SplitConfig, WindowConfig

PREPROCESSING = "tapeline.components.transform.preprocessing"


def create_transform(
    *,
    examples: "channel.BaseChannel[Any]",
    schema: "channel.BaseChannel[Any]",
    data: DataConfig,
    features: FeaturesConfig,
    scaling: ScalingConfig,
) -> Transform:
    """Returns TFX's Transform: fitted on the train split, applied to every split.

    Args:
        examples: Rows, split by time.
        schema: Their TFDV schema.
        data: What the source holds.
        features: Its covariates.
        scaling: The scaled space.
    """
    sections = {"data": data, "features": features, "scaling": scaling}
    return Transform(
        examples=examples,
        schema=schema,
        preprocessing_fn=f"{PREPROCESSING}.preprocessing_fn",
        splits_config=transform_pb2.SplitsConfig(analyze=["train"], transform=list(names.SPLITS)),
        custom_config={
            **{name: section.model_dump_json() for name, section in sections.items()},
            "code_fingerprint": code_fingerprint(PREPROCESSING),
        },
        # StatisticsGen has described the rows already; a second description doubles what this node costs.
        disable_statistics=True,
    )


class Windows(BeamComponent, executor=Executor):
    """Puts scaled rows on their regular grid and cuts chunks (for training) and windows (for scoring)."""

    transformed_examples = Input(Examples, "Scaled rows, with the splits train, eval and test.")
    window = Property(WindowConfig, "Context, horizon and strides.")
    split = Property(SplitConfig, "Whether each series was cut by its own end.")
    data = Property(DataConfig, "Frequency and names of the series.")
    features = Property(FeaturesConfig, "The covariates.")
    chunks = Output(Examples, "What the Trainer cuts its windows from.")
    windows = Output(Examples, "What a model is scored on.")
