"""Solutions to the exercises on attention that stand in no spec are judged as they should be."""

import importlib.util
from pathlib import Path

import pytest

from autograder.checking.answering import call_function
from autograder.checking.judge import judge
from autograder.draw import draw_cases
from autograder.spec import find


def solutions(name):
    """Return the functions of a module beside this one that are named as solutions are."""
    found = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return [f for name, f in vars(module).items() if "__" in name and not name.startswith("__")]


RIGHT, WRONG = solutions("attention_right"), solutions("attention_wrong")


def passed(function, seed):
    exercise = find("attention." + function.__name__.partition("__")[0])
    cases = draw_cases(exercise, seed, mistakes=False)
    return judge(cases, lambda call: call_function(function, call)).passed


def test_there_are_enough_of_them_to_mean_something():
    assert len(RIGHT) >= 30
    assert len(WRONG) >= 60


@pytest.mark.parametrize("function", RIGHT, ids=lambda f: f.__name__)
def test_a_right_solution_passes(function):
    for seed in range(10):
        assert passed(function, f"right {seed}"), seed


@pytest.mark.parametrize("function", WRONG, ids=lambda f: f.__name__)
def test_a_wrong_solution_fails(function):
    for seed in range(5):
        assert not passed(function, f"wrong {seed}"), seed
