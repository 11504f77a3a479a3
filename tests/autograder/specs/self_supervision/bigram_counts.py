"""Further solutions to `self_supervision.bigram_counts`, right and wrong."""

from collections import Counter
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from solutions import self_supervision as reference


def right__pairwise(tokens, vocabulary_size):
    table = [[0] * vocabulary_size for _ in range(vocabulary_size)]
    for a, b in pairwise(tokens.tolist()):
        table[a][b] += 1
    return torch.tensor(table)


def right__scatter_add(tokens, vocabulary_size):
    flat = torch.zeros(vocabulary_size * vocabulary_size, dtype=torch.int64)
    where = tokens[:-1] * vocabulary_size + tokens[1:]
    flat.scatter_add_(0, where, torch.ones_like(where))
    return flat.view(vocabulary_size, -1)


def right__numpy_add_at(tokens, vocabulary_size):
    table = np.zeros((vocabulary_size, vocabulary_size), dtype=np.int32)
    ids = tokens.numpy()
    np.add.at(table, (ids[:-1], ids[1:]), 1)
    return torch.from_numpy(table)


def right__outer_products(tokens, vocabulary_size):
    one_hot = F.one_hot(tokens, vocabulary_size)
    return torch.einsum("na,nb->ab", one_hot[:-1], one_hot[1:])


def right__counter_then_fill(tokens, vocabulary_size):
    out = torch.zeros(vocabulary_size, vocabulary_size).long()
    for (a, b), n in Counter(zip(tokens[:-1].tolist(), tokens[1:].tolist(), strict=True)).items():
        out[a, b] = n
    return out


def wrong__skips_one(tokens, vocabulary_size):
    return reference.bigram_counts(torch.cat([tokens[::2], tokens[1::2]]), vocabulary_size)


def wrong__upper_triangle(tokens, vocabulary_size):
    counts = reference.bigram_counts(tokens, vocabulary_size)
    return counts.triu() + counts.tril(-1).T


def wrong__plus_one(tokens, vocabulary_size):
    return reference.bigram_counts(tokens, vocabulary_size) + 1


def wrong__misses_the_last_pair(tokens, vocabulary_size):
    return reference.bigram_counts(tokens[:-1], vocabulary_size)


def wrong__misses_the_first_pair(tokens, vocabulary_size):
    return reference.bigram_counts(tokens[1:], vocabulary_size)


def wrong__flat(tokens, vocabulary_size):
    return reference.bigram_counts(tokens, vocabulary_size).flatten()


def wrong__frequencies(tokens, vocabulary_size):
    counts = reference.bigram_counts(tokens, vocabulary_size)
    return counts / max(len(tokens) - 1, 1)


def wrong__runs_counted_once(tokens, vocabulary_size):
    return reference.bigram_counts(tokens.unique_consecutive(), vocabulary_size)


def wrong__breaks_on_an_empty_text(tokens, vocabulary_size):
    counts = torch.zeros(vocabulary_size, vocabulary_size, dtype=torch.long)
    previous = tokens[0]
    for token in tokens[1:]:
        counts[previous, token] += 1
        previous = token
    return counts


def wrong__saturates(tokens, vocabulary_size):
    return reference.bigram_counts(tokens, vocabulary_size).clamp(max=3)


def wrong__bins_by_the_wrong_size(tokens, vocabulary_size):
    pairs = tokens[:-1] * (vocabulary_size - 1) + tokens[1:]
    flat = torch.bincount(pairs, minlength=vocabulary_size**2)
    return flat[: vocabulary_size**2].reshape(vocabulary_size, vocabulary_size)


def wrong__one_byte_each(tokens, vocabulary_size):
    return reference.bigram_counts(tokens, vocabulary_size).to(torch.uint8)
