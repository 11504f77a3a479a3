"""Math typeset while the book is built, by KaTeX in an embedded V8: the reader's browser runs none.

KaTeX comes from the package sphinxcontrib-katex; its style sheet and fonts stand in _static/katex.
"""

import json
import re
from functools import cache
from importlib.metadata import files

from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

# Sphinx numbers equations; in these environments KaTeX would number each line once more
NUMBERING = re.compile(r"\\(begin|end)\{(align|alignat|equation|gather)\}")

MACROS = {
    r"\softmax": r"\operatorname{softmax}",
    r"\attention": r"\operatorname{attention}",
    r"\R": r"\mathbb{R}",
}


@cache
def engine() -> MiniRacer:
    """Return a V8 with KaTeX in it."""
    (script,) = (f for f in files("sphinxcontrib-katex") if f.name == "katex.min.js")
    v8 = MiniRacer()
    v8.eval(script.read_text(encoding="utf-8"))
    return v8


@cache
def typeset(tex: str, display: bool) -> str:
    """Return HTML with MathML inside for a formula; raise ValueError with KaTeX's words."""
    options = {"displayMode": display, "throwOnError": True, "strict": False, "macros": MACROS}
    call = f"katex.renderToString({json.dumps(tex)}, {json.dumps(options)})"
    try:
        html = engine().eval(call)
    except JSEvalException as problem:
        words = next((line for line in str(problem).splitlines() if "ParseError" in line), "")
        raise ValueError(words.partition("ParseError: ")[2] or str(problem)) from None
    # the source once more inside the MathML: a third of the bytes, and noise for a search
    return re.sub(r"<annotation.*?</annotation>", "", html, flags=re.DOTALL)


def _html(node: nodes.Element, display: bool) -> str:
    try:
        return typeset(NUMBERING.sub(r"\\\1{\2*}", node.astext()), display)
    except ValueError as problem:
        logger.warning("math cannot be typeset: %s", problem, location=node)
        return ""


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula of a line."""
    self.body.append(f'<span class="math">{_html(node, display=False)}</span>')
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula that stands by itself, with its number when it has one."""
    self.body.append(self.starttag(node, "div", CLASS="math"))
    self.body.append(f'<div class="formula">{_html(node, display=True)}</div>')
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register KaTeX as the renderer of math."""
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_block, None))
