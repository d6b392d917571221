"""The CI files are what GitHub and GitLab accept, by the schemas that both publish."""

import pathlib
import subprocess
import sys
from typing import Any

import pytest

from tests.setup.test_workflows import ACTION, ROOT, WORKFLOWS

SCHEMAS = {
    "vendor.github-workflows": WORKFLOWS,
    "vendor.github-actions": [ACTION],
    "vendor.gitlab-ci": [ROOT / "ci/gitlab.yml"],
}


def validate(schema: str, paths: list[pathlib.Path]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("schema", "paths"), SCHEMAS.items(), ids=SCHEMAS)
def test_ci_files_follow_the_schema_of_who_reads_them(schema: Any, paths: Any) -> None:
    assert paths
    ended = validate(schema, paths)
    assert ended.returncode == 0, ended.stdout


def test_a_workflow_with_a_mistake_is_found(tmp_path: pathlib.Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text(WORKFLOWS[0].read_text().replace("runs-on:", "run-on:"))
    assert validate("vendor.github-workflows", [broken]).returncode != 0
