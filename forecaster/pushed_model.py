"""Finds the SavedModel that a path means, and reads what its card tells a client."""

import dataclasses
import json
import os
import pathlib

from tapeline.forecaster.versions import VERSIONS_FOLDER, check_content, versions
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, WindowConfig
from tapeline.schemas.served_model import CARD_FILE, GRAPH_FILE


@dataclasses.dataclass(frozen=True, kw_only=True)
class Card:
    """What a client must know of a model.

    Attributes:
        data: Columns, form of times, frequency, zone and unit of the data that it was trained on.
        features: Covariates.
        window: Context and horizon.
        longest_horizon: Steps that it forecasts at most; None where no end is known.
    """

    data: DataConfig
    features: FeaturesConfig
    window: WindowConfig
    longest_horizon: int | None = None


def find_model(path: str | os.PathLike[str]) -> pathlib.Path:
    """Returns the folder of the SavedModel that a path means.

    Args:
        path: A SavedModel, a folder of versions (the newest is taken), or the folder of a configuration's runs.

    Raises:
        ConfigError: There is none.
        DataError: It is not what was pushed any more.
    """
    folder = _folder_of(path)
    check_content(folder)
    return folder


def _folder_of(path: str | os.PathLike[str]) -> pathlib.Path:
    given = pathlib.Path(path).expanduser()
    if not given.is_dir():
        raise ConfigError(f"--model: no folder {str(given)!r}. Give a pushed model, such as runs/co2/serving_model.")
    if (given / GRAPH_FILE).is_file():
        return given
    for folder in (given, given / VERSIONS_FOLDER):
        whole = [folder / str(version) for version in versions(folder)]
        whole = [version for version in whole if (version / GRAPH_FILE).is_file()]
        if whole:
            return whole[-1]
    raise ConfigError(
        f"--model: {str(given)!r} holds no model: neither {GRAPH_FILE} nor a version, a folder with a number for its "
        "name. Nothing was pushed there yet, or it is another folder; give one such as runs/co2/serving_model."
    )


def read_card(folder: pathlib.Path) -> Card:
    """Reads the card of a model.

    Args:
        folder: The SavedModel.

    Raises:
        ConfigError: There is none, or it does not say what a client must know.
    """
    path = folder / CARD_FILE
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        return Card(
            data=DataConfig.model_validate(tree["data"]),
            features=FeaturesConfig.model_validate(tree["features"]),
            window=WindowConfig.model_validate(tree["window"]),
            longest_horizon=tree.get("inputs", {}).get("longest_horizon"),
        )
    except FileNotFoundError as error:
        raise ConfigError(
            f"--model: {str(folder)!r} has no {CARD_FILE}; Tapeline did not push it. Give another."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigError(
            f"--model: {str(path)!r} does not say what the model was trained on ({type(error).__name__}). Push the "
            "model again with this version of Tapeline."
        ) from error
