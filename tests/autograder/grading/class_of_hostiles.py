"""Notebooks as they may be handed in, and what is to become of them.

A case is a function that changes a solved notebook, or returns other bytes to hand in; its
decorator says what is lost by it. Every other exercise must keep its full points.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder import specs
from autograder.course.filled_notebooks import answer_source, exercise_cells, filled

RELEASED = Path(__file__).parents[3] / "exercises" / "attention" / "attention.ipynb"
EVERYTHING = tuple(exercise.name for exercise in specs.exercises("attention"))


@dataclass(frozen=True)
class Case:
    """One student. `name` is both the student's and the test's."""

    name: str
    make: Callable
    lost: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()
    note: str = ""
    hint: str = ""
    manual: bool = False
    flagged: bool = False
    shown: tuple[str, ...] = ()
    never_shown: tuple[str, ...] = ()
    kept: bool = True


CASES: dict[str, Case] = {}


def handed_in(**expected: object) -> Callable[[Callable], Callable]:
    """Register a case, with what is expected of it."""

    def register(make: Callable) -> Callable:
        assert make.__name__ not in CASES
        for name, value in expected.items():
            expected[name] = (value,) if isinstance(value, str) and name in LISTS else value
        CASES[make.__name__] = Case(make.__name__, make, **expected)
        return make

    return register


LISTS = ("lost", "partly", "shown", "never_shown")


@dataclass
class Notebook:
    """A solved notebook that can be tampered with; `folder` is what is handed in."""

    node: NotebookNode
    folder: Path = field(default_factory=Path)

    def place(self, grade_id: str) -> int:
        """Return where the cell with a grade id stands."""
        return next(
            place
            for place, cell in enumerate(self.node.cells)
            if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id
        )

    def cell(self, grade_id: str) -> NotebookNode:
        """Return the cell with a grade id."""
        return self.node.cells[self.place(grade_id)]

    def answer(self, name: str, source: str) -> None:
        """Answer an exercise in another way."""
        self.cell(name).source = source

    def stub(self, name: str) -> None:
        """Answer an exercise wrongly: the student has nothing but the signature."""
        self.answer(name, f"def {name}(*arguments, **keywords):\n    return 0.0")

    def append(self, name: str, source: str) -> None:
        """Add lines after the right answer of an exercise."""
        self.cell(name).source += "\n\n\n" + source

    def first(self, source: str) -> None:
        """Add a cell of the student's own before all others."""
        self.node.cells.insert(0, new_code_cell(source))

    def before(self, grade_id: str, source: str, kind: str = "code") -> None:
        """Add a cell of the student's own before another one."""
        make = new_code_cell if kind == "code" else new_markdown_cell
        self.node.cells.insert(self.place(grade_id), make(source))

    def after(self, grade_id: str, source: str, kind: str = "code") -> None:
        """Add a cell of the student's own after another one."""
        make = new_code_cell if kind == "code" else new_markdown_cell
        self.node.cells.insert(self.place(grade_id) + 1, make(source))

    def beside(self, name: str, text: str) -> None:
        """Hand in another file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def content(self) -> bytes:
        """Return the notebook as a file."""
        return json.dumps(self.node).encode()


def solved_notebook() -> NotebookNode:
    """Return the notebook with right answers to all exercises."""
    released = nbformat.read(RELEASED, as_version=4)
    sources = {}
    for identifier in exercise_cells(released):
        exercise = specs.find(identifier)
        sources[identifier] = answer_source(exercise.reference, exercise.name)
    return filled(released, sources)


def hand_in(case: Case, folder: Path, solved: NotebookNode) -> bytes | None:
    """Put what a case hands in into its folder; return the notebook's bytes, if there are any."""
    folder.mkdir(parents=True)
    notebook = Notebook(nbformat.from_dict(solved), folder)
    content = case.make(notebook)
    if content is None:
        content = notebook.content()
    if content is NOTHING:
        return None
    (folder / "attention.ipynb").write_bytes(content)
    return content


NOTHING = object()
