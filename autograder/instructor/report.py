"""`autograder report ASSIGNMENT`: one page about a class, for the instructor.

The page holds everything it shows and asks nobody for anything. Whatever comes from a student is
escaped, and nothing in it can run.
"""

import argparse
import bisect
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.errors import UserError

if TYPE_CHECKING:
    from autograder.instructor.standing import ClassStanding, ExerciseStanding

TEMPLATE = "report.html.jinja"
MOST_BARS = 15
SLOWEST = 10


@dataclass(frozen=True)
class ExerciseRow:
    """One line of the table of exercises; everything but points is a share of the class."""

    identifier: str
    maximum: float
    mean: float
    full: float
    part: float
    zero: float
    unwritten: float
    parts: Sequence[tuple[str, float]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `autograder report` takes."""
    parser.add_argument("assignment", help="the assignment, as nbgrader knows it")
    parser.add_argument(
        "--course", metavar="DIR", type=Path, default=Path(), help="the course (default: here)"
    )
    parser.add_argument(
        "--to", metavar="FILE", type=Path, help="the page (default: reports/ASSIGNMENT.html)"
    )
    parser.set_defaults(unsafe_no_sandbox=False)  # what was run without one says so itself


def run(arguments: argparse.Namespace) -> None:
    """Write the page and say where it is."""
    from autograder.grading.open_course import counted, opened
    from autograder.grading.stored_results import write_whole
    from autograder.instructor.standing import standing_of

    course = arguments.course.resolve()
    target = arguments.to or course / "reports" / f"{arguments.assignment}.html"
    target = target.expanduser().resolve()
    with opened(arguments) as recorder:
        standing = standing_of(recorder)
    if not standing.students and standing.ungraded:
        raise UserError(
            f"nothing is graded yet; first run: autograder grade {arguments.assignment}"
        )
    if not standing.students:
        raise UserError(
            f"nothing was handed in for {arguments.assignment} yet; first run: "
            f"nbgrader collect {arguments.assignment}"
        )
    write_whole(target, page(standing).encode())
    print(f"The report on {counted(len(standing.students), 'graded submission')}: {target}")


def page(standing: "ClassStanding") -> str:
    """Return the page."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from autograder.grading.sandbox import WITHOUT_SANDBOX
    from autograder.instructor import plots
    from autograder.instructor.lateness import how_late
    from autograder.instructor.likeness import alike

    environment = Environment(
        loader=PackageLoader("autograder.instructor", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    students = standing.students
    rows = [exercise_row(standing, identifier) for identifier in standing.exercises]
    worst = standing.misconceptions[:MOST_BARS]
    answers = {
        student.student: {name: one.source for name, one in student.exercises.items()}
        for student in students
    }
    return environment.get_template(TEMPLATE).render(
        standing=standing,
        points=lambda number: f"{round(number, 2):g}",
        percent=lambda share: f"{100 * share:.0f} %",
        quartiles=standing.quartiles if students else None,
        unsafe=any(student.unsafe for student in students),
        without_sandbox=WITHOUT_SANDBOX,
        late=[student for student in students if student.seconds_late or student.taken],
        how_late=how_late,
        bins=bins(standing.scores, standing.maximum),
        scores_plot=_markup(plots.scores_plot(standing.scores, standing.maximum)),
        exercises=rows,
        exercises_plot=_markup(
            plots.shares_plot(
                [row.identifier for row in rows],
                [row.full for row in rows],
                "The share of the class that has all points of an exercise, for each exercise.",
            )
        ),
        misconceptions_plot=_markup(
            plots.shares_plot(
                [_short(f"{exercise}: {hint}") for exercise, hint, _ in worst],
                [len(holders) / len(students) for _, _, holders in worst],
                "The share of the class that holds a misconception, the most frequent first.",
            )
        )
        if worst
        else "",
        flagged=[student for student in students if student.flags],
        alike=alike(answers),
        waiting=[student for student in students if student.waiting or student.causes],
        noted=[
            (student.student, identifier, note)
            for student in students
            for identifier, exercise in student.exercises.items()
            for note in exercise.notes
        ],
        slowest=sorted(students, key=lambda student: -student.seconds)[:SLOWEST],
    )


def exercise_row(standing: "ClassStanding", identifier: str) -> ExerciseRow:
    """Return how the class did in one exercise."""
    answers: list[ExerciseStanding] = standing.exercises[identifier]
    states = Counter(answer.state for answer in answers)
    return ExerciseRow(
        identifier,
        answers[0].maximum,
        statistics.fmean(answer.points for answer in answers),
        *(states[state] / len(answers) for state in ("full", "part", "zero", "not written")),
        standing.parts(identifier),
    )


def bins(scores: Sequence[float], maximum: float) -> list[tuple[float, float, int]]:
    """Return ranges of points, each with how many students lie in it; the last is closed."""
    from autograder.instructor.plots import score_edges

    edges = score_edges(maximum)
    last = len(edges) - 2
    counts = Counter(min(bisect.bisect_right(edges, score) - 1, last) for score in scores)
    return [(low, high, counts[i]) for i, (low, high) in enumerate(pairwise(edges))]


def _short(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _markup(svg: str) -> str:
    from markupsafe import Markup

    return Markup(svg)
