"""A course folder and nbgrader's own command line, kept away from this account's settings."""

import functools
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder import specs
from autograder.course.filled_notebooks import answer_source, exercise_cells, filled
from autograder.course.init import create_course

REPOSITORY = Path(__file__).parents[3]
WRITTEN = "An answer in words."


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables under which nbgrader and its kernels find the project and no settings of yours."""
    home = tmp_path_factory.mktemp("home")
    return os.environ | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "PYTHONPATH": str(REPOSITORY),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",  # alembic
        "OMP_NUM_THREADS": "1",
    }


@pytest.fixture(scope="session")
def nbgrader(environment: dict[str, str]) -> Callable[..., str]:
    """Run nbgrader's command line in a folder; returns what it said."""

    def run(folder: Path, *arguments: str, fails: bool = False) -> str:
        command = [sys.executable, "-m", "nbgrader", *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, said
        return said

    return run


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """An empty course."""
    return create_course(tmp_path / "course")


@dataclass
class Graded:
    """An assignment, and where it was graded."""

    name: str
    folder: Path

    def notebooks(self, step: str, student: str) -> list[NotebookNode]:
        folder = self.folder / step / student / self.name
        return [nbformat.read(path, as_version=4) for path in sorted(folder.glob("*.ipynb"))]

    def grades(self, student: str) -> list:
        with Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}") as gradebook:
            submission = gradebook.find_submission(self.name, student)
            return [
                (grade.name, grade.auto_score, grade.max_score, grade.needs_manual_grade)
                for notebook in submission.notebooks
                for grade in notebook.grades
            ]


def solved(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook with the reference in the place of each stub."""
    exercises = [specs.find(identifier) for identifier in exercise_cells(notebook)]
    sources = {e.identifier: answer_source(e.reference, e.name) for e in exercises}
    notebook = filled(notebook, sources)
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and "nbgrader" in cell.metadata:
            cell.source = WRITTEN
    return notebook


@pytest.fixture(scope="session")
def sandbox() -> None:
    """Skip, by name, what grades on a machine that forbids it; with CI=true, fail."""
    command = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "true"]
    if shutil.which("bwrap") and subprocess.run(command, capture_output=True).returncode == 0:
        return
    problem = "no sandbox, so nothing can be graded: see `python -m autograder doctor`"
    if os.environ.get("CI") == "true":
        pytest.fail(problem)
    pytest.skip(problem)


@pytest.fixture(scope="session")
def graded_assignment(
    sandbox: None, tmp_path_factory: pytest.TempPathFactory, nbgrader: Callable[..., str]
) -> Callable[[str], Graded]:
    """Grade an assignment, handed in once solved and once untouched, by stock nbgrader."""

    @functools.cache
    def grade(name: str) -> Graded:
        folder = create_course(tmp_path_factory.mktemp(name) / "course")
        nbgrader(folder, "generate_assignment", name)
        for released in (folder / "release" / name).glob("*.ipynb"):
            notebook = nbformat.read(released, as_version=4)
            for student, handed_in in {"solved": solved(notebook), "untouched": notebook}.items():
                target = folder / "submitted" / student / name / released.name
                target.parent.mkdir(parents=True, exist_ok=True)
                nbformat.write(handed_in, target)
        nbgrader(folder, "autograde", name)
        return Graded(name, folder)

    return grade


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(address: str, process: subprocess.Popen, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(address)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
        else:
            return
    pytest.fail("the Jupyter server does not answer")


@pytest.fixture(scope="session")
def token() -> str:
    return "only-on-loopback"


@pytest.fixture(scope="session")
def formgrader_of(
    environment: dict[str, str],
    token: str,
) -> Callable[[Path], AbstractContextManager[str]]:
    """Serve a course's formgrader, on loopback; returns its address."""

    @contextmanager
    def serve(folder: Path) -> Iterator[str]:
        port = free_port()
        command = [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root"]
        command += ["--ip=127.0.0.1", f"--port={port}", f"--IdentityProvider.token={token}"]
        log = open(folder.parent / "server.log", "w")  # noqa: SIM115
        with log, subprocess.Popen(command, cwd=folder, env=environment, stderr=log) as process:
            try:
                wait_for(f"http://127.0.0.1:{port}/api", process)
                yield f"http://127.0.0.1:{port}/formgrader"
            finally:
                process.terminate()

    return serve
