"""Which transform graph stands for another: the same rows, sections and code, and whole."""

import pathlib

from tapeline.components.transform.earlier_fit import fit_key, note_key, take_earlier

SECTIONS = {"data": "{}", "scaling": '{"method": "min_max"}'}


def test_the_key_follows_content_and_sections_and_not_where_files_lie(tmp_path: pathlib.Path) -> None:
    paths = [tmp_path / name for name in ("one", "same", "other")]
    for path, content in zip(paths, (b"rows", b"rows", b"others"), strict=True):
        path.write_bytes(content)
    one, same, other = (fit_key([str(path)], SECTIONS) for path in paths)
    assert one == same != other
    assert fit_key([str(paths[0])], {**SECTIONS, "scaling": '{"method": "standard"}'}) != one
    assert fit_key([str(paths[0]), str(paths[2])], SECTIONS) != one


def test_a_whole_graph_with_the_same_key_is_copied_and_no_other(tmp_path: pathlib.Path) -> None:
    for execution in ("5", "6", "7"):
        (tmp_path / execution / "transform_fn").mkdir(parents=True)
        (tmp_path / execution / "transform_fn" / "saved_model.pb").write_text(execution)
    note_key(str(tmp_path / "5"), "rows of May")
    note_key(str(tmp_path / "7"), "rows of June")
    target = tmp_path / "9"
    # Execution 6 was killed before it had written its note.
    assert not take_earlier(str(target), "rows of July")
    assert not target.exists()
    assert take_earlier(str(target), "rows of June")
    assert (target / "transform_fn" / "saved_model.pb").read_text() == "7"
    # Who is killed while it copies leaves no note either.
    assert [path.name for path in target.iterdir()] == ["transform_fn"]


def test_the_first_execution_finds_nothing(tmp_path: pathlib.Path) -> None:
    assert not take_earlier(str(tmp_path / "missing" / "1"), "rows")
