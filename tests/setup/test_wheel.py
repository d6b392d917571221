"""The wheel that Beam workers install: built without network, compared with the tree, imported away from it."""

import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ("schemas", "components", "pipeline")
PACKAGING = ("setup.py", "pyproject.toml", "MANIFEST.in", *sorted(path.name for path in ROOT.glob("requirements*.in")))
PROBE = """
import importlib, pathlib, sys
target = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(target))
for name in sys.argv[2:]:
    module = importlib.import_module(name)
    assert target in pathlib.Path(module.__file__).parents, module.__file__
import importlib.metadata
(tapeline,) = importlib.metadata.distributions(name="tapeline", path=[str(target)])
(script,) = tapeline.entry_points.select(group="console_scripts")
assert script.name == "tapeline" and callable(script.load())
"""

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> pathlib.Path:
    """Builds the source archive, and the wheel from that: what the archive leaves out, the wheel lacks."""
    tree = tmp_path_factory.mktemp("source tree")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    for name in PACKAGING:
        shutil.copy(ROOT / name, tree)
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tree / "dist"), str(tree)]
    subprocess.run(build, check=True, capture_output=True)
    (found,) = (tree / "dist").glob("*.whl")
    return found


def test_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel):
    expected = {
        path.relative_to(ROOT).as_posix()
        for name in PACKAGES
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == expected


def test_installed_wheel_is_imported_outside_of_the_repository(wheel, tmp_path):
    # A wheel of pure Python is installed by unpacking it.
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    modules = [
        "tapeline.schemas.config",
        "tapeline.series.windowing",
        "tapeline.components.ingest.splits",
        "tapeline.cli.main",
    ]
    command = [sys.executable, "-c", PROBE, str(tmp_path / "site"), *modules]
    outside = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert outside.returncode == 0, outside.stderr


def test_wheel_names_its_dependencies_and_extras(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = archive.read(name).decode()
    for version, pythons in (("1.16.0", '< "3.11"'), ("1.21.0", '>= "3.11"')):
        assert re.search(rf"Requires-Dist: tfx=={version}; *python_version *{pythons}", metadata)
    assert "Provides-Extra: kubeflow" in metadata
    assert "Provides-Extra: onnx" in metadata
    assert "Requires-Python: >=3.10,<3.14" in metadata
