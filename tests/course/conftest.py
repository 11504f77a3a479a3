"""A course folder and nbgrader's own command line, kept away from this account's settings."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course import assignments, create_course

REPOSITORY = Path(__file__).parents[2]


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


@pytest.fixture(scope="session")
def generated(
    tmp_path_factory: pytest.TempPathFactory, nbgrader: Callable[..., str]
) -> Callable[[str], Path]:
    """Return a course in which every assignment has been generated: a new copy for each name."""
    original = create_course(tmp_path_factory.mktemp("generated") / "course")
    for assignment in assignments():
        nbgrader(original, "generate_assignment", assignment.name)

    def copy(name: str) -> Path:
        return shutil.copytree(original, tmp_path_factory.mktemp(name) / "course")

    return copy
