"""What `training.last_token_features` accepts."""

import torch
from torch import Tensor

from autograder.spec import Call, Draw, Exercise, Part
from solutions import training as reference


def batch_of_states(draw: Draw, rows: int, length: int, dtype=torch.float32) -> Tensor:
    """Return hidden states; the width is neither the batch nor the length."""
    (width,) = (size for size in draw.sizes(1, 9, 12))
    return draw.normal(rows, length, width, scale=2, dtype=dtype)


def filled_after(counts: list[int], length: int) -> Tensor:
    """Return a mask of sequences that stand at the left, with padding after them."""
    return torch.arange(length) < torch.tensor(counts)[:, None]


def padding_after(draw: Draw) -> list[Call]:
    batch, length = draw.integer(3, 5), draw.integer(6, 8)
    hidden = batch_of_states(draw, batch, length)
    counts = [length, *(draw.integer(1, length - 1) for _ in range(batch - 1))]
    shown = torch.arange(6.0).view(1, 3, 2)
    silent = hidden.clone()
    silent[:, -1] = 0.0
    return [
        Call((shown, torch.tensor([[True, True, False]])), tries="two tokens, then padding"),
        Call((hidden, filled_after([length] * batch, length)), tries="no padding at all"),
        Call((silent, filled_after([length] * batch, length)), tries="last states of zeros"),
        Call((hidden, filled_after(counts, length)), tries="sequences of several lengths"),
        Call((hidden, filled_after([1, 2, *counts[2:]], length)), tries="a sequence of one token"),
        Call((hidden.double(), filled_after(counts, length)), tries="float64"),
    ]


def padding_before(draw: Draw) -> list[Call]:
    batch, length = draw.integer(3, 5), draw.integer(6, 8)
    hidden = batch_of_states(draw, batch, length)
    counts = [draw.integer(1, length - 1) for _ in range(batch)]
    mask = filled_after(counts, length).flip(1)
    one = filled_after([1], length).flip(1)
    return [
        Call((hidden, mask), tries="padding before the text"),
        Call((hidden[:1], one), tries="one token, at the very end"),
        Call((hidden.double(), mask), tries="float64"),
    ]


def padding_anywhere(draw: Draw) -> list[Call]:
    length = draw.integer(7, 9)
    hidden = batch_of_states(draw, 4, length)
    mask = filled_after([length - 2, 2, length, 1], length)
    mask[1] = mask[1].roll(draw.integer(1, length - 3))
    mask[2, : draw.integer(1, 3)] = False
    mask[3] = mask[3].roll(draw.integer(1, length - 2))
    return [
        Call((hidden, mask), tries="padding before, after and on both sides, row by row"),
        Call((hidden[1:2], mask[1:2]), tries="padding on both sides"),
        Call((hidden[[0, 2]], mask[[0, 2]]), tries="one padded after, the other before"),
    ]


def without_a_token(draw: Draw) -> list[Call]:
    hidden = batch_of_states(draw, 3, 5)
    mask = filled_after([2, 0, 5], 5)
    return [
        Call((hidden, mask), tries="one sequence of nothing but padding"),
        Call((hidden, filled_after([2, 1, 5], 5)), tries="every sequence has a token"),
        Call((hidden[:1], filled_after([0], 5)), tries="nothing but padding"),
    ]


last_token_features = Exercise(
    "training.last_token_features",
    parts=[
        Part("padding after the text", 1, padding_after, public=True),
        Part("padding before it", 0.5, padding_before),
        Part("padding anywhere", 1, padding_anywhere),
        Part("no real token", 0.5, without_a_token),
    ],
)


def with_tokens(mask):
    """Refuse what the contract refuses."""
    if not mask.any(1).all():
        raise ValueError("a sequence without a token")
    return mask


@last_token_features.misconception(
    "The last position is taken, which is padding where padding stands after the text."
)
def features_of_the_last_position(hidden, mask):
    with_tokens(mask)
    return hidden[:, -1]


@last_token_features.misconception(
    "The number of real tokens, less one, is taken for the place of the last. That holds only "
    "where the text begins at position 0."
)
def features_by_counting(hidden, mask):
    last = with_tokens(mask).sum(1) - 1
    return hidden[torch.arange(len(hidden)), last]


@last_token_features.misconception(
    "The padding of all sequences is taken to be on the side where the first one has it."
)
def features_as_in_the_first(hidden, mask):
    with_tokens(mask)
    return (
        features_of_the_last_position(hidden, mask)
        if mask[0, -1]
        else features_by_counting(hidden, mask)
    )


@last_token_features.misconception("This is the place behind the last token: the first padding.")
def features_of_the_padding(hidden, mask):
    last = mask.shape[1] - 1 - with_tokens(mask).int().flip(1).argmax(1)
    return hidden[torch.arange(len(hidden)), (last + 1).clamp(max=mask.shape[1] - 1)]


@last_token_features.misconception(
    "The first real token is taken. In a causal model only the last has seen the whole text."
)
def features_of_the_first(hidden, mask):
    return hidden[torch.arange(len(hidden)), with_tokens(mask).int().argmax(1)]


@last_token_features.misconception(
    "The states of all real tokens are averaged; the last one is asked for."
)
def features_averaged(hidden, mask):
    weights = with_tokens(mask)[..., None].to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1)


@last_token_features.misconception(
    "The place of the last real token of the whole batch is taken in every row."
)
def features_at_one_place(hidden, mask):
    last = with_tokens(mask).any(0).nonzero().max()
    return hidden[:, last]


@last_token_features.misconception(
    "Indexing with `hidden[:, last]` takes every place from every row, (batch, batch, width): pair "
    "each row with its own place, `hidden[torch.arange(batch), last]`."
)
def features_of_every_pair(hidden, mask):
    last = mask.shape[1] - 1 - with_tokens(mask).int().flip(1).argmax(1)
    return hidden[:, last]


@last_token_features.misconception(
    "There is a dimension too many, (batch, 1, width): one vector for each sequence is asked for."
)
def features_kept_as_sequence(hidden, mask):
    return reference.last_token_features(hidden, mask).unsqueeze(1)


@last_token_features.misconception(
    "A sequence without a real token is accepted; it has to raise a ValueError."
)
def features_of_nothing(hidden, mask):
    last = mask.shape[1] - 1 - mask.int().flip(1).argmax(1)
    return hidden[torch.arange(len(hidden)), last]


@last_token_features.alternative
def features_by_numbering(hidden, mask):
    if (mask.sum(1) == 0).any():
        raise ValueError("no token")
    last = (mask * torch.arange(mask.shape[1])).argmax(1)
    index = last[:, None, None].expand(-1, 1, hidden.shape[-1])
    return hidden.gather(1, index).squeeze(1)


@last_token_features.alternative
def features_by_loops(hidden, mask):
    rows = []
    for states, real in zip(hidden, mask.tolist(), strict=True):
        places = [place for place, there in enumerate(real) if there]
        if not places:
            raise ValueError("no token")
        rows.append(states[places[-1]])
    return torch.stack(rows)


@last_token_features.alternative
def features_by_first_and_count(hidden, mask):
    count = mask.sum(1)
    if not count.all():
        raise ValueError("no token")
    last = mask.float().argmax(1) + count - 1
    return torch.cat([states[place][None] for states, place in zip(hidden, last, strict=True)])


@last_token_features.alternative
def features_by_one_hot(hidden, mask):
    if mask.any(1).logical_not().any():
        raise ValueError("no token")
    later = mask.flip(1).cumsum(1).flip(1)  # how many real tokens from here on
    chosen = mask & (later == 1)
    return torch.einsum("blw,bl->bw", hidden, chosen.to(hidden.dtype))
