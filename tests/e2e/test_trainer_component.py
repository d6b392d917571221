"""The Trainer as TFX runs it: chunks in; a served model and its records out, also after a crash in between."""

import json
import pathlib
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.summary.summary_iterator import summary_iterator
from tfx.types import artifact_utils, channel_utils, standard_artifacts
from tfx.utils import path_utils

from tapeline.components.trainer.component import Trainer
from tapeline.components.trainer.executor import Executor
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.gate_config import GateConfig
from tapeline.schemas.sections import DataConfig, ScalingConfig, WindowConfig
from tapeline.schemas.training_config import ModelConfig, TrainingConfig
from tapeline.series.scaling import scale_lines, scale_path

DAY = 86_400
WINDOW = WindowConfig(context_length=16, horizon=4)
DATA = DataConfig(time="t", target="y", frequency="D")
SECTIONS = {
    "data": DATA,
    "features": FeaturesConfig(),
    "window": WINDOW,
    "scaling": ScalingConfig(),
    "model_config": ModelConfig(units=4, members=1),
    "training": TrainingConfig(batch_size=16, epochs=4, learning_rate=0.01, candidates=1),
    "gate": GateConfig(season=7),
}


def write_chunk(path: Any, first: Any, last: Any, starts: Any) -> None:
    """One chunk of a weekly pattern, as docs/data-formats.md describes it."""
    time = np.arange(first, last)
    values = 0.5 + 0.3 * np.sin(2 * np.pi * time / 7) + 0.1 * np.random.default_rng(first).normal(size=len(time))
    features = {
        "series_id": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"series"])),
        "timestamp": tf.train.Feature(int64_list=tf.train.Int64List(value=time * DAY)),
        "target": tf.train.Feature(float_list=tf.train.FloatList(value=values)),
        "forecast_offsets": tf.train.Feature(int64_list=tf.train.Int64List(value=np.asarray(starts) - first)),
    }
    path.parent.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        writer.write(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


@pytest.fixture
def inputs(tmp_path: pathlib.Path) -> dict[Any, Any]:
    chunks, graph = standard_artifacts.Examples(), standard_artifacts.TransformGraph()
    chunks.uri, graph.uri = str(tmp_path / "chunks"), str(tmp_path / "graph")
    chunks.split_names = artifact_utils.encode_split_names(["train", "eval", "test"])
    # Days 0 to 149 train, 150 to 199 eval; the context of eval reaches back.
    write_chunk(tmp_path / "chunks" / "Split-train" / "train-0.gz", 0, 150, range(16, 147))
    write_chunk(tmp_path / "chunks" / "Split-eval" / "eval-0.gz", 134, 200, range(150, 197))
    scales = pathlib.Path(scale_path(graph.uri))
    scales.parent.mkdir(parents=True)
    scales.write_bytes(scale_lines([], np.zeros(0), np.zeros(0), overall=(300.0, 50.0), scope="all"))
    return {"chunks": [chunks], "transform_graph": [graph]}


def execute(inputs: Any, folder: Any, checkpoints: Any) -> Any:
    """One execution with its own output folders, as TFX makes them."""
    trainer = Trainer(
        chunks=channel_utils.as_channel(inputs["chunks"]),
        transform_graph=channel_utils.as_channel(inputs["transform_graph"]),
        checkpoint_root=str(checkpoints),
        **SECTIONS,
    )
    outputs = {key: [channel.type()] for key, channel in trainer.outputs.items()}
    for key, (artifact,) in outputs.items():
        artifact.uri = str(folder / key)
        (folder / key).mkdir(parents=True)
    Executor().Do(inputs, outputs, dict(trainer.exec_properties))
    return outputs


def test_an_execution_that_was_cut_short_is_carried_on_by_the_next(
    inputs: dict[Any, Any], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoints = tmp_path / "checkpoints"
    whole = execute(inputs, tmp_path / "whole", tmp_path / "other_checkpoints")
    assert not (tmp_path / "other_checkpoints").exists()
    capsys.readouterr()

    epochs = []

    def die_in_the_third_epoch(self: Any, epoch: Any, logs: Any = None) -> None:
        epochs.append(epoch)
        if epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(keras.callbacks.Callback, "on_epoch_begin", die_in_the_third_epoch)
    with pytest.raises(KeyboardInterrupt):
        execute(inputs, tmp_path / "first", checkpoints)
    monkeypatch.undo()
    assert (checkpoints / "last.npz").exists()

    second = execute(inputs, tmp_path / "second", checkpoints)
    printed = capsys.readouterr().out
    assert "carrying on after epoch 2" in printed
    assert "epoch 4/4" in printed
    assert "kept the weights" in printed
    assert not checkpoints.exists()

    # Records of all epochs, though two of them were made by the execution that died.
    run = tmp_path / "second" / "model_run"
    lines = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4]
    events = [event for path in run.glob("events*") for event in summary_iterator(str(path))]
    assert {event.step for event in events for value in event.summary.value if value.tag == "val_loss"} == {0, 1, 2, 3}

    # The model serves, and is that of the execution which nothing disturbed.
    forecasts, cards = [], []
    for outputs in (whole, second):
        directory = path_utils.serving_model_dir(outputs["model"][0].uri)
        served = tf.saved_model.load(directory).signatures["serving_default"]
        days = np.arange(200, 216)
        raw = {"context": 315.0 + np.zeros([1, 16]), "timestamps": (days * DAY)[None]}
        named = {name: tf.constant(raw[name]) for name in served.structured_input_signature[1] if name in raw}
        forecasts.append(served(**named)["forecast"].numpy())
        cards.append(json.loads((tmp_path / directory / "assets.extra" / "model_card.json").read_text()))
    np.testing.assert_array_equal(*forecasts)
    assert forecasts[0].shape == (1, 4)
    assert cards[0] == cards[1]
    assert cards[0]["train_windows"] == 131
    assert cards[0]["eval_windows"] == 47
    # What `gate.mae_scaled_below: auto` takes its limit from.
    assert set(cards[0]["naive_val_mae_scaled"]) == {"persistence", "seasonal_naive"}
    assert all(error > 0.0 for error in cards[0]["naive_val_mae_scaled"].values())
