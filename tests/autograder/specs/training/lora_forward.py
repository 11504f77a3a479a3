"""Further solutions to `training.lora_forward`, right and wrong."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import training as reference


def right__functional(x, weight, down, up, alpha):
    scale = alpha / down.shape[0]
    return F.linear(x, weight) + scale * F.linear(F.linear(x, down), up)


def right__merges_first(x, weight, down, up, alpha):
    return F.linear(x, weight + (alpha / up.shape[1]) * up @ down)


def right__row_by_row(x, weight, down, up, alpha):
    rows = [
        weight @ row + (alpha / len(down)) * (up @ (down @ row))
        for row in x.reshape(-1, x.shape[-1])
    ]
    return torch.stack(rows).reshape(*x.shape[:-1], weight.shape[0])


def right__one_stacked_weight(x, weight, down, up, alpha):
    both = F.linear(x, torch.cat([weight, down]))
    out, narrow = both.split([len(weight), len(down)], -1)
    return out + alpha / len(down) * (narrow @ up.mT)


def wrong__root_of_the_rank(x, weight, down, up, alpha):
    return x @ weight.T + alpha / math.sqrt(down.shape[0]) * (x @ down.T @ up.T)


def wrong__a_nonlinearity(x, weight, down, up, alpha):
    return x @ weight.T + alpha / down.shape[0] * (F.relu(x @ down.T) @ up.T)


def wrong__scale_of_the_output(x, weight, down, up, alpha):
    return x @ weight.T + alpha / up.shape[0] * (x @ down.T @ up.T)


def wrong__scales_the_frozen_part(x, weight, down, up, alpha):
    return alpha / down.shape[0] * (x @ weight.T) + x @ down.T @ up.T


def wrong__adds_the_input(x, weight, down, up, alpha):
    y = reference.lora_forward(x, weight, down, up, alpha)
    return y + x if y.shape == x.shape else y + x.sum(-1, keepdim=True)


def wrong__two_dimensions_only(x, weight, down, up, alpha):
    return torch.mm(x, weight.T) + alpha / len(down) * torch.mm(torch.mm(x, down.T), up.T)


def wrong__flattens_the_batch(x, weight, down, up, alpha):
    return reference.lora_forward(x.flatten(0, -2), weight, down, up, alpha)


def wrong__integer_division(x, weight, down, up, alpha):
    return x @ weight.T + alpha // down.shape[0] * (x @ down.T @ up.T)


def wrong__without_alpha(x, weight, down, up, alpha):
    return x @ weight.T + (x @ down.T @ up.T) / down.shape[0]
