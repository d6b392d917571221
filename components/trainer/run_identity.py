"""What a training run is: two runs with one identity would end with the same weights.

    digest = run_fingerprint(settings={"model": model_json, ...}, files=chunk_files)

A checkpoint carries this fingerprint and is only taken up by a run that has
the same one: never by another configuration, other data or other code.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping

import keras
import tensorflow as tf

_BLOCK = 2**20


def run_fingerprint(*, settings: Mapping[str, str], files: Iterable[str]) -> str:
    """Returns a SHA-256 digest.

    Args:
        settings: Everything that is not data: sections of the configuration, the code's own fingerprint.
        files: Paths of the data; their content counts, their names do not.
    """
    digest = hashlib.sha256()
    versions = {"tensorflow": tf.__version__, "keras": keras.__version__}
    digest.update(json.dumps({**settings, **versions}, sort_keys=True).encode())
    for path in files:
        digest.update(b"\0file\0")
        with tf.io.gfile.GFile(path, "rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()
