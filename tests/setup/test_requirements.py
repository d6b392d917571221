"""What is imported is declared, and what is declared is imported or says why not."""

import ast
import functools
import pathlib
import re
import sys

import pytest

from tapeline.components.code_fingerprint import reached_files
from tests.test_import_directions import MAY_USE, imports, top

ROOT = pathlib.Path(__file__).resolve().parents[2]
DISTRIBUTIONS = {
    "absl": "absl-py",
    "google": "protobuf",
    "grpc": "grpcio",
    "tensorflow_serving": "tensorflow-serving-api",
    "yaml": "pyyaml",
}
"""Where a package is not called as what is imported from it."""

NOT_IMPORTED = {
    "tensorboard": "TensorFlow's summaries and the command that shows them",
    "setuptools": "dependencies import its pkg_resources",
    "kfp-pipeline-spec": "the one version that kfp 2.5 resolves with",
    "kfp-kubernetes": "imported as kfp.kubernetes",
    "statsmodels": "its data sets, which are found by name",
    "onnxruntime": "checks what tf2onnx wrote, in the user's own program",
}


def declared(*files: str) -> set[str]:
    lines = [line.split("#")[0] for name in files for line in (ROOT / name).read_text().splitlines()]
    return {re.split(r"[=<>!;\s]", line)[0].lower().replace("_", "-") for line in lines if line.strip()}


@functools.cache
def imported() -> set[str]:
    trees = [ast.parse(path.read_text()) for folder in MAY_USE for path in (ROOT / folder).rglob("*.py")]
    libraries = {top(each.module) for tree in trees for each in imports(tree)} - set(sys.stdlib_module_names)
    return {DISTRIBUTIONS.get(name, name.lower().replace("_", "-")) for name in libraries - {"tapeline"}}


def test_every_library_that_the_product_imports_is_declared() -> None:
    known = declared("requirements.in", "requirements-kubeflow.in", "requirements-onnx.in")
    assert imported() - known == set()


def test_serving_needs_what_its_image_installs_and_no_more() -> None:
    # The second is what every command writes with.
    files = {*reached_files("tapeline.cli.serve"), ROOT / "cli/terminal.py"}
    trees = [ast.parse(path.read_text()) for path in files if path.suffix == ".py"]
    libraries = {top(each.module) for tree in trees for each in imports(tree)} - set(sys.stdlib_module_names)
    needed = {DISTRIBUTIONS.get(name, name.lower()) for name in libraries - {"tapeline"}}
    assert needed == declared("requirements-serve.in")
    assert needed <= declared("requirements.in")


@pytest.mark.parametrize("file", ["requirements.in", "requirements-kubeflow.in", "requirements-onnx.in"])
def test_every_declared_library_is_imported_or_says_why_not(file: str) -> None:
    assert declared(file) - imported() - set(NOT_IMPORTED) == set()
