"""Courses in which classes of hostile, malformed and honest students are graded, each once."""

import os
import sys
from pathlib import Path

import pytest
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).parent))  # what the tests share stands beside this module

from courses import CHOSEN, copy_of, make_class, run_in
from graded_class import GradedClass, grade_class, looked_at, made_once
from handing_in import solved_notebook

from autograder.grading.sandbox import Sandbox, SandboxError


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a sandbox on this machine there is nothing to test: say so by name, once."""
    try:
        with Sandbox():
            return
    except SandboxError as error:
        if os.environ.get("CI"):
            raise
        for item in items:
            if Path(item.path).parent == Path(__file__).parent:
                item.add_marker(pytest.mark.skip(reason=str(error)))


@pytest.fixture(scope="session")
def solved() -> NotebookNode:
    return solved_notebook()


@pytest.fixture(scope="session")
def graded_class(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> GradedClass:
    """The class, graded by `autograder grade`: all of it that the chosen tests look at."""
    cases = looked_at(request.session.items)
    return GradedClass(made_once(tmp_path_factory, "class", lambda f: grade_class(f, cases)))


@pytest.fixture(scope="session")
def ungraded_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course in which the chosen few have handed in, to be copied."""
    return made_once(tmp_path_factory, "chosen", lambda folder: make_class(folder, CHOSEN))


@pytest.fixture(scope="session")
def graded_course(tmp_path_factory: pytest.TempPathFactory, ungraded_course: Path) -> Path:
    """The same course, graded by `autograder grade`; not to be changed."""

    def make(folder: Path) -> None:
        copy_of(ungraded_course, folder)
        run_in(folder, "autograder", "grade", "attention")

    return made_once(tmp_path_factory, "graded", make)
