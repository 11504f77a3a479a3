"""Further solutions to `embeddings.cbow_pairs`, right and wrong."""

import numpy as np
import torch

from solutions import embeddings as reference


def right__padding_and_slices(tokens, window):
    edge = torch.full((window,), -1, dtype=tokens.dtype)
    padded = torch.cat([edge, tokens, edge])
    rows = []
    for i in range(window, window + len(tokens)):
        rows.append(torch.cat([padded[i - window : i], padded[i + 1 : i + window + 1]]))
    if not rows:
        return torch.zeros(0, 2 * window, dtype=torch.int64), tokens
    return torch.stack(rows), tokens


def right__numpy(tokens, window):
    padded = np.pad(tokens.numpy(), window, constant_values=-1)
    columns = [
        padded[window + k : window + k + len(tokens)] for k in range(-window, window + 1) if k != 0
    ]
    return torch.from_numpy(np.stack(columns, axis=1)), tokens.clone()


def right__appending(tokens, window):
    contexts = []
    words = tokens.tolist()
    for i in range(len(words)):
        row = []
        for j in range(i - window, i + window + 1):
            if j == i:
                continue
            row.append(words[j] if j >= 0 and j < len(words) else -1)
        contexts.append(row)
    return torch.tensor(contexts, dtype=torch.long).reshape(len(words), 2 * window), tokens


def wrong__contexts_as_lists(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    return [[word for word in row if word >= 0] for row in contexts.tolist()], targets


def wrong__targets_as_a_column(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    return contexts, targets[:, None]


def wrong__padded_by_the_first_and_last_word(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    if len(tokens):
        left, right = contexts[:, :window], contexts[:, window:]
        left = torch.where(left < 0, tokens[0], left)
        contexts = torch.cat([left, torch.where(right < 0, tokens[-1], right)], dim=1)
    return contexts, targets


def wrong__window_on_both_sides_together(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    half = window // 2
    return contexts[:, half : 2 * window - half], targets


def wrong__right_neighbors_reversed(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    return torch.cat([contexts[:, :window], contexts[:, window:].flip(1)], dim=1), targets


def wrong__sorted_contexts(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    return contexts.sort(dim=1).values, targets


def wrong__equal_words_hidden(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    return contexts.masked_fill(contexts == targets[:, None], -1), targets


def wrong__shifted_by_one(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    return contexts.roll(1, dims=0), targets
