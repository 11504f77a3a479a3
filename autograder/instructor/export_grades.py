"""`autograder grades ASSIGNMENT`: write the scores for nbgrader's readers, Canvas or Moodle.

Without `--into` the file has nbgrader's columns. With it, a copy of the file that a platform has
exported is filled in, to be uploaded there.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.errors import UserError
from autograder.instructor.lateness import final_score
from autograder.instructor.tables import Table, read_table

if TYPE_CHECKING:
    from nbgrader.api import Gradebook, SubmittedAssignment


@dataclass(frozen=True)
class Filled:
    """What became of a table: who got a score, who none, and by what scores were multiplied."""

    scored: list[str]
    unmatched: list[str]
    factor: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `autograder grades` takes."""
    parser.add_argument("assignment", help="the assignment, as nbgrader knows it")
    parser.add_argument(
        "--into", metavar="FILE", type=Path,
        help="Canvas' exported gradebook or Moodle's grading worksheet; it is left as it is",
    )  # fmt: skip
    parser.add_argument(
        "--to", metavar="FILE", type=Path, help="where to write (default: grades-ASSIGNMENT.csv)"
    )
    parser.add_argument("--id", metavar="COLUMN", help="the column with nbgrader's student names")
    parser.add_argument(
        "--column", metavar="COLUMN",
        help="the column for the scores (default: the assignment's; a new one if there is none)",
    )  # fmt: skip
    parser.add_argument(
        "--course", metavar="DIR", type=Path, default=Path(), help="the course (default: here)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the file and say what is in it."""
    from autograder.grading.open_course import opened_gradebook
    from autograder.grading.stored_results import write_whole

    target = (arguments.to or Path(f"grades-{arguments.assignment}.csv")).resolve()
    if arguments.into and arguments.into.resolve() == target:
        raise UserError(f"{target} is left as it is; name another file with --to")
    table = read_table(arguments.into.resolve()) if arguments.into else None
    with opened_gradebook(arguments.course) as (app, gradebook):
        submissions = submissions_of(gradebook, arguments.assignment)
        if table is None:
            export(app, gradebook, arguments.assignment, target)
            print(f"nbgrader's columns, {len(submissions)} submissions: {target}")
        else:
            filled = fill(table, submissions, arguments.assignment, arguments.id, arguments.column)
            write_whole(target, table.text().encode())
            print(described(table, filled, submissions, target))
        waiting = sorted(name for name, one in submissions.items() if one.needs_manual_grade)
    if waiting:
        print(f"An answer still waits for a person: {', '.join(waiting)}.")


def submissions_of(gradebook: "Gradebook", assignment: str) -> dict[str, "SubmittedAssignment"]:
    """Return the graded submissions of an assignment by student.

    Raises:
        UserError: there is none.
    """
    found = gradebook.assignment_submissions(assignment)
    if not found:
        raise UserError(
            f"nothing is graded for {assignment}; first run: autograder grade {assignment}"
        )
    return {submission.student.id: submission for submission in found}


def export(app: object, gradebook: "Gradebook", assignment: str, target: Path) -> None:
    """Write nbgrader's own table."""
    from autograder.instructor.csv_export import CsvExport

    target.parent.mkdir(parents=True, exist_ok=True)
    plugin = CsvExport(parent=app)
    plugin.to, plugin.assignment = str(target), [assignment]
    plugin.export(gradebook)


def fill(
    table: Table,
    submissions: Mapping[str, "SubmittedAssignment"],
    assignment: str,
    identifier: str | None = None,
    column: str | None = None,
) -> Filled:
    """Enter the scores, penalties for lateness taken off, in a platform's table.

    A row without a submission stays as it is. Where the platform has another maximum, scores are
    multiplied to fit.

    Raises:
        UserError: the table has no place for scores, or nobody in it is in the gradebook.
    """
    place = _grade_place(table, assignment, column)
    by = _matching_column(table, submissions, identifier)
    most = max(submission.max_score for submission in submissions.values())
    scored, factor = [], 1.0
    for row in table.of_students():
        submission = submissions.get(row[by].strip())
        if submission is None:
            continue
        possible = _possible(table, row, place)
        factor = possible / most if possible and most else 1.0
        row[place] = f"{round(final_score(submission) * factor, 4):g}"
        scored.append(submission.student.id)
    return Filled(scored, sorted(submissions.keys() - set(scored)), factor)


def _matching_column(
    table: Table, submissions: Mapping[str, object], identifier: str | None
) -> int:
    """Return the column in which most of the students' names stand."""
    names = [identifier] if identifier else list(table.platform.identifiers)
    places = [place for name in names if (place := table.column(name)) is not None]
    if identifier and not places:
        raise UserError(f"there is no column {identifier!r}; there are {', '.join(table.headers)}")
    matches = [
        sum(row[place].strip() in submissions for row in table.of_students()) for place in places
    ]
    if not any(matches):
        raise UserError(
            f"none of the gradebook's students stands in {', '.join(names)}; choose the column "
            "with --id"
        )
    return places[matches.index(max(matches))]


def _grade_place(table: Table, assignment: str, column: str | None) -> int:
    if column is not None:
        place = table.column(column)
        return table.add_column(column) if place is None else place
    if (place := table.column(table.platform.grade)) is not None:
        return place
    if table.platform.name == "nbgrader":
        raise UserError("a roster has no column for grades; leave out --into")
    # Canvas writes the assignment's number behind its name
    own = [h for h in table.headers if h == assignment or h.startswith(f"{assignment} (")]
    return table.column(own[0]) if own else table.add_column(assignment)


def _possible(table: Table, row: list[str], place: int) -> float | None:
    """Return the most points that the platform knows for this row, if it says."""
    texts = []
    if (maximum := table.column(table.platform.maximum)) is not None:
        texts.append(row[maximum])
    if table.platform.maximum_row:
        texts += [
            other[place]
            for other in table.rows
            if other[0].strip().startswith(table.platform.maximum_row)
        ]
    for text in texts:
        try:
            return float(text.replace(",", "."))
        except ValueError:
            continue
    return None


def described(
    table: Table,
    filled: Filled,
    submissions: Mapping[str, "SubmittedAssignment"],
    target: Path,
) -> str:
    """Say what was written."""
    lines = [f"{table.platform.name}, {len(filled.scored)} scores: {target}"]
    if abs(filled.factor - 1) > 1e-9:
        most = max(submission.max_score for submission in submissions.values())
        lines.append(
            f"There the most is {most * filled.factor:g}, here {most:g}: scores were multiplied "
            f"by {filled.factor:.4g}."
        )
    if filled.unmatched:
        lines.append(f"Graded here and not in that file: {', '.join(filled.unmatched)}.")
    return "\n".join(lines)
