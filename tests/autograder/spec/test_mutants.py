"""Wrong functions are generated from right ones, and the specs fail nearly all of them."""

import ast
import inspect
import types

import pytest

from autograder import specs
from autograder.spec.drawn_cases import draw_cases
from autograder.spec.mutants import mutants, survivors

NEARLY_ALL = 0.95
MODULES = specs.module_names()


@pytest.fixture(scope="module", params=MODULES)
def outcome(request):
    """For each exercise of a module the mutants that survive, and the number of all."""
    exercises = specs.exercises(request.param)
    names = [exercise.name for exercise in exercises]
    return {
        exercise.identifier: survivors(exercise, draw_cases(exercise, "mutants"), names)
        for exercise in exercises
    }


def test_nearly_all_mutants_fail(outcome, capsys):
    alive = sum(len(names) for names, _ in outcome.values())
    every = sum(count for _, count in outcome.values())
    with capsys.disabled():
        print()
        for identifier, (names, count) in outcome.items():
            print(f"{identifier}: {count - len(names)} of {count} mutants fail")
        print(f"together: {1 - alive / every:.1%}")
    assert every > 10
    assert 1 - alive / every >= NEARLY_ALL


def test_every_survivor_is_listed_with_the_reason_and_nothing_else_is(outcome):
    for identifier, (names, _) in outcome.items():
        listed = specs.find(identifier).equivalent
        assert set(names) == set(listed), identifier
        assert all(reason.strip() for reason in listed.values())


def example(x, scale=2.0):
    """Text that is no code: 1 + 1."""
    if x is None:
        raise ValueError("x is missing")
    total = helper(x, 3) / scale
    for item in [1, 2]:
        total += item
    return total[:-1], not total


def helper(x, n):
    return x.transpose(1, n)


def test_mutants_change_one_thing_each_and_are_named_by_it():
    names = [mutant.name for mutant in mutants(example)]
    assert len(names) == len(set(names))
    for expected in (
        "2.0 -> 3.0 in def example(x, scale=2.0): ...",
        "helper(x, 3) / scale -> helper(x, 3) * scale",
        "helper(x, 3) -> x in total = helper(x, 3) / scale",
        "total = helper(x, 3) / scale -> nothing",
        "total += item -> total -= item",
        "for item in [1, 2]: ... -> nothing",
        "not total -> total in return (total[:-1], not total)",
        "-1 -> -2 in return (total[:-1], not total)",
        "return (total[:-1], not total) -> return None",
        "1 -> 2 in return x.transpose(1, n)",
    ):
        assert expected in names, expected


def test_what_has_no_effect_is_not_changed():
    names = " | ".join(mutant.name for mutant in mutants(example))
    assert "Text that is no code" not in names
    assert "is missing" not in names
    assert "is not None" not in names  # a guard
    assert "transpose(n, 1)" not in names  # the same


def test_every_mutant_compiles_and_none_is_the_original():
    original = inspect.getsource(example) + inspect.getsource(helper)
    unchanged = ast.dump(ast.parse(original))
    for mutant in mutants(example):
        assert isinstance(mutant.function("example", globals()), types.FunctionType)
        assert ast.dump(mutant.tree) != unchanged, mutant.name


def test_functions_that_are_exercises_themselves_are_left_out():
    with_helper = {mutant.name for mutant in mutants(example)}
    without = {mutant.name for mutant in mutants(example, others=["helper"])}
    assert any("transpose" in name for name in with_helper)
    assert not any("transpose" in name for name in without)
