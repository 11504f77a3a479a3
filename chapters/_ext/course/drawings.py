"""Figures in files of their own, so that a page is there before its figures are.

A chapter's `show` gives inline SVG, which is what a notebook needs. On a page each becomes a lazy
image; `course.js` puts the drawing itself in its place when it comes into view, so that it follows
the page's theme and its text can be selected. Without scripts it stays an image and follows the
system's theme.
"""

import hashlib
import re
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

CHART = re.compile(r'<div class="chart">(<svg\b.*?</svg>)\s*</div>', re.DOTALL)
COLOR = re.compile(r"(--figure-\w+): light-dark\(#\w+, (#\w+)\)")
STYLE_SHEET = Path(__file__).parents[2] / "_static/course.css"


@cache
def dark_colors() -> str:
    """Return a style element with the dark theme's colors, for a drawing that stands alone."""
    colors = COLOR.findall(STYLE_SHEET.read_text(encoding="utf-8"))
    rules = "".join(f"{name}:{color};" for name, color in colors)
    return f"<style>@media (prefers-color-scheme:dark){{:root{{{rules}}}}}</style>"


def put_aside(app: Sphinx, page: str, template: str, context: dict, _: nodes.document) -> None:
    """Write each drawing of the page to a file and refer to it."""
    images = Path(app.outdir, "_images")

    def refer(found: re.Match) -> str:
        svg = found[1]
        opening, _, rest = svg.partition(">")
        name = f"figure-{hashlib.sha256(svg.encode()).hexdigest()[:16]}.svg"
        images.mkdir(exist_ok=True)
        (images / name).write_text(f"{opening}>{dark_colors()}{rest}", encoding="utf-8")
        given = dict(re.findall(r'([\w-]+)="([^"]*)"', opening))
        address = context["pathto"](f"_images/{name}", resource=True)
        return (
            f'<div class="chart"><img src="{address}" alt="{given["aria-label"]}" '
            f'width="{given["width"]}" height="{given["height"]}" style="{given["style"]}" '
            'loading="lazy" decoding="async" /></div>'
        )

    context["body"] = CHART.sub(refer, context.get("body", ""))


def setup(app: Sphinx) -> None:
    """Work on the written page."""
    app.connect("html-page-context", put_aside, priority=800)
