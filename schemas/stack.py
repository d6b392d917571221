"""Where the two sets of dependencies differ: TFX 1.16 on Python 3.10, TFX 1.21 on Python 3.11 and newer.

All code runs on both; what has to tell them apart stands here, and nothing else asks for a version.

>>> modern("M"), modern("2H")      # how a frequency is shown, whatever pandas is installed
('ME', '2h')
"""

import importlib.metadata
import re
import sys

NEWER = sys.version_info >= (3, 11)
"""Whether this is the stack of TFX 1.21: requirements.in divides the stacks by Python's version."""

NAME = "TFX 1.21" if NEWER else "TFX 1.16"

LOCAL_BEAM_RUNNER = "FnApiRunner" if NEWER else "DirectRunner"
"""Beam's runner within this machine's processes.

From Beam 2.68 on `DirectRunner` starts a program that it downloads (Prism) where it can, and falls back to the
`FnApiRunner` where it cannot; before, it was the `FnApiRunner`, which could not be named.
"""

_FREQUENCY = re.compile(r"(\d*)([A-Za-z]+)(-[A-Za-z0-9]+)?")
_OLD_TO_NEW = {
    "H": "h",
    "T": "min",
    "S": "s",
    "M": "ME",
    "Q": "QE",
    "A": "YE",
    "Y": "YE",
    "AS": "YS",
    "SM": "SME",
    "BM": "BME",
    "BQ": "BQE",
    "BA": "BYE",
    "BY": "BYE",
    "BAS": "BYS",
}
_NEW_TO_OLD = {new: old for old, new in reversed(_OLD_TO_NEW.items())}


def installed(package: str) -> str:
    """Returns the version of a package; the image holds TensorFlow under the name `tensorflow-cpu`."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return importlib.metadata.version(f"{package}-cpu")


def modern(frequency: str) -> str:
    """Returns a pandas frequency in the spelling of pandas 2.2 and newer; what is no frequency comes back as it is."""
    return _renamed(frequency, _OLD_TO_NEW)


def spelled(frequency: str) -> str:
    """Returns a pandas frequency, in the old or the new spelling, as the pandas that is installed reads it."""
    return _renamed(frequency, _OLD_TO_NEW if NEWER else _NEW_TO_OLD)


def _renamed(frequency: str, names: dict[str, str]) -> str:
    found = _FREQUENCY.fullmatch(frequency)
    if found is None:
        return frequency
    count, name, anchor = found.groups(default="")
    return count + names.get(name, name) + anchor
