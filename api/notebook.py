"""What notebooks show of objects: HTML without scripts, and pictures. Whatever comes from data is escaped."""

import base64
import dataclasses
import html
import pathlib
from collections.abc import Iterable, Sequence


def table_html(rows: Iterable[Sequence[str]], *, head: Sequence[str] = (), caption: str = "") -> str:
    """Returns a small table.

    >>> table_html([("unit", "<MW>")])
    '<table><tbody><tr><th>unit</th><td>&lt;MW&gt;</td></tr></tbody></table>'

    Args:
        rows: Cells; the first of each row names it.
        head: Names of the columns.
        caption: What the table shows.
    """
    titles = "".join(f"<th>{html.escape(name)}</th>" for name in head)
    lines = "".join(
        f"<tr><th>{html.escape(row[0])}</th>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row[1:])}</tr>"
        for row in rows
    )
    top = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return f"<table>{top}{f'<thead><tr>{titles}</tr></thead>' if titles else ''}<tbody>{lines}</tbody></table>"


@dataclasses.dataclass(frozen=True, repr=False)
class Picture:
    """A picture that a notebook shows.

    Attributes:
        png: The file's content.
    """

    png: bytes

    def save(self, path: str | pathlib.Path) -> None:
        """Writes it as a file."""
        pathlib.Path(path).write_bytes(self.png)

    def html(self, alt: str) -> str:
        """Returns it as an element of HTML, with a text for those who do not see it."""
        source = base64.b64encode(self.png).decode()
        return (
            f'<img style="max-width: 100%" alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{source}">'
        )

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        return f"<picture, {len(self.png):,} bytes of PNG; .save(path) writes it>"
