"""Further solutions to `attention.merge_heads`, right and wrong."""

import numpy as np
import torch

from solutions import attention as reference


def right__loops_over_everything(x):
    batch, heads, length, head_width = x.shape
    out = x.new_zeros(batch, length, heads * head_width)
    for h in range(heads):
        for d in range(head_width):
            out[:, :, h * head_width + d] = x[:, h, :, d]
    return out


def right__unbinds(x):
    return torch.cat(x.unbind(dim=1), dim=2)


def right__numpy(x):
    a = np.transpose(x.numpy(), (0, 2, 1, 3))
    return torch.from_numpy(a.reshape(a.shape[0], a.shape[1], -1).copy())


def wrong__head_width_first(x):
    return x.permute(0, 2, 3, 1).flatten(2)


def wrong__keeps_only_the_first(x):
    return x[:, 0]


def wrong__folds_the_batch(x):
    return x.transpose(1, 2).reshape(-1, x.shape[1] * x.shape[3])


def wrong__transposes_the_result(x):
    return reference.merge_heads(x).transpose(1, 2)


def wrong__maximum(x):
    return x.amax(1).repeat(1, 1, x.shape[1])
