"""What `emergence.prefix_matching_score` accepts."""

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from autograder.spec import Call, Draw, Exercise, Part


def attention_weights(
    draw: Draw, batch: int, heads: int, period: int, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return causal attention weights, the rows of which sum to 1."""
    length = 2 * period
    scores = draw.normal(batch, heads, length, length, scale=2, dtype=dtype)
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    return scores.masked_fill(later, -math.inf).softmax(-1)


def always_back(batch: int, heads: int, period: int, distance: int) -> Tensor:
    """Return heads that look `distance` tokens back, and at themselves where there is none."""
    queries = torch.arange(2 * period)
    keys = torch.where(queries >= distance, queries - distance, queries)
    return F.one_hot(keys, 2 * period).float().expand(batch, heads, -1, -1).clone()


def heads_with_one_target(draw: Draw) -> list[Call]:
    period = draw.integer(4, 6)
    perfect = always_back(1, 1, period, period - 1)
    same = always_back(1, 1, period, period)
    previous = always_back(1, 1, period, 1)
    every = torch.cat([same, perfect, previous], dim=1)
    return [
        Call((always_back(1, 1, 3, 2), 3), tries="a perfect induction head, halves of 3"),
        Call((every, period), tries="three heads: the same token, the one after it, the previous"),
        Call((torch.cat([every, every.flip(1)]), period), tries="two sequences"),
        Call((perfect * 0.75 + previous * 0.25, period), tries="a head that looks at two places"),
    ]


def any_heads(draw: Draw) -> list[Call]:
    batch, heads, period = draw.sizes(3)
    return [
        Call((attention_weights(draw, 1, 1, 2), 2), tries="one head, halves of 2"),
        Call((attention_weights(draw, 1, 3, 5), 5), tries="three heads"),
        Call((attention_weights(draw, batch, heads, period), period), tries="a batch"),
        Call((attention_weights(draw, 4, 4, 2), 2), tries="all sizes equal"),
        Call(
            (attention_weights(draw, batch, heads, period, torch.float64), period), tries="float64"
        ),
        Call((draw.scattered(attention_weights(draw, 3, 2, 4)), 4), tries="scattered in memory"),
        Call((attention_weights(draw, 2, 3, 1), 1), tries="halves of one token"),
        Call((draw.normal(3, 2, 8, 8).abs(), 4), tries="weights without a causal mask"),
    ]


def weights_of_another_length(draw: Draw) -> list[Call]:
    return [
        Call((draw.normal(1, 2, 6, 6).abs(), 3), tries="sequences of twice the period"),
        Call((draw.normal(1, 2, 7, 7).abs(), 3), tries="sequences longer than twice the period"),
        Call((draw.normal(2, 1, 8, 8).abs(), 5), tries="sequences shorter than twice the period"),
        Call((draw.normal(2, 1, 8, 10).abs(), 4), tries="more keys than queries"),
        Call((draw.normal(2, 1, 10, 8).abs(), 4), tries="more queries than keys"),
    ]


prefix_matching_score = Exercise(
    "emergence.prefix_matching_score",
    parts=[
        Part("heads with one target", 1, heads_with_one_target, public=True),
        Part("any weights", 1.5, any_heads),
        Part("another length", 0.5, weights_of_another_length),
    ],
    equivalent={
        "(0, 2) -> (2, 0) in return weights[:, :, queries, queries - period + 1]"
        ".mean(dim=(0, 2))": "the order of the dimensions that are averaged does not matter",
    },
)


def score_at(weights, period, offset, first=None, stop=None):
    """Average the weights at the keys `period - offset` before each query."""
    queries = torch.arange(period if first is None else first, stop or 2 * period)
    keys = queries - period + offset
    inside = (keys >= 0) & (keys < 2 * period)
    return weights[:, :, queries[inside], keys[inside]].mean(dim=(0, 2))


def refuse(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError("another length")


@prefix_matching_score.misconception(
    "This looks at the earlier occurrence of the token itself. An induction head looks one place "
    "further, at the token that came after it: i - period + 1."
)
def score_at_the_same_token(weights, period):
    refuse(weights, period)
    return score_at(weights, period, 0)


@prefix_matching_score.misconception(
    "This looks at the token before the earlier occurrence; the one after it is at i - period + 1."
)
def score_before_the_token(weights, period):
    refuse(weights, period)
    return score_at(weights, period, -1)


@prefix_matching_score.misconception(
    "The average runs over all positions. In the first half nothing has occurred before: take the "
    "queries of the second half only."
)
def score_over_all_queries(weights, period):
    refuse(weights, period)
    return score_at(weights, period, 1) / 2


@prefix_matching_score.misconception(
    "A whole diagonal also holds the last query of the first half, which is one too many: leave "
    "out its first entry."
)
def score_by_the_whole_diagonal(weights, period):
    refuse(weights, period)
    return weights.diagonal(1 - period, dim1=-2, dim2=-1).mean(dim=(0, 2))


@prefix_matching_score.misconception(
    "Queries and keys are exchanged: the query is the last dimension but one, the key the last."
)
def score_of_keys(weights, period):
    refuse(weights, period)
    return score_at(weights.mT, period, 1)


@prefix_matching_score.misconception(
    "Heads are averaged too; every head has a score of its own, and the result one for each."
)
def score_of_all_heads(weights, period):
    refuse(weights, period)
    return score_at(weights, period, 1).mean()


@prefix_matching_score.misconception(
    "Each sequence has its own score here; the batch is averaged as well."
)
def score_of_each_sequence(weights, period):
    refuse(weights, period)
    queries = torch.arange(period, 2 * period)
    return weights[:, :, queries, queries - period + 1].mean(dim=-1)


@prefix_matching_score.misconception(
    "The weights are added up instead of averaged: a perfect head scores 1, however long the "
    "sequences are."
)
def score_summed(weights, period):
    refuse(weights, period)
    return score_at(weights, period, 1) * period


@prefix_matching_score.misconception(
    "This counts how often the token has the largest weight of its row. The score is the weight "
    "itself."
)
def score_by_argmax(weights, period):
    refuse(weights, period)
    queries = torch.arange(period, 2 * period)
    right = weights[:, :, period:].argmax(-1) == queries - period + 1
    return right.to(weights.dtype).mean(dim=(0, 2))


@prefix_matching_score.misconception(
    "Weights of another length than 2 * period are accepted; they have to raise a ValueError."
)
def score_unchecked(weights, period):
    length = min(weights.shape[-2:])
    queries = torch.arange(min(period, length - 1), min(2 * period, length))
    return weights[:, :, queries, queries - queries[0] + 1].mean(dim=(0, 2))


@prefix_matching_score.alternative
def score_by_diagonal(weights, period):
    refuse(weights, period)
    second = weights[:, :, period:, 1 : period + 1]
    return second.diagonal(dim1=-2, dim2=-1).mean(-1).mean(0)


@prefix_matching_score.alternative
def score_by_loops(weights, period):
    batch, heads, queries, keys = weights.shape
    if queries != 2 * period or keys != 2 * period:
        raise ValueError("weights are not for twice the period")
    total = torch.zeros(heads, dtype=weights.dtype)
    for row in range(batch):
        for query in range(period, 2 * period):
            total += weights[row, :, query, query - period + 1]
    return total / (batch * period)


@prefix_matching_score.alternative
def score_by_a_mask(weights, period):
    if list(weights.shape[-2:]) != [2 * period] * 2:
        raise ValueError
    place = torch.arange(2 * period)
    wanted = (place[:, None] - place == period - 1) & (place[:, None] >= period)
    return torch.einsum("bhqk,qk->h", weights, wanted.to(weights.dtype)) / (len(weights) * period)
