"""`tapeline help`: what a command takes, and what a key of the configuration means."""

import shutil
from typing import Annotated

import typer

from tapeline.cli.command_line import COMMANDS, help_text
from tapeline.cli.exit_codes import EXIT_DONE
from tapeline.schemas.errors import ConfigError

_ALL_KEYS = "configuration"


def run(
    *,
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="TOPIC", help="a command; `configuration` for all its keys; or one section or key, such as split"
        ),
    ] = None,
) -> int:
    """Prints the help of a topic; returns the exit code."""
    if topic is None or topic in COMMANDS:
        typer.echo(help_text(topic))
        return EXIT_DONE
    # pydantic takes a moment, and the help of a command does not need it.
    from tapeline.schemas.reference import terminal_reference

    columns = shutil.get_terminal_size().columns
    text = terminal_reference("" if topic == _ALL_KEYS else topic, columns=columns)
    if not text:
        raise ConfigError(
            f"TOPIC: got {topic!r}, must be a command, `{_ALL_KEYS}`, or a section or key of the configuration. "
            "`tapeline help` lists the commands."
        )
    typer.echo(text)
    return EXIT_DONE
