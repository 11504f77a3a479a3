"""Every spec accepts what is right and nothing else, and tells misconceptions apart."""

import functools
import inspect

import pytest
import torch

from autograder import specs
from autograder.checking.answering import call_function
from autograder.checking.judge import judge
from autograder.spec.drawn_cases import draw_cases
from tests.autograder.specs.changed_exercises import has_changed

SEEDS, SEEDS_IF_UNCHANGED = 200, 20
TIMED, TIMED_IF_UNCHANGED = 10, 2  # of exercises whose slow baseline is timed for each seed
EXERCISES = [exercise for module in specs.module_names() for exercise in specs.exercises(module)]
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.identifier)


@functools.cache
def drawn(exercise):
    """Return the cases that everybody gets: several tests look at them."""
    return draw_cases(exercise)


def judged(cases, function):
    return judge(cases, lambda call: call_function(function, call))


def seeds_for(exercise, every_seed):
    all_of_them = every_seed or has_changed(exercise.identifier)
    if any(part.speed for part in exercise.parts):
        return TIMED if all_of_them else TIMED_IF_UNCHANGED
    return SEEDS if all_of_them else SEEDS_IF_UNCHANGED


def failures(result):
    return [(part.name, part.tried, part.message) for part in result.parts if not part.passed]


@every_exercise
def test_the_reference_and_every_alternative_earn_full_points(exercise, pytestconfig):
    right = [exercise.reference, *exercise.alternatives]
    for seed in range(seeds_for(exercise, pytestconfig.getoption("every_seed"))):
        torch.set_num_threads(2 if seed % 10 == 0 else 1)
        cases = draw_cases(exercise, f"seed {seed}")
        for function in right:
            result = judged(cases, function)
            assert result.passed, (seed, function.__name__, failures(result))


@every_exercise
def test_every_misconception_loses_points_and_earns_its_hint(exercise):
    for seed in ("public", "one", "another"):
        cases = draw_cases(exercise, seed)
        for misconception in exercise.misconceptions:
            result = judged(cases, misconception.function)
            name = misconception.function.__name__
            assert result.points < result.maximum, (seed, name)
            assert misconception.hint in result.hints, (seed, name, failures(result))


@every_exercise
def test_a_misconception_reads_no_hint_but_its_own(exercise):
    cases = drawn(exercise)
    for misconception in exercise.misconceptions:
        result = judged(cases, misconception.function)
        assert set(result.hints) == {misconception.hint}, misconception.function.__name__


@every_exercise
def test_the_stub_earns_nothing_and_is_told_so(exercise):
    def stub(*arguments, **keywords):
        raise NotImplementedError

    result = judged(drawn(exercise), stub)
    assert result.points == 0
    assert result.note == "not written yet"


@every_exercise
def test_every_part_can_be_failed(exercise):
    result = judged(drawn(exercise), lambda *a, **k: "nonsense")
    assert result.points == 0
    assert all(part.message for part in result.parts)


@every_exercise
def test_an_exercise_is_declared_in_full(exercise):
    assert callable(exercise.reference)
    assert exercise.points > 0
    assert len(exercise.misconceptions) >= 2
    assert len(exercise.alternatives) >= 1
    assert len({part.name for part in exercise.parts}) == len(exercise.parts)
    assert any(part.public for part in exercise.parts)
    parameters = list(inspect.signature(exercise.reference).parameters)
    for function in [*exercise.alternatives, *(m.function for m in exercise.misconceptions)]:
        assert list(inspect.signature(function).parameters) == parameters, function.__name__
    for part in drawn(exercise).parts:
        assert all(case.call.tries for case in part.cases), part.name


def test_an_exercise_stands_under_the_name_of_its_function():
    for exercise in EXERCISES:
        module = exercise.identifier.rpartition(".")[0]
        found = [e for e in specs.exercises(module) if e.identifier == exercise.identifier]
        assert found == [exercise]
        assert specs.find(exercise.identifier) is exercise


def test_an_unknown_exercise_names_the_nearest():
    with pytest.raises(specs.UnknownExerciseError, match=r"attention\.softmax"):
        specs.find("attention.sofmax")
