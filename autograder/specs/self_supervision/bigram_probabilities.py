"""What `self_supervision.bigram_probabilities` accepts."""

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from autograder.spec import Call, Draw, Exercise, Part


def count_table(draw: Draw, size: int, most: int = 20) -> Tensor:
    """Return counts with a 0 in each row but no row of zeros; rows have unequal sums."""
    counts = draw.integers(1, most, size, size) * (1 + torch.arange(size)[:, None])
    counts[torch.arange(size), (torch.arange(size) + draw.integer(0, size - 1)) % size] = 0
    return counts


def without_smoothing(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([[3, 1], [2, 2]]),), tries="counts 3 1 and 2 2"),
        Call((count_table(draw, draw.integer(4, 7)),), tries="random counts"),
        Call((count_table(draw, 3, 10**6), 0.0), tries="large counts, smoothing 0"),
    ]


def with_smoothing(draw: Draw) -> list[Call]:
    size = draw.integer(4, 7)
    return [
        Call((count_table(draw, 3), 1.0), tries="smoothing 1"),
        Call((count_table(draw, size),), {"smoothing": 0.5}, "smoothing 0.5"),
        Call((count_table(draw, size, 3), 7.5), tries="smoothing 7.5, small counts"),
        Call((count_table(draw, 9, 3), 0.01), tries="smoothing 0.01"),
    ]


def rows_without_counts(draw: Draw) -> list[Call]:
    size = draw.integer(3, 6)
    counts = count_table(draw, size)
    counts[draw.integer(0, size - 1)] = 0
    return [
        Call((torch.tensor([[3, 1], [0, 0]]),), tries="a token that was never followed"),
        Call((counts,), tries="such a token in a larger table"),
        Call((torch.zeros(size, size, dtype=torch.int64),), tries="no counts at all"),
        Call((torch.eye(size, dtype=torch.int64).roll(1, 0),), tries="one count in each row"),
        Call((counts, 0.001), tries="such a token, smoothing 0.001"),
        Call((counts, 2.0), tries="such a token, smoothing 2"),
    ]


bigram_probabilities = Exercise(
    "self_supervision.bigram_probabilities",
    parts=[
        Part("without smoothing", 1, without_smoothing, public=True),
        Part("with smoothing", 1, with_smoothing),
        Part("rows without counts", 1, rows_without_counts),
    ],
    equivalent={
        "counts.double() -> counts": "integers plus a floating point number are float32, whose "
        "rounding is far below the tolerance",
    },
)


def normalized(counts, smoothing=0.0, dim=1):
    """Divide by the sums; where a sum is 0, take the uniform distribution."""
    smoothed = counts.double() + smoothing
    totals = smoothed.sum(dim=dim, keepdim=True)
    even = torch.full_like(smoothed, 1 / len(counts))
    return torch.where(totals > 0, smoothed / totals, even).float()


@bigram_probabilities.misconception(
    "The columns sum to 1. A row holds what may follow one token, so it is the row that sums to 1."
)
def probabilities_by_column(counts, smoothing=0.0):
    return normalized(counts, smoothing, dim=0)


@bigram_probabilities.misconception(
    "The whole table sums to 1: these are the probabilities of pairs. After a given token, its row "
    "has to sum to 1."
)
def probabilities_of_pairs(counts, smoothing=0.0):
    smoothed = counts.double() + smoothing
    return (smoothed / smoothed.sum().clamp(min=1e-9)).float()


@bigram_probabilities.misconception("Smoothing is not used.")
def probabilities_unsmoothed(counts, smoothing=0.0):
    return normalized(counts)


@bigram_probabilities.misconception(
    "The smoothing is added once to the total of a row. It was added to each count of the row, so "
    "the total grows by as many times that."
)
def probabilities_smoothed_once(counts, smoothing=0.0):
    totals = counts.double().sum(1, keepdim=True) + smoothing
    even = torch.full_like(totals, 1 / len(counts))
    return torch.where(totals > 0, (counts + smoothing) / totals, even).float()


@bigram_probabilities.misconception(
    "The total of a row does not count the smoothing, so the row sums to more than 1."
)
def probabilities_of_unsmoothed_totals(counts, smoothing=0.0):
    totals = counts.double().sum(1, keepdim=True)
    even = torch.full_like(totals, 1 / len(counts))
    return torch.where(totals > 0, (counts + smoothing) / totals, even).float()


@bigram_probabilities.misconception(
    "Only counts of 0 are smoothed; smoothing is added to every count."
)
def probabilities_of_filled_zeros(counts, smoothing=0.0):
    return normalized(torch.where(counts == 0, smoothing, counts.double()))


@bigram_probabilities.misconception(
    "The smoothing is always 1; it may be any number from 0, fractions included."
)
def probabilities_plus_one(counts, smoothing=0.0):
    return normalized(counts, 1.0)


@bigram_probabilities.misconception(
    "The smoothing loses its fraction: added to integers it has to stay a floating point number."
)
def probabilities_of_whole_smoothing(counts, smoothing=0.0):
    return normalized(counts, int(smoothing))


@bigram_probabilities.misconception(
    "Where a row has no counts this gives NaN, 0 divided by 0; it has to be uniform."
)
def probabilities_of_nothing_nan(counts, smoothing=0.0):
    smoothed = counts + smoothing
    return (smoothed / smoothed.sum(dim=1, keepdim=True)).float()


@bigram_probabilities.misconception(
    "Where a row has no counts this gives zeros, which are no distribution; it has to be uniform."
)
def probabilities_of_nothing_zero(counts, smoothing=0.0):
    smoothed = counts + smoothing
    return (smoothed / smoothed.sum(dim=1, keepdim=True)).float().nan_to_num()


@bigram_probabilities.misconception(
    "The total is kept from falling below 1. With a little smoothing a total may well lie below 1."
)
def probabilities_of_totals_above_one(counts, smoothing=0.0):
    smoothed = counts.double() + smoothing
    totals = smoothed.sum(1, keepdim=True)
    even = torch.full_like(smoothed, 1 / len(counts))
    return torch.where(totals > 0, smoothed / totals.clamp(min=1), even).float()


@bigram_probabilities.misconception(
    "This is a softmax of the counts, which nearly always picks the largest; divide by the total."
)
def probabilities_by_softmax(counts, smoothing=0.0):
    return (counts + smoothing).float().softmax(dim=1)


@bigram_probabilities.misconception("The result is float64; float32 is asked for.")
def probabilities_in_float64(counts, smoothing=0.0):
    return normalized(counts, smoothing).double()


@bigram_probabilities.alternative
def probabilities_row_by_row(counts, smoothing=0.0):
    size = counts.shape[0]
    table = torch.empty(size, size)
    for row in range(size):
        total = counts[row].sum().item() + smoothing * size
        for column in range(size):
            share = (counts[row, column].item() + smoothing) / total if total else 1 / size
            table[row, column] = share
    return table


@bigram_probabilities.alternative
def probabilities_by_filling(counts, smoothing=0.0):
    smoothed = counts.float() + smoothing
    smoothed[smoothed.sum(dim=-1) == 0] = 1.0
    return smoothed / smoothed.sum(dim=-1, keepdim=True)


@bigram_probabilities.alternative
def probabilities_by_normalize(counts, smoothing=0.0):
    table = F.normalize(counts.to(torch.float32) + smoothing, p=1, dim=1)
    return torch.where(table.sum(1, keepdim=True) == 0, 1 / counts.shape[1], table)


@bigram_probabilities.alternative
def probabilities_by_numpy(counts, smoothing=0.0):
    smoothed = counts.numpy() + np.float64(smoothing)
    empty = smoothed.sum(axis=1) == 0
    smoothed[empty] = 1
    return torch.from_numpy((smoothed.T / smoothed.sum(axis=1)).T.astype(np.float32))
