"""A number that looks measured must come from a cell.

A literal one in prose is a warning, and so fails the build. `{stated}` marks one that is no
measurement, with its reason: `` {stated}`90 minutes | reading time` ``.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

logger = logging.getLogger(__name__)

PASTED = "\N{OBJECT REPLACEMENT CHARACTER}"  # what stands in the text for a glued value

# what carries a number in its name, and dates
NAMES = re.compile(
    r"\b(?:Python|CC BY|BY-SA|L?GPL|Apache|MIT|version|chapter|section|part|figure|table|equation|"
    r"exercise|example|page|fig\.|eq\.)[\s-]*v?\d+(?:\.\d+)*\b"
    r"|\b\d{4}-\d\d-\d\d\b",
    re.IGNORECASE,
)
UNITS = (
    r"%|‰|percent\b|per cent\b|times\b|-?fold\b|×(?!\s?[\d" + PASTED + r"])|"
    r"(?:micro|milli|nano)?seconds?\b|minutes?\b|hours?\b|[mnµ]?s\b|[kKMGT]i?B\b|"
    r"(?:thousand|million|billion|trillion)\b"
)
MEASURED = re.compile(
    r"(?<![\w.,/#])(?<![\w)]-)"  # no part of a word, a name (GPT-2) or a path
    r"(?:(?P<digits>\d[\d,]*(?:\.\d+)?|\.\d+)(?P<suffix>[kM](?!\w))?|"
    r"(?P<word>\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|"
    r"fifty|sixty|ninety|(?:a |one )?hundred|(?:a |one )?thousand)))"
    rf"(?P<unit>[\s-]?(?:{UNITS}))?",
    re.IGNORECASE,
)


def measured(text: str) -> list[str]:
    """Return the numbers in `text` that look like measurements.

    >>> measured("It reaches 93.1 % in 3 seconds on 8 heads, in 2017.")
    ['93.1 %', '3 seconds']
    """
    text = NAMES.sub(" ", text)
    return [match[0].strip() for match in MEASURED.finditer(text) if _is_measured(match)]


def _is_measured(match: re.Match) -> bool:
    if match["unit"]:
        return True
    if match["word"]:
        return False
    digits = match["digits"].rstrip(",")
    if match["suffix"] or "." in digits or "," in digits:
        return True
    return int(digits) > 99 and not (len(digits) == 4 and 1500 <= int(digits) <= 2100)


def blocks(document: nodes.document) -> list[tuple[nodes.TextElement, str]]:
    """Return every block of prose with its text; what is no prose is cut out of it."""
    found = []
    for block in document.findall(nodes.TextElement):
        if isinstance(
            block, nodes.Inline | nodes.FixedTextElement | nodes.Invisible | nodes.math_block
        ):
            continue
        if not isinstance(block, nodes.caption) and _is_output(block):
            continue
        text = _prose(block)
        if text.strip():
            found.append((block, text))
    return found


def _is_output(block: nodes.Node) -> bool:
    free = {"cell_input", "cell_output", "declared"}
    while block := block.parent:
        if free.intersection(block.get("classes", ())):
            return True
    return False


def _prose(node: nodes.Node) -> str:
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, nodes.math | nodes.literal | nodes.raw | nodes.footnote_reference):
        return " "
    if node.tagname == "PendingGlueReference" or "pasted-text" in node.get("classes", ()):
        return PASTED
    if "stated" in node.get("classes", ()) or node.get("refdomain") == "cite":
        return " "
    return "".join(_prose(child) for child in node.children)


class Stated(SphinxRole):
    """A number that is not a measurement, with the reason, which the page does not show."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the text before the bar."""
        text, bar, reason = (part.strip() for part in self.text.partition("|"))
        if not (text and bar and reason):
            problem = self.inliner.reporter.error(
                f"{{stated}}`{self.text}` needs a reason: {{stated}}`number | reason`",
                line=self.lineno,
            )
            return [self.inliner.problematic(self.rawtext, self.rawtext, problem)], [problem]
        return [nodes.inline(self.rawtext, text, classes=["stated"])], []


def collect(app: Sphinx, document: nodes.document) -> None:
    """Note the page's literal numbers, so that warm builds report them too."""
    page = app.env.docname
    noted = notes(app.env)
    noted.pop(page, None)
    if page in app.config.course_free_numbers:
        return
    found = [
        (f"{block.source or document['source']}:{block.line or ''}", number)
        for block, text in blocks(document)
        for number in measured(text)
    ]
    if found:
        noted[page] = found


def report(app: Sphinx, problem: Exception | None) -> None:
    """Warn of every literal number of every page."""
    if problem:
        return
    for found in notes(app.env).values():
        for place, number in found:
            logger.warning(
                '"%s" is a literal number: paste it from a cell with {glue:text}, or write '
                "{stated}`%s | reason`",
                number,
                number,
                location=place,
            )


def notes(env: BuildEnvironment) -> dict[str, list[tuple[str, str]]]:
    """Return the literal numbers by page."""
    if not hasattr(env, "course_numbers"):
        env.course_numbers = {}
    return env.course_numbers


def setup(app: Sphinx) -> None:
    """Register the role and the rule."""
    app.add_role("stated", Stated())
    app.add_config_value("course_free_numbers", [], "env", [list])
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", lambda app, env, page: notes(env).pop(page, None))
    app.connect("env-merge-info", lambda app, env, pages, other: notes(env).update(notes(other)))
    app.connect("build-finished", report)
