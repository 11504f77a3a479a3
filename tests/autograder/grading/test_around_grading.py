"""What goes wrong around grading is said in one line, waits, or leaves nothing behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from class_of_hostiles import CASES
from courses import (
    copy_of,
    entries,
    environment,
    handed_in_folder,
    new_course,
    opened_gradebook,
    run_in,
)
from handing_in import hand_in
from sqlalchemy.exc import OperationalError

from autograder.grading import cgroups
from autograder.grading.grade import Row, record, table
from autograder.grading.inside.limits import Limits
from autograder.grading.open_course import is_of_the_machine, one_grader
from autograder.grading.run_notebook import NotebookRun
from autograder.grading.sandbox import Sandbox


@pytest.fixture(scope="module")
def two_students(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course in which two have handed in, to be copied."""
    course = new_course(tmp_path_factory.mktemp("around") / "course")
    for student in ("12e34", "123456789"):
        hand_in(CASES["everything_right"], handed_in_folder(course, student))
    return course


@pytest.fixture
def course(tmp_path: Path, two_students: Path) -> Path:
    return copy_of(two_students, tmp_path / "course")


def started(course: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "autograder", "grade", "attention"], cwd=course,
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_of_two_graders_at_once_one_says_that_it_waits_and_both_are_right(course: Path):
    both = [started(course), started(course)]
    said = [process.communicate(timeout=500) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    errors = sorted(error for _, error in said)
    assert errors[0] == ""
    assert errors[1].count("\n") == 1
    assert "waiting until they are done" in errors[1]
    assert all("NOT RECORDED" not in printed for printed, _ in said)
    assert {row["score"] for row in entries(course).values()} == {30}
    assert all("12e34" in printed and "123456789 " in printed for printed, _ in said)


def test_who_waits_goes_on_when_the_other_is_killed(tmp_path: Path):
    source = (
        "import sys, time; from pathlib import Path; "
        "from autograder.grading.open_course import one_grader\n"
        "with one_grader(Path(sys.argv[1])): print('in', flush=True); time.sleep(500)"
    )
    command = [sys.executable, "-c", source, str(tmp_path)]
    other = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "in\n"
    other.send_signal(signal.SIGKILL)
    other.communicate()
    with one_grader(tmp_path):
        pass


def test_a_number_in_the_place_of_a_name_stays_as_it_is_written():
    printed = table([Row("12e34"), Row("1234567"), Row("007"), Row("nan")])
    assert [line.split()[0] for line in printed.splitlines()[2:]] == [
        *("12e34", "1234567", "007", "nan")
    ]


class Full:
    """A recorder whose gradebook has no room left."""

    classroom = gradebook = db = None

    def __init__(self, error: Exception) -> None:
        self.classroom = self.gradebook = self.db = self
        self.error = error

    def stored(self, *unused: object) -> None:
        raise self.error

    rollback = stored


def test_a_full_disk_is_said_in_one_line_and_stops_the_recording():
    orig = OSError("database or disk is full")
    statement = "INSERT INTO grade\nVALUES (?)"
    error = OperationalError(statement, {}, orig)
    with pytest.raises(Exception, match="database or disk is full; mend this") as caught:
        record(Full(error), "ada", {"attention": _judged()}, force=False)
    assert "INSERT" not in str(caught.value)
    assert "sqlalche.me" not in str(caught.value)
    assert is_of_the_machine(OSError(28, "No space left on device"))
    assert not is_of_the_machine(ValueError("of one name"))
    row = record(Full(ValueError("its own")), "ada", {"attention": _judged()}, force=False)
    assert row.remarks.startswith("NOT RECORDED, mend this and grade again: ValueError: its own")


def _judged() -> object:
    from autograder.grading.workers import Judged

    return Judged("key")


def test_an_assignment_that_the_gradebook_does_not_know_is_named_with_what_to_do(course: Path):
    (course / "gradebook.db").unlink()
    printed = run_in(course, "autograder", "grade", "attention", status=1)
    assert "first run: nbgrader generate_assignment attention --force" in printed
    assert "MissingEntry" not in printed
    assert printed.count("\n") == 1
    run_in(course, "nbgrader", "generate_assignment", "attention", "--force")
    run_in(course, "autograder", "grade", "attention")


def test_nbgrader_makes_a_gradebook_in_an_environment_that_is_not_activated(course: Path):
    (course / "gradebook.db").unlink()
    plain = environment() | {"PATH": "/usr/bin:/bin"}
    assert shutil.which("alembic", path=plain["PATH"]) is None
    command = [Path(sys.executable).parent / "nbgrader", "generate_assignment", "attention"]
    done = subprocess.run(
        [*command, "--force"], cwd=course, env=plain, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with opened_gradebook(course) as gradebook:
        assert gradebook.find_assignment("attention")


def test_files_beside_the_notebook_and_what_is_too_large_are_kept_byte_for_byte(course: Path):
    folder = handed_in_folder(course, "12e34")
    large = json.dumps({"cells": [], "x": "y" * (33 * 2**20)}).encode()
    beside = {"notes.txt": b"\xff\x00", "sub/data.csv": b"1,2", "attention-old.ipynb": b'{"a": 1}'}
    for name, content in beside.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "link").symlink_to("/etc/passwd")
    (handed_in_folder(course, "123456789") / "attention.ipynb").write_bytes(large)
    run_in(course, "autograder", "grade", "attention")
    (kept,) = (course / "originals/attention/12e34").glob("beside-*")
    found = {str(p.relative_to(kept)): p.read_bytes() for p in kept.rglob("*") if p.is_file()}
    assert found == beside
    (kept,) = (course / "originals/attention/123456789").glob("beside-*")
    assert (kept / "attention.ipynb").read_bytes() == large


@pytest.mark.skipif(not cgroups.parents(), reason="no cgroups can be made here")
def test_no_group_is_left_behind_by_workers_or_by_who_was_killed(course: Path):
    def left() -> list[Path]:
        own = f"{cgroups.own_names()}*"
        folders = [folder for parent in cgroups.parents() for folder in parent.glob(own)]
        return [f for f in folders if not Path("/proc", f.name.split("-")[2]).exists()]

    killed = started(course)
    time.sleep(8)
    killed.kill()
    killed.communicate()
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                           capture_output=True, text=True).stdout.strip()  # fmt: skip
    for parent in cgroups.parents():
        (parent / f"{cgroups.own_names()}{ended}-0").mkdir()
    assert left()
    run_in(course, "autograder", "grade", "attention")
    assert left() == []


THREADS = """
import os, threading
from concurrent.futures import ThreadPoolExecutor
import multiprocessing
together = threading.Barrier(128)
with ThreadPoolExecutor(128) as threads:
    assert len(list(threads.map(lambda n: together.wait(20), range(128)))) == 128
assert os.cpu_count() == multiprocessing.cpu_count() == len(os.sched_getaffinity(0))
"""


def test_as_many_threads_as_a_large_machine_has_cores_can_be_had():
    with Sandbox() as sandbox, NotebookRun(sandbox, [THREADS], {}, Limits(), 0) as run:
        run.run_cell(0)
        assert run.ended == {}
        assert run.raised == {0: ""}, run.outputs
    assert os.cpu_count()
