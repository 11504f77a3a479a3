"""What a worker of a cluster does: run and judge one notebook, from bytes to bytes.

The bytes hold the notebook as intake rebuilt it, the files beside it, its limits and a key from
which its seeds are derived. The course's folder and its secret stay where they are.

Dask's scheduler imports this module too, to read a function's name. It need not load PyTorch for
that, so what judges is imported by the functions that use it.
"""

import dataclasses
import json
import sys
import threading
from typing import TYPE_CHECKING, Any

import msgpack

from autograder.errors import UserError
from autograder.grading.inside.limits import Limits
from autograder.grading.sandbox import SandboxError

if TYPE_CHECKING:
    from autograder.grading.intake import Submission
    from autograder.grading.judge_notebook import Seeds

_one_at_a_time = threading.Lock()  # generators of random numbers belong to the process


class UnfitWorkerError(Exception):
    """A worker that would judge in another way, or cannot judge safely; the message says why."""


def version() -> str:
    """Return a text that two machines share if they judge alike."""
    from autograder.grading.stored_results import whole_project

    return f"{whole_project()} Python {sys.version_info.major}.{sys.version_info.minor}"


def packed(submission: "Submission", seeds: "Seeds", limits: Limits, *, unsafe: bool) -> bytes:
    """Return all that a worker needs to run and judge a submission."""
    task = {
        # as JSON, which can hold the halves of surrogate pairs that a student may have typed
        "notebook": json.dumps(submission.notebook),
        "notes": json.dumps(dict(submission.notes)),
        "beside": dict(submission.beside),
        "seeds": seeds.key,
        "limits": dataclasses.asdict(limits),
        "unsafe": unsafe,
    }
    return msgpack.packb(task)


def judge_packed(content: bytes, expected: str) -> bytes:
    """Run and judge a packed submission; return the result as JSON.

    Raises:
        UnfitWorkerError: this worker's project is not the `expected` version, or it has no sandbox.
    """
    import nbformat

    from autograder.grading.classroom import standing_sandbox
    from autograder.grading.intake import Submission
    from autograder.grading.judge_notebook import Seeds, judge_submission

    task = msgpack.unpackb(content)
    notebook = nbformat.from_dict(json.loads(task["notebook"]))
    notes = {name: tuple(texts) for name, texts in json.loads(task["notes"]).items()}
    submission = Submission(b"", notebook, notes, beside=task["beside"])
    with _one_at_a_time:
        problem = _problem(expected, unsafe=task["unsafe"])
        if problem:
            raise UnfitWorkerError(problem)
        sandbox = standing_sandbox(task["unsafe"])
        try:
            result = judge_submission(
                submission, Seeds(task["seeds"]), sandbox, Limits(**task["limits"])
            )
        except SandboxError:
            standing_sandbox.cache_clear()  # the next attempt starts another one
            sandbox.stop()
            raise
    return json.dumps(result).encode()


def problem(expected: str, *, unsafe: bool) -> str:
    """Return why this worker cannot judge, or nothing if it can; then its sandbox stands."""
    with _one_at_a_time:
        return _problem(expected, unsafe=unsafe)


def _problem(expected: str, *, unsafe: bool) -> str:
    from autograder.grading.classroom import standing_sandbox

    if version() != expected:
        return "it has another version of the project, of PyTorch or of Python"
    try:
        standing_sandbox(unsafe)
    except UserError as error:
        return str(error)
    return ""


def result_of(content: bytes) -> dict[str, Any]:
    """Return the result that `judge_packed` gave."""
    import nbformat

    result = json.loads(content)
    result["notebook"] = nbformat.from_dict(result["notebook"])
    return result
