"""The Trainer's executor: chunks in; a SavedModel and the records of its training out.

Everything that TFX knows ends here. What runs inside takes plain values and is
tested without it.
"""

import importlib.metadata
import json
import os
import platform
from typing import Any

import tensorflow as tf
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import path_utils

from tapeline.components.trainer.checkpoint import CheckpointStore, own_folder
from tapeline.components.trainer.loop import History
from tapeline.components.trainer.memory import keep_large_buffers
from tapeline.components.trainer.progress import ProgressLines
from tapeline.components.trainer.residuals import eval_residuals
from tapeline.components.trainer.run_identity import run_fingerprint
from tapeline.components.trainer.training_records import HistoryLines, TensorBoardLogs
from tapeline.components.trainer.training_run import TrainedModel, run_training
from tapeline.forecaster.serving.card import describe_data
from tapeline.forecaster.serving.export_model import export_model
from tapeline.schemas.artifact_files import HISTORY_FILE
from tapeline.schemas.gate_config import GateConfig
from tapeline.schemas.model_contract import CONTRACT, contract
from tapeline.schemas.sections import DataConfig, FeaturesConfig, ScalingConfig, Section, WindowConfig
from tapeline.schemas.training_config import ModelConfig, TrainingConfig
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.conformal import conformal_half_widths
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


_VERSIONS = ("tapeline", "tensorflow", "keras", "tfx", "numpy")
"""Distributions whose versions the card tells."""


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
            TrainingError: The loss or a gradient is not finite any more.
        """
        run = self._context.pipeline_run_id if self._context else None
        with own_folder(exec_properties["checkpoint_root"], otherwise=run or "outside-a-run") as checkpoint_root:
            self._train(input_dict, output_dict, exec_properties, str(checkpoint_root))

    def _train(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
        checkpoint_root: str,
    ) -> None:
        keep_large_buffers()
        sections: dict[str, Any] = {
            name: section.model_validate_json(exec_properties[name]) for name, section in _SECTIONS.items()
        }
        chunks_uri = artifact_utils.get_single_uri(input_dict["chunks"])
        graph_uri = artifact_utils.get_single_uri(input_dict["transform_graph"])
        model_artifact = artifact_utils.get_single_instance(output_dict["model"])
        run_uri = artifact_utils.get_single_uri(output_dict["model_run"])
        train_files, eval_files = split_files(chunks_uri, "train"), split_files(chunks_uri, "eval")

        settings = {name: exec_properties[name] for name in (*_SECTIONS, "code_fingerprint")}
        # TFX gives each execution new output folders; what outlives a crash must lie elsewhere.
        checkpoints = CheckpointStore(
            checkpoint_root,
            fingerprint=run_fingerprint(settings=settings, files=[*train_files, *eval_files]),
        )
        trained = run_training(
            train_chunks=lambda: read_chunks(train_files),
            eval_chunks=lambda: read_chunks(eval_files),
            window=sections["window"],
            features=sections["features"],
            model=sections["model_config"],
            training=sections["training"],
            callbacks=[
                ProgressLines(sections["training"].epochs),
                HistoryLines(os.path.join(run_uri, HISTORY_FILE)),
                TensorBoardLogs(run_uri),
            ],
            checkpoints=checkpoints,
            say=_print,
        )
        _print(summary(trained.history))
        season = choose_season(
            sections["gate"], data=sections["data"], window=sections["window"], chunks=lambda: read_chunks(train_files)
        )
        spec = WindowSpec(context_length=sections["window"].context_length, horizon=sections["window"].horizon)
        residuals = eval_residuals(trained.model, read=lambda: read_chunks(eval_files), spec=spec)
        directory = path_utils.serving_model_dir(model_artifact.uri)
        tf.io.gfile.makedirs(os.path.dirname(directory))
        export_model(
            trained.model,
            directory=directory,
            ridge_baseline=trained.ridge,
            half_widths=conformal_half_widths(residuals),
            scaler=Scaler.load(graph_uri),
            transform_graph_uri=graph_uri,
            data=sections["data"],
            features=sections["features"],
            window=sections["window"],
            season=season,
            naive_errors=naive_errors(read_chunks(train_files), season=season),
            card={
                **model_card(trained, settings, checkpoints.fingerprint),
                "trained_on": describe_data(read_chunks(train_files)),
            },
        )
        model_artifact.set_string_custom_property(
            CONTRACT, contract(**{name: sections[name] for name in ("data", "features", "window", "scaling")})
        )
        checkpoints.remove()


def summary(history: History) -> str:
    """Says in a line which weights the model has.

    Args:
        history: The course of training.
    """
    if history.best is None:
        return (
            f"kept the weights from before training (val_loss {history.untrained:.5f}): "
            f"none of {len(history.epochs)} epochs was better"
        )
    return f"kept the weights of epoch {history.best + 1} of {len(history.epochs)} (val_loss {history.val_loss:.5f})"


def model_card(trained: TrainedModel, settings: dict[str, str], fingerprint: str) -> dict[str, Any]:
    """Returns what a served model says about itself.

    Args:
        trained: The model and its course.
        settings: What it was trained with, as JSON texts by name.
        fingerprint: The identity of the run.
    """
    history = trained.history
    sections = {name: json.loads(text) for name, text in settings.items() if name in _SECTIONS}
    return {
        **sections,
        "run_fingerprint": fingerprint,
        "parameters": int(trained.model.count_params()),
        "train_windows": trained.train_windows,
        "eval_windows": trained.eval_windows,
        "epochs": len(history.epochs),
        "best_epoch": None if history.best is None else history.best + 1,
        "val_mae_scaled": history.val_loss,
        "val_mae_scaled_before_training": history.untrained,
        "ridge": {"penalty": trained.fit.penalty, "val_mae_scaled": trained.fit.eval_mae},
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in _VERSIONS},
        },
    }


def _print(line: str) -> None:
    print(line, flush=True)
