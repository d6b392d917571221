"""`tapeline check`: whether the cluster of a runner file answers, and has what a run needs."""

import argparse

from tapeline.cli.arguments import read_runner
from tapeline.cli.exit_codes import EXIT_DONE
from tapeline.pipeline.cluster.looking import look
from tapeline.schemas.runner_config import BeamConfig


def run(arguments: argparse.Namespace) -> int:
    """Runs the command; returns its exit code.

    Raises:
        ConfigError: The file cannot be meant.
        ClusterError: The cluster does not answer, or has too little.
    """
    found = look(BeamConfig.model_validate(read_runner(arguments.runner)["beam"]).args)
    print("\n".join(found) or f"{arguments.runner}: names no cluster that answers by itself; nothing to look at.")
    return EXIT_DONE
