"""Where Beam runs: every file of configs/runners holds arguments that the installed Beam knows and takes."""

import pathlib

import pytest

from tapeline.cli.arguments import read_runner
from tapeline.cli.main import main
from tapeline.pipeline.beam_arguments import beam_arguments
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.runner_config import BeamConfig
from tapeline.schemas.stack import LOCAL_BEAM_RUNNER

RUNNERS = sorted((pathlib.Path(__file__).parents[2] / "configs" / "runners").glob("*.yaml"))


@pytest.mark.e2e  # importing Beam takes seconds
@pytest.mark.parametrize("path", RUNNERS, ids=lambda path: path.stem)
def test_arguments_are_known_to_beam_and_ship_the_code(path: pathlib.Path) -> None:
    from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
    from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator
    from apache_beam.runners.runner import create_runner

    args = list(BeamConfig.model_validate(read_runner(str(path))["beam"]).args)
    options = PipelineOptions(args)
    known, all_of_them = options.get_all_options(), options.get_all_options(retain_unknown_options=True)
    assert set(all_of_them) == set(known)
    runner = options.view_as(StandardOptions).runner
    if runner != "DataflowRunner":  # needs Google's client to be made, and looks for a project's name in lower case
        assert PipelineOptionsValidator(options, create_runner(runner)).validate() == []
    # With one of these TFX does not build a package of itself for every component.
    assert any(arg.startswith("--sdk_container_image=") for arg in beam_arguments(tuple(args)))


def test_there_is_a_file_for_each_runner() -> None:
    assert [path.stem for path in RUNNERS] == ["dataflow", "direct", "flink", "portable", "spark"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [("beam: {}\ngate: {}\n", "must hold the section beam alone"), ("- a\n", "holds list"), ("{", "cannot be read")],
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


def test_flags_that_ship_code_are_the_users_own() -> None:
    own = ("--runner=FlinkRunner", "--sdk_container_image=mine")
    assert beam_arguments(own) == list(own)
    assert beam_arguments(("--runner=FlinkRunner",)) == ["--runner=FlinkRunner"]
    external = ("--runner=FlinkRunner", "--environment_type=external")
    assert beam_arguments(external)[-1] == "--sdk_container_image=unused"
