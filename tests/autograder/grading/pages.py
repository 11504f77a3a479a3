"""What a browser finds in a page that could act."""

import html
import re
from html.parser import HTMLParser

COLORS = re.compile(r"((background-)?color: rgb\(\d+,\d+,\d+\)(; )?)+")


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data


def acts(page: str) -> list[str]:
    """Return what in a page could act when it is opened or clicked."""
    found = []
    for tag, attributes in Page(page).found:
        if tag in ("script", "iframe", "object", "embed", "svg", "math", "form", "base", "meta"):
            found.append(tag)
        for name, value in attributes.items():
            scheme = re.sub(r"[\x00-\x20]", "", html.unescape(value)).lower().partition(":")[0]
            if name.startswith("on") or (name == "style" and not COLORS.fullmatch(value)):
                found.append(f"{tag} {name}")
            inert = tag == "img" and value.startswith("data:image/")
            if (
                name in ("href", "src")
                and not inert
                and scheme in ("javascript", "vbscript", "data", "file")
            ):
                found.append(f"{tag} {value}")
    return found
