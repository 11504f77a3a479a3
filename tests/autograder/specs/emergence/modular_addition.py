"""Further solutions to `emergence.modular_addition`, right and wrong."""

import math
import random
from itertools import product

import numpy as np
import torch
from torch import Tensor

from solutions import emergence as reference


def right__a_random_mask(modulus, training_fraction, generator):
    table = torch.tensor([(a, b, (a + b) % modulus) for a, b in product(range(modulus), repeat=2)])
    rows = round(training_fraction * modulus**2)
    mask = torch.zeros(len(table), dtype=torch.bool)
    mask[torch.randperm(len(table), generator=generator)[:rows]] = True
    return table[mask], table[~mask]


def right__multinomial(modulus, training_fraction, generator):
    n = modulus * modulus
    order = torch.multinomial(torch.ones(n), n, generator=generator)
    a = torch.div(order, modulus, rounding_mode="floor")
    b = order - a * modulus
    c = torch.where(a + b >= modulus, a + b - modulus, a + b)
    table = torch.column_stack([a, b, c])
    return tuple(table.tensor_split([round(n * training_fraction)]))


def right__python_sample(modulus, training_fraction, generator):
    pairs = list(product(range(modulus), range(modulus)))
    chance = random.Random(int(torch.randint(10**9, (), generator=generator)))
    chosen = set(chance.sample(pairs, round(training_fraction * len(pairs))))

    def table(wanted):
        rows = [(a, b, (a + b) % modulus) for a, b in pairs if ((a, b) in chosen) == wanted]
        return torch.tensor(rows, dtype=torch.long).view(-1, 3)

    return table(True), table(False)


def right__test_rows_first(modulus, training_fraction, generator):
    grid = torch.arange(modulus)
    a, b = grid.repeat_interleave(modulus), grid.repeat(modulus)
    table = torch.stack([a, b, torch.remainder(a + b, modulus)]).T
    rows = round(training_fraction * len(table))
    order = torch.rand(len(table), generator=generator, dtype=torch.float64).argsort()
    test, training = order.split([len(table) - rows, rows])
    return table[training], table[test]


def right__sorted_tables(modulus, training_fraction, generator):
    order = torch.randperm(modulus**2, generator=generator)
    rows = round(training_fraction * modulus**2)

    def table(numbers: Tensor) -> Tensor:
        numbers = numbers.sort().values
        a, b = numbers // modulus, numbers % modulus
        return torch.stack([a, b, (a + b) % modulus], 1)

    return [table(order[:rows]), table(order[rows:])]


def right__row_by_row(modulus, training_fraction, generator):
    rows = [[a, b, (a + b) % modulus] for a in range(modulus) for b in range(modulus)]
    count, training, test = round(training_fraction * len(rows)), [], []
    for place, row in enumerate(rows):
        # of the rows that are left, as many as training still needs
        draw = torch.rand((), generator=generator, dtype=torch.float64).item()
        taken = draw * (len(rows) - place) < count - len(training)
        (training if taken else test).append(row)
    return tuple(torch.tensor(table, dtype=torch.int64).view(-1, 3) for table in (training, test))


def _table(modulus):
    return torch.tensor([[a, b, (a + b) % modulus] for a in range(modulus) for b in range(modulus)])


def wrong__difference(modulus, training_fraction, generator):
    tables = reference.modular_addition(modulus, training_fraction, generator)
    return tuple(torch.stack([t[:, 0], t[:, 1], (t[:, 0] - t[:, 1]) % modulus], 1) for t in tables)


def wrong__product(modulus, training_fraction, generator):
    tables = reference.modular_addition(modulus, training_fraction, generator)
    return tuple(torch.stack([t[:, 0], t[:, 1], t[:, 0] * t[:, 1] % modulus], 1) for t in tables)


def wrong__sum_first(modulus, training_fraction, generator):
    tables = reference.modular_addition(modulus, training_fraction, generator)
    return tuple(t[:, [2, 0, 1]] for t in tables)


def wrong__pairs_and_sums_apart(modulus, training_fraction, generator):
    return tuple(
        (t[:, :2], t[:, 2])
        for t in reference.modular_addition(modulus, training_fraction, generator)
    )


def wrong__rounded_up(modulus, training_fraction, generator):
    table = _table(modulus)
    order = torch.randperm(len(table), generator=generator)
    rows = math.ceil(training_fraction * len(table))
    return table[order[:rows]], table[order[rows:]]


def wrong__drawn_with_replacement(modulus, training_fraction, generator):
    table = _table(modulus)
    rows = round(training_fraction * len(table))
    chosen = torch.randint(len(table), (rows,), generator=generator)
    others = torch.ones(len(table), dtype=torch.bool)
    others[chosen] = False
    return table[chosen], table[others]


def wrong__mirrored_pairs_together(modulus, training_fraction, generator):
    table = _table(modulus)
    keys = torch.rand(modulus, modulus, generator=generator)
    keys = torch.minimum(keys, keys.T).flatten()
    order = keys.argsort()
    rows = round(training_fraction * len(table))
    return table[order[:rows]], table[order[rows:]]


def wrong__by_sum(modulus, training_fraction, generator):
    table = _table(modulus)
    sums = torch.randperm(modulus, generator=generator)
    order = sums[table[:, 2]].argsort(stable=True)
    rows = round(training_fraction * len(table))
    return table[order[:rows]], table[order[rows:]]


def wrong__test_is_everything(modulus, training_fraction, generator):
    training, _ = reference.modular_addition(modulus, training_fraction, generator)
    return training, _table(modulus)


def wrong__every_so_many(modulus, training_fraction, generator):
    table = _table(modulus)
    rows = round(training_fraction * len(table))
    start = int(torch.randint(len(table), (), generator=generator))
    order = (torch.arange(len(table)) + start) % len(table)
    return table[order[:rows]], table[order[rows:]]


def wrong__same_fraction_of_each_sum(modulus, training_fraction, generator):
    table = _table(modulus)
    rows = round(training_fraction * len(table))
    keys = torch.rand(len(table), generator=generator)
    rank = torch.zeros(len(table))
    for total in range(modulus):
        mine = (table[:, 2] == total).nonzero().squeeze(1)
        rank[mine[keys[mine].argsort()]] = torch.arange(len(mine), dtype=torch.float)
    order = (rank + keys / 2).argsort()
    return table[order[:rows]], table[order[rows:]]


def wrong__modulus_included(modulus, training_fraction, generator):
    return reference.modular_addition(modulus + 1, training_fraction, generator)


def wrong__columns_as_rows(modulus, training_fraction, generator):
    return tuple(t.T for t in reference.modular_addition(modulus, training_fraction, generator))


def wrong__columns_shuffled(modulus, training_fraction, generator):
    training, test = reference.modular_addition(modulus, training_fraction, generator)
    if len(training):
        training = training[:, torch.randperm(3, generator=generator)]
    return training, test


def wrong__at_least_one_row(modulus, training_fraction, generator):
    table = _table(modulus)
    order = torch.randperm(len(table), generator=generator)
    rows = min(max(round(training_fraction * len(table)), 1), len(table) - 1)
    return table[order[:rows]], table[order[rows:]]


def wrong__fixed_seed(modulus, training_fraction, generator):
    own = torch.Generator().manual_seed(42)
    return reference.modular_addition(modulus, training_fraction, own)


def wrong__numpy_global(modulus, training_fraction, generator):
    table = _table(modulus)
    order = torch.from_numpy(np.random.permutation(len(table)))
    rows = round(training_fraction * len(table))
    return table[order[:rows]], table[order[rows:]]


def wrong__floats(modulus, training_fraction, generator):
    return tuple(
        t.float() for t in reference.modular_addition(modulus, training_fraction, generator)
    )


def wrong__one_table(modulus, training_fraction, generator):
    return torch.cat(reference.modular_addition(modulus, training_fraction, generator))


def wrong__third_for_validation(modulus, training_fraction, generator):
    training, test = reference.modular_addition(modulus, training_fraction, generator)
    return training, test[: len(test) // 2], test[len(test) // 2 :]


def wrong__rotates_the_table(modulus, training_fraction, generator):
    table = torch.cartesian_prod(torch.arange(modulus), torch.arange(modulus))
    table = torch.cat([table, table.sum(1, keepdim=True) % modulus], 1)
    table = table.roll(int(torch.randint(len(table), (), generator=generator)), 0)
    count = round(training_fraction * len(table))
    return table[:count], table[count:]
