"""Make what a case describes: the notebook from a solved one, and the files of a submission."""

import functools
import io
import json
import os
import socket
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import nbformat
from case_files import SUBMISSIONS, Block, Case, CaseFileError
from nbformat import NotebookNode

from autograder import specs
from autograder.course.filled_notebooks import answer_source, exercise_cells, filled

REPOSITORY = Path(__file__).parents[3]
# what a hostile pickle leaves behind if anybody loads it
TRAP = Path(tempfile.gettempdir(), "a-pickle-was-loaded-by-the-grader")

TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(SUBMISSIONS / "included"),
    undefined=jinja2.StrictUndefined,
    keep_trailing_newline=True,
    trim_blocks=True,
)
TEMPLATES.policies["json.dumps_kwargs"] = {"sort_keys": False}

Cell = dict[str, Any]


@functools.cache
def released_notebook(assignment: str, name: str) -> NotebookNode:
    """Return a notebook as it is in the repository, not to be changed."""
    path = REPOSITORY / "exercises" / assignment / f"{name}.ipynb"
    return nbformat.read(path, as_version=4)


@functools.cache
def solved_notebook(assignment: str = "attention", name: str = "") -> NotebookNode:
    """Return a notebook with right answers to all exercises, not to be changed."""
    released = released_notebook(assignment, name or assignment)
    sources = {}
    for identifier in exercise_cells(released):
        exercise = specs.find(identifier)
        sources[identifier] = answer_source(exercise.reference, exercise.name)
    return filled(released, sources)


def exercises(case: Case) -> tuple[str, ...]:
    """Return the names of the exercises of a case's notebook."""
    cells = exercise_cells(released_notebook(case.assignment, case.notebook or case.assignment))
    return tuple(identifier.partition(".")[2] for identifier in cells)


def hand_in(case: Case, folder: Path) -> bytes | None:
    """Put what a case hands in into its folder; return the notebook's bytes, if there are any."""
    folder.mkdir(parents=True)
    made = Made(case)
    name = f"{case.notebook or case.assignment}.ipynb"
    replaced = any(file["name"] == name for file in case.files)
    if case.hands_in_notebook and not replaced:
        (folder / name).write_bytes(made.content())
    for file in case.files:
        for number in range(file.get("times", 1)):
            made.put(file, folder, number)
    path = folder / name
    return path.read_bytes() if path.is_file() and not path.is_symlink() else None


@dataclass
class Made:
    """The notebook of a case while it is made."""

    case: Case
    plain: dict[str, Any] = field(init=False)
    names: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        case = self.case
        notebook = case.notebook or case.assignment
        released = released_notebook(case.assignment, notebook)
        solved = solved_notebook(case.assignment, notebook)
        self.names = {
            "solved": sources(solved),
            "released": sources(released),
            "untouched": json.dumps(released),
            "repository": str(REPOSITORY),
            "trap": str(TRAP),
        }
        self.plain = json.loads(json.dumps(solved))
        self.plain["cells"] = self.placed(self.plain["cells"])
        for change in case.changes:
            self.change(dict(change))
        # what a file may hold
        self.names |= {"notebook": json.dumps(self.plain), "plain": self.plain}

    def content(self) -> bytes:
        """Return the notebook as a file."""
        return self.names["notebook"].encode()

    def text(self, template: str, number: int = 0) -> str:
        """Return a text in which what stands in double braces is replaced by what it means."""
        return TEMPLATES.from_string(template).render(self.names, n=number)

    # cells

    def placed(self, cells: list[Cell]) -> list[Cell]:
        """Return the cells with those of the case in their places, in the order of its file."""
        known = {name: cell for cell in cells for name in names_of(cell)}
        first: list[Cell] = []
        last: list[Cell] = []
        before: dict[int, list[Cell]] = {id(cell): [] for cell in cells}
        after: dict[int, list[Cell]] = {id(cell): [] for cell in cells}
        for place, block in enumerate(self.case.blocks):
            if block.target and block.target not in known:
                raise CaseFileError(f"{self.case.name}: there is no cell {block.target}")
            target = known.get(block.target)
            if block.place == "replace":
                target["source"] = self.text(block.source)
                continue
            new = [self.new_cell(block, place, number) for number in range(block.times)]
            rows = {"first": first, "last": last}
            row = rows.get(block.place)
            if row is None:
                row = (before if block.place == "before" else after)[id(target)]
            row += new
        middle = [c for cell in cells for c in (*before[id(cell)], cell, *after[id(cell)])]
        return [*first, *middle, *last]

    def new_cell(self, block: Block, place: int, number: int) -> Cell:
        identifier = block.id or f"extra-{place}-{number}"
        cell = {"cell_type": block.kind, "id": identifier, "metadata": {}}
        if block.kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        return cell | {"source": self.text(block.source, number)}

    # changes of the file itself

    def change(self, change: dict[str, Any]) -> None:
        """Do one of what a `[[change]]` can say; see the README."""
        cells = self.plain["cells"]
        if "delete" in change:
            gone = [id(cell) for cell in self.selected(change["delete"])]
            self.plain["cells"] = [cell for cell in cells if id(cell) not in gone]
        elif "copy" in change:
            (cell,) = self.selected([change["copy"]])
            new = json.loads(json.dumps(cell))
            place = {"before": index_of(cell, cells), "last": len(cells)}[change["to"]]
            cells.insert(place, new)
            merge(new, json.loads(self.text(change.get("set", "{}"))))
        elif "insert" in change:
            cells[change["at"] : change["at"]] = json.loads(self.text(change["insert"]))
        elif "order" in change:
            self.plain["cells"] = ORDERS[change["order"]](cells)
        elif "cells" in change:
            for cell in self.selected(change["cells"]):
                self.alter(cell, change, index_of(cell, cells))
        else:
            self.alter(self.plain, change)

    def alter(self, altered: Cell, change: dict[str, Any], number: int = 0) -> None:
        """Remove, rename and set what a cell or the notebook holds."""
        for name in change.get("remove", ()):
            altered.pop(name, None)
        for old, new in change.get("rename", {}).items():
            altered[new] = altered.pop(old)
        merge(altered, json.loads(self.text(change.get("set", "{}"), number)))

    def selected(self, which: str | list[str]) -> list[Cell]:
        """Return the cells with these names, or of a kind: all, code, markdown, graded."""
        cells = self.plain["cells"]
        if isinstance(which, list):
            known = {name: cell for cell in reversed(cells) for name in names_of(cell)}
            unknown = [name for name in which if name not in known]
            if unknown:
                raise CaseFileError(f"{self.case.name}: there is no cell {unknown[0]}")
            return [known[name] for name in which]
        return [cell for cell in cells if which in ("all", cell["cell_type"]) or (
            which == "graded" and "nbgrader" in cell["metadata"]) or (
            which == "ungraded" and "nbgrader" not in cell["metadata"])]  # fmt: skip

    # files

    def put(self, file: dict[str, Any], folder: Path, number: int) -> None:
        """Make a file, or what stands in the place of one, as a `[[file]]` says."""
        path = folder / self.text(file["name"], number)
        path.parent.mkdir(parents=True, exist_ok=True)
        if "link" in file:
            path.symlink_to(file["link"])
        elif "hard_link" in file:
            path.hardlink_to(folder / file["hard_link"])
        elif file.get("is") == "pipe":
            os.mkfifo(path)
        elif file.get("is") == "folder":
            path.mkdir()
        elif file.get("is") == "socket":
            bind(path)
        elif "archive" in file:
            path.write_bytes(self.archive(file["archive"]))
        else:
            content = self.text(file.get("content", ""), number)
            path.write_bytes(content.encode(file.get("encoding", "utf-8")))
        if "modified" in file:
            os.utime(path, (file["modified"], file["modified"]))

    def archive(self, members: dict[str, str]) -> bytes:
        """Return a ZIP file with the given members."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as file:
            for name, content in members.items():
                file.writestr(self.text(name), self.text(content))
        return made.getvalue()


def names_of(cell: Cell) -> list[str]:
    """Return the names under which a case may speak of a cell."""
    if not isinstance(cell, dict):
        return []
    nbgrader = cell.get("metadata", {}).get("nbgrader", {})
    return [name for name in (nbgrader.get("grade_id"), cell.get("id")) if name]


def sources(notebook: NotebookNode) -> dict[str, str]:
    """Return the source of each cell by its names."""
    return {name: cell.source for cell in notebook.cells for name in names_of(cell)}


def index_of(cell: Cell, cells: list[Cell]) -> int:
    """Return where this very cell stands."""
    return next(place for place, one in enumerate(cells) if one is cell)


def answers_on_top(cells: list[Cell]) -> list[Cell]:
    """Return the cells with all answers below the imports."""
    answers = [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("solution")]
    chosen = [id(cell) for cell in answers]
    others = [cell for cell in cells if id(cell) not in chosen]
    return others[:2] + answers + others[2:]


ORDERS: dict[str, Callable[[list[Cell]], list[Cell]]] = {
    "reversed": lambda cells: cells[::-1],
    "answers on top": answers_on_top,
}


def merge(into: Cell, values: Cell) -> None:
    """Set values in an object, in depth."""
    for name, value in values.items():
        if isinstance(value, dict) and value and isinstance(into.get(name), dict):
            merge(into[name], value)
        else:
            into[name] = value


def bind(path: Path) -> None:
    """Make a socket; its path may be longer than an address can hold."""
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)
