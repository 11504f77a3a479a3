"""Courses to grade in one way or another, and what their gradebooks say afterwards."""

import atexit
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

from class_of_hostiles import CASES
from handing_in import hand_in
from nbgrader.api import Gradebook

from autograder.course.init import REPOSITORY, create_course

LIMITS = "c.RunAndJudge.limits = {'cell_seconds': 8, 'notebook_seconds': 90}\n"
PROJECT = ("autograder", "solutions", "exercises")

# for the same class graded in several ways: of each kind of outcome one, honest ones among them
CHOSEN = (
    "everything_right",
    "one_exercise_wrong",
    "exit_in_a_cell",
    "three_crashes_of_different_kinds",
    "a_duplicated_cell",
    "a_deleted_answer",
    "a_script_among_the_outputs",
    "the_librarys_own_softmax",
    "warnings_on_stderr",
    "a_tag_that_skips_the_grade_cell",
)

MENDED = 'Part("whole rows masked", 1, rows_wholly_masked),\n    ],\n    forbidden=("softmax"'
UNMENDED = (
    'Part("whole rows masked", 1, rows_wholly_masked, '
    "expect=lambda call: 1 + reference.softmax(*call.arguments)),\n"
    '    ],\n    forbidden=("softmax"'
)


def environment(project: Path = REPOSITORY) -> dict[str, str]:
    """Return the variables under which a project's commands are run."""
    return os.environ | {
        "PYTHONPATH": str(project),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "OMP_NUM_THREADS": "1",
    }


def run_in(folder: Path, *command: str, status: int = 0, project: Path = REPOSITORY) -> str:
    """Run one of our commands or nbgrader's in a course; return what it prints."""
    result = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment(project),
        capture_output=True, text=True, timeout=3000,
    )  # fmt: skip
    assert result.returncode == status, result.stdout + result.stderr
    return result.stdout + result.stderr


def start_grading(folder: Path, *options: str) -> subprocess.Popen:
    """Start `autograder grade`, to be stopped in the middle."""
    return subprocess.Popen(
        [sys.executable, "-m", "autograder", "grade", "attention", *options], cwd=folder,
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=heed_interrupts,
    )  # fmt: skip


def heed_interrupts() -> None:
    """Undo what a shell does to what it starts in the background, these tests perhaps."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def new_course(
    folder: Path, settings: str = LIMITS, assignments: Sequence[str] = ("attention",)
) -> Path:
    """Make a course in which assignments are released."""
    create_course(folder, "test")
    with open(folder / "settings.py", "a") as file:
        file.write(settings)
    for assignment in assignments:
        run_in(folder, "nbgrader", "generate_assignment", assignment)
    return folder


@functools.cache
def released_course() -> Path:
    """Return a course without students, made once in a process, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="released-course-"))
    atexit.register(shutil.rmtree, folder)
    return new_course(folder / "course", settings="")


def handed_in_folder(course: Path, student: str) -> Path:
    return course / "submitted" / student / "attention"


def make_class(folder: Path, names: tuple[str, ...], settings: str = LIMITS, url: str = "") -> Path:
    """Make a course in which some of the cases have handed in; `url` is another gradebook's."""
    if url:
        new_course(folder, f"{settings}c.CourseDirectory.db_url = {url!r}\n")
    else:
        copy_of(released_course(), folder)
        with open(folder / "settings.py", "a") as file:
            file.write(settings)
    for name in names:
        hand_in(CASES[name], handed_in_folder(folder, name))
    return folder


def hand_in_again(course: Path, student: str, case: str) -> None:
    """Replace what a student has handed in by another case."""
    shutil.rmtree(handed_in_folder(course, student))
    hand_in(CASES[case], handed_in_folder(course, student))


def copy_of(course: Path, folder: Path) -> Path:
    """Return a copy of a course, which is at home wherever it lies."""
    return shutil.copytree(course, folder, symlinks=True)


def unmended_project(folder: Path) -> Path:
    """Return a copy of the project in which one part of softmax expects what nobody answers."""
    for name in PROJECT:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, folder / name, ignore=ignored)
    spec = folder / "autograder/specs/attention/softmax.py"
    source = spec.read_text()
    assert source.count(MENDED) == 1
    spec.write_text(source.replace(MENDED, UNMENDED))
    return folder


def opened_gradebook(course: Path, url: str = "") -> Gradebook:
    """Return a course's gradebook, to be closed."""
    warnings.filterwarnings("ignore", module="nbgrader")
    return Gradebook(url or f"sqlite:///{course / 'gradebook.db'}", "test")


def entries(course: Path, url: str = "") -> dict[str, dict]:
    """Return all that the gradebook says of each student."""
    with opened_gradebook(course, url) as gradebook:
        return {
            submission.student.id: {
                "grades": {
                    g.name: (g.auto_score, g.manual_score, g.needs_manual_grade)
                    for g in submission.notebooks[0].grades
                },
                "comments": {c.name: c.comment for c in submission.notebooks[0].comments},
                "flagged": submission.notebooks[0].flagged,
                "late": submission.notebooks[0].late_submission_penalty,
                "timestamp": submission.timestamp,
                "score": submission.score,
            }
            for submission in gradebook.assignment_submissions("attention")
        }


def grade_by_hand(course: Path, student: str, cell: str, score: float, url: str = "") -> None:
    """Give points as a person does in formgrader, and a comment on the written answer."""
    with opened_gradebook(course, url) as gradebook:
        grade = gradebook.find_grade(cell, "attention", "attention", student)
        grade.manual_score, grade.needs_manual_grade = score, False
        comment = gradebook.find_comment("why_not_generate", "attention", "attention", student)
        comment.manual_comment = "Well argued."
        gradebook.db.commit()


def result_files(course: Path) -> list[Path]:
    """Return the files in which results are stored."""
    files = (course / "results").glob("*/*/attention-*.json")
    return [path for path in files if path.stem.partition("-")[2] not in ("recorded", "archive")]


def stored(course: Path) -> dict[str, dict]:
    """Return each student's stored result, the time that it took aside."""
    found = {}
    for path in result_files(course):
        result = json.loads(path.read_bytes())
        del result["seconds"]
        assert path.parent.name not in found
        found[path.parent.name] = result
    return found


def written(course: Path) -> dict[Path, int]:
    """Return when each file was written that grading writes."""
    files = [*(course / "results").rglob("*.json"), *(course / "autograded").rglob("*.ipynb")]
    return {path: path.stat().st_mtime_ns for path in files}
