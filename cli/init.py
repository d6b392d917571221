"""`tapeline init`: a first configuration, from what the data hold."""

import dataclasses
import glob
import itertools
import json as json_text
import os
import pathlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from tapeline.cli.exit_codes import EXIT_DONE
from tapeline.cli.options import Force, Json, Quiet
from tapeline.cli.terminal import progress, say
from tapeline.pipeline.paths import shown
from tapeline.schemas.errors import ConfigError, escaped
from tapeline.schemas.whole_files import write_whole

if TYPE_CHECKING:
    from tapeline.pipeline.drafting.decisions import Draft
    from tapeline.pipeline.drafting.found_data import Wishes


def run(
    *,
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="CSV or Parquet; several belong together")],
    target: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="what to forecast; may be repeated")
    ] = None,
    series: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="names the series; may be repeated")
    ] = None,
    known_ahead: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="is known for times to come; may be repeated")
    ] = None,
    time: Annotated[str | None, typer.Option(metavar="COLUMN", help="holds the times")] = None,
    horizon: Annotated[int | None, typer.Option(metavar="N", help="steps to forecast")] = None,
    interactive: Annotated[bool, typer.Option("--interactive", help="ask about each decision")] = False,
    explore: Annotated[bool, typer.Option("--explore", help="write a page on the data, and show it")] = False,
    output: Annotated[
        str | None, typer.Option(metavar="PATH", help="where to write it (default: <name of the file>.yaml)")
    ] = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Runs the command; returns its exit code."""
    from tapeline.pipeline.drafting.found_data import Wishes

    if interactive:
        from tapeline.cli.asking import require_terminal

        require_terminal(quiet=quiet)
    wishes = Wishes(
        time=time,
        series=tuple(series or ()),
        target=tuple(target or ()),
        known_ahead=tuple(known_ahead or ()),
        horizon=horizon,
    )
    with progress(quiet=quiet, json=json):
        path, draft, page = write_config(
            source_of(files), wishes, output=output, force=force, interactive=interactive, explore=explore
        )
    if json:
        more = {"page": str(page.resolve())} if page else {}
        print(
            json_text.dumps({"config": str(path.resolve()), **more, **dataclasses.asdict(draft)}, indent=2, default=str)
        )
        return EXIT_DONE
    say(f"{'' if quiet else chr(10)}{shown(path)} is written. Next: tapeline run --config {shown(path)}")
    if page:
        say(f"What the data look like: {shown(page)}")
        show_page(page)
    return EXIT_DONE


def write_config(
    source: str,
    wishes: "Wishes",
    *,
    output: str | None = None,
    force: bool = False,
    interactive: bool = False,
    explore: bool = False,
) -> "Written":
    """Looks at the data, prints what was decided, and writes the configuration.

    Args:
        source: As `data.source` takes it.
        wishes: What the user says.
        output: Where to write; None writes `<name>.yaml` into the working directory.
        force: Whether a file that is there already is replaced.
        interactive: Whether the user is asked.
        explore: Whether a page on the data is written beside it.

    Raises:
        ConfigError: The file is there, or a column is not.
        DataError: The data cannot be made out.
    """
    from tapeline.pipeline.drafting.decisions import decide, name_of, plan_of
    from tapeline.pipeline.drafting.draft_text import terminal_lines
    from tapeline.pipeline.drafting.found_data import look_at
    from tapeline.pipeline.drafting.interview import checked_text
    from tapeline.series.inspecting.raw_table import read_table

    path = pathlib.Path(output or f"{name_of(source)}.yaml")
    if path.exists() and not force:
        raise ConfigError(f"--output: {shown(path)} is there already. Give another file, or --force to replace it.")
    table = read_table(source)
    if interactive:
        from tapeline.cli.asking import ask_wishes

        wishes = ask_wishes(table, wishes)
    found = look_at(table, wishes)
    draft = decide(found, wishes)
    for line in terminal_lines(draft):
        say(escaped(line))
    # Whatever the data hold, what is written can be read.
    write_whole(path, checked_text(draft))
    if not explore:
        return Written(path, draft, None)
    from tapeline.pipeline.exploring.writing_look import write_look

    page = path.with_suffix(".explore.html")
    write_look(found, draft, plan_of(found, wishes), page)
    return Written(path, draft, page)


class Written(NamedTuple):
    """What was written: the configuration, what was decided, and the page on the data, where one was asked for."""

    config: pathlib.Path
    draft: "Draft"
    page: pathlib.Path | None


def show_page(page: pathlib.Path) -> None:
    """Shows a page in the browser, where there is a display to show it on."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return
    import webbrowser

    webbrowser.open(page.resolve().as_uri())


def source_of(files: Sequence[str]) -> str:
    """Returns what `data.source` says for files: one as it is, several as the glob that matches these and no others.

    Raises:
        ConfigError: No glob does.
    """
    if len(files) == 1:
        return files[0]
    folders = {os.path.dirname(file) for file in files}
    names = [os.path.basename(file) for file in files]
    start = _shared_start(names)
    end = _shared_start([name.removeprefix(start)[::-1] for name in names])[::-1]
    (folder, *others) = sorted(folders)
    pattern = os.path.join(folder, f"{start}*{end}")
    if others or set(glob.glob(pattern)) != set(files):
        raise ConfigError(
            f"FILE: no pattern matches these {len(files)} files and no others. Put them into a folder of their own, and "
            "give the folder."
        )
    return pattern


def _shared_start(names: Sequence[str]) -> str:
    shared = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in shared)


def drafted_config(data: str | None) -> str:
    """Returns the configuration of data that come without one: that of an earlier call, else a new one.

    Args:
        data: What `--data` says.

    Raises:
        ConfigError: There are no data, or the file of that name is another configuration.
    """
    from tapeline.pipeline.drafting.decisions import name_of
    from tapeline.pipeline.drafting.found_data import Wishes
    from tapeline.schemas.config import load_config

    if data is None:
        raise ConfigError("--config: is missing. Give a configuration, or --data alone to have one written.")
    path = pathlib.Path(f"{name_of(data)}.yaml")
    if not path.exists():
        write_config(data, Wishes())
        say(f"{shown(path)} is written, and used from now on.\n")
    elif load_config(path).data.source == data:
        say(f"{shown(path)} is there already, and used.")
    else:
        raise ConfigError(
            f"--config: is missing, and {shown(path)}, where one would be written for {data!r}, is there with other "
            "data. Give --config, or write one with `tapeline init --output`."
        )
    return str(path)
