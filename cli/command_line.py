"""Reads the words after `tapeline`: which command they call, and what they give it.

Typer reads and refuses them, and writes the help. The command itself is called by `main.py` when Typer is done, so
that signals and errors end it in our own way.
"""

import functools
import importlib
import os
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple

import typer

from tapeline.cli.argument_errors import in_one_line
from tapeline.cli.exit_codes import EXIT_BAD_INPUT

COMMANDS = {
    "init": "Look at data and write a first configuration.",
    "run": "Run the pipeline and print the verdict.",
    "runs": "List the runs of a folder and what became of them.",
    "check": "Look at the cluster that a runner file names.",
    "gate": "Print the verdict of a run, and write it down for machines.",
    "report": "Say where the report of a run is, or show it.",
    "backtest": "Train and judge anew at several points in time.",
    "forecast": "Forecast recent rows with a pushed model.",
    "batch": "Forecast a large file with Beam, by TFX's BulkInferrer.",
    "serve": "Answer over HTTP as TensorFlow Serving does.",
    "export": "Convert a pushed model for phones, browsers and others.",
    "schema": "Infer a TFDV schema from the data, to be curated.",
    "compile": "Write the pipeline as a file for Kubeflow.",
    "run-node": "Run one component of a compiled pipeline, in this process.",
    "help": "Explain a command, or a key of the configuration.",
}
"""Each command is the function `run` of the file of its name in `cli/`, with `_` for `-`."""

_DESCRIPTION = "Turns a file of time series into a validated forecaster that can be served."
_EXIT_CODES = (
    "Exit codes: 0 done, 1 a gate refused the model, 2 bad configuration, data, arguments or surroundings, 3 a fault."
)
_PROGRAM = "tapeline"
_TYPED = ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")
"""Where bash, and where zsh, fish and PowerShell put what was typed so far."""


class Call(NamedTuple):
    """A command with its arguments."""

    command: str
    run: Callable[[], int]


class Answer(NamedTuple):
    """What the words asked for was done: help was printed, or they were refused."""

    exit_code: int
    problem: str = ""


def read_words(words: Sequence[str]) -> Call | Answer:
    """Reads what follows `tapeline`; prints the help or the version where they ask for it.

    >>> read_words(["run", "--confg", "sales.yaml"]).problem
    'tapeline run: --confg: no such option. Did you mean --config? `tapeline run --help` says what there is.'
    """
    completing = f"_{_PROGRAM.upper()}_COMPLETE" in os.environ
    if not (words or completing):
        typer.echo(help_text(None), err=True)
        return Answer(EXIT_BAD_INPUT)
    # Where the shell asks how a word may go on, it says in a variable what was typed.
    typed = " ".join(os.environ.get(name, "") for name in _TYPED).split() if completing else words
    named = [word for word in typed if word in COMMANDS]
    group = _group(named)
    try:
        read = group.main(list(words), prog_name=_PROGRAM, standalone_mode=False)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        return Answer(
            error.exit_code, in_one_line(error, context.command_path if context else " ".join([_PROGRAM, *named[:1]]))
        )
    return read if isinstance(read, Call) else Answer(int(read or 0))


def help_text(command: str | None) -> str:
    """Returns the help of a command, or the list of all."""
    group = _group([command] if command else [])
    with group.make_context(_PROGRAM, [], resilient_parsing=True) as context:
        if command is None:
            return str(context.get_help())
        found = group.get_command(context, command)
        return str(found.make_context(command, [], parent=context, resilient_parsing=True).get_help())


def _group(loaded: Sequence[str]) -> Any:
    """Declares all commands.

    Args:
        loaded: Those whose files are read, for their options; the others are there to be listed.
    """
    app = typer.Typer(
        help=_DESCRIPTION,
        epilog=_EXIT_CODES,
        context_settings={"help_option_names": ["--help", "-h"]},
        # The boxes that rich draws take as long as all else, and break long words.
        rich_markup_mode=None,
    )
    app.callback()(_program)
    for name, text in COMMANDS.items():
        function = importlib.import_module(f"tapeline.cli.{name.replace('-', '_')}").run if name in loaded else _listed
        app.command(name, help=text)(_called_later(name, function))
    return typer.main.get_command(app)


def _say_versions(wanted: bool) -> None:
    if not wanted:
        return
    import importlib.metadata
    import platform

    tapeline, *stands_on = (f"{name} {importlib.metadata.version(name)}" for name in (_PROGRAM, "tfx", "tensorflow"))
    typer.echo(f"{tapeline} ({', '.join(stands_on)}, Python {platform.python_version()})")
    raise typer.Exit


def _program(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            "-V",
            is_eager=True,
            callback=_say_versions,
            help="Print the versions of Tapeline, TFX and TensorFlow.",
        ),
    ] = False,
) -> None:
    """Takes what may stand before the command."""


def _listed() -> int:
    raise AssertionError("A command whose file was not read was called.")


def _called_later(name: str, function: Callable[..., int]) -> Callable[..., Call]:
    """Makes a function that takes the arguments of another one, and returns its call."""

    @functools.wraps(function)
    def call(**arguments: Any) -> Call:
        return Call(name, functools.partial(function, **arguments))

    return call
