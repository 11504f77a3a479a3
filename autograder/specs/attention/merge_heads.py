"""What `attention.merge_heads` accepts."""

import torch

from autograder.spec import Call, Draw, Exercise, Part, Same
from solutions import attention as reference


def merge_one_position(draw: Draw) -> list[Call]:
    batch, heads, head_width = draw.sizes(3, 2, 5)
    return [
        Call((torch.arange(6.0).reshape(1, 2, 1, 3),), tries="two heads of one position"),
        Call((draw.normal(batch, heads, 1, head_width),), tries="one position, a batch"),
    ]


def merge_several_positions(draw: Draw) -> list[Call]:
    batch, heads, length, head_width = draw.sizes(4)
    return [
        Call((draw.normal(batch, heads, length, head_width),), tries="all sizes unequal"),
        Call((draw.normal(3, 3, 3, 3),), tries="all sizes equal"),
        Call((draw.normal(batch, 1, length, head_width),), tries="one head"),
    ]


def merge_any_tensor(draw: Draw) -> list[Call]:
    batch, heads, length, head_width = draw.sizes(4)
    x = draw.normal(batch, heads, length, head_width)
    split = draw.normal(batch, length, heads, head_width).transpose(1, 2)
    return [
        Call((split,), tries="just split, so not contiguous in memory"),
        Call((draw.scattered(x),), tries="scattered in memory"),
        Call((x.double(),), tries="float64"),
        Call((draw.integers(-99, 99, *x.shape),), tries="integers"),
    ]


merge_heads = Exercise(
    "attention.merge_heads",
    parts=[
        Part("one position", 0.5, merge_one_position, Same(), public=True),
        Part("several positions", 1, merge_several_positions, Same()),
        Part("any dtype and memory layout", 0.5, merge_any_tensor, Same()),
    ],
)


@merge_heads.misconception(
    "The shape is right, but the numbers of different positions are mixed: transpose heads and "
    "positions first, then reshape."
)
def merge_by_view(x):
    batch, heads, length, head_width = x.shape
    return x.reshape(batch, length, heads * head_width)


@merge_heads.misconception(
    "After a transpose the tensor is not contiguous in memory, and `view` fails: use `reshape`, or "
    "`.contiguous()` before `view`."
)
def merge_without_contiguous(x):
    batch, heads, length, head_width = x.shape
    return x.transpose(1, 2).view(batch, length, heads * head_width)


@merge_heads.misconception(
    "The entries of the heads alternate. Each head's entries stay together, head 0 first."
)
def merge_interleaved(x):
    return x.permute(0, 2, 3, 1).reshape(x.shape[0], x.shape[2], -1)


@merge_heads.misconception("The heads are added up or averaged; they have to stand side by side.")
def merge_by_sum(x):
    return x.sum(1)


@merge_heads.misconception("The heads are added up or averaged; they have to stand side by side.")
def merge_by_mean(x):
    return x.float().mean(1)


@merge_heads.misconception(
    "The heads are put one after another along the positions; they belong side by side in the "
    "width, so the length stays."
)
def merge_along_length(x):
    batch, heads, length, head_width = x.shape
    return x.reshape(batch, heads * length, head_width)


@merge_heads.misconception("The heads stand in reverse order; head 0 comes first.")
def merge_reversed(x):
    return reference.merge_heads(x.flip(1))


@merge_heads.alternative
def merge_by_concatenation(x):
    return torch.cat([x[:, head] for head in range(x.shape[1])], dim=-1)


@merge_heads.alternative
def merge_by_flattening(x):
    return x.transpose(1, 2).flatten(start_dim=2)


@merge_heads.alternative
def merge_by_viewing(x):
    batch, heads, length, head_width = x.size()
    return x.permute(0, 2, 1, 3).contiguous().view(batch, length, heads * head_width)
