"""What a machine does not let is told in one sentence, whoever passes it on."""

import errno
import os

import pytest

from tapeline.schemas.errors import DataError, SurroundingsError, surroundings_error, user_error


def _of_system(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (_of_system(errno.ENOSPC, "/runs/load"), "no room is left on the disk at '/runs/load'. Make room"),
        (_of_system(errno.EDQUOT, "/runs/load"), "no room is left on the disk at '/runs/load'. Make room"),
        (_of_system(errno.EROFS, "/runs"), "nothing can be written at '/runs': it is read-only. Give a folder"),
        (_of_system(errno.EACCES, "/runs"), "no permission to read or write at '/runs'. Correct the permissions"),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"), "set TMPDIR"),
        (RuntimeError("Error when executing query: file is not a database query: CREATE"), "metadata.db"),
        (RuntimeError("Error when executing query: disk I/O error query: INSERT"), "metadata.db"),
        (UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed"), "a name that is no UTF-8"),
        (RuntimeError("database disk image is malformed"), "metadata.db"),
        (RuntimeError("Cannot connect sqlite3 database: unable to open database file"), "no permission"),
        (RuntimeError("OSError: [Errno 28] No space left on device [while running 'Write']"), "no room is left"),
    ],
)
def test_what_the_machine_does_not_let_is_one_sentence_with_what_to_do(error: Exception, told: str) -> None:
    found = user_error(error)
    assert isinstance(found, SurroundingsError)
    assert told in str(found)
    assert "\n" not in str(found)
    assert str(found).endswith("run the same command again.")


def test_what_lies_behind_an_error_is_found() -> None:
    error = RuntimeError("the component failed")
    error.__cause__ = _of_system(errno.ENOSPC, "/runs")
    assert surroundings_error(error) is not None


def test_what_the_user_gave_is_told_before_what_the_machine_does_not_let() -> None:
    refusal = DataError("a gap")
    refusal.__context__ = _of_system(errno.ENOSPC, "/runs")
    assert user_error(refusal) is refusal


@pytest.mark.parametrize("error", [None, RuntimeError("out of order"), _of_system(errno.ENOENT, "/runs")])
def test_a_fault_of_ours_is_not_put_on_the_machine(error: Exception | None) -> None:
    assert surroundings_error(error) is None
