"""What `attention.scaled_dot_product_attention` accepts."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from autograder.spec import Call, Draw, Exercise, Part
from solutions import attention as reference


def one_key(draw: Draw) -> list[Call]:
    queries, head_width, value_width, batch = draw.sizes(4)
    query, key = draw.normal(queries, head_width), draw.normal(1, head_width)
    return [
        Call(
            (query[:2, :2], key[:, :2], draw.normal(1, 3)),
            tries="one key: every query has to return its value as it is",
        ),
        Call(
            (
                draw.normal(batch, queries, head_width),
                draw.normal(batch, 1, head_width),
                draw.normal(batch, 1, value_width, scale=3),
            ),
            tries="one key, a batch, values wider or narrower than keys",
        ),
    ]


def several_keys(draw: Draw) -> list[Call]:
    batch, heads, queries, keys, head_width, value_width = draw.sizes(6, 2, 9)
    four = (
        draw.normal(batch, heads, queries, head_width, scale=1.5),
        draw.normal(batch, heads, keys, head_width, scale=1.5),
        draw.normal(batch, heads, keys, value_width, scale=2),
    )
    square = tuple(draw.normal(5, 5) for _ in range(3))
    return [
        Call((draw.normal(2, 4), draw.normal(3, 4), draw.normal(3, 2)), tries="2 queries, 3 keys"),
        Call((torch.zeros(2, 4), draw.normal(3, 4), draw.normal(3, 2)), tries="queries of zeros"),
        Call(four, tries="a batch of several heads, all sizes unequal"),
        Call(square, tries="all sizes equal"),
        Call(tuple(draw.scattered(t) for t in four), tries="scattered in memory"),
        Call(tuple(t.double() for t in four), tries="float64"),
        Call((draw.normal(3, 64), draw.normal(7, 64), draw.normal(7, 5)), tries="head width 64"),
    ]


def masked_keys(draw: Draw) -> list[Call]:
    batch, heads, queries, keys, head_width, value_width = draw.sizes(6, 2, 9)
    query = draw.normal(batch, heads, queries, head_width)
    key = draw.normal(batch, heads, keys, head_width)
    value = draw.normal(batch, heads, keys, value_width)
    # the values behind the mask stand out
    hidden = draw.mask(1, keys)
    loud = torch.where(hidden.mT, value, 1000.0)
    length = keys
    causal = torch.ones(length, length, dtype=torch.bool).tril()
    own = draw.normal(length, head_width)
    return [
        Call(
            (query[0, 0], key[0, 0], value[0, 0], draw.mask(queries, keys)), tries="a random mask"
        ),
        Call((own, own, value[0, 0]), {"mask": causal}, "a causal mask: query 0 sees one key"),
        Call((query, key, value, draw.mask(queries, keys)), tries="one mask for all heads"),
        Call((query, key, value, draw.mask(batch, 1, 1, keys)), tries="a mask per sequence"),
        Call((query, key, value, draw.mask(batch, heads, queries, keys)), tries="a mask per head"),
        Call((query, key, loud, hidden), tries="values behind the mask are 1,000"),
    ]


def stable_attention(draw: Draw) -> list[Call]:
    queries, keys, head_width, value_width = draw.sizes(4, 3, 8)
    query = draw.normal(queries, head_width).double()
    key = draw.normal(keys, head_width).double()
    value = draw.normal(keys, value_width).double()
    # one coordinate adds the same large number to all scores, which the softmax must not notice
    query[:, 0], key[:, 0] = 60.0 * math.sqrt(head_width), 40.0
    low = key.clone()
    low[:, 0] = -1000.0
    return [
        Call((query, key, value), tries="scores near 2,400"),
        Call((query, -key, value), tries="scores near -2,400"),
        Call((query, key, value, draw.mask(queries, keys)), tries="scores near 2,400, and a mask"),
        Call((query, low, value, draw.mask(queries, keys)), tries="near -60,000, and a mask"),
    ]


def queries_that_see_nothing(draw: Draw) -> list[Call]:
    batch, queries, keys, head_width, value_width = draw.sizes(5, 3, 8)
    query = draw.normal(batch, queries, head_width)
    key, value = draw.normal(batch, keys, head_width), draw.normal(batch, keys, value_width)
    mask = draw.mask(queries, keys)
    mask[draw.integer(0, queries - 1)] = False
    return [
        Call((query[0], key[0], value[0], mask), tries="a query that may attend to nothing"),
        Call(
            (query, key, value, torch.zeros(1, keys, dtype=torch.bool)), tries="everything masked"
        ),
    ]


scaled_dot_product_attention = Exercise(
    "attention.scaled_dot_product_attention",
    parts=[
        Part("one key", 0.5, one_key, public=True),
        Part("several keys", 1.5, several_keys),
        Part("masked keys", 1, masked_keys),
        Part("large scores", 0.5, stable_attention),
        Part("queries that see nothing", 0.5, queries_that_see_nothing),
    ],
    forbidden=("scaled_dot_product_attention",),
)


@scaled_dot_product_attention.misconception(
    "The scores are not divided by the square root of the head width."
)
def attention_unscaled(query, key, value, mask=None):
    return reference.softmax(query @ key.transpose(-2, -1), mask) @ value


@scaled_dot_product_attention.misconception(
    "The scores are divided by the head width itself; its square root is asked for."
)
def attention_scaled_by_width(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.shape[-1]
    return reference.softmax(scores, mask) @ value


@scaled_dot_product_attention.misconception(
    "The scores are divided by the square root of the number of keys; the head width is meant."
)
def attention_scaled_by_length(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(key.shape[-2])
    return reference.softmax(scores, mask) @ value


@scaled_dot_product_attention.misconception(
    "The scores are divided by the square root of the width of the values; the width of the "
    "queries and keys is meant."
)
def attention_scaled_by_value_width(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(value.shape[-1])
    return reference.softmax(scores, mask) @ value


@scaled_dot_product_attention.misconception(
    "The scores are multiplied by the square root of the head width; divide by it."
)
def attention_scaled_up(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) * math.sqrt(query.shape[-1])
    return reference.softmax(scores, mask) @ value


@scaled_dot_product_attention.misconception(
    "The weights are divided by the square root of the head width; it is the scores that have to "
    "be, before the softmax."
)
def attention_scales_weights(query, key, value, mask=None):
    weights = reference.softmax(query @ key.transpose(-2, -1), mask)
    return weights / math.sqrt(query.shape[-1]) @ value


@scaled_dot_product_attention.misconception(
    "The softmax runs over the queries; the weights of one query, over the keys (`dim=-1`), have "
    "to sum to 1."
)
def attention_softmax_over_queries(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.nan_to_num(torch.softmax(scores, dim=-2)) @ value


@scaled_dot_product_attention.misconception("There is no softmax: the scores are used as weights.")
def attention_without_softmax(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores * mask
    return scores @ value


@scaled_dot_product_attention.misconception(
    "The mask is the wrong way around: True means that a key may be attended to."
)
def attention_inverted_mask(query, key, value, mask=None):
    mask = None if mask is None else ~mask
    return reference.scaled_dot_product_attention(query, key, value, mask)


@scaled_dot_product_attention.misconception("The mask is not used.")
def attention_ignores_mask(query, key, value, mask=None):
    return reference.scaled_dot_product_attention(query, key, value)


@scaled_dot_product_attention.misconception(
    "The mask is added to the scores as 0 and 1. A masked score has to become -infinity."
)
def attention_adds_mask(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores + mask
    return torch.softmax(scores, dim=-1) @ value


@scaled_dot_product_attention.misconception(
    "Masked scores are set to 0. But exp(0) = 1: a masked key still gets weight."
)
def attention_zeroes_scores(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores * mask
    return torch.softmax(scores, dim=-1) @ value


@scaled_dot_product_attention.misconception(
    "The mask is applied after the softmax, so the weights that are left no longer sum to 1."
)
def attention_masks_afterwards(query, key, value, mask=None):
    weights = reference.attention_weights(query, key)
    return (weights if mask is None else weights * mask) @ value


@scaled_dot_product_attention.misconception(
    "A query that may attend to nothing gives NaN; it has to give zeros."
)
def attention_masked_rows_nan(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1) @ value


@scaled_dot_product_attention.misconception(
    "A query that may attend to nothing gets the average of all values; it has to get zeros."
)
def attention_masked_rows_uniform(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e9)
    return torch.softmax(scores, dim=-1) @ value


@scaled_dot_product_attention.misconception(
    "exp overflows or vanishes for large scores: subtract the largest score of each row first."
)
def attention_unstable(query, key, value, mask=None):
    weights = torch.exp(query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1]))
    if mask is not None:
        weights = weights * mask
    total = weights.sum(-1, keepdim=True)
    return weights / torch.where(total == 0, 1, total) @ value


@scaled_dot_product_attention.misconception(
    "exp overflows or vanishes for large scores: subtract the largest score of each row first."
)
def attention_unstable_and_unguarded(query, key, value, mask=None):
    weights = torch.exp(query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1]))
    if mask is not None:
        weights = weights * mask
    return weights / weights.sum(-1, keepdim=True) @ value


@scaled_dot_product_attention.alternative
def attention_by_torch(query, key, value, mask=None):
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)


@scaled_dot_product_attention.alternative
def attention_by_einsum(query, key, value, mask=None):
    scores = torch.einsum("...qd,...kd->...qk", query, key) * query.size(-1) ** -0.5
    if mask is not None:
        scores = torch.where(mask, scores, torch.tensor(-math.inf, dtype=scores.dtype))
    weights = scores.softmax(-1).nan_to_num()
    return torch.einsum("...qk,...kv->...qv", weights, value)


@scaled_dot_product_attention.alternative
def attention_scales_queries(query, key, value, mask=None):
    scores = (query / query.shape[-1] ** 0.5).matmul(key.mT)
    if mask is not None:
        scores = scores + torch.zeros_like(mask, dtype=scores.dtype).masked_fill(~mask, -math.inf)
    largest = scores.max(-1, keepdim=True).values
    weights = (scores - torch.where(largest.isinf(), 0, largest)).exp()
    return (weights @ value) / weights.sum(-1, keepdim=True).clamp_min(1e-30)


@scaled_dot_product_attention.alternative
def attention_by_loops(query, key, value, mask=None):
    shape = (*query.shape[:-1], key.shape[-2])
    mask = torch.ones(shape, dtype=torch.bool) if mask is None else mask.expand(shape)
    rows = []
    for index in torch.cartesian_prod(*(torch.arange(n) for n in shape[:-1])).reshape(
        -1, len(shape) - 1
    ):
        place = tuple(index.tolist())
        seen = mask[place]
        outside = place[:-1]
        if not seen.any():
            rows.append(torch.zeros(value.shape[-1], dtype=value.dtype))
            continue
        scores = key[outside][seen] @ query[place] / math.sqrt(query.shape[-1])
        rows.append(torch.softmax(scores, 0) @ value[outside][seen])
    return torch.stack(rows).reshape(*query.shape[:-1], value.shape[-1])
