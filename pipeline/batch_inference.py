"""The pipeline of `tapeline batch`: a file of any size, forecast by TFX's BulkInferrer.

RecentContextGen → BulkInferrer → ForecastTables
"""

import pathlib

from tfx.components.bulk_inferrer.component import BulkInferrer
from tfx.dsl.components.common.importer import Importer
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline
from tfx.proto.bulk_inferrer_pb2 import ModelSpec
from tfx.types import standard_artifacts

from tapeline.clients.batch.component import ForecastTables, RecentContextGen
from tapeline.forecaster.pushed_model import Card
from tapeline.pipeline.beam_arguments import beam_arguments
from tapeline.schemas.served_model import PREDICT_EXAMPLES


def run_batch_pipeline(card: Card, work: pathlib.Path, *, beam_args: tuple[str, ...]) -> None:
    """Wires the components and runs them.

    Args:
        card: What the model was trained on; the source in it is the file to forecast.
        work: Folder of artifacts and ML Metadata; holds the model in TFX's layout as `model`.
        beam_args: Arguments of the Beam runner.
    """
    sections = {name: getattr(card, name) for name in ("data", "features", "window")}
    contexts = RecentContextGen(**sections)
    model = Importer(source_uri=str(work / "model"), artifact_type=standard_artifacts.Model).with_id("Model")
    inferrer = BulkInferrer(
        examples=contexts.outputs["examples"],
        model=model.outputs["result"],
        model_spec=ModelSpec(model_signature_name=[PREDICT_EXAMPLES]),
    )
    tables = ForecastTables(
        examples=contexts.outputs["examples"], inference_result=inferrer.outputs["inference_result"], **sections
    )
    pipeline = Pipeline(
        pipeline_name="batch",
        pipeline_root=str(work / "artifacts"),
        components=[contexts, model, inferrer, tables],
        enable_cache=False,
        metadata_connection_config=metadata.sqlite_metadata_connection_config(str(work / "metadata.db")),
        beam_pipeline_args=[*beam_arguments(beam_args)],
    )
    LocalDagRunner().run(pipeline)
