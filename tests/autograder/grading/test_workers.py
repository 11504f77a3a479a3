"""A submission that ends or stalls the process that judges it costs nobody else anything."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from class_of_hostiles import EVERYTHING
from courses import entries, environment, hand_in_again, make_class
from nbformat.v4 import new_notebook

from autograder.errors import UserError
from autograder.grading import workers
from autograder.grading.inside.limits import Limits
from autograder.grading.workers import ENDED_ITS_WORKER, Judged, judged_here


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stalled() -> None:
    time.sleep(100)


def stalled_where_no_exception_reaches() -> None:
    all(itertools.repeat(True))


def ended() -> None:
    os._exit(0)


def nothing() -> None:
    """Do what an honest submission does to its worker."""


def judged(
    students: dict[str, Callable[[], None]], jobs: int = 2, released: Callable[[], None] = killed
) -> dict[str, Judged]:
    """Return what the workers say of students whose submissions do something to them."""

    def graded(student: str, notebook: str, sandbox: object) -> SimpleNamespace:
        students[student]()
        return SimpleNamespace(key=f"of {student}")

    classroom = SimpleNamespace(
        released={"attention": new_notebook()},
        limits=Limits(),
        graded=graded,
        judge_released=lambda sandbox: released(),
    )
    sandbox = SimpleNamespace(wait_until_ready=lambda: None)
    found = dict(judged_here(sandbox, jobs, classroom, list(students)))
    return {student: of_one["attention"] for student, of_one in found.items()}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "longest", lambda *_: 0.5)
    monkeypatch.setattr(workers, "THEN_ENDED", 0.3)


@pytest.mark.parametrize("does", [killed, ended, stalled_where_no_exception_reaches])
@pytest.mark.parametrize("place", [0, 2, 4])
def test_all_others_are_judged_wherever_it_stands(impatient: None, does: Callable, place: int):
    students = dict.fromkeys("abcd", nothing)
    names = list(students)
    names.insert(place, "evil")
    found = judged({name: students.get(name, does) for name in names})
    assert found.pop("evil") == Judged(error=ENDED_ITS_WORKER)
    assert found == {name: Judged(f"of {name}") for name in students}


def test_several_of_them_and_slow_others(impatient: None):
    def slow() -> None:
        time.sleep(0.3)

    evil = {f"a{number}": killed for number in range(3)}
    found = judged({**evil, "b": slow, "c": slow, **{"d": killed, "e": slow}})
    for name in ("a0", "a1", "a2", "d"):
        assert found[name] == Judged(error=ENDED_ITS_WORKER)
    for name in "bce":
        assert found[name] == Judged(f"of {name}")


def test_what_stalls_a_worker_is_stopped_and_named(impatient: None):
    found = judged({"a": stalled, "b": nothing})
    assert found == {"a": Judged(error="judging it had not ended after 0 min"), "b": Judged("of b")}


def test_a_machine_that_ends_every_process_is_told_from_a_submission_that_does():
    with pytest.raises(UserError, match="memory enough"):
        judged(dict.fromkeys("ab", killed))


@pytest.mark.parametrize("students", ["a", "ab"])
def test_a_class_of_nothing_but_such_submissions_is_told_from_such_a_machine(students: str):
    found = judged(dict.fromkeys(students, killed), released=nothing)
    assert found == dict.fromkeys(students, Judged(error=ENDED_ITS_WORKER))


HOSTILE = """
import os, signal, sys, time
from autograder.grading import classroom, workers
from autograder.__main__ import main

graded, judge = classroom.Classroom.graded, classroom.judge_submission
def graded_by_name(self, student, *more):
    self.__class__.student = student
    return graded(self, student, *more)
def judge_by_name(*arguments):
    if classroom.Classroom.student == "a_killer":
        os.kill(os.getpid(), signal.SIGKILL)
    if classroom.Classroom.student == "a_staller":
        time.sleep(1000)
    return judge(*arguments)

classroom.Classroom.graded, classroom.judge_submission = graded_by_name, judge_by_name
workers.longest = lambda *unused: 30.0
sys.argv = ["autograder", "grade", "attention"]
main()
"""


def test_a_class_with_such_students_is_graded_and_they_wait_for_a_person(tmp_path: Path):
    course = make_class(tmp_path / "course", ("everything_right", "one_exercise_wrong"))
    for student in ("a_killer", "a_staller"):
        (course / f"submitted/{student}/attention").mkdir(parents=True)
        hand_in_again(course, student, "everything_right")
    command, wide = [sys.executable, "-c", HOSTILE], environment() | {"COLUMNS": "250"}
    done = subprocess.run(
        command, cwd=course, env=wide, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 submissions in" in done.stdout
    rows = entries(course)
    for student in ("a_killer", "a_staller"):
        checks = [rows[student]["grades"][f"check_{name}"] for name in EVERYTHING]
        assert checks == [(0.0, None, True)] * len(EVERYTHING)
        assert rows[student]["flagged"]
        assert len(list((course / "originals/attention" / student).glob("*.ipynb"))) == 1
    assert rows["everything_right"]["score"] == 30
    assert rows["one_exercise_wrong"]["grades"]["check_softmax"] == (4.0, None, False)
    assert ENDED_ITS_WORKER in done.stdout
    assert "judging it had not ended" in done.stdout
