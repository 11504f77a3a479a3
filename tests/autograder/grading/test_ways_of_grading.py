"""Whichever way a class is graded, and whatever happens meanwhile, the gradebook is the same."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from class_of_hostiles import CASES, EVERYTHING
from courses import (
    CHOSEN,
    LIMITS,
    copy_of,
    entries,
    environment,
    grade_by_hand,
    hand_in_again,
    handed_in_folder,
    make_class,
    result_files,
    run_in,
    start_grading,
    stored,
    written,
)
from handing_in import hand_in


@pytest.fixture
def course(ungraded_course: Path, tmp_path: Path) -> Path:
    """A course in which nothing is graded yet."""
    return copy_of(ungraded_course, tmp_path / "course")


def test_stock_nbgrader_enters_the_same(course: Path, graded_course: Path):
    run_in(course, "nbgrader", "autograde", "attention")
    assert entries(course) == entries(graded_course)
    assert stored(course) == stored(graded_course)


def test_one_process_finds_the_same_as_many(course: Path, graded_course: Path):
    run_in(course, "autograder", "grade", "attention", "--jobs", "1")
    assert entries(course) == entries(graded_course)
    assert stored(course) == stored(graded_course)


def test_a_second_run_grades_nothing_twice(graded_course: Path):
    before = written(graded_course)
    assert len(before) == 3 * len(CHOSEN)
    run_in(graded_course, "autograder", "grade", "attention")
    assert written(graded_course) == before


def wait_for_results(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while len(result_files(folder)) < count:
        assert time.monotonic() < deadline, "nothing was graded"
        time.sleep(0.02)


def test_a_killed_run_goes_on_where_it_was(course: Path, graded_course: Path):
    process = start_grading(course)
    wait_for_results(course, 2)
    below = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    psutil.wait_procs(below, timeout=10)
    assert not any(child.is_running() for child in below), "something outlives the grader"
    done = {path: path.stat().st_mtime_ns for path in result_files(course)}
    run_in(course, "autograder", "grade", "attention")
    assert all(path.stat().st_mtime_ns == written for path, written in done.items())
    assert entries(course) == entries(graded_course)


def test_a_killed_worker_loses_nothing(course: Path, graded_course: Path):
    process = start_grading(course)
    wait_for_results(course, 1)
    workers = [
        child
        for child in psutil.Process(process.pid).children()
        if child.name().startswith("python") and "-I" not in child.cmdline()
    ]
    workers[0].kill()
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == 0, printed
    assert entries(course) == entries(graded_course)


def test_an_interrupted_run_says_so_in_one_line(course: Path):
    process = start_grading(course)
    wait_for_results(course, 1)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert printed.strip() == "autograder: stopped"


def test_without_a_sandbox_nothing_is_graded(course: Path):
    bare = environment() | {"PATH": f"{Path(sys.executable).parent}"}
    command = [sys.executable, "-m", "autograder", "grade", "attention"]
    result = subprocess.run(
        command, cwd=course, env=bare, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 1
    assert re.fullmatch(r"autograder: no sandbox: .*bubblewrap.*\n", result.stderr)
    assert not (course / "results").exists()
    assert not entries(course)


def test_without_a_sandbox_on_request_every_report_says_so(course: Path):
    shutil.rmtree(course / "submitted")
    hand_in(CASES["everything_right"], handed_in_folder(course, "ada"))
    printed = run_in(course, "autograder", "grade", "attention", "--unsafe-no-sandbox")
    assert "WITHOUT a sandbox" in printed
    graded = course / "autograded/ada/attention/attention.ipynb"
    notebook = nbformat.read(graded, as_version=4)
    checks = [c for c in notebook.cells if c.source.startswith("check(")]
    assert len(checks) == len(EVERYTHING)
    for cell in checks:
        assert "WITHOUT a sandbox" in cell.outputs[0].data["text/html"]
    points = entries(course)["ada"]["grades"].values()
    assert sum(score or 0 for score, _, _ in points) == 30


COMMANDS = [("autograder", "grade"), ("nbgrader", "autograde")]


@pytest.fixture(scope="module", params=COMMANDS)
def graded_by(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[tuple[str, str], Path]:
    """A command, and a course in which it graded one who has everything right: to be copied."""
    folder = make_class(tmp_path_factory.mktemp("by") / "course", ("everything_right",))
    run_in(folder, *request.param, "attention")
    return request.param, folder


def test_a_persons_scores_stay_when_the_same_is_graded_again(
    tmp_path: Path, graded_by: tuple[tuple[str, str], Path]
):
    command, graded = graded_by
    folder = copy_of(graded, tmp_path / "again")
    grade_by_hand(folder, "everything_right", "why_not_generate", 3.0)
    grade_by_hand(folder, "everything_right", "check_softmax", 3.5)
    run_in(folder, *command, "attention", "--force")
    entry = entries(folder)["everything_right"]
    assert entry["grades"]["why_not_generate"] == (None, 3.0, False)
    assert entry["grades"]["check_softmax"] == (4.0, 3.5, False)
    assert entry["comments"]["why_not_generate"] == "Well argued."


def test_nothing_of_an_earlier_submission_survives_unearned(
    tmp_path: Path, graded_by: tuple[tuple[str, str], Path]
):
    command, graded = graded_by
    folder = copy_of(graded, tmp_path / "twice")
    grade_by_hand(folder, "everything_right", "why_not_generate", 3.0)
    hand_in_again(folder, "everything_right", "a_rewritten_grade_cell")  # softmax is wrong
    run_in(folder, *command, "attention", "--force")
    entry = entries(folder)["everything_right"]
    assert entry["grades"]["check_softmax"] == (0.0, None, False)
    # nothing is written there now, but a person had given points and so looks again
    assert entry["grades"]["why_not_generate"] == (0.0, None, True)
    assert "Well argued." not in entry["comments"].values()
    archive = json.loads(
        (folder / "results/attention/everything_right/attention-archive.json").read_text()
    )
    assert archive[0]["grades"] == [
        {"cell": "why_not_generate", "score": 3.0, "extra_credit": None}
    ]
    assert archive[0]["comments"] == [{"cell": "why_not_generate", "comment": "Well argued."}]
    assert len(list((folder / "originals/attention/everything_right").iterdir())) == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_of_a_students_own_lies_nowhere_that_formgrader_shows(
    tmp_path: Path, command: tuple[str, str]
):
    folder = make_class(tmp_path / "pages", ("everything_right",))
    submitted = handed_in_folder(folder, "everything_right")
    (submitted / "more").mkdir()
    for name in ("page.html", "more/drawing.SVG", "bare", "data.csv", "photo.JPG"):
        (submitted / name).write_text("<script>alert(1)</script>")
    run_in(folder, *command, "attention")
    graded = folder / "autograded/everything_right/attention"
    found = {str(path.relative_to(graded)) for path in graded.rglob("*") if path.is_file()}
    assert found == {"attention.ipynb", "data.csv", "photo.JPG"}
    assert (submitted / "page.html").exists()


LATE = """
from nbgrader.plugins import LateSubmissionPlugin
class OnePoint(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 1.0
c.AssignLatePenalties.plugin_class = OnePoint
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_late_penalties_are_nbgraders(tmp_path: Path, command: tuple[str, str]):
    folder = make_class(tmp_path / "late", ("everything_right",), LIMITS + LATE)
    due = "--duedate=2030-01-01 12:00:00 UTC"
    run_in(folder, "nbgrader", "db", "assignment", "add", "attention", due)
    stamp = folder / "submitted/everything_right/attention/timestamp.txt"
    stamp.write_text("2030-01-02 12:00:00 UTC")
    run_in(folder, *command, "attention")
    assert entries(folder)["everything_right"]["late"] == 1.0


def test_feedback_teaches_and_keeps_flags_to_the_instructor(graded_course: Path, tmp_path: Path):
    course = copy_of(graded_course, tmp_path / "course")
    run_in(course, "nbgrader", "generate_feedback", "attention", "--force")
    pages = {
        path.parents[1].name: path.read_text()
        for path in (course / "feedback").glob("*/attention/attention.html")
    }
    assert set(pages) == set(CHOSEN)
    assert "as if it were not there" in pages["exit_in_a_cell"].replace("\n", " ")
    assert "passed" in pages["everything_right"]
    assert "uses torch.softmax" not in pages["the_librarys_own_softmax"]
    assert "<script>alert" not in pages["a_script_among_the_outputs"]
    wrong = pages["one_exercise_wrong"]
    assert "0 of 4 points" in wrong


def test_grades_do_not_name_the_machine(graded_course: Path):
    for path in (graded_course / "autograded").rglob("*.ipynb"):
        assert str(graded_course) not in path.read_text()
    assert oct(os.stat(graded_course / "seeds.secret").st_mode)[-3:] == "600"
