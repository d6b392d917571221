"""Tapeline: from a CSV of time series to a validated, gated, servable forecaster.

    import tapeline

    run = tapeline.run("sales.csv", target="sold")  # or a data frame
    run.verdict, run.forecast, run.report
    tapeline.load("runs/sales").forecast(recent_rows, horizon=7)

The rooms of this package are links to the folders of the same names at the top of the repository. So the sources
keep their place there, and what is imported and installed is one package.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tapeline.api.finished import Run
    from tapeline.api.functions import init, load, run
    from tapeline.api.loaded import Model

__all__ = ["Model", "Run", "init", "load", "run"]

_PLACES = {"load": "functions", "run": "functions", "init": "functions", "Run": "finished", "Model": "loaded"}


def __getattr__(name: str) -> Any:
    # Importing the package stays light: what a name needs is imported when it is first asked for.
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.api.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
