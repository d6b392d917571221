"""M4 Weekly as one run of the pipeline: the competition's errors of what the Trainer's model serves.

The last 13 weeks are the competition's test. MASE is over the mean one-step change of all weeks before; both measures
are means over steps, then over series.
"""

import pathlib
import tempfile
from collections.abc import Mapping

import numpy as np
import pandas as pd
import tensorflow as tf

from benchmarks.measured_runs import run, seconds_of
from tapeline.cli.exit_codes import EXIT_DONE, EXIT_REFUSED
from tapeline.pipeline.lineage import read_run
from tapeline.schemas.served_model import FORECAST, SERVE

NAME = "m4_weekly"
HORIZON = 13
MUST = (2.25, 7.8)
"""Most that MASE and sMAPE may be."""


def measure(data: pathlib.Path, *, changes: Mapping[str, object], verbose: bool = False) -> tuple[str, bool]:
    """Runs the pipeline and scores its model.

    Args:
        data: The Parquet file.
        changes: What to override of `configs/m4_weekly.yaml`, by dotted key.
        verbose: Whether what the run printed is told.

    Returns:
        A line for people, and whether both errors are small enough.
    """
    with tempfile.TemporaryDirectory() as home:
        command = ["tapeline.cli.main", "run", "--config", f"configs/{NAME}.yaml", "--data", str(data), "--home", home]
        for key, value in changes.items():
            command += ["--set", f"{key}={value}"]
        # A model that is not blessed is scored as well.
        usage = run(command, expected=(EXIT_DONE, EXIT_REFUSED))
        if verbose:
            print(usage.output, flush=True)
        found = read_run(pathlib.Path(home) / NAME / "metadata.db")
        model = found.artifact("Trainer", "model") if found else None
        if model is None:
            raise RuntimeError(f"the run trained no model:\n{usage.output}")
        mase, smape = errors(pathlib.Path(model.uri) / "Format-Serving", data)
    line = (
        f"M4 Weekly, one run: MASE {mase:.3f}, sMAPE {smape:.2f}; {usage.seconds:.0f} s in all "
        f"({usage.cpu_seconds:.0f} s of CPU time), of it training {seconds_of('Trainer', usage.output):.0f} s"
    )
    return line, mase <= MUST[0] and smape <= MUST[1]


def errors(model: pathlib.Path, data: pathlib.Path) -> tuple[float, float]:
    """Returns MASE and sMAPE of a served model, each series asked with the rows before its last 13.

    Args:
        model: The SavedModel.
        data: The Parquet file.
    """
    serve = tf.saved_model.load(str(model)).signatures[SERVE]
    mase, smape = [], []
    for name, rows in pd.read_parquet(data).groupby("series"):
        values, weeks = rows.value.to_numpy(np.float64), pd.DatetimeIndex(rows.week).asi8 // 10**9
        known, truth = values[:-HORIZON], values[-HORIZON:]
        answer = serve(
            context=tf.constant(known[np.newaxis]),
            timestamps=tf.constant(weeks[np.newaxis, :-HORIZON], tf.int64),
            series_id=tf.constant([str(name)]),
        )[FORECAST].numpy()[0]
        error = np.abs(answer - truth)
        mase.append(error.mean() / np.abs(np.diff(known)).mean())
        smape.append((200.0 * error / (np.abs(answer) + np.abs(truth))).mean())
    return float(np.mean(mase)), float(np.mean(smape))
