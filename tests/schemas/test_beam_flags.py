"""Arguments for Beam that cannot be meant are refused before anything starts."""

import pathlib

import pytest

from tapeline.cli.arguments import read_runner
from tapeline.cli.main import main
from tapeline.schemas.beam_flags import BeamFlags, beam_mistakes

CO2 = str(pathlib.Path(__file__).parents[2] / "configs" / "co2.yaml")
RUNNERS = sorted((pathlib.Path(__file__).parents[2] / "configs" / "runners").glob("*.yaml"))
FLINK = ("--runner=FlinkRunner", "--flink_master=flink:8081")
SPARK = ("--runner=SparkRunner", "--spark_master_url=spark://master:7077")


@pytest.mark.parametrize("path", RUNNERS, ids=lambda path: path.stem)
def test_our_own_files_are_right(path: pathlib.Path) -> None:
    assert not list(beam_mistakes(read_runner(str(path))["beam"]["args"]))


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--runner=FlonkRunner"], "got 'FlonkRunner', must be one of DirectRunner"),
        ([*FLINK, "--parallelism=0"], "--parallelism: got '0', must be a whole number of at least 1"),
        ([*FLINK, "--parallelism", "many"], "--parallelism: got 'many'"),
        ([*FLINK, "--environment_type=EXTERNAL"], "--environment_config is missing; EXTERNAL needs the address"),
        ([*FLINK, "--environment_type=EXTERNAL", "--environment_config=pool"], "--environment_config got 'pool'"),
        ([*FLINK, "--environment_type=PROCESS"], "PROCESS needs the command"),
        ([*FLINK, "--environment_type=POOL"], "--environment_type: got 'POOL'"),
        ([*FLINK, "--job_endpoint=localhost:8099"], "--job_endpoint and --flink_master exclude each other"),
        (["--runner=FlinkRunner"], "--flink_master is missing"),
        (["--runner=PortableRunner"], "--job_endpoint is missing"),
        (["--runner=PortableRunner", "--job_endpoint=8099"], "--job_endpoint: got '8099', must be host:port"),
        (["--runner=PortableRunner", "--job_endpoint=a:1", "--flink_master=b:1"], "--flink_master says nothing to Por"),
        ([*SPARK, "--spark_submit_uber_jar"], "--spark_rest_url is missing"),
        ([*SPARK, "--spark_rest_url=http://master:6066"], "is used with --spark_submit_uber_jar alone"),
        ([*SPARK, "--flink_version=1.18"], "--flink_version says nothing to SparkRunner"),
        (["--flink_master=flink:8081"], "--flink_master says nothing to DirectRunner"),
        (["--runner FlinkRunner"], "'--runner FlinkRunner' is no argument; write --name=value"),
        (["FlinkRunner"], "'FlinkRunner' is no argument"),
        (["--direct_num_workers=-1"], "--direct_num_workers: got '-1', must be a whole number of at least 0"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_fix(args: list[str], told: str) -> None:
    mistakes = list(beam_mistakes(args))
    assert len(mistakes) == 1
    assert told in mistakes[0]


def test_runners_are_spelled_as_beam_reads_them() -> None:
    assert [BeamFlags.of([f"--runner={name}"]).runner for name in ("flink", "FLINKRUNNER")] == ["FlinkRunner"] * 2
    assert BeamFlags.of([]).runner == "DirectRunner"


def test_a_wrong_runner_file_ends_with_2_before_anything_starts(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runner = tmp_path / "flink.yaml"
    runner.write_text("beam:\n  args: [--runner=FlinkRunner, '--flink_master=flink:8081', --parallelism=0]\n")
    assert main(["run", "--config", CO2, "--runner", str(runner), "--home", str(tmp_path / "runs")]) == 2
    assert "beam.args (line 2): --parallelism: got '0'" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
