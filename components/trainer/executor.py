"""The Trainer's executor: chunks in; a SavedModel and the records of its training out.

All knowledge of TFX ends here. What is called from here takes plain values and is tested without TFX.
"""

import ctypes
import functools
import itertools
import json
import os
import platform
import sys
import textwrap
from typing import Any

import keras
import tensorflow as tf
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from tapeline.components.trainer.candidates import Candidate
from tapeline.components.trainer.checkpoint import CheckpointStore, own_folder, run_fingerprint
from tapeline.components.trainer.importance import leans_on, model_inputs
from tapeline.components.trainer.loop import History
from tapeline.components.trainer.ridges import Chunks
from tapeline.components.trainer.trained_card import describe_selection
from tapeline.components.trainer.training_records import HistoryFile, HistoryLines, ProgressLines, TensorBoardLogs
from tapeline.components.trainer.training_run import TrainedModel, run_training
from tapeline.components.trainer.validation import eval_errors, naive_eval_errors
from tapeline.forecaster.serving.bounds import within_bounds
from tapeline.forecaster.serving.card import describe_data, time_span
from tapeline.forecaster.serving.export_model import export_model
from tapeline.schemas.artifact_files import HISTORY_FILE
from tapeline.schemas.config_section import Section
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.gate_config import GateConfig
from tapeline.schemas.model_contract import CONTRACT, contract
from tapeline.schemas.sections import DataConfig, ScalingConfig, WindowConfig
from tapeline.schemas.served_model import LEANS_ON, NAIVE_ON_EVAL
from tapeline.schemas.stack import installed
from tapeline.schemas.training_config import ModelConfig, TrainingConfig
from tapeline.schemas.window_spec import WindowShape, WindowSpec
from tapeline.series.categories import category_sizes, read_categories
from tapeline.series.holiday_flags import known_until
from tapeline.series.prediction_intervals import fit_intervals
from tapeline.series.scaling import Scaler
from tapeline.series.seasons import choose_season, naive_errors
from tapeline.series.window_reader import read_chunks, split_files

_SECTIONS: dict[str, type[Section]] = {
    "data": DataConfig,
    "features": FeaturesConfig,
    "window": WindowConfig,
    "scaling": ScalingConfig,
    "model_config": ModelConfig,
    "training": TrainingConfig,
    "gate": GateConfig,
}

_VERSIONS = ("tapeline", "tensorflow", "keras", "tfx", "numpy", "holidays")
"""Distributions whose versions stand on the card."""

_COLUMNS = 80
"""Width of what is printed."""


class Executor(base_executor.BaseExecutor):
    """Trains one model and exports it; an execution that was killed is carried on by the next one."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Trains and exports.

        Args:
            input_dict: `chunks` and `transform_graph`.
            output_dict: `model` and `model_run`.
            exec_properties: The sections as JSON, `checkpoint_root` and `code_fingerprint`.

        Raises:
            DataError: A split has no windows.
            TrainingError: The loss or a gradient is no longer finite.
        """
        _keep_large_buffers()
        sections: dict[str, Any] = {
            name: section.model_validate_json(exec_properties[name]) for name, section in _SECTIONS.items()
        }
        chunks_uri = artifact_utils.get_single_uri(input_dict["chunks"])
        graph_uri = artifact_utils.get_single_uri(input_dict["transform_graph"])
        run_uri = artifact_utils.get_single_uri(output_dict["model_run"])
        train_files, eval_files = split_files(chunks_uri, "train"), split_files(chunks_uri, "eval")
        train_chunks, eval_chunks = (functools.partial(read_chunks, files) for files in (train_files, eval_files))
        settings = {name: exec_properties[name] for name in (*_SECTIONS, "code_fingerprint")}
        fingerprint = run_fingerprint(settings=settings, files=[*train_files, *eval_files])
        run_id = self._context.pipeline_run_id if self._context else None
        # TFX gives each execution new output folders; what outlives a crash must lie elsewhere.
        with own_folder(exec_properties["checkpoint_root"], otherwise=run_id or "outside-a-run") as folder:
            checkpoints = CheckpointStore(folder, fingerprint=fingerprint)
            data, window = sections["data"], sections["window"]
            season = choose_season(sections["gate"], data=data, window=window, chunks=train_chunks)
            scaler = Scaler.load(graph_uri)
            trained = run_training(
                train_chunks=train_chunks,
                eval_chunks=eval_chunks,
                window=window,
                features=sections["features"],
                model=sections["model_config"],
                training=sections["training"],
                season=season,
                scaler=scaler,
                transform=sections["scaling"].transform,
                category_sizes=category_sizes(read_categories(graph_uri, sections["features"])),
                records=functools.partial(
                    _records, run_uri, HistoryFile(os.path.join(run_uri, HISTORY_FILE)), sections["training"].epochs
                ),
                checkpoints=checkpoints,
                say=_print,
            )
            _print(_wrapped(trained.selected.in_words()) if trained.selected else _kept_weights(trained.history))
            model = artifact_utils.get_single_instance(output_dict["model"])
            _export(
                trained,
                sections,
                directory=path_utils.serving_model_dir(model.uri),
                graph_uri=graph_uri,
                scaler=scaler,
                season=season,
                train_chunks=train_chunks,
                eval_chunks=eval_chunks,
                card=_model_card(trained, sections) | {"run_fingerprint": fingerprint},
            )
            model.set_string_custom_property(
                CONTRACT, contract(**{name: sections[name] for name in ("data", "features", "window", "scaling")})
            )
            checkpoints.remove()


def _export(
    trained: TrainedModel,
    sections: dict[str, Any],
    *,
    directory: str,
    graph_uri: str,
    scaler: Scaler,
    season: int,
    train_chunks: Chunks,
    eval_chunks: Chunks,
    card: dict[str, Any],
) -> None:
    data, window, features = sections["data"], sections["window"], sections["features"]
    spec = WindowSpec.of(window, stride=1)
    errors = eval_errors(
        trained.model,
        read=eval_chunks,
        spec=spec,
        series=trained.series,
        bounded=functools.partial(within_bounds, data=data, scaler=scaler),
    )
    naive = naive_errors(train_chunks(), season=season)
    tf.io.gfile.makedirs(os.path.dirname(directory))
    export_model(
        trained.model,
        directory=directory,
        ridge_baseline=trained.ridge,
        intervals=fit_intervals(
            errors,
            naive_errors=naive,
            levels=sections["training"].quantiles,
            overlap=-(-window.horizon // window.eval_stride),
        ),
        scaler=scaler,
        transform_graph_uri=graph_uri,
        data=data,
        features=features,
        window=window,
        season=season,
        naive_errors=naive,
        series=trained.series,
        card=card
        | {
            "trained_on": describe_data(train_chunks()),
            NAIVE_ON_EVAL: naive_eval_errors(read=eval_chunks, spec=spec, season=season),
            LEANS_ON: leans_on(
                trained.model,
                read=eval_chunks,
                spec=spec,
                series=trained.series,
                inputs=model_inputs(
                    WindowShape.of(window, features), features, lags=sections["model_config"].lags, season=season
                ),
                seed=sections["training"].seed,
            ),
        },
        holidays_until=known_until(*time_span(itertools.chain(train_chunks(), eval_chunks()))),
    )


def _records(
    run_uri: str, history: HistoryFile, epochs: int, candidate: Candidate | None
) -> list[keras.callbacks.Callback]:
    """Returns what writes down the epochs of a candidate; of the only network there is for None."""
    name = "" if candidate is None else candidate.name
    return [
        ProgressLines(epochs, candidate=name),
        HistoryLines(history, candidate=name),
        TensorBoardLogs(os.path.join(run_uri, name.replace(" ", "_"))),
    ]


def _kept_weights(history: History) -> str:
    if history.best is None:
        return (
            f"kept the weights from before training (val_loss {history.untrained:.5f}): "
            f"none of {len(history.epochs)} epochs was better"
        )
    return f"kept the weights of epoch {history.best + 1} of {len(history.epochs)} (val_loss {history.val_loss:.5f})"


def _model_card(trained: TrainedModel, sections: dict[str, Any]) -> dict[str, Any]:
    """Returns what a served model tells about its training."""
    history = trained.history
    return {
        **{name: json.loads(section.model_dump_json()) for name, section in sections.items()},
        "parameters": int(trained.model.count_params()),
        "train_windows": trained.train_windows,
        "eval_windows": trained.eval_windows,
        "epochs": sum(len(each.history.epochs) for each in trained.candidates),
        "best_epoch": None if history.best is None else history.best + 1,
        "val_mae_scaled": trained.val_loss,
        "val_mae_scaled_before_training": history.untrained,
        "selection": None if trained.selected is None else describe_selection(trained),
        "repeatable": sections["training"].deterministic and sections["training"].time_limit is None,
        "ridge": {"penalty": trained.fit.penalty, "val_mae_scaled": trained.fit.eval_mae},
        "versions": {
            "python": platform.python_version(),
            **{name: installed(name) for name in _VERSIONS},
        },
    }


def _keep_large_buffers() -> None:
    """Tells glibc to keep freed buffers of up to 1 GB for this process; other C libraries have no such setting.

    By default glibc maps a buffer beyond 128 KiB anew and gives it back after each use. TensorFlow frees and asks for
    the same megabytes at every step, so the kernel spends its time on zeroed pages. Keeping them in the heap takes a
    fifth off a step of the fused LSTM kernel at batch 64. Only training asks for that: where Beam works in the same
    process, the heap would grow with the rows, by 0.25 GiB for every million in Transform.
    """
    trim_threshold, mmap_threshold, most_bytes = -1, -3, 1_000_000_000
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    if mallopt(trim_threshold, 2 * most_bytes):
        mallopt(mmap_threshold, most_bytes)


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.fill(line, _COLUMNS, subsequent_indent="  ") for line in text.splitlines())


def _print(line: str) -> None:
    # One write: lines of threads do not mix.
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
