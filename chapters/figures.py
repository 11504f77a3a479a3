"""The one look of every figure in the book, and `show`, which puts a figure on the page.

Importing this module sets Matplotlib's style. Colors are drawn with the names below. `show` turns
a figure into an inline SVG in which each of them is a CSS variable, so one drawing reads well in
the light and in the dark theme, in the page's own typeface.

Chapters run in their own folder, so a cell says `from figures import BLUE, ORANGE, glue, show`.
"""

import hashlib
import io
import re
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
from cycler import cycler
from IPython.display import display
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from myst_nb import glue

__all__ = [
    "BLUE",
    "CYCLE",
    "FAINT",
    "GRAY",
    "GREEN",
    "INK",
    "ORANGE",
    "PURPLE",
    "RED",
    "WEIGHTS",
    "glue",
    "show",
]

# Okabe and Ito's color-blind safe set, darkened until each line has a contrast of 3:1 on white.
# The dark theme's counterparts stand in _static/figures.css under the same names.
INK = "#1f2430"
GRAY = "#6b7280"
FAINT = "#d4d7dd"
BLUE = "#0b6bb0"
ORANGE = "#c25400"
GREEN = "#00805e"
PURPLE = "#a3487d"
RED = "#c0392f"
CYCLE = (BLUE, ORANGE, GREEN, PURPLE, RED, GRAY)

VARIABLES = {
    INK: "ink",
    GRAY: "gray",
    FAINT: "faint",
    BLUE: "blue",
    ORANGE: "orange",
    GREEN: "green",
    PURPLE: "purple",
    RED: "red",
}

# one hue from transparent to opaque: the page's own background is the zero, light or dark
WEIGHTS = LinearSegmentedColormap.from_list("weights", [(*to_rgb(BLUE), 0), (*to_rgb(BLUE), 1)])

_SIDES = ("width", "height")
LARGEST = 400_000  # bytes of one SVG: more slows the page down

STYLE = {
    "figure.figsize": (7.0, 3.4),
    "figure.facecolor": "none",
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": GRAY,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": "medium",
    "axes.titlelocation": "left",
    "axes.labelsize": "medium",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.prop_cycle": cycler(color=CYCLE),
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": GRAY,
    "ytick.color": GRAY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": "small",
    "ytick.labelsize": "small",
    "lines.linewidth": 2.0,
    "lines.markersize": 5.0,
    "patch.linewidth": 0.0,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "legend.fontsize": "small",
    "text.color": INK,
    "image.cmap": "weights",
    "font.size": 11.0,
    "font.family": ["Course Figure", "DejaVu Sans"],  # the second for rare symbols
    "mathtext.default": "regular",
    "svg.fonttype": "none",  # text stays text: the page's typeface, found by a search
    "svg.hashsalt": "figures",  # the same figure gives the same bytes
}

if "weights" not in matplotlib.colormaps:
    matplotlib.colormaps.register(WEIGHTS)
# the page's interface face, so that texts are as wide as Matplotlib takes them to be
fontManager.addfont(Path(__file__).parent / "_static/fonts/figure.ttf")
matplotlib.rcParams.update(STYLE)


def show(figure: Figure, alt: str) -> None:
    """Put `figure` on the page as an inline SVG and close it.

    `alt` states in words what the figure shows: its finding, not its kind. A screen reader reads
    it in the figure's place. A figure without one, or whose alt text stands elsewhere in the book
    too, fails the build.

    Raises ValueError for an empty `alt` and for an SVG too large for a page; there, pass
    `rasterized=True` to the artists that hold many points.
    """
    if not alt.strip():
        raise ValueError("show() needs an alt text that states what the figure shows")
    svg = to_svg(figure, alt)
    plt.close(figure)
    if len(svg) > LARGEST:
        raise ValueError(
            f"this figure is {len(svg):,} bytes of SVG (limit {LARGEST:,}): "
            "pass rasterized=True to the artist that draws many points"
        )
    page = {"text/html": f'<div class="chart">{svg}</div>', "text/plain": alt}
    display(page, raw=True)


def to_svg(figure: Figure, alt: str) -> str:
    """Return `figure` as an SVG element that can stand in a page, named by `alt`."""
    buffer = io.StringIO()
    no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(buffer, format="svg", metadata=no_metadata)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<style.*?</style>|font-family: [^;\"]*; ", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", svg)
    svg = _with_own_identifiers(svg)
    svg = _with_variables(svg)
    head = dict(re.findall(r'([\w:]+)="([^"]*)"', svg[: svg.index(">")]))
    # a point is 4/3 of a pixel: eleven points of Matplotlib are eleven points on the page
    width, height = (round(float(head[side].removesuffix("pt")) * 4 / 3) for side in _SIDES)
    opening = (
        f'<svg role="img" aria-label="{_escaped(alt)}" viewBox="{head["viewBox"]}" '
        f'width="{width}" height="{height}" style="--width: {width}px" '
        'stroke-linejoin="round" font-family="sans-serif" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    svg = opening + svg[svg.index(">") + 1 :]
    return re.sub(r"\n\s*", "\n", svg)


def _with_own_identifiers(svg: str) -> str:
    """Drop the identifiers nothing refers to and make the others this figure's own."""
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', svg))
    own = hashlib.sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(r' id="([^"]*)"', lambda m: f' id="{own}-{m[1]}"' if m[1] in used else "", svg)
    return re.sub(r'(url\(#|href="#)', rf"\g<1>{own}-", svg)


def _with_variables(svg: str) -> str:
    """Replace each named color by the CSS variable that the page's theme sets."""
    for color, name in VARIABLES.items():
        svg = svg.replace(to_hex(color), f"var(--figure-{name}, {color})")
    return svg


def _escaped(text: str) -> str:
    text = " ".join(text.split())
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
