"""Formgrader, driven in a browser: grade a submission, see its checks and notes, give points."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, Page


@dataclass
class Served:
    """A course with graded submissions, and the address of its formgrader."""

    folder: Path
    address: str

    def submission(self, student: str) -> str:
        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as gradebook:
            return gradebook.find_submission_notebook("attention", "attention", student).id

    def written_grade(self) -> tuple[float | None, bool]:
        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as gradebook:
            grade = gradebook.find_grade("why_not_generate", "attention", "attention", "solved")
            return grade.manual_score, grade.needs_manual_grade


def hand_in_what_stops(folder: Path) -> None:
    """Hand in a solved notebook in which one answer stops the kernel; nobody has graded it yet."""
    (solved,) = (folder / "submitted" / "solved" / "attention").glob("*.ipynb")
    notebook = nbformat.read(solved, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "causal_mask":
            cell.source += "\n\nimport sys\nsys.exit()"
    target = folder / "submitted" / "stopped" / "attention"
    target.mkdir(parents=True)
    nbformat.write(notebook, target / solved.name)


def entry(folder: Path, student: str) -> dict[str, object]:
    """Return all that the gradebook says of a student."""
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        notebook = gradebook.find_submission_notebook("attention", "attention", student)
        found = {
            grade.name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
            for grade in notebook.grades
        }
        found |= {f"on {comment.name}": comment.comment for comment in notebook.comments}
        return found | {"flagged": notebook.flagged}


@pytest.fixture(scope="module")
def served(
    graded_assignment: Callable,
    tmp_path_factory: pytest.TempPathFactory,
    formgrader_of: Callable,
) -> Iterator[Served]:
    original = graded_assignment("attention").folder
    folder = shutil.copytree(original, tmp_path_factory.mktemp("formgrader") / "course")
    hand_in_what_stops(folder)
    with formgrader_of(folder) as address:
        yield Served(folder, address)


def open_submission(served: Served, page: Page, student: str) -> None:
    """Open a submission from the gradebook's list, and wait until its scores can be edited."""
    page.goto(f"{served.address}/gradebook/attention/attention")
    page.locator(f"a.name-hidden[href$='{served.submission(student)}']").click()
    page.get_by_text("An answer in words.").wait_for()
    # the page fetches its grades and comments last, and sets every field to them
    page.wait_for_function("formgrader.grades?.loaded && formgrader.comments?.loaded")


@pytest.fixture
def page(browser: Browser, served: Served, token: str) -> Iterator[Page]:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{served.address}?token={token}")
        yield page


def test_the_assignment_can_be_released_from_formgrader(served, page):
    row = page.locator("tr", has=page.get_by_role("link", name="attention", exact=True))
    row.locator(".release a").click()
    page.get_by_text("Successfully released").wait_for()
    assert (served.folder / "exchange/course/outbound/attention/attention.ipynb").exists()


def test_a_written_answer_is_graded_by_hand(served, page):
    assert served.written_grade() == (None, True)
    open_submission(served, page, "solved")
    # the reports of the checks stand in the page
    assert page.get_by_text("attention.causal_mask: ").count()
    page.locator(".nbgrader_cell", has_text="An answer in words.").locator("input.score").fill("3")
    page.keyboard.press("Tab")
    deadline = time.monotonic() + 60
    while served.written_grade()[0] is None and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    assert served.written_grade() == (3.0, False)


def test_the_button_grades_as_the_command_does_and_the_note_is_shown(
    served, page, tmp_path, environment
):
    # without the results, which both would find stored
    ignored = shutil.ignore_patterns("results", "originals")
    other = shutil.copytree(served.folder, tmp_path / "course", ignore=ignored)
    page.goto(f"{served.address}/manage_submissions/attention")
    page.locator("tr", has_text="stopped").locator(".autograde a").click()
    page.get_by_text("Successfully autograded 'attention' for student 'stopped'").wait_for(
        timeout=120_000
    )
    command = [sys.executable, "-m", "autograder", "grade", "attention", "--student", "stopped"]
    subprocess.run(command, cwd=other, env=environment, check=True, capture_output=True)
    by_button = entry(served.folder, "stopped")
    assert by_button == entry(other, "stopped")
    assert by_button["check_causal_mask"] == (0.0, None, False)

    open_submission(served, page, "stopped")
    note = page.locator("textarea[placeholder*='never came to its end']")
    note.first.wait_for()
    assert "SystemExit" in note.first.get_attribute("placeholder")
    shown = page.get_by_text("never came to its end")
    assert shown.count()
