"""`autograder demo`: its class is graded as it should be, and nobody else's course is touched."""

import html
import sqlite3

import nbformat
import pytest

from autograder import specs
from autograder.__main__ import main
from autograder.course import demo
from autograder.course.filled_notebooks import exercise_cells
from autograder.course.init import EXERCISES
from autograder.errors import UserError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / "course"


@pytest.fixture(scope="module")
def rows(sandbox, folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setattr(demo, "MISTAKEN", demo.MISTAKEN[:2])  # for the sake of the time it takes
        return {row.submission.student: row for row in demo.graded_class(folder)}


def test_the_right_one_earns_everything_and_the_untouched_one_nothing(rows):
    assert rows["Ada"].points == rows["Ada"].maximum > 0
    assert rows["Ada"].waits
    assert rows["Blaise"].points == 0
    assert not rows["Blaise"].waits


def test_who_did_the_first_half_earns_its_points(rows):
    notebook = nbformat.read(EXERCISES / "attention" / "attention.ipynb", as_version=4)
    identifiers = list(exercise_cells(notebook))
    half = identifiers[: len(identifiers) // 2]
    assert rows["Bao"].points == sum(specs.find(identifier).points for identifier in half)


def test_every_misconception_is_found_and_no_other(rows):
    mistaken = [row for row in rows.values() if row.submission.misconception]
    assert len(mistaken) == 2
    for row in rows.values():
        expected = (row.submission.misconception,) if row.submission.misconception else ()
        assert row.misconceptions == expected
    for row in mistaken:
        assert 0 < row.points < row.maximum


def test_the_hint_reaches_the_feedback(rows, folder):
    for student, row in rows.items():
        feedback = (folder / "feedback" / student / "attention/attention.html").read_text()
        feedback = html.unescape(feedback)
        if row.submission.misconception:
            hint = row.submission.misconception.partition(": ")[2]
            assert hint in feedback


def test_the_table_has_a_line_for_each_of_them(rows):
    shown = demo.table(list(rows.values()))
    for student, row in rows.items():
        assert student in shown
        assert f"{row.points:g} of {row.maximum:g}" in shown


def test_an_earlier_demo_is_replaced(rows, folder):
    (folder / "left-over").touch()
    demo.demo_course(folder)
    assert not (folder / "left-over").exists()
    assert not (folder / "gradebook.db").exists()


def test_a_gradebook_that_is_not_the_demos_is_left_alone(course, capsys):
    with sqlite3.connect(course / "gradebook.db") as gradebook:
        gradebook.execute("create table grades (points)")
    before = (course / "gradebook.db").read_bytes()
    assert main(["demo", str(course)]) == 1
    assert "is not an earlier demo" in capsys.readouterr().err
    assert (course / "gradebook.db").read_bytes() == before


def test_a_command_that_fails_is_one_line_that_names_the_log(course):
    with pytest.raises(UserError, match=r"demo\.log"):
        demo.run_module(course, "nbgrader", "autograde", "no-such-assignment")
    assert "no-such-assignment" in (course / "demo.log").read_text()
