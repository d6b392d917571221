"""The serving gate's work on artifacts, done in its turn or begun while the Evaluator judges the same model.

What is begun ahead answers requests in a process of its own, and waits with the time of a forecast until its turn:
it is measured while nothing else runs.
"""

import dataclasses
import threading
from collections.abc import Callable, Mapping

from tfx.utils import path_utils

from tapeline.components.serving_gate.clean_start import start_ahead
from tapeline.components.serving_gate.examination import examine
from tapeline.components.serving_gate.real_windows import read_real_windows
from tapeline.schemas.features import SPLITS
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.gate_config import ServingConfig
from tapeline.schemas.sections import DataConfig, ScalingConfig, WindowConfig
from tapeline.schemas.serving_result import ServingResult
from tapeline.series.window_reader import split_files

SECTIONS = ("data", "features", "window", "scaling", "serving")
"""Sections of the configuration that the gate is told."""

_WINDOWS = 16


@dataclasses.dataclass(frozen=True, kw_only=True)
class Examination:
    """A model, and what it is examined with.

    Attributes:
        model_uri: Folder of the Model artifact.
        windows_uri: Folder of the windows.
        rows_uri: Folder of the rows.
        sections: JSON of each of `SECTIONS`.
    """

    model_uri: str
    windows_uri: str
    rows_uri: str
    sections: Mapping[str, str]

    def run(self, before_measuring: Callable[[], None] | None = None) -> ServingResult:
        """Examines the model; the argument is that of `CleanProcess.run`."""
        scaling = ScalingConfig.model_validate_json(self.sections["scaling"])
        windows = read_real_windows(
            split_files(self.windows_uri, SPLITS[-1]),
            [path for split in SPLITS for path in split_files(self.rows_uri, split)],
            data=DataConfig.model_validate_json(self.sections["data"]),
            features=FeaturesConfig.model_validate_json(self.sections["features"]),
            window=WindowConfig.model_validate_json(self.sections["window"]),
            count=_WINDOWS,
        )
        return examine(
            path_utils.serving_model_path(self.model_uri),
            windows,
            limits=ServingConfig.model_validate_json(self.sections["serving"]),
            refuses_unknown=scaling.per_series and scaling.unseen_series == "refuse",
            before_measuring=before_measuring,
        )


class _LeftError(Exception):
    """Nobody waits for the examination any more."""


class _Begun:
    """An examination in a thread of its own."""

    def __init__(self, examination: Examination) -> None:
        self.examination = examination
        self._turn = threading.Event()
        self._left = False
        self._result: ServingResult | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def finish(self) -> ServingResult | None:
        """Waits for the result; None where there is none, whatever the reason."""
        self._turn.set()
        self._thread.join()
        return self._result

    def leave(self) -> None:
        """Ends it, and its process with it."""
        self._left = True
        self.finish()

    def _run(self) -> None:
        try:
            self._result = self.examination.run(self._wait)
        except Exception:
            # It is done again in its turn: who cannot be examined is told of there.
            self._result = None

    def _wait(self) -> None:
        self._turn.wait()
        if self._left:
            raise _LeftError


_begun: list[_Begun] = []


def begin(examination: Examination) -> None:
    """Begins an examination for the next `result_of`."""
    leave_begun()
    start_ahead()
    _begun.append(_Begun(examination))


def result_of(examination: Examination) -> ServingResult:
    """Returns the result of what was begun, if it is the same, or examines now."""
    if _begun and _begun[0].examination == examination:
        found = _begun.pop().finish()
        if found is not None:
            return found
    return examination.run()


def leave_begun() -> None:
    """Ends what was begun, if nobody has asked for it."""
    while _begun:
        _begun.pop().leave()
