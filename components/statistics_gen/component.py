"""StatisticsGen as a component of Tapeline: what SchemaGen, ExampleValidator and DataGate read comes from whole blocks."""

from tfx.types.standard_artifacts import Examples, ExampleStatistics

from tapeline.components.statistics_gen.executor import Executor
from tapeline.components.tfx_component import BeamComponent, Input, Output, Property
from tapeline.schemas.features_config import FeaturesConfig


class StatisticsGen(BeamComponent, executor=Executor):
    """Describes the rows of every split with TFDV."""

    examples = Input(Examples, "Rows, with the splits train, eval and test.")
    features = Property(FeaturesConfig, "The covariates.")
    most_rows = Property(int, "Rows of a split that are described, spread over it; 0 takes all.")
    statistics = Output(ExampleStatistics, "Their statistics, as TFDV writes them.")
