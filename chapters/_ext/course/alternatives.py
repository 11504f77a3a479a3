"""Every picture says in words what it shows: none without an alt text, and no two alike."""

import re
from html.parser import HTMLParser
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

FILE_NAME = re.compile(r"\S+\.(?:apng|avif|gif|jpe?g|png|svg|webp)", re.IGNORECASE)
FEWEST_WORDS = 5


VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Pictures(HTMLParser):
    """Collect what stands for each picture inside a page's article."""

    def __init__(self) -> None:
        """Begin outside the article."""
        super().__init__()
        self.found: list[str | None] = []
        self.open: list[tuple[str, bool]] = []  # each open element, and whether it is hidden

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note a picture's text."""
        named = dict(attributes)
        hidden = named.get("aria-hidden") == "true"
        if any(tag == "article" for tag, _ in self.open) and not (
            hidden or any(hidden for _, hidden in self.open)
        ):
            self._note(tag, named)
        if tag not in VOID:
            self.open.append((tag, hidden))

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Treat `<path/>` as opened and closed."""
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element of this name."""
        for i in reversed(range(len(self.open))):
            if self.open[i][0] == tag:
                del self.open[i:]
                return

    def _note(self, tag: str, named: dict[str, str | None]) -> None:
        if tag == "svg":
            self.found.append(named.get("aria-label") if named.get("role") == "img" else None)
        elif tag == "img":
            self.found.append(named.get("alt"))
        elif tag == "canvas":
            self.found.append(named.get("aria-label"))


def pictures(html: str) -> list[str | None]:
    """Return the text of every picture of the page's article; None for a missing one."""
    parser = Pictures()
    parser.feed(html)
    return parser.found


def fault(text: str | None) -> str | None:
    """Say what is wrong with an alt text taken by itself, if anything is."""
    if text is None or not text.strip():
        return "a figure has no alt text"
    if FILE_NAME.fullmatch(text.strip()):
        return f'the alt text "{text}" is a file name'
    if len(text.split()) < FEWEST_WORDS:
        return f'the alt text "{text}" states no finding (fewer than {FEWEST_WORDS} words)'
    return None


def check(app: Sphinx, problem: Exception | None) -> None:
    """Warn of every picture without words of its own."""
    if problem or app.builder.format != "html":
        return
    seen: dict[str, str] = {}
    for page in sorted(app.env.found_docs):
        html = Path(app.builder.get_outfilename(page))
        if not html.exists():
            continue
        for text in pictures(html.read_text(encoding="utf-8")):
            if found := fault(text):
                logger.warning("%s", found, location=page)
            elif text in seen:
                logger.warning(
                    '"%s" is also the alt text of a figure in %s', text, seen[text], location=page
                )
            else:
                seen[text] = page


def setup(app: Sphinx) -> None:
    """Check what was written."""
    app.connect("build-finished", check)
