"""`autograder demo`: a small course with a small class, graded as any other course is.

The class is made up; everything else is real: the folder is one that `autograder init` makes, and
`autograder grade` and nbgrader do in it what they do in any other.
"""

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from tabulate import tabulate

from autograder import specs
from autograder.course.filled_notebooks import answer_source, exercise_cells, filled
from autograder.course.init import DEMO, REPOSITORY, create_course
from autograder.errors import UserError

ASSIGNMENT = "attention"
MARKER = "made-by-autograder-demo"  # a course folder without it is somebody's own
MISTAKEN = ("Carol", "Dmitri", "Emmy", "Farid", "Grace")
WRITTEN = "A decoder is trained on what it is later asked for. (An answer for you to grade.)"


@dataclass(frozen=True)
class Submission:
    """What one of the class hands in, in words what it is, and the misconception put into it."""

    student: str
    summary: str
    notebook: NotebookNode
    misconception: str = ""


@dataclass(frozen=True)
class Graded:
    """What came of a submission."""

    submission: Submission
    points: float
    maximum: float
    waits: bool
    misconceptions: tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `autograder demo` takes."""
    parser.add_argument(
        "folder",
        metavar="DIR",
        type=Path,
        nargs="?",
        default=DEMO,
        help="the folder to be made; an earlier demo in it is replaced, anything else is left "
        "alone (default: demo/ in the repository)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Make the course and the class, grade it, and print a table."""
    graded = graded_class(arguments.folder)
    folder = arguments.folder.resolve()
    print(table(graded))
    print(
        f"\nEach student's feedback is in {folder}/feedback. To see the class in formgrader:\n"
        f"cd {folder} && jupyter lab --ip=127.0.0.1"
    )


def graded_class(folder: Path) -> list[Graded]:
    """Make the course, let the class hand in, grade it, and return what came of it."""
    folder = demo_course(folder)
    submissions = small_class(released_notebook(folder))
    for submission in submissions:
        hand_in(submission, folder)
    run_module(folder, "autograder", "grade", ASSIGNMENT)
    progress("writing feedback")
    run_module(folder, "nbgrader", "generate_feedback", ASSIGNMENT)
    progress("")
    return [graded_submission(submission, folder) for submission in submissions]


def demo_course(folder: Path) -> Path:
    """Make the course folder anew; only an earlier demo is ever replaced."""
    folder = folder.expanduser().resolve()
    if (folder / MARKER).exists():
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder} is not an earlier demo and is left as it is; name another DIR")
    folder = create_course(folder, "demo")
    (folder / MARKER).write_text("`autograder demo` replaces this folder when it is run again.\n")
    return folder


def released_notebook(folder: Path) -> NotebookNode:
    """Release the assignment, and return the notebook that students start from."""
    progress("releasing the assignment")
    run_module(folder, "nbgrader", "generate_assignment", ASSIGNMENT)
    return nbformat.read(folder / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)


def small_class(notebook: NotebookNode) -> list[Submission]:
    """Return one submission that is right, one untouched, one half done, and some mistaken ones."""
    exercises = [specs.find(identifier) for identifier in exercise_cells(notebook)]
    right = {
        exercise.identifier: answer_source(exercise.reference, exercise.name)
        for exercise in exercises
    }
    half = dict(list(right.items())[: len(right) // 2])
    solved = filled(notebook, right)
    for cell in solved.cells:
        if cell.cell_type == "markdown" and "nbgrader" in cell.metadata:
            cell.source = WRITTEN
    submissions = [
        Submission("Ada", "everything right", solved),
        Submission("Blaise", "nothing: the notebook as it was released", notebook),
        Submission("Bao", f"the first {len(half)} exercises", filled(notebook, half)),
    ]
    for number, student in enumerate(MISTAKEN):
        exercise = exercises[number * len(exercises) // len(MISTAKEN)]
        misconception = exercise.misconceptions[number % len(exercise.misconceptions)]
        wrong = answer_source(misconception.function, exercise.name)
        submissions.append(
            Submission(
                student,
                f"a misconception about {exercise.name}",
                filled(notebook, right | {exercise.identifier: wrong}),
                f"{exercise.name}: {misconception.hint}",
            )
        )
    return sorted(submissions, key=lambda submission: submission.student)


def hand_in(submission: Submission, folder: Path) -> None:
    """Put a notebook where `nbgrader collect` would."""
    target = folder / "submitted" / submission.student / ASSIGNMENT
    target.mkdir(parents=True)
    nbformat.write(submission.notebook, target / f"{ASSIGNMENT}.ipynb")


def run_module(folder: Path, module: str, *arguments: str) -> None:
    """Run `python -m module` in a course folder; what it says goes to a log there.

    The autograder's own errors and progress are shown, too: they are lines meant to be read.
    """
    paths = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]  # nbgrader calls alembic
    modules = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "PATH": os.pathsep.join(filter(None, paths)),
        "PYTHONPATH": os.pathsep.join(filter(None, modules)),
    }
    log = folder / "demo.log"
    with open(log, "a") as file:
        stderr = None if module == "autograder" else file
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, stdout=file, stderr=stderr)
    if done.returncode:
        raise UserError(f"{module} {arguments[0]} failed; what it said is in {log}")


def progress(line: str) -> None:
    """Show what is being done: in a terminal on one line, elsewhere on a line for each step."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
    elif line:
        print(line, file=sys.stderr, flush=True)


def graded_submission(submission: Submission, folder: Path) -> Graded:
    """Read points from the gradebook, and misconceptions from what the student is shown."""
    student = submission.student
    with contextlib.closing(Gradebook(f"sqlite:///{folder / 'gradebook.db'}")) as gradebook:
        grades = gradebook.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, student).grades
        automatic = [grade for grade in grades if grade.cell.cell_type == "code"]
        return Graded(
            submission,
            points=sum(grade.score for grade in automatic),
            maximum=sum(grade.max_score for grade in automatic),
            waits=any(grade.needs_manual_grade for grade in grades),
            misconceptions=reported_misconceptions(student, folder),
        )


def reported_misconceptions(student: str, folder: Path) -> tuple[str, ...]:
    """Return the hints that a student's graded notebook shows, each after its exercise."""
    path = folder / "autograded" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        shown = " ".join(
            output.data.get("text/plain", "")
            for output in cell.get("outputs", [])
            if "data" in output
        )
        shown = " ".join(shown.split())
        for identifier in re.findall(r'^check\("([\w.]+)"', cell.source):
            exercise = specs.find(identifier)
            hints = dict.fromkeys(misconception.hint for misconception in exercise.misconceptions)
            found += [
                f"{exercise.name}: {hint}" for hint in hints if " ".join(hint.split()) in shown
            ]
    return tuple(found)


def table(graded: list[Graded]) -> str:
    """Lay out who handed in what, the points, and the misconceptions that were found."""
    rows = [
        (
            row.submission.student,
            row.submission.summary,
            f"{row.points:g} of {row.maximum:g}" + (" *" if row.waits else ""),
            "\n".join(row.misconceptions),
        )
        for row in graded
    ]
    headers = ("who", "handed in", "points", "misconceptions found")
    widths = (10, 30, 12, max(30, min(120, shutil.get_terminal_size().columns) - 65))
    note = "\n* and a written answer that waits for a person"
    waits = any(row.waits for row in graded)
    return tabulate(rows, headers, "simple_grid", maxcolwidths=widths, disable_numparse=True) + (
        note if waits else ""
    )
