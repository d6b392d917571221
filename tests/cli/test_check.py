"""`tapeline check` looks at a cluster as `tapeline run` does before its first component."""

import pathlib

import pytest

from tapeline.cli.main import main

DIRECT = pathlib.Path(__file__).parents[2] / "configs" / "runners" / "direct.yaml"


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        ("'--runner=FlinkRunner', '--flink_master=localhost:1'", 3, "no Flink answers at http://localhost:1"),
        ("'--runner=FlinkRunner', '--flink_master=localhost:1', '--parallelism=0'", 2, "--parallelism: got '0'"),
        ("'--runner=DirectRunner'", 0, "nothing to look at"),
    ],
)
def test_exit_codes_tell_a_wrong_file_from_a_dead_cluster(
    args: str, code: int, told: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "runner.yaml"
    path.write_text(f"beam:\n  args: [{args}]\n")
    assert main(["check", "--runner", str(path)]) == code
    assert told in "".join(capsys.readouterr())
