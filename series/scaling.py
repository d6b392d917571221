r"""The scale of every series: fitted by Transform, read back wherever values change space.

Transform writes one text file into the assets of its graph; whoever turns
forecasts back into the target's unit reads the same file (`Scaler.load`):

>>> scaler = Scaler.parse(b"\\*\t300\t50\tall\n")
>>> scaler.scale(np.array([325.0]), [b"north"]), scaler.unscale(np.array([0.5]), [b"north"])
(array([0.5]), array([325.]))

A line of the file holds a series, its offset and its scale, between tabs, in
decimals that give the same float64 back. The first line holds the scale over
all series; its fourth column says what it is for (`Scope`):

    \*	313.2	59.4	all
"""

import dataclasses
import os
import re
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from tapeline.schemas.errors import DataError
from tapeline.series.arrays import Array, Floats, Names

SCALE_FILE = "series_scales.tsv"
"""Name of the asset in the transform graph."""

OVERALL = b"\\*"
"""Key of the scale over all series; no escaped series id equals it."""

Scope = Literal["all", "unseen", "none"]
"""Series that the scale over all series holds for: every one, those without train rows, or none."""

_ESCAPES = {b"\\": b"\\\\", b"\t": b"\\t", b"\n": b"\\n", b"\r": b"\\r"}


def scope_of(*, per_series: bool, unseen_series: str) -> Scope:
    """Returns the scope of the overall scale under a `ScalingConfig`."""
    if not per_series:
        return "all"
    return "unseen" if unseen_series == "global" else "none"


def escape(series_id: bytes) -> bytes:
    """Returns a series id without tabs and line ends, reversibly."""
    return re.sub(rb"[\\\t\n\r]", lambda found: _ESCAPES[found[0]], series_id)


def unescape(text: bytes) -> bytes:
    """Undoes `escape`."""
    plain = {escaped: one for one, escaped in _ESCAPES.items()}
    return re.sub(rb"\\[\\tnr]", lambda found: plain[found[0]], text)


def scale_lines(
    ids: Iterable[bytes], offset: Floats, scale: Floats, *, overall: tuple[float, float], scope: Scope
) -> bytes:
    """Returns the content of the scale file.

    Args:
        ids: Series, `[n]`.
        offset: Float64 `[n]`.
        scale: Float64 `[n]`.
        overall: Offset and scale over all series.
        scope: Series that `overall` holds for.
    """
    lines = [b"\t".join([OVERALL, *(repr(float(number)).encode() for number in overall), scope.encode()])]
    lines += [
        b"%s\t%s\t%s" % (escape(series), repr(one).encode(), repr(other).encode())
        for series, one, other in zip(ids, offset.tolist(), scale.tolist(), strict=True)
    ]
    return b"\n".join(lines) + b"\n"


@dataclasses.dataclass(frozen=True, eq=False)
class Scaler:
    """Brings values of series into scaled space and back.

    Attributes:
        ids: Series with a scale of their own, bytes, sorted, `[n]`.
        offset: Float64 `[n]`.
        scales: Float64 `[n]`, never 0.
        overall: Offset and scale over all series.
        scope: Series that `overall` holds for.
    """

    ids: Names
    offset: Floats
    scales: Floats
    overall: tuple[float, float]
    scope: Scope

    @classmethod
    def load(cls, transform_graph_uri: str) -> "Scaler":
        """Reads the scaler that a Transform run has fitted.

        Args:
            transform_graph_uri: Folder of the TransformGraph artifact.
        """
        import tensorflow as tf

        with tf.io.gfile.GFile(scale_path(transform_graph_uri), "rb") as file:
            return cls.parse(file.read())

    @classmethod
    def parse(cls, content: bytes) -> "Scaler":
        """Reads the content of a scale file."""
        (_, offset, scale, scope), *rows = [line.split(b"\t") for line in content.rstrip(b"\n").split(b"\n")]
        ids = np.array([unescape(row[0]) for row in rows], object)
        numbers = np.array([row[1:] for row in rows], np.float64).reshape(-1, 2)
        order = np.argsort(ids, kind="stable")
        overall = float(offset), float(scale)
        return cls(ids[order], numbers[order, 0], numbers[order, 1], overall, scope.decode())  # type: ignore[arg-type]

    def parameters(self, series_ids: Sequence[bytes] | Names) -> tuple[Floats, Floats]:
        """Returns offset and scale for rows, float64 `[N]` each.

        Args:
            series_ids: The series of each row, bytes or text, `[N]`.

        Raises:
            DataError: A series had no train rows, and the configuration refuses such series.
        """
        rows = np.empty(len(series_ids), object)
        rows[:] = [name.encode() if isinstance(name, str) else name for name in series_ids]
        offset, scale = np.full(len(rows), self.overall[0]), np.full(len(rows), self.overall[1])
        if self.scope == "all":
            return offset, scale
        position = np.searchsorted(self.ids, rows)
        own = np.zeros(len(rows), bool)
        inside = position < len(self.ids)
        own[inside] = self.ids[position[inside]] == rows[inside]
        if self.scope == "none" and not own.all():
            raise DataError(refusal(sorted(set(rows[~own]))))
        offset[own], scale[own] = self.offset[position[own]], self.scales[position[own]]
        return offset, scale

    def scale(self, values: Floats, series_ids: Sequence[bytes] | Array) -> Array:
        """Returns values in scaled space.

        Args:
            values: In the target's unit, `[N]` or `[N, H]`; NaN stays NaN.
            series_ids: The series of each row, `[N]`.
        """
        offset, scale = self._columns(values, series_ids)
        return (values - offset) / scale

    def unscale(self, values: Floats, series_ids: Sequence[bytes] | Array) -> Array:
        """Returns scaled values in the target's unit: the inverse of `scale`."""
        offset, scale = self._columns(values, series_ids)
        return values * scale + offset

    def _columns(self, values: Floats, series_ids: Sequence[bytes] | Array) -> tuple[Array, Array]:
        if len(values) != len(series_ids):
            raise ValueError(f"series_ids: got {len(series_ids)} for {len(values)} rows; give one series a row.")
        shape = (-1, *[1] * (np.ndim(values) - 1))
        offset, scale = self.parameters(series_ids)
        return offset.reshape(shape), scale.reshape(shape)


def scale_path(transform_graph_uri: str) -> str:
    """Returns where the scale file of a TransformGraph artifact lies."""
    return os.path.join(transform_graph_uri, "transform_fn", "assets", SCALE_FILE)


def refusal(series: Sequence[bytes]) -> str:
    """Returns the message for series that have no scale."""
    shown = ", ".join(repr(name.decode(errors="replace")) for name in series[:5])
    more = f" and {len(series) - 5} more" if len(series) > 5 else ""
    return (
        f"scaling.per_series: series {shown}{more} have no measured value in the train split, so they have no scale "
        "of their own. Set scaling.unseen_series to 'global' to scale them like all series together, leave the series "
        "out, or start the eval split later."
    )
