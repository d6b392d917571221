"""One fingerprint for one run: whatever could change the result changes it."""

import pathlib
from typing import Any

from tapeline.components.trainer.run_identity import run_fingerprint


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
