"""The tables that learning platforms and nbgrader exchange: read, recognized, written back.

A platform's own file is filled in rather than made from nothing: it has columns that only the
platform can know, and it is taken back only as it came.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import UserError
from autograder.grading.harmless_text import as_cell, from_cell

BOM = "\ufeff"


@dataclass(frozen=True)
class Platform:
    """How a kind of table is recognized, and what its columns are called.

    `identifiers` are columns that may hold what nbgrader calls a student, the likeliest first;
    `maximum` is the column, or in `maximum_row` the beginning of the row, with the most points.
    """

    name: str
    has: frozenset[str]
    identifiers: tuple[str, ...]
    first_name: tuple[str, ...] = ()
    last_name: tuple[str, ...] = ()
    last_comma_first: str = ""
    first_then_last: str = ""
    email: tuple[str, ...] = ()
    grade: str = ""
    maximum: str = ""
    maximum_row: str = ""
    no_student: tuple[str, ...] = ()  # beginnings of rows that are of nobody


MOODLE_PEOPLE = {
    "identifiers": ("Username", "ID number", "Email address", "Identifier"),
    "first_name": ("First name",),
    "last_name": ("Last name", "Surname"),
    "email": ("Email address",),
}
PLATFORMS = (
    Platform(
        "Canvas",
        frozenset({"Student", "ID", "Section"}),
        ("SIS Login ID", "SIS User ID", "ID"),
        last_comma_first="Student",
        maximum_row="Points Possible",
        no_student=("Points Possible", "Manual Posting", "Student, Test", "Test Student"),
    ),
    Platform(
        "Moodle's grading worksheet",
        frozenset({"Identifier", "Grade"}),
        **MOODLE_PEOPLE,
        first_then_last="Full name",
        grade="Grade",
        maximum="Maximum Grade",
    ),
    Platform("Moodle", frozenset({"First name", "Email address"}), **MOODLE_PEOPLE),
    Platform(
        "nbgrader",
        frozenset({"id"}),
        ("id",),
        ("first_name",),
        ("last_name",),
        email=("email",),
    ),
)


@dataclass
class Table:
    """A table with its kind. `rows` are all lines under the headers, each as long as they are."""

    platform: Platform
    headers: list[str]
    rows: list[list[str]]
    delimiter: str = ","
    mark: str = ""

    def column(self, *names: str) -> int | None:
        """Return the place of the first of these columns that there is."""
        return next((self.headers.index(name) for name in names if name in self.headers), None)

    def of_students(self) -> list[list[str]]:
        """Return the rows that stand for somebody; what is done to them is done to the table."""
        return [
            row
            for row in self.rows
            if any(row) and not any(row[0].strip().startswith(s) for s in self.platform.no_student)
        ]

    def add_column(self, name: str) -> int:
        """Add an empty column and return its place."""
        self.headers.append(name)
        for row in self.rows:
            row.append("")
        return len(self.headers) - 1

    def text(self) -> str:
        """Return the table in the form in which it was read."""
        stream = io.StringIO()
        writer = csv.writer(stream, delimiter=self.delimiter, lineterminator="\r\n")
        writer.writerows([map(as_cell, line) for line in (self.headers, *self.rows)])
        return self.mark + stream.getvalue()


def read_table(path: Path) -> Table:
    """Read a table that a platform has written.

    Raises:
        UserError: there is no such file, or it is no table of a platform that is known here.
    """
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not in UTF-8; save it as CSV in UTF-8") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    mark = BOM if text.startswith(BOM) else ""
    text = text.removeprefix(BOM)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        headers, *rows = ([from_cell(cell) for cell in line] for line in lines)
    except (csv.Error, ValueError):
        raise UserError(f"{path} is no table of comma-separated values") from None
    headers = [header.strip() for header in headers]
    rows = [(row + [""] * len(headers))[: len(headers)] for row in rows if row]
    for platform in PLATFORMS:
        if platform.has <= set(headers):
            return Table(platform, headers, rows, delimiter, mark)
    known = ", ".join(platform.name for platform in PLATFORMS)
    raise UserError(f"{path} has not the columns of {known}: its first line is {first[:80]!r}")


def names_of(table: Table, row: Sequence[str]) -> tuple[str, str]:
    """Return the first and last name in a row, as far as they can be told apart."""
    platform = table.platform
    first, last = table.column(*platform.first_name), table.column(*platform.last_name)
    if first is not None or last is not None:
        return (
            "" if first is None else row[first].strip(),
            "" if last is None else row[last].strip(),
        )
    if (place := table.column(platform.last_comma_first)) is not None:
        family, _, given = row[place].partition(",")
        return given.strip(), family.strip()
    if (place := table.column(platform.first_then_last)) is not None:
        given, _, family = row[place].strip().rpartition(" ")
        return given, family
    return "", ""
