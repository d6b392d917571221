"""Loads a SavedModel once in a process, however many ask for it.

In a run the Evaluator's probe, TFMA, the report's scoring and its forecast of the next steps ask the same model, and
each loading, with the first call of a signature after it, takes a second or more.
"""

import functools
import os
from typing import Any

from tapeline.forecaster.versions import folder_fingerprint

_MOST_KEPT = 2
"""Models that stay loaded: a candidate, and the one that it is compared with."""


def load_once(folder: str | os.PathLike[str]) -> Any:
    """Returns the model in a folder as TensorFlow loads it; one whose files have changed is loaded anew."""
    return _load(os.fspath(folder), folder_fingerprint(folder))


@functools.lru_cache(maxsize=_MOST_KEPT)
def _load(folder: str, _: str) -> Any:
    import tensorflow as tf

    return tf.saved_model.load(folder)
