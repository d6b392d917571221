"""TensorFlow and Beam are imported once an executor is to run: a node that the cache answers needs neither.

TFX's launcher imports both, and the executor with all that it uses, before it asks the cache. That is most of what
such a node takes. The modules of TFX that the launcher reaches do without either where it is not installed. So they
are imported as if neither were, and once more when an executor needs them.
"""

import contextlib
import importlib
import sys
from collections.abc import Iterator

_POSTPONED = ("tensorflow", "apache_beam", "tfx.components")
"""With TFX's own components, which import both; a package of TFX without them exists, so the launcher does without."""

_DO_WITHOUT = (
    "tfx.dsl.io.plugins.tensorflow_gfile",
    "tfx.dsl.components.base.base_beam_executor",
    "tfx.orchestration.portable.beam_executor_operator",
)
"""Modules of TFX that look for them, the base of another one before it."""

_incomplete: list[str] = []
"""Those that this process has imported without them."""


@contextlib.contextmanager
def postponed() -> Iterator[None]:
    """Imports inside the block find none of these, unless this process has imported them already."""
    absent = [name for name in _POSTPONED if name not in sys.modules]
    complete = {name for name in _DO_WITHOUT if name in sys.modules}
    for name in absent:
        # Python's own mark of a module that is not to be found.
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
        if absent:
            _incomplete.extend(name for name in _DO_WITHOUT if name in sys.modules and name not in complete)


def import_postponed() -> None:
    """Imports what was postponed."""
    while _incomplete:
        importlib.reload(sys.modules[_incomplete.pop(0)])
