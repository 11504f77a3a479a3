"""What `embeddings.cbow_pairs` accepts."""

import torch
import torch.nn.functional as F  # noqa: N812

from autograder.spec import Exercise, Part, Same
from autograder.specs.embeddings.texts_and_windows import (
    pairs_of_nearly_nothing,
    pairs_of_short_texts,
    pairs_with_wide_windows,
)
from solutions import embeddings as reference

cbow_pairs = Exercise(
    "embeddings.cbow_pairs",
    parts=[
        Part("small windows", 0.5, pairs_of_short_texts, Same(), public=True),
        Part("wide windows", 1, pairs_with_wide_windows, Same()),
        Part("hardly any text", 0.5, pairs_of_nearly_nothing, Same()),
    ],
    equivalent={
        "0 -> -1 in contexts = tokens[positions.masked_fill(outside, 0)] if len(tokens) else "
        "positions": "any place will do: what is found there is overwritten by -1",
    },
)


def contexts_at(tokens, offsets, outside=-1):
    """Return for each token those at the given distances."""
    rows = [
        [
            int(tokens[place + offset]) if 0 <= place + offset < len(tokens) else outside
            for offset in offsets
        ]
        for place in range(len(tokens))
    ]
    return torch.tensor(rows, dtype=torch.int64).reshape(-1, len(offsets)), tokens.clone()


@cbow_pairs.misconception(
    "The context holds the token itself. That is what is to be predicted: leave it out."
)
def contexts_with_itself(tokens, window):
    return contexts_at(tokens, range(-window, window + 1))


@cbow_pairs.misconception(
    "Where the text ends the row is filled with 0, which is a word id; -1 says that nothing is "
    "there."
)
def contexts_filled_with_zero(tokens, window):
    return contexts_at(tokens, [*range(-window, 0), *range(1, window + 1)], 0)


@cbow_pairs.misconception(
    "Places before the start are counted from the end, as a negative index does; they get -1."
)
def contexts_around_the_corner(tokens, window):
    offsets = [*range(-window, 0), *range(1, window + 1)]
    rows = [
        [
            int(tokens[place + offset]) if -len(tokens) <= place + offset < len(tokens) else -1
            for offset in offsets
        ]
        for place in range(len(tokens))
    ]
    return torch.tensor(rows, dtype=torch.int64).reshape(-1, 2 * window), tokens.clone()


@cbow_pairs.misconception(
    "The neighbors a token has stand at the start of its row, and all the -1 after them. Each "
    "column belongs to one distance, so the -1 stands where the neighbor is missing."
)
def contexts_pushed_to_the_left(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    order = (contexts < 0).int().argsort(dim=1, stable=True)
    return contexts.gather(1, order), targets


@cbow_pairs.misconception(
    "Neighbors are in order of distance; the order of the text is asked for, from left to right."
)
def contexts_nearest_first(tokens, window):
    return contexts_at(tokens, [s * d for d in range(1, window + 1) for s in (-1, 1)])


@cbow_pairs.misconception(
    "The left neighbors are in reverse: the nearest comes last, as in the text."
)
def contexts_from_the_middle(tokens, window):
    return contexts_at(tokens, [*range(-1, -window - 1, -1), *range(1, window + 1)])


@cbow_pairs.misconception("Only neighbors on the left are taken; the window has two sides.")
def contexts_on_the_left(tokens, window):
    return contexts_at(tokens, range(-2 * window, 0))


@cbow_pairs.misconception(
    "Words at the ends of the text are left out; every token has a row, with -1 where nothing is."
)
def contexts_of_whole_windows(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    whole = slice(window, max(len(tokens) - window, window))
    return contexts[whole], targets[whole]


@cbow_pairs.misconception("Targets come first in this result; contexts are asked for first.")
def contexts_second(tokens, window):
    return reference.cbow_pairs(tokens, window)[::-1]


@cbow_pairs.alternative
def contexts_by_lists(tokens, window):
    contexts, targets = contexts_at(tokens, [*range(-window, 0), *range(1, window + 1)])
    return contexts, targets


@cbow_pairs.alternative
def contexts_by_unfold(tokens, window):
    padded = F.pad(tokens, (window, window), value=-1)
    if not len(tokens):
        return torch.zeros(0, 2 * window, dtype=torch.int64), tokens
    windows = padded.unfold(0, 2 * window + 1, 1)
    return torch.cat([windows[:, :window], windows[:, window + 1 :]], dim=1), tokens


@cbow_pairs.alternative
def contexts_by_filling(tokens, window):
    contexts = torch.full((len(tokens), 2 * window), -1)
    for distance in range(1, min(window, len(tokens) - 1) + 1):
        contexts[distance:, window - distance] = tokens[:-distance]
        contexts[:-distance, window + distance - 1] = tokens[distance:]
    return contexts, tokens
