"""Every assignment, graded by stock nbgrader: solved it earns everything, untouched nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder import spec
from autograder.answers import CHECK, answer_source, exercise_cells, filled
from autograder.course import EXERCISES, assignments

WRITTEN = "An answer in words."


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
    exercises = [spec.find(identifier) for identifier in exercise_cells(notebook)]
    sources = {e.identifier: answer_source(e.reference, e.name) for e in exercises}
    notebook = filled(notebook, sources)
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and "nbgrader" in cell.metadata:
            cell.source = WRITTEN
    return notebook


@pytest.fixture(scope="module", params=[folder.name for folder in assignments()])
def graded(
    request: pytest.FixtureRequest,
    generated: Callable[[str], Path],
    nbgrader: Callable[..., str],
) -> Graded:
    name = request.param
    folder = generated(name)
    for released in (folder / "release" / name).glob("*.ipynb"):
        notebook = nbformat.read(released, as_version=4)
        for student, handed_in in {"solved": solved(notebook), "untouched": notebook}.items():
            target = folder / "submitted" / student / name / released.name
            target.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(handed_in, target)
    nbgrader(folder, "autograde", name)
    return Graded(name, folder)


def test_the_solved_notebook_scores_full_marks(graded):
    automatic = [grade for grade in graded.grades("solved") if grade[0].startswith("check_")]
    assert automatic
    for name, score, maximum, _ in automatic:
        assert score == maximum > 0, name


def test_a_written_answer_waits_for_a_person(graded):
    by_hand = [grade for grade in graded.grades("solved") if not grade[0].startswith("check_")]
    for _, score, _, waits in by_hand:
        assert score is None
        assert waits


def test_the_untouched_notebook_scores_zero_and_waits_for_nobody(graded):
    for name, score, maximum, waits in graded.grades("untouched"):
        assert score == 0, name
        assert maximum > 0
        assert not waits, name


def test_the_untouched_notebook_runs_without_an_error(graded):
    for notebook in graded.notebooks("autograded", "untouched"):
        for cell in notebook.cells:
            outputs = cell.get("outputs", [])
            assert not [o for o in outputs if o.output_type in ("error", "stream")], cell.source
            if CHECK.fullmatch(cell.source):
                (result,) = [o for o in outputs if o.output_type == "execute_result"]
                assert result.data["text/plain"] == "0.0"


def test_the_release_has_all_notebooks_and_no_rubric(graded):
    released = {path.name for path in (graded.folder / "release" / graded.name).iterdir()}
    assert released == {path.name for path in (EXERCISES / graded.name).glob("*.ipynb")}
