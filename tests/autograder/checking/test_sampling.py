"""What is drawn together is judged together, and chance alone fails nobody."""

import pytest
import torch
from hypothesis import given, settings

from autograder.checking.cases import (
    Call,
    Case,
    ExerciseCases,
    PartCases,
    Returned,
    read_cases,
    write_cases,
)
from autograder.checking.sampling import Outcomes, Repeatable, chances
from tests.autograder.checking.test_compare import anything

COINS = {(): {(a, b): 0.25 for a in (0, 1) for b in (0, 1)}}
DRAWS = 2000


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def coins(*shape, seed=0):
    return torch.randint(2, shape, generator=generator(seed))


def message(comparator, expected, found):
    difference = comparator.first_difference(expected, found)
    return None if difference is None else difference[1].message


def test_independent_coins_pass_and_equal_ones_fail():
    right = chances(1, (DRAWS, 2), COINS)
    assert message(Outcomes(1), [right], [coins(DRAWS, 2)]) is None
    # each coin by itself is fair
    assert "5 sigma" in message(Outcomes(1), [right], [coins(DRAWS, 1).expand(-1, 2)])


def test_several_tensors_are_judged_together():
    one, other = coins(DRAWS), coins(DRAWS, seed=1)
    right = chances(2, (DRAWS,), COINS)
    assert message(Outcomes(), [right], [(one, other)]) is None
    assert message(Outcomes(), [right], [(one, one)]) is not None
    only_first = chances(2, (DRAWS,), {(): {(0,): 0.5, (1,): 0.5}})
    assert message(Outcomes(items=(0,)), [only_first], [(one, one)]) is None


def test_what_has_no_chance_must_not_come_once():
    right = chances(1, (DRAWS,), {(): {(0,): 0.5, (1,): 0.5}})
    found = coins(DRAWS)
    found[7] = 2
    assert "cannot come out" in message(Outcomes(), [right], [found])


def test_chances_may_depend_on_what_was_given():
    first = coins(DRAWS)
    copied = {(0,): {(0,): 1.0}, (1,): {(1,): 0.5, (0,): 0.5}}
    right = chances(1, (DRAWS,), copied, first)
    assert message(Outcomes(), [right], [first * coins(DRAWS, seed=1)]) is None
    assert "cannot come out" in message(Outcomes(), [right], [coins(DRAWS, seed=1)])
    assert "5 sigma" in message(Outcomes(), [right], [first])


def test_small_calls_with_the_same_chances_count_together():
    right = [chances(1, (2,), COINS)] * 100
    assert message(Outcomes(1), right, [coins(2, seed=seed) for seed in range(100)]) is None
    # exactly one head each time
    exact = [torch.randperm(2, generator=generator(seed)) for seed in range(100)]
    assert message(Outcomes(1), right, exact) is not None


@pytest.mark.parametrize(
    ("found", "part_of_message"),
    [
        (None, "returned None"),
        (torch.zeros(3, 2), "dtype float32"),
        (torch.zeros(2, 3, dtype=torch.int64), "swapped"),
        ("text", "instead of a torch.Tensor"),
    ],
)
def test_what_has_another_form_is_told_so(found, part_of_message):
    assert part_of_message in message(Outcomes(1), [chances(1, (3, 2), COINS)], [found])


def test_chance_alone_fails_nobody():
    right = [chances(1, (50, 2), COINS)]
    for seed in range(1000):
        assert message(Outcomes(1), right, [coins(50, 2, seed=seed)]) is None


def test_two_samples_of_one_distribution_are_alike():
    fair, again = coins(DRAWS, 2), coins(DRAWS, 2, seed=1)
    assert Outcomes(1).alike([fair], [again])
    assert not Outcomes(1).alike([fair], [coins(DRAWS, 1).expand(-1, 2)])
    assert not Outcomes(1).alike([fair], [again.double()])


def test_equal_seeds_have_to_give_the_same_and_others_something_else():
    one, other = coins(50), coins(50, seed=1)
    labels = [1, 1, 2, 2]
    assert message(Repeatable(), labels, [one, one, other, other]) is None
    assert "only source" in message(Repeatable(), labels, [one, one, other, one])
    assert "different seeds" in message(Repeatable(), labels, [one] * 4)
    assert Repeatable().alike([one, one], [other, other])
    assert not Repeatable().alike([one, one], [one, other])


def test_what_is_expected_survives_being_written_to_a_file(tmp_path):
    right = chances(2, (4,), {(0,): {(0, 1): 1.0}}, torch.zeros(4, dtype=torch.int64))
    case = Case(Call((3,), tries="three"), Returned(right))
    parts = (PartCases("draws", 1, Outcomes(items=(0, 1)), (case,)),)
    write_cases(tmp_path / "cases", [ExerciseCases("x.draws", ("n",), parts)])
    read = read_cases(tmp_path / "cases")["x.draws"].parts[0]
    assert read.comparator == Outcomes(items=(0, 1))
    found = torch.zeros(4, dtype=torch.int64), torch.ones(4, dtype=torch.int64)
    assert message(read.comparator, [read.cases[0].expected.value], [found]) is None
    assert message(read.comparator, [read.cases[0].expected.value], [found[::-1]]) is not None


@settings(max_examples=300, deadline=None)
@given(anything, anything)
@pytest.mark.filterwarnings("ignore")
def test_no_value_breaks_a_comparator(one, other):
    for comparator in (Outcomes(), Outcomes(2), Outcomes(1, items=(1,))):
        message(comparator, [chances(2, (3, 2), COINS)], [one])
        comparator.alike([one], [other])
    message(Repeatable(), [1, 2], [one, other])
