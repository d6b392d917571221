"""Every file of configs/runners holds arguments that the installed Beam knows and takes."""

import pathlib

import pytest

from tapeline.cli.arguments import read_runner
from tapeline.pipeline.beam_arguments import beam_arguments
from tapeline.schemas.runner_config import BeamConfig
from tests.pipeline.test_runners import RUNNERS


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
