"""The CI files: pinned, with few rights, and the same steps as .ci/run."""

import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

import stacks

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTION = ROOT / ".github/actions/tapeline-gate/action.yml"


def read(path: pathlib.Path) -> dict[Any, Any]:
    return yaml.safe_load(path.read_text())


def jobs(path: pathlib.Path) -> Iterator[dict[str, Any]]:
    yield from read(path)["jobs"].values()


def steps(path: pathlib.Path) -> list[dict[str, Any]]:
    if path == ACTION:
        return list(read(path)["runs"]["steps"])
    return [step for job in jobs(path) for step in job["steps"]]


def test_foreign_actions_are_pinned_by_commit_and_say_their_version() -> None:
    for path in (*WORKFLOWS, ACTION):
        for used in re.findall(r"uses: *(.*)", path.read_text()):
            assert used.startswith("./") or re.fullmatch(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v[\d.]+", used), used


def test_downloaded_data_sets_are_pinned_by_their_content() -> None:
    loads = [step for path in (*WORKFLOWS, ACTION) for step in steps(path) if "curl " in step.get("run", "")]
    (step,) = loads
    assert 'echo "$SHA256  $RUNNER_TEMP/$NAME.csv" | sha256sum --check' in step["run"]
    assert step["env"]["SHA256"] == "${{ matrix.sha256 }}"
    nightly = read(ROOT / ".github/workflows/nightly.yml")["jobs"]["data-set"]["strategy"]["matrix"]["include"]
    assert [each["name"] for each in nightly] == ["etth1", "vic_electricity"]
    assert all(re.fullmatch("[0-9a-f]{64}", each["sha256"]) for each in nightly)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_may_only_read_and_end_by_themselves(path: Any) -> None:
    assert read(path)["permissions"] == {"contents": "read"}
    for job in jobs(path):
        assert "permissions" not in job
        assert job["timeout-minutes"] <= 180
    for step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_scripts_take_what_others_write_from_the_environment_only() -> None:
    # What stands in ${{ }} becomes part of the script before a shell reads it.
    for path in (*WORKFLOWS, ACTION):
        for step in steps(path):
            assert "${{" not in step.get("run", ""), f"{path.name}: {step}"


def test_caches_belong_to_a_lock() -> None:
    caches = [step for path in (*WORKFLOWS, ACTION) for step in steps(path) if "actions/cache@" in step.get("uses", "")]
    assert caches
    for step in caches:
        assert (
            "hashFiles('requirements-*.lock')" in step["with"]["key"]
            or "steps.lock.outputs.hash" in step["with"]["key"]
        )
    assert 'cat "$GITHUB_ACTION_PATH"/../../../requirements-*.lock | sha256sum' in ACTION.read_text()


def test_ci_run_takes_the_steps_of_the_pull_request_workflow_in_their_order() -> None:
    # The audit asks a database in the network; it has its own test.
    workflow = read(ROOT / ".github/workflows/pull-request.yml")["jobs"]
    named = [step for job in ("checks", "tests") for step in workflow[job]["steps"] if "run" in step]
    assert set(workflow) == {"checks", "tests", "audit"}
    wanted = [step["run"].removeprefix("make ") for step in named]
    # The second job sets up its own machine.
    assert wanted.count("setup") == 2
    wanted.reverse()
    wanted.remove("setup")
    wanted.reverse()
    # One machine has one system: the other stack runs in a root of its own, where GitHub has a second machine. There the
    # unit tests run on the wheel.
    wanted.remove("test-wheel")
    done = re.findall(r'^step "([^"]+)" .*make (\S+)$', (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert done.pop() == ("All tests on the newer stack", "test-modern")
    assert [target for _, target in done] == wanted
    assert {name for name, _ in done} == {step["name"] for step in named if step["run"] != "make test-wheel"}


def test_pull_requests_run_on_both_stacks() -> None:
    for job in ("checks", "tests"):
        read_job = read(ROOT / ".github/workflows/pull-request.yml")["jobs"][job]
        machines = {each["system"]: each["python"] for each in read_job["strategy"]["matrix"]["include"]}
        assert machines == {"ubuntu-22.04": "3.10", "ubuntu-24.04": "3.12"}
        assert read_job["runs-on"] == "${{ matrix.system }}"
    gate = read(ROOT / ".github/workflows/model-gate.yml")["jobs"]["co2"]
    assert gate["strategy"]["matrix"]["system"] == ["ubuntu-22.04", "ubuntu-24.04"]


def test_an_advisory_that_nobody_accepted_stops_a_pull_request() -> None:
    audits = [read(path)["jobs"]["audit"] for path in WORKFLOWS if "audit" in read(path)["jobs"]]
    assert len(audits) == 2
    for job in audits:
        assert "continue-on-error" not in job
        script = job["steps"][-1]["run"]
        assert f"for lock in {' '.join(stack.lock for stack in stacks.STACKS.values())};" in script
        assert re.search(r"pip-audit==[\d.]+ ", script)
        assert script.rstrip().splitlines()[-1].startswith("python3 scripts/audit.py ")


def test_another_repository_gates_its_model_in_ten_lines() -> None:
    text = (ROOT / "docs/ci.md").read_text()
    workflows = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "tapeline-gate@" in block]
    (short,) = [block for block in workflows if "jobs:" in block]
    lines = [line for line in short.splitlines() if line.strip()]
    assert len(lines) <= 10 + len(["name", "on"])
    (step,) = [
        step for step in yaml.safe_load(short)["jobs"]["gate"]["steps"] if "tapeline-gate@" in step.get("uses", "")
    ]
    assert set(step["with"]) <= set(read(ACTION)["inputs"])
