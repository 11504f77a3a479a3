"""Further solutions to `attention.split_heads`, right and wrong."""

import torch

from solutions import attention as reference


def right__movedim(x, heads):
    return torch.movedim(x.reshape(*x.shape[:2], heads, -1), 2, 1)


def right__advanced_indexing(x, heads):
    head_width = x.shape[-1] // heads
    index = torch.arange(heads * head_width).reshape(heads, head_width)
    return x[:, :, index].swapaxes(1, 2)


def right__concatenates_slices(x, heads):
    d = x.size(-1) // heads
    return torch.cat([x[:, None, :, h * d : (h + 1) * d] for h in range(heads)], dim=1)


def right__table_of_indices(x, heads):
    index = torch.arange(x.shape[-1]).view(heads, -1)
    return x[..., index].permute(0, 2, 1, 3)


def wrong__reversed(x, heads):
    return reference.split_heads(x, heads).flip(1)


def wrong__folds_into_batch(x, heads):
    split = reference.split_heads(x, heads)
    return split.reshape(-1, *split.shape[2:])


def wrong__repeats_the_first_head(x, heads):
    split = reference.split_heads(x, heads)
    return split[:, :1].expand_as(split)


def wrong__always_two(x, heads):
    return reference.split_heads(x, 2 if x.shape[-1] % 2 == 0 else heads)


def wrong__as_float(x, heads):
    return reference.split_heads(x, heads).float()


def wrong__swaps_batch_and_length(x, heads):
    return reference.split_heads(x.transpose(0, 1), heads)
