"""Further solutions to `emergence.prefix_matching_score`, right and wrong."""

import numpy as np
import torch

from solutions import emergence as reference


def right__advanced_indices(weights, period):
    batch, _, length, other = weights.size()
    if not length == other == period * 2:
        raise ValueError("length has to be 2 * period")
    rows = torch.tensor(list(range(period, length)))
    cols = torch.tensor([i - (period - 1) for i in range(period, length)])
    return weights[..., rows, cols].sum(dim=(0, -1)) / (batch * period)


def right__shifted_diagonal(weights, period):
    if weights.shape[2] != 2 * period or weights.shape[3] != 2 * period:
        raise ValueError(f"expected {2 * period}")
    return torch.diagonal(weights, offset=-(period - 1), dim1=2, dim2=3)[..., 1:].mean((0, 2))


def right__numpy(weights, period):
    values = weights.numpy()
    if values.shape[-1] != 2 * period or values.shape[-2] != 2 * period:
        raise ValueError
    picked = [values[:, :, q, q - period + 1] for q in range(period, 2 * period)]
    return torch.tensor(np.mean(picked, axis=(0, 1)), dtype=weights.dtype)


def right__gathers(weights, period):
    if tuple(weights.shape[-2:]) != (2 * period,) * 2:
        raise ValueError("wrong length")
    second = weights[:, :, period:]
    keys = torch.arange(1, period + 1).view(1, 1, -1, 1).expand(*second.shape[:3], 1)
    return second.gather(-1, keys).squeeze(-1).mean(-1).mean(0)


def right__in_double(weights, period):
    if weights.shape[-2] != weights.shape[-1] or weights.shape[-1] != 2 * period:
        raise ValueError("no")
    corner = weights[:, :, period:, 1 : period + 1].double()
    trace = torch.einsum("bhii->h", corner)
    return (trace / (weights.shape[0] * period)).to(weights.dtype)


def right__masked_sum(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError("another length")
    place = torch.arange(2 * period)
    sought = (place[:, None] - period + 1 == place) & (place[:, None] >= period)
    summed = torch.einsum("bhij,ij->h", weights, sought.to(weights.dtype))
    return summed / (period * len(weights))


def wrong__two_places_on(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    queries = torch.arange(period, 2 * period)
    return weights[:, :, queries, (queries - period + 2).clamp(max=period)].mean((0, 2))


def wrong__without_the_last_query(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    queries = torch.arange(period, max(2 * period - 1, period + 1))
    return weights[:, :, queries, queries - period + 1].mean((0, 2))


def wrong__of_the_first_sequence(weights, period):
    return reference.prefix_matching_score(weights[:1], period)


def wrong__best_head(weights, period):
    return reference.prefix_matching_score(weights, period).max()


def wrong__position_in_the_first_half(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    queries = torch.arange(period)
    return weights[:, :, queries, (queries + 1).clamp(max=period - 1)].mean((0, 2))


def wrong__whole_first_half(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    return weights[:, :, period:, :period].sum(-1).mean((0, 2))


def wrong__whole_blocks(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    queries = torch.arange(period, 2 * period)
    return weights[:, :, queries][:, :, :, queries - period + 1].mean((0, 2, 3))


def wrong__batch_and_heads_exchanged(weights, period):
    return reference.prefix_matching_score(weights.transpose(0, 1), period)


def wrong__maximum_over_queries(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    queries = torch.arange(period, 2 * period)
    return weights[:, :, queries, queries - period + 1].amax(2).mean(0)


def wrong__normalised_by_the_row(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    weights = weights / weights.amax(-1, keepdim=True)
    return reference.prefix_matching_score(weights, period)


def wrong__always_float32(weights, period):
    return reference.prefix_matching_score(weights.float(), period)


def wrong__softmax_again(weights, period):
    return reference.prefix_matching_score(weights.softmax(-1), period)


def wrong__checks_keys_only(weights, period):
    if weights.shape[-1] != 2 * period:
        raise ValueError
    queries = torch.arange(period, 2 * period)
    return weights[:, :, queries, queries - period + 1].mean((0, 2))


def wrong__asserts(weights, period):
    assert weights.shape[-2:] == (2 * period, 2 * period)
    return reference.prefix_matching_score(weights, period)


def wrong__list_of_numbers(weights, period):
    return reference.prefix_matching_score(weights, period).tolist()


def wrong__median(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError
    queries = torch.arange(period, 2 * period)
    return weights[:, :, queries, queries - period + 1].median(2).values.mean(0)
