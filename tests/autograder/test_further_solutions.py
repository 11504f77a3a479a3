"""Solutions that stand in no spec are judged as they should be: right ones pass, wrong ones fail.

They stand beside this file, in `MODULE_right.py` and `MODULE_wrong.py` for each module of specs.
"""

import functools
import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.checking.answering import call_function
from autograder.checking.judge import judge
from autograder.draw import draw_cases
from autograder.spec import find


def solutions(kind):
    """Return module and function of every solution of a kind."""
    found = []
    for path in sorted(Path(__file__).parent.glob(f"*_{kind}.py")):
        described = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(described)
        described.loader.exec_module(module)
        found += [
            (path.stem.removesuffix(f"_{kind}"), function)
            for name, function in vars(module).items()
            if "__" in name and not name.startswith("__")
        ]
    return found


RIGHT, WRONG = solutions("right"), solutions("wrong")
MODULES = sorted({module for module, _ in RIGHT + WRONG})


def name(value):
    return value if isinstance(value, str) else value.__name__


@functools.cache
def drawn(identifier, seed):
    cases = draw_cases(find(identifier), seed)
    # no diagnosis: whether they pass is all that is asked here
    return replace(cases, parts=tuple(replace(part, mistakes=()) for part in cases.parts))


def passed(module, function, seed):
    cases = drawn(f"{module}.{function.__name__.partition('__')[0]}", seed)
    return judge(cases, lambda call: call_function(function, call)).passed


@pytest.mark.parametrize("module", MODULES)
def test_there_are_enough_of_them_to_mean_something(module):
    def of(kind):
        return [function for other, function in kind if other == module]

    assert len(of(RIGHT)) >= 15
    assert len(of(WRONG)) >= 40


@pytest.mark.parametrize(("module", "function"), RIGHT, ids=name)
def test_a_right_solution_passes(module, function):
    for seed in range(10):
        assert passed(module, function, f"right {seed}"), seed


@pytest.mark.parametrize(("module", "function"), WRONG, ids=name)
def test_a_wrong_solution_fails(module, function):
    for seed in range(5):
        assert not passed(module, function, f"wrong {seed}"), seed
