"""A submission of the tests and its verdict, read from one file: see submissions/README.md."""

import shlex
import tomllib
from collections.abc import Set
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

SUBMISSIONS = Path(__file__).parent / "submissions"
FENCE = "+++\n"
EVERYTHING = "everything"
LANGUAGES = {"python": "code", "markdown": "markdown", "raw": "raw"}
PLACES = {"first": 0, "last": 0, "before": 1, "after": 1, "replace": 1}  # words that follow each
CHANGE = {"cells", "remove", "rename", "set", "delete", "copy", "to", "insert", "at", "order"}
FILE = {"name", "content", "encoding", "times", "link", "hard_link", "is", "archive", "modified"}


class CaseFileError(ValueError):
    """A file of a submission says what nobody understands."""


@dataclass(frozen=True)
class Verdict:
    """What is to become of a submission; every exercise that is not named keeps full points.

    `zero`, `partial` and `manual` name exercises, or are "everything".
    """

    zero: tuple[str, ...] | str = ()
    partial: tuple[str, ...] | str = ()
    manual: tuple[str, ...] | str = ()
    note: str = ""
    hint: str = ""
    flagged: bool = False
    shown: tuple[str, ...] = ()
    never_shown: tuple[str, ...] = ()
    never_in_markup: tuple[str, ...] = ()
    original: bool = True


@dataclass(frozen=True)
class Block:
    """A cell of the student's: its source is a template, its place is beside a named cell."""

    kind: str
    place: str
    target: str
    source: str
    times: int = 1
    id: str = ""


@dataclass(frozen=True)
class Case:
    """One submission. `name` is the student's and the test's."""

    name: str
    kind: str
    why: str
    assignment: str = "attention"
    notebook: str = ""  # of an assignment with several; by default it is called as that is
    hands_in_notebook: bool = True
    verdict: Verdict = field(default_factory=Verdict)
    blocks: tuple[Block, ...] = ()
    changes: tuple[dict[str, Any], ...] = ()
    files: tuple[dict[str, Any], ...] = ()


def read_cases(folder: Path = SUBMISSIONS) -> dict[str, Case]:
    """Return all submissions by their names, kind after kind."""
    cases: dict[str, Case] = {}
    for path in sorted(folder.glob("*/*.md")):
        if path.stem in cases:
            raise CaseFileError(f"{path}: another submission is called {path.stem}")
        cases[path.stem] = read_case(path)
    return cases


def read_case(path: Path) -> Case:
    """Return the submission that a file describes.

    Raises:
        CaseFileError: what stands there is no such description.
    """
    text = path.read_text(encoding="utf-8")
    try:
        head, body = split(text)
        why, blocks = read_body(body)
        described = read_head(tomllib.loads(head))
    except (ValueError, TypeError) as error:
        raise CaseFileError(f"{path}: {error}") from error
    return Case(name=path.stem, kind=path.parent.name, why=why, blocks=blocks, **described)


def split(text: str) -> tuple[str, str]:
    """Return the head and the body of a file."""
    if not text.startswith(FENCE) or FENCE not in text[len(FENCE) - 1 :]:
        raise ValueError("a file begins with a line +++, TOML, and another line +++")
    head, _, body = text.removeprefix(FENCE).partition(FENCE)
    return head, body


def read_head(head: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `Case` that the head gives."""
    described = {
        "verdict": read_verdict(head.pop("verdict", {})),
        "changes": tuple(head.pop("change", ())),
        "files": tuple(head.pop("file", ())),
    }
    for tables, known in ((described["changes"], CHANGE), (described["files"], FILE)):
        for table in tables:
            refuse_unknown(table.keys() - known)
    for name in ("assignment", "notebook", "hands_in_notebook"):
        if name in head:
            described[name] = head.pop(name)
    refuse_unknown(head.keys())
    return described


def refuse_unknown(names: Set[str]) -> None:
    """Raise `ValueError` if there are any such names."""
    if names:
        raise ValueError(f"nobody understands {', '.join(sorted(names))}")


def read_verdict(table: dict[str, Any]) -> Verdict:
    """Return the verdict; where a list is expected, one text stands for a list of it."""
    refuse_unknown(table.keys() - {known.name for known in fields(Verdict)})
    lists = {known.name for known in fields(Verdict) if known.default == ()}
    for name in lists & table.keys():
        value = table[name]
        if value != EVERYTHING:
            table[name] = (value,) if isinstance(value, str) else tuple(value)
    return Verdict(**table)


def read_body(body: str) -> tuple[str, tuple[Block, ...]]:
    """Return the text, which says what it is about, and the cells."""
    said: list[str] = []
    blocks: list[Block] = []
    for token in MarkdownIt().parse(body):
        if token.type == "fence":
            blocks.append(read_block(token.info, token.content.removesuffix("\n")))
        elif token.type == "inline":
            said.append(token.content)
    if not said:
        raise ValueError("no sentence says what it is about")
    return " ".join(said), tuple(blocks)


def read_block(info: str, source: str) -> Block:
    """Return the cell below a line such as ```python before softmax times=3."""
    words = shlex.split(info)
    options = dict(word.split("=") for word in words if "=" in word)
    words = [word for word in words if "=" not in word]
    language, place, *target = [*words, "", ""][: max(2, len(words))]
    if language not in LANGUAGES:
        raise ValueError(f"a cell is one of {', '.join(LANGUAGES)}, not {language!r}")
    if PLACES.get(place) != len(target):
        raise ValueError(f"where {info!r} is to stand is not clear")
    times = int(options.pop("times", 1))
    return Block(LANGUAGES[language], place, "".join(target), source, times, **options)
