"""A relative source is found in the working directory, or else beside the file that names it."""

import pathlib

import pytest

from tapeline.schemas.errors import ConfigError
from tapeline.series.sources.beside import found_beside


@pytest.fixture(autouse=True)
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    (tmp_path / "shop" / "load" / "span-7").mkdir(parents=True)
    (tmp_path / "shop" / "sales.csv").write_text("a")
    (tmp_path / "shop" / "load" / "span-7" / "a.csv").write_text("a")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("source", ["sales.csv", "load", "load/span-{SPAN}/*.csv", "*.csv", "../shop/sales.csv"])
def test_what_is_not_in_the_working_directory_is_found_beside_the_file(source: str) -> None:
    assert found_beside(source, "shop/sales.yaml") == f"shop/{source}"


@pytest.mark.parametrize("source", ["nowhere.csv", "statsmodels:co2", "/abs/sales.csv", "~/sales.csv"])
def test_what_is_nowhere_or_needs_no_folder_stays(source: str) -> None:
    assert found_beside(source, "shop/sales.yaml") == source


def test_the_working_directory_comes_first_and_the_same_file_is_no_other(folder: pathlib.Path) -> None:
    (folder / "only.csv").write_text("a")
    assert found_beside("only.csv", "shop/sales.yaml") == "only.csv"
    (folder / "sales.csv").symlink_to("shop/sales.csv")
    assert found_beside("sales.csv", "shop/sales.yaml") == "sales.csv"


def test_two_files_of_one_name_are_both_named(folder: pathlib.Path) -> None:
    (folder / "sales.csv").write_text("b")
    with pytest.raises(ConfigError, match=r"Say which: --data sales\.csv or --data shop/sales\.csv"):
        found_beside("sales.csv", "shop/sales.yaml")
