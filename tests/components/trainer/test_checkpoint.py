"""A checkpoint is there as a whole or not at all, and is never taken for that of another run."""

import os
import pathlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tapeline.components.trainer.checkpoint import (
    BEST,
    LAST,
    CheckpointMismatchError,
    CheckpointStore,
    Snapshot,
    own_folder,
    run_fingerprint,
)


def snapshot(epoch: int, value: float = 0.0) -> Snapshot:
    return Snapshot(epoch=epoch, arrays={"model/0": np.full([2, 3], value, np.float32)}, state={"wait": epoch})


def test_nothing_to_resume_in_an_empty_folder(tmp_path: pathlib.Path) -> None:
    assert CheckpointStore(tmp_path / "none", fingerprint="f").load() is None


@given(array=hnp.arrays(st.sampled_from([np.float32, np.int64, np.uint32]), hnp.array_shapes(min_dims=0)))
def test_arrays_come_back_bit_by_bit(tmp_path_factory: pytest.TempPathFactory, array: Any) -> None:
    store = CheckpointStore(tmp_path_factory.mktemp("store"), fingerprint="f")
    store.save(Snapshot(epoch=1, arrays={"a/kernel:0": array}, state={"best": 0.1}), best=False)
    loaded = store.load()
    assert loaded.arrays["a/kernel:0"].tobytes() == array.tobytes()
    assert loaded.arrays["a/kernel:0"].dtype == array.dtype
    assert loaded.state == {"best": 0.1}


def test_the_best_stays_while_the_last_moves_on(tmp_path: pathlib.Path) -> None:
    store = CheckpointStore(tmp_path, fingerprint="f")
    store.save(snapshot(1, 1.0), best=True)
    store.save(snapshot(2, 2.0), best=False)
    assert store.load(LAST).epoch == 2
    assert store.load(BEST).epoch == 1
    assert store.load(BEST).arrays["model/0"][0, 0] == 1.0


@pytest.mark.parametrize("killed_in", ["fsync", "replace"])
@pytest.mark.parametrize("calls_before", [0, 1])
def test_a_write_that_is_cut_short_leaves_the_checkpoint_before(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, killed_in: str, calls_before: int
) -> None:
    store = CheckpointStore(tmp_path, fingerprint="f")
    store.save(snapshot(1, 1.0), best=True)

    class Killed(BaseException):
        pass

    real, calls = getattr(os, killed_in), []

    def die(*args: Any) -> Any:
        calls.append(args)
        if len(calls) > calls_before:
            raise Killed
        return real(*args)

    monkeypatch.setattr(os, killed_in, die)
    with pytest.raises(Killed):
        store.save(snapshot(2, 2.0), best=True)
    monkeypatch.undo()

    assert store.load().epoch == 1
    store.save(snapshot(3, 3.0), best=True)
    assert store.load(LAST).epoch == 3
    assert store.load(BEST).epoch == 3


def test_a_checkpoint_of_another_run_is_refused(tmp_path: pathlib.Path) -> None:
    CheckpointStore(tmp_path, fingerprint="a" * 64).save(snapshot(1), best=False)
    with pytest.raises(CheckpointMismatchError, match=r"fingerprint aaaaaaaaaaaa, this run has bbbbbbbbbbbb"):
        CheckpointStore(tmp_path, fingerprint="b" * 64).load()


@pytest.mark.parametrize("position", [0, 200, -100])
def test_damaged_bytes_are_refused(tmp_path: pathlib.Path, position: int) -> None:
    store = CheckpointStore(tmp_path, fingerprint="f")
    store.save(snapshot(1, 1.0), best=False)
    content = bytearray((tmp_path / LAST).read_bytes())
    content[position] ^= 0xFF
    (tmp_path / LAST).write_bytes(content)
    with pytest.raises(CheckpointMismatchError, match="Delete the folder"):
        store.load()


def test_removing_leaves_nothing_behind(tmp_path: pathlib.Path) -> None:
    store = CheckpointStore(tmp_path / "run", fingerprint="f")
    store.save(snapshot(1), best=True)
    # Of a process that was killed while it wrote.
    (tmp_path / "run" / ".last.npz.0123.npz").touch()
    store.remove()
    assert not (tmp_path / "run").exists()


def test_each_candidate_has_a_folder_and_all_are_removed_with_the_whole(tmp_path: pathlib.Path) -> None:
    store = CheckpointStore(tmp_path / "run", fingerprint="f")
    snapshot = Snapshot(epoch=1, arrays={"x": np.zeros(1)}, state={})
    for number in (1, 2):
        store.of(f"candidate {number}").save(snapshot, best=True)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["candidate_1", "candidate_2"]
    assert store.load() is None
    assert CheckpointStore(tmp_path / "run", fingerprint="f").of("candidate 2").load() is not None
    store.remove()
    assert not (tmp_path / "run").exists()


def test_two_trainings_at_once_keep_to_folders_of_their_own(tmp_path: pathlib.Path) -> None:
    root = tmp_path / "checkpoints"
    with own_folder(root, otherwise="second") as first:
        assert first == root
        # Another file handle is what another process has.
        with own_folder(root, otherwise="second") as second:
            assert second == tmp_path / "checkpoints-second"


def test_what_was_interrupted_is_carried_on_by_the_next_one(tmp_path: pathlib.Path) -> None:
    with own_folder(tmp_path / "checkpoints", otherwise="first"):
        pass
    with own_folder(tmp_path / "checkpoints", otherwise="second") as folder:
        assert folder == tmp_path / "checkpoints"


def test_settings_and_content_count_and_names_do_not(tmp_path: pathlib.Path) -> None:
    def fingerprint(settings: Any, *contents: Any) -> Any:
        paths = []
        for number, content in enumerate(contents):
            path = tmp_path / f"{len(list(tmp_path.iterdir()))}-{number}"
            path.write_bytes(content)
            paths.append(str(path))
        return run_fingerprint(settings=settings, files=paths)

    one = fingerprint({"model": "a", "training": "b"}, b"x", b"yz")
    assert fingerprint({"training": "b", "model": "a"}, b"x", b"yz") == one
    others = [
        fingerprint({"model": "a", "training": "c"}, b"x", b"yz"),
        fingerprint({"model": "a", "training": "b"}, b"x", b"yy"),
        fingerprint({"model": "a", "training": "b"}, b"xy", b"z"),
        fingerprint({"model": "a", "training": "b"}, b"yz", b"x"),
    ]
    assert len({one, *others}) == 5
