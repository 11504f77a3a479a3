"""`autograder roster FILE`: enter the students of a class in the gradebook.

FILE is nbgrader's own roster, or what Canvas or Moodle export. Nobody is removed, and who is in the
gradebook already keeps every grade.
"""

import argparse
from pathlib import Path

from autograder.errors import UserError
from autograder.grading.names import harmless_name, why_unfit
from autograder.instructor.tables import Table, names_of, read_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `autograder roster` takes."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the roster, a CSV file")
    parser.add_argument(
        "--id", metavar="COLUMN", help="the column with the names under which students hand in"
    )
    parser.add_argument(
        "--course", metavar="DIR", type=Path, default=Path(), help="the course (default: here)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Enter the students and say how many."""
    from autograder.grading.open_course import opened_gradebook

    table = read_table(arguments.file.resolve())
    students = students_in(table, arguments.id)
    with opened_gradebook(arguments.course) as (_, gradebook):
        before = {student.id for student in gradebook.students}
        for identifier, fields in students.items():
            gradebook.update_or_create_student(identifier, **fields)
    new = len(students.keys() - before)
    absent = sorted(before - students.keys())
    print(
        f"{table.platform.name}: {len(students)} students by {id_column(table, arguments.id)}, "
        f"{new} of them new in the gradebook."
    )
    if absent:
        print(f"In the gradebook and not in this roster, left as they are: {', '.join(absent)}.")


def students_in(table: Table, column: str | None = None) -> dict[str, dict[str, str]]:
    """Return what nbgrader wants to know of each student in a table, by identifier.

    Raises:
        UserError: nobody is in it, or an identifier stands there twice or makes no folder's name.
    """
    place = table.column(id_column(table, column))
    email = table.column(*table.platform.email)
    found: dict[str, dict[str, str]] = {}
    for row in table.of_students():
        identifier = row[place].strip()
        if not identifier:
            continue
        if why := why_unfit(identifier):
            raise UserError(
                f"{identifier!r} {why}, so it cannot be the name of a student's folder; mend it, "
                "or choose a column with --id"
            )
        if identifier in found:
            raise UserError(f"{identifier!r} stands twice in the roster; choose a column with --id")
        first, last = map(harmless_name, names_of(table, row))
        fields = {"first_name": first, "last_name": last}
        fields["email"] = "" if email is None else harmless_name(row[email])
        found[identifier] = {name: value for name, value in fields.items() if value}
    if not found:
        raise UserError("there is nobody in that roster; choose a column with --id")
    return found


def id_column(table: Table, column: str | None = None) -> str:
    """Return the column with the students' identifiers: the one named, or the likeliest filled.

    Raises:
        UserError: there is no such column.
    """
    if column is not None:
        if column not in table.headers:
            raise UserError(f"there is no column {column!r}; there are {', '.join(table.headers)}")
        return column
    for name in table.platform.identifiers:
        place = table.column(name)
        if place is not None and any(row[place].strip() for row in table.of_students()):
            return name
    wanted = ", ".join(table.platform.identifiers)
    raise UserError(f"no column has identifiers (looked for {wanted}); choose one with --id")
