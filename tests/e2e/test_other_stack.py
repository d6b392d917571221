"""The two stacks beside each other: one pipeline, two verdicts that agree, and models that either serves.

`make test-modern` runs this where both are at hand: this environment holds the
older stack, and `TAPELINE_OTHER_STACK` names a root with the newer one, its
environment built by `make test` in there.
"""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import newer_system

OTHER = os.environ.get("TAPELINE_OTHER_STACK", "")
ROOT = pathlib.Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    not OTHER, reason="TAPELINE_OTHER_STACK names no root with the other stack: make test-modern"
)

SERVE = """
import sys
import numpy as np
import tensorflow as tf
model, requests, answers = sys.argv[1:]
signature = tf.saved_model.load(model).signatures["serving_default"]
with np.load(requests) as arrays:
    given = {name: tf.constant(arrays[name]) for name in arrays.files}
parts = [signature(**{name: value[at] for name, value in given.items()}) for at in (slice(0, 1), slice(1, None))]
kept = [name for name in parts[0] if parts[0][name].dtype != tf.string]
np.savez(answers, tensorflow=tf.__version__, **{name: tf.concat([part[name] for part in parts], 0) for name in kept})
assert not [name for name in sys.modules if name.split(".")[0] in ("components", "pipeline", "schemas")]
"""


@dataclasses.dataclass(frozen=True)
class Side:
    """One stack.

    Attributes:
        name: What it is called here.
        home: Its runs, as the machine sees them.
        prefix: The part of the paths that is not seen from inside.
    """

    name: str
    home: pathlib.Path
    prefix: pathlib.Path | None

    def inside(self, path: pathlib.Path) -> str:
        return str(path) if self.prefix is None else "/" + str(path.relative_to(self.prefix))

    def python(self, *arguments: str) -> None:
        """Runs this side's Python."""
        command, environ = [sys.executable, *arguments], dict(os.environ)
        if self.prefix is not None:
            command = newer_system.entering(self.prefix, [f"/{newer_system.TREE}/.venv/bin/python", *arguments])
            environ = newer_system.CLEAN
        ended = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, f"{self.name}: {ended.stdout[-2000:]}\n{ended.stderr[-4000:]}"

    @property
    def verdict(self) -> dict[str, float]:
        """Values of the checks that have one, by metric."""
        (path,) = self.home.glob("co2/report/*/verdict.json")
        return {check["metric"]: check["value"] for check in json.loads(path.read_text())["checks"] if check["metric"]}

    @property
    def pushed(self) -> pathlib.Path:
        (model,) = (path for path in (self.home / "co2/serving_model").iterdir() if path.name.isdigit())
        return model


@pytest.fixture(scope="module")
def sides() -> Iterator[tuple[Side, Side]]:
    """Both stacks, each after a whole run on the embedded data."""
    other = pathlib.Path(OTHER)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="both-", dir=other / "work"))
    both = (Side("here", folder / "here", None), Side("there", folder / "there", other))
    for side in both:
        side.python("-m", "tapeline.cli.main", "run", "--config", "configs/co2.yaml", "--home", side.inside(side.home))
    yield both
    shutil.rmtree(folder)


def requests(length: int = 104) -> dict[str, npt.NDArray[Any]]:
    """300 contexts like weekly CO2, some with holes."""
    rng = np.random.default_rng(7)
    start = rng.integers(0, 1_000, size=(300, 1)) * 7 * 86_400
    steps = np.arange(length)
    values = (
        rng.uniform(320, 380, size=(300, 1)) + 0.04 * steps + 3 * np.sin(2 * np.pi * (steps + start / 604_800) / 52)
    )
    values += rng.normal(scale=0.3, size=values.shape)
    values[rng.random(values.shape) < 0.02] = np.nan
    # 1970-01-03 was a Saturday.
    timestamps = start + 2 * 86_400 + steps * 7 * 86_400
    return {"context": values, "timestamps": timestamps.astype(np.int64)}


def test_the_verdicts_agree_within_three_per_cent(sides: tuple[Side, Side]) -> None:
    here, there = (side.verdict for side in sides)
    assert set(here) == set(there)
    assert there["mae_scaled"] == pytest.approx(here["mae_scaled"], rel=0.03)
    assert max(here["mae_scaled"], there["mae_scaled"]) < 0.015
    assert here["window_count"] == there["window_count"]


@pytest.mark.parametrize("pusher", [0, 1], ids=["pushed here", "pushed there"])
def test_a_model_pushed_by_one_stack_is_served_by_the_other(sides: tuple[Side, Side], pusher: int) -> None:
    given = requests()
    # Where both see it: in the root.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="served-", dir=sides[0].home.parent))
    np.savez(folder / "requests.npz", **given)
    shutil.copytree(sides[pusher].pushed, folder / "model")
    answers = []
    for side in sides:
        answer = folder / f"{side.name}.npz"
        side.python("-c", SERVE, *(side.inside(path) for path in (folder / "model", folder / "requests.npz", answer)))
        with np.load(answer) as arrays:
            answers.append({name: arrays[name] for name in arrays.files})
    here, there = answers
    assert (str(here.pop("tensorflow"))[:4], str(there.pop("tensorflow"))[:4]) == ("2.16", "2.21")
    assert set(here) == set(there) >= {"forecast", "lower", "upper", "forecast_time"}
    np.testing.assert_array_equal(here["forecast_time"], there["forecast_time"])
    spread = float(np.nanmax(given["context"]) - np.nanmin(given["context"]))
    rounding = float(np.finfo(np.float32).eps) * float(np.nanmax(given["context"]))
    for name in ("forecast", "lower", "upper", "lower_95", "upper_95"):
        assert here[name].shape == (300, 24)
        assert np.isfinite(here[name]).all()
        np.testing.assert_allclose(here[name], there[name], rtol=0, atol=1e-5 * spread + rounding)
