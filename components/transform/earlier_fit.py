"""Finds a transform graph that was fitted on the same rows with the same scaling, so that it is not fitted again.

A component of TFX is answered from the cache as a whole. This one also cuts
windows; with another window, what it fits is what it was.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence

from tfx.dsl.io import fileio

from tapeline.components.code_fingerprint import code_fingerprint

_FILE = "fitted_on.json"
_MODULE = "tapeline.components.transform.beam_analysis"
_READ_BYTES = 8 * 2**20


def fit_key(files: Sequence[str], sections: Mapping[str, str]) -> str:
    """Returns a hash of everything that a graph depends on: content of rows, sections of the configuration, code.

    Args:
        files: Those of the train split, in their order.
        sections: JSON by the section's name.
    """
    digest = hashlib.sha256(json.dumps([code_fingerprint(_MODULE), dict(sections)], sort_keys=True).encode())
    for path in files:
        with fileio.open(path, "rb") as file:
            while part := file.read(_READ_BYTES):
                digest.update(part)
    return digest.hexdigest()


def take_earlier(uri: str, key: str) -> bool:
    """Copies a graph with the same key, if an earlier execution left one beside the folder; `note_key` is left to do.

    Args:
        uri: Folder of the TransformGraph artifact that is to be filled.
        key: What `fit_key` returned.

    Returns:
        Whether there was one.
    """
    parent = os.path.dirname(uri)
    for name in sorted(map(str, fileio.listdir(parent)) if fileio.exists(parent) else ()):
        earlier = os.path.join(parent, name)
        note = os.path.join(earlier, _FILE)
        if earlier != uri and fileio.exists(note) and _read(note) == key:
            _copy(earlier, uri)
            return True
    return False


def note_key(uri: str, key: str) -> None:
    """Writes the key beside a graph, once it is whole."""
    with fileio.open(os.path.join(uri, _FILE), "w") as file:
        file.write(json.dumps({"key": key}))


def _read(note: str) -> str:
    with fileio.open(note, "r") as file:
        return str(json.loads(file.read())["key"])


def _copy(source: str, target: str) -> None:
    for folder, _, files in fileio.walk(source):
        there = os.path.join(target, os.path.relpath(str(folder), source))
        fileio.makedirs(there)
        for name in set(map(str, files)) - {_FILE}:
            fileio.copy(os.path.join(str(folder), name), os.path.join(there, name), overwrite=True)
