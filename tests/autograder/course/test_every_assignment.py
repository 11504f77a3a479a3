"""Every assignment, graded by stock nbgrader: solved it earns everything, untouched nothing."""

import pytest

from autograder.course.filled_notebooks import CHECK
from autograder.course.init import EXERCISES, assignments


@pytest.fixture(params=[folder.name for folder in assignments()])
def graded(request, graded_assignment):
    return graded_assignment(request.param)


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
