"""Chapters and assignments as they are written: text, cells, and the numbers of exercises."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
OPTIONS = re.compile(r"\A(?:---\n.*?^---\n|(?::[^\n]*\n)+)", re.DOTALL | re.MULTILINE)
CHAPTERS = {
    path.stem: path
    for path in sorted((ROOT / "chapters").glob("*.md"))
    if "-exercises)=" in path.read_text("utf-8")
}


def chapter(name: str) -> str:
    """The text of a chapter."""
    return CHAPTERS[name].read_text("utf-8")


def cells(name: str) -> list[tuple[str, str]]:
    """The options and the code of each cell of a chapter."""
    found = []
    for text in CELL.findall(chapter(name)):
        options = OPTIONS.match(text)
        found.append((options[0], text[options.end() :]) if options else ("", text))
    return found


def exercises(name: str) -> dict[int, str]:
    """The exercises of a notebook: number and function, "" for a written one."""
    (path,) = (ROOT / "exercises").glob(f"*/{name}.ipynb")
    module = name.replace("-", "_")
    found, number = {}, 0
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        source = "".join(cell["source"])
        if heading := re.match(r"## (\d+)\. ", source):
            number = int(heading[1])
            found[number] = ""
        elif called := re.search(rf'check\("{module}\.(\w+)"', source):
            found[number] = called[1]
    return found
