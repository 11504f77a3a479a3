"""What `emergence.modular_addition` accepts."""

import functools
import math
import random

import torch
from torch import Tensor

from autograder.spec import Call, Draw, Exercise, Part, RandomSplit, Repeatable
from autograder.specs.emergence.seeded_generators import its_seed, seed, twice
from solutions import emergence as reference


def split_tables(draw: Draw) -> list[Call]:
    return [
        Call((2, 0.5, seed(draw)), tries="modulus 2, half of the table"),
        Call((5, 0.4, seed(draw)), tries="modulus 5, 10 of 25 pairs"),
        Call((draw.integer(6, 9), 0.3, seed(draw)), tries="another modulus"),
        Call((7, 0.8, seed(draw)), tries="modulus 7: 39 of 49 pairs, to the nearest"),
        Call((11, 0.35, seed(draw)), tries="modulus 11: 42 of 121 pairs, to the nearest"),
        Call((23, 0.5, seed(draw)), {}, "modulus 23: 264 of 529 pairs"),
        Call((97, 0.3, seed(draw)), tries="modulus 97, as in the paper"),
    ]


def tables_not_split(draw: Draw) -> list[Call]:
    modulus = draw.integer(4, 7)
    return [
        Call((2, 1.0, seed(draw)), tries="modulus 2, everything for training"),
        Call((3, 1.0, seed(draw)), tries="modulus 3, everything for training"),
        Call((3, 0.0, seed(draw)), tries="nothing for training"),
        Call((modulus, 1.0, seed(draw)), tries="another modulus, everything for training"),
        Call((modulus, 0.0, seed(draw)), tries="another modulus, nothing for training"),
    ]


def many_splits(draw: Draw) -> list[Call]:
    several = [(2, 0.5, 100), (3, 0.22, 100), (7, 0.4, 60)]
    return [
        Call((modulus, fraction, seed(draw)), tries=f"modulus {modulus}, split {times} times")
        for modulus, fraction, times in several
        for _ in range(times)
    ]


def some_split(call: Call) -> tuple[Tensor, Tensor]:
    """Return the table in order, its first rows as those for training."""
    return in_order_of_summands(*call.arguments[:2])


@functools.cache
def in_order_of_summands(modulus: int, fraction: float) -> tuple[Tensor, Tensor]:
    rows = [(a, b, (a + b) % modulus) for a in range(modulus) for b in range(modulus)]
    table = torch.tensor(rows)
    return table[: round(fraction * len(rows))], table[round(fraction * len(rows)) :]


modular_addition = Exercise(
    "emergence.modular_addition",
    parts=[
        Part(
            "the whole table", 0.5, tables_not_split, RandomSplit(), public=True, expect=some_split
        ),
        Part("every pair once", 1, split_tables, RandomSplit(), expect=some_split),
        Part("split at random", 1, many_splits, RandomSplit(), expect=some_split),
        Part(
            "from the generator alone",
            0.5,
            lambda draw: twice(draw, 11, 0.5, None),
            Repeatable(),
            expect=its_seed,
        ),
    ],
)


def addition_table(modulus):
    return torch.tensor([[a, b, (a + b) % modulus] for a in range(modulus) for b in range(modulus)])


def dealt(table, order, rows):
    return table[order[:rows]], table[order[rows:]]


@modular_addition.misconception(
    "The first rows of the table are for training, so all their first summands are small, and the "
    "test asks for others: split at random."
)
def addition_in_order(modulus, training_fraction, generator):
    table = addition_table(modulus)
    rows = round(training_fraction * len(table))
    torch.randperm(len(table), generator=generator)
    return table[:rows], table[rows:]


@modular_addition.misconception("The sums are not taken modulo `modulus`.")
def addition_without_the_modulus(modulus, training_fraction, generator):
    tables = reference.modular_addition(modulus, training_fraction, generator)
    return tuple(torch.cat([t[:, :2], t[:, :2].sum(1, keepdim=True)], 1) for t in tables)


@modular_addition.misconception(
    "Each pair stands in the table once, whatever its order. (a, b) and (b, a) are two pairs."
)
def addition_of_unordered_pairs(modulus, training_fraction, generator):
    table = addition_table(modulus)
    table = table[table[:, 0] <= table[:, 1]]
    order = torch.randperm(len(table), generator=generator)
    return dealt(table, order, round(training_fraction * len(table)))


@modular_addition.misconception(
    "The summands run from 1; they are the remainders from 0 to `modulus - 1`."
)
def addition_from_one(modulus, training_fraction, generator):
    tables = reference.modular_addition(modulus, training_fraction, generator)
    return tuple(
        torch.stack([t[:, 0] + 1, t[:, 1] + 1, (t[:, 2] + 2) % modulus], 1) for t in tables
    )


@modular_addition.misconception(
    "The number of rows for training is cut off to a whole number; it is rounded to the nearest."
)
def addition_rounded_down(modulus, training_fraction, generator):
    table = addition_table(modulus)
    order = torch.randperm(len(table), generator=generator)
    return dealt(table, order, math.floor(training_fraction * len(table) + 1e-9))


@modular_addition.misconception(
    "A coin is tossed for each row, so the number of rows for training is left to chance. It has "
    "to be `round(training_fraction * modulus**2)`."
)
def addition_by_coins(modulus, training_fraction, generator):
    table = addition_table(modulus)
    chosen = torch.rand(len(table), generator=generator) < training_fraction
    return table[chosen], table[~chosen]


@modular_addition.misconception(
    "Test and training rows are drawn apart from each other, so the test asks for pairs that were "
    "trained. Every pair stands in one table only."
)
def addition_leaking(modulus, training_fraction, generator):
    table = addition_table(modulus)
    rows = round(training_fraction * len(table))
    first = torch.randperm(len(table), generator=generator)[:rows]
    second = torch.randperm(len(table), generator=generator)[rows:]
    return table[first], table[second]


@modular_addition.misconception("The tables are exchanged: training comes first, then the test.")
def addition_exchanged(modulus, training_fraction, generator):
    return reference.modular_addition(modulus, training_fraction, generator)[::-1]


@modular_addition.misconception(
    "Whole summands are held out: all rows with one first summand are in the same table. Split the "
    "pairs."
)
def addition_by_first_summand(modulus, training_fraction, generator):
    table = addition_table(modulus)
    firsts = torch.randperm(modulus, generator=generator)
    order = firsts[table[:, 0]].argsort(stable=True)
    return dealt(table, order, round(training_fraction * len(table)))


@modular_addition.misconception(
    "The generator is not used, so a seed does not fix the split: pass it on as "
    "`generator=generator`."
)
def addition_without_the_generator(modulus, training_fraction, generator):
    return reference.modular_addition(modulus, training_fraction, torch.default_generator)


@modular_addition.misconception(
    "An empty table has lost its three columns: its shape has to be (0, 3)."
)
def addition_without_columns(modulus, training_fraction, generator):
    tables = reference.modular_addition(modulus, training_fraction, generator)
    return tuple(torch.tensor(table.tolist(), dtype=torch.int64) for table in tables)


@modular_addition.alternative
def addition_by_sorting(modulus, training_fraction, generator):
    a, b = torch.meshgrid(torch.arange(modulus), torch.arange(modulus), indexing="ij")
    table = torch.stack([a, b, (a + b) % modulus], dim=-1).reshape(-1, 3)
    keys = torch.rand(modulus**2, generator=generator, dtype=torch.float64)
    rows = round(training_fraction * modulus**2)
    chosen = torch.zeros(modulus**2, dtype=torch.bool)
    chosen[keys.argsort()[:rows]] = True
    return table[chosen], table[~chosen]


@modular_addition.alternative
def addition_by_python(modulus, training_fraction, generator):
    pairs = [(a, b, (a + b) % modulus) for a in range(modulus) for b in range(modulus)]
    number = int(torch.randint(2**62, (), generator=generator))
    random.Random(number).shuffle(pairs)
    rows = round(training_fraction * len(pairs))
    return [
        torch.tensor(part, dtype=torch.int64).reshape(-1, 3)
        for part in (pairs[:rows], pairs[rows:])
    ]


@modular_addition.alternative
def addition_by_division(modulus, training_fraction, generator):
    number = torch.randperm(modulus * modulus, generator=generator)
    a, b = number // modulus, number % modulus
    table = torch.stack((a, b, (a + b).remainder(modulus)), dim=1)
    rows = round(training_fraction * modulus * modulus)
    return table[-rows:] if rows else table[:0], table[: len(table) - rows]
