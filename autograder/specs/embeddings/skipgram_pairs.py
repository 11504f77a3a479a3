"""What `embeddings.skipgram_pairs` accepts."""

import torch

from autograder.spec import Exercise, Part, Same
from autograder.specs.embeddings.texts_and_windows import (
    pairs_of_nearly_nothing,
    pairs_of_short_texts,
    pairs_with_wide_windows,
)
from solutions import embeddings as reference

skipgram_pairs = Exercise(
    "embeddings.skipgram_pairs",
    parts=[
        Part("small windows", 0.5, pairs_of_short_texts, Same(), public=True),
        Part("wide windows", 1, pairs_with_wide_windows, Same()),
        Part("hardly any text", 0.5, pairs_of_nearly_nothing, Same()),
    ],
    equivalent={
        "positions.unsqueeze(1) - positions -> positions - positions.unsqueeze(1)": "a distance is "
        "the same in both directions",
    },
)


def pairs_at(tokens, window, offsets):
    """Pair each token with those at the given distances, in this order."""
    found = [
        [int(tokens[place]), int(tokens[place + offset])]
        for place in range(len(tokens))
        for offset in offsets(window)
        if 0 <= place + offset < len(tokens)
    ]
    return torch.tensor(found, dtype=torch.int64).reshape(-1, 2)


@skipgram_pairs.misconception("Each token is also paired with itself; a neighbor is another place.")
def pairs_with_itself(tokens, window):
    return pairs_at(tokens, window, lambda w: range(-w, w + 1))


@skipgram_pairs.misconception(
    "Equal words are never paired. What counts is the place: equal words can be neighbors."
)
def pairs_of_different_words(tokens, window):
    pairs = reference.skipgram_pairs(tokens, window)
    return pairs[pairs[:, 0] != pairs[:, 1]]


@skipgram_pairs.misconception(
    "Only neighbors on the right are paired; the window reaches to both sides."
)
def pairs_to_the_right(tokens, window):
    return pairs_at(tokens, window, lambda w: range(1, w + 1))


@skipgram_pairs.misconception(
    "The window ends one place too early: neighbors at the distance `window` belong to it."
)
def pairs_of_a_narrow_window(tokens, window):
    return pairs_at(tokens, window - 1, lambda w: [o for o in range(-w, w + 1) if o])


@skipgram_pairs.misconception(
    "Only neighbors at exactly the distance `window` are paired; all nearer ones belong to it too."
)
def pairs_at_one_distance(tokens, window):
    return pairs_at(tokens, window, lambda w: (-w, w))


@skipgram_pairs.misconception(
    "Places before the start are counted from the end, as a negative index does; there is no "
    "neighbor there."
)
def pairs_around_the_corner(tokens, window):
    found = [
        [int(tokens[place]), int(tokens[place + offset])]
        for place in range(len(tokens))
        for offset in range(-window, window + 1)
        if offset and -len(tokens) <= place + offset < len(tokens)
    ]
    return torch.tensor(found, dtype=torch.int64).reshape(-1, 2)


@skipgram_pairs.misconception(
    "Words at the ends of the text, whose window is cut off, are left out; they are paired with "
    "the neighbors they have."
)
def pairs_of_whole_windows(tokens, window):
    found = [
        [int(tokens[place]), int(tokens[place + offset])]
        for place in range(window, len(tokens) - window)
        for offset in range(-window, window + 1)
        if offset
    ]
    return torch.tensor(found, dtype=torch.int64).reshape(-1, 2)


@skipgram_pairs.misconception(
    "The pairs are in another order: token by token, and for each token its neighbors from left to "
    "right."
)
def pairs_by_distance(tokens, window):
    found = [
        [int(tokens[place]), int(tokens[place + offset])]
        for offset in range(-window, window + 1)
        for place in range(len(tokens))
        if offset and 0 <= place + offset < len(tokens)
    ]
    return torch.tensor(found, dtype=torch.int64).reshape(-1, 2)


@skipgram_pairs.misconception(
    "The pairs are in another order: token by token, and for each token its neighbors from left to "
    "right."
)
def pairs_nearest_first(tokens, window):
    return pairs_at(tokens, window, lambda w: [s * d for d in range(1, w + 1) for s in (-1, 1)])


@skipgram_pairs.misconception(
    "The columns are swapped: the token stands first, its neighbor second."
)
def pairs_swapped(tokens, window):
    return reference.skipgram_pairs(tokens, window).flip(1)


@skipgram_pairs.misconception("These are the positions of the pairs; their word ids are asked for.")
def pairs_of_positions(tokens, window):
    return reference.skipgram_pairs(torch.arange(len(tokens)), window)


@skipgram_pairs.misconception(
    "Without any pair the result has shape (0,); it has two columns even then: (0, 2)."
)
def pairs_without_columns(tokens, window):
    pairs = reference.skipgram_pairs(tokens, window)
    return pairs if len(pairs) else torch.empty(0, dtype=torch.int64)


@skipgram_pairs.alternative
def pairs_by_loops(tokens, window):
    ids = tokens.tolist()
    pairs = []
    for i, word in enumerate(ids):
        for j in range(max(0, i - window), min(len(ids), i + window + 1)):
            if j != i:
                pairs.append((word, ids[j]))
    return torch.tensor(pairs, dtype=torch.long).view(-1, 2)


@skipgram_pairs.alternative
def pairs_by_shifting(tokens, window):
    pieces, order = [], []
    for offset in [*range(-window, 0), *range(1, window + 1)]:
        start, stop = max(0, -offset), min(len(tokens), len(tokens) - offset)
        if start < stop:
            pieces.append(torch.stack([tokens[start:stop], tokens[start + offset : stop + offset]]))
            order.append(torch.arange(start, stop) * (2 * window + 1) + offset)
    if not pieces:
        return torch.zeros(0, 2, dtype=torch.int64)
    return torch.cat(pieces, 1).T[torch.cat(order).argsort()]


@skipgram_pairs.alternative
def pairs_from_contexts(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    there = contexts >= 0
    return torch.stack([targets[:, None].expand_as(contexts)[there], contexts[there]], dim=1)
