"""Solutions that stand in no spec are judged as they should be: right ones pass, wrong ones fail.

Those of an exercise stand beside this file, in `MODULE/EXERCISE.py`, as functions that are called
`right__` or `wrong__`, and then what is particular about them.
"""

import functools
import importlib
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.checking.answering import call_function
from autograder.checking.judge import passes
from autograder.spec.drawn_cases import draw_cases
from autograder.specs import find, module_names

PLACE = "tests.autograder.specs"


def solutions(kind):
    """Return identifier and function of every solution of a kind."""
    return [
        pytest.param(identifier, function, id=f"{identifier}-{name.removeprefix(f'{kind}__')}")
        for identifier in IDENTIFIERS
        for name, function in vars(importlib.import_module(f"{PLACE}.{identifier}")).items()
        if name.startswith(f"{kind}__")
    ]


IDENTIFIERS = [
    f"{path.parent.name}.{path.stem}" for path in sorted(Path(__file__).parent.glob("*/*.py"))
]
RIGHT, WRONG = solutions("right"), solutions("wrong")


@functools.cache
def drawn(identifier, seed):
    cases = draw_cases(find(identifier), seed)
    # no diagnosis: whether they pass is all that is asked here
    return replace(cases, parts=tuple(replace(part, mistakes=()) for part in cases.parts))


def passed(identifier, function, seed):
    return passes(drawn(identifier, seed), lambda call: call_function(function, call))


@pytest.mark.parametrize("module", module_names())
def test_there_are_enough_of_them_to_mean_something(module):
    def of(kind):
        return [given for given in kind if given.values[0].startswith(f"{module}.")]

    assert len(of(RIGHT)) >= 15
    assert len(of(WRONG)) >= 40


@pytest.mark.parametrize(("identifier", "function"), RIGHT)
def test_a_right_solution_passes(identifier, function):
    for seed in range(10):
        assert passed(identifier, function, f"right {seed}"), seed


@pytest.mark.parametrize(("identifier", "function"), WRONG)
def test_a_wrong_solution_fails(identifier, function):
    for seed in range(5):
        assert not passed(identifier, function, f"wrong {seed}"), seed
