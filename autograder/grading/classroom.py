"""Where things of a course are, and the grading of one submission in it."""

import atexit
import dataclasses
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory

from autograder.course.secret import course_secret
from autograder.errors import UserError
from autograder.grading.inside.limits import Limits
from autograder.grading.intake import Submission, take_in
from autograder.grading.judge_notebook import Seeds, judge_submission, not_judged
from autograder.grading.sandbox import Sandbox
from autograder.grading.stored_results import Results, result_key
from autograder.grading.students_folders import STUDENT, folder_of, students_in


@dataclass(frozen=True)
class Classroom:
    """One assignment of a course. `released` are its notebooks by name."""

    root: Path
    submitted: str
    autograded: str
    assignment: str
    secret: bytes
    released: dict[str, NotebookNode]
    limits: Limits
    unsafe: bool

    @classmethod
    def of(cls, course: CourseDirectory, assignment: str, *, unsafe: bool = False) -> "Classroom":
        """Return the classroom of a course as nbgrader has configured it.

        Raises:
            UserError: the assignment was not released, or the secret is missing.
        """
        root, settings = Path(course.root), course.config.RunAndJudge
        folder = Path(course.format_path(course.release_directory, ".", assignment))
        released = {
            path.stem: nbformat.read(path, as_version=4) for path in sorted(folder.glob("*.ipynb"))
        }
        if not released:
            raise UserError(
                f"no notebook in {folder}; first run: nbgrader generate_assignment {assignment}"
            )
        return cls(
            root,
            folder_of(course, course.submitted_directory, assignment),
            folder_of(course, course.autograded_directory, assignment),
            assignment,
            course_secret(root),
            released,
            limits_of(settings.get("limits") or {}),
            unsafe or bool(settings.get("unsafe")),
        )

    def submitted_folder(self, student: str) -> Path:
        """Return where a student's submission lies."""
        return Path(self.submitted.replace(STUDENT, student))

    def autograded_folder(self, student: str) -> Path:
        """Return where a student's graded notebooks lie."""
        return Path(self.autograded.replace(STUDENT, student))

    def students(self) -> list[str]:
        """Return the students of whom there is a folder for this assignment."""
        return students_in(self.submitted)[0]

    def refused(self) -> dict[str, str]:
        """Return the folders whose names can be no student's, each with the reason."""
        return students_in(self.submitted)[1]

    def results(self, student: str, notebook: str) -> Results:
        """Return the stored results of one student's notebook."""
        return Results(self.root, self.assignment, student, notebook)

    def take_in(self, student: str, notebook: str) -> tuple[Submission, Seeds, str]:
        """Return a submission, its seeds, and the key of its result."""
        released = self.released[notebook]
        others = self.released.keys() - {notebook}
        submission = take_in(self.submitted_folder(student), notebook, released, others)
        seeds = Seeds.of(self.secret, student, submission.digest)
        how = repr((self.limits, self.unsafe))
        return submission, seeds, result_key(submission, seeds, released, how)

    def graded(self, student: str, notebook: str, sandbox: Sandbox | None = None) -> "Graded":
        """Return the result of a submission: the one that is stored, or a new one, then stored."""
        submission, seeds, key = self.take_in(student, notebook)
        results = self.results(student, notebook)
        result = results.load(key)
        if result is None:
            results.keep_original(submission)
            results.keep_others(submission, self.submitted_folder(student))
            sandbox = sandbox or standing_sandbox(self.unsafe)
            result = judge_submission(submission, seeds, sandbox, self.limits)
            results.store(key, result)
        return Graded(submission, key, result, results, self.submitted_folder(student))

    def judge_released(self, sandbox: Sandbox) -> None:
        """Run and judge the notebooks as they were released, which nobody has handed in."""
        for notebook in self.released.values():
            judge_submission(Submission(b"", notebook), Seeds(b""), sandbox, self.limits)

    def stored(self, student: str, notebook: str, key: str, error: str = "") -> "Graded":
        """Return a result that a worker has stored, or one for a person to look at.

        There is none if grading failed, or if another file was handed in at that very moment.
        """
        submission, _, current = self.take_in(student, notebook)
        results = self.results(student, notebook)
        result = results.load(key) if key == current else None
        if result is None:
            why = f"the grader failed: {error or 'another file was handed in while it ran'}"
            submission = dataclasses.replace(submission, problem=why, notes={"": (why,)})
            result = not_judged(submission, unsafe=self.unsafe)
        return Graded(submission, key, result, results, self.submitted_folder(student))


@dataclass(frozen=True)
class Graded:
    """A submission with its result, and where both are kept: results, and what was handed in."""

    submission: Submission
    key: str
    result: dict[str, Any]
    results: Results
    submitted: Path


def limits_of(settings: dict[str, Any]) -> Limits:
    """Return the limits with those that the course's settings set."""
    known = {field.name: getattr(Limits(), field.name) for field in dataclasses.fields(Limits)}
    for name, value in settings.items():
        if name not in known:
            raise UserError(f"RunAndJudge.limits knows {', '.join(known)}, and no {name!r}")
        whole = isinstance(known[name], int)
        if type(value) not in ((int,) if whole else (int, float)) or not value > 0:
            kind = "a whole number" if whole else "a number"
            raise UserError(f"RunAndJudge.limits: {name} should be {kind} above 0, not {value!r}")
    return Limits(**settings)


@functools.cache
def standing_sandbox(unsafe: bool) -> Sandbox:
    """Return the sandbox that stands as long as this process does."""
    sandbox = Sandbox(unsafe=unsafe)
    sandbox.begin()
    atexit.register(sandbox.stop)
    sandbox.wait_until_ready()
    return sandbox
