"""Mistakes in what is the instructor's to change cost no student anything."""

import re
from pathlib import Path

import pytest
from class_of_hostiles import CASES
from courses import (
    REPOSITORY,
    copy_of,
    entries,
    grade_by_hand,
    handed_in_folder,
    make_class,
    run_in,
    unmended_project,
)
from handing_in import hand_in

from autograder.errors import UserError
from autograder.grading.classroom import limits_of

GRADE = ("autograder", "grade", "attention")
AUTOGRADE = ("nbgrader", "autograde", "attention")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with one student, who has everything right; not to be changed."""
    names = ("everything_right",)
    folder = make_class(tmp_path_factory.mktemp("mistakes") / "course", names)
    run_in(folder, *GRADE)
    return folder


@pytest.fixture
def course(graded: Path, tmp_path: Path) -> Path:
    return copy_of(graded, tmp_path / "course")


def set_in(course: Path, line: str) -> None:
    with open(course / "settings.py", "a") as file:
        file.write(f"{line}\n")


@pytest.mark.parametrize("command", [GRADE, AUTOGRADE])
@pytest.mark.parametrize("mistake", ["c.Foo = = 1", "c.LateSubmissionPlugin.penalty_method = zero"])
def test_nothing_is_graded_with_settings_that_cannot_be_read(
    course: Path, command: tuple[str, ...], mistake: str
):
    before = entries(course)
    set_in(course, mistake)
    said = run_in(course, *command, status=1).strip()
    assert re.fullmatch(r"(autograder: )?\S*/settings\.py: (Syntax|Name)Error: .*; mend it", said)
    assert entries(course) == before


def test_settings_may_ask_for_the_configuration_as_nbgraders_own_files_do(course: Path):
    set_in(course, "c = get_config()\nc.RunAndJudge.limits = {'cell_seconds': 0}")
    assert "cell_seconds should be a number above 0" in run_in(course, *GRADE, status=1)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"cell_seconds": "x"}, "cell_seconds should be a number"),
        ({"cell_seconds": -1}, "above 0"),
        ({"cell_seconds": True}, "should be a number"),
        ({"memory": 0.5}, "memory should be a whole number"),
        ({"second": 1}, "cell_seconds.* and no 'second'"),
    ],
)
def test_limits_that_are_none_are_refused_before_anything_runs(limits: dict, said: str):
    with pytest.raises(UserError, match=said):
        limits_of(limits)


@pytest.mark.parametrize("command", ["grade", "regrade"])
def test_a_spec_that_cannot_be_loaded_leaves_every_score_as_it_was(
    course: Path, tmp_path: Path, command: str
):
    before = entries(course)
    project = unmended_project(tmp_path / "project")
    spec = project / "autograder/specs/attention/softmax.py"
    spec.write_text(spec.read_text() + "\nthis is no Python\n")
    said = run_in(course, "autograder", command, "attention", status=1, project=project)
    assert re.fullmatch(r"autograder: the grader fails on .*SyntaxError.*\n", said)
    assert entries(course) == before
    run_in(course, "autograder", command, "attention", project=REPOSITORY)
    assert entries(course) == before


@pytest.mark.parametrize("jobs", ["0", "-3", "two"])
def test_a_number_of_processes_that_is_none_is_refused(course: Path, jobs: str):
    said = run_in(course, *GRADE, "--jobs", jobs, status=2)
    assert "argument --jobs" in said
    assert "Traceback" not in said


PENALTY = """
from nbgrader.plugins import LateSubmissionPlugin
class OnePoint(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 1.0
c.AssignLatePenalties.plugin_class = OnePoint
"""


def due(course: Path, day: str) -> None:
    when = f"--duedate=2030-01-{day} 12:00:00 UTC"
    run_in(course, "nbgrader", "db", "assignment", "add", "attention", when)


def test_what_lateness_costs_follows_the_due_date_the_settings_and_the_time(course: Path):
    stamp = handed_in_folder(course, "everything_right") / "timestamp.txt"
    stamp.write_text("2030-01-03 12:00:00 UTC")
    due(course, "02")
    assert "late" in run_in(course, *GRADE)
    set_in(course, PENALTY)
    assert "late, 1 points off" in run_in(course, *GRADE)
    assert entries(course)["everything_right"]["late"] == 1.0
    due(course, "04")
    assert "late" not in run_in(course, *GRADE)
    assert not entries(course)["everything_right"]["late"]
    stamp.write_text("2030-01-05 12:00:00 UTC")
    assert "late, 1 points off" in run_in(course, *GRADE)


def test_the_same_notebook_handed_in_again_keeps_what_a_person_gave(course: Path):
    folder = handed_in_folder(course, "everything_right")
    grade_by_hand(course, "everything_right", "why_not_generate", 3.0)
    before = entries(course)["everything_right"]
    # nbgrader lays another secret beside each attempt
    (folder / "submission_secret.txt").write_text("another one")
    run_in(course, *GRADE)
    assert entries(course)["everything_right"] == before


def test_feedback_on_a_broken_notebook_is_released_like_any_other(course: Path):
    hand_in(CASES["half_a_file"], handed_in_folder(course, "broken"))
    for student in ("broken", "everything_right"):
        folder = handed_in_folder(course, student)
        (folder / "submission_secret.txt").write_text(f"secret of {student}")
        (folder / "timestamp.txt").write_text("2030-01-03 12:00:00 UTC")
    run_in(course, *GRADE, "--force")
    run_in(course, "nbgrader", "generate_feedback", "attention", "--force")
    run_in(course, "nbgrader", "release_feedback", "attention")
    assert len(list((course / "exchange/test/feedback").iterdir())) == 2


def test_who_is_on_no_roster_is_named_in_a_class_that_has_one(course: Path):
    assert "roster" not in run_in(course, *GRADE)
    run_in(course, "nbgrader", "db", "student", "add", "ada", "--last-name=Lovelace")
    assert "not on the roster" in run_in(course, *GRADE)


def test_the_table_says_under_which_other_name_a_notebook_was_found(course: Path):
    folder = handed_in_folder(course, "everything_right")
    (folder / "attention.ipynb").rename(folder / "attention (2).ipynb")
    assert "attention (2).ipynb" in " ".join(run_in(course, *GRADE).split())
