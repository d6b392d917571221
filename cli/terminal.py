"""What a command prints: broken between words on a terminal, coloured there unless NO_COLOR is set, plain elsewhere."""

import contextlib
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import TextIO


def say(text: str, *, style: str = "", to_stderr: bool = False) -> None:
    """Prints a text. A terminal shows it in lines of its own width, each broken between words.

    Args:
        text: Its lines; what a line begins with in spaces, its continuation begins with too.
        style: Colour and weight for rich, such as "bold red".
        to_stderr: Whether it goes to standard error.
    """
    stream = sys.stderr if to_stderr else sys.stdout
    shown = "\n".join(_broken(line) for line in text.split("\n")) if stream.isatty() else text
    # On its way to a file nothing is coloured: rich need not be loaded.
    if style and stream.isatty():
        # It knows of NO_COLOR and of terminals without colours.
        from rich.console import Console
        from rich.text import Text

        Console(file=stream).print(Text(shown, style), soft_wrap=True)
    else:
        print(shown, file=stream, flush=True)


def say_table(rows: Sequence[Sequence[str]], *, styles: Sequence[str]) -> None:
    """Prints rows under each other; a terminal shows the words of the last column broken between lines.

    Args:
        rows: Cells of each row, as many in all of them.
        styles: The colour of each row.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for column in range(len(rows[0]) if rows else 0):
        last = column == len(rows[0]) - 1
        table.add_column(no_wrap=not last, overflow="fold" if last else "ignore")
    for row, style in zip(rows, styles, strict=True):
        table.add_row(*(Text(cell) for cell in row), style=style)
    # A file has no width: each row stays on a line of its own.
    Console(width=None if sys.stdout.isatty() else _NO_WIDTH).print(table, crop=False)


_NO_WIDTH = 10_000


def _broken(line: str) -> str:
    """A line of text in lines of the terminal; tables and words that are longer stay as they are."""
    columns = shutil.get_terminal_size().columns
    if len(line) <= columns:
        return line
    indent = " " * (len(line) - len(line.lstrip(" ")))
    return textwrap.fill(
        line.strip(" "),
        columns,
        initial_indent=indent,
        subsequent_indent=indent + "  " * bool(indent),
        break_long_words=False,
        break_on_hyphens=False,
    )


@contextlib.contextmanager
def progress(*, quiet: bool = False, json: bool = False) -> Iterator[None]:
    """Keeps standard output for the result, whoever writes to it inside the block.

    Args:
        quiet: Whether what is written there is dropped.
        json: Whether it goes to standard error; with neither, it stays where it is.
    """
    if not (quiet or json):
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, kept)
        stream: TextIO = stack.enter_context(open(os.devnull, "w")) if quiet else sys.stderr
        os.dup2(stream.fileno() if quiet else 2, 1)
        stack.callback(os.dup2, kept, 1)
        with contextlib.redirect_stdout(stream):
            yield
