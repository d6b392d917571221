"""The wheel that Beam workers install: built without network, compared with the tree, run away from it."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
HOUSES = ("schemas", "series", "forecaster", "components", "clients", "pipeline", "cli")
PACKAGING = (
    *("setup.py", "pyproject.toml", "MANIFEST.in", "LICENSE", "README.md"),
    *sorted(path.name for path in ROOT.glob("requirements*.in")),
)
HOSTILE = ("pipeline", "components", "schemas", "cli", "series", "clients", "forecaster")
"""Modules of a user's own, in the folder where the user works: Tapeline's houses have the same names."""

PROBE = """
import importlib, importlib.metadata, pathlib, sys
site = pathlib.Path(sys.argv[1])
for name in sys.argv[2:]:
    module = importlib.import_module(name)
    assert site in pathlib.Path(module.__file__).parents, module.__file__
(tapeline,) = importlib.metadata.distributions(name="tapeline", path=[str(site)])
(script,) = tapeline.entry_points.select(group="console_scripts")
assert script.name == "tapeline" and callable(script.load())
"""
FIND = """
import importlib.util, site, sys
site.addsitedir(sys.argv[1])  # reads .pth files, as Python does at its start
for name in sys.argv[2:]:
    spec = importlib.util.find_spec(name)
    if spec:
        print(name, spec.origin)
"""
CONSOLE_SCRIPT = "import sys; from tapeline.cli.main import main; sys.exit(main())"


def copy_of_the_sources(folder: pathlib.Path) -> pathlib.Path:
    """Copies what the package is built from; the links of `tapeline/` stay links."""
    for name in ("tapeline", *HOUSES):
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=ignored)
    for name in PACKAGING:
        shutil.copy(ROOT / name, folder)
    return folder


def environment(*paths: pathlib.Path) -> dict[str, str]:
    """Returns this process's variables, with the paths given as the only ones where Python looks for more modules."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Builds the source archive, and the wheel from that: what the archive leaves out, the wheel lacks."""
    tree = copy_of_the_sources(tmp_path_factory.mktemp("source tree"))
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tree / "dist"), str(tree)]
    subprocess.run(build, check=True, capture_output=True)
    (found,) = (tree / "dist").glob("*.whl")
    return found


@pytest.fixture(scope="module")
def site(wheel: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Installs the wheel into a folder: one of pure Python is installed by unpacking it."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def hostile_folder(tmp_path: pathlib.Path) -> pathlib.Path:
    for name in HOSTILE:
        (tmp_path / f"{name}.py").write_text(f'raise RuntimeError("{name}.py of the working folder was imported")\n')
    return tmp_path


def files_of_the_package() -> set[str]:
    found = [ROOT / "tapeline" / name for name in os.listdir(ROOT / "tapeline")]
    inside = [path for house in found if house.is_dir() for path in house.resolve().rglob("*")]
    named = {path.relative_to(ROOT).as_posix(): path for path in (*found, *inside) if path.is_file()}
    return {
        name if name.startswith("tapeline/") else f"tapeline/{name}"
        for name, path in named.items()
        if "__pycache__" not in path.parts
    }


def test_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name for name in names if ".dist-info/" not in name} == files_of_the_package()
    assert "tapeline/py.typed" in names
    assert any(re.fullmatch(r"tapeline-[^/]*\.dist-info/(licenses/)?LICENSE", name) for name in names)


def test_wheel_puts_one_package_into_site_packages(wheel: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (top_level,) = [name for name in archive.namelist() if name.endswith("/top_level.txt")]
        assert archive.read(top_level).split() == [b"tapeline"]


def test_installed_wheel_is_imported_beside_modules_of_the_same_names(
    site: pathlib.Path, hostile_folder: pathlib.Path
) -> None:
    modules = [
        "tapeline",
        "tapeline.schemas.config",
        "tapeline.series.windowing",
        "tapeline.forecaster.pushed_model",
        "tapeline.components.ingest.splits",
        "tapeline.cli.main",
    ]
    ended = subprocess.run(
        [sys.executable, "-c", PROBE, str(site), *modules],
        cwd=hostile_folder,
        env=environment(site),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("start", [["-m", "tapeline"], ["-c", CONSOLE_SCRIPT]], ids=["module", "script"])
def test_installed_command_runs_beside_modules_of_the_same_names(
    site: pathlib.Path, hostile_folder: pathlib.Path, start: list[str]
) -> None:
    ended = subprocess.run(
        [sys.executable, *start, "--help"],
        cwd=hostile_folder,
        env=environment(site),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "Usage: tapeline" in ended.stdout


def test_editable_install_shows_one_package(tmp_path: pathlib.Path) -> None:
    tree, dist, site = (tmp_path / name for name in ("tree", "dist", "site"))
    for folder in (tree, dist):
        folder.mkdir()
    copy_of_the_sources(tree)
    # What `pip install --editable` asks of the build backend.
    hook = "import sys; from setuptools.build_meta import build_editable; build_editable(sys.argv[1])"
    subprocess.run([sys.executable, "-c", hook, str(dist)], cwd=tree, check=True, capture_output=True)
    (built,) = dist.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(site)
    # Isolated from this environment, which may hold an editable install of its own.
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", FIND, str(site), "tapeline", *HOUSES],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == [f"tapeline {tree / 'tapeline' / '__init__.py'}"]


def test_wheel_names_its_dependencies_and_extras(wheel: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = archive.read(name).decode()
    for version, pythons in (("1.16.0", '< "3.11"'), ("1.21.0", '>= "3.11"')):
        assert re.search(rf"Requires-Dist: tfx=={version}; *python_version *{pythons}", metadata)
    assert "Provides-Extra: kubeflow" in metadata
    assert "Provides-Extra: onnx" in metadata
    assert "Requires-Python: >=3.10,<3.14" in metadata
