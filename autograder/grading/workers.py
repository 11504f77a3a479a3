"""Workers: several processes of this machine, each running and judging one submission at a time.

A submission may end the worker that judges it, or stall it. Then the others are judged all the
same, each by itself, and this one waits for a person.
"""

import faulthandler
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

from autograder.errors import UserError
from autograder.grading.cores import own_core
from autograder.grading.inside import enclosure
from autograder.grading.inside.limits import Limits
from autograder.grading.sandbox import Sandbox, SandboxError

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from autograder.grading.classroom import Classroom

ENDED_ITS_WORKER = "it ends the grader's own process, by itself too"
STALLED = "judging it had not ended after {:.0f} min"
ATTEMPTS = 3  # to bring up workers again when they are killed before one has finished anything
SPARE = 120.0  # seconds for starting, and for the judge's own work
THEN_ENDED = 30.0  # seconds later, a worker that goes on all the same

# what a worker has, by being forked: nothing of it crosses a pipe
_classroom: "Classroom | None" = None
_sandbox: Sandbox | None = None


@dataclass(frozen=True)
class Judged:
    """What a worker says of one notebook: where its result is stored, or why there is none.

    `stumbled` says that the reason is an exception of the grader's own.
    """

    key: str = ""
    error: str = ""
    stumbled: bool = False


def judged_here(
    sandbox: Sandbox, jobs: int, classroom: "Classroom", students: Sequence[str]
) -> Iterator[tuple[str, dict[str, Judged]]]:
    """Yield each student, when all notebooks are run and judged, with what the workers say.

    Raises:
        SandboxError: no sandbox can be had.
        UserError: workers end again and again before they have done anything, or the grader fails
            on the notebooks as they were released.
    """
    global _classroom, _sandbox
    from autograder.grading.stored_results import identifiers_in, judged_by

    for released in classroom.released.values():
        judged_by(identifiers_in(released))  # once, and not again by each worker
    sandbox.wait_until_ready()
    _classroom, _sandbox = classroom, sandbox
    waiting, failures, tried_released = list(students), 0, False
    while waiting and failures < ATTEMPTS:
        finished = 0
        for student, judged in _by_pool(jobs, work, waiting):
            if judged is None:
                break
            if not tried_released and any(one.stumbled for one in judged.values()):
                tried_released = _released_can_be_judged()
            waiting.remove(student)
            finished += 1
            yield student, judged
        failures = 0 if finished else failures + 1
    yield from _one_by_one(waiting, any_finished=len(waiting) < len(students))


def _one_by_one(
    students: Sequence[str], *, any_finished: bool
) -> Iterator[tuple[str, dict[str, Judged]]]:
    """Yield each student as above, where workers are ended before they have finished anything.

    Whose worker is ended then too does that by what was handed in, if anybody else's is not, or
    else that which judges what was released.
    """
    ended: list[str] = []
    for student in students:
        ((_, judged),) = _by_pool(1, work, [student])
        if judged is None:
            ended.append(student)
        else:
            any_finished = True
            yield student, judged
    if ended and not any_finished and not _released_can_be_judged():
        raise UserError(
            "the machine ends the grader's processes; is there memory enough for --jobs 1?"
        )
    for student in ended:
        yield student, dict.fromkeys(_classroom.released, Judged(error=ENDED_ITS_WORKER))


def _released_can_be_judged() -> bool:
    """Say whether a worker comes to its end with notebooks in which nobody has written anything.

    Raises:
        UserError: the grader fails on them too, so it is no student's fault.
    """
    try:
        return all(judged is not None for _, judged in _by_pool(1, judge_released, [""]))
    except (SandboxError, OSError):
        raise
    except Exception as error:
        raise grader_fails(error) from None


def grader_fails(error: Exception) -> UserError:
    """Return what to say when the grader fails on a notebook in which nobody has written."""
    said = f"{type(error).__name__}: {error}"[:500]
    return UserError(
        f"the grader fails on the notebook as it was released ({said}); mend that, then grade: no "
        "score was touched"
    )


def judge_released(nobody: str) -> dict[str, Judged]:
    """Run and judge the notebooks as they were released, in a worker."""
    _classroom.judge_released(_sandbox)
    return {}


def _by_pool(
    jobs: int, do: Callable[[str], dict[str, Judged]], students: Sequence[str]
) -> Iterator[tuple[str, dict[str, Judged] | None]]:
    """Yield each student that workers have finished; then "" and None if one of them was ended."""
    pool = ProcessPoolExecutor(
        min(jobs, len(students)), get_context("fork"), initializer=prepare_worker
    )
    futures: dict[Future, str] = {pool.submit(do, student): student for student in students}
    try:
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenProcessPool:  # the system has killed a worker; what is finished is stored
        yield "", None
    finally:
        for process in (pool._processes or {}).values():
            process.kill()
        pool.shutdown(wait=True, cancel_futures=True)


def prepare_worker() -> None:
    """Leave interrupts to the process that began it all, and end with it."""
    global _nowhere
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    enclosure.die_with_parent()
    core = own_core()
    if core is not None:  # beside its submissions: one of the two always waits for the other
        os.sched_setaffinity(0, {core})
    _nowhere = open(os.devnull, "w")  # noqa: SIM115 (open until the worker ends)


def work(student: str) -> dict[str, Judged]:
    """Run and judge one student's notebooks, in a worker."""
    return {notebook: _judged(student, notebook) for notebook in _classroom.released}


def _judged(student: str, notebook: str) -> Judged:
    # not at the top: it brings torch along, for which no other command should wait
    from autograder.checking.time_limit import OutOfTimeError, within

    seconds = longest(_classroom.released[notebook], _classroom.limits)
    # a compiled function that never returns takes no exception; then the worker is ended
    faulthandler.dump_traceback_later(seconds + THEN_ENDED, exit=True, file=_nowhere)
    try:
        graded = within(seconds, lambda: _classroom.graded(student, notebook, _sandbox))
    except (SandboxError, OSError):
        raise  # of the machine, not of this submission
    except OutOfTimeError:
        return Judged(error=STALLED.format(seconds / 60))
    except Exception as error:
        return Judged(error=f"{type(error).__name__}: {error}"[:500], stumbled=True)
    finally:
        faulthandler.cancel_dump_traceback_later()
    return Judged(graded.key)


def longest(released: "NotebookNode", limits: Limits) -> float:
    """Return the seconds that running and judging a notebook can take, with much to spare."""
    from autograder.grading.judge_notebook import is_check
    from autograder.grading.run_notebook import SHARES

    exercises = sum(is_check(cell) for cell in released.cells)
    return limits.notebook_seconds * (1 + exercises / SHARES) + SPARE
