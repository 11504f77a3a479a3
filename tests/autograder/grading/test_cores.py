"""A submission keeps to one core, with all that it starts, so that it slows nobody else's."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from courses import environment

from autograder.grading.inside.limits import Limits
from autograder.grading.run_notebook import NotebookRun
from autograder.grading.sandbox import Sandbox

pytestmark = pytest.mark.skipif(
    len(os.sched_getaffinity(0)) < 2, reason="this machine has one core for all"
)

WHERE = "import json, os\nprint(json.dumps(sorted(os.sched_getaffinity(0))))"
LEAVING = """
import ctypes, json, multiprocessing, os, subprocess, threading
everywhere = range(os.cpu_count())
found = []
def look(*unused):
    try:
        os.sched_setaffinity(0, everywhere)
    except OSError as error:
        assert error.errno == 1
    found.append(sorted(os.sched_getaffinity(0)))
    return found[-1]
look()
thread = threading.Thread(target=look); thread.start(); thread.join()
with multiprocessing.Pool(2) as pool: found += pool.map(look, range(4))
subprocess.run(["taskset", "-pc", "0-63", str(os.getpid())], capture_output=True)
look()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def printed(sandbox: Sandbox, source: str) -> list:
    with NotebookRun(sandbox, [source], {}, Limits(), 0) as run:
        run.run_cell(0)
        (output,) = run.outputs[0]
    return json.loads(output.text)


def test_a_submission_has_one_core(sandbox: Sandbox):
    (core,) = printed(sandbox, WHERE)
    assert core in os.sched_getaffinity(0)
    assert printed(sandbox, WHERE) == [core]


def test_nothing_of_a_submission_leaves_its_core(sandbox: Sandbox):
    (core,) = printed(sandbox, WHERE)
    found = printed(sandbox, LEAVING)
    assert len(found) == 7
    assert found == [[core]] * 7


CLAIM = f"""
import sys
from autograder.grading import cores
cores.CLAIM = "\\0a-test-{os.getpid()}-{{core}}"  # other graders may be at work here
print(cores.own_core(), cores.own_core(), flush=True)
sys.stdin.read()
"""


def test_processes_share_a_core_only_where_there_are_more_of_them_than_cores():
    cores = sorted(os.sched_getaffinity(0))
    processes, found = [], []
    try:
        for _ in range(len(cores) + 1):
            process = subprocess.Popen(
                [sys.executable, "-c", CLAIM], env=environment(), text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
            processes.append(process)
            first, again = process.stdout.readline().split()
            assert first == again
            found.append(int(first))
    finally:
        for process in processes:
            process.communicate()
    assert found[:-1] == cores
    assert found[-1] in cores
