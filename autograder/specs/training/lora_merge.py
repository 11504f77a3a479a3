"""What `training.lora_merge` accepts."""

import math

import torch

from autograder.spec import Call, Draw, Exercise, Part
from autograder.specs.training.adapters import adapter


def smallest_adapters(draw: Draw) -> list[Call]:
    outer, inner = draw.sizes(2, 2, 5)
    weight, down, up, alpha = adapter(draw, outer, inner, 1)
    row, column = torch.tensor([[3.0, 4.0]]), torch.tensor([[1.0], [2.0]])
    return [
        Call((torch.zeros(2, 2), row, column, 1.0), tries="rank 1, alpha 1, a weight of zeros"),
        Call((torch.eye(2), row, column, 2.0), tries="rank 1, alpha 2"),
        Call((weight, down, up, alpha), tries="rank 1, any numbers"),
        Call((weight, down, torch.zeros(outer, 1), alpha), tries="a new adapter: `up` is zeros"),
    ]


def any_adapters(draw: Draw) -> list[Call]:
    outer, inner, rank = draw.sizes(3, 2, 8)
    return [
        Call(adapter(draw, outer, inner, rank), tries="all sizes unequal"),
        Call(adapter(draw, 4, 4, 4), tries="all sizes equal"),
        Call(adapter(draw, outer, inner, 2, torch.float64), tries="float64, rank 2"),
        Call((*adapter(draw, 6, 5, 3)[:3], 3.0), tries="alpha equal to the rank"),
        Call((*adapter(draw, 5, 6, 3)[:3], 1), tries="alpha 1, an integer"),
        Call(adapter(draw, 3, 2, 5), tries="a rank larger than the weight's sides"),
    ]


lora_merge = Exercise(
    "training.lora_merge",
    parts=[
        Part("rank 1", 1, smallest_adapters, public=True),
        Part("any rank", 1, any_adapters),
    ],
)


@lora_merge.misconception(
    "The adapter is multiplied by alpha alone; the scale is alpha / rank, so that another rank "
    "does not ask for another learning rate."
)
def merge_by_alpha(weight, down, up, alpha):
    return weight + alpha * (up @ down)


@lora_merge.misconception("The scale alpha / rank is missing.")
def merge_without_scale(weight, down, up, alpha):
    return weight + up @ down


@lora_merge.misconception(
    "The scale is alpha / √rank (that is rank-stabilized LoRA, a later variant); here it is alpha "
    "/ rank."
)
def merge_by_the_root(weight, down, up, alpha):
    return weight + alpha / math.sqrt(down.shape[0]) * (up @ down)


@lora_merge.misconception("alpha is not used: the adapter is only divided by the rank.")
def merge_without_alpha(weight, down, up, alpha):
    return weight + (up @ down) / down.shape[0]


@lora_merge.misconception(
    "Divided by the width instead of the rank: the rank is the number of rows of `down`."
)
def merge_by_the_width(weight, down, up, alpha):
    return weight + alpha / down.shape[1] * (up @ down)


@lora_merge.misconception("The adapter takes the weight's place; it has to be added to it.")
def merge_without_weight(weight, down, up, alpha):
    return alpha / down.shape[0] * (up @ down)


@lora_merge.misconception(
    "The weight is scaled as well; the factor alpha / rank belongs to the adapter alone."
)
def merge_scales_the_weight(weight, down, up, alpha):
    return alpha / down.shape[0] * (weight + up @ down)


@lora_merge.misconception(
    "The two matrices are in the wrong order: `up @ down`, (out, rank) times (rank, in)."
)
def merge_down_first(weight, down, up, alpha):
    return weight + alpha / down.shape[0] * (down @ up)


@lora_merge.misconception("The weight that was passed in is changed (`+=`): return a new one.")
def merge_in_place(weight, down, up, alpha):
    weight += alpha / down.shape[0] * (up @ down)
    return weight


@lora_merge.alternative
def merge_by_outer_products(weight, down, up, alpha):
    rank = len(down)
    merged = weight.clone()
    for k in range(rank):
        merged += torch.outer(up[:, k], down[k]) * alpha / rank
    return merged


@lora_merge.alternative
def merge_by_einsum(weight, down, up, alpha):
    return weight + torch.einsum("or,ri->oi", up, down).mul(alpha / up.shape[1])


@lora_merge.alternative
def merge_by_addmm(weight, down, up, alpha):
    return torch.addmm(weight, up, down, alpha=alpha / up.size(1))
