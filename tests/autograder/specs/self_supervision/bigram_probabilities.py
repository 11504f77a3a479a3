"""Further solutions to `self_supervision.bigram_probabilities`, right and wrong."""

import torch

from solutions import self_supervision as reference


def right__where_the_total_is_zero(counts, smoothing=0.0):
    c = counts.to(torch.float32) + smoothing
    total = c.sum(-1, keepdim=True)
    return torch.where(total == 0, torch.full_like(c, 1 / c.size(-1)), c / total.clamp(min=1e-12))


def right__nan_to_uniform(counts, smoothing=0.0):
    c = counts + smoothing
    return (c / c.sum(dim=1, keepdim=True)).float().nan_to_num(nan=1.0 / len(counts))


def right__fractions_in_python(counts, smoothing=0.0):
    rows = []
    for row in counts.tolist():
        row = [c + smoothing for c in row]
        rows.append([c / sum(row) for c in row] if sum(row) > 0 else [1 / len(row)] * len(row))
    return torch.tensor(rows, dtype=torch.float32)


def right__by_einsum(counts, smoothing=0.0):
    c = (counts + torch.tensor(float(smoothing), dtype=torch.float64)).clone()
    c[(c == 0).all(dim=1)] = 3.0
    return torch.einsum("ab,a->ab", c, 1 / c.sum(1)).to(torch.float32)


def wrong__logarithms(counts, smoothing=0.0):
    return reference.bigram_probabilities(counts, smoothing).log()


def wrong__uniform_mixture(counts, smoothing=0.0):
    share = smoothing / (1 + smoothing)
    return (1 - share) * reference.bigram_probabilities(counts) + share / len(counts)


def wrong__smoothing_in_place(counts, smoothing=0.0):
    result = reference.bigram_probabilities(counts, smoothing)
    counts += int(smoothing) + 1
    return result


def wrong__one_over_the_vocabulary_added(counts, smoothing=0.0):
    return reference.bigram_probabilities(counts, smoothing / len(counts))


def wrong__rows_by_their_largest(counts, smoothing=0.0):
    c = counts + smoothing
    return (c / c.amax(1, keepdim=True)).float().nan_to_num(1 / len(counts))


def wrong__broadcast_the_other_way(counts, smoothing=0.0):
    c = counts.double() + smoothing
    return (c / c.sum(dim=1)).float().nan_to_num(1 / len(counts))


def wrong__empty_rows_to_the_token_itself(counts, smoothing=0.0):
    result = reference.bigram_probabilities(counts, smoothing)
    empty = counts.sum(1) == 0
    result[empty] = torch.eye(len(counts))[empty]
    return result


def wrong__empty_rows_uniform_even_if_unseen_only(counts, smoothing=0.0):
    result = reference.bigram_probabilities(counts, smoothing)
    return torch.where(counts == 0, 1 / len(counts), result)


def wrong__epsilon_makes_rows_vanish(counts, smoothing=0.0):
    c = counts + smoothing
    return (c / (c.sum(1, keepdim=True) + 1e-8)).float()


def wrong__integer_division(counts, smoothing=0.0):
    return reference.bigram_probabilities(counts, smoothing).round()


def wrong__smooths_by_default(counts, smoothing=0.0):
    return reference.bigram_probabilities(counts, smoothing or 1.0)


def wrong__counts_vocabulary_seen(counts, smoothing=0.0):
    seen = (counts > 0).sum(1, keepdim=True)
    c = counts.double() + smoothing
    total = counts.sum(1, keepdim=True) + smoothing * seen
    return torch.where(total > 0, c / total, 1 / len(counts)).float()
