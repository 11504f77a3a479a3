"""Further solutions to `training.lora_merge`, right and wrong."""

import torch

from solutions import training as reference


def right__scales_up_first(weight, down, up, alpha):
    rank, _ = down.shape
    return weight + torch.mm(up * (alpha / rank), down)


def right__triple_loop(weight, down, up, alpha):
    merged = weight.clone()
    out, inner = weight.shape
    for i in range(out):
        for j in range(inner):
            merged[i, j] += alpha * (up[i] * down[:, j]).sum() / len(down)
    return merged


def right__transposes(weight, down, up, alpha):
    return (weight.T + (down.T @ up.T) * alpha / up.shape[-1]).T


def right__addmm(weight, down, up, alpha):
    return torch.addmm(weight, up, down, alpha=alpha / up.shape[1])


def wrong__subtracts(weight, down, up, alpha):
    return weight - alpha / down.shape[0] * (up @ down)


def wrong__rank_over_alpha(weight, down, up, alpha):
    return weight + down.shape[0] / alpha * (up @ down)


def wrong__divides_twice(weight, down, up, alpha):
    return weight + alpha / down.shape[0] ** 2 * (up @ down)


def wrong__rank_of_the_output(weight, down, up, alpha):
    return weight + alpha / up.shape[0] * (up @ down)


def wrong__integer_division(weight, down, up, alpha):
    return weight + alpha // down.shape[0] * (up @ down)


def wrong__elementwise(weight, down, up, alpha):
    return weight + alpha / down.shape[0] * (up.sum(1, keepdim=True) * down.sum(0))


def wrong__always_float32(weight, down, up, alpha):
    return reference.lora_merge(weight, down, up, alpha).float()


def wrong__multiplies_the_weight(weight, down, up, alpha):
    return weight * (1 + alpha / down.shape[0] * (up @ down))


def wrong__transposed_adapter(weight, down, up, alpha):
    delta = up @ down
    if delta.shape[0] == delta.shape[1]:
        delta = delta.T
    return weight + alpha / down.shape[0] * delta
