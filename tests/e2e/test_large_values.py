"""Large values with a small deviation, the whole way: 1e8 and 22 would be eleven steps in float32."""

import numpy as np
import pandas as pd

from tapeline.schemas.served_model import LEVELS
from tapeline.series.window_reader import split_files
from tests.e2e.small_project import Project, Tapeline, daily_load

LEVEL, DEVIATION = 1e8, 22.0


def test_nothing_is_lost_between_the_file_and_the_scaled_space_nor_on_the_way_back(
    project: Project, tapeline: Tapeline
) -> None:
    import tensorflow as tf

    frame = daily_load()
    shape = frame["load"] - 500 - 0.05 * frame.index
    frame["load"] = (LEVEL + DEVIATION * shape / shape.std()).round(4)
    project.write(frame)
    ended = tapeline("run", *project.arguments)
    assert ended.code == 0, ended.err

    # The windows hold the scaled values of the file.
    runs = project.root / "runs" / "load"
    (windows,) = (runs / "artifacts" / "Transform" / "windows").iterdir()
    records = tf.data.TFRecordDataset(split_files(str(windows), "test"), "GZIP").as_numpy_iterator()
    features = [tf.train.Example.FromString(record).features.feature for record in records]
    context = np.array([one["context"].float_list.value for one in features])
    start = np.array([one["forecast_start"].int64_list.value[0] for one in features])
    seconds = pd.to_datetime(frame["time"]).to_numpy().astype("datetime64[s]").astype(np.int64)
    place = np.searchsorted(seconds, start)[:, None] + np.arange(-48, 0)
    train = frame["load"].to_numpy()[: int(0.7 * len(frame))]
    expected = (frame["load"].to_numpy()[place] - train.min()) / (train.max() - train.min())
    assert np.abs(context - expected).max() < 1e-5

    # Forecasts in the target's unit have steps as fine as those of the data.
    output = project.root / "forecast.csv"
    model, recent = str(runs / "serving_model"), str(project.root / "load.csv")
    ended = tapeline("forecast", "--model", model, "--input", recent, "--output", str(output))
    assert ended.code == 0, ended.err
    table = pd.read_csv(output)
    hours = np.arange(len(frame), len(frame) + 12)
    truth = LEVEL + DEVIATION * 60 * np.sin(2 * np.pi * hours / 24) / shape.std()
    assert np.abs(table["forecast"] - truth).mean() < 0.1 * DEVIATION
    assert all(len(np.unique(table[level] % 1)) == len(table) for level in LEVELS)
