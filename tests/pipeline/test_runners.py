"""Where Beam runs: the files of configs/runners, and the arguments that Beam gets."""

import pathlib

import pytest

from tapeline.cli.arguments import read_runner
from tapeline.cli.main import main
from tapeline.pipeline.beam_arguments import beam_arguments
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.stack import LOCAL_BEAM_RUNNER

RUNNERS = sorted((pathlib.Path(__file__).parents[2] / "configs" / "runners").glob("*.yaml"))


def test_there_is_a_file_for_each_runner() -> None:
    assert [path.stem for path in RUNNERS] == ["dataflow", "direct", "flink", "portable", "spark"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("beam: {}\ngate: {}\n", "must hold the section beam alone"),
        ("- a\n", "holds list"),
        ("{", "--runner: .*not readable as YAML"),
    ],
)
def test_what_is_no_runner_is_refused(tmp_path: pathlib.Path, text: str, rule: str) -> None:
    path = tmp_path / "runner.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=rule):
        read_runner(str(path))


def test_a_missing_file_is_a_wrong_argument(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = pathlib.Path(__file__).parents[2] / "configs" / "co2.yaml"
    assert main(["run", "--config", str(config), "--runner", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("named", [(), ("--runner=DirectRunner",), ("--runner=FnApiRunner",)])
def test_a_local_runner_is_always_named(named: tuple[str, ...]) -> None:
    local = f"--runner={LOCAL_BEAM_RUNNER}"
    assert beam_arguments(named) == [local, "--sdk_container_image=unused"]
    assert beam_arguments((*named, "--direct_num_workers=2"))[:2] == [local, "--direct_num_workers=2"]


@pytest.mark.parametrize("name", ["FlinkRunner", "flink", "SparkRunner", "PortableRunner"])
def test_a_runner_for_clusters_is_the_one_whose_jobs_are_followed(name: str) -> None:
    from apache_beam.runners.runner import create_runner

    runner = create_runner(beam_arguments((f"--runner={name}", "--job_endpoint=localhost:1"))[0].partition("=")[2])
    assert type(runner).__module__ == "tapeline.pipeline.cluster.runners"
    assert beam_arguments((f"--runner={name}", "--job_endpoint=localhost:1"))[1:] == ["--job_endpoint=localhost:1"]


def test_flags_that_ship_code_are_the_users_own() -> None:
    own = ("--runner=DataflowRunner", "--sdk_container_image=mine")
    assert beam_arguments(own) == list(own)
    assert beam_arguments(("--runner=FlinkRunner", "--sdk_container_image=mine"))[1:] == list(own[1:])
    assert beam_arguments(("--runner=DataflowRunner",)) == ["--runner=DataflowRunner"]
    external = ("--runner=FlinkRunner", "--environment_type=external")
    assert beam_arguments(external)[-1] == "--sdk_container_image=unused"
