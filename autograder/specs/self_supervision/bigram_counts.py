"""What `self_supervision.bigram_counts` accepts."""

import itertools
from collections import Counter

import torch

from autograder.spec import Call, Draw, Exercise, Part, Same
from autograder.specs.self_supervision.texts import NOTHING, different, text
from solutions import self_supervision as reference


def short_texts(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([0, 1, 1, 1, 0]), 3), tries="the text 0 1 1 1 0, three ids"),
        Call((torch.tensor([2, 0]), 3), tries="one pair"),
        Call((text(draw, 7, 4), 4), tries="seven tokens, four ids"),
    ]


def longer_texts(draw: Draw) -> list[Call]:
    size = draw.integer(5, 9)
    return [
        Call((text(draw, 200, size), size), tries="200 tokens"),
        Call((text(draw, 50, 3), 3), tries="few ids, so pairs come often"),
        Call((text(draw, 40, size), size + draw.integer(2, 5)), tries="ids that do not occur"),
        Call((torch.full((300,), 2), 5), tries="the same token 300 times"),
    ]


def texts_without_pairs(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([draw.integer(0, 3)]), 4), tries="one token"),
        Call((NOTHING, draw.integer(2, 5)), tries="an empty text"),
        Call((different(draw, 2), 9), tries="one pair among many ids"),
    ]


bigram_counts = Exercise(
    "self_supervision.bigram_counts",
    parts=[
        Part("short texts", 0.5, short_texts, Same(), public=True),
        Part("longer texts", 1, longer_texts, Same()),
        Part("hardly any pairs", 0.5, texts_without_pairs, Same()),
    ],
)


def counted(firsts, seconds, vocabulary_size):
    """Count pairs one by one."""
    counts = torch.zeros(vocabulary_size, vocabulary_size, dtype=torch.int64)
    for first, second in zip(firsts.tolist(), seconds.tolist(), strict=False):
        counts[first, second] += 1
    return counts


@bigram_counts.misconception(
    "Rows and columns are exchanged: the row is the earlier token, the column the one after it."
)
def counts_transposed(tokens, vocabulary_size):
    return reference.bigram_counts(tokens, vocabulary_size).T


@bigram_counts.misconception(
    "A pair that comes several times is counted once: `counts[a, b] += 1` with tensors of indices "
    "adds to each place only once. `bincount`, `index_put_(..., accumulate=True)` or a loop do add."
)
def counts_once(tokens, vocabulary_size):
    counts = torch.zeros(vocabulary_size, vocabulary_size, dtype=torch.int64)
    counts[tokens[:-1], tokens[1:]] += 1
    return counts


@bigram_counts.misconception(
    "The last token is paired with the first, as if the text were a circle; nothing follows it."
)
def counts_around_the_corner(tokens, vocabulary_size):
    return counted(tokens, tokens.roll(-1), vocabulary_size)


@bigram_counts.misconception(
    "Every token belongs to one pair here. Pairs overlap: each token but the last starts one."
)
def counts_of_disjoint_pairs(tokens, vocabulary_size):
    return counted(tokens[::2], tokens[1::2], vocabulary_size)


@bigram_counts.misconception(
    "Both orders of a pair are counted; a b and b a are two different pairs."
)
def counts_in_both_orders(tokens, vocabulary_size):
    counts = reference.bigram_counts(tokens, vocabulary_size)
    return counts + counts.T


@bigram_counts.misconception("A pair of equal tokens is not counted; it is one like any other.")
def counts_of_different_tokens(tokens, vocabulary_size):
    counts = reference.bigram_counts(tokens, vocabulary_size)
    return counts.fill_diagonal_(0)


@bigram_counts.misconception(
    "The table is as large as the largest id of this text asks for; `vocabulary_size` gives its "
    "size."
)
def counts_of_ids_that_occur(tokens, vocabulary_size):
    return reference.bigram_counts(tokens, int(tokens.max()) + 1)


@bigram_counts.misconception("The counts are floating point numbers; integers are asked for.")
def counts_as_floats(tokens, vocabulary_size):
    return reference.bigram_counts(tokens, vocabulary_size).float()


@bigram_counts.alternative
def counts_by_loop(tokens, vocabulary_size):
    return counted(tokens, tokens[1:], vocabulary_size)


@bigram_counts.alternative
def counts_by_index_put(tokens, vocabulary_size):
    counts = torch.zeros(vocabulary_size, vocabulary_size, dtype=torch.long)
    ones = torch.ones(max(len(tokens) - 1, 0), dtype=torch.long)
    return counts.index_put_((tokens[:-1], tokens[1:]), ones, accumulate=True)


@bigram_counts.alternative
def counts_by_one_hot(tokens, vocabulary_size):
    ids = torch.arange(vocabulary_size)
    firsts = (tokens[:-1, None] == ids).long()
    return firsts.T @ (tokens[1:, None] == ids).long()


@bigram_counts.alternative
def counts_by_counter(tokens, vocabulary_size):
    ids = tokens.tolist()
    pairs = Counter(itertools.pairwise(ids))
    rows = range(vocabulary_size)
    return torch.tensor([[pairs[a, b] for b in rows] for a in rows])
