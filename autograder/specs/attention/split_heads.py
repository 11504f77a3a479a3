"""What `attention.split_heads` accepts."""

import torch

from autograder.spec import Call, Draw, Exercise, Part, Same
from solutions import attention as reference


def split_one_position(draw: Draw) -> list[Call]:
    heads, head_width, batch = draw.sizes(3, 2, 5)
    return [
        Call((torch.arange(6.0).reshape(1, 1, 6), 2), tries="one position of width 6, two heads"),
        Call((draw.normal(batch, 1, heads * head_width), heads), tries="one position, a batch"),
    ]


def split_several_positions(draw: Draw) -> list[Call]:
    batch, length, heads, head_width = draw.sizes(4)
    return [
        Call((draw.normal(batch, length, heads * head_width), heads), tries="all sizes unequal"),
        Call((draw.normal(3, 3, 9), 3), tries="all sizes equal"),
        Call((draw.normal(batch, length, heads), 1), tries="one head"),
        Call((draw.normal(batch, length, heads), heads), tries="heads of width 1"),
    ]


def split_any_tensor(draw: Draw) -> list[Call]:
    batch, length, heads, head_width = draw.sizes(4)
    x = draw.normal(batch, length, heads * head_width)
    return [
        Call((draw.scattered(x), heads), tries="scattered in memory"),
        Call((x.double(), heads), tries="float64"),
        Call((draw.integers(-99, 99, *x.shape), heads), tries="integers"),
    ]


split_heads = Exercise(
    "attention.split_heads",
    parts=[
        Part("one position", 0.5, split_one_position, Same(), public=True),
        Part("several positions", 1, split_several_positions, Same()),
        Part("any dtype and memory layout", 0.5, split_any_tensor, Same()),
    ],
)


@split_heads.misconception(
    "The shape is right, but the numbers of different positions are mixed. Reshape cuts the width "
    "into (heads, head_width) first; a transpose, not a reshape, then moves the heads forward."
)
def split_by_view(x, heads):
    batch, length, width = x.shape
    return x.reshape(batch, heads, length, width // heads)


@split_heads.misconception(
    "The shape is right, but the numbers of different positions are mixed. Reshape cuts the width "
    "into (heads, head_width) first; a transpose, not a reshape, then moves the heads forward."
)
def split_by_view_only(x, heads):
    return x.view(x.shape[0], heads, x.shape[1], -1)


@split_heads.misconception(
    "The heads stand after the positions: (batch, length, heads, head_width). Transpose to "
    "(batch, heads, length, head_width)."
)
def split_without_transpose(x, heads):
    batch, length, width = x.shape
    return x.reshape(batch, length, heads, width // heads)


@split_heads.misconception(
    "Each head takes every heads-th entry of the width; it has to take consecutive entries."
)
def split_interleaved(x, heads):
    batch, length, width = x.shape
    return x.reshape(batch, length, width // heads, heads).permute(0, 3, 1, 2)


@split_heads.misconception("The number of heads and the width of a head are exchanged.")
def split_exchanged(x, heads):
    return reference.split_heads(x, x.shape[-1] // heads)


@split_heads.misconception(
    "The heads stand in front of the batch; the batch stays the first dimension."
)
def split_heads_first(x, heads):
    return reference.split_heads(x, heads).transpose(0, 1)


@split_heads.misconception(
    "Length and head width are exchanged: the result is (batch, heads, length, head_width)."
)
def split_transposed(x, heads):
    return reference.split_heads(x, heads).transpose(-1, -2)


@split_heads.alternative
def split_by_chunks(x, heads):
    return torch.stack(x.chunk(heads, dim=-1), dim=1)


@split_heads.alternative
def split_by_permuting(x, heads):
    return x.unflatten(-1, (heads, -1)).permute(0, 2, 1, 3).contiguous()


@split_heads.alternative
def split_by_slices(x, heads):
    batch, length, width = x.shape
    head_width = width // heads
    result = torch.empty(batch, heads, length, head_width, dtype=x.dtype)
    for head in range(heads):
        result[:, head] = x[:, :, head * head_width : (head + 1) * head_width]
    return result


@split_heads.alternative
def split_by_viewing(x, heads):
    return x.view(x.size(0), x.size(1), heads, x.size(2) // heads).transpose(1, 2)
