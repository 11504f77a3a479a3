"""What `attention.causal_mask` accepts."""

import math

import torch

from autograder.spec import Call, Draw, Exercise, Part, Same


def short_causal(draw: Draw) -> list[Call]:
    return [Call((n,), tries=f"length {n}") for n in (3, 1, 2, draw.integer(4, 20))]


def long_causal(draw: Draw) -> list[Call]:
    return [Call((n,), tries=f"length {n}") for n in (draw.integer(21, 40), draw.integer(41, 70))]


causal_mask = Exercise(
    "attention.causal_mask",
    parts=[
        Part("short", 0.5, short_causal, Same(), public=True),
        Part("long", 0.5, long_causal, Same()),
    ],
)


@causal_mask.misconception(
    "This is the upper triangle: each position sees what comes after it. Rows are queries, and a "
    "query sees the keys that stand before it."
)
def causal_upper(length):
    return torch.ones(length, length, dtype=torch.bool).triu()


@causal_mask.misconception(
    "True marks what is hidden. Here True means that a position may be attended to."
)
def causal_inverted(length):
    return torch.ones(length, length, dtype=torch.bool).triu(diagonal=1)


@causal_mask.misconception("A position does not see itself. It may: the diagonal has to be True.")
def causal_without_itself(length):
    return torch.ones(length, length, dtype=torch.bool).tril(diagonal=-1)


@causal_mask.misconception(
    "A position sees the one that follows it, which is what it has to predict: the diagonal is "
    "the last entry of a row that is True."
)
def causal_one_ahead(length):
    return torch.ones(length, length, dtype=torch.bool).tril(diagonal=1)


@causal_mask.misconception(
    "The mask holds ones and zeros. A mask is bool: True and False (`dtype=torch.bool`)."
)
def causal_of_numbers(length):
    return torch.tril(torch.ones(length, length))


@causal_mask.misconception(
    "This is a mask to be added to the scores (0 and -infinity). Here a mask is bool: True where "
    "a position may be attended to."
)
def causal_to_be_added(length):
    return torch.full((length, length), -math.inf).triu(diagonal=1)


@causal_mask.misconception(
    "Every position sees every other. A position may see only itself and what stands before it."
)
def causal_sees_all(length):
    return torch.ones(length, length, dtype=torch.bool)


@causal_mask.alternative
def causal_by_comparison(length):
    position = torch.arange(length)
    return position.unsqueeze(1) >= position.unsqueeze(0)


@causal_mask.alternative
def causal_by_loops(length):
    mask = torch.zeros(length, length, dtype=torch.bool)
    for row in range(length):
        for column in range(row + 1):
            mask[row, column] = True
    return mask


@causal_mask.alternative
def causal_from_lists(length):
    return torch.tensor([[column <= row for column in range(length)] for row in range(length)])


@causal_mask.alternative
def causal_by_complement(length):
    return ~torch.triu(torch.ones(length, length), diagonal=1).bool()
