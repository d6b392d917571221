"""What training leaves behind, also when it was interrupted."""

import json
import pathlib
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.summary.summary_iterator import summary_iterator

from tapeline.components.trainer.training_records import HistoryFile, HistoryLines, TensorBoardLogs
from tapeline.forecaster.network.seq2seq import Seq2SeqForecaster
from tapeline.schemas.training_config import ModelConfig, ViewConfig
from tapeline.schemas.window_spec import WindowShape
from tests.components.trainer.small_training import forecaster

EPOCHS = [{"loss": 0.5, "val_loss": 0.4}, {"loss": 0.3, "val_loss": 0.2}, {"loss": 0.2, "val_loss": 0.1}]


def lines(path: Any) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_history_has_one_line_of_json_an_epoch(tmp_path: pathlib.Path) -> None:
    history = HistoryLines(tmp_path / "run" / "history.jsonl")
    history.on_train_begin()
    for epoch, logs in enumerate(EPOCHS):
        history.on_epoch_end(epoch, logs)
    assert lines(tmp_path / "run" / "history.jsonl") == [
        {"epoch": number, **logs} for number, logs in enumerate(EPOCHS, 1)
    ]


def test_history_of_an_interrupted_run_has_each_epoch_once(tmp_path: pathlib.Path) -> None:
    first = HistoryLines(tmp_path / "history.jsonl")
    first.on_train_begin()
    first.on_epoch_end(0, EPOCHS[0])
    state = json.loads(json.dumps(first.state_dict()))
    # The process dies in the middle of the second line.
    with open(tmp_path / "history.jsonl", "a") as file:
        file.write('{"epoch": 2, "lo')

    for path in (tmp_path / "history.jsonl", tmp_path / "elsewhere" / "history.jsonl"):
        second = HistoryLines(path)
        second.on_train_begin()
        second.load_state(state)
        for epoch in (1, 2):
            second.on_epoch_end(epoch, EPOCHS[epoch])
        assert lines(path) == [{"epoch": number, **logs} for number, logs in enumerate(EPOCHS, 1)]


def test_candidates_share_a_file_that_ends_in_their_order(tmp_path: pathlib.Path) -> None:
    file = HistoryFile(tmp_path / "history.jsonl")
    second, first = (HistoryLines(file, candidate=f"candidate {number}") for number in (2, 1))
    for history in (second, first):
        history.on_train_begin()
    for epoch, logs in enumerate(EPOCHS):
        second.on_epoch_end(epoch, logs)
        first.on_epoch_end(epoch, logs)
    # While they run, lines come as they come.
    assert [line["candidate"] for line in lines(tmp_path / "history.jsonl")] == ["candidate 2", "candidate 1"] * 3
    for history in (second, first):
        history.on_train_end()
    assert lines(tmp_path / "history.jsonl") == [
        {"candidate": f"candidate {number}", "epoch": epoch, **logs}
        for number in (1, 2)
        for epoch, logs in enumerate(EPOCHS, 1)
    ]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[Any]]:
    """Event files of a run that did one epoch, and carried on in a new folder."""
    model = forecaster()
    folders = [tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")]
    first, second = (TensorBoardLogs(folder, histograms_every=2) for folder in folders)
    for board in (first, second):
        board.set_model(model)
        board.on_train_begin()
    first.on_epoch_end(0, EPOCHS[0])
    second.load_state(first.state_dict())
    for epoch in (1, 2):
        second.on_epoch_end(epoch, EPOCHS[epoch])
    for board in (first, second):
        board.on_train_end()
    return model, [list(summary_iterator(str(next(folder.iterdir())))) for folder in folders]


def values(run: Any, tag: Any) -> dict[Any, Any]:
    return {
        event.step: tf.make_ndarray(value.tensor) for event in run for value in event.summary.value if value.tag == tag
    }


def test_tensorboard_gets_scalars_of_all_epochs_also_of_those_before_a_crash(events: tuple[Any, list[Any]]) -> None:
    _, (_, second) = events
    found = values(second, "val_loss")
    assert {step: pytest.approx(float(value)) for step, value in found.items()} == {0: 0.4, 1: 0.2, 2: 0.1}


def test_tensorboard_gets_the_graph_of_a_model_with_a_highway_a_series(tmp_path: pathlib.Path) -> None:
    config = ModelConfig(units=2, lags=(), view=ViewConfig(highway_per_series=True))
    shape = WindowShape(context_length=8, horizon=2, series=2)
    board = TensorBoardLogs(tmp_path)
    board.set_model(Seq2SeqForecaster(shape=shape, config=config, seed=1))
    board.on_train_begin()
    board.on_train_end()
    assert any(event.graph_def for event in summary_iterator(str(next(tmp_path.iterdir()))))


def test_tensorboard_gets_the_graph(events: tuple[Any, list[Any]]) -> None:
    _, runs = events
    assert all(any(event.graph_def for event in run) for run in runs)


def test_tensorboard_gets_histograms_of_every_weight(events: tuple[Any, list[Any]]) -> None:
    model, (first, second) = events
    for variable in model.trainable_variables:
        assert set(values(first, variable.path)) == {0}
        assert set(values(second, variable.path)) == {2}
    # Rows of a histogram are left edge, right edge and count.
    counts = values(first, model.encoder.kernel.path)[0][:, 2]
    assert counts.sum() == np.prod(model.encoder.kernel.shape)
