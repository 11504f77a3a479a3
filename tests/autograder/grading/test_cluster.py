"""A class graded on a Dask cluster: a real scheduler and worker processes, TLS, loopback only."""

import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from class_of_hostiles import CASES
from courses import (
    CHOSEN,
    copy_of,
    entries,
    environment,
    handed_in_folder,
    result_files,
    run_in,
    start_grading,
    stored,
    unmended_project,
    written,
)
from cryptography import x509
from handing_in import hand_in
from nbformat import NotebookNode

from autograder.course.secret import SECRET, course_secret
from autograder.errors import UserError
from autograder.grading.certificates import create_certificates
from autograder.grading.inside.limits import Limits
from autograder.grading.intake import take_in
from autograder.grading.judge_notebook import Seeds
from autograder.grading.remote import packed, problem, version

pytest.importorskip("distributed")

WORKERS = 2


@dataclass
class Cluster:
    """A scheduler with workers, and what one needs to be let in."""

    address: str
    certificates: Path
    processes: list[subprocess.Popen] = field(default_factory=list)

    def options(self, certificates: Path | None = None) -> list[str]:
        return ["--scheduler", self.address, *tls(certificates or self.certificates)]

    def judging(self) -> list[psutil.Process]:
        """The processes in which work is done, each below a nanny that would start it again."""
        return [
            child
            for nanny in self.processes[1:]
            for child in psutil.Process(nanny.pid).children()
            if "spawn_main" in " ".join(child.cmdline())
        ]


def tls(certificates: Path) -> list[str]:
    return [
        f"--tls-ca-file={certificates / 'ca.pem'}",
        f"--tls-cert={certificates / 'certificate.pem'}",
        f"--tls-key={certificates / 'key.pem'}",
    ]


def start(folder: Path, *arguments: str) -> subprocess.Popen:
    loopback = ["--host=127.0.0.1", "--protocol=tls", "--no-dashboard"]
    loopback.append("--dashboard-address=127.0.0.1:0")
    with open(folder / f"{arguments[0]}.log", "a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments, *loopback], cwd=folder, env=environment(),
            stdout=log, stderr=log,
        )  # fmt: skip


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return create_certificates(tmp_path_factory.mktemp("tls") / "certificates")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, certificates: Path) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    named = folder / "scheduler.json"
    scheduler = start(
        folder, "scheduler", "--port=0", f"--scheduler-file={named}", *tls(certificates)
    )
    started = Cluster("", certificates, [scheduler])
    try:
        deadline = time.monotonic() + 120
        while not named.exists():
            assert time.monotonic() < deadline
            assert scheduler.poll() is None
            time.sleep(0.1)
        started.address = json.loads(named.read_text())["address"]
        worker = ("worker", started.address, "--nthreads=1", *tls(certificates))
        started.processes += [start(folder, *worker) for _ in range(WORKERS)]
        yield started
    finally:
        below = [
            child
            for process in started.processes
            for child in psutil.Process(process.pid).children(recursive=True)
        ]
        for process in reversed(started.processes):
            process.terminate()
        for process in started.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()
        for child in psutil.wait_procs(below, timeout=10)[1]:
            child.kill()


@pytest.fixture
def course(ungraded_course: Path, tmp_path: Path) -> Path:
    """A course in which nothing is graded yet."""
    return copy_of(ungraded_course, tmp_path / "course")


def test_the_results_are_those_of_this_machine_byte_for_byte(
    course: Path, graded_course: Path, cluster: Cluster
):
    said = run_in(course, "autograder", "grade", "attention", *cluster.options())
    assert f"{len(CHOSEN)} submissions in" in said
    assert stored(course) == stored(graded_course)
    files = {path.relative_to(course): path.read_bytes() for path in graded_notebooks(course)}
    assert files == {
        path.relative_to(graded_course): path.read_bytes()
        for path in graded_notebooks(graded_course)
    }
    assert entries(course) == entries(graded_course)
    before = written(course)
    run_in(course, "autograder", "grade", "attention")  # here, and there is nothing left to do
    assert written(course) == before


def graded_notebooks(course: Path) -> list[Path]:
    return list((course / "autograded").rglob("*.ipynb"))


def test_a_worker_killed_in_the_middle_loses_nothing(
    course: Path, graded_course: Path, cluster: Cluster
):
    process = start_grading(course, *cluster.options())
    deadline = time.monotonic() + 120
    while not result_files(course):
        assert time.monotonic() < deadline, "nothing was graded"
        time.sleep(0.02)
    victim = cluster.judging()[0]
    below = victim.children(recursive=True)
    assert below, "its sandbox"
    victim.kill()
    assert len(result_files(course)) < len(CHOSEN), "that was not in the middle"
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == 0, printed
    assert stored(course) == stored(graded_course)
    assert entries(course) == entries(graded_course)
    assert not psutil.wait_procs(below, timeout=10)[1], "a sandbox outlives its worker"


def test_what_cannot_be_run_is_not_sent(course: Path, cluster: Cluster):
    shutil.rmtree(course / "submitted")
    hand_in(CASES["not_json"], handed_in_folder(course, "ada"))
    handed_in_folder(course, "alan").mkdir(parents=True)
    run_in(course, "autograder", "grade", "attention", *cluster.options())
    rows = entries(course)
    assert set(rows) == {"ada", "alan"}
    assert rows["ada"]["grades"]["check_softmax"] == (0.0, None, True)
    assert rows["alan"]["grades"]["check_softmax"] == (0.0, None, False)


def test_a_client_with_a_certificate_of_another_authority_is_refused(
    course: Path, cluster: Cluster, tmp_path: Path
):
    others = create_certificates(tmp_path / "others")
    options = cluster.options(others)
    said = run_in(course, "autograder", "grade", "attention", *options, status=1)
    assert said.count("\n") == 1
    assert "cannot be reached or refuses the certificate" in said
    assert not (course / "results").exists()


def test_the_scheduler_itself_refuses_whoever_has_no_certificate(cluster: Cluster):
    host, _, port = cluster.address.removeprefix("tls://").partition(":")
    for known in (True, False):
        context = ssl.create_default_context(cafile=cluster.certificates / "ca.pem")
        context.check_hostname = False
        if known:
            pair = (cluster.certificates / "certificate.pem", cluster.certificates / "key.pem")
            context.load_cert_chain(*pair)
        with socket.create_connection((host, int(port)), 10) as plain:
            if known:
                with context.wrap_socket(plain) as line:
                    assert line.recv(1)
            else:
                with pytest.raises(ssl.SSLError), context.wrap_socket(plain) as line:
                    line.recv(1)  # with TLS 1.3 a refusal comes after the handshake


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--scheduler", "tcp://127.0.0.1:8786"], "would send submissions unprotected"),
        (["--scheduler", "tls://127.0.0.1:8786"], "no certificate for the cluster"),
        (
            ["--scheduler", "tls://127.0.0.1:8786", "--tls-ca-file", "a", "--tls-cert", "a"],
            "autograder: ",
        ),
    ],
)
def test_a_cluster_that_is_not_protected_is_one_line(course: Path, options: list[str], said: str):
    printed = run_in(course, "autograder", "grade", "attention", *options, status=1)
    assert said in printed
    assert printed.count("\n") == 1


def test_a_worker_that_would_judge_in_another_way_takes_no_part(
    course: Path, cluster: Cluster, tmp_path: Path
):
    other = unmended_project(tmp_path / "other")
    said = run_in(
        course, "autograder", "grade", "attention", *cluster.options(), status=1, project=other
    )
    assert "cannot take part: it has another version of the project" in said
    assert said.count("\n") == 1


def test_a_worker_knows_whether_it_can_judge(monkeypatch: pytest.MonkeyPatch):
    assert "another version" in problem("another", unsafe=False)

    def none(unsafe: bool) -> None:
        raise UserError("no sandbox: none")

    monkeypatch.setattr("autograder.grading.classroom.standing_sandbox", none)
    assert problem(version(), unsafe=False) == "no sandbox: none"


def test_the_courses_secret_does_not_travel(course: Path, solved: NotebookNode):
    secret = course_secret(course)
    submission = take_in(handed_in_folder(course, "everything_right"), "attention", solved)
    seeds = Seeds.of(secret, "everything_right", submission.digest)
    sent = packed(submission, seeds, Limits(), unsafe=False)
    assert seeds.key in sent
    assert secret not in sent
    assert (course / SECRET).read_bytes().strip() not in sent
    assert b"everything_right" not in sent


def test_certificates_are_for_their_owner_and_replace_none(certificates: Path):
    for name in ("ca.pem", "certificate.pem", "key.pem"):
        assert os.stat(certificates / name).st_mode & 0o077 == 0
    certificate, authority = (
        x509.load_pem_x509_certificate((certificates / name).read_bytes())
        for name in ("certificate.pem", "ca.pem")
    )
    certificate.verify_directly_issued_by(authority)
    with pytest.raises(UserError, match="exists and is left as it is"):
        create_certificates(certificates)
    assert b"PRIVATE" not in (certificates / "ca.pem").read_bytes()


def test_a_scheduler_that_goes_away_is_one_line_and_what_is_graded_stays(
    course: Path, graded_course: Path, cluster: Cluster
):
    process = start_grading(course, *cluster.options())
    deadline = time.monotonic() + 120
    while not result_files(course):
        assert time.monotonic() < deadline, "nothing was graded"
        time.sleep(0.02)
    cluster.processes[0].kill()
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == 1, printed
    assert printed.count("\n") == 1
    assert "the same command goes on from here" in printed
    done = written(course)
    run_in(course, "autograder", "grade", "attention")
    assert {path: time for path, time in written(course).items() if path in done} == done
    assert entries(course) == entries(graded_course)
