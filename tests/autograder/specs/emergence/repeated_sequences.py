"""Further solutions to `emergence.repeated_sequences`, right and wrong."""

import random

import numpy as np
import torch

from solutions import emergence as reference


def right__row_by_row(batch, period, vocabulary_size, generator):
    rows = []
    for _ in range(batch):
        half = [int(torch.randint(vocabulary_size, (), generator=generator)) for _ in range(period)]
        rows.append(half + half)
    return torch.tensor(rows)


def right__filled_in(batch, period, vocabulary_size, generator):
    out = torch.empty(batch, 2 * period, dtype=torch.long)
    out[:, :period] = torch.randint(
        low=0, high=vocabulary_size, size=[batch, period], generator=generator
    )
    out[:, period:] = out[:, :period]
    return out


def right__random_fills(batch, period, vocabulary_size, generator):
    half = torch.zeros(batch, period, dtype=torch.int64)
    half.random_(0, vocabulary_size, generator=generator)
    return torch.hstack((half, half))


def right__numpy_from_a_drawn_seed(batch, period, vocabulary_size, generator):
    numbers = np.random.default_rng(torch.randint(2**31, (4,), generator=generator).tolist())
    half = numbers.integers(vocabulary_size, size=(batch, period))
    return torch.from_numpy(np.tile(half, 2))


def right__int32(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period), generator=generator, dtype=torch.int32)
    return torch.cat((half, half), -1)


def right__multinomial(batch, period, vocabulary_size, generator):
    chances = torch.ones(vocabulary_size)
    drawn = torch.multinomial(chances, batch * period, replacement=True, generator=generator)
    return drawn.view(batch, period)[:, torch.arange(2 * period) % period]


def wrong__without_replacement(batch, period, vocabulary_size, generator):
    rows = []
    for _ in range(batch):
        order = torch.randperm(max(vocabulary_size, period), generator=generator)[:period]
        rows.append(order % vocabulary_size)
    half = torch.stack(rows)
    return torch.cat([half, half], 1)


def wrong__up_to_and_with_the_size(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size + 1, (batch, period), generator=generator)
    return torch.cat([half, half], 1)


def wrong__ids_from_one(batch, period, vocabulary_size, generator):
    half = torch.randint(1, vocabulary_size + 1, (batch, period), generator=generator)
    return torch.cat([half, half], 1)


def wrong__rounded_fractions(batch, period, vocabulary_size, generator):
    half = (torch.rand(batch, period, generator=generator) * (vocabulary_size - 1)).round().long()
    return torch.cat([half, half], 1)


def wrong__starts_with_zero(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period), generator=generator)
    half[:, 0] = 0
    return torch.cat([half, half], 1)


def wrong__seeded_anew(batch, period, vocabulary_size, generator):
    generator.manual_seed(0)
    half = torch.randint(vocabulary_size, (batch, period), generator=generator)
    return torch.cat([half, half], 1)


def wrong__own_generator(batch, period, vocabulary_size, generator):
    own = torch.Generator().manual_seed(1)
    half = torch.randint(vocabulary_size, (batch, period), generator=own)
    return torch.cat([half, half], 1)


def wrong__python_random(batch, period, vocabulary_size, generator):
    half = [[random.randrange(vocabulary_size) for _ in range(period)] for _ in range(batch)]
    return torch.tensor([row + row for row in half])


def wrong__three_times(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period), generator=generator)
    return half.repeat(1, 3)


def wrong__floats(batch, period, vocabulary_size, generator):
    return reference.repeated_sequences(batch, period, vocabulary_size, generator).float()


def wrong__lists(batch, period, vocabulary_size, generator):
    return reference.repeated_sequences(batch, period, vocabulary_size, generator).tolist()


def wrong__sorted_halves(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period), generator=generator).sort(1).values
    return torch.cat([half, half], 1)


def wrong__transposed(batch, period, vocabulary_size, generator):
    return reference.repeated_sequences(batch, period, vocabulary_size, generator).T


def wrong__second_half_of_another_row(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period), generator=generator)
    return torch.cat([half, half.roll(1, 0)], 1)


def wrong__two_different_neighbors(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period), generator=generator)
    for i in range(1, period):
        half[:, i] = torch.where(half[:, i] == half[:, i - 1], half[:, i] + 1, half[:, i])
    half %= vocabulary_size
    return torch.cat([half, half], 1)
