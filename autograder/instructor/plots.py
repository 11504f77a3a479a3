"""The report's plots, as SVG that stands in the page and takes on the page's colors."""

import io
import math
import re
from collections.abc import Callable, Sequence
from html import escape
from itertools import count

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, SOFT, FILL, REST = "#010101", "#020202", "#030303", "#040404"  # stand for the page's colors
COLORS = {
    INK: "var(--text)", SOFT: "var(--soft)", FILL: "var(--fill)", REST: "var(--rest)",
}  # fmt: skip
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
MOST_BINS = 10
_serial = count()


def score_edges(maximum: float) -> list[float]:
    """Return where one range of points ends and the next begins: at whole points, at most ten."""
    width = max(1, math.ceil(maximum / MOST_BINS))
    return [*range(0, max(math.ceil(maximum), 1), width), maximum or 1.0]


def scores_plot(scores: Sequence[float], maximum: float) -> str:
    """Draw how many students have how many points."""

    def draw(axes: Axes) -> None:
        axes.hist(scores, bins=score_edges(maximum), color=FILL, rwidth=0.92)
        axes.set(xlabel="points", ylabel="students", xlim=(0, maximum or 1))
        axes.yaxis.get_major_locator().set_params(integer=True)

    above = sum(score >= maximum / 2 for score in scores)
    said = f"Of {len(scores)} students {above} have at least half of the {maximum:g} points."
    return _drawn(draw, 2.4, said)


def shares_plot(names: Sequence[str], shares: Sequence[float], said: str) -> str:
    """Draw a bar for each name, as long as its share of the class."""

    def draw(axes: Axes) -> None:
        places = range(len(names))
        axes.barh(places, [1.0] * len(names), color=REST, height=0.7)
        axes.barh(places, shares, color=FILL, height=0.7)
        axes.set_yticks(places, names)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
        axes.set(xlim=(0, 1))
        axes.invert_yaxis()
        axes.tick_params(length=0)

    return _drawn(draw, 0.8 + 0.28 * len(names), said)


def _drawn(draw: Callable[[Axes], None], height: float, said: str) -> str:
    with rc_context(STYLE):
        figure = Figure(figsize=(7, height), layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.subplots()
        axes.patch.set_alpha(0)
        draw(axes)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return _inline(buffer.getvalue(), said)


def _inline(svg: str, said: str) -> str:
    """Make a file of SVG a part of a page: no names that another plot has, the page's colors."""
    prefix = f"plot{next(_serial)}-"
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{prefix}', svg)
    svg = re.sub(r'(url\(|href=")#', rf"\g<1>#{prefix}", svg)
    for stand_in, color in COLORS.items():
        svg = svg.replace(stand_in, color)
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(said)}"', 1)
