"""Opening a course for a command that grades: its settings, gradebook and students."""

import argparse
import errno
import fcntl
import functools
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.errors import UserError
from autograder.grading import cluster, workers
from autograder.grading.sandbox import Sandbox

if TYPE_CHECKING:
    from nbgrader.api import Gradebook
    from nbgrader.apps import AutogradeApp

    from autograder.grading.classroom import Classroom
    from autograder.grading.gradebook import Recorder

LOCK = ".grading.lock"
Judge = Callable[["Classroom", Sequence[str]], Iterator[tuple[str, dict[str, workers.Judged]]]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what every command takes that runs and judges submissions."""
    parser.add_argument("assignment", help="the assignment, as nbgrader knows it")
    parser.add_argument(
        "--course", metavar="DIR", type=Path, default=Path(), help="the course (default: here)"
    )
    parser.add_argument(
        "--student", metavar="ID", action="append", help="only this student (can be repeated)"
    )
    parser.add_argument(
        "--jobs", metavar="N", type=positive, default=os.cpu_count() or 1,
        help="how many submissions to run at once (default: one for each core)",
    )  # fmt: skip
    parser.add_argument(
        "--unsafe-no-sandbox", action="store_true",
        help="run students' code without a sandbox; every report will say so",
    )  # fmt: skip
    cluster.add_arguments(parser)


def positive(text: str) -> int:
    """Return a number of processes from the command line."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


@contextmanager
def judging(arguments: argparse.Namespace) -> Iterator[Judge]:
    """Have somebody who runs and judges: processes of this machine, or a cluster."""
    if arguments.scheduler:
        with cluster.connected(arguments) as client:
            yield functools.partial(cluster.judged_there, client)
        return
    sandbox = Sandbox(unsafe=arguments.unsafe_no_sandbox)
    sandbox.begin()  # it imports torch while this process does the same
    try:
        yield functools.partial(workers.judged_here, sandbox, arguments.jobs)
    finally:
        sandbox.stop()


@contextmanager
def opened_gradebook(course: Path, *words: str) -> Iterator[tuple["AutogradeApp", "Gradebook"]]:
    """Have a course's gradebook open, with its folder as the current one, and its settings.

    `words` are what nbgrader would read on its command line.

    Raises:
        UserError: the folder is no course, or the gradebook cannot be reached.
    """
    # jsonschema would compile 39 grammars for a check of web addresses that nobody asks for: 3 s
    sys.modules.setdefault("rfc3987_syntax", None)
    from nbgrader.api import Gradebook
    from nbgrader.apps import AutogradeApp
    from sqlalchemy.exc import OperationalError

    # nbgrader's own objects make SQLAlchemy warn, which is nothing an instructor can act upon
    warnings.filterwarnings("ignore", module=r"nbgrader\.")
    course = course.resolve()
    if not (course / "nbgrader_config.py").exists():
        raise UserError(f"{course} is no course folder; go into it, or name it with --course")
    with chdir(course):
        app = AutogradeApp()
        app.log_level = "ERROR"
        app.raise_config_file_errors = True
        try:
            app.initialize(list(words))
        except Exception as error:
            raise UserError(f"nbgrader's settings: {type(error).__name__}: {error}") from None
        try:
            gradebook = Gradebook(app.coursedir.db_url, app.coursedir.course_id)
        except OperationalError as error:
            raise UserError(
                f"the gradebook cannot be opened: {in_one_line(error)}; see "
                "c.CourseDirectory.db_url in settings.py"
            ) from None
        with gradebook:
            yield app, gradebook


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator["Recorder"]:
    """Have a course open, with its folder as the current one: the recorder of an assignment.

    Raises:
        UserError: the folder is no course, the assignment was not released, or the gradebook
            cannot be reached.
    """
    with (
        opened_gradebook(arguments.course, arguments.assignment) as (app, gradebook),
        one_grader(Path.cwd()),
    ):
        from nbgrader.api import MissingEntry
        from nbgrader.coursedir import CourseDirectory

        from autograder.grading.classroom import Classroom
        from autograder.grading.gradebook import Recorder

        # app.coursedir was made before nbgrader_config.py was read, and knows no limits
        course_directory = CourseDirectory(config=app.config)
        classroom = Classroom.of(
            course_directory, arguments.assignment, unsafe=arguments.unsafe_no_sandbox
        )
        try:
            gradebook.find_assignment(arguments.assignment)
            for notebook in classroom.released:
                gradebook.find_notebook(notebook, arguments.assignment)
        except MissingEntry:
            raise UserError(
                f"the gradebook does not know {arguments.assignment} as it was released; first "
                f"run: nbgrader generate_assignment {arguments.assignment} --force"
            ) from None
        # what is the same for all students, the assignment's cells, is read once
        gradebook.db().expire_on_commit = False
        recorder = Recorder(coursedir=app.coursedir, parent=app)
        recorder.classroom, recorder.gradebook = classroom, gradebook
        yield recorder


@contextmanager
def one_grader(course: Path) -> Iterator[None]:
    """Be the only one who grades in a course; wait for another one, and say so."""
    with open(course / LOCK, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(
                "autograder: somebody else is grading in this course; waiting until they are done",
                file=sys.stderr,
                flush=True,
            )
            fcntl.flock(file, fcntl.LOCK_EX)
        yield  # who ends, in whatever way, gives it back


def is_of_the_machine(error: Exception) -> bool:
    """Say whether an error is none of one student's: it would meet everybody."""
    from sqlalchemy.exc import OperationalError

    full = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
    return isinstance(error, OperationalError) or getattr(error, "errno", None) in full


def in_one_line(error: Exception) -> str:
    """Return what an error says, without the statements and addresses that SQLAlchemy adds."""
    return " ".join(str(getattr(error, "orig", None) or error).split())


def chosen(students: Sequence[str], names: Sequence[str] | None, assignment: str) -> list[str]:
    """Return those students of an assignment who are meant, which are all if none is named.

    Raises:
        UserError: there is none, or one who is named has handed in nothing.
    """
    unknown = sorted(set(names or ()) - set(students))
    if unknown:
        raise UserError(f"nothing was handed in for {assignment} by {', '.join(unknown)}")
    if not students:
        raise UserError(f"nothing was handed in for {assignment}; first run: nbgrader collect")
    return [student for student in students if not names or student in names]


def counted(number: int, what: str) -> str:
    """Return a number of things in words, such as "1 score" or "2 scores"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def progress(line: str) -> None:
    """Show what is being done, on one line that the next one overwrites."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
