"""Workers: several processes of this machine, each running and judging one submission at a time."""

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

from autograder.errors import UserError
from autograder.grading.inside import enclosure
from autograder.grading.sandbox import Sandbox, SandboxError

if TYPE_CHECKING:
    from autograder.grading.classroom import Classroom

ENDED_ITS_WORKER = "it ends the grader's own process, by itself too"
ATTEMPTS = 3  # to bring up workers again when they are killed before one has finished anything

# what a worker has, by being forked: nothing of it crosses a pipe
_classroom: "Classroom | None" = None
_sandbox: Sandbox | None = None


@dataclass(frozen=True)
class Judged:
    """What a worker says of one notebook: where its result is stored, or why there is none."""

    key: str = ""
    error: str = ""


def judged_here(
    sandbox: Sandbox, jobs: int, classroom: "Classroom", students: Sequence[str]
) -> Iterator[tuple[str, dict[str, Judged]]]:
    """Yield each student, when all notebooks are run and judged, with what the workers say.

    Raises:
        SandboxError: no sandbox can be had.
        UserError: workers end again and again before they have done anything.
    """
    global _classroom, _sandbox
    from autograder.grading.results import judged_by

    judged_by()  # once, and not again by each worker
    sandbox.wait_until_ready()
    _classroom, _sandbox = classroom, sandbox
    any_finished = False
    waiting, failures, alone = list(students), 0, False
    while waiting:
        now = waiting[:1] if alone else waiting
        pool = ProcessPoolExecutor(
            min(jobs, len(now)), get_context("fork"), initializer=prepare_worker
        )
        futures: dict[Future, str] = {pool.submit(work, student): student for student in now}
        try:
            for future in as_completed(futures):
                student, results = futures[future], future.result()
                waiting.remove(student)
                failures, any_finished = 0, True
                yield student, results
        except BrokenProcessPool:  # the system has killed a worker; what is finished is stored
            failures += 1
            if alone and any_finished:  # it is this submission that does it
                student = waiting.pop(0)
                yield student, dict.fromkeys(classroom.released, Judged(error=ENDED_ITS_WORKER))
            elif failures == ATTEMPTS and len(students) > 1 and not alone:
                alone, failures = True, 0
            elif failures == ATTEMPTS:
                raise UserError(
                    "the machine ends the grader's processes; is there memory enough for --jobs 1?"
                ) from None
        finally:
            for process in (pool._processes or {}).values():
                process.kill()
            pool.shutdown(wait=True, cancel_futures=True)


def prepare_worker() -> None:
    """Leave interrupts to the process that began it all, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    enclosure.die_with_parent()


def work(student: str) -> dict[str, Judged]:
    """Run and judge one student's notebooks, in a worker."""
    judged: dict[str, Judged] = {}
    for notebook in _classroom.released:
        try:
            judged[notebook] = Judged(_classroom.graded(student, notebook, _sandbox).key)
        except (SandboxError, OSError):
            raise  # of the machine, not of this submission
        except Exception as error:
            judged[notebook] = Judged(error=f"{type(error).__name__}: {error}"[:500])
    return judged
