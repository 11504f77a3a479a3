"""Notebooks made from functions of the project: the source stands alone and does the same."""

import importlib
import math

import nbformat
import pytest
import torch
from torch import Tensor

from autograder import specs
from autograder.course.filled_notebooks import answer_source, exercise_cells, filled
from autograder.checking.answering import call_function
from autograder.checking.judge import judge
from autograder.spec.drawn_cases import draw_cases
from solutions import attention
from solutions.attention import attention_weights

EXERCISES = [exercise for module in specs.module_names() for exercise in specs.exercises(module)]
FACTOR = 2.0


def double(x: Tensor) -> Tensor:
    return FACTOR * x


def quadruple(x: Tensor) -> Tensor:
    return double(double(x))


def through_the_module(scores, mask=None):
    return attention.softmax(scores) * math.sqrt(FACTOR)


def softmax_by_name(scores, mask=None):
    return torch.softmax(quadruple(scores), dim=-1)


def weights(query, key, mask=None):
    return attention_weights(key, query, mask)


def defined(source: str, name: str):
    names: dict = {}
    exec(compile(source, name, "exec"), names)
    return names[name]


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (quadruple, "quadruple"),
        (softmax_by_name, "softmax"),
        (through_the_module, "weights"),
        (through_the_module, "softmax"),
        (softmax_by_name, "double"),  # what it needs has the name it shall get
    ],
)
def test_source_brings_along_what_it_uses(function, name):
    source = answer_source(function, name)
    x = torch.tensor([0.5, 1.0, 3.0])
    assert torch.equal(defined(source, name)(x), function(x))


def test_source_imports_nothing_of_the_project():
    source = answer_source(weights, "attention_weights")
    assert "solutions" not in source
    query, key = torch.randn(3, 4), torch.randn(5, 4)
    assert torch.equal(defined(source, "attention_weights")(query, key), weights(query, key))


@pytest.mark.parametrize("exercise", EXERCISES, ids=[e.identifier for e in EXERCISES])
def test_source_of_the_reference_earns_full_points(exercise):
    function = defined(answer_source(exercise.reference, exercise.name), exercise.name)
    result = judge(draw_cases(exercise), lambda call: call_function(function, call))
    assert result.points == exercise.points > 0
    assert "import solutions" not in answer_source(exercise.reference, exercise.name)


@pytest.mark.parametrize("exercise", EXERCISES, ids=[e.identifier for e in EXERCISES])
def test_source_of_a_misconception_earns_what_the_misconception_does(exercise):
    cases = draw_cases(exercise)
    for misconception in exercise.misconceptions:
        source = answer_source(misconception.function, exercise.name)
        standing_alone = defined(source, exercise.name)
        original = judge(cases, lambda call, f=misconception.function: call_function(f, call))
        copied = judge(cases, lambda call, f=standing_alone: call_function(f, call))
        assert copied.points == original.points < exercise.points, misconception.hint
        assert copied.hints == original.hints


def test_a_filled_notebook_leaves_the_original_as_it_was(notebook):
    before = nbformat.writes(notebook)
    identifier = next(iter(exercise_cells(notebook)))
    solved = filled(notebook, {identifier: "answer = 42"})
    assert exercise_cells(solved)[identifier].source == "answer = 42"
    assert nbformat.writes(notebook) == before


def test_each_exercise_stands_in_one_notebook_one_spec_and_one_solutions_function(every_notebook):
    in_notebooks = [name for notebook in every_notebook for name in exercise_cells(notebook)]
    in_specs = [exercise.identifier for exercise in EXERCISES]
    assert sorted(in_notebooks) == sorted(in_specs)
    assert len(set(in_specs)) == len(in_specs)
    for exercise in EXERCISES:
        module, _, name = exercise.identifier.partition(".")
        function = getattr(importlib.import_module(f"solutions.{module}"), name)
        assert function is exercise.reference
        assert function.__module__ == f"solutions.{module}"


def test_notebook_and_spec_agree_in_points(every_notebook):
    points = {exercise.identifier: exercise.points for exercise in EXERCISES}
    for notebook in every_notebook:
        checks = {
            cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points
            for cell in notebook.cells
            if cell.metadata.get("nbgrader", {}).get("grade")
        }
        for identifier in exercise_cells(notebook):
            assert checks[f"check_{identifier.rpartition('.')[2]}"] == points[identifier]
