"""Nothing of the instructor's gets out, and nobody hands in under another's name.

However a class is graded: by `autograder grade`, by stock `nbgrader autograde` and by formgrader's
button, which calls nbgrader's API; from folders that somebody has filled, and from the exchange.
"""

import contextlib
import io
import json
import logging
import os
import pwd
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from class_of_hostiles import CASES
from courses import entries, environment, handed_in_folder, new_course
from handing_in import hand_in, released_notebook
from nbformat import NotebookNode
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.grading.exchange import Collect, List, ReleaseFeedback
from autograder.grading.intake import grade_id_of
from autograder.grading.literal_glob import glob
from autograder.grading.names import why_unfit
from autograder.grading.regular_files import (
    Bounds,
    UnreadableError,
    copy_regular_files,
    opened_folder,
    read_regular_file,
)

ANSWER = "what another student has written"
BUTTON = """
import sys
from nbgrader.apps import AutogradeApp, NbGraderAPI
app = AutogradeApp()
app.initialize([])
api = NbGraderAPI(app.coursedir, parent=app)
for student in sorted(api.get_submitted_students("attention")):
    result = api.autograde("attention", student)
    print(repr(student), result.get("log"), result.get("error"))
"""
WAYS = {
    "grade": ("-m", "autograder", "grade", "attention"),
    "stock": ("-m", "nbgrader", "autograde", "attention"),
    "button": ("-c", BUTTON),
}
# what is put into a folder beside a solved notebook, or in its place, by name
LINKS = {
    "data.txt": "../../../seeds.secret",
    "passwd.txt": "/etc/passwd",
    "notes.txt": "../../other/attention/attention.ipynb",
    "more": "../../..",
    "endless.csv": "/dev/zero",
    "timestamp.txt": "/etc/passwd",
    "submission_secret.txt": "../../../seeds.secret",
}
IN_ITS_PLACE = {
    "a_link_to_anothers": "../../other/attention/attention.ipynb",
    "a_link_to_the_secret": "../../../seeds.secret",
    "a_link_to_what_never_ends": "/dev/zero",
}
REFUSED = (".hidden", "new\nline", "<img src=x onerror=alert(1)>", "a*", "\x1b[2J", "trailing ")
ODD_BUT_FIT = ("J. (Jo) [x]", "o'brien", "-dash", "naïve", "a+b")


def said(course: Path, *command: str) -> str:
    """Run a command of Python's; return what it prints, however it ends."""
    done = subprocess.run(
        [sys.executable, *command], cwd=course, env=environment(),
        capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    return done.stdout + done.stderr


def put(course: Path, student: str, notebook: NotebookNode) -> Path:
    folder = handed_in_folder(course, student)
    folder.mkdir(parents=True)
    (folder / "attention.ipynb").write_text(json.dumps(notebook))
    return folder


def make_pipe_and_socket(folder: Path, name: str) -> None:
    os.mkfifo(folder / f"{name}.pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        descriptor = os.open(folder, os.O_PATH)
        try:  # the path of a socket must be short
            listener.bind(f"/proc/self/fd/{descriptor}/{name}.sock")
        finally:
            os.close(descriptor)


@pytest.fixture(scope="module")
def untouched() -> NotebookNode:
    """A notebook that is graded in no time, since nothing is answered."""
    return released_notebook("attention", "attention")


@pytest.fixture(scope="module", params=WAYS)
def graded(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    solved: NotebookNode,
    untouched: NotebookNode,
) -> Iterator[tuple[Path, str]]:
    """A course with brackets in its name, graded in one of the ways, and what was printed."""
    course = new_course(tmp_path_factory.mktemp(request.param) / "Courses [2030]")
    written = nbformat.from_dict(untouched)
    next(cell for cell in written.cells if grade_id_of(cell) == "why_not_generate").source = ANSWER
    put(course, "other", written)
    hand_in(CASES["everything_right"], handed_in_folder(course, "right"))
    linking = put(course, "linking", solved)
    for name, target in LINKS.items():
        (linking / name).symlink_to(target)
    make_pipe_and_socket(linking, "special")
    for student, target in IN_ITS_PLACE.items():
        folder = handed_in_folder(course, student)
        folder.mkdir(parents=True)
        (folder / "attention.ipynb").symlink_to(target)
    piped = handed_in_folder(course, "a_pipe_in_its_place")
    piped.mkdir(parents=True)
    os.mkfifo(piped / "attention.ipynb")
    os.mkfifo(piped / "timestamp.txt")
    put(course, "no_json", untouched).joinpath("attention.ipynb").write_text("no json")
    handed_in_folder(course, "nothing_in_it").mkdir(parents=True)
    (course / "submitted/under_another_name").symlink_to("other")
    for student in (*REFUSED, *ODD_BUT_FIT):
        put(course, student, untouched)
    printed = said(course, *WAYS[request.param])
    printed += said(course, "-m", "nbgrader", "generate_feedback", "attention")
    return course, printed


def files_given_back(course: Path) -> list[Path]:
    files = [*(course / "autograded").rglob("*"), *(course / "feedback").rglob("*")]
    return [path for path in files if not path.is_dir() or path.is_symlink()]


def test_nothing_that_a_link_leads_to_is_given_back(graded: tuple[Path, str]):
    course, _ = graded
    secret = (course / "seeds.secret").read_text().strip()
    files = files_given_back(course)
    assert len(files) > 20
    for path in files:
        assert not path.is_symlink(), path
        assert path.is_file(), path
        content = path.read_text(errors="replace")
        assert secret not in content, path
        assert "root:x:0" not in content, path
        if "other" not in path.parts:
            assert ANSWER not in content, path


def test_links_pipes_and_sockets_are_named_and_the_notebook_is_graded(graded: tuple[Path, str]):
    course, _ = graded
    page = (course / "feedback/linking/attention/attention.html").read_text()
    left_out = re.search(r"left out: [^<]*", page)[0]
    for name in ("data.txt (link)", "endless.csv (link)", "more (link)"):
        assert name in left_out
    assert entries(course)["linking"]["score"] == 30


def test_everybody_is_graded_or_waits_for_a_person(graded: tuple[Path, str]):
    course, _ = graded
    found = entries(course)
    hostile = (*IN_ITS_PLACE, "a_pipe_in_its_place", "no_json")
    assert set(found) == {"other", "right", "linking", "nothing_in_it", *ODD_BUT_FIT, *hostile}
    assert found["right"]["score"] == 30
    for student in hostile:
        waits = [waiting for _, _, waiting in found[student]["grades"].values()]
        assert (found[student]["score"], all(waits)) == (0, True), student
    pages = {path.parts[-3] for path in (course / "feedback").glob("*/attention/attention.html")}
    assert pages == set(found)


def test_names_that_can_be_nobodys_are_refused_by_name(graded: tuple[Path, str]):
    _course, printed = graded
    on_one_line = " ".join(printed.split())
    for start in ("begins with a dot", "link to another folder", "cannot be printed", "< > in it"):
        assert start in on_one_line or start in printed.replace("\n", ""), start
    assert "\x1b[2J" not in printed


def said_of_answers(comments: dict[str, str | None]) -> dict[str, str]:
    """Return the comments but those on time, which on a busy machine differ."""
    return {name: text for name, text in comments.items() if text and "is slow" not in text}


def test_all_ways_enter_the_same(graded: tuple[Path, str]):
    found = {
        student: (entry["grades"], said_of_answers(entry["comments"]), entry["flagged"])
        for student, entry in entries(graded[0]).items()
    }
    assert found == ENTERED.setdefault("by the first way", found)


ENTERED: dict[str, dict] = {}


# the exchange, where a folder's owner is the student


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A course with an exchange in which nothing lies yet."""
    (tmp_path / "course/exchange/test/inbound").mkdir(parents=True)
    (tmp_path / "course/seeds.secret").write_text("the secret")
    return tmp_path / "course"


@pytest.fixture
def inbound(released: Path) -> Path:
    return released / "exchange/test/inbound"


ME = pwd.getpwuid(os.getuid()).pw_name
TIMES = ("2030-01-01 10:00:00.000000 UTC", "2030-01-02 10:00:00.000000 UTC")


def submitted_to(inbound: Path, student: str, content: str = "{}", time: str = TIMES[0]) -> Path:
    folder = inbound / f"{student}+attention+{time}+AbCd"
    folder.mkdir()
    (folder / "attention.ipynb").write_text(content)
    (folder / "timestamp.txt").write_text(time)
    return folder


def in_exchange(kind: type, course: Path, **settings: object) -> str:
    """Do what one of nbgrader's commands does with our class; return what it logs."""
    config = Config()
    config.CourseDirectory.root, config.CourseDirectory.course_id = str(course), "test"
    config.CourseDirectory.assignment_id = "attention"
    config.Exchange.root = str(course / "exchange")
    logged = io.StringIO()
    log = logging.Logger("exchange", logging.INFO)
    log.addHandler(logging.StreamHandler(logged))
    directory = CourseDirectory(config=config)
    student = Authenticator(config=config)
    step = kind(coursedir=directory, authenticator=student, config=config, log=log, **settings)
    step.start()
    return logged.getvalue()


def collected(course: Path, **settings: object) -> str:
    return in_exchange(Collect, course, **settings)


def test_what_is_collected_are_the_students_own_files(released: Path, inbound: Path):
    folder = submitted_to(inbound, ME)
    for name, target in LINKS.items():
        if not (folder / name).exists():
            (folder / name).symlink_to(target if target.startswith("/") else released)
    os.link(released / "seeds.secret", folder / "hard.txt")
    make_pipe_and_socket(folder, "special")
    (folder / "deep").mkdir()
    (folder / "deep/data.csv").write_text("1,2")
    printed = collected(released)
    target = released / "submitted" / ME / "attention"
    found = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert found == {"attention.ipynb", "timestamp.txt", "deep/data.csv"}
    assert not [path for path in target.rglob("*") if path.is_symlink()]
    for name in ("data.txt (a link)", "special.pipe (a pipe)", "special.sock (a socket)"):
        assert name in printed
    assert "hard.txt (a file that lies elsewhere too)" in printed


@pytest.mark.parametrize("update", [False, True])
def test_nobody_hands_in_for_somebody_else(released: Path, inbound: Path, update: bool):
    submitted_to(inbound, ME, '"mine"')
    collected(released)
    # a newer one, in this student's name and of another user's
    forged = submitted_to(inbound, ME, '"forged"', TIMES[1])
    os.chown(forged, 12345, 12345)
    submitted_to(inbound, "somebody_else")
    printed = collected(released, update=update)
    assert (released / "submitted" / ME / "attention/attention.ipynb").read_text() == '"mine"'
    assert not (released / "submitted/somebody_else").exists()
    assert f"is in the name of {ME} and belongs to user 12345" in printed
    assert f"is in the name of somebody_else and belongs to {ME}" in printed
    assert "c.ExchangeCollect.check_owner = False" in printed


def test_where_all_files_are_of_one_account_that_can_be_said(released: Path, inbound: Path):
    submitted_to(inbound, "ada")
    collected(released, check_owner=False)
    assert (released / "submitted/ada/attention/attention.ipynb").exists()


def test_a_newer_one_takes_the_place_of_an_older_one_when_told_to(released: Path, inbound: Path):
    target = released / "submitted" / ME / "attention/attention.ipynb"
    submitted_to(inbound, ME, '"first"')
    collected(released)
    submitted_to(inbound, ME, '"second"', TIMES[1])
    collected(released)
    assert target.read_text() == '"first"'
    collected(released, update=True)
    assert target.read_text() == '"second"'


def test_what_cannot_be_collected_keeps_nobody_from_it(released: Path, inbound: Path):
    for name in ("x+attention+no time+AbCd", "\x1b[2J+attention+2030-01-01 10:00:00 UTC+A",
                 "+attention+", ".dot+attention+2030-01-01 10:00:00 UTC+A", "junk"):  # fmt: skip
        (inbound / name).mkdir()
    (inbound / f"{ME}+attention+2031-01-01 10:00:00 UTC+link").symlink_to("/etc")
    os.mkfifo(inbound / f"{ME}+attention+2032-01-01 10:00:00 UTC+pipe")
    submitted_to(inbound, ME)
    printed = collected(released)
    assert (released / "submitted" / ME / "attention/attention.ipynb").exists()
    for why in ("has no time in its name", "is no folder, but a link", "but a pipe", "a dot"):
        assert why in printed
    assert "\x1b[2J" not in printed


def test_listing_the_exchange_opens_nothing_of_a_students(released: Path, inbound: Path):
    folder = submitted_to(inbound, ME)
    os.mkfifo(folder / "submission_secret.txt")
    (folder / "b.ipynb").symlink_to("/dev/zero")
    printed = in_exchange(List, released, inbound=True)
    assert f"{ME} attention {TIMES[0]}" in printed


def test_a_folder_swapped_for_a_link_while_it_is_copied_gives_nothing_away(tmp_path: Path):
    secret = tmp_path / "secret"
    (secret / "in").mkdir(parents=True)
    (secret / "in/data.txt").write_text("the secret")
    mine = tmp_path / "mine"
    (mine / "in").mkdir(parents=True)
    (mine / "in/data.txt").write_text("mine")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            (mine / "in").rename(mine / "was")
            (mine / "in").symlink_to(secret / "in")
            (mine / "in").unlink()
            (mine / "was").rename(mine / "in")

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        until, number = time.monotonic() + 3, 0
        while time.monotonic() < until:
            number += 1
            target = tmp_path / "copies" / str(number)
            with opened_folder(mine) as source:
                copy_regular_files(source, target, Bounds(1000, 1000), None)
            for path in target.rglob("data.txt"):
                assert path.read_text() == "mine"
            with contextlib.suppress(UnreadableError):
                assert read_regular_file(mine / "in/data.txt", 100, mine) == b"mine"
    finally:
        stop.set()
        swapping.join()
    assert number > 20


def test_what_is_copied_is_bounded(tmp_path: Path):
    source = tmp_path / "source"
    (source / "a/b/c").mkdir(parents=True)
    (source / "a/b/c/deep.txt").write_text("x")
    (source / "large.txt").write_text("x" * 100)
    for number in range(5):
        (source / f"{number}.txt").write_text("x" * 40)
    bounds = Bounds(largest=50, most=130, files=4, deepest=2)
    with opened_folder(source) as descriptor:
        copied = copy_regular_files(descriptor, tmp_path / "target", bounds, None)
    assert (copied.files, copied.size) == (3, 120)
    assert len(copied.left_out) == 4


# feedback through the exchange


def test_feedback_reaches_whoever_handed_in_there_whatever_else_was_graded(
    released: Path, inbound: Path
):
    def with_page(student: str, secret: str | bytes | None) -> None:
        folder = released / "feedback" / student / "attention"
        folder.mkdir(parents=True)
        (folder / "attention.html").write_text(f"the feedback of {student}")
        if secret is not None:
            secret = secret if isinstance(secret, bytes) else secret.encode()
            (folder / "submission_secret.txt").write_bytes(secret)

    with_page("placed by hand", None)
    with_page("a", "")
    with_page("b [x]", "the secret of b")
    with_page("c", b"\xff\xfe")
    with_page("d", "the secret of b")
    with_page("e", "the secret of e")
    printed = in_exchange(ReleaseFeedback, released)
    pages = {path.read_text() for path in (released / "exchange/test/feedback").iterdir()}
    assert pages == {"the feedback of b [x]", "the feedback of e"}
    for student in ("placed by hand", "a", "c", "d"):
        assert re.search(rf"give it to {student} in another way", printed), student


# names


@pytest.mark.parametrize("name", [*REFUSED, "", "a/b", "x" * 300, 'a"b', "a|b", "\ud800", "a?"])
def test_such_a_name_is_nobodys(name: str):
    assert why_unfit(name)


@pytest.mark.parametrize("name", [*ODD_BUT_FIT, "ada@uni.example", "DOM\\user", "x y", "محمد", "1"])
def test_such_a_name_may_be_somebodys(name: str):
    assert why_unfit(name) == ""


def test_brackets_are_letters_where_nbgrader_looks_for_files(tmp_path: Path):
    for name in ("a [1]", "a 1"):
        (tmp_path / name).mkdir()
    assert glob(f"{tmp_path}/a [1]") == [f"{tmp_path}/a [1]"]
    assert len(glob(f"{tmp_path}/a*")) == 2
