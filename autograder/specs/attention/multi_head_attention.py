"""What `attention.multi_head_attention` accepts."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from autograder.spec import Call, Draw, Exercise, Part
from solutions import attention as reference


def weights(draw: Draw, width: int, dtype: torch.dtype = torch.float32) -> tuple:
    return tuple(
        draw.normal(width, width, scale=1.5 / math.sqrt(width), dtype=dtype) for _ in "QKVO"
    )


def block_of_one_position(draw: Draw) -> list[Call]:
    batch, heads, head_width = draw.sizes(3, 2, 4)
    width = heads * head_width
    return [
        Call((draw.normal(1, 1, 2), *weights(draw, 2), 1), tries="one position, width 2"),
        Call((draw.normal(batch, 1, width), *weights(draw, width), heads), tries="one position"),
    ]


def block_of_one_head(draw: Draw) -> list[Call]:
    batch, length, width = draw.sizes(3, 3, 8)
    return [
        Call((draw.normal(batch, length, width), *weights(draw, width), 1), tries="one head"),
        Call((draw.normal(4, 4, 4), *weights(draw, 4), 1), tries="one head, all sizes equal"),
    ]


def block_of_several_heads(draw: Draw) -> list[Call]:
    batch, length, heads, head_width = draw.sizes(4, 2, 6)
    width = heads * head_width
    x, four = draw.normal(batch, length, width), weights(draw, width)
    double = weights(draw, width, torch.float64)
    return [
        Call((x, *four, heads), tries="several heads, all sizes unequal"),
        Call((draw.normal(batch, length, 5), *weights(draw, 5), 5), tries="heads of width 1"),
        Call((draw.scattered(x), *map(draw.scattered, four), heads), tries="scattered in memory"),
        Call((x.double(), *double, heads), tries="float64"),
    ]


def block_with_mask(draw: Draw) -> list[Call]:
    batch, length, heads, head_width = draw.sizes(4, 2, 6)
    width = heads * head_width
    x, four = draw.normal(batch, length, width), weights(draw, width)
    causal = torch.ones(length, length, dtype=torch.bool).tril()
    return [
        Call((x, *four, heads, causal), tries="a causal mask"),
        Call((x, *four, heads), {"mask": draw.mask(length, length)}, "a random mask"),
        Call((x, *four, heads, draw.mask(batch, 1, 1, length)), tries="a mask per sequence"),
        Call((x, *four, heads, draw.mask(batch, heads, length, length)), tries="a mask per head"),
    ]


def block_that_sees_nothing(draw: Draw) -> list[Call]:
    batch, length, heads, head_width = draw.sizes(4, 2, 6)
    width = heads * head_width
    mask = draw.mask(length, length)
    mask[draw.integer(0, length - 1)] = False
    call = (draw.normal(batch, length, width), *weights(draw, width), heads, mask)
    return [Call(call, tries="a position that may attend to nothing")]


multi_head_attention = Exercise(
    "attention.multi_head_attention",
    parts=[
        Part("one position", 0.5, block_of_one_position, public=True),
        Part("one head", 1, block_of_one_head),
        Part("several heads", 1, block_of_several_heads),
        Part("masked", 1, block_with_mask),
        Part("positions that see nothing", 0.5, block_that_sees_nothing),
    ],
    forbidden=("MultiheadAttention", "multi_head_attention_forward"),
)


@multi_head_attention.misconception(
    "The weights are not transposed. They are laid out (out, in) as in `nn.Linear`: y = x Wᵀ."
)
def block_untransposed(x, query_weight, key_weight, value_weight, output_weight, heads, mask=None):
    four = (query_weight.T, key_weight.T, value_weight.T, output_weight.T)
    return reference.multi_head_attention(x, *four, heads, mask)


@multi_head_attention.misconception(
    "The scores are scaled by the whole width; each head works with its own width, width / heads."
)
def block_scaled_by_width(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    # attention itself divides by the root of the head width
    four = (query_weight / math.sqrt(heads), key_weight, value_weight, output_weight)
    return reference.multi_head_attention(x, *four, heads, mask)


@multi_head_attention.misconception("The scores are not divided by the root of the head width.")
def block_unscaled(x, query_weight, key_weight, value_weight, output_weight, heads, mask=None):
    root = math.sqrt(x.shape[-1] // heads)
    four = (query_weight * root, key_weight, value_weight, output_weight)
    return reference.multi_head_attention(x, *four, heads, mask)


@multi_head_attention.misconception(
    "There is one head as wide as all together; the width has to be split into heads first."
)
def block_single_head(x, query_weight, key_weight, value_weight, output_weight, heads, mask=None):
    four = (query_weight, key_weight, value_weight, output_weight)
    return reference.multi_head_attention(x, *four, 1, mask)


@multi_head_attention.misconception("The output projection is missing: y = merged Wᵀ comes last.")
def block_without_output(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    four = (query_weight, key_weight, value_weight, torch.eye(x.shape[-1], dtype=x.dtype))
    return reference.multi_head_attention(x, *four, heads, mask)


@multi_head_attention.misconception(
    "The heads are cut by a reshape alone, which mixes positions: (batch, length, heads, "
    "head_width) has to be transposed, on the way in and on the way out."
)
def block_split_by_view(x, query_weight, key_weight, value_weight, output_weight, heads, mask=None):
    batch, length, width = x.shape
    query, key, value = (
        (x @ weight.T).reshape(batch, heads, length, width // heads)
        for weight in (query_weight, key_weight, value_weight)
    )
    output = reference.scaled_dot_product_attention(query, key, value, mask)
    return output.reshape(batch, length, width) @ output_weight.T


@multi_head_attention.misconception(
    "The heads are split rightly but merged by a reshape alone: transpose back to (batch, length, "
    "heads, head_width) before."
)
def block_merged_by_view(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    query, key, value = (
        reference.split_heads(x @ weight.T, heads)
        for weight in (query_weight, key_weight, value_weight)
    )
    output = reference.scaled_dot_product_attention(query, key, value, mask)
    return output.reshape(x.shape) @ output_weight.T


@multi_head_attention.misconception(
    "Attention runs over the heads of each position, not over the positions: move the heads before "
    "the positions first."
)
def block_attends_over_heads(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    batch, length, width = x.shape
    query, key, value = (
        (x @ weight.T).reshape(batch, length, heads, width // heads)
        for weight in (query_weight, key_weight, value_weight)
    )
    return (
        reference.scaled_dot_product_attention(query, key, value).reshape(x.shape) @ output_weight.T
    )


@multi_head_attention.misconception("The mask is not passed on to the attention.")
def block_ignores_mask(x, query_weight, key_weight, value_weight, output_weight, heads, mask=None):
    four = (query_weight, key_weight, value_weight, output_weight)
    return reference.multi_head_attention(x, *four, heads)


@multi_head_attention.misconception(
    "The mask is the wrong way around: True means that a position may be attended to."
)
def block_inverted_mask(x, query_weight, key_weight, value_weight, output_weight, heads, mask=None):
    four = (query_weight, key_weight, value_weight, output_weight)
    mask = None if mask is None else ~mask
    return reference.multi_head_attention(x, *four, heads, mask)


@multi_head_attention.misconception(
    "Queries and keys are exchanged: query_weight makes the queries, key_weight the keys."
)
def block_exchanged(x, query_weight, key_weight, value_weight, output_weight, heads, mask=None):
    four = (key_weight, query_weight, value_weight, output_weight)
    return reference.multi_head_attention(x, *four, heads, mask)


@multi_head_attention.misconception(
    "A position that may attend to nothing gives NaN; it has to give zeros."
)
def block_masked_rows_nan(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    query, key, value = (
        reference.split_heads(x @ weight.T, heads)
        for weight in (query_weight, key_weight, value_weight)
    )
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return reference.merge_heads(torch.softmax(scores, -1) @ value) @ output_weight.T


@multi_head_attention.misconception(
    "A position that may attend to nothing gets the average of all values; it has to get zeros."
)
def block_masked_rows_uniform(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    query, key, value = (
        reference.split_heads(x @ weight.T, heads)
        for weight in (query_weight, key_weight, value_weight)
    )
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e9)
    return reference.merge_heads(torch.softmax(scores, -1) @ value) @ output_weight.T


@multi_head_attention.alternative
def block_by_einsum(x, query_weight, key_weight, value_weight, output_weight, heads, mask=None):
    def project(weight):
        weight = weight.reshape(heads, -1, weight.shape[1])  # (heads, head_width, width)
        return torch.einsum("blw,hdw->bhld", x, weight)

    query, key, value = project(query_weight), project(key_weight), project(value_weight)
    scores = torch.einsum("bhqd,bhkd->bhqk", query, key) / query.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    merged = torch.einsum("bhqk,bhkd->bqhd", scores.softmax(-1).nan_to_num(), value)
    return F.linear(merged.flatten(2), output_weight)


@multi_head_attention.alternative
def block_head_by_head(x, query_weight, key_weight, value_weight, output_weight, heads, mask=None):
    batch, length, width = x.shape
    head_width = width // heads
    if mask is not None:
        mask = mask.expand(batch, heads, length, length)
    result = torch.zeros_like(x)
    for head in range(heads):
        rows = slice(head * head_width, (head + 1) * head_width)
        query, key, value = (
            x @ weight[rows].T for weight in (query_weight, key_weight, value_weight)
        )
        seen = None if mask is None else mask[:, head]
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        result = result + attended @ output_weight[:, rows].T
    return result


@multi_head_attention.alternative
def block_in_one_projection(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    batch, length, width = x.shape
    projected = F.linear(x, torch.cat((query_weight, key_weight, value_weight)))
    query, key, value = projected.reshape(batch, length, 3, heads, -1).permute(2, 0, 3, 1, 4)
    attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    return attended.transpose(1, 2).reshape(batch, length, width) @ output_weight.mT
