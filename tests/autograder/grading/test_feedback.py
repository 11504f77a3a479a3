"""Every student of the class gets feedback that can be read, the instructor a report of them all.

Nothing in these pages acts.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from case_files import Case
from class_of_hostiles import CASES, named, of_each_case
from courses import run_in
from graded_class import GradedClass
from pages import Page, acts


@pytest.fixture(scope="module")
def feedback(graded_class: GradedClass) -> dict[str, str]:
    """The page of each student, as nbgrader makes it."""
    assignments = {
        case.assignment
        for name, case in CASES.items()
        if (graded_class.folder / "autograded" / name).exists()
    }
    with ThreadPoolExecutor(2) as pool:
        # the list is for what went wrong: it is raised here
        list(pool.map(lambda assignment: generate(graded_class.folder, assignment), assignments))
    folder = graded_class.folder / "feedback"
    pages = {name: page_path(folder, case) for name, case in CASES.items()}
    return {name: path.read_text() for name, path in pages.items() if path.exists()}


@pytest.fixture(scope="module")
def own(feedback: dict[str, str]) -> set[str]:
    """What acts in every page: nbconvert's own scripts."""
    return set(acts(feedback["everything_right"]))


def generate(course: Path, assignment: str) -> None:
    """Let nbgrader write the feedback of all students."""
    run_in(course, "nbgrader", "generate_feedback", assignment, "--force")


def page_path(folder: Path, case: Case) -> Path:
    return folder / case.name / case.assignment / f"{case.notebook or case.assignment}.html"


def test_nobody_goes_without(feedback: dict[str, str]):
    assert feedback.keys() >= CASES.keys()


@of_each_case()
def test_nothing_acts_but_the_pages_own_scripts(
    case: Case, feedback: dict[str, str], own: set[str]
):
    assert set(acts(feedback[case.name])) <= own


@of_each_case()
def test_no_page_names_the_course(case: Case, feedback: dict[str, str], graded_class: GradedClass):
    assert str(graded_class.folder) not in feedback[case.name]


def test_the_report_of_such_a_class_is_made_and_nothing_in_it_acts(graded_class: GradedClass):
    run_in(graded_class.folder, "autograder", "report", "attention")
    page = (graded_class.folder / "reports/attention.html").read_text()
    drawn = ("svg", "meta")  # our own plots, and what forbids everything else
    assert [what for what in acts(page) if what not in drawn and not what.endswith("style")] == []
    waiting = page.split("What needs a person")[1]
    asked = [case.name for case in CASES.values() if case.verdict.manual]
    assert [name for name in asked if name not in waiting] == []


@of_each_case(lambda case: case.verdict.zero)
def test_whoever_lost_points_reads_why(case: Case, feedback: dict[str, str]):
    for name in named(case, case.verdict.zero):
        head = f'<p class="ar-head">{case.notebook or case.assignment}.{name}'
        _, _, report = feedback[case.name].partition(head)
        said = Page(report.partition("</div>")[0]).text
        # a table of parts that are not passed, or one line in its place
        assert "not yet" in said or len(said.split()) > 3, name
