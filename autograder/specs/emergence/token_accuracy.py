"""What `emergence.token_accuracy` accepts."""

import numpy as np
import torch
from torch import Tensor

from autograder.spec import Call, Draw, Exercise, Part


def tokens(draw: Draw, *shape: int, most: int = 4) -> tuple[Tensor, Tensor]:
    """Return predictions and targets, about half of which agree and none of which is left out."""
    targets = draw.integers(0, most, *shape)
    predictions = torch.where(
        draw.integers(0, 1, *shape) == 1, targets, draw.integers(0, most, *shape)
    )
    predictions.view(-1)[0] = targets.view(-1)[0]
    predictions.view(-1)[-1] = targets.view(-1)[-1] + 1
    return predictions, targets


def with_some_left_out(draw: Draw, *shape: int) -> tuple[Tensor, Tensor]:
    """Return predictions and targets, of which some, but neither first nor last, are left out."""
    predictions, targets = tokens(draw, *shape)
    out = draw.integers(0, 2, *shape) == 0
    out.view(-1)[0] = out.view(-1)[-1] = False
    out.view(-1)[1] = True
    return predictions, targets.masked_fill(out, -100)


def no_token_left_out(draw: Draw) -> list[Call]:
    rows, length = draw.sizes(2, 3, 8)
    return [
        Call((torch.tensor([1, 2, 3, 4]), torch.tensor([1, 2, 0, 4])), tries="three of four"),
        Call((torch.tensor([0]), torch.tensor([0])), tries="a single token, of id 0"),
        Call((torch.tensor([7, 0]), torch.tensor([0, 7])), tries="none right"),
        Call(tokens(draw, rows, length), tries=f"{rows} sequences of {length} tokens"),
        Call(tokens(draw, 12), tries="one sequence"),
        Call(tokens(draw, 2, rows, length), tries="three dimensions"),
    ]


def tokens_left_out(draw: Draw) -> list[Call]:
    rows, length = draw.sizes(2, 4, 9)
    uneven = torch.tensor([[5, -100, -100, -100], [1, 2, 3, 4]])
    guessed = torch.tensor([[5, 1, 2, 3], [1, 0, 0, 0]])
    zeros = torch.tensor([0, 0, 0, -100, 3])
    ignored = torch.tensor([-100, -100, 6, 7, 8])
    whole = torch.tensor([[-100, -100], [4, 5], [-100, 6]])
    return [
        Call((torch.tensor([1, 2, 3]), torch.tensor([1, -100, 0])), tries="one left out"),
        Call((guessed, uneven), tries="sequences with 1 and with 4 tokens that count"),
        Call((torch.tensor([0, 1, 0, 0, 3]), zeros), tries="targets of id 0, which count"),
        Call((torch.tensor([-100, 5, 6, 7, 0]), ignored), tries="a prediction of -100"),
        Call((torch.tensor([-100, 2, 3]), torch.tensor([1, 2, 0])), tries="-100 is predicted"),
        Call((torch.tensor([[1, 1], [4, 1], [1, 6]]), whole), tries="a sequence wholly left out"),
        Call(with_some_left_out(draw, rows, length), tries="several left out"),
        Call(with_some_left_out(draw, 3, rows, length), tries="three dimensions"),
        Call(with_some_left_out(draw, 15), tries="one sequence"),
    ]


def all_left_out(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([1, 5]), torch.tensor([-100, 5])), tries="all left out but one"),
        Call((torch.tensor([1, 5]), torch.tensor([-100, -100])), tries="all left out"),
        Call((draw.integers(0, 9, 3, 4), torch.full((3, 4), -100)), tries="all left out"),
    ]


token_accuracy = Exercise(
    "emergence.token_accuracy",
    parts=[
        Part("no token left out", 0.5, no_token_left_out, public=True),
        Part("tokens left out", 1, tokens_left_out),
        Part("all left out", 0.5, all_left_out),
    ],
    equivalent={
        "(predictions[kept] == targets[kept]).double().mean().item()"
        " -> (predictions[kept] == targets[kept]).double().mean()": "a tensor without dimensions "
        "is taken for a number",
    },
)


@token_accuracy.misconception(
    "Targets of -100 count as wrong; they take no part at all, neither above nor below the line."
)
def accuracy_over_everything(predictions, targets):
    if (targets == -100).all():
        raise ValueError
    return (predictions == targets).double().mean().item()


@token_accuracy.misconception(
    "Right tokens are counted among those that are not -100, but divided by the number of all."
)
def accuracy_over_all_positions(predictions, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    return ((predictions == targets) & kept).double().mean().item()


@token_accuracy.misconception("Targets of -100 count as right; they take no part at all.")
def accuracy_with_presents(predictions, targets):
    if (targets == -100).all():
        raise ValueError
    return ((predictions == targets) | (targets == -100)).double().mean().item()


@token_accuracy.misconception(
    "Each sequence counts the same here. Each token has to: divide once, by the number of all "
    "tokens that count."
)
def accuracy_of_sequences(predictions, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    right = ((predictions == targets) & kept).double()
    rows = kept.sum(-1)
    return (right.sum(-1) / rows)[rows > 0].mean().item()


@token_accuracy.misconception("Only 0 is left out, which is an id like others; -100 marks a gap.")
def accuracy_without_zeros(predictions, targets):
    kept = targets != 0
    if (targets == -100).all():
        raise ValueError
    return (predictions[kept] == targets[kept]).double().mean().item()


@token_accuracy.misconception("0 is left out as well as -100; it is an id like any other.")
def accuracy_of_positive_ids(predictions, targets):
    if (targets == -100).all():
        raise ValueError
    kept = targets > 0
    return (predictions[kept] == targets[kept]).double().mean().item()


@token_accuracy.misconception("The number of right tokens is returned; their share is asked for.")
def accuracy_counted(predictions, targets):
    if (targets == -100).all():
        raise ValueError
    return float(((predictions == targets) & (targets != -100)).sum())


@token_accuracy.misconception(
    "This is the share of whole sequences that are right; every token counts by itself."
)
def accuracy_of_whole_sequences(predictions, targets):
    if (targets == -100).all():
        raise ValueError
    right = (predictions == targets) | (targets == -100)
    counted = (targets != -100).any(-1)
    return (right.all(-1) & counted).double().sum().item() / counted.double().sum().item()


@token_accuracy.misconception(
    "Where every target is -100 something is returned (NaN comes from 0 / 0); a ValueError has to "
    "be raised."
)
def accuracy_unchecked(predictions, targets):
    kept = targets != -100
    return (predictions[kept] == targets[kept]).double().mean().item()


@token_accuracy.misconception(
    "Where every target is -100, 0 is returned; a ValueError has to be raised."
)
def accuracy_zero_of_nothing(predictions, targets):
    kept = targets != -100
    return ((predictions == targets) & kept).sum().item() / max(int(kept.sum()), 1)


@token_accuracy.alternative
def accuracy_by_lists(predictions, targets):
    pairs = list(zip(predictions.flatten().tolist(), targets.flatten().tolist(), strict=True))
    pairs = [(guess, truth) for guess, truth in pairs if truth != -100]
    if not pairs:
        raise ValueError("no targets")
    return sum(guess == truth for guess, truth in pairs) / len(pairs)


@token_accuracy.alternative
def accuracy_as_a_tensor(predictions, targets):
    kept = (targets != -100).float()
    if kept.sum() == 0:
        raise ValueError("no targets")
    return ((predictions == targets).float() * kept).sum() / kept.sum()


@token_accuracy.alternative
def accuracy_by_numpy(predictions, targets):
    guesses, truths = predictions.numpy(), targets.numpy()
    places = np.nonzero(truths != -100)
    if not len(places[0]):
        raise ValueError("no targets")
    return np.mean(guesses[places] == truths[places])
