"""nbgrader's exchange, closed: a folder in which everybody may write, and this account reads.

What is collected are ordinary files of the student in whose name they lie there. A folder that
cannot be collected is named and left where it is, and the others are collected.
"""

import os
import pwd
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange import default
from nbgrader.utils import notebook_hash, parse_utc

from autograder.grading.harmless_text import printed
from autograder.grading.names import why_unfit
from autograder.grading.regular_files import (
    FOLDER,
    Bounds,
    UnreadableError,
    copy_regular_files,
    kind_of,
    opened_folder,
    read_regular_file,
)
from autograder.grading.students_folders import STUDENT, folder_of, students_in
from autograder.grading.timestamps import LONGEST_OF_NBGRADERS, collected_at

KB = 1000
LARGEST_PAGE = 256 * 2**20


class RefusedError(Exception):
    """A folder in the exchange that is left there; the message ends a sentence about it."""


@dataclass(frozen=True)
class HandedIn:
    """One submission in the exchange: the name of its folder, and what the name says."""

    folder: str
    student: str
    timestamp: datetime


def named(folder: str, assignment: str) -> HandedIn:
    """Return what the name of a folder in `inbound/` says.

    Raises:
        RefusedError: it is not a name that `nbgrader submit` gives.
    """
    # a student's name may have a + in it, an assignment's may not
    for parts in (folder.rsplit("+", 3), folder.rsplit("+", 2)):
        if len(parts) < 3 or parts[1] != assignment:
            continue
        try:
            timestamp = parse_utc(parts[2])
        except Exception:  # what parses times raises a dozen kinds for texts that are none
            raise RefusedError("has no time in its name") from None
        if why := why_unfit(parts[0]):
            raise RefusedError(f"is in the name of nobody: {parts[0]!r} {why}")
        return HandedIn(folder, parts[0], timestamp)
    raise RefusedError("has not the name of a submission")


def user_name(user: int) -> str:
    """Return what the system calls a user."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}, whom this machine does not know"


class Collect(default.ExchangeCollect):
    """Collects what lies in the exchange in the name of the student who owns it."""

    def init_src(self) -> None:
        """Find which submissions there are, and the one of each student to be collected."""
        if not self.coursedir.course_id:
            self.fail("No course id specified. Re-run with --course flag.")
        self.inbound_path = os.path.realpath(
            os.path.join(self.root, self.coursedir.course_id, "inbound")
        )
        if not os.path.isdir(self.inbound_path):
            self.fail(f"Course not found: {self.inbound_path}")
        found: dict[str, list[HandedIn]] = defaultdict(list)
        for one in self._submissions():
            found[one.student].append(one)
        due = self._due() if self.before_duedate else None
        self.src_records = [self._newest(several, due) for several in found.values()]

    def copy_files(self) -> None:
        """Copy the submissions that are new to where they are graded."""
        self.log.info("Processing %d submissions", len(self.src_records))
        for one in self.src_records:
            try:
                self._collect(one)
            except (RefusedError, OSError) as error:
                self._refuse(one.folder, error)

    def _submissions(self) -> Iterator[HandedIn]:
        """Yield what was handed in by those in whose names it lies there."""
        assignment = self.coursedir.assignment_id
        wanted = (self.coursedir.student_id or "*").replace("[", "[[]")
        with opened_folder(self.inbound_path) as inbound:
            for folder in sorted(os.listdir(inbound)):
                if f"+{assignment}+" not in folder:
                    continue
                try:
                    one = named(folder, assignment)
                    if fnmatchcase(one.student, wanted):
                        with self._opened(one, inbound):
                            pass
                        yield one
                except (RefusedError, OSError) as error:
                    self._refuse(folder, error)

    def _opened(self, one: HandedIn, inbound: int) -> AbstractContextManager[int]:
        return opened_submission(one, inbound, check_owner=self.check_owner)

    def _refuse(self, folder: str, error: Exception) -> None:
        why = str(error)
        if isinstance(error, OSError):
            why = f"cannot be collected: {error.strerror}"
        self.log.error("Left in the exchange: the folder %s %s", printed(folder), printed(why))

    def _due(self) -> datetime | None:
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                return gradebook.find_assignment(self.coursedir.assignment_id).duedate
            except MissingEntry:
                return None

    def _newest(self, several: list[HandedIn], due: datetime | None) -> HandedIn:
        in_time = [one for one in several if due is not None and one.timestamp <= due]
        return max(in_time or several, key=lambda one: one.timestamp)

    def _collect(self, one: HandedIn) -> None:
        assignment = self.coursedir.assignment_id
        target = Path(
            self.coursedir.format_path(self.coursedir.submitted_directory, one.student, assignment)
        )
        what = f"{one.student} {assignment}"
        if os.path.lexists(target):
            before = collected_at(target)
            newer = self.update and (before is None or one.timestamp > before)
            if not newer and not (self.before_duedate and before != one.timestamp):
                say = "No newer submission" if self.update else "Use --update to update"
                self.log.info("%s: %s", say, what)
                return
        self.log.info("Collecting submission: %s", what)
        self._copy(one, target)

    def _copy(self, one: HandedIn, target: Path) -> None:
        course = self.coursedir
        bounds = Bounds(
            course.max_file_size * KB, course.max_dir_size * KB, course.ignore, course.include
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".collecting-", dir=target.parent))
        try:
            with (
                opened_folder(self.inbound_path) as inbound,
                self._opened(one, inbound) as source,
            ):
                owner = os.fstat(source).st_uid if self.check_owner else None
                copied = copy_regular_files(source, draft / target.name, bounds, owner)
            self._share(draft / target.name)
            if target.is_symlink() or target.is_file():
                target.unlink()
            elif target.exists():
                shutil.rmtree(target)
            (draft / target.name).rename(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        if copied.left_out:
            left = ", ".join(map(printed, copied.left_out[:20]))
            self.log.warning("Left out of what %s handed in: %s", one.student, left)

    def _share(self, folder: Path) -> None:
        """Let other instructors write there, where a course is shared."""
        if not self.coursedir.groupshared:
            return
        for parent, _, names in os.walk(folder):
            os.chmod(parent, 0o2775)
            for name in names:
                os.chmod(os.path.join(parent, name), 0o664)


@contextmanager
def opened_submission(one: HandedIn, inbound: int, *, check_owner: bool) -> Iterator[int]:
    """Have the descriptor of a submission's folder, which belongs to the student named in it.

    Raises:
        RefusedError: it belongs to somebody else, or is no folder.
    """
    try:
        descriptor = os.open(one.folder, FOLDER, dir_fd=inbound)
    except OSError as error:
        kind = kind_of(os.stat(one.folder, dir_fd=inbound, follow_symlinks=False).st_mode)
        if kind == "folder":
            raise RefusedError(f"cannot be opened: {error.strerror}") from None
        raise RefusedError(f"is no folder, but a {kind}") from None
    try:
        owner = user_name(os.fstat(descriptor).st_uid)
        if check_owner and owner != one.student:
            raise RefusedError(
                f"is in the name of {one.student} and belongs to {owner}; where all files belong "
                "to one account, set c.ExchangeCollect.check_owner = False in settings.py"
            )
        yield descriptor
    finally:
        os.close(descriptor)


class ReleaseFeedback(default.ExchangeReleaseFeedback):
    """Lays feedback out for whoever has handed in through the exchange; the others are named."""

    def copy_files(self) -> None:
        """Copy the pages of all students that are meant."""
        course = self.coursedir
        self.released: dict[str, str] = {}
        excluded = set(course.student_id_exclude.split(","))
        wanted = (course.student_id or "*").replace("[", "[[]")
        folder = folder_of(course, course.feedback_directory, course.assignment_id)
        for student in students_in(folder)[0]:
            if student not in excluded and fnmatchcase(student, wanted):
                for page in sorted(Path(folder.replace(STUDENT, student)).glob("*.html")):
                    try:
                        self._release(student, page)
                    except (UnreadableError, RefusedError, OSError, ValueError) as error:
                        self.log.warning(
                            "Not released, give it to %s in another way: %s (%s)",
                            student, page, error,
                        )  # fmt: skip

    def _release(self, student: str, page: Path) -> None:
        path = page.with_name("submission_secret.txt")
        if not os.path.lexists(path):
            raise RefusedError("what was graded was not handed in through the exchange")
        secret = read_regular_file(path, LONGEST_OF_NBGRADERS).decode()
        if not secret.strip():
            raise RefusedError("submission_secret.txt is empty")
        # where the student's own `nbgrader fetch_feedback` looks for it
        name = f"{notebook_hash(secret=secret, notebook_id=page.stem)}.html"
        other = self.released.setdefault(name, student)
        if other != student:
            raise RefusedError(f"{other} has handed in the same submission_secret.txt")
        content = read_regular_file(page, LARGEST_PAGE)
        descriptor, draft = tempfile.mkstemp(dir=self.dest_path, suffix="-tmp.html")
        with open(descriptor, "wb") as file:
            file.write(content)
        os.chmod(draft, 0o664 if self.coursedir.groupshared else 0o644)
        os.replace(draft, os.path.join(self.dest_path, name))
        self.log.info("Released the feedback of %s on %s", student, page.stem)


class List(default.ExchangeList):
    """Lists the exchange. What students have handed in there is not opened to be listed."""

    def init_dest(self) -> None:
        """Find the assignments, which are folders."""
        super().init_dest()
        self.assignments = [
            path for path in self.assignments if os.path.isdir(path) and not os.path.islink(path)
        ]

    def parse_assignments(self) -> list[dict[str, Any]]:
        """Return what is listed, read from a picture of the folders that only we can write."""
        if not self.inbound:
            return super().parse_assignments()
        there = self.assignments
        with tempfile.TemporaryDirectory() as folder:
            try:
                self.assignments = [pictured(Path(path), Path(folder)) for path in there]
                return super().parse_assignments()
            finally:
                self.assignments = there

    def format_inbound_assignment(self, info: dict[str, Any]) -> str:
        """Return a line about a submission."""
        return printed(super().format_inbound_assignment(info))


def pictured(submission: Path, folder: Path) -> str:
    """Make a folder with the names of a submission's notebooks, and what tells its feedback."""
    picture = folder / submission.parents[1].name / "inbound" / submission.name
    picture.mkdir(parents=True)
    with suppress(OSError, UnreadableError):
        for name in os.listdir(submission):
            if name.endswith(".ipynb"):
                (picture / name).touch()
        name = "submission_secret.txt"
        secret = read_regular_file(submission / name, LONGEST_OF_NBGRADERS)
        (picture / name).write_bytes(secret.decode(errors="replace").encode())
    return str(picture)
