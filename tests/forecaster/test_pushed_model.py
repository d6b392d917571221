"""Which model a path means, and what its card says."""

import json
import pathlib
from typing import Any

import pytest

from tapeline.forecaster.pushed_model import find_model, read_card
from tapeline.forecaster.versions import push_version
from tapeline.schemas.errors import ConfigError, DataError
from tapeline.schemas.served_model import CARD_FILE
from tests import contract_model


def save(folder: Any, *, card: Any = None) -> Any:
    (folder / "assets.extra").mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    (folder / CARD_FILE).write_text(json.dumps(contract_model.card() if card is None else card))
    return folder


@pytest.mark.parametrize("given", ["", "serving_model", "serving_model/10"])
def test_the_newest_version_is_found_from_any_folder_around_it(tmp_path: pathlib.Path, given: str) -> None:
    for version in (9, 10):
        save(tmp_path / "serving_model" / str(version))
    (tmp_path / "serving_model" / "11").mkdir()  # No model in it.
    (tmp_path / "serving_model" / ".incoming-12").mkdir()
    assert find_model(tmp_path / given) == tmp_path / "serving_model" / "10"


def test_a_version_that_is_named_is_taken(tmp_path: pathlib.Path) -> None:
    for version in (9, 10):
        save(tmp_path / str(version))
    assert find_model(tmp_path / "9").name == "9"


def test_a_damaged_version_is_no_model_to_use(tmp_path: pathlib.Path) -> None:
    version = push_version(save(tmp_path / "model"), tmp_path / "serving_model", keep=1)
    (tmp_path / "serving_model" / str(version) / "saved_model.pb").write_text("damaged")
    with pytest.raises(DataError, match="is not what was pushed"):
        find_model(tmp_path / "serving_model")


def test_nothing_there_says_what_to_give(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="--model: no folder"):
        find_model(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=r"holds no model.*Nothing was pushed there yet"):
        find_model(tmp_path)


def test_the_card_says_what_a_client_must_know(tmp_path: pathlib.Path) -> None:
    card = read_card(save(tmp_path / "7"))
    assert (card.data.frequency, card.data.target, card.data.unit) == ("H", ("load",), "MW")
    assert (card.window.context_length, card.window.horizon, card.longest_horizon) == (6, 3, 300)


@pytest.mark.parametrize("card", [{}, {"data": {}}, [], {**contract_model.card(), "window": {"horizon": 0}}])
def test_a_card_that_says_too_little_is_refused(tmp_path: pathlib.Path, card: Any) -> None:
    with pytest.raises(ConfigError, match="does not say what the model was trained on"):
        read_card(save(tmp_path / "7", card=card))


def test_a_model_without_a_card_is_refused(tmp_path: pathlib.Path) -> None:
    save(tmp_path / "7").joinpath(CARD_FILE).unlink()
    with pytest.raises(ConfigError, match="Tapeline did not push it"):
        read_card(tmp_path / "7")
