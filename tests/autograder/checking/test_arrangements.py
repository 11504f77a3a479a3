"""Orders, splits and intervals are judged by what must hold, and by how often each comes."""

import itertools

import pytest
import torch

from autograder.checking.arrangements import RandomInterval, RandomSplit, Shuffled
from autograder.checking.cases import (
    Call,
    Case,
    ExerciseCases,
    PartCases,
    Returned,
    read_cases,
    write_cases,
)

LABELS = ["a", "b", "c"]
LONG = [f"{number:03}" for number in range(200)]
TABLE = torch.tensor([[a, b, (a + b) % 2] for a in range(2) for b in range(2)])


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def shuffled(items, seed):
    return [items[i] for i in torch.randperm(len(items), generator=generator(seed)).tolist()]


def split(seed, table=TABLE, rows=2):
    order = torch.randperm(len(table), generator=generator(seed))
    return table[order[:rows]], table[order[rows:]]


def message(comparator, expected, found):
    difference = comparator.first_difference(expected, found)
    return None if difference is None else difference[1].message


@pytest.mark.parametrize("items", [LABELS, ["a", "a", "b"], LONG, []])
def test_random_orders_pass(items):
    found = [shuffled(items, seed) for seed in range(150)]
    assert message(Shuffled(), [items] * 150, found) is None


def test_an_order_that_never_comes_is_noticed():
    every = list(itertools.permutations(LABELS))
    found = [every[1 + i % 5] for i in range(150)]
    assert "too rarely" in message(Shuffled(), [LABELS] * 150, found)


def test_a_long_list_that_stays_or_turns_is_noticed():
    assert "too often" in message(Shuffled(), [LONG] * 5, [LONG] * 5)
    assert message(Shuffled(), [LONG] * 5, [LONG[::-1]] * 5) is not None
    halves = [shuffled(LONG[:100], seed) + shuffled(LONG[100:], seed) for seed in range(20)]
    assert message(Shuffled(), [LONG] * 20, halves) is not None


@pytest.mark.parametrize(
    ("found", "part_of_message"),
    [
        (["a", "b", "b"], "not the same strings"),
        (["a", "b"], "2 strings instead of 3"),
        (None, "return"),
        ([0, 1, 2], "int"),
        ("abc", "str"),
    ],
)
def test_other_strings_are_refused(found, part_of_message):
    assert part_of_message in message(Shuffled(), [LABELS], [found])


def test_random_splits_pass_in_any_order_of_rows():
    found = [split(seed) for seed in range(150)]
    in_order = [tuple(t[t[:, 0].argsort()] for t in tables) for tables in found]
    for tables in (found, in_order):
        assert message(RandomSplit(), [(TABLE[:2], TABLE[2:])] * 150, tables) is None


def test_splits_of_many_rows_are_judged_row_by_row():
    table = torch.stack([torch.arange(40), torch.arange(40) ** 2], 1)
    right = [(table[:10], table[10:])] * 100
    assert message(RandomSplit(), right, [split(s, table, 10) for s in range(100)]) is None
    assert "too" in message(RandomSplit(), right, [(table[:10], table[10:])] * 100)


def test_splits_that_keep_rows_together_are_noticed():
    pairs = [(TABLE[[1, 2]], TABLE[[0, 3]]), (TABLE[[0, 3]], TABLE[[1, 2]])]
    found = [pairs[i % 2] for i in range(150)]
    assert "too" in message(RandomSplit(), [(TABLE[:2], TABLE[2:])] * 150, found)


@pytest.mark.parametrize(
    ("found", "part_of_message"),
    [
        ((TABLE[:2], TABLE[:2]), "twice"),
        ((TABLE[:2] + 1, TABLE[2:]), "does not belong"),
        ((TABLE[:3], TABLE[3:]), "item 0"),
        ((TABLE[:2].float(), TABLE[2:]), "float32"),
        (TABLE, "a tensor"),
        (None, "return"),
    ],
)
def test_what_is_no_split_is_refused(found, part_of_message):
    assert part_of_message in message(RandomSplit(), [(TABLE[:2], TABLE[2:])], [found])


def test_ends_are_judged_by_their_mean():
    law = ((0.0, 1.0), (10.0, 1.0))
    ends = torch.randn(200, 2, generator=generator()) + torch.tensor([0.0, 10.0])
    assert message(RandomInterval(), [law] * 200, [tuple(pair) for pair in ends.tolist()]) is None
    higher = [(low, high + 0.5) for low, high in ends.tolist()]
    assert "upper end" in message(RandomInterval(), [law] * 200, higher)


@pytest.mark.parametrize(
    ("found", "part_of_message"),
    [
        ((2.0, 1.0), "below"),
        ((1.0, 1.0), "upper end is wrong"),
        (torch.tensor([1.0, 2.0]), "tensor"),
        ((1.0,), "1 items"),
        (("1", "2"), "str"),
        ((float("nan"), 2.0), "below"),
        (None, "return"),
    ],
)
def test_what_is_no_interval_is_refused(found, part_of_message):
    assert part_of_message in message(RandomInterval(), [((1.0, 0.0), (2.0, 0.0))], [found])


def test_the_same_distribution_is_alike_and_another_is_not():
    one, other = ([shuffled(LABELS, s) for s in seeds] for seeds in (range(150), range(150, 300)))
    assert Shuffled().alike(one, other)
    assert not Shuffled().alike(one, [LABELS] * 150)
    assert not Shuffled().alike(one, [None] * 150)
    splits = [split(seed) for seed in range(100)]
    assert RandomSplit().alike(splits, [split(seed) for seed in range(100, 200)])
    assert not RandomSplit().alike(splits, [(TABLE[:2], TABLE[2:])] * 100)
    assert not RandomSplit().alike(splits, ["nonsense"] * 100)
    ends = [(float(seed % 7), 9.0 + seed % 5) for seed in range(70)]
    assert RandomInterval().alike(ends, ends[::-1])
    assert not RandomInterval().alike(ends, [(low, high + 3) for low, high in ends])
    assert not RandomInterval().alike(ends, [None] * 70)


def test_the_comparators_can_be_written_to_a_file(tmp_path):
    part = PartCases("order", 1, Shuffled(), (Case(Call((LABELS,)), Returned(LABELS)),))
    others = (
        PartCases("split", 1, RandomSplit(), (Case(Call(), Returned(split(0))),)),
        PartCases("ends", 1, RandomInterval(), (Case(Call(), Returned(((0.0, 1.0),) * 2)),)),
    )
    write_cases(tmp_path / "cases", [ExerciseCases("a.b", (), (part, *others))])
    read = read_cases(tmp_path / "cases")["a.b"].parts
    assert [each.comparator for each in read] == [Shuffled(), RandomSplit(), RandomInterval()]
