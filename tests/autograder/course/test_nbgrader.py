"""An assignment goes once around, by nbgrader's own command line, as its users know it."""

import csv
import shutil
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.course.filled_notebooks import answer_source, exercise_cells, filled
from autograder.course.init import create_course
from solutions import attention

IDENTIFIERS = {
    f"attention.{name}": getattr(attention, name) for name in ("causal_mask", "merge_heads")
}
NOISE = """
import logging, sys, warnings
warnings.warn("this may be slow")
print("so far, so good", file=sys.stderr)
logging.getLogger().warning("careful")
"""


def function_name(identifier: str) -> str:
    return identifier.rpartition(".")[2]


def noisy(source: str, name: str) -> str:
    """Return an answer that writes to stderr, both when it is defined and when it is called."""
    inside = textwrap.indent(NOISE.strip(), "    ")
    return f"""{NOISE}
{source}

in_silence = {name}

def {name}(*arguments, **keywords):
{inside}
    return in_silence(*arguments, **keywords)
"""


def upside_down(length):
    import torch

    return torch.ones(length, length, dtype=torch.bool).triu()


@dataclass
class Course:
    """A course after one round, and what can be asked of it."""

    folder: Path
    student_folder: Path

    def gradebook(self) -> Gradebook:
        return Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}")

    def scores(self, student: str) -> dict[str, float]:
        with self.gradebook() as gradebook:
            submission = gradebook.find_submission_notebook("attention", "attention", student)
            return {grade.name: grade.score for grade in submission.grades}


@pytest.fixture(scope="module")
def course(
    sandbox: None, tmp_path_factory: pytest.TempPathFactory, nbgrader: Callable[..., str]
) -> Course:
    root = tmp_path_factory.mktemp("around")
    course = Course(create_course(root / "course"), root / "student")
    with open(course.folder / "settings.py", "a") as file:
        file.write("c.ExchangeCollect.check_owner = False  # one account hands in for both\n")
    sources = {
        name: answer_source(function, function_name(name)) for name, function in IDENTIFIERS.items()
    }
    handed_in: dict[str, Mapping[str, str]] = {
        "noisy": {name: noisy(source, function_name(name)) for name, source in sources.items()},
        "wrong": sources | {"attention.causal_mask": answer_source(upside_down, "causal_mask")},
    }
    nbgrader(course.folder, "generate_assignment", "attention")
    nbgrader(course.folder, "release_assignment", "attention")
    course.student_folder.mkdir()
    shutil.copy(course.folder / "for-students" / "nbgrader_config.py", course.student_folder)
    nbgrader(course.student_folder, "fetch_assignment", "attention")
    path = course.student_folder / "attention" / "attention.ipynb"
    fetched = nbformat.read(path, as_version=4)
    for student, answers in handed_in.items():
        nbformat.write(filled(fetched, answers), path)
        nbgrader(course.student_folder, "submit", "attention", f"--student={student}")
    nbgrader(course.folder, "collect", "attention")
    nbgrader(course.folder, "autograde", "attention")
    nbgrader(course.folder, "generate_feedback", "attention")
    nbgrader(course.folder, "release_feedback", "attention")
    nbgrader(course.folder, "export", "--to=grades.csv")
    return course


def maximum(course: Course, identifier: str) -> float:
    with course.gradebook() as gradebook:
        name = f"check_{function_name(identifier)}"
        return gradebook.find_grade_cell(name, "attention", "attention").max_score


def test_only_the_notebook_is_released(course):
    released = [path for path in (course.folder / "release").rglob("*") if path.is_file()]
    assert [path.name for path in released] == ["attention.ipynb"]
    fetched = [path.name for path in (course.student_folder / "attention").iterdir()]
    assert fetched == ["attention.ipynb"]


def test_the_released_notebook_still_has_every_stub(course):
    released = nbformat.read(course.folder / "release/attention/attention.ipynb", as_version=4)
    original = nbformat.read(course.folder / "source/attention/attention.ipynb", as_version=4)
    assert [cell.source for cell in released.cells] == [cell.source for cell in original.cells]
    assert len(exercise_cells(released)) > 1


def test_what_is_solved_earns_its_points_though_it_warns_on_stderr(course):
    assert "stderr" in (course.folder / "autograded/noisy/attention/attention.ipynb").read_text()
    earned = {f"check_{function_name(name)}": maximum(course, name) for name in IDENTIFIERS}
    assert all(earned.values())
    scores = course.scores("noisy")
    assert scores == dict.fromkeys(scores, 0.0) | earned


def test_a_wrong_answer_costs_its_own_exercise_only(course):
    right, wrong = course.scores("noisy"), course.scores("wrong")
    assert wrong["check_causal_mask"] < right["check_causal_mask"]
    assert {**wrong, "check_causal_mask": 0} == {**right, "check_causal_mask": 0}


def test_the_grades_are_exported(course):
    with open(course.folder / "grades.csv") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"noisy", "wrong"}
    for student, row in rows.items():
        assert float(row["score"]) == sum(course.scores(student).values())


def test_each_student_has_feedback_and_it_is_released(course):
    for student in ("noisy", "wrong"):
        feedback = course.folder / "feedback" / student / "attention" / "attention.html"
        assert "attention.causal_mask" in feedback.read_text()
    assert len(list((course.folder / "exchange/course/feedback").iterdir())) == 2


def test_the_gradebook_lies_in_the_course_folder(course):
    assert (course.folder / "gradebook.db").exists()


def test_without_the_project_nbgrader_stops_instead_of_grading_in_another_way(
    course, environment, nbgrader, monkeypatch, tmp_path
):
    # an environment that has the project installed cannot find it behind this
    (tmp_path / "autograder.py").write_text("raise ImportError('there is no such module')")
    monkeypatch.setitem(environment, "PYTHONPATH", str(tmp_path))
    said = nbgrader(course.folder, "autograde", "attention", "--force", fails=True)
    assert "Is this the environment of the course?" in said
    assert "Traceback" not in said
