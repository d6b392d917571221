"""The course of training, as the Trainer wrote it down epoch by epoch."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tapeline.schemas.artifact_files import HISTORY_FILE
from tapeline.schemas.errors import DataError

TEACHER_FORCED = "val_teacher_forced"
"""A diagnostic: how well the decoder does when it is fed the truth."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class OtherCourse:
    """The course of a candidate other than the leading one, by epoch.

    Attributes:
        name: Name of the candidate.
        epoch: Number of the epoch `[E]`.
        val_loss: Free-running error on the eval split `[E]`.
        seconds: Wall-clock time of the epoch `[E]`.
    """

    name: str
    epoch: npt.NDArray[np.int64]
    val_loss: npt.NDArray[np.float64]
    seconds: npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SelectedMember:
    """What could be picked for the model that is served.

    Attributes:
        name: Its name.
        what: What it is, in words.
        error: Its own free-running error on the eval split.
        weight: Its share of the forecast; 0: it was not picked.
        epochs: Epochs that it was trained for; None: it learns nothing that way.
    """

    name: str
    what: str
    error: float
    weight: float
    epochs: int | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class History:
    """Values by epoch, each `[E]`, of the candidate that was best by itself.

    Attributes:
        epoch: Number of the epoch, as the Trainer counts.
        loss: What training minimises, on the train split.
        val_loss: Free-running error on the eval split.
        teacher_forced: Error on the eval split where the decoder reads the truth; None where it was not measured.
        learning_rate: Rate at the end of the epoch.
        seconds: Wall-clock time of the epoch.
        kept_epoch: Epoch whose weights the model has; None: none was better than those before training.
        before_training: Free-running error on the eval split before the first epoch; NaN where unknown.
        train_windows: Windows in an epoch.
        eval_windows: Windows of the eval split; the intervals are made of the errors on them.
        parameters: Numbers that are learned.
        others: The other candidates.
        members: What could be picked for the model that is served; empty where there was no choice.
        selected_error: Error of what was picked, on the eval split; NaN where there was no choice.
        served_instead: Name of the forecast that a series is served in place of the selection, by series.
        short_series: Who forecasts series that are shorter than the context, as the card tells it; empty where nobody
            else does.
    """

    epoch: npt.NDArray[np.int64]
    loss: npt.NDArray[np.float64]
    val_loss: npt.NDArray[np.float64]
    teacher_forced: npt.NDArray[np.float64] | None
    learning_rate: npt.NDArray[np.float64]
    seconds: npt.NDArray[np.float64]
    kept_epoch: int | None
    before_training: float
    train_windows: int
    eval_windows: int
    parameters: int
    others: tuple[OtherCourse, ...] = ()
    members: tuple[SelectedMember, ...] = ()
    selected_error: float = float("nan")
    served_instead: Mapping[str, str] = dataclasses.field(default_factory=dict)
    short_series: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def kept_error(self) -> float:
        """Free-running error on the eval split of the weights that were kept."""
        if self.kept_epoch is None:
            return self.before_training
        return float(self.val_loss[self.epoch == self.kept_epoch][0])

    @property
    def rate_changes(self) -> tuple[int, ...]:
        """Positions of the first epochs with a new learning rate."""
        return tuple((np.flatnonzero(np.diff(self.learning_rate)) + 1).tolist())


def read_history(model_run_uri: str, *, card: Mapping[str, Any]) -> History:
    """Reads the history that the Trainer wrote.

    Raises:
        DataError: There is none, or an epoch lacks a value.
    """
    path = pathlib.Path(model_run_uri) / HISTORY_FILE
    if not path.is_file():
        raise DataError(f"model_run: no {HISTORY_FILE} in {model_run_uri!r}; the Trainer did not finish. Run again.")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    selection = card.get("selection") or {}
    by_candidate: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_candidate.setdefault(row.get("candidate", ""), []).append(row)
    epochs = by_candidate.pop("" if "" in by_candidate else selection.get("leading", ""), [])
    if not epochs:
        raise DataError(f"model_run: {str(path)!r} holds no epoch. Train for at least one.")

    measured = [TEACHER_FORCED] if all(TEACHER_FORCED in epoch for epoch in epochs) else []
    needed = ("epoch", "loss", "val_loss", "learning_rate", "seconds", *measured)
    for name in needed:
        missing = [str(number) for number, row in enumerate(rows, start=1) if name not in row]
        if missing:
            raise DataError(
                f"model_run: lines {', '.join(missing[:5])} of {str(path)!r} have no {name!r}. Train anew with this "
                "version of Tapeline."
            )
    columns = {name: _column(epochs, name) for name in needed}
    return History(
        epoch=columns.pop("epoch").astype(np.int64),
        teacher_forced=columns.pop(TEACHER_FORCED, None),
        kept_epoch=card["best_epoch"],
        before_training=float(card["val_mae_scaled_before_training"]),
        train_windows=card["train_windows"],
        eval_windows=card["eval_windows"],
        parameters=card["parameters"],
        others=tuple(
            OtherCourse(
                name=name,
                epoch=_column(own, "epoch").astype(np.int64),
                val_loss=_column(own, "val_loss"),
                seconds=_column(own, "seconds"),
            )
            for name, own in by_candidate.items()
        ),
        members=tuple(
            SelectedMember(
                name=row["name"],
                what=row["what"],
                error=row["val_mae_scaled"],
                weight=row["weight"],
                epochs=row.get("epochs"),
            )
            for row in selection.get("members", [])
        ),
        selected_error=float(selection.get("val_mae_scaled", "nan")),
        served_instead=selection.get("served_instead", {}),
        short_series=selection.get("short_series") or {},
        **columns,
    )


def _column(epochs: list[dict[str, Any]], name: str) -> npt.NDArray[np.float64]:
    return np.array([np.nan if epoch[name] is None else float(epoch[name]) for epoch in epochs])
