"""Where a run puts things.

runs/<config name>/           one folder a configuration
  config.yaml                 the configuration of the last run, with what was chosen for its data
  metadata.db                 ML Metadata (SQLite)
  artifacts/<Node>/...        TFX's pipeline root
  serving_model/<version>/    what the Pusher pushed
  checkpoints/                training that was interrupted
  schemas/                    the schema of a run, named for its content
  ir/<run id>.json            the compiled pipeline, where each node runs in a process of its own (Kubeflow)
  steps/<run id>/<Node>.lock  held while such a process runs
  report/<run id>/            report.html, forecast.csv, forecast.png, verdict.json, junit.xml, summary.md
  backtest/<key>/fold-01/     the same folder for each fold of a backtest, and its results beside them
  frames/<hash>.parquet       data frames that runs were given in Python
  logs/<run id>.log           everything TFX and Beam say
  jobs.json                   Beam jobs that are open on a cluster; not there while none is
  .lock                       held during a run
"""

import dataclasses
import os
import pathlib


class _Place:
    """A path in the folder of a configuration."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, paths: "RunPaths", owner: type) -> pathlib.Path:
        return paths.root / self._name


@dataclasses.dataclass(frozen=True)
class RunPaths:
    """The folder of one configuration.

    Attributes:
        root: `runs/<config name>`, absolute.
        store: ML Metadata's address where it is no file of this folder: `mysql://...`, `grpc://...`.
    """

    root: pathlib.Path
    store: str | None = None

    configuration = _Place("config.yaml")
    metadata = _Place("metadata.db")
    artifacts = _Place("artifacts")
    serving_model = _Place("serving_model")
    checkpoints = _Place("checkpoints")
    schemas = _Place("schemas")
    frames = _Place("frames")
    logs = _Place("logs")
    reports = _Place("report")
    jobs = _Place("jobs.json")
    lock = _Place(".lock")

    @classmethod
    def of(cls, name: str, home: str | os.PathLike[str] | None = None, *, store: str | None = None) -> "RunPaths":
        """Returns the folder of a configuration.

        Args:
            name: The configuration's name.
            home: The folder of all runs; None takes the environment's
                `TAPELINE_HOME`, else `runs` in the working directory.
            store: ML Metadata's address; None takes the file in the folder.
        """
        base = home or os.environ.get("TAPELINE_HOME") or "runs"
        return cls(pathlib.Path(base).expanduser().resolve() / name, store)

    @property
    def address(self) -> str:
        """ML Metadata's address."""
        return self.store or str(self.metadata)

    def ir(self, run_id: str) -> pathlib.Path:
        """The compiled pipeline of a run whose nodes run in processes of their own."""
        return self.root / "ir" / f"{run_id}.json"

    def report(self, run_id: str) -> pathlib.Path:
        """What a run has to say for itself; no colons, which upload actions and some file systems refuse."""
        return self.reports / run_id.replace(":", "-")


def shown(path: str | os.PathLike[str]) -> str:
    """Returns a path as a person reads it: relative to the working directory where that is shorter."""
    absolute = str(pathlib.Path(path).resolve())
    relative = os.path.relpath(absolute)
    return relative if len(relative) < len(absolute) else absolute
