"""The pages speak of files and calls that are there."""

import ast
import pathlib
import re
from unittest import mock

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PRODUCT = ("schemas", "series", "forecaster", "components", "clients", "pipeline", "cli", "api")
HOUSES = (*PRODUCT, "tests", "scripts", "configs")


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_file_that_a_page_names_is_there(page: pathlib.Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    named = set(re.findall(rf"`((?:{'|'.join(HOUSES)})/[\w./-]*)`", text))
    linked = {link for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text) if "://" not in link}
    missing = {name for name in named if not (ROOT / name).exists()}
    missing |= {link for link in linked if not (page.parent / link).exists()}
    assert missing == set()


def test_no_message_sends_its_reader_to_a_page_that_is_not_installed() -> None:
    cited = []
    for house in PRODUCT:
        for path in sorted((ROOT / house).rglob("*.py")):
            text = path.read_text()
            # Reading a file's tree takes a hundred times as long as reading its text.
            tree = ast.parse(text if "docs/" in text or "configs/" in text else "")
            docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            cited += [
                f"{path.relative_to(ROOT)}:{node.lineno}"
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
                if re.search(r"\b(docs|configs)/", node.value) and path.name != "reference.py"
            ]
    assert cited == []


def test_every_room_and_every_command_is_in_the_architecture() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    rooms = [path.name for path in (ROOT / "components").iterdir() if (path / "__init__.py").is_file()]
    assert [room for room in rooms if f"`components/{room}/`" not in page] == []


def test_the_page_on_kubeflow_calls_its_client_as_the_client_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kfp = pytest.importorskip("kfp")
    client = mock.create_autospec(kfp.Client)
    monkeypatch.setattr(kfp, "Client", client)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "kubeflow.md").read_text(), flags=re.DOTALL)
    exec(compile("".join(blocks), "<code of kubeflow.md>", "exec"), {})
    called = {name for name, _, _ in client.return_value.method_calls}
    assert called >= {"upload_pipeline", "create_run_from_pipeline_package", "create_recurring_run"}
