"""Text of somebody else's, made so that neither a terminal nor a spreadsheet acts on it."""

import re

# what a terminal obeys, colors too
SEQUENCE = re.compile(
    r"\x1b\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)?"  # titles, links, the clipboard
    r"|\x1b[PX^_][^\x1b]{0,4096}(?:\x1b\\)?"  # strings for a device
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # moves, colors, questions
    r"|\x1b[ -/]*[0-~]?"
)
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# these turn the order of what is read around
DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
FORMULA = re.compile(r"\s*[=@+\-＝＠＋－]")  # the wide ones too
NUMBER = re.compile(r"\s*[+-]?(?:\d[\d.,\s]*(?:[eE][+-]?\d+)?\s*%?)?\s*")
MARK = "'"  # a spreadsheet takes what follows for text


def without_escapes(text: str) -> str:
    """Return text without what makes a terminal do things; line ends and tabs stay."""
    if text.isprintable():
        return text
    return DIRECTIONS.sub("", CONTROLS.sub("", SEQUENCE.sub("", text)))


def printed(text: str) -> str:
    """Return text as it may go to a terminal, on one line."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def as_cell(text: str) -> str:
    """Return text as it may stand in a table: what a spreadsheet would compute becomes text."""
    text = without_escapes(text)
    return f"{MARK}{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def from_cell(text: str) -> str:
    """Return what `as_cell` was given."""
    return text[1:] if text.startswith(MARK) and FORMULA.match(text[1:]) else text
