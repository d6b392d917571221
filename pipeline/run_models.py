"""The models of a configuration's runs, and where their data are: what a forecast needs that is given neither.

found = newest_pushed(RunPaths.of("co2"))
found.folder, data_source(RunPaths.of("co2"))
"""

import dataclasses
import pathlib

from tapeline.forecaster.pushed_model import find_model
from tapeline.forecaster.versions import versions
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.errors import ConfigError

REFUSED = "refused candidate"
"""What a forecast by a model says that a gate refused."""

_SAVED_MODEL = "Format-Serving"
"""Where TFX keeps the SavedModel inside a Model artifact."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunModel:
    """A model of a run.

    Attributes:
        folder: The SavedModel.
        mark: What its forecasts must say of it; "" for a model that passed both gates.
    """

    folder: pathlib.Path
    mark: str = ""


def newest_pushed(paths: RunPaths) -> RunModel:
    """Returns the newest version that was pushed.

    Raises:
        ConfigError: There is none.
        DataError: It is not what was pushed any more.
    """
    if not versions(paths.serving_model):
        raise ConfigError(
            f"--name: {shown(paths.root)} has no pushed model. Run `tapeline run` until a model passes the gate, or add "
            "--candidate to see what the newest model says that was refused."
        )
    return RunModel(folder=find_model(paths.serving_model))


def model_of_run(paths: RunPaths, run_id: str | None = None, *, candidate: bool = False) -> RunModel:
    """Returns the model that a run trained and judged.

    Args:
        paths: The folder of the runs.
        run_id: Which run; None for the newest.
        candidate: Whether one that a gate refused is wanted too.

    Raises:
        ConfigError: No run has a verdict, or it refused the model and `candidate` is False.
    """
    from tapeline.pipeline.judgement import Outcome, judge

    judgement = judge(paths, run_id)
    if judgement.verdict is None:
        raise ConfigError(f"--run: no model was judged: {judgement.problem}")
    refused = judgement.outcome is Outcome.REFUSED
    if refused and not candidate:
        raise ConfigError(
            f"--run: the model of run {judgement.run_id} was refused. Add --candidate to see what it says all the same."
        )
    folder = pathlib.Path(judgement.verdict.model_uri) / _SAVED_MODEL
    return RunModel(folder=folder, mark=REFUSED if refused else "")


def data_source(paths: RunPaths) -> str:
    """Returns what `data.source` was in the newest run.

    Raises:
        ConfigError: There was no run, or it had no source.
    """
    from tapeline.schemas.config import load_config

    if not paths.configuration.is_file():
        raise ConfigError(f"--name: {shown(paths.root)} has no config.yaml: nothing was run there. Give --input.")
    source = load_config(str(paths.configuration)).data.source
    if source is None:
        raise ConfigError(f"--input: {shown(paths.configuration)} names no data.source. Give the rows with --input.")
    return source
