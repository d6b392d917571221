"""The page about the training loop: its code runs, and its quotations are in the source."""

import pathlib
import re
import textwrap
from typing import Any

ROOT = pathlib.Path(__file__).parents[3]
PAGE = ROOT / "docs" / "training-loop.md"
BLOCK = re.compile(r"(?:<!-- from (?P<source>\S+) -->\n)?```python\n(?P<code>.*?)```", re.DOTALL)


def blocks() -> list[Any]:
    return [(found["source"], found["code"]) for found in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]


def without_indent(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def test_quotations_stand_in_the_source_word_for_word() -> None:
    quoted = [(source, code) for source, code in blocks() if source]
    assert len(quoted) >= 5
    for source, code in quoted:
        assert without_indent(code) in without_indent((ROOT / source).read_text(encoding="utf-8")), (source, code)


def test_the_other_code_runs_from_top_to_bottom() -> None:
    runnable = [textwrap.dedent(code) for source, code in blocks() if not source]
    assert len(runnable) >= 6
    namespace: dict[str, Any] = {}
    for number, code in enumerate(runnable, start=1):
        exec(compile(code, f"<runnable block {number} of {PAGE.name}>", "exec"), namespace)


def test_the_files_it_lists_exist() -> None:
    for name in re.findall(r"`(\w+\.py)`", PAGE.read_text(encoding="utf-8")):
        assert (ROOT / "components" / "trainer" / name).is_file()
