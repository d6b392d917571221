"""The page about serving: its Python code runs against a server, its commands and links are there."""

import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.rest import Server, untrained
from tapeline.cli.command_line import help_text
from tapeline.clients.platforms.converters import read_portable, write_tflite

ROOT = pathlib.Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    base = tmp_path_factory.mktemp("serving_model")
    untrained(base)
    return base


@pytest.fixture(scope="module")
def server(base: pathlib.Path) -> Iterator[Server]:
    server = Server(base)
    yield server
    server.process.kill()
    server.process.wait()


def test_the_python_code_runs_from_top_to_bottom(server: Server, base: pathlib.Path) -> None:
    write_tflite(read_portable(base / "1"), base.parent / "co2.tflite")
    blocks = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(blocks) >= 5
    namespace: dict[str, Any] = {}
    for number, code in enumerate(blocks, start=1):
        here = code.replace("127.0.0.1:8501", f"127.0.0.1:{server.port}")
        here = here.replace("runs/co2/serving_model/1795244861", str(base / "1"))
        here = here.replace('"co2.tflite"', repr(str(base.parent / "co2.tflite")))
        exec(compile(here, f"<block {number} of serving.md>", "exec"), namespace)


def test_the_options_it_names_are_those_of_the_commands() -> None:
    for line in re.findall(r"^tapeline .*$", PAGE, flags=re.MULTILINE):
        _, command, *words = line.partition("#")[0].split()
        known = set(re.findall(r"--[\w-]+", help_text(command)))
        assert {word for word in words if word.startswith("--")} <= known


def test_the_pages_that_it_links_to_exist() -> None:
    for link in re.findall(r"\]\(([\w-]+\.md)\)", PAGE):
        assert (ROOT / "docs" / link).is_file()
