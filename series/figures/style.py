"""How figures look: inks for paper and for the dark, plain numbers, and pictures a page can carry.

A `Figure` says what is drawn and what it shows; `render` makes `Pictures` of it.
Its `draw(canvas, narrow)` paints with the inks of `LIGHT` only. A dark picture is
the light one with its inks exchanged. A phone gets a drawing of its own, with
letters of the same size, rather than a wide one made small.
"""

import base64
import dataclasses
import io
import re
import unicodedata
import warnings
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas


@dataclasses.dataclass(frozen=True)
class Inks:
    """Colours by what they paint; hues from Okabe and Ito, which the colour-blind tell apart.

    Each has a line style or a marker beside it, so that none is needed to read a figure.
    """

    ink: str
    muted: str
    grid: str
    paper: str
    forecast: str
    persistence: str
    seasonal_naive: str
    ridge: str


LIGHT = Inks("#1d2330", "#5a6372", "#dde1e6", "#fefefe", "#0072b2", "#d55e00", "#009e73", "#cc79a7")
DARK = Inks("#e7eaef", "#a3adba", "#343b46", "#15181d", "#56b4e9", "#e8772e", "#20b58a", "#dc93bb")

FORECAST_STYLES: dict[str, dict[str, Any]] = {
    "persistence": {"color": LIGHT.persistence, "linestyle": (0, (1, 1.6)), "marker": "s"},
    "seasonal_naive": {"color": LIGHT.seasonal_naive, "linestyle": (0, (5, 2)), "marker": "^"},
    "ridge": {"color": LIGHT.ridge, "linestyle": (0, (7, 2, 1, 2)), "marker": "D"},
    "forecast": {"color": LIGHT.forecast, "linestyle": "-", "marker": "o"},
}
"""The model last: painted over the others."""

WIDE_INCHES = 7.3
NARROW_INCHES = 3.65
_INCH_PIXELS = 96
_PNG_DPI = 160

_RC = {
    "text.parse_math": False,  # A series may be called "$a$".
    "axes.formatter.use_mathtext": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.5,
    "axes.titlesize": 9.5,
    "axes.titlecolor": LIGHT.muted,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.labelsize": 9.5,
    "axes.labelcolor": LIGHT.muted,
    "axes.edgecolor": LIGHT.grid,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": LIGHT.grid,
    "grid.linewidth": 0.8,
    "xtick.color": LIGHT.muted,
    "ytick.color": LIGHT.muted,
    "ytick.major.size": 0,
    "xtick.major.size": 3,
    "xtick.major.width": 0.8,
    "text.color": LIGHT.ink,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "legend.columnspacing": 1.4,
    "legend.borderpad": 0.0,
    "lines.linewidth": 1.7,
    "lines.markersize": 4.5,
    "lines.solid_capstyle": "round",
    "figure.constrained_layout.h_pad": 0.06,
}

_FONTS = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial, sans-serif"
_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of the text after them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure and what it says.

    Attributes:
        key: Name of its file, without ending.
        title: Heading over it.
        caption: What is seen, and how it was chosen or computed.
        alt: The finding with its numbers, for those who do not see it.
        draw: Paints on a canvas; told whether the canvas is narrow.
        height: Inches on a wide canvas.
        narrow_height: Inches on a narrow one; None for the same.
    """

    key: str
    title: str
    caption: str
    alt: str
    draw: Callable[[Canvas, bool], None]
    height: float = 2.8
    narrow_height: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pictures:
    """A figure, drawn: as PNG on white paper, and as SVG in light inks for a wide and a narrow page.

    Sizes are width and height in CSS pixels.
    """

    png: bytes
    wide: str
    narrow: str
    wide_size: tuple[int, int]
    narrow_size: tuple[int, int]

    def source(self, *, narrow: bool, dark: bool) -> str:
        """A data URI of the figure as SVG on a transparent ground."""
        svg = self.narrow if narrow else self.wide
        if dark:
            swap = dict(zip(dataclasses.astuple(LIGHT), dataclasses.astuple(DARK), strict=True))
            svg = re.sub("|".join(swap), lambda found: swap[found[0]], svg)
        return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def render(figure: Figure) -> Pictures:
    """Draws a figure for every reader: wide, narrow, and as PNG."""
    sizes = ((WIDE_INCHES, figure.height), (NARROW_INCHES, figure.narrow_height or figure.height))
    with mpl.rc_context(_RC), warnings.catch_warnings():
        # Names may be in a script that the PNG's font lacks; the page's own fonts have it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        wide, narrow = (_draw(figure, size) for size in sizes)
        pictures = [_svg(canvas) for canvas in (wide, narrow)]
        wide.set_layout_engine("none")  # It is laid out: doing it again takes as long as drawing.
        png = _png(wide)
    pixels = [(round(width * _INCH_PIXELS), round(height * _INCH_PIXELS)) for width, height in sizes]
    return Pictures(png=png, wide=pictures[0], narrow=pictures[1], wide_size=pixels[0], narrow_size=pixels[1])


def render_png(figure: Figure) -> bytes:
    """Draws a figure on wide white paper only."""
    with mpl.rc_context(_RC), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        return _png(_draw(figure, (WIDE_INCHES, figure.height)))


def _png(canvas: Canvas) -> bytes:
    png = io.BytesIO()
    canvas.savefig(png, format="png", dpi=_PNG_DPI, facecolor=LIGHT.paper, metadata={"Software": None})
    return png.getvalue()


def _draw(figure: Figure, size: tuple[float, float]) -> Canvas:
    canvas = Canvas(figsize=size, layout="constrained")
    figure.draw(canvas, size[0] == NARROW_INCHES)
    return canvas


def _svg(canvas: Canvas) -> str:
    text = io.StringIO()
    metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
    canvas.savefig(text, format="svg", transparent=True, metadata=metadata)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :].replace("'DejaVu Sans', sans-serif", _FONTS).replace("'DejaVu Sans'", _FONTS)
    # A hundredth of a point is enough: matplotlib writes six decimals. Only in tags: the text between them stays.
    return re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d+\.\d{2})\d+", r"\1", tag[0]), svg)


def axes(canvas: Canvas, *, title: str, x_label: str = "") -> Axes:
    """Returns the canvas' axes with the value's name above them and plain numbers on them."""
    ax = canvas.subplots()
    ax.set_title(title)
    ax.set_xlabel(x_label)
    ax.yaxis.set_major_formatter(PLAIN)
    return ax


def legend(canvas: Canvas, ax: Axes, *, columns: int) -> None:
    """Puts the legend above the axes."""
    canvas.legend(*ax.get_legend_handles_labels(), loc="outside upper left", ncols=columns)


def _plain(value: float, _: Any = None) -> str:
    return f"{round(value, 12):,.10g}".replace("-", "\u2212")


PLAIN = ticker.FuncFormatter(_plain)
"""Ticks as plain numbers, without an offset in a corner."""


def safe(name: str | bytes, most: int = 60) -> str:
    """Returns a name from the data, text or bytes in UTF-8, that can be shown anywhere.

    Control characters are not allowed in an SVG, and marks of direction would
    turn the text around them: both become a replacement character. Names of
    more than `most` characters are cut.
    """
    text = name.decode("utf-8", errors="replace") if isinstance(name, bytes) else name
    shown = "".join(
        "\ufffd" if unicodedata.category(one) in ("Cc", "Cs", "Cn") or one in _DIRECTIONS else one for one in text
    )
    return shown if len(shown) <= most else shown[: most - 1] + "\u2026"
