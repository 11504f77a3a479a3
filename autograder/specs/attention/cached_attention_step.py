"""What `attention.cached_attention_step` accepts."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from autograder.spec import Call, Close, Draw, Earlier, Exercise, Part, Same
from solutions import attention as reference


def step_inputs(draw: Draw, cached: int, dtype: torch.dtype = torch.float32) -> tuple:
    batch, heads, head_width, value_width = draw.sizes(4)
    return (
        draw.normal(batch, heads, 1, head_width, dtype=dtype),
        draw.normal(batch, heads, 1, head_width, dtype=dtype),
        draw.normal(batch, heads, 1, value_width, dtype=dtype),
        draw.normal(batch, heads, cached, head_width, dtype=dtype),
        draw.normal(batch, heads, cached, value_width, dtype=dtype),
    )


def first_token(draw: Draw) -> list[Call]:
    small = (draw.normal(1, 2), draw.normal(1, 2), draw.normal(1, 3))
    return [
        Call((*small, torch.zeros(0, 2), torch.zeros(0, 3)), tries="an empty cache"),
        Call(step_inputs(draw, 0), tries="an empty cache, a batch of several heads"),
    ]


def later_token(draw: Draw) -> list[Call]:
    flat = tuple(tensor[0, 0] for tensor in step_inputs(draw, 3))
    return [
        Call(flat, tries="three tokens in the cache, no batch"),
        Call(step_inputs(draw, 1), tries="one token in the cache"),
        Call(step_inputs(draw, draw.integer(8, 12)), tries="many tokens in the cache"),
        Call(step_inputs(draw, 4, torch.float64), tries="float64"),
    ]


def steps_in_a_row(draw: Draw) -> list[Call]:
    batch, heads, head_width, value_width = draw.sizes(4)
    calls = []
    caches = (torch.zeros(batch, heads, 0, head_width), torch.zeros(batch, heads, 0, value_width))
    for step in range(4):
        new = (
            draw.normal(batch, heads, 1, head_width),
            draw.normal(batch, heads, 1, head_width),
            draw.normal(batch, heads, 1, value_width),
        )
        tries = f"step {step + 1} of 4, with the caches that step {step} returned"
        calls.append(Call((*new, *caches), tries=tries if step else "step 1 of 4"))
        caches = (Earlier(step, (1,)), Earlier(step, (2,)))
    return calls


cached_attention_step = Exercise(
    "attention.cached_attention_step",
    parts=[
        Part("the first token", 0.5, first_token, public=True),
        Part("output", 1, later_token, Close(items=(0,))),
        Part("caches", 1, later_token, Same(items=(1, 2))),
        Part("several steps", 0.5, steps_in_a_row),
    ],
)


@cached_attention_step.misconception(
    "The new token does not see itself: append its key and value before attending, not after."
)
def step_attends_before_appending(query, key, value, key_cache, value_cache):
    output = reference.scaled_dot_product_attention(query, key_cache, value_cache)
    caches = torch.cat((key_cache, key), dim=-2), torch.cat((value_cache, value), dim=-2)
    return output, *caches


@cached_attention_step.misconception(
    "The new token sees only itself: its query has to attend to the whole cache."
)
def step_attends_to_itself(query, key, value, key_cache, value_cache):
    output = reference.scaled_dot_product_attention(query, key, value)
    caches = torch.cat((key_cache, key), dim=-2), torch.cat((value_cache, value), dim=-2)
    return output, *caches


@cached_attention_step.misconception(
    "The new key and value are put in front. The oldest token comes first, the new one last."
)
def step_prepends(query, key, value, key_cache, value_cache):
    key_cache = torch.cat((key, key_cache), dim=-2)
    value_cache = torch.cat((value, value_cache), dim=-2)
    output = reference.scaled_dot_product_attention(query, key_cache, value_cache)
    return output, key_cache, value_cache


@cached_attention_step.misconception(
    "The caches are returned as they came: the new key and value have to be in them."
)
def step_forgets(query, key, value, key_cache, value_cache):
    output, _, _ = reference.cached_attention_step(query, key, value, key_cache, value_cache)
    return output, key_cache, value_cache


@cached_attention_step.misconception(
    "The oldest token is lost: the caches grow by one with every step, and the query attends to "
    "all of them."
)
def step_drops_the_oldest(query, key, value, key_cache, value_cache):
    key_cache = torch.cat((key_cache[..., 1:, :], key), dim=-2)
    value_cache = torch.cat((value_cache[..., 1:, :], value), dim=-2)
    output = reference.scaled_dot_product_attention(query, key_cache, value_cache)
    return output, key_cache, value_cache


@cached_attention_step.misconception(
    "The last cached token is overwritten. The caches grow: append, and leave what was passed in "
    "unchanged."
)
def step_overwrites(query, key, value, key_cache, value_cache):
    key_cache[..., -1:, :] = key
    value_cache[..., -1:, :] = value
    output = reference.scaled_dot_product_attention(query, key_cache, value_cache)
    return output, key_cache, value_cache


@cached_attention_step.misconception(
    "Only the output is returned; the two longer caches belong to the result as well."
)
def step_returns_output_only(query, key, value, key_cache, value_cache):
    return reference.cached_attention_step(query, key, value, key_cache, value_cache)[0]


@cached_attention_step.misconception(
    "The caches are returned in the wrong order: output, then keys, then values."
)
def step_exchanges_caches(query, key, value, key_cache, value_cache):
    output, keys, values = reference.cached_attention_step(
        query, key, value, key_cache, value_cache
    )
    return output, values, keys


@cached_attention_step.misconception(
    "The scores are not divided by the square root of the head width."
)
def step_unscaled(query, key, value, key_cache, value_cache):
    root = math.sqrt(query.shape[-1])
    output, *_ = reference.cached_attention_step(query * root, key, value, key_cache, value_cache)
    caches = torch.cat((key_cache, key), dim=-2), torch.cat((value_cache, value), dim=-2)
    return output, *caches


@cached_attention_step.misconception(
    "The new key and value are joined along the wrong dimension: positions are the last but one "
    "(`dim=-2`)."
)
def step_joins_widths(query, key, value, key_cache, value_cache):
    return reference.cached_attention_step(
        query, torch.cat((key_cache, key), -1), torch.cat((value_cache, value), -1), key, value
    )


@cached_attention_step.alternative
def step_by_torch(query, key, value, key_cache, value_cache):
    keys = torch.cat([key_cache, key], dim=-2)
    values = torch.cat([value_cache, value], dim=-2)
    return F.scaled_dot_product_attention(query, keys, values), keys, values


@cached_attention_step.alternative
def step_by_filling(query, key, value, key_cache, value_cache):
    *outside, cached, head_width = key_cache.shape
    keys = key_cache.new_empty(*outside, cached + 1, head_width)
    keys[..., :cached, :], keys[..., cached:, :] = key_cache, key
    values = value_cache.new_empty(*outside, cached + 1, value.shape[-1])
    values[..., :cached, :], values[..., cached:, :] = value_cache, value
    scores = (keys * query).sum(-1) / math.sqrt(head_width)  # (..., cached + 1)
    output = (scores.softmax(-1)[..., None] * values).sum(-2, keepdim=True)
    return [output, keys, values]


@cached_attention_step.alternative
def step_by_parts(query, key, value, key_cache, value_cache):
    root = query.shape[-1] ** 0.5
    old, new = query @ key_cache.mT / root, query @ key.mT / root
    weights = torch.cat((old, new), dim=-1).softmax(dim=-1)
    output = weights[..., :-1] @ value_cache + weights[..., -1:] * value
    return output, torch.cat((key_cache, key), -2), torch.cat((value_cache, value), -2)
