"""Every spec accepts what is right and nothing else, and tells misconceptions apart."""

import inspect

import pytest
import torch

from autograder import specs
from autograder.checking.answering import call_function
from autograder.checking.judge import judge
from autograder.spec.drawn_cases import draw_cases
from tests.autograder.specs.changed_exercises import has_changed

SEEDS = 200
SEEDS_IF_UNCHANGED = 20
SEEDS_IF_TIMED = 10  # the slow baseline is timed for each
EXERCISES = [exercise for module in specs.module_names() for exercise in specs.exercises(module)]
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.identifier)


@pytest.fixture
def _thread_count_kept():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def judged(cases, function):
    return judge(cases, lambda call: call_function(function, call))


def seeds_for(exercise, every_seed):
    if any(part.speed for part in exercise.parts):
        return SEEDS_IF_TIMED
    return SEEDS if every_seed or has_changed(exercise.identifier) else SEEDS_IF_UNCHANGED


def failures(result):
    return [(part.name, part.tried, part.message) for part in result.parts if not part.passed]


@every_exercise
@pytest.mark.usefixtures("_thread_count_kept")
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
    cases = draw_cases(exercise)
    for misconception in exercise.misconceptions:
        result = judged(cases, misconception.function)
        assert set(result.hints) == {misconception.hint}, misconception.function.__name__


@every_exercise
def test_the_stub_earns_nothing_and_is_told_so(exercise):
    def stub(*arguments, **keywords):
        raise NotImplementedError

    result = judged(draw_cases(exercise), stub)
    assert result.points == 0
    assert result.note == "not written yet"


@every_exercise
def test_every_part_can_be_failed(exercise):
    result = judged(draw_cases(exercise), lambda *a, **k: "nonsense")
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
    for part in draw_cases(exercise).parts:
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
