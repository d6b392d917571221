"""The exported model needs TensorFlow and nothing else: neither this project, nor Keras, nor TFX can be imported here."""

import importlib.metadata
import os
import pathlib
import re
import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest

from tests.e2e.forecaster.serving.small_export import raw_request, serialized, window_of

LEFT_OUT = {"keras", "tensorboard", "tf-keras"}


def requirements_of(distribution: Any) -> list[Any]:
    """The distribution and all that it needs, by normalised name."""
    seen, waiting = set(), [distribution]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in seen or name in LEFT_OUT:
            continue
        try:
            needed = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform
        seen.add(name)
        waiting += [re.split(r"[^\w.-]", line)[0] for line in needed if "extra ==" not in line]
    return sorted(seen)


@pytest.fixture(scope="module")
def tensorflow_alone(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Runs code in a process whose only packages are TensorFlow and what that needs, Keras left out."""
    packages = tmp_path_factory.mktemp("packages")
    for name in requirements_of("tensorflow"):
        for file in importlib.metadata.distribution(name).files:
            # `google` is shared by packages of many kinds: one level deeper they part.
            top = file.parts[: 2 if file.parts[0] == "google" else 1]
            link = packages.joinpath(*top)
            if top[0] in ("..", "__pycache__") or link.exists():
                continue
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(pathlib.Path(file.locate()).parents[len(file.parts) - 1].joinpath(*top).resolve())

    def run(code: Any, *arguments: Any) -> Any:
        start = f"import sys; sys.path.insert(0, {str(packages)!r})\n"
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", start + textwrap.dedent(code), *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=packages,
            env={"PATH": os.environ["PATH"], "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"},
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    return run


def test_it_forecasts_from_raw_values_what_the_evaluator_scored(
    tmp_path: pathlib.Path, exported: tuple[Any, Any], tensorflow_alone: Any
) -> None:
    directory, module = exported
    context, timestamps = raw_request()
    np.savez(tmp_path / "request.npz", context=context, timestamps=timestamps)
    tensorflow_alone(
        """
        import importlib.util
        for name in ("components", "schemas", "pipeline", "keras", "tfx", "tfx_bsl", "tensorflow_transform"):
            assert importlib.util.find_spec(name) is None, name
        import numpy as np
        import tensorflow as tf
        model = tf.saved_model.load(sys.argv[1])
        request = {name: tf.constant(values) for name, values in np.load(sys.argv[2]).items()}
        plain = model.signatures["serving_default"](**request)
        longer = model.signatures["any_horizon"](**request, horizon=tf.constant(12, tf.int64))
        np.savez(sys.argv[3], plain=plain["forecast"], longer=longer["forecast"], upper=plain["upper_95"])
        """,
        directory,
        tmp_path / "request.npz",
        tmp_path / "answer.npz",
    )
    answer = np.load(tmp_path / "answer.npz")
    scored = module.signatures["evaluate"](serialized(window_of(context, timestamps)))
    np.testing.assert_allclose((answer["plain"] - 300.0) / 50.0, scored["forecast"], atol=1e-5)
    np.testing.assert_allclose((answer["upper"] - 300.0) / 50.0, scored["upper_95"], atol=1e-5)
    np.testing.assert_allclose(answer["longer"][:, :5], answer["plain"], rtol=1e-6)


def test_saved_model_cli_describes_every_signature(exported: tuple[Any, Any], tensorflow_alone: Any) -> None:
    shown = tensorflow_alone(
        """
        from tensorflow.python.tools import saved_model_cli
        sys.argv = ["saved_model_cli", "show", "--dir", sys.argv[1], "--all"]
        saved_model_cli.main()
        """,
        exported[0],
    )
    for signature in ("serving_default", "any_horizon", "predict_examples", "evaluate"):
        assert f"signature_def['{signature}']" in shown
    assert "outputs['lower_95'] tensor_info:\n        dtype: DT_DOUBLE\n        shape: (-1, 5)" in shown
