"""Whose folders there are for an assignment, in what was handed in or made from that."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.grading.names import why_unfit

if TYPE_CHECKING:
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

STUDENT = "{student}"


def folder_of(course: "CourseDirectory", step: str, assignment: str) -> str:
    """Return where the folders of one of nbgrader's steps lie, with STUDENT for the name."""
    return course.format_path(step, STUDENT, assignment)


def students_in(folder: str) -> tuple[list[str], dict[str, str]]:
    """Return who has a folder, and the names that are refused, each with the reason.

    Args:
        folder: a path with STUDENT in it, as `folder_of` returns it.
    """
    before, after = folder.split(STUDENT, 1)
    parent = Path(before)
    students: list[str] = []
    refused: dict[str, str] = {}
    for name in sorted(os.listdir(parent) if parent.is_dir() else ()):
        if not os.path.lexists(f"{parent / name}{after}"):
            continue
        why = why_unfit(name)
        if not why and os.path.islink(parent / name):
            why = "is a link to another folder"
        if why:
            refused[name] = why
        else:
            students.append(name)
    return students, refused


def listed_by(api: "NbGraderAPI", assignment: str) -> set[str]:
    """Return who has handed in, as formgrader asks nbgrader's API: also who will be refused.

    `assignment` is "*" for any.
    """
    course = api.coursedir
    found: set[str] = set()
    for name in api.get_source_assignments() if assignment == "*" else (assignment,):
        students, refused = students_in(folder_of(course, course.submitted_directory, name))
        found |= {*students, *refused}
    return found


def refusal(name: str, why: str) -> str:
    """Say that a folder is refused, and what to do."""
    return f"the folder {name!r} {why}: nothing in it is graded before it is renamed"
