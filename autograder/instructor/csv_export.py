"""nbgrader's table of grades, as `nbgrader export` and `autograder grades` write it.

nbgrader's own puts names into it as they are: a comma in one moves the scores to other columns, and
what begins like a formula is one for a spreadsheet.
"""

import csv
from collections.abc import Iterator

from nbgrader.api import Assignment, Gradebook, MissingEntry, Student
from nbgrader.plugins import CsvExportPlugin

from autograder.grading.harmless_text import as_cell

COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)


class CsvExport(CsvExportPlugin):
    """Writes the table with nbgrader's columns."""

    def export(self, gradebook: Gradebook) -> None:
        """Write a row for each student and assignment that is asked for; all, if none is."""
        target = self.to or "grades.csv"
        self.log.info("Exporting grades to %s", target)
        with open(target, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for row in self._rows(gradebook):
                writer.writerow(as_cell("" if cell is None else str(cell)) for cell in row)

    def _rows(self, gradebook: Gradebook) -> Iterator[tuple]:
        students, assignments = set(map(str, self.student)), set(map(str, self.assignment))
        for assignment in gradebook.assignments:
            if assignments and assignment.name not in assignments:
                continue
            for student in gradebook.students:
                if not students or student.id in students:
                    yield _row(gradebook, assignment, student)


def _row(gradebook: Gradebook, assignment: Assignment, student: Student) -> tuple:
    about = (student.id, student.last_name, student.first_name, student.email)
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:
        timestamp, raw, penalty = None, 0.0, 0.0
    else:
        timestamp, raw = submission.timestamp, submission.score
        penalty = submission.late_submission_penalty
    scores = (raw, penalty, max(0.0, raw - penalty), assignment.max_score)
    return (assignment.name, assignment.duedate, timestamp, *about, *scores)
