"""Judge: runs a notebook up to each grade cell and there puts the exercise's calls to the function.

A grade cell itself is never run. Its place in the notebook counts, since a later cell may use the
function's name for something else.
"""

import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from autograder.checking import report
from autograder.checking.cases import ExerciseCases
from autograder.checking.judge import ExerciseResult, judge, unanswered
from autograder.checking.one_thread import one_thread
from autograder.course.filled_notebooks import CHECK
from autograder.grading.cell_outputs import output_of
from autograder.grading.forbidden_calls import forbidden_calls
from autograder.grading.harmless_markup import inert_markdown
from autograder.grading.inside.limits import Limits
from autograder.grading.intake import (
    DELETED,
    Submission,
    grade_id_of,
    takes_answer,
)
from autograder.grading.run_notebook import NotebookRun, Oracle
from autograder.grading.sandbox import WITHOUT_SANDBOX, Sandbox
from autograder.spec.drawn_cases import draw_cases
from autograder.specs import find

SLOW_FACTOR = 3.0  # a call may take so many times what `check` allows, on a machine that is busy
SUMMARY = "check_all()"
NOT_A_CHECK = "This cell is no check of an exercise, so it is not run: grade it by hand.\n"


@dataclass(frozen=True)
class Seeds:
    """Where the hidden inputs of one submission come from: nobody knows them beforehand."""

    key: bytes

    @classmethod
    def of(cls, secret: bytes, student: str, digest: str) -> "Seeds":
        """Return the seeds of one student's submission in a course with this secret.

        The submission counts too: what one attempt might spy out of its own inputs is no help to
        the next. The same submission graded again gets the same inputs.
        """
        text = "\0".join((student, digest)).encode(errors="replace")
        return cls(hmac.digest(secret, text, "sha256"))

    def text(self, identifier: str) -> str:
        """Return the seed of an exercise."""
        return hmac.digest(self.key, identifier.encode(), "sha256").hex()

    def number(self) -> int:
        """Return the seed of the notebook's own random numbers."""
        return int(self.text("the notebook itself")[:7], 16)


def judge_submission(
    submission: Submission, seeds: Seeds, sandbox: Sandbox, limits: Limits
) -> dict[str, Any]:
    """Return what came of a submission, as plain data that JSON can hold."""
    if submission.problem or submission.missing:
        return not_judged(submission, unsafe=sandbox.unsafe)
    started = time.monotonic()
    notebook = submission.notebook
    sources = [cell.source for cell in notebook.cells]
    run = NotebookRun(sandbox, sources, submission.beside, limits, seeds.number())
    with one_thread(), run:
        timed = _timed_cases(notebook, sandbox, seeds)
        exercises = _judged(notebook, run, seeds, timed)
        _show_outputs(notebook, run)
    return _result(submission, exercises, sandbox.unsafe, time.monotonic() - started)


def not_judged(submission: Submission, *, unsafe: bool) -> dict[str, Any]:
    """Return the result of what cannot be run: a zero, which a person may have to look at."""
    why = submission.notes[""][0]
    checks = filter(is_check, submission.notebook.cells)
    return _result(submission, [_not_judged(cell, why) for cell in checks], unsafe, 0.0)


def _result(
    submission: Submission, exercises: list[dict[str, Any]], unsafe: bool, seconds: float
) -> dict[str, Any]:
    notebook = nbformat.from_dict(submission.notebook)
    by_id = {exercise["grade_id"]: exercise for exercise in exercises}
    comments = {grade_id: list(texts) for grade_id, texts in submission.notes.items()}
    for exercise in exercises:
        if exercise["notes"]:
            comments.setdefault(exercise["answer_id"], []).extend(exercise["notes"])
    for cell in notebook.cells:
        if is_check(cell):
            cell.outputs = _shown(by_id[grade_id_of(cell)], unsafe)
    # with ids of their own making, so that the same submission gives the same bytes again
    notebook.cells[:0] = [
        new_markdown_cell(f"**Note:** {inert_markdown(note)}", id=f"note-{number}")
        for number, note in enumerate(comments.get("", []))
    ]
    return {
        "exercises": by_id,
        "comments": comments,
        "flags": [
            f"{exercise['identifier']}: {flag}"
            for exercise in exercises
            for flag in exercise["flags"]
        ],
        "asks": [
            exercise["grade_id"]
            for exercise in exercises
            if {exercise["grade_id"], exercise["answer_id"]} & submission.asks
        ],
        "problem": submission.problem,
        "missing": submission.missing,
        "unsafe": unsafe,
        "seconds": seconds,
        "notebook": notebook,
    }


def is_check(cell: NotebookNode) -> bool:
    """Say whether a cell is one that the grader scores: a locked check of one exercise."""
    return is_grade_cell(cell) and CHECK.fullmatch(cell.source.strip()) is not None


def is_grade_cell(cell: NotebookNode) -> bool:
    """Say whether a cell is graded code that is not an answer; such a cell is never run."""
    nbgrader = cell.get("metadata", {}).get("nbgrader", {})
    return cell.cell_type == "code" and bool(nbgrader.get("grade")) and not takes_answer(cell)


def _timed_cases(
    notebook: NotebookNode, sandbox: Sandbox, seeds: Seeds
) -> dict[str, ExerciseCases]:
    """Return the cases of the exercises that ask for speed too, by their identifiers.

    They are drawn, and their baselines timed, before anything of the student's runs: what a
    notebook leaves at work must not slow what its functions are compared with.
    """
    named = [CHECK.fullmatch(cell.source.strip()) for cell in notebook.cells if is_check(cell)]
    specs = [find(found["identifier"]) for found in named]
    timed = [spec for spec in specs if any(part.speed is not None for part in spec.parts)]
    if timed:
        sandbox.wait_until_quiet()
    return {spec.identifier: draw_cases(spec, seeds.text(spec.identifier)) for spec in timed}


def _judged(
    notebook: NotebookNode, run: NotebookRun, seeds: Seeds, timed: Mapping[str, ExerciseCases]
) -> list[dict[str, Any]]:
    """Run the notebook's cells and judge at each grade cell."""
    exercises: list[dict[str, Any]] = []
    since_last: list[int] = []
    answer: NotebookNode | None = None
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        if is_check(cell):
            exercise = _judge_exercise(cell, run, seeds, timed, since_last)
            exercise["answer_id"] = grade_id_of(answer) if answer is not None else ""
            exercise["flags"] = [] if answer is None else _flags(exercise, answer.source)
            exercises.append(exercise)
            since_last, answer = [], None
        elif is_grade_cell(cell):
            run.outputs[place] = [output_of("stream", name="stdout", text=NOT_A_CHECK)]
        elif cell.source.strip() == SUMMARY:
            results = [ExerciseResult.from_plain(exercise["result"]) for exercise in exercises]
            run.outputs[place] = [_display(report.summary_as_html, report.summary_as_text, results)]
        elif cell.source.strip() and not cell.id.startswith(DELETED):
            run.run_cell(place)
            since_last.append(place)
            answer = cell if takes_answer(cell) else answer
    return exercises


def _judge_exercise(
    cell: NotebookNode,
    run: NotebookRun,
    seeds: Seeds,
    timed: Mapping[str, ExerciseCases],
    since_last: list[int],
) -> dict[str, Any]:
    named = CHECK.fullmatch(cell.source.strip())
    spec = find(named["identifier"])
    cases = timed.get(spec.identifier) or draw_cases(spec, seeds.text(spec.identifier))
    oracle = Oracle(run, named["function"], cases, SLOW_FACTOR * cases.seconds)
    # a judge that stumbles over an answer must not stop the notebook
    try:
        result = judge(cases, oracle)
    except Exception as error:
        result = unanswered(cases, f"its answer cannot be judged: {type(error).__name__}")
    run.end_exercise()
    notes = [
        f"A cell above this check never came to its end ({run.ended[place]}), so it counts as if "
        "it were not there."
        for place in since_last
        if place in run.ended
    ]
    if not oracle.defined:
        why = [f"{run.raised[place]} in its cell" for place in since_last if run.raised.get(place)]
        because = f" ({why[-1]})" if why else ""
        result = unanswered(cases, f"there is no function {named['function']}{because}")
    for answer in oracle.stopped[:1]:
        notes.append(f"While {named['function']} was tried, {_what_happened(answer)}.")
    if oracle.slowest > cases.seconds:
        notes.append(
            f"A call took {oracle.slowest:.1f} s. More than {cases.seconds:g} s is slow; from "
            f"{oracle.hard_seconds:g} s on it scores nothing."
        )
    return _scored(cell, result, notes)


def _scored(cell: NotebookNode, result: ExerciseResult, notes: list[str]) -> dict[str, Any]:
    points = float(cell.metadata.nbgrader.points)
    share = result.points / result.maximum if result.maximum else 0.0
    return {
        "grade_id": grade_id_of(cell),
        "answer_id": "",
        "identifier": result.identifier,
        "points": min(max(share, 0.0), 1.0) * points,
        "maximum": points,
        "result": result.to_plain(),
        "notes": notes,
        "flags": [],
    }


def _not_judged(cell: NotebookNode, why: str) -> dict[str, Any]:
    named = CHECK.fullmatch(cell.source.strip())
    return _scored(cell, ExerciseResult(named["identifier"], (), why), [])


def _what_happened(answer: Any) -> str:
    seconds = getattr(answer, "seconds", None)
    return f"no answer came within {seconds:g} s" if seconds is not None else answer.cause


def _flags(exercise: dict[str, Any], source: str) -> list[str]:
    return forbidden_calls(source, find(exercise["identifier"]).forbidden)


def _show_outputs(notebook: NotebookNode, run: NotebookRun) -> None:
    count = 0
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            cell.outputs = run.outputs.get(place, [])
            count += place in run.outputs
            cell.execution_count = count if place in run.outputs else None


def _shown(exercise: dict[str, Any], unsafe: bool) -> list[NotebookNode]:
    """Return the outputs of a grade cell: the report, and the points as nbgrader reads them."""
    result = ExerciseResult.from_plain(exercise["result"])
    notes = [*exercise["notes"], *([WITHOUT_SANDBOX] if unsafe else [])]
    shown = _display(report.as_html, report.as_text, result)
    if notes:
        paragraphs = "".join(f"<p>{escape(note)}</p>" for note in notes)
        shown.data["text/html"] += f'<div class="{report.CLASSES}">{paragraphs}</div>'
        shown.data["text/plain"] += "".join(f"\n  {note}" for note in notes)
    points = {"text/plain": repr(round(exercise["points"], 6))}
    return [shown, output_of("execute_result", data=points, execution_count=None)]


def _display(
    as_html: Callable[[Any], str], as_text: Callable[[Any], str], result: Any
) -> NotebookNode:
    # formgrader's pages and the feedback are light, whatever the system prefers
    html = f'<div data-jp-theme-light="true">{as_html(result)}</div>'
    data = {"text/html": html, "text/plain": as_text(result)}
    return output_of("display_data", data=data)
