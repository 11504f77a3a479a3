"""One class of hostile, malformed and honest students, graded once by `autograder grade`."""

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook, SubmittedNotebook

sys.path.insert(0, str(Path(__file__).parent))  # the cases stand in modules beside this one

import combined  # noqa: F401
import crashes  # noqa: F401
import escapes  # noqa: F401
import honest  # noqa: F401
import lying_values  # noqa: F401
import malformed  # noqa: F401
import odd_but_honest  # noqa: F401
import tampering  # noqa: F401
import unlisted  # noqa: F401
from class_of_hostiles import CASES, hand_in, solved_notebook
from courses import CHOSEN, copy_of, make_class, new_course, opened_gradebook, run_in

from autograder.grading.sandbox import Sandbox, SandboxError

NO_TEXT = os.fsdecode(b"n\xffame")


@dataclass
class GradedClass:
    """A course folder in which a class was graded, and what the grader printed."""

    folder: Path
    printed: str
    handed_in: dict[str, bytes]

    def entry(self, student: str, gradebook: Gradebook) -> SubmittedNotebook:
        """Return a student's entry in the gradebook."""
        return gradebook.find_submission_notebook("attention", "attention", student)

    def notebook(self, student: str) -> NotebookNode:
        """Return a student's graded notebook."""
        path = self.folder / "autograded" / student / "attention" / "attention.ipynb"
        return nbformat.read(path, as_version=4)

    def originals(self, student: str) -> list[str]:
        """Return the hashes of what is kept of a student."""
        folder = self.folder / "originals" / "attention" / student
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.ipynb")]

    def gradebook(self) -> Gradebook:
        """Return the gradebook, to be closed."""
        return opened_gradebook(self.folder)


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
def graded_class(tmp_path_factory: pytest.TempPathFactory, solved: NotebookNode) -> GradedClass:
    folder = new_course(tmp_path_factory.mktemp("class") / "course")
    handed = {}
    for name, case in CASES.items():
        content = hand_in(case, folder / "submitted" / name / "attention", solved)
        if content is not None:
            handed[name] = content
    # a folder whose name is no text, which no gradebook can hold
    hand_in(CASES["everything_right"], folder / "submitted" / NO_TEXT / "attention", solved)
    # who is not recorded is told by the exit status too
    printed = run_in(folder, "autograder", "grade", "attention", status=1)
    return GradedClass(folder, printed, handed)


@pytest.fixture(scope="session")
def ungraded_course(tmp_path_factory: pytest.TempPathFactory, solved: NotebookNode) -> Path:
    """A course in which the chosen few have handed in, to be copied."""
    return make_class(tmp_path_factory.mktemp("chosen") / "course", CHOSEN, solved)


@pytest.fixture(scope="session")
def graded_course(tmp_path_factory: pytest.TempPathFactory, ungraded_course: Path) -> Path:
    """The same course, graded by `autograder grade`; not to be changed."""
    folder = copy_of(ungraded_course, tmp_path_factory.mktemp("graded") / "course")
    run_in(folder, "autograder", "grade", "attention")
    return folder


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", CASES.values(), ids=CASES)
