"""`autograder regrade ASSIGNMENT`: judge again what is in the gradebook, after a spec was mended.

Shows whose score changes, from what to what, and which parts of the exercise are the reason. With
`--dry-run` that is all; otherwise the new scores are recorded. A person's scores stay. What a
student has handed in since is not looked at: that is for `autograder grade`.
"""

import argparse
import textwrap
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograder.grading import open_course
from autograder.grading.open_course import chosen, counted, judging, opened, progress
from autograder.grading.sandbox import WITHOUT_SANDBOX

if TYPE_CHECKING:
    from autograder.grading.classroom import Graded
    from autograder.grading.gradebook import Recorder

WIDTH = 96
TOLERANCE = 1e-9
UNTOLD = ("key", "seconds", "flags", "unsafe")


@dataclass(frozen=True)
class Change:
    """One exercise of one student of which the automatic score changes.

    `before` is None where there was no such exercise, `after` where there is none any more;
    `manual` is a person's score, which stays; `reasons` say which parts turned out differently.
    """

    student: str
    exercise: str
    before: float | None
    after: float | None
    maximum: float
    manual: float | None
    reasons: tuple[str, ...]


@dataclass
class Regraded:
    """What came of a class: the changes, and of how many students nothing was to be said."""

    changes: list[Change]
    looked_at: int = 0
    reworded: int = 0
    newer: tuple[str, ...] = ()
    ungraded: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    unrecorded: tuple[str, ...] = ()  # names, each with the reason


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `autograder regrade` takes."""
    open_course.add_arguments(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would change, and record nothing"
    )


def run(arguments: argparse.Namespace) -> int:
    """Judge again, print what changes, and record it unless told not to."""
    print(described(regraded(arguments), dry=arguments.dry_run))
    if arguments.unsafe_no_sandbox:
        print(f"\n{WITHOUT_SANDBOX}")
    return 0


def regraded(arguments: argparse.Namespace) -> Regraded:
    """Judge again every submission that is in the gradebook; record unless it is a dry run."""
    with judging(arguments) as judge, opened(arguments) as recorder:
        students = chosen(recorder.classroom.students(), arguments.student, arguments.assignment)
        known, newer, ungraded = sorted_out(recorder, students)
        found = Regraded([], len(known), newer=tuple(newer), ungraded=tuple(ungraded))
        failed, unrecorded = [], []
        for number, (student, judged) in enumerate(judge(recorder.classroom, known), 1):
            graded = {
                notebook: recorder.classroom.stored(student, notebook, one.key, one.error)
                for notebook, one in judged.items()
            }
            errors = [one.error for one in judged.values() if one.error]
            if errors:  # what was judged before is better than nothing
                failed.append(f"{student} ({errors[0]})")
            elif not recorder.has_recorded(student, graded):
                try:
                    one = compared(recorder, student, graded, record=not arguments.dry_run)
                except Exception as error:  # of this student's names or files: the others go on
                    recorder.gradebook.db.rollback()
                    unrecorded.append(f"{student}: {type(error).__name__}: {error}"[:300])
                else:
                    found.changes += one.changes
                    found.reworded += one.reworded
            progress(f"{number} of {len(known)} judged again")
        progress("")
    found.changes.sort(key=lambda change: (change.student, change.exercise))
    found.failed, found.unrecorded = tuple(sorted(failed)), tuple(sorted(unrecorded))
    return found


def compared(
    recorder: "Recorder", student: str, graded: dict[str, "Graded"], *, record: bool
) -> Regraded:
    """Return what changes for one student, and record it if asked to."""
    changes = list(changes_of(recorder, student, graded))
    reworded = not changes and reads_differently(graded)
    if record:
        recorder.record(student, graded)
    return Regraded(changes, reworded=int(reworded))


def sorted_out(
    recorder: "Recorder", students: Sequence[str]
) -> tuple[list[str], list[str], list[str]]:
    """Return who is in the gradebook with what lies here, who with something else, and who not."""
    known: list[str] = []
    newer: list[str] = []
    ungraded: list[str] = []
    classroom = recorder.classroom
    for student in students:
        recorded = {
            name: classroom.results(student, name).recorded() for name in classroom.released
        }
        if not all(recorded.values()):
            ungraded.append(student)
            continue
        here = {name: classroom.take_in(student, name)[0].digest for name in recorded}
        same = all(recorded[name]["digest"] == digest for name, digest in here.items())
        (known if same else newer).append(student)
    return known, newer, ungraded


def reads_differently(graded: dict[str, "Graded"]) -> bool:
    """Say whether a student is told something else than before."""
    return any(told(recorded_result(one)) != told(one.result) for one in graded.values())


def told(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result without what no student reads."""
    return {name: value for name, value in result.items() if name not in UNTOLD}


def recorded_result(graded: "Graded") -> dict[str, Any]:
    """Return the result that was last entered in the gradebook, as far as it is still there."""
    return graded.results.load(graded.results.recorded()["key"]) or {"exercises": {}}


def changes_of(recorder: "Recorder", student: str, graded: dict[str, "Graded"]) -> Iterator[Change]:
    """Yield the exercises whose automatic score is another one than the gradebook's."""
    for notebook, one in graded.items():
        entry = recorder.gradebook.find_submission_notebook(
            notebook, recorder.classroom.assignment, student
        )
        old = recorded_result(one)
        grades = {grade.name: grade for grade in entry.grades if grade.cell.cell_type == "code"}
        for name in dict.fromkeys([*grades, *one.result["exercises"]]):
            before, after = old["exercises"].get(name), one.result["exercises"].get(name)
            if before is None and after is None:
                continue  # graded by hand
            grade = grades.get(name)
            score = grade.auto_score if grade else None
            score_after = after["points"] if after else None
            if same_score(score, score_after):
                continue
            yield Change(
                student,
                (after or before)["identifier"],
                score,
                score_after,
                (after or before)["maximum"],
                grade.manual_score if grade else None,
                tuple(reasons(before, after)),
            )


def same_score(before: float | None, after: float | None) -> bool:
    """Say whether two scores are the same, but for the last digits of a sum."""
    if before is None or after is None:
        return before is after
    return abs(before - after) < TOLERANCE


def reasons(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Iterator[str]:
    """Yield what the two results of an exercise differ in, part by part, in words."""
    if after is None:
        yield "the exercise is not in the released notebook any more"
        return
    new = after["result"]
    if before is None:
        old: dict[str, Any] = {"parts": [], "note": ""}
    else:
        old = before["result"]
        if before["maximum"] != after["maximum"]:
            yield f"the exercise counts {after['maximum']:g} points, not {before['maximum']:g}"
    if new["note"] and new["note"] != old["note"]:
        yield new["note"]
    parts = {part["name"]: part for part in old["parts"]}
    for part in new["parts"]:
        yield from _reasons_of_part(parts.pop(part["name"], None), part)
    for name in parts:
        yield f"{name}: not judged any more"


def _reasons_of_part(before: dict[str, Any] | None, after: dict[str, Any]) -> Iterator[str]:
    name, said = after["name"], _said(after)
    if before is None:
        yield f"{name}: judged now, and {'passed' if after['passed'] else f'failed{said}'}"
    elif before["passed"] and not after["passed"]:
        yield f"{name}: passed before, fails now{said}"
    elif after["passed"] and not before["passed"]:
        yield f"{name}: passes now; before{_said(before) or ' it failed'}"
    elif before["points"] != after["points"]:
        yield f"{name}: counts {after['points']:g} points, not {before['points']:g}"


def _said(part: dict[str, Any]) -> str:
    """Return what a student was told of a part that failed, after a colon."""
    said = "; ".join(text for text in (part["message"], part["hint"]) if text)
    return f": {said}" if said else ""


def described(found: Regraded, *, dry: bool) -> str:
    """Lay out what changes: a table of the exercises, then each student with the reasons."""
    would = "would change" if dry else "changed"
    students = {change.student for change in found.changes}
    lines = [f"{counted(len(students), 'score')} of {found.looked_at} {would}."]
    if found.changes:
        lines += ["", _by_exercise(found.changes), ""]
        for change in found.changes:
            lines += _change_in_words(change)
        lines.append("")
    if found.reworded:
        told = "would read" if dry else ("reads" if found.reworded == 1 else "read")
        lines.append(f"{counted(found.reworded, 'report')} {told} differently at the same score.")
    for names, what in (
        (found.newer, "handed in again since; `autograder grade` is for that"),
        (found.ungraded, "not graded yet; `autograder grade` is for that"),
        (found.failed, "left as it was, since the grader failed"),
    ):
        if names:
            lines.append(f"{', '.join(names)}: {what}.")
    lines += [f"NOT RECORDED, mend this and regrade: {reason}" for reason in found.unrecorded]
    if found.changes and dry:
        lines.append("Nothing was recorded. Without --dry-run the new scores are.")
    return _printable(lines)


def _by_exercise(changes: Sequence[Change]) -> str:
    from tabulate import tabulate

    grouped: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        grouped[change.exercise].append(change)
    rows = []
    for exercise, of_it in sorted(grouped.items()):
        differences = [(change.after or 0.0) - (change.before or 0.0) for change in of_it]
        up, down = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
        rows.append((exercise, up, down, sum(change.manual is not None for change in of_it)))
    return tabulate(
        rows, ("exercise", "up", "down", "of these scored by hand"), "simple", disable_numparse=[0]
    )


def _change_in_words(change: Change) -> list[str]:
    before, after = ("none" if s is None else f"{s:g}" for s in (change.before, change.after))
    line = f"{change.student}  {change.exercise}  {before} -> {after} of {change.maximum:g}"
    if change.manual is not None:
        line += f"  (a person gave {change.manual:g}, which stays)"
    lines = [line]
    for reason in change.reasons:
        lines += textwrap.wrap(
            " ".join(reason.split()), WIDTH, initial_indent="    ", subsequent_indent="      "
        )
    return lines


def _printable(lines: Sequence[str]) -> str:
    # a student's exception may be among them, and control characters make a terminal do things
    text = "\n".join(lines)
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)
