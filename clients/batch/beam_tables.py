"""What BulkInferrer wrote, as Parquet: one table for each of its files, on a Beam worker."""

import dataclasses
import pathlib
from collections.abc import Iterator

import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tapeline.forecaster.inference.table import Forecast, forecast_table, write_table
from tapeline.forecaster.pushed_model import Card
from tapeline.schemas import features as names
from tapeline.schemas.served_model import FORECAST_TIME, levels_of
from tapeline.series.sources.time_style import TimeStyle
from tapeline.series.sources.time_writer import TimeWriter


@dataclasses.dataclass(frozen=True)
class WriteTable:
    """Writes one file of prediction logs as Parquet.

    Attributes:
        folder: Where to.
        card: What the model was trained on.
        style: How the source writes its times.
    """

    folder: str
    card: Card
    style: TimeStyle

    def __call__(self, numbered: tuple[int, str]) -> Iterator[int]:
        """Writes a file and yields how many series it holds."""
        number, path = numbered
        records = tf.data.TFRecordDataset(path, compression_type="GZIP").as_numpy_iterator()
        forecasts = sorted(map(forecast_of, records), key=lambda forecast: forecast.series_id)
        if forecasts:
            data = self.card.data
            several = data.series_id is not None or len(data.target) > 1
            table = forecast_table(forecasts, times=TimeWriter(self.style, data), series=several, typed=True)
            write_table(table, pathlib.Path(self.folder) / f"forecast-{number:05d}.parquet")
        yield len(forecasts)


def forecast_of(record: bytes) -> Forecast:
    """Reads one record of BulkInferrer's."""
    log = prediction_log_pb2.PredictionLog.FromString(record).predict_log
    ((_, request),) = log.request.inputs.items()
    example = tf.train.Example.FromString(request.string_val[0])
    outputs = {name: tf.make_ndarray(value)[0] for name, value in log.response.outputs.items()}
    return Forecast(
        series_id=example.features.feature[names.SERIES_ID].bytes_list.value[0],
        times=outputs[FORECAST_TIME],
        levels={level: outputs[level] for level in levels_of(outputs)},
    )
