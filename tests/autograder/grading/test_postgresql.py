"""A gradebook on PostgreSQL has the same rows as one in SQLite, whatever is done to it.

The server is a real one, started here on a Unix socket in a folder of its own.
"""

import csv
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from courses import (
    LIMITS,
    entries,
    grade_by_hand,
    hand_in_again,
    handed_in_folder,
    make_class,
    run_in,
    unmended_project,
)

psycopg = pytest.importorskip("psycopg")

STUDENTS = ("everything_right", "one_exercise_wrong", "not_json")
LATE = """
from nbgrader.plugins import LateSubmissionPlugin
class OnePoint(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 1.0
c.AssignLatePenalties.plugin_class = OnePoint
"""


def as_postgres() -> list[str]:
    """Return what goes before a command: the server refuses to be run by root."""
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    return user if os.getuid() == 0 else []


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    """The folder of a server's socket."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        assert os.environ.get("CI") != "true"
        pytest.skip("postgresql is not installed")
    folder = Path(tempfile.mkdtemp(prefix="autograder-pg-", dir="/tmp"))  # a socket's path is short
    if os.getuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"
    make = [found[-1] / "initdb", "-D", data, "-A", "trust", "-U", "grader", "--no-sync"]
    make += ["-E", "UTF8", "--no-locale"]
    serve = [found[-1] / "postgres", "-D", data, "-k", folder, "-h", "", "-c", "fsync=off"]
    try:
        subprocess.run([*as_postgres(), *make], check=True, capture_output=True, cwd=folder)
        with subprocess.Popen(
            [*as_postgres(), *serve], cwd=folder, stderr=subprocess.DEVNULL
        ) as process:
            try:
                wait_for(folder, process)
                yield folder
            finally:
                process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
    finally:
        shutil.rmtree(folder)


def wait_for(folder: Path, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(f"host={folder} user=grader dbname=postgres").close()
        except psycopg.OperationalError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


@dataclass
class Course:
    """A course and the address of its gradebook."""

    folder: Path
    url: str

    def entries(self) -> dict[str, dict]:
        return entries(self.folder, self.url)

    def exported(self) -> list[dict[str, str]]:
        run_in(self.folder, "nbgrader", "export", "--to=grades.csv")
        with open(self.folder / "grades.csv") as file:
            return sorted(csv.DictReader(file), key=lambda row: row["student_id"])


@pytest.fixture(scope="module")
def unmended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unmended_project(tmp_path_factory.mktemp("unmended"))


@pytest.fixture(scope="module")
def courses(
    tmp_path_factory: pytest.TempPathFactory, server: Path, unmended: Path
) -> tuple[Course, Course]:
    """The same course twice, graded with a spec that is still to be mended: SQLite, PostgreSQL."""
    with psycopg.connect(f"host={server} user=grader dbname=postgres", autocommit=True) as made:
        made.execute("create database gradebook")
    address = f"postgresql://grader@/gradebook?host={server}"
    found = []
    secret = None
    for name, url in (("sqlite", ""), ("postgresql", address)):
        folder = tmp_path_factory.mktemp(name) / "course"
        make_class(folder, STUDENTS, LIMITS + LATE, url)
        secret = secret or (folder / "seeds.secret").read_bytes()
        (folder / "seeds.secret").write_bytes(secret)
        due = "--duedate=2030-01-01 12:00:00 UTC"
        run_in(folder, "nbgrader", "db", "assignment", "add", "attention", due)
        stamp = handed_in_folder(folder, "everything_right") / "timestamp.txt"
        stamp.write_text("2030-01-02 12:00:00 UTC")
        run_in(folder, "autograder", "grade", "attention", project=unmended)
        found.append(Course(folder, url))
    return found[0], found[1]


def both(courses: tuple[Course, Course], act: Callable[[Course], object]) -> list:
    return [act(course) for course in courses]


def test_the_rows_stay_the_same_from_grading_to_export(courses: tuple[Course, Course]):
    here, there = courses
    rows = here.entries()
    assert set(rows) == set(STUDENTS)
    assert rows["everything_right"]["grades"]["check_softmax"] == (3.0, None, False)
    assert rows["everything_right"]["late"] == 1.0
    assert rows["not_json"]["flagged"]
    assert there.entries() == rows
    assert not (there.folder / "gradebook.db").exists()

    for cell, points in (("check_softmax", 3.5), ("why_not_generate", 2.0)):
        both(
            courses,
            lambda c, cell=cell, points=points: grade_by_hand(
                c.folder, "everything_right", cell, points, c.url
            ),
        )
    said = both(courses, lambda c: run_in(c.folder, "autograder", "regrade", "attention"))
    assert said[0] == said[1]
    assert said[0].startswith("2 scores of 3 changed.")
    rows = here.entries()
    assert rows["everything_right"]["grades"]["check_softmax"] == (4.0, 3.5, True)
    assert rows["everything_right"]["grades"]["why_not_generate"] == (None, 2.0, False)
    assert there.entries() == rows

    def resubmit(course: Course) -> None:
        hand_in_again(course.folder, "everything_right", "a_rewritten_grade_cell")
        run_in(course.folder, "autograder", "grade", "attention")

    both(courses, resubmit)
    rows = here.entries()
    assert rows["everything_right"]["grades"]["check_softmax"] == (0.0, None, True)
    # nothing is written there now, but a person had given points and so looks again
    assert rows["everything_right"]["grades"]["why_not_generate"] == (0.0, None, True)
    assert there.entries() == rows

    exported = both(courses, Course.exported)
    assert [row["student_id"] for row in exported[0]] == sorted(STUDENTS)
    assert exported[0] == exported[1]

    stock = ("nbgrader", "autograde", "attention", "--student=one_exercise_wrong", "--force")
    both(courses, lambda c: run_in(c.folder, *stock))
    assert here.entries() == rows
    assert there.entries() == rows


def test_a_server_that_does_not_answer_is_one_line(courses: tuple[Course, Course], tmp_path: Path):
    _, there = courses
    folder = shutil.copytree(there.folder, tmp_path / "course")
    with open(folder / "settings.py", "a") as file:
        file.write(f"c.CourseDirectory.db_url = 'postgresql://grader@/gradebook?host={tmp_path}'\n")
    said = run_in(folder, "autograder", "grade", "attention", status=1)
    assert said.startswith("autograder: the gradebook cannot be opened: ")
    assert said.count("\n") == 1
