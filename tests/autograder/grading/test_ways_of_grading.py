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
from class_of_hostiles import CASES, EVERYTHING, hand_in
from conftest import ENVIRONMENT, LIMITS, GradedClass, new_course, run_in
from nbformat import NotebookNode

CHOSEN = (
    "everything_right",
    "one_exercise_wrong",
    "exit_in_a_cell",
    "three_crashes_of_different_kinds",
    "a_duplicated_cell",
    "a_deleted_answer",
    "a_script_among_the_outputs",
    "the_librarys_own_softmax",
    "warnings_on_stderr",
    "a_tag_that_skips_the_grade_cell",
)


def make_class(folder: Path, names: tuple[str, ...], solved: NotebookNode, settings: str = LIMITS):
    new_course(folder, settings)
    for name in names:
        hand_in(CASES[name], folder / "submitted" / name / "attention", solved)
    return folder


def entries(folder: Path) -> dict[str, dict]:
    """Return all that the gradebook says of each student."""
    with GradedClass(folder, "", {}).gradebook() as gradebook:
        return {
            submission.student.id: {
                "grades": {
                    g.name: (g.auto_score, g.manual_score, g.needs_manual_grade)
                    for g in submission.notebooks[0].grades
                },
                "comments": {c.name: c.comment for c in submission.notebooks[0].comments},
                "flagged": submission.notebooks[0].flagged,
                "late": submission.notebooks[0].late_submission_penalty,
                "timestamp": submission.timestamp,
            }
            for submission in gradebook.assignment_submissions("attention")
        }


def stored(folder: Path) -> dict[str, dict]:
    """Return the stored results, without the time that they took."""
    found = {}
    for path in (folder / "results").glob("*/*/attention-*.json"):
        result = json.loads(path.read_bytes())
        if "exercises" in result:
            found[path.parent.name] = {
                **result["exercises"], "comments": result["comments"], "flags": result["flags"],
            }  # fmt: skip
    return found


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory, solved: NotebookNode) -> Path:
    folder = make_class(tmp_path_factory.mktemp("ways") / "course", CHOSEN, solved)
    run_in(folder, "autograder", "grade", "attention")
    return folder


def copied(course: Path, folder: Path) -> Path:
    """Return a copy of the course as it was before it was graded."""
    shutil.copytree(course, folder, symlinks=True)
    for name in ("results", "originals", "autograded", "gradebook.db"):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    run_in(folder, "nbgrader", "generate_assignment", "attention", "--force")
    return folder


def test_stock_nbgrader_enters_the_same(course: Path, tmp_path: Path):
    other = copied(course, tmp_path / "stock")
    run_in(other, "nbgrader", "autograde", "attention")
    assert entries(other) == entries(course)


def test_one_process_finds_the_same_as_many(course: Path, tmp_path: Path):
    other = copied(course, tmp_path / "one")
    run_in(other, "autograder", "grade", "attention", "--jobs", "1")
    assert stored(other) == stored(course)
    assert entries(other) == entries(course)


def test_a_second_run_grades_nothing_twice(course: Path):
    before = {path: path.stat().st_mtime_ns for path in (course / "results").rglob("*.json")}
    graded = {path: path.stat().st_mtime_ns for path in (course / "autograded").rglob("*.ipynb")}
    run_in(course, "autograder", "grade", "attention")
    assert before == {p: p.stat().st_mtime_ns for p in (course / "results").rglob("*.json")}
    assert graded == {p: p.stat().st_mtime_ns for p in (course / "autograded").rglob("*.ipynb")}


def start_grading(folder: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "autograder", "grade", "attention"]
    return subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip


def wait_for_results(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while len(list((folder / "results").glob("*/*/attention-*.json"))) < count:
        assert time.monotonic() < deadline, "nothing was graded"
        time.sleep(0.02)


def test_a_killed_run_goes_on_where_it_was(course: Path, tmp_path: Path):
    other = copied(course, tmp_path / "killed")
    process = start_grading(other)
    wait_for_results(other, 2)
    below = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    psutil.wait_procs(below, timeout=10)
    assert not any(child.is_running() for child in below), "something outlives the grader"
    results = (other / "results").glob("*/*/attention-*.json")
    done = {p: p.stat().st_mtime_ns for p in results if not p.name.endswith("-recorded.json")}
    run_in(other, "autograder", "grade", "attention")
    assert all(path.stat().st_mtime_ns == written for path, written in done.items())
    assert entries(other) == entries(course)


def test_a_killed_worker_loses_nothing(course: Path, tmp_path: Path):
    other = copied(course, tmp_path / "worker")
    process = start_grading(other)
    wait_for_results(other, 1)
    workers = [
        child
        for child in psutil.Process(process.pid).children()
        if child.name().startswith("python") and "-I" not in child.cmdline()
    ]
    workers[0].kill()
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == 0, printed
    assert entries(other) == entries(course)


def test_an_interrupted_run_says_so_in_one_line(course: Path, tmp_path: Path):
    other = copied(course, tmp_path / "interrupted")
    process = start_grading(other)
    wait_for_results(other, 1)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert printed.strip() == "autograder: stopped"


def test_without_a_sandbox_nothing_is_graded(course: Path, tmp_path: Path):
    other = copied(course, tmp_path / "bare")
    tools = tmp_path / "tools"
    tools.mkdir()
    environment = ENVIRONMENT | {"PATH": f"{Path(sys.executable).parent}"}
    command = [sys.executable, "-m", "autograder", "grade", "attention"]
    result = subprocess.run(
        command, cwd=other, env=environment, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 1
    assert re.fullmatch(r"autograder: no sandbox: .*bubblewrap.*\n", result.stderr)
    assert not (other / "results").exists()
    assert not entries(other)


def test_without_a_sandbox_on_request_every_report_says_so(course: Path, tmp_path: Path):
    other = copied(course, tmp_path / "unsafe")
    shutil.rmtree(other / "submitted")
    hand_in(CASES["everything_right"], other / "submitted/ada/attention", solved_of(course))
    printed = run_in(other, "autograder", "grade", "attention", "--unsafe-no-sandbox")
    assert "WITHOUT a sandbox" in printed
    notebook = GradedClass(other, "", {}).notebook("ada")
    checks = [c for c in notebook.cells if c.source.startswith("check(")]
    assert len(checks) == len(EVERYTHING)
    for cell in checks:
        assert "WITHOUT a sandbox" in cell.outputs[0].data["text/html"]
    points = entries(other)["ada"]["grades"].values()
    assert sum(score or 0 for score, _, _ in points) == 30


def solved_of(course: Path) -> NotebookNode:
    path = course / "submitted" / "everything_right" / "attention" / "attention.ipynb"
    return nbformat.read(path, as_version=4)


def set_manually(folder: Path, student: str, cell: str, score: float) -> None:
    with GradedClass(folder, "", {}).gradebook() as gradebook:
        grade = gradebook.find_grade(cell, "attention", "attention", student)
        grade.manual_score, grade.needs_manual_grade = score, False
        comment = gradebook.find_comment("why_not_generate", "attention", "attention", student)
        comment.manual_comment = "Well argued."
        gradebook.db.commit()


@pytest.mark.parametrize("command", [("autograder", "grade"), ("nbgrader", "autograde")])
def test_a_persons_scores_stay_when_the_same_is_graded_again(
    course: Path, tmp_path: Path, solved: NotebookNode, command: tuple[str, str]
):
    folder = make_class(tmp_path / "again", ("everything_right",), solved)
    run_in(folder, *command, "attention")
    set_manually(folder, "everything_right", "why_not_generate", 3.0)
    set_manually(folder, "everything_right", "check_softmax", 3.5)
    run_in(folder, *command, "attention", "--force")
    entry = entries(folder)["everything_right"]
    assert entry["grades"]["why_not_generate"] == (None, 3.0, False)
    assert entry["grades"]["check_softmax"] == (4.0, 3.5, False)
    assert entry["comments"]["why_not_generate"] == "Well argued."


@pytest.mark.parametrize("command", [("autograder", "grade"), ("nbgrader", "autograde")])
def test_nothing_of_an_earlier_submission_survives_unearned(
    tmp_path: Path, solved: NotebookNode, command: tuple[str, str]
):
    folder = make_class(tmp_path / "twice", ("everything_right",), solved)
    run_in(folder, *command, "attention")
    set_manually(folder, "everything_right", "why_not_generate", 3.0)
    handed = folder / "submitted" / "everything_right" / "attention"
    shutil.rmtree(handed)
    hand_in(CASES["a_rewritten_grade_cell"], handed, solved)  # softmax is wrong now
    run_in(folder, *command, "attention", "--force")
    entry = entries(folder)["everything_right"]
    assert entry["grades"]["check_softmax"] == (0.0, None, False)
    assert entry["grades"]["why_not_generate"] == (None, None, True)
    assert "Well argued." not in entry["comments"].values()
    archive = json.loads(
        (folder / "results/attention/everything_right/attention-archive.json").read_text()
    )
    assert archive[0]["grades"] == [
        {"cell": "why_not_generate", "score": 3.0, "extra_credit": None}
    ]
    assert archive[0]["comments"] == [{"cell": "why_not_generate", "comment": "Well argued."}]
    assert len(list((folder / "originals/attention/everything_right").iterdir())) == 2


LATE = """
from nbgrader.plugins import LateSubmissionPlugin
class OnePoint(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 1.0
c.AssignLatePenalties.plugin_class = OnePoint
"""


@pytest.mark.parametrize("command", [("autograder", "grade"), ("nbgrader", "autograde")])
def test_late_penalties_are_nbgraders(
    tmp_path: Path, solved: NotebookNode, command: tuple[str, str]
):
    folder = make_class(tmp_path / "late", ("everything_right",), solved, LIMITS + LATE)
    due = "--duedate=2030-01-01 12:00:00 UTC"
    run_in(folder, "nbgrader", "db", "assignment", "add", "attention", due)
    stamp = folder / "submitted/everything_right/attention/timestamp.txt"
    stamp.write_text("2030-01-02 12:00:00 UTC")
    run_in(folder, *command, "attention")
    assert entries(folder)["everything_right"]["late"] == 1.0


def test_feedback_teaches_and_keeps_flags_to_the_instructor(course: Path):
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


def test_grades_and_feedback_do_not_name_the_machine(course: Path):
    for path in (course / "autograded").rglob("*.ipynb"):
        assert str(course) not in path.read_text()
    assert oct(os.stat(course / "seeds.secret").st_mode)[-3:] == "600"
