"""`tapeline check`: whether the cluster of a runner file answers, and has what a run needs."""

from typing import Annotated

import typer

from tapeline.cli.arguments import read_runner
from tapeline.cli.exit_codes import EXIT_DONE


def run(
    *,
    runner: Annotated[str, typer.Option(metavar="PATH", help="YAML file with the section beam alone: where Beam runs")],
) -> int:
    """Runs the command; returns its exit code.

    Raises:
        ConfigError: The file cannot be meant.
        ClusterError: The cluster does not answer, or has too little.
    """
    from tapeline.pipeline.cluster.looking import look
    from tapeline.schemas.runner_config import BeamConfig

    found = look(BeamConfig.model_validate(read_runner(runner)["beam"]).args)
    print("\n".join(found) or f"{runner}: names no cluster that answers by itself; nothing to look at.")
    return EXIT_DONE
