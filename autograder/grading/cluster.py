"""A Dask cluster in the place of this machine's processes: `--scheduler ADDRESS`.

What is sent is the same pure function that runs here; Dask brings it to a free worker and, if that
worker dies, to another one. Intake, the results' files and the gradebook stay with this process.
"""

import argparse
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.errors import UserError
from autograder.grading.workers import Judged, grader_fails

if TYPE_CHECKING:
    from distributed import Client

    from autograder.grading.classroom import Classroom

CONNECT_SECONDS = 20
FIRST_WORKER_SECONDS = 30
RETRIES = 2  # of a notebook whose worker's sandbox went away
LEAST_SENT, SENT_PER_THREAD = 64, 4  # notebooks that are at the cluster at one time
LOGS = ("distributed", "distributed.client", "tornado.application")
CERTIFICATES = (
    ("ca_file", "the authority that signed the certificates of the cluster"),
    ("cert", "this machine's certificate"),
    ("key", "the key of that certificate"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what a command takes that can send its work to a cluster."""
    group = parser.add_argument_group("on a cluster, instead of this machine's cores")
    group.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler: tls://HOST:PORT")
    for name, meaning in CERTIFICATES:
        option = f"--tls-{name.replace('_', '-')}"
        group.add_argument(option, metavar="FILE", help=f"{meaning} (default: as Dask is set up)")


@contextmanager
def connected(arguments: argparse.Namespace) -> Iterator["Client"]:
    """Have a client of the cluster, both sides known to each other by certificates.

    Raises:
        UserError: the address is not one of TLS, a certificate is missing or refused, or nobody
            answers.
    """
    address = arguments.scheduler
    if not address.startswith("tls://"):
        raise UserError(f"{address} would send submissions unprotected; give tls://HOST:PORT")
    from distributed import Client

    for name in LOGS:  # a lost connection is an error of ours, told in one line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(
            address, security=_security(arguments), timeout=CONNECT_SECONDS, set_as_default=False
        )
    except (OSError, TimeoutError) as error:
        raise UserError(
            f"the scheduler at {address} cannot be reached or refuses the certificate: "
            f"{' '.join(str(error).split())[:200]}"
        ) from None
    with client:
        yield client


def _security(arguments: argparse.Namespace) -> Any:
    from distributed.security import Security

    given = {
        "tls_ca_file": arguments.tls_ca_file,
        "tls_client_cert": arguments.tls_cert,
        "tls_client_key": arguments.tls_key,
    }
    given = {name: str(Path(path).resolve()) for name, path in given.items() if path}
    security = Security(require_encryption=True, **given)
    if not (security.tls_ca_file and security.tls_client_cert):
        raise UserError(
            "no certificate for the cluster: give --tls-ca-file, --tls-cert and --tls-key, which "
            "`autograder certificates` makes, or set them in Dask's configuration"
        )
    return security


def judged_there(
    client: "Client", classroom: "Classroom", students: Sequence[str]
) -> Iterator[tuple[str, dict[str, Judged]]]:
    """Yield each student, when all notebooks are run and judged, with what came of it.

    Raises:
        UserError: there is no worker, one of them would judge in another way, or the scheduler
            went away.
    """
    from distributed import as_completed

    from autograder.grading.remote import version

    expected = version()
    threads = _fit_workers(client, expected, unsafe=classroom.unsafe)
    at_once = max(LEAST_SENT, SENT_PER_THREAD * threads)
    course = _Course(client, classroom, expected)
    done = as_completed(loop=client.loop)
    for student in students:
        futures = course.send(student)
        if not futures:
            yield student, course.finished(student)
        done.update(futures)
        while done.count() >= at_once:
            yield from course.taken(next(done))
    for future in done:
        yield from course.taken(future)


def _fit_workers(client: "Client", expected: str, *, unsafe: bool) -> int:
    """Return how many threads the workers have, once each has said that it can judge."""
    from autograder.grading.remote import problem

    try:
        client.wait_for_workers(1, timeout=FIRST_WORKER_SECONDS)
        problems = client.run(problem, expected, unsafe=unsafe)
    except TimeoutError:
        raise UserError("the scheduler has no worker; start one with: dask worker") from None
    except ImportError as error:
        raise UserError(
            f"a worker cannot load the project ({error}); install the same commit there"
        ) from None
    for address, said in problems.items():
        if said:
            raise UserError(f"the worker at {address} cannot take part: {said}")
    return sum(client.nthreads().values())


@dataclass
class _Course:
    """What has been sent of a course, and what has come back."""

    client: "Client"
    classroom: "Classroom"
    expected: str
    sent: dict[Any, tuple[str, str, str]] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    judged: dict[str, dict[str, Judged]] = field(default_factory=dict)
    tried_released: bool = False

    def send(self, student: str) -> list[Any]:
        """Send a student's notebooks, but for those of which there is a result already."""
        futures = []
        self.judged[student] = {}
        for notebook in self.classroom.released:
            try:
                future = self._send(student, notebook)
            except OSError:
                raise  # of the machine, not of this submission
            except Exception as error:
                self._fail(student, notebook, error)
                continue
            if future is not None:
                futures.append(future)
        self.left[student] = len(futures)
        return futures

    def _send(self, student: str, notebook: str) -> Any:
        from autograder.grading.judge_notebook import not_judged
        from autograder.grading.remote import judge_packed, packed

        submission, seeds, key = self.classroom.take_in(student, notebook)
        results = self.classroom.results(student, notebook)
        if results.load(key) is None:
            results.keep_original(submission)
            if not (submission.problem or submission.missing):
                unsafe = self.classroom.unsafe
                task = packed(submission, seeds, self.classroom.limits, unsafe=unsafe)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # that it is large, which we know
                    future = self.client.submit(
                        judge_packed, task, self.expected, key=f"judge-{key}", retries=RETRIES
                    )
                self.sent[future] = student, notebook, key
                return future
            results.store(key, not_judged(submission, unsafe=self.classroom.unsafe))
        self.judged[student][notebook] = Judged(key)
        return None

    def taken(self, future: Any) -> Iterator[tuple[str, dict[str, Judged]]]:
        """Store what has come back, and yield its student if it was the last one missing."""
        from concurrent.futures import CancelledError

        from autograder.grading.remote import UnfitWorkerError, result_of

        student, notebook, key = self.sent.pop(future)
        try:
            result = result_of(future.result())
        except CancelledError:
            raise UserError(
                "the scheduler went away; once it is back, the same command goes on from here"
            ) from None
        except UnfitWorkerError as error:
            raise UserError(f"a worker cannot take part: {error}") from None
        except Exception as error:
            self._fail(student, notebook, error)
        else:
            self.classroom.results(student, notebook).store(key, result)
            self.judged[student][notebook] = Judged(key)
        self.left[student] -= 1
        if not self.left[student]:
            yield student, self.finished(student)

    def finished(self, student: str) -> dict[str, Judged]:
        """Return what came of all notebooks of a student, in the order of the assignment."""
        judged = self.judged.pop(student)
        return {notebook: judged[notebook] for notebook in self.classroom.released}

    def _fail(self, student: str, notebook: str, error: Exception) -> None:
        if not self.tried_released:
            self._try_released(notebook)
        said = f"{type(error).__name__}: {error}"[:500]
        self.judged[student][notebook] = Judged(error=said)

    def _try_released(self, notebook: str) -> None:
        """Raise `UserError` if the grader fails on a notebook in which nobody has written."""
        from autograder.grading.intake import Submission
        from autograder.grading.judge_notebook import Seeds
        from autograder.grading.remote import judge_packed, packed

        self.tried_released = True
        classroom = self.classroom
        released = Submission(b"", classroom.released[notebook])
        task = packed(released, Seeds(b""), classroom.limits, unsafe=classroom.unsafe)
        try:
            self.client.submit(judge_packed, task, self.expected, pure=False).result()
        except Exception as error:
            raise grader_fails(error) from None
