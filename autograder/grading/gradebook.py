"""Record: into nbgrader's gradebook, by its own preprocessors or by `autograder grade`.

The same three steps are nbgrader's when it is `nbgrader autograde` or formgrader that grades:
`Intake` builds the notebook anew, `RunAndJudge` takes the place of its execution, `RecordGrades`
that of its reading of scores from outputs.
"""

import contextlib
import functools
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    Execute,
    NbGraderPreprocessor,
    SaveAutoGrades,
)
from traitlets import Bool, Dict

from autograder.grading.classroom import Classroom, Graded
from autograder.grading.harmless_markup import inert_markdown, is_harmless_file
from autograder.grading.intake import NBGRADERS, Submission, grade_id_of, takes_answer
from autograder.grading.judge_notebook import is_check
from autograder.grading.regular_files import UnreadableError, read_regular_file
from autograder.grading.stored_results import Results, write_whole
from autograder.grading.timestamps import LONGEST_OF_NBGRADERS, submission_time

Resources = dict[str, Any]


class Intake(NbGraderPreprocessor):
    """Puts the rebuilt notebook in the place of the one that nbgrader has read."""

    def preprocess(
        self, notebook: NotebookNode, resources: Resources
    ) -> tuple[NotebookNode, Resources]:
        """Return the notebook built anew; what nbgrader has read of it is not looked at."""
        names = resources["nbgrader"]
        classroom = Classroom.of(CourseDirectory(config=self.config), names["assignment"])
        submission, _, _ = classroom.take_in(names["student"], names["notebook"])
        return submission.notebook, resources


class RunAndJudge(Execute):
    """Takes the place of execution: the notebook runs in the sandbox and is judged outside."""

    limits = Dict({}, help="What a submission may use, by the names in Limits.").tag(config=True)
    unsafe = Bool(False, help="Grade without a sandbox. Scores may then be forged.").tag(
        config=True
    )

    def preprocess(
        self, notebook: NotebookNode, resources: Resources
    ) -> tuple[NotebookNode, Resources]:
        """Return the notebook with the outputs of the run and the reports of the judge."""
        names = resources["nbgrader"]
        classroom = Classroom.of(CourseDirectory(config=self.config), names["assignment"])
        graded = classroom.graded(names["student"], names["notebook"])
        resources["graded"] = graded
        remove_active_files(classroom.autograded_folder(names["student"]))
        return graded.result["notebook"], resources


class RecordGrades(SaveAutoGrades):
    """Enters the scores of the judge in the gradebook."""

    def preprocess(
        self, notebook: NotebookNode, resources: Resources
    ) -> tuple[NotebookNode, Resources]:
        """Enter the scores and notes; the notebook stays as it is."""
        names, graded = resources["nbgrader"], resources["graded"]
        with Gradebook(names["db_url"]) as gradebook:
            entry = gradebook.find_submission_notebook(
                names["notebook"], names["assignment"], names["student"]
            )
            enter(entry, graded)
            _, doubtful = submission_time(graded.submitted)
            entry.flagged = entry.flagged or doubtful
            gradebook.db.commit()
        graded.results.set_recorded(graded.key, graded.submission.digest)
        return notebook, resources


class Recorder(Autograde):
    """nbgrader's autograder for what it would stumble over: it takes results, not files.

    There is an entry for every student who has a folder, whatever is in it.
    """

    classroom: Classroom
    gradebook: Gradebook

    def has_entry(self, student: str) -> bool:
        """Say whether there is anything of a student's in the gradebook for this assignment."""
        try:
            self.gradebook.find_submission(self.classroom.assignment, student)
        except MissingEntry:
            return False
        return True

    def has_recorded(self, student: str, graded: Mapping[str, Graded]) -> bool:
        """Say whether these very results are in the gradebook, and the notebooks written."""
        target = self.classroom.autograded_folder(student)
        return self.has_entry(student) and all(
            one.results.recorded().get("key") == one.key and (target / f"{name}.ipynb").exists()
            for name, one in graded.items()
        )

    def record(self, student: str, graded: Mapping[str, Graded]) -> None:
        """Enter the results of a student's notebooks, and write what feedback is made from.

        Everything of one student is committed at once.
        """
        classroom = self.classroom
        submitted = classroom.submitted_folder(student)
        self.gradebook.update_or_create_student(student)
        timestamp, doubtful = submission_time(submitted)
        submission = self.gradebook.update_or_create_submission(
            classroom.assignment, student, timestamp=timestamp
        )
        write_notebooks(classroom.autograded_folder(student), submitted, graded)
        for entry in submission.notebooks:
            if entry.name in graded:
                enter(entry, graded[entry.name])
                entry.flagged = entry.flagged or doubtful
        self.gradebook.db.commit()
        self._assign_penalties(submission, graded)
        for one in graded.values():
            one.results.set_recorded(one.key, one.submission.digest)

    def record_time(self, student: str, graded: Mapping[str, Graded]) -> None:
        """Enter when a student handed in, and what that costs: both may change by themselves.

        The same file may be handed in again, and an assignment be due at another time.
        """
        submission = self.gradebook.find_submission(self.classroom.assignment, student)
        timestamp, _ = submission_time(self.classroom.submitted_folder(student))
        if submission.timestamp != timestamp:
            submission.timestamp = timestamp
            self.gradebook.db.commit()
        self._assign_penalties(submission, graded)

    def lateness(self, student: str) -> str:
        """Say in a few words that a student was late, and what it costs; "" for who was not."""
        submission = self.gradebook.find_submission(self.classroom.assignment, student)
        if submission.total_seconds_late <= 0:
            return ""
        penalty = sum(entry.late_submission_penalty or 0 for entry in submission.notebooks)
        return f"late, {penalty:g} points off" if penalty else "late"

    def is_stranger(self, student: str) -> bool:
        """Say whether a student has no name, in a class that was entered with names."""
        return self.class_has_names and not named(self.gradebook.find_student(student))

    @functools.cached_property
    def class_has_names(self) -> bool:
        """Whether names or addresses of students were entered in the gradebook."""
        return any(map(named, self.gradebook.students))

    def _assign_penalties(
        self, submission: SubmittedAssignment, graded: Mapping[str, Graded]
    ) -> None:
        """Let nbgrader take points off, or give them back, where that can make a difference."""
        penalized = any(entry.late_submission_penalty for entry in submission.notebooks)
        if submission.total_seconds_late <= 0 and not penalized:
            return
        for name, one in graded.items():
            names = {
                "student": submission.student.id,
                "assignment": self.classroom.assignment,
                "notebook": name,
                "db_url": self.coursedir.db_url,
            }
            penalties = AssignLatePenalties(parent=self)
            penalties.preprocess(one.result["notebook"], {"nbgrader": names})


def named(student: Student) -> bool:
    """Say whether the gradebook has a name or an address of a student."""
    return bool(student.first_name or student.last_name or student.email)


def enter(entry: SubmittedNotebook, graded: Graded) -> None:
    """Enter one result in the gradebook's entry of a submitted notebook.

    A person's scores stay when the same submission is graded again. Those of an earlier submission
    are archived, and their cells wait for a person.
    """
    result, results = graded.result, graded.results
    before = results.recorded()
    is_new = bool(before) and before.get("digest") != graded.submission.digest
    if is_new:
        set_aside_persons_work(entry, results)
    reviewed = results.archived_cells(before.get("digest", "")) if is_new else set()
    asked = {*reviewed, *result["asks"]}
    cells = {grade_id_of(cell): cell for cell in result["notebook"].cells}
    for grade in entry.grades:
        score = automatic_score(cells.get(grade.name), grade.name, result)
        changed = score != grade.auto_score
        grade.auto_score = score
        if grade.manual_score is None:
            grade.needs_manual_grade = (
                score is None or bool(result["problem"]) or grade.name in asked
            )
        elif changed:
            grade.needs_manual_grade = True
    for comment in entry.comments:
        notes = result["comments"].get(comment.name, [])
        comment.auto_comment = inert_markdown("\n\n".join(notes)) or None
    if result["flags"] or result["problem"] or result["asks"]:
        entry.flagged = True


def automatic_score(cell: NotebookNode | None, name: str, result: dict[str, Any]) -> float | None:
    """Return what a cell scores without a person, or None if that is for a person to say."""
    if name in result["exercises"]:
        return float(result["exercises"][name]["points"])
    if result["problem"] or result["missing"] or cell is None:
        return 0.0
    if takes_answer(cell) and not is_check(cell):
        unchanged = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
        return 0.0 if unchanged and not utils.is_task(cell) else None
    return None


def set_aside_persons_work(entry: SubmittedNotebook, results: Results) -> None:
    """Archive scores and comments that were given to an earlier submission."""
    grades = [
        {"cell": grade.name, "score": grade.manual_score, "extra_credit": grade.extra_credit}
        for grade in entry.grades
        if grade.manual_score is not None or grade.extra_credit is not None
    ]
    comments = [
        {"cell": comment.name, "comment": comment.manual_comment}
        for comment in entry.comments
        if comment.manual_comment is not None
    ]
    if not grades and not comments:
        return
    results.archive(
        {
            "archived": datetime.now(UTC).isoformat(timespec="seconds"),
            "digest": results.recorded().get("digest"),
            "grades": grades,
            "comments": comments,
        }
    )
    for grade in entry.grades:
        grade.manual_score = grade.extra_credit = None
    for comment in entry.comments:
        comment.manual_comment = None


def remove_active_files(folder: Path) -> None:
    """Remove what nbgrader has copied and formgrader might show as a page of its own."""
    for path in folder.rglob("*"):
        if not path.is_dir() and not is_harmless_file(path.name):
            path.unlink()


def write_notebooks(target: Path, submitted: Path, graded: Mapping[str, Graded]) -> None:
    """Write the graded notebooks of a student where nbgrader looks for them."""
    if target.exists():
        shutil.rmtree(target)
    write_beside(target, submitted, [one.submission for one in graded.values()])
    for name, one in graded.items():
        write_whole(target / f"{name}.ipynb", json.dumps(one.result["notebook"]).encode())
    for parent, _, files in os.walk(target):
        for file in files:
            os.chmod(Path(parent, file), 0o444)


def write_beside(target: Path, submitted: Path, submissions: Sequence[Submission]) -> None:
    """Write what was handed in beside the notebooks, as far as no page could be made of it."""
    for submission in submissions:
        for beside, content in submission.beside.items():
            # another notebook nbgrader would take for one of the assignment's
            if is_harmless_file(beside) and not beside.endswith(".ipynb"):
                write_whole(target / beside, content)
    for name in NBGRADERS:
        with contextlib.suppress(UnreadableError):
            write_whole(target / name, read_regular_file(submitted / name, LONGEST_OF_NBGRADERS))
