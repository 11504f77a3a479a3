"""`autograder grade ASSIGNMENT`: run, judge and record a class.

Workers run and judge; what they find is stored at once, so a run that was stopped goes on where it
was. Meanwhile this process records, one student after the other, what they have finished.
"""

import argparse
import contextlib
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograder.errors import UserError
from autograder.grading import open_course
from autograder.grading.harmless_text import printed
from autograder.grading.open_course import (
    chosen,
    counted,
    in_one_line,
    is_of_the_machine,
    judging,
    opened,
    progress,
)
from autograder.grading.sandbox import WITHOUT_SANDBOX
from autograder.grading.students_folders import refusal
from autograder.grading.workers import Judged

if TYPE_CHECKING:
    from autograder.grading.gradebook import Recorder

NOT_RECORDED = "NOT RECORDED, mend this and grade again"


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
    open_course.add_arguments(parser)
    parser.add_argument(
        "--force", action="store_true", help="record again what is recorded already"
    )


def run(arguments: argparse.Namespace) -> int:
    """Grade an assignment and print a table."""
    started = time.monotonic()
    rows = sorted(graded(arguments), key=lambda row: row.student)
    print(table(rows))
    if arguments.unsafe_no_sandbox:
        print(f"\n{WITHOUT_SANDBOX}")
    print(f"\n{counted(len(rows), 'submission')} in {time.monotonic() - started:.1f} s.")
    return int(any(row.remarks.startswith(NOT_RECORDED) for row in rows))


def graded(arguments: argparse.Namespace) -> list[Row]:
    """Run, judge and record every submission of an assignment.

    Raises:
        UserError: nothing at all can be recorded, as on a disk that is full.
    """
    rows: list[Row] = []
    with judging(arguments) as judge, opened(arguments) as recorder:
        refused = recorder.classroom.refused()
        everybody = [*recorder.classroom.students(), *refused]
        meant = chosen(everybody, arguments.student, arguments.assignment)
        rows += [
            Row(name, remarks=f"{NOT_RECORDED}: {refusal(name, refused[name])}")
            for name in meant
            if name in refused
        ]
        students = [name for name in meant if name not in refused]
        for student, results in judge(recorder.classroom, students) if students else ():
            rows.append(record(recorder, student, results, force=arguments.force))
            progress(f"{len(rows)} of {len(students)} graded")
        progress("")
    return rows


def record(recorder: "Recorder", student: str, judged: dict[str, Judged], *, force: bool) -> Row:
    """Enter the results of one student in the gradebook, if they are not there yet."""
    found = Row(student)
    try:
        graded = {
            notebook: recorder.classroom.stored(student, notebook, one.key, one.error)
            for notebook, one in judged.items()
        }
        found = row(student, [one.result for one in graded.values()])
        if force or not recorder.has_recorded(student, graded):
            recorder.record(student, graded)
        else:
            recorder.record_time(student, graded)
        about = [recorder.lateness(student)]
        about += ["not on the roster"] if recorder.is_stranger(student) else []
        found.remarks = "; ".join(filter(None, [found.remarks, *about]))
    except Exception as error:  # of this student's names or files: the others are recorded
        with contextlib.suppress(Exception):  # what cannot be written may not be taken back either
            recorder.gradebook.db.rollback()
        if is_of_the_machine(error):
            raise UserError(
                f"{student} and those after them are not recorded: {in_one_line(error)}; mend "
                "this, then grade again: what was judged is kept"
            ) from None
        said = f"{type(error).__name__}: {in_one_line(error)}"
        found.remarks = f"{NOT_RECORDED}: {said}"[:300]
    return found


def row(student: str, results: Sequence[dict[str, Any]]) -> Row:
    """Return what the table says of a student."""
    exercises = [exercise for result in results for exercise in result["exercises"].values()]
    remarks = [result["problem"] for result in results if result["problem"]]
    remarks += ["nothing handed in" for result in results if result["missing"]]
    remarks += [
        note
        for result in results
        if not (result["problem"] or result["missing"])
        for note in result["comments"].get("", [])
    ]
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
    cells = [
        (printed(r.student), f"{r.points:g} of {r.maximum:g}", printed(r.remarks)) for r in rows
    ]
    headers = ("student", "points", "remarks")
    # a student's id may be one that reads like a number
    return tabulate(cells, headers, "simple", maxcolwidths=(24, None, width), disable_numparse=True)
