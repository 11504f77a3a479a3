"""After a spec was mended: who is told, what is recorded, and what is left alone."""

import json
import re
import shutil
from pathlib import Path

import pytest
from courses import (
    copy_of,
    entries,
    grade_by_hand,
    hand_in_again,
    make_class,
    run_in,
    unmended_project,
    written,
)

from autograder.grading.regrade import Change, Regraded, described, reasons, same_score

STUDENTS = ("everything_right", "one_exercise_wrong", "exit_in_a_cell")
RIGHT = ("everything_right", "one_exercise_wrong")  # in softmax, of which the spec is wrong


@pytest.fixture(scope="module")
def unmended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unmended_project(tmp_path_factory.mktemp("unmended"))


@pytest.fixture(scope="module")
def wrongly_graded(tmp_path_factory: pytest.TempPathFactory, unmended: Path) -> Path:
    """A class graded while a part of softmax expected what nobody can answer; not to be changed."""
    folder = make_class(tmp_path_factory.mktemp("regrade") / "course", STUDENTS)
    run_in(folder, "autograder", "grade", "attention", project=unmended)
    return folder


@pytest.fixture
def course(wrongly_graded: Path, tmp_path: Path) -> Path:
    return copy_of(wrongly_graded, tmp_path / "course")


def test_a_dry_run_says_whose_score_would_change_and_why_and_records_nothing(course: Path):
    before, rows = written(course), entries(course)
    gradebook = (course / "gradebook.db").read_bytes()
    said = run_in(course, "autograder", "regrade", "attention", "--dry-run")
    assert said.startswith("2 scores of 3 would change.")
    for student in RIGHT:
        assert f"{student}  attention.softmax  3 -> 4 of 4" in said
    assert "exit_in_a_cell  " not in said
    assert said.count("whole rows masked: passes now; before: all ") == 2
    assert re.search(r"attention\.softmax +2 +0 +0", said)
    assert "Nothing was recorded." in said
    assert (course / "gradebook.db").read_bytes() == gradebook
    assert entries(course) == rows
    after = written(course)
    assert {path: after[path] for path in before} == before


def test_a_regrade_records_and_a_persons_scores_stay(course: Path):
    grade_by_hand(course, "everything_right", "check_softmax", 3.5)
    grade_by_hand(course, "everything_right", "why_not_generate", 2.0)
    said = run_in(course, "autograder", "regrade", "attention")
    assert said.startswith("2 scores of 3 changed.")
    assert "(a person gave 3.5, which stays)" in said
    rows = entries(course)
    # changed below a person's score: the person should look again
    assert rows["everything_right"]["grades"]["check_softmax"] == (4.0, 3.5, True)
    assert rows["everything_right"]["grades"]["why_not_generate"] == (None, 2.0, False)
    assert rows["everything_right"]["comments"]["why_not_generate"] == "Well argued."
    assert rows["one_exercise_wrong"]["grades"]["check_softmax"] == (4.0, None, False)
    recorded = written(course)
    assert run_in(course, "autograder", "regrade", "attention").startswith("0 scores of 3 changed.")
    run_in(course, "autograder", "grade", "attention")
    assert written(course) == recorded


def test_what_was_handed_in_since_is_not_regraded(course: Path):
    hand_in_again(course, "everything_right", "a_rewritten_grade_cell")
    before = entries(course)["everything_right"]
    said = run_in(course, "autograder", "regrade", "attention")
    assert said.startswith("1 score of 2 changed.")
    assert "everything_right: handed in again since; `autograder grade` is for that." in said
    assert entries(course)["everything_right"] == before


def test_who_is_not_graded_yet_is_named(course: Path):
    (course / "submitted/one_exercise_wrong").rename(course / "submitted/late")
    said = run_in(course, "autograder", "regrade", "attention", "--dry-run")
    assert "late: not graded yet; `autograder grade` is for that." in said
    assert "late" not in entries(course)


def test_who_cannot_be_recorded_stops_nobody(course: Path):
    graded = course / "autograded/everything_right"
    shutil.rmtree(graded)
    graded.write_text("in the way of a folder")
    before = entries(course)["everything_right"]
    said = run_in(course, "autograder", "regrade", "attention")
    assert said.startswith("1 score of 3 changed.")
    assert "NOT RECORDED, mend this and regrade: everything_right: NotADirectoryError" in said
    assert entries(course)["everything_right"] == before
    assert entries(course)["one_exercise_wrong"]["grades"]["check_softmax"] == (4.0, None, False)
    graded.unlink()
    assert run_in(course, "autograder", "regrade", "attention").startswith("1 score of 3 changed.")
    assert entries(course)["everything_right"]["grades"]["check_softmax"] == (4.0, None, False)


def test_a_student_who_handed_in_nothing_is_one_line(course: Path):
    said = run_in(course, "autograder", "regrade", "attention", "--student", "nobody", status=1)
    assert said == "autograder: nothing was handed in for attention by nobody\n"


def exercise(*parts: tuple[str, float, bool, str], maximum: float = 2.0) -> dict:
    return {
        "identifier": "a.b",
        "maximum": maximum,
        "points": 0.0,
        "result": {
            "note": "",
            "parts": [
                {"name": n, "points": p, "passed": passed, "message": message, "hint": ""}
                for n, p, passed, message in parts
            ],
        },
    }


def test_each_reason_is_a_part_that_turned_out_differently():
    before = exercise(
        ("one", 1, True, ""), ("two", 1, False, "wrong shape"), ("gone", 1, True, ""),
        ("same", 1, False, "x"), ("worth", 1, True, ""),
    )  # fmt: skip
    after = exercise(
        ("one", 1, False, "all wrong"), ("two", 1, True, ""), ("new", 1, False, "too slow"),
        ("same", 1, False, "y"), ("worth", 2, True, ""), maximum=3.0,
    )  # fmt: skip
    assert list(reasons(before, after)) == [
        "the exercise counts 3 points, not 2",
        "one: passed before, fails now: all wrong",
        "two: passes now; before: wrong shape",
        "new: judged now, and failed: too slow",
        "worth: counts 2 points, not 1",
        "gone: not judged any more",
    ]
    assert list(reasons(after, None)) == ["the exercise is not in the released notebook any more"]


def test_a_result_that_is_lost_has_every_part_as_reason():
    assert list(reasons(None, exercise(("one", 1, True, "")))) == ["one: judged now, and passed"]


def test_the_last_digits_of_a_sum_are_no_change():
    assert same_score(0.1 + 0.2, 0.3)
    assert not same_score(None, 0.0)
    assert not same_score(2.0, 2.5)


def test_what_a_student_wrote_cannot_steer_the_terminal():
    change = Change("ada", "a.b", 1.0, None, 2.0, None, ("one: \x1b[2Jgone \u202e",))
    said = described(Regraded([change], 1), dry=True)
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "ada  a.b  1 -> none of 2" in said


def test_the_results_of_both_specs_are_kept(course: Path):
    run_in(course, "autograder", "regrade", "attention", "--dry-run")
    files = list((course / "results/attention/everything_right").glob("attention-*.json"))
    results = [json.loads(path.read_text()) for path in files if "recorded" not in path.name]
    points = sorted(result["exercises"]["check_softmax"]["points"] for result in results)
    assert points == [3.0, 4.0]
