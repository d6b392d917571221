"""Series ids that only a computer tells apart: they differ by spaces around them, or by their form in Unicode.

>>> plain_form("Wien "), plain_form("o\u0308") == "\u00f6"
('Wien', True)
"""

import unicodedata
from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from tapeline.schemas.errors import DataError
from tapeline.series.sources.problems import show
from tapeline.series.sources.reading import Block, read_batches
from tapeline.series.sources.rows import RowLayout, read_rows


def plain_form(series_id: str) -> str:
    """Returns an id without spaces around it and in Unicode's composed form (NFC)."""
    return unicodedata.normalize("NFC", series_id).strip()


def odd_spellings(series_ids: pa.Array | None) -> tuple[str, ...]:
    """Returns the ids that are not written in their plain form, each once.

    Args:
        series_ids: Binary `[N]`; None where no column names the series.
    """
    if series_ids is None:
        return ()
    texts = pc.cast(pc.unique(series_ids), pa.string())
    plain = pc.and_(pc.string_is_ascii(texts), pc.equal(pc.utf8_trim_whitespace(texts), texts))
    return tuple(text for text in texts.filter(pc.invert(plain)).to_pylist() if plain_form(text) != text)


def refuse_two_spellings(blocks: Sequence[Block], odd: Iterable[str], layout: RowLayout) -> None:
    """Refuses series that are spelled in two ways.

    Only where an id is not in its plain form are the ids of the source read once more.

    Args:
        blocks: All blocks of the source.
        odd: All ids that are not in their plain form.
        layout: The columns' roles.

    Raises:
        DataError: Two spellings are one id.
    """
    spelled: dict[str, str] = {}
    for spelling in sorted(set(odd)):
        _refuse(layout, spelled.setdefault(plain_form(spelling), spelling), spelling)
    if not spelled:
        return
    wanted = pa.array([plain.encode() for plain in spelled], pa.binary())
    for block in blocks:
        for batch in read_batches(block):
            found = read_rows(batch, layout, first_row=0).series_ids
            assert found is not None, "odd spellings come from the column that names the series"
            for plain in found.filter(pc.is_in(found, wanted)).unique().to_pylist():
                _refuse(layout, plain.decode(), spelled[plain.decode()])


def _refuse(layout: RowLayout, first: str, second: str) -> None:
    if first == second:
        return
    what = "spaces around them" if first.strip() == second.strip() else "their form in Unicode"
    shown = [show(name) if what.startswith("spaces") else ascii(name) for name in (first, second)]
    raise DataError(
        f"{layout.label(layout.series_id[0])}: {shown[0]} and {shown[1]} look the same and are two series: they "
        f"differ by {what}. Write both the same way, or rename one."
    )
