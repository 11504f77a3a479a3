"""`autograder grade` beside stock `nbgrader autograde`, on the same class in the same run.

The class is honest: a fifth has everything right, a fifth has handed in the notebook as it was
released, and the others hold one misconception or another. Stock nbgrader runs each notebook in a
kernel of its own, one after the other; the same `check` judges in both, and the scores must agree.

    python -m benchmarks.grading [--submissions 60] [--growth 1000]
"""

import argparse
import contextlib
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder import specs
from autograder.checking.answering import call_function
from autograder.checking.cases import ask
from autograder.course.filled_notebooks import CHECK, answer_source, exercise_cells, filled
from autograder.course.init import REPOSITORY, create_course
from autograder.grading.judge_notebook import SUMMARY
from autograder.spec.drawn_cases import draw_cases

GOAL, GOAL_ALONE = 10.0, 30.0
ASSIGNMENT = "attention"
STOCK = """
from nbgrader.converters import Autograde

c.Autograde.sanitize_preprocessors = Autograde.sanitize_preprocessors.default()
c.Autograde.autograde_preprocessors = Autograde.autograde_preprocessors.default()
c.Execute.timeout, c.Execute.startup_timeout, c.Execute.iopub_timeout = 120, 120, 120
"""
ENVIRONMENT = os.environ | {
    "PYTHONPATH": str(REPOSITORY),
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    "OMP_NUM_THREADS": "1",
}


def honest_notebooks(released: NotebookNode) -> list[NotebookNode]:
    """Return the different notebooks of the class, to be handed in by several students each."""
    exercises = [specs.find(identifier) for identifier in exercise_cells(released)]
    right = {
        exercise.identifier: answer_source(exercise.reference, exercise.name)
        for exercise in exercises
    }
    notebooks = [filled(released, right), released]
    for exercise in exercises[::4]:
        wrong = answer_source(exercise.misconceptions[0].function, exercise.name)
        notebooks.append(filled(released, right | {exercise.identifier: wrong}))
    return notebooks


def make_class(folder: Path, size: int, settings: str = "") -> None:
    """Make a course with so many submissions."""
    create_course(folder, "benchmark")
    with open(folder / "settings.py", "a") as file:
        file.write(settings)
    run(folder, "nbgrader", "generate_assignment", ASSIGNMENT)
    released = nbformat.read(folder / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
    notebooks = honest_notebooks(released)
    for number in range(size):
        target = folder / "submitted" / f"student{number:04}" / ASSIGNMENT
        target.mkdir(parents=True)
        nbformat.write(notebooks[number % len(notebooks)], target / f"{ASSIGNMENT}.ipynb")


def run(folder: Path, *module: str) -> tuple[float, str]:
    """Run a command in a course; return how many seconds it took, and what it printed."""
    started = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-m", *module], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True
    )
    if result.returncode:
        raise SystemExit(f"{' '.join(module)} failed:\n{result.stdout}{result.stderr}")
    return time.perf_counter() - started, result.stdout


def time_student_code(folder: Path) -> float:
    """Return the mean seconds that a submission's own code takes: its cells, and all calls to it.

    In this process, without walls, and without what it costs to send arguments and answers.
    """
    released = nbformat.read(folder / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
    every = honest_notebooks(released)
    seconds = 0.0
    for notebook in every:
        names: dict[str, Any] = {}
        for cell in notebook.cells:
            source = cell.source.strip()
            if cell.cell_type == "code" and source != SUMMARY and not CHECK.fullmatch(source):
                started = time.perf_counter()
                exec(compile(source, "cell", "exec"), names)
                seconds += time.perf_counter() - started
        for identifier in exercise_cells(notebook):
            for part in draw_cases(specs.find(identifier), "benchmark").parts:
                answers = ask(
                    [case.call for case in part.cases],
                    partial(call_function, names[specs.find(identifier).name]),
                )
                seconds += sum(getattr(answer, "seconds", 0.0) for answer in answers)
    return seconds / len(every)


def scores(folder: Path) -> dict[str, float]:
    """Return every student's points in the gradebook."""
    warnings.filterwarnings("ignore", module="nbgrader")
    with contextlib.closing(Gradebook(f"sqlite:///{folder / 'gradebook.db'}")) as gradebook:
        return {
            submission.student.id: submission.score
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
        }


def judge_alone(folder: Path) -> None:
    """Run and judge the class of a course without recording; print what it took."""
    started = time.perf_counter()
    from autograder.grading.sandbox import Sandbox

    sandbox = Sandbox()
    sandbox.begin()
    from nbgrader.apps import AutogradeApp

    from autograder.grading.classroom import Classroom
    from autograder.grading.workers import judged_here

    os.chdir(folder)
    app = AutogradeApp()
    app.log_level = "ERROR"
    app.initialize([ASSIGNMENT])
    classroom = Classroom.of(app.coursedir, ASSIGNMENT)
    sandbox.wait_until_ready()
    ready = time.perf_counter()
    jobs = os.cpu_count() or 1
    for _ in judged_here(sandbox, jobs, classroom, classroom.students()):
        pass
    ended = time.perf_counter()
    sandbox.stop()
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"judged in {ended - started:.3f} s, of which {ready - started:.3f} s starting up")
    print(f"largest process {worker:.0f} MB")


def time_forks(count: int = 20) -> float:
    """Return the median seconds until a submission's process is there, walls and all."""
    from autograder.grading.inside.limits import Limits
    from autograder.grading.sandbox import Sandbox

    seconds = []
    with Sandbox() as sandbox:
        for _ in range(count):
            started = time.perf_counter()
            child = sandbox.child(Limits())
            seconds.append(time.perf_counter() - started)
            child.kill()
    return statistics.median(seconds)


def seconds_in(text: str, pattern: str) -> float:
    """Return the number that a pattern finds in what a command printed."""
    return float(re.search(pattern, text)[1])


def main() -> None:
    """Grade the class both ways and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--submissions", type=int, default=60)
    parser.add_argument("--growth", type=int, default=0, help="also grade a class of this size")
    parser.add_argument("--judge-alone", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.judge_alone:
        judge_alone(arguments.judge_alone)
        return
    size = arguments.submissions
    with tempfile.TemporaryDirectory(prefix="benchmark-grading-") as name:
        folder = Path(name)
        classes = (
            ("ours", size, ""),
            ("alone", size, ""),
            ("half", size // 2, ""),
            ("stock", size, STOCK),
        )
        for course, count, settings in classes:
            make_class(folder / course, count, settings)
        ours, _ = run(folder / "ours", "autograder", "grade", ASSIGNMENT)
        again, _ = run(folder / "ours", "autograder", "grade", ASSIGNMENT)
        half, _ = run(folder / "half", "autograder", "grade", ASSIGNMENT)
        _, said = run(REPOSITORY, "benchmarks.grading", "--judge-alone", str(folder / "alone"))
        alone = seconds_in(said, r"judged in ([\d.]+)")
        starting = seconds_in(said, r"of which ([\d.]+)")
        memory = seconds_in(said, r"process (\d+)")
        # everything is judged and stored there, and nothing is recorded
        recording, _ = run(folder / "alone", "autograder", "grade", ASSIGNMENT)
        own = time_student_code(folder / "ours")
        stock, _ = run(folder / "stock", "nbgrader", "autograde", ASSIGNMENT)
        agree = scores(folder / "ours") == scores(folder / "stock")
        if arguments.growth:
            make_class(folder / "growth", arguments.growth)
            growth, _ = run(folder / "growth", "autograder", "grade", ASSIGNMENT)
            each = (growth - ours) / (arguments.growth - size)
            print(f"a class of {arguments.growth}: {growth:.1f} s, {each:.3f} s each further one")
    fork = time_forks()
    print(f"{size} submissions on {os.cpu_count()} cores, the same scores both ways: {agree}")
    print(f"stock nbgrader autograde   {stock:8.1f} s  {stock / size:6.3f} s each")
    print(f"autograder grade           {ours:8.1f} s  {ours / size:6.3f} s each")
    print(f"  running and judging alone{alone:8.1f} s  {(alone - starting) / size:6.3f} s each")
    print(f"  starting up              {starting:8.1f} s")
    print(f"  a further submission               {(ours - half) / (size - size // 2):6.3f} s")
    print(f"  graded again, nothing new{again:8.1f} s")
    print(f"  memory of a worker       {memory:8.0f} MB at most")
    print(f"limits: a fork with its walls {1000 * fork:.0f} ms")
    print(f"        the student's own code {1000 * own:.0f} ms")
    print(f"        bookkeeping {1000 * (recording - again) / size:.0f} ms, by one process")
    judging = stock / (alone - starting)
    print(f"running and judging alone, once started: ratio {judging:.2f} (goal {GOAL_ALONE:g})")
    if not agree:
        raise SystemExit("the scores differ")
    print(f"grading ratio {stock / ours:.2f} (goal {GOAL:g})")


if __name__ == "__main__":
    main()
