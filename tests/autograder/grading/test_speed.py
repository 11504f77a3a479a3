"""Points for speed are for what a function computes: load buys none, and costs none.

The exercise is the one with a timed part. Load comes from the notebook itself, in processes of
sessions of their own, or from beside the grader.
"""

import os
import subprocess
import sys
from collections.abc import Iterator

import nbformat
import pytest

from autograder import specs
from autograder.course.filled_notebooks import answer_source, exercise_cells, filled
from autograder.course.init import EXERCISES
from autograder.grading.inside.limits import Limits
from autograder.grading.intake import Submission
from autograder.grading.judge_notebook import Seeds, judge_submission
from autograder.grading.sandbox import Sandbox

IDENTIFIER = "tokenization.train_bpe_fast"
TIMED = "five times as fast"
EXERCISE = specs.find(IDENTIFIER)
FAST = answer_source(EXERCISE.reference, EXERCISE.name)
SLOW = answer_source(specs.find("tokenization.train_bpe").reference, EXERCISE.name)

# they work except while the function is called: then they would slow what is timed
SPINNERS = """
import os, signal
spinners = []
for _ in range(4):
    child = os.fork()
    if not child:
        os.setsid()
        while True: pass
    spinners.append(child)
"""
PAUSED = """
at_full_speed = train_bpe_fast
def train_bpe_fast(*arguments):
    for child in spinners: os.kill(child, signal.SIGSTOP)
    try:
        return at_full_speed(*arguments)
    finally:
        for child in spinners: os.kill(child, signal.SIGCONT)
"""
# the process that was asked sleeps, and another, of which it is no parent, does the work
BY_A_DAEMON = """
import os, pickle, time
work = train_bpe_fast
def train_bpe_fast(*arguments):
    read, write = os.pipe()
    if not os.fork():
        os.setsid()
        if not os.fork():
            with os.fdopen(write, "wb") as file: pickle.dump(work(*arguments), file)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file: return pickle.load(file)
"""
# many processes one after the other, of which nobody asks what they took
IN_PIECES = """
import os, pickle, signal
work = train_bpe_fast
def train_bpe_fast(*arguments):
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    read, write = os.pipe()
    if not os.fork():
        with os.fdopen(write, "wb") as file: pickle.dump(work(*arguments), file)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as file: return pickle.load(file)
"""
IN_THREADS = """
from concurrent.futures import ThreadPoolExecutor
work = train_bpe_fast
def train_bpe_fast(*arguments):
    with ThreadPoolExecutor(1) as threads: return threads.submit(work, *arguments).result()
"""
THROTTLED = "import os\nos.nice(19)\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def notebook(answer: str, first: str = "") -> nbformat.NotebookNode:
    """Return the notebook on tokens with one exercise only, answered in some way."""
    released = nbformat.read(next(EXERCISES.glob("*/tokenization.ipynb")), as_version=4)
    answered = exercise_cells(released)[IDENTIFIER]
    node = filled(released, {IDENTIFIER: answer})
    place = next(n for n, cell in enumerate(released.cells) if cell is answered)
    (check,) = [cell for cell in node.cells if f'"{IDENTIFIER}"' in cell.source]
    node.cells = [nbformat.v4.new_code_cell(first), node.cells[place], check]
    return node


def passes_in_time(sandbox: Sandbox, answer: str, first: str = "") -> bool:
    """Say whether the timed part is passed; all others have to be."""
    node = notebook(answer, first)
    seeds = Seeds(os.urandom(16))
    result = judge_submission(Submission(b"", node), seeds, sandbox, Limits())
    (exercise,) = result["exercises"].values()
    passed = {part["name"]: not part["message"] for part in exercise["result"]["parts"]}
    timed = passed.pop(TIMED)
    assert all(passed.values())
    return timed


@pytest.fixture(params=["quiet", "busy"])
def load(request: pytest.FixtureRequest) -> Iterator[None]:
    """A machine with nothing else to do, and one with one more process for each core."""
    count = (os.cpu_count() or 1) if request.param == "busy" else 0
    spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    yield
    for process in spinning:
        process.kill()
        process.wait()


def test_a_fast_function_has_its_points_whatever_else_the_machine_does(
    sandbox: Sandbox, load: None
):
    assert passes_in_time(sandbox, FAST)


@pytest.mark.parametrize("first", ["", SPINNERS, THROTTLED])
def test_a_slow_function_has_none_whatever_runs_beside_it(sandbox: Sandbox, load: None, first: str):
    paused = PAUSED if first == SPINNERS else ""
    assert not passes_in_time(sandbox, SLOW + paused, first)


@pytest.mark.parametrize("hidden", [BY_A_DAEMON, IN_PIECES, IN_THREADS])
def test_work_that_is_given_to_others_counts(sandbox: Sandbox, hidden: str):
    assert not passes_in_time(sandbox, SLOW + hidden)
    assert passes_in_time(sandbox, FAST + hidden)
