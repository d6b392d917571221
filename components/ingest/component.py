"""The first component: any supported source in, rows split by time out.

The stock ExampleGen splits by a hash of each record, which puts the future
into the train split; this one splits by time.
"""

from tfx.types.standard_artifacts import Examples

from tapeline.components.ingest.executor import Executor
from tapeline.components.tfx_component import BeamComponent, Output, Property
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, SplitConfig


class SeriesExampleGen(BeamComponent, executor=Executor):
    """Reads series, checks how they are written, and splits them by time."""

    data = Property(DataConfig, "Where the source is and what its columns are.")
    features = Property(FeaturesConfig, "Its covariates.")
    split = Property(SplitConfig, "Where the splits end.")
    source_fingerprint = Property(str, "Hash of what the source holds, for the cache.")
    examples = Output(Examples, "The rows, with the splits train, eval and test.")
