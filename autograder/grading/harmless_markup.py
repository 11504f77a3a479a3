"""A student's text, made so that nothing of it acts in a page.

It ends in feedback, in formgrader and in reports: pages that turn Markdown into HTML, follow links
and set formulas. Whatever the text, this takes time in proportion to its length.
"""

import html
import re
from collections.abc import Mapping
from urllib.parse import quote

from autograder.grading.harmless_text import without_escapes

INVISIBLE = "\N{ZERO WIDTH SPACE}"
TAG = re.compile(r"<(?=[A-Za-z/!?])")
# a link may lead to a page elsewhere, an address of mail, a place in this page, or a file beside it
# that no browser would run: formgrader hands out what lies there, in the instructor's name
FILES = "(?i:bmp|csv|gif|ipynb|jpe?g|json|md|npy|npz|pdf|png|pt|py|tsv|txt|webp)"
HARMLESS_FILE = re.compile(rf".*\.{FILES}", re.DOTALL)
HARMLESS = (
    r"https?://|mailto:|[#)]|$|[\w~-]+(?:[\s)>#?]|$)"
    rf"|[\w./%~-]*\.{FILES}(?:[\s)>]|$)"
)
LINK = re.compile(rf"(?<=\])(?=[(:]\s*+(?!{HARMLESS}))")
# a page would fetch a picture as soon as it is opened, and with it tell who reads and when
IMAGE = re.compile(r"!(?=\[)")
OWN_PICTURE = re.compile(  # one pasted, or a file that was handed in beside the notebook
    r"\[[^\[\]\n]{0,400}\]\("
    r"(?:attachment:picture-([0-9]{1,3})|\w[\w./%~-]{0,200}\.(?i:bmp|gif|jpe?g|png|webp))\)"
)
DIAGRAM = re.compile(r"(?<=[`~])(?=[ \t]*mermaid)")  # and such a drawing may hold pictures
PICTURE = re.compile(r"\(attachment:picture-([0-9]{1,3})\)")
# what makes MathJax follow a link, load code, or lay something over the page
COMMAND = re.compile(r"\\(?=\s*(?:href|url|mmlToken|require|style|class|cssId|data)(?![A-Za-z]))")
BEGIN, END = (re.compile(rf"\\{word}\{{([^{{}}\n]{{0,40}})\}}") for word in ("begin", "end"))
BRACKETS = ((r"\\[", r"\\]"), (r"\\(", r"\\)"))

TAGS = frozenset(
    (
        *("a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "div"),
        *("dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre"),
        *("s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th"),
        *("thead", "tr", "u", "ul"),
    )
)
WITHOUT_END = frozenset(("br", "col", "hr"))
ENDS = {  # what an opening tag ends, if it stands open
    "li": ("li",),
    "p": ("p",),
    "tr": ("td", "th", "tr"),
    "td": ("td", "th"),
    "th": ("td", "th"),
    "dd": ("dd", "dt"),
    "dt": ("dd", "dt"),
}
DEEPEST = 64
WITHOUT_TEXT = re.compile(
    r"<(script|style|head|title)\b.*?(?:</\1\s*+>|$)|<!--.*?(?:-->|$)", re.DOTALL | re.IGNORECASE
)
ANY_TAG = re.compile(
    r"<(/?)([A-Za-z][A-Za-z0-9-]{0,40})((?:[\s/][^<>]{0,1000})?)>|<[!?][^<>]{0,1000}>"
)
OWN = "text-"
MARKDOWNS_TAG = re.compile(r"<[A-Za-z][^<>]*>")
ID = re.compile(r"(\s(?:id|name|for)\s*=\s*[\"']?|\shref\s*=\s*[\"']?#)", re.IGNORECASE)
ATTRIBUTE = re.compile(
    r"(?:^|\s)(align|colspan|rowspan|scope|href)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)",
    re.IGNORECASE,
)
VALUE = re.compile(r"[A-Za-z0-9%]{1,10}")
ADDRESS = re.compile(r"(?:https?://|mailto:|#)[^\s\x00-\x1f]*")


def inert_markdown(text: str, pictures: int = 0) -> str:
    """Return Markdown that reads the same, and in which no tag, link or command can act.

    An invisible space in the right place is enough, in text, code and formulas alike. Links to
    pages stay, the first so many of `with_pictures`' pictures, and pictures beside the notebook;
    any other picture becomes a link. Formulas that begin and never
    end are broken up too: renderers look for the end once for every time that one begins.
    """
    text = without_escapes(text)
    for begin, end in BRACKETS:
        last = max(text.rfind(end), 0)
        text = text[:last] + text[last:].replace(begin, f"{begin[0]}{INVISIBLE}{begin[1:]}")
    ends = {found[1]: found.start() for found in END.finditer(text)}

    def ended(found: re.Match[str]) -> str:
        is_ended = ends.get(found[1], -1) > found.start()
        return found[0] if is_ended else f"\\{INVISIBLE}{found[0][1:]}"

    def unless_picture(found: re.Match[str]) -> str:
        picture = PICTURE.match(text, found.end())
        return "" if picture and int(picture[1]) < pictures else INVISIBLE

    def unless_own(found: re.Match[str]) -> str:
        picture = OWN_PICTURE.match(text, found.end())
        return "!" if picture and int(picture[1] or -1) < pictures else f"!{INVISIBLE}"

    text = IMAGE.sub(unless_own, text)
    text = DIAGRAM.sub(INVISIBLE, BEGIN.sub(ended, text))
    text = LINK.sub(unless_picture, text)
    return COMMAND.sub(rf"\\{INVISIBLE}", TAG.sub(f"<{INVISIBLE}", text))


def with_own_ids(page: str) -> str:
    """Return HTML made of a cell's Markdown in which no id is one that a page around it has.

    A heading becomes an id, and formgrader binds what is typed to the field with an id. Links
    within the notebook go where they went.
    """
    return MARKDOWNS_TAG.sub(lambda tag: ID.sub(rf"\1{OWN}", tag[0]), page)


def inert_formula(text: str) -> str:
    """Return TeX that means the same, and in which no tag and no command can act."""
    text = text.replace("<", r"\lt ").replace(">", r"\gt ")
    return COMMAND.sub(rf"\\{INVISIBLE}", text)


def with_pictures(text: str, pictures: Mapping[str, dict]) -> tuple[str, dict[str, dict]]:
    """Return Markdown and the pictures pasted into it, under names that every renderer finds.

    Editors refer to a name with blanks or accents in other ways than they store it, and a reference
    to what is not there stops the making of the page.
    """
    for number, name in enumerate(pictures):
        for written in dict.fromkeys((name, quote(name), quote(name, safe="()"), f"<{name}>")):
            text = text.replace(f"](attachment:{written})", f"](attachment:picture-{number})")
    return text, {f"picture-{n}": picture for n, picture in enumerate(pictures.values())}


def is_harmless_file(name: str) -> bool:
    """Say whether no browser would run what a file of this name holds."""
    return HARMLESS_FILE.fullmatch(name) is not None


def inert_html(text: str) -> str:
    """Return HTML of which only what lays out text is left: well-formed, and not nested deeply.

    It is written anew, tag by tag, so nothing depends on how a browser reads what was there.
    """
    written: list[str] = []
    open_tags: list[str] = []
    text = WITHOUT_TEXT.sub("", text)
    place = 0
    for found in ANY_TAG.finditer(text):
        written.append(_as_text(text[place : found.start()]))
        place = found.end()
        is_end, name, attributes = found[1], (found[2] or "").lower(), found[3]
        if name not in TAGS:
            continue
        if not is_end:
            _open(name, attributes, written, open_tags)
        elif name in open_tags:
            last = len(open_tags) - 1 - open_tags[::-1].index(name)
            _close(last, written, open_tags)
    written.append(_as_text(text[place:]))
    _close(0, written, open_tags)
    return "".join(written)


def _open(name: str, attributes: str, written: list[str], open_tags: list[str]) -> None:
    while open_tags and open_tags[-1] in ENDS.get(name, ()):
        _close(len(open_tags) - 1, written, open_tags)
    if len(open_tags) >= DEEPEST:
        return
    written.append(f"<{name}{_attributes(name, attributes)}>")
    if name not in WITHOUT_END:
        open_tags.append(name)


def _close(down_to: int, written: list[str], open_tags: list[str]) -> None:
    while len(open_tags) > down_to:
        written.append(f"</{open_tags.pop()}>")


def _attributes(tag: str, text: str) -> str:
    kept: dict[str, str] = {}
    for name, value in ATTRIBUTE.findall(text):
        name, value = name.lower(), html.unescape(value.strip("\"'"))
        allowed = ADDRESS if name == "href" else VALUE
        if (name != "href" or tag == "a") and allowed.fullmatch(value):
            kept.setdefault(name, html.escape(value))
    return "".join(f' {name}="{value}"' for name, value in kept.items())


def _as_text(text: str) -> str:
    # what stands for a character is read first: a command may be hidden in it
    plain = html.unescape(text)
    return html.escape(COMMAND.sub(rf"\\{INVISIBLE}", plain), quote=False)
