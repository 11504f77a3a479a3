"""When something was handed in, by the note that nbgrader leaves, or else by the files' times."""

import os
from datetime import UTC, datetime
from pathlib import Path

from nbgrader import utils
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory

from autograder.grading.regular_files import read_regular_file

LONGEST_OF_NBGRADERS = 1000  # bytes of a time, or of a secret


def submission_time(folder: Path) -> tuple[datetime | None, bool]:
    """Return when a submission was handed in, in UTC, and whether that had to be guessed.

    As with nbgrader there is no time where no timestamp was collected. Of one that cannot be read
    the newest file takes the place.
    """
    path = folder / "timestamp.txt"
    if not os.path.lexists(path):
        return None, False
    try:
        text = read_regular_file(path, LONGEST_OF_NBGRADERS).decode().strip()
        return utils.parse_utc(text) if text else None, False
    except Exception:  # what parses times raises a dozen kinds for texts that are none
        return newest(folder), True


def newest(folder: Path) -> datetime | None:
    """Return when the newest notebook of a folder was written, or the folder itself, in UTC.

    None stands for a time so far away that no calendar has it.
    """
    files = [path for path in folder.glob("*.ipynb") if not path.is_symlink()] or [folder]
    seconds = max(path.stat(follow_symlinks=False).st_mtime for path in files)
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None


def collected_at(folder: Path) -> datetime | None:
    """Return the time that nbgrader has noted in a folder, in UTC; None if it cannot be read."""
    time, is_guessed = submission_time(folder)
    return None if is_guessed else time


def of_submission(course: CourseDirectory, folder: str) -> datetime | None:
    """Return when what lies in a folder was handed in, as nbgrader asks its `CourseDirectory`."""
    return submission_time(Path(folder))[0] if os.path.lexists(folder) else None


def of_student(api: NbGraderAPI, assignment: str, student: str) -> datetime | None:
    """Return when a student has handed an assignment in, as formgrader asks nbgrader's API."""
    course = api.coursedir
    folder = course.format_path(course.submitted_directory, student, assignment)
    return of_submission(course, folder)
