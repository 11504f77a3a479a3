"""What `emergence.in_context_learning_score` accepts."""

import statistics

import torch
from torch import Tensor

from autograder.spec import Call, Draw, Exercise, Part
from solutions import emergence as reference


def losses(draw: Draw, batch: int, length: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return losses of which every column has another mean."""
    level = torch.tensor(draw.sizes(length, 2, 2 * length + 2), dtype=dtype)
    return level + draw.normal(batch, length, dtype=dtype, scale=0.2) + draw.normal(batch, 1) / 4


def two_positions(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([[5.0, 2.0]]), 0, 1), tries="one sequence of two tokens"),
        Call((torch.tensor([[5.0, 3.0, 1.0], [7.0, 4.0, 2.5]]), 0, 2), tries="two sequences"),
        Call((torch.tensor([[5.0, 3.0, 1.0], [7.0, 4.0, 2.5]]), 1, 2), tries="not from the start"),
        Call((torch.tensor([[1.0, 2.0, 4.0]]), 0, 1), tries="a loss that rises: a positive score"),
    ]


def any_positions(draw: Draw) -> list[Call]:
    batch, length = draw.integer(3, 6), draw.integer(9, 14)
    early, late = sorted(draw.sizes(2, 0, length - 1))
    return [
        Call((losses(draw, batch, length), 2, length - 2), tries="a batch, an inner position"),
        Call((losses(draw, batch, length), early, late), tries="any two positions"),
        Call((losses(draw, batch, length), 4, 5), tries="neighboring positions"),
        Call((losses(draw, batch, length) * 1e-3, 1, length - 1), tries="small losses"),
        Call((losses(draw, 5, 5), 1, 3), tries="as many sequences as tokens"),
        Call((losses(draw, batch, length, torch.float64), early, late), tries="float64"),
        Call((losses(draw, 2, 505), 50, 500), tries="positions 50 and 500"),
    ]


def impossible_positions(draw: Draw) -> list[Call]:
    some = losses(draw, 3, 6)
    return [
        Call((some, 0, 5), tries="the first and the last position"),
        Call((some, 2, 6), tries="a position behind the end"),
        Call((some, 3, 3), tries="twice the same position"),
        Call((some, 4, 1), tries="the late position before the early one"),
        Call((some, -1, 3), tries="a negative position"),
    ]


in_context_learning_score = Exercise(
    "emergence.in_context_learning_score",
    parts=[
        Part("short sequences", 0.5, two_positions, public=True),
        Part("any positions", 1, any_positions),
        Part("impossible positions", 0.5, impossible_positions),
    ],
)


def in_order(losses, early, late):
    if not 0 <= early < late < losses.shape[1]:
        raise ValueError("impossible positions")


@in_context_learning_score.misconception(
    "The sign is the other way round: late minus early, so that a model that learns in context has "
    "a negative score."
)
def learning_early_minus_late(losses, early, late):
    return -reference.in_context_learning_score(losses, early, late)


@in_context_learning_score.misconception(
    "Positions are counted from 1 here; they count from 0, as an index does."
)
def learning_from_one(losses, early, late):
    in_order(losses, early, late)
    return losses[:, late - 1].mean() - losses[:, max(early - 1, 0)].mean()


@in_context_learning_score.misconception(
    "Only the first sequence counts here; the mean runs over the whole batch."
)
def learning_of_one_sequence(losses, early, late):
    in_order(losses, early, late)
    return losses[0, late] - losses[0, early]


@in_context_learning_score.misconception(
    "Each sequence has its own score here: the mean over the batch is missing."
)
def learning_of_each_sequence(losses, early, late):
    in_order(losses, early, late)
    return losses[:, late] - losses[:, early]


@in_context_learning_score.misconception(
    "The batch is added up; take its mean, so that the score does not grow with the batch."
)
def learning_summed(losses, early, late):
    in_order(losses, early, late)
    return losses[:, late].sum() - losses[:, early].sum()


@in_context_learning_score.misconception(
    "This is a ratio of the two losses; their difference is asked for."
)
def learning_ratio(losses, early, late):
    in_order(losses, early, late)
    return losses[:, late].mean() / losses[:, early].mean()


@in_context_learning_score.misconception(
    "The means run over all tokens up to the position, or from it on; take the losses at the two "
    "positions themselves."
)
def learning_from_there_on(losses, early, late):
    in_order(losses, early, late)
    return losses[:, late:].mean() - losses[:, : early + 1].mean()


@in_context_learning_score.misconception(
    "Sequences and positions are exchanged: a row is a sequence, a column a position."
)
def learning_of_rows(losses, early, late):
    in_order(losses, early, late)
    return losses[late % len(losses)].mean() - losses[early % len(losses)].mean()


@in_context_learning_score.misconception(
    "Impossible positions are accepted, among them negative ones, which Python counts from the "
    "end. Unless 0 <= early < late < length a ValueError has to be raised."
)
def learning_unchecked(losses, early, late):
    late = min(late, losses.shape[1] - 1)
    return losses[:, late].mean() - losses[:, early].mean()


@in_context_learning_score.alternative
def learning_of_differences(losses, early, late):
    if early < 0 or late <= early or late >= losses.size(1):
        raise ValueError("impossible positions")
    return (losses[:, late] - losses[:, early]).mean()


@in_context_learning_score.alternative
def learning_as_a_number(losses, early, late):
    if late not in range(early + 1, losses.shape[1]) or early < 0:
        raise ValueError(f"{early} and {late} do not fit")
    rows = losses.tolist()
    return statistics.fmean(row[late] for row in rows) - statistics.fmean(
        row[early] for row in rows
    )


@in_context_learning_score.alternative
def learning_by_means_first(losses, early, late):
    in_order(losses, early, late)
    mean = losses.mean(dim=0)
    return mean[late] - mean[early]
