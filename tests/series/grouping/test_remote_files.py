import pathlib

import pytest

from tapeline.series.grouping.remote_files import open_read, open_write, rename


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_file_gets_its_final_name_in_place_of_what_bears_it(scheme: str, tmp_path: pathlib.Path) -> None:
    begun, target = f"{scheme}{tmp_path}/temporary/a", f"{scheme}{tmp_path}/Split-train/rows.parquet"
    for content in (b"first", b"second"):
        with open_write(begun) as file:
            file.write(content)
        rename(begun, target)
        with open_read(target) as file:
            assert file.read() == content
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_missing_file_is_an_error_that_names_it(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        open_read(str(tmp_path / "missing"))
