"""Further solutions to `attention.padding_mask`, right and wrong."""

import torch

from solutions import attention as reference


def right__from_lists(lengths, length):
    rows = [[[[i < n for i in range(length)]]] for n in lengths.tolist()]
    return torch.tensor(rows)


def right__cumulative_sum(lengths, length):
    ones = torch.ones(lengths.size(0), 1, 1, length)
    return ones.cumsum(-1) <= lengths.view(-1, 1, 1, 1)


def right__vectorised_view(lengths, length):
    grid = torch.arange(length)[None, None, None].repeat(lengths.numel(), 1, 1, 1)
    return grid.lt(lengths[:, None, None, None])


def right__rows_of_a_triangle(lengths, length):
    triangle = torch.ones(length + 1, length).tril(-1).bool()
    return triangle[lengths.long()][:, None, None, :]


def wrong__exact_position(lengths, length):
    return (torch.arange(length) == lengths[:, None] - 1)[:, None, None, :]


def wrong__batch_in_the_wrong_place(lengths, length):
    return (torch.arange(length) < lengths[:, None])[None, None]


def wrong__three_dimensions(lengths, length):
    return (torch.arange(length) < lengths[:, None])[:, None, :]


def wrong__square(lengths, length):
    real = torch.arange(length) < lengths[:, None]
    return (real[:, :, None] & real[:, None, :])[:, None]


def wrong__length_of_the_first(lengths, length):
    real = torch.arange(length) < lengths[0]
    return real.expand(len(lengths), 1, 1, length)


def wrong__at_least_one(lengths, length):
    return reference.padding_mask(lengths.clamp(min=1), length)


def wrong__never_full(lengths, length):
    return reference.padding_mask(lengths.clamp(max=length - 1), length)


def wrong__slices_from_behind(lengths, length):
    mask = torch.ones(len(lengths), 1, 1, length, dtype=torch.bool)
    for row, count in zip(mask, lengths.tolist(), strict=True):
        row[..., count - length :] = False
    return mask
