"""The whole class, graded once in a session of tests, and what was found of each student."""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
import pytest
from case_files import Case
from class_of_hostiles import CASES
from courses import new_course, opened_gradebook, run_in
from filelock import FileLock
from handing_in import hand_in
from nbformat import NotebookNode
from nbgrader.api import Grade, Gradebook, MissingEntry

NO_TEXT = os.fsdecode(b"n\xffame")  # a folder's name that no gradebook can hold
FOUND = "found.json"  # what is read of a course once, when it is graded


@dataclass
class GradedClass:
    """A course folder in which the class was graded; nobody grades in it again."""

    folder: Path

    @cached_property
    def found(self) -> dict[str, Any]:
        """What `grade_class` stored: `printed` by assignment, `handed_in` and `rows` by name."""
        return json.loads((self.folder / FOUND).read_text())

    def row(self, case: Case) -> dict[str, Any]:
        """Return what the gradebook says of a student."""
        return self.found["rows"][case.name]

    def notebook(self, case: Case) -> NotebookNode:
        """Return a student's graded notebook."""
        return nbformat.read(notebook_path(self.folder, case), as_version=4)

    def originals(self, case: Case) -> list[str]:
        """Return the hashes of what is kept of a student."""
        folder = self.folder / "originals" / case.assignment / case.name
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.ipynb")]


def looked_at(items: Iterable[pytest.Item]) -> dict[str, Case]:
    """Return the cases that the chosen tests look at: all, if one looks at the whole class."""
    names = {"everything_right"}  # with which others are compared
    for item in items:
        if "graded_class" in getattr(item, "fixturenames", ()):
            case = item.callspec.params.get("case") if hasattr(item, "callspec") else None
            if case is None:
                return CASES
            names.add(case.name)
    return {name: case for name, case in CASES.items() if name in names}


def notebook_path(course: Path, case: Case) -> Path:
    name = f"{case.notebook or case.assignment}.ipynb"
    return course / "autograded" / case.name / case.assignment / name


def grade_class(folder: Path, cases: Mapping[str, Case] = CASES) -> None:
    """Hand in every case, grade them all, and store what the gradebook says of each."""
    assignments = sorted({case.assignment for case in cases.values()})
    new_course(folder, assignments=assignments)
    handed_in = {}
    for name, case in cases.items():
        content = hand_in(case, folder / "submitted" / name / case.assignment)
        if content is not None:
            handed_in[name] = {"hash": hashlib.sha256(content).hexdigest(), "size": len(content)}
    hand_in(CASES["everything_right"], folder / "submitted" / NO_TEXT / "attention")
    # who is not recorded, here the one whose name is no text, is told by the exit status too
    printed = {
        name: run_in(folder, "autograder", "grade", name, status=int(name == "attention"))
        for name in assignments
    }
    with opened_gradebook(folder) as gradebook:
        rows = {}
        for name, case in cases.items():
            with contextlib.suppress(MissingEntry):  # which fails the tests of this case alone
                rows[name] = row_of(case, gradebook)
    found = {"printed": printed, "handed_in": handed_in, "rows": rows}
    (folder / FOUND).write_text(json.dumps(found))


def row_of(case: Case, gradebook: Gradebook) -> dict[str, Any]:
    """Return what a gradebook says of a student's notebook."""
    notebook = case.notebook or case.assignment
    entry = gradebook.find_submission_notebook(notebook, case.assignment, case.name)
    return {
        "grades": {
            grade.name: {
                "score": grade.auto_score,
                "share": share(grade),
                "waits": grade.needs_manual_grade,
            }
            for grade in entry.grades
            if grade.name.startswith("check_")
        },
        "comments": [comment.auto_comment or "" for comment in entry.comments],
        "flagged": entry.flagged,
    }


def share(grade: Grade) -> float | None:
    """Return the share of the points that the machine gave, if it gave any answer."""
    return None if grade.auto_score is None else grade.auto_score / grade.max_score


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that is made once in a session of tests; not to be changed.

    Under pytest-xdist several processes run the tests, each with a folder below a common one.
    """
    common = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent
    folder, done = common / name, common / f"{name}.made"
    with FileLock(common / f"{name}.lock"):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of one who failed in the middle
            make(folder)
            done.touch()
    return folder
