"""`autograder grade ASSIGNMENT`: run, judge and record a class.

Several processes run and judge, one submission each; what they find is stored at once, so a run
that was stopped goes on where it was. Meanwhile this process records, one student after the other,
what they have finished.
"""

import argparse
import os
import shutil
import signal
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import chdir
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.errors import UserError
from autograder.grading.inside import enclosure
from autograder.grading.sandbox import WITHOUT_SANDBOX, Sandbox, SandboxError

if TYPE_CHECKING:
    from autograder.grading.classroom import Classroom

ATTEMPTS = 3  # to bring up workers again after one of them was killed

# what a worker has, by being forked: nothing of it crosses a pipe
_classroom: "Classroom | None" = None
_sandbox: Sandbox | None = None


@dataclass(frozen=True)
class Judged:
    """What a worker says of one notebook: where its result is stored, or why there is none."""

    key: str = ""
    error: str = ""


@dataclass
class Row:
    """What the table says of one student."""

    student: str
    points: float = 0.0
    maximum: float = 0.0
    remarks: str = ""
    seconds: float = 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `autograder grade` takes."""
    parser.add_argument("assignment", help="the assignment, as nbgrader knows it")
    parser.add_argument(
        "--course", metavar="DIR", type=Path, default=Path(), help="the course (default: here)"
    )
    parser.add_argument(
        "--student", metavar="ID", action="append", help="grade only this student (can be repeated)"
    )
    parser.add_argument(
        "--jobs", metavar="N", type=int, default=os.cpu_count() or 1,
        help="how many submissions to run at once (default: one for each core)",
    )  # fmt: skip
    parser.add_argument(
        "--force", action="store_true", help="record again what is recorded already"
    )
    parser.add_argument(
        "--unsafe-no-sandbox", action="store_true",
        help="run students' code without a sandbox; every report will say so",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Grade an assignment and print a table."""
    started = time.monotonic()
    sandbox = Sandbox(unsafe=arguments.unsafe_no_sandbox)
    sandbox.begin()  # it imports torch while this process does the same
    try:
        rows = grade(arguments, sandbox)
    finally:
        sandbox.stop()
    print(table(rows))
    if arguments.unsafe_no_sandbox:
        print(f"\n{WITHOUT_SANDBOX}")
    print(f"\n{len(rows)} submissions in {time.monotonic() - started:.1f} s.")
    return 0


def grade(arguments: argparse.Namespace, sandbox: Sandbox) -> list[Row]:
    """Run, judge and record every submission of an assignment."""
    # jsonschema would compile 39 grammars for a check of web addresses that nobody asks for: 3 s
    sys.modules.setdefault("rfc3987_syntax", None)
    from nbgrader.api import Gradebook
    from nbgrader.apps import AutogradeApp
    from nbgrader.coursedir import CourseDirectory

    from autograder.grading.classroom import Classroom
    from autograder.grading.record import Recorder
    from autograder.grading.results import judged_by

    # nbgrader's own objects make SQLAlchemy warn, which is nothing an instructor can act upon
    warnings.filterwarnings("ignore", module=r"nbgrader\.")
    course = arguments.course.resolve()
    if not (course / "nbgrader_config.py").exists():
        raise UserError(f"{course} is no course folder; go into it, or name it with --course")
    with chdir(course):
        app = AutogradeApp()
        app.log_level = "ERROR"
        app.initialize([arguments.assignment])
        # app.coursedir was made before nbgrader_config.py was read, and knows no limits
        course_directory = CourseDirectory(config=app.config)
        classroom = Classroom.of(
            course_directory, arguments.assignment, unsafe=arguments.unsafe_no_sandbox
        )
        students = chosen(classroom.students(), arguments.student, arguments.assignment)
        with Gradebook(app.coursedir.db_url, app.coursedir.course_id) as gradebook:
            recorder = Recorder(coursedir=app.coursedir, parent=app)
            recorder.classroom, recorder.gradebook = classroom, gradebook
            judged_by()  # once, and not again by each worker
            sandbox.wait_until_ready()
            rows = []
            for student, results in judged(classroom, sandbox, students, arguments.jobs):
                rows.append(record(recorder, student, results, force=arguments.force))
                progress(f"{len(rows)} of {len(students)} graded")
            progress("")
    return sorted(rows, key=lambda row: row.student)


def chosen(students: Sequence[str], names: Sequence[str] | None, assignment: str) -> list[str]:
    """Return the students to grade."""
    unknown = sorted(set(names or ()) - set(students))
    if unknown:
        raise UserError(f"nothing was handed in for {assignment} by {', '.join(unknown)}")
    if not students:
        raise UserError(f"nothing was handed in for {assignment}; first run: nbgrader collect")
    return [student for student in students if not names or student in names]


def judged(
    classroom: "Classroom", sandbox: Sandbox, students: Sequence[str], jobs: int
) -> Iterator[tuple[str, dict[str, Judged]]]:
    """Yield each student, when all notebooks are run and judged, with what the workers say."""
    global _classroom, _sandbox
    _classroom, _sandbox = classroom, sandbox
    waiting = list(students)
    for _ in range(ATTEMPTS):
        pool = ProcessPoolExecutor(
            min(jobs, len(waiting)), get_context("fork"), initializer=prepare_worker
        )
        futures: dict[Future, str] = {pool.submit(work, student): student for student in waiting}
        try:
            for future in as_completed(futures):
                student, results = futures[future], future.result()
                waiting.remove(student)
                yield student, results
            return
        except BrokenProcessPool:
            continue  # the system has killed a worker; what it had finished is stored
        finally:
            for process in (pool._processes or {}).values():
                process.kill()
            pool.shutdown(wait=True, cancel_futures=True)
    raise UserError("the machine ends the grader's processes; is there memory enough for --jobs 1?")


def prepare_worker() -> None:
    """Leave interrupts to the process that began it all, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    enclosure.die_with_parent()


def work(student: str) -> dict[str, Judged]:
    """Run and judge one student's notebooks, in a worker."""
    judged: dict[str, Judged] = {}
    for notebook in _classroom.released:
        try:
            judged[notebook] = Judged(_classroom.graded(student, notebook, _sandbox).key)
        except (SandboxError, OSError):
            raise  # of the machine, not of this submission
        except Exception as error:
            judged[notebook] = Judged(error=f"{type(error).__name__}: {error}"[:500])
    return judged


def record(recorder: Any, student: str, judged: dict[str, Judged], *, force: bool) -> Row:
    """Enter the results of one student in the gradebook, if they are not there yet."""
    graded = {
        notebook: recorder.classroom.stored(student, notebook, one.key, one.error)
        for notebook, one in judged.items()
    }
    if force or not recorder.has_recorded(student, graded):
        recorder.record(student, graded)
    return row(student, [one.result for one in graded.values()])


def row(student: str, results: Sequence[dict[str, Any]]) -> Row:
    """Return what the table says of a student."""
    exercises = [exercise for result in results for exercise in result["exercises"].values()]
    remarks = [result["problem"] for result in results if result["problem"]]
    remarks += ["nothing handed in" for result in results if result["missing"]]
    stopped = sum(bool(exercise["notes"]) for exercise in exercises)
    remarks += [f"{stopped} with a note"] if stopped else []
    flags = sum(len(result["flags"]) for result in results)
    remarks += [f"{flags} flagged"] if flags else []
    return Row(
        student,
        sum(exercise["points"] for exercise in exercises),
        sum(exercise["maximum"] for exercise in exercises),
        "; ".join(remarks),
        sum(result["seconds"] for result in results),
    )


def table(rows: Sequence[Row]) -> str:
    """Lay out who has how many points, and what is to be said."""
    from tabulate import tabulate

    width = max(20, min(120, shutil.get_terminal_size().columns) - 45)
    cells = [(r.student, f"{r.points:g} of {r.maximum:g}", r.remarks) for r in rows]
    headers = ("student", "points", "remarks")
    return tabulate(cells, headers, "simple", maxcolwidths=(24, None, width))


def progress(line: str) -> None:
    """Show what is being done, on one line that the next one overwrites."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
