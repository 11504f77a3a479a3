"""Where a class stands in an assignment: what the gradebook and the stored results say together."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nbgrader.api import MissingEntry

from autograder.checking.judge import ExerciseResult, PartResult
from autograder.grading.harmless_text import printed
from autograder.grading.intake import grade_id_of
from autograder.instructor.lateness import final_score

if TYPE_CHECKING:
    from autograder.grading.gradebook import Recorder


@dataclass(frozen=True)
class ExerciseStanding:
    """One student's answer to one exercise: its source, points, result and notes."""

    points: float
    maximum: float
    result: ExerciseResult
    source: str
    notes: tuple[str, ...]

    @property
    def state(self) -> str:
        """One of `full`, `part`, `zero` and `not written`."""
        if not self.result.written:
            return "not written"
        if self.points >= self.maximum:
            return "full"
        return "part" if self.points > 0 else "zero"


@dataclass(frozen=True)
class StudentStanding:
    """One student's submission. `score` is the gradebook's, written answers included, `taken` off.

    `taken` are the points that lateness cost, `seconds_late` how late it was.
    `waiting` names the cells that a person has to grade, `causes` what the grader could not decide.
    """

    student: str
    score: float
    maximum: float
    exercises: Mapping[str, ExerciseStanding]
    waiting: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    taken: float = 0.0
    seconds_late: float = 0.0
    seconds: float = 0.0
    unsafe: bool = False

    @property
    def hints(self) -> set[tuple[str, str]]:
        """The misconceptions held: exercise and hint."""
        return {
            (identifier, hint)
            for identifier, exercise in self.exercises.items()
            for hint in exercise.result.hints
        }


@dataclass(frozen=True)
class ClassStanding:
    """A class in one assignment; `missing` are those in the gradebook who handed in nothing."""

    course: str
    assignment: str
    students: Sequence[StudentStanding]
    missing: Sequence[str] = field(default_factory=list)
    ungraded: Sequence[str] = field(default_factory=list)

    @cached_property
    def scores(self) -> list[float]:
        """The scores, in the order of the students."""
        return [student.score for student in self.students]

    @property
    def maximum(self) -> float:
        """The most that can be had."""
        return max((student.maximum for student in self.students), default=0.0)

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """The scores below which a quarter, half and three quarters of the class lie."""
        if len(self.scores) == 1:
            return (self.scores[0],) * 3
        first, second, third = statistics.quantiles(self.scores, n=4, method="inclusive")
        return first, second, third

    @cached_property
    def exercises(self) -> dict[str, list[ExerciseStanding]]:
        """What the class answered to each exercise, in the order of the notebook."""
        found: dict[str, list[ExerciseStanding]] = defaultdict(list)
        for student in self.students:
            for identifier, exercise in student.exercises.items():
                found[identifier].append(exercise)
        return dict(found)

    def parts(self, identifier: str) -> list[tuple[str, float]]:
        """Return the parts of an exercise, each with the share of those that wrote it who pass."""
        passed: dict[str, list[bool]] = defaultdict(list)
        for exercise in self.exercises[identifier]:
            if exercise.state == "not written":
                continue
            for part in exercise.result.parts:
                passed[part.name].append(part.passed)
        return [(name, statistics.fmean(several)) for name, several in passed.items()]

    @cached_property
    def misconceptions(self) -> list[tuple[str, str, list[str]]]:
        """Exercise, hint and the students who hold it, the most frequent first."""
        holders: dict[tuple[str, str], list[str]] = defaultdict(list)
        for student in self.students:
            for held in student.hints:
                holders[held].append(student.student)
        return sorted(
            ((exercise, hint, sorted(names)) for (exercise, hint), names in holders.items()),
            key=lambda row: (-len(row[2]), row[0], row[1]),
        )

    @cached_property
    def unexplained(self) -> list[tuple[str, PartResult, int]]:
        """Exercise, a part that fails without a known misconception, and for how many."""
        counts: Counter[tuple[str, str]] = Counter()
        example: dict[tuple[str, str], PartResult] = {}
        for student in self.students:
            for identifier, exercise in student.exercises.items():
                for part in exercise.result.parts:
                    # where there is a note, it concerns all of the exercise and says why
                    explained = part.passed or part.hint or exercise.result.note
                    if part.written and not explained:
                        counts[identifier, part.name] += 1
                        example.setdefault((identifier, part.name), part)
        return [(key[0], example[key], count) for key, count in counts.most_common()]


def standing_of(recorder: "Recorder") -> ClassStanding:
    """Gather where the class of an opened assignment stands."""
    classroom, gradebook = recorder.classroom, recorder.gradebook
    students = []
    ungraded = [printed(name) for name in classroom.refused()]
    handed_in = classroom.students()
    for student in handed_in:
        try:
            submission = gradebook.find_submission(classroom.assignment, student)
        except MissingEntry:
            ungraded.append(student)
            continue
        students.append(_student(recorder, student, submission))
    known = {entry.id for entry in gradebook.students}
    return ClassStanding(
        recorder.coursedir.course_id,
        classroom.assignment,
        students,
        sorted(known - set(handed_in)),
        ungraded,
    )


def _student(recorder: "Recorder", student: str, submission: Any) -> StudentStanding:
    exercises: dict[str, ExerciseStanding] = {}
    causes: list[str] = []
    flags: list[str] = []
    seconds, unsafe = 0.0, False
    for name in recorder.classroom.released:
        results = recorder.classroom.results(student, name)
        result = results.load(results.recorded().get("key", ""))
        if result is None:
            causes.append(f"{name}: its result is not stored; grade it again")
            continue
        exercises |= _exercises(result)
        flags += result["flags"]
        seconds += result["seconds"]
        unsafe |= result["unsafe"]
        causes += [f"{name}: {result['problem']}"] if result["problem"] else []
        causes += [f"{name}: nothing handed in"] if result["missing"] else []
    waiting = [
        grade.name
        for notebook in submission.notebooks
        for grade in notebook.grades
        if grade.needs_manual_grade
    ]
    score = final_score(submission)
    return StudentStanding(
        student,
        score,
        submission.max_score,
        exercises,
        tuple(waiting),
        tuple(causes),
        tuple(flags),
        submission.score - score,
        submission.total_seconds_late,
        seconds,
        unsafe,
    )


def _exercises(result: dict[str, Any]) -> dict[str, ExerciseStanding]:
    sources = {grade_id_of(cell): cell.source for cell in result["notebook"].cells}
    return {
        exercise["identifier"]: ExerciseStanding(
            exercise["points"],
            exercise["maximum"],
            ExerciseResult.from_plain(exercise["result"]),
            sources.get(exercise["answer_id"], ""),
            tuple(exercise["notes"]),
        )
        for exercise in result["exercises"].values()
    }
