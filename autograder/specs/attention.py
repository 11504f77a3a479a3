"""What the exercises on attention accept."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from autograder.checking.cases import Call, Earlier
from autograder.checking.compare import Close, Same
from autograder.draw import Draw
from autograder.spec import Exercise, Part
from solutions import attention as reference

# why a mutant of the reference may pass
ON_THE_CPU = "all tensors are on the CPU here"
ONLY_16_BIT = "it matters in 16-bit precision only, which complex numbers, a right way, do not have"
EQUAL_ANGLES = {
    "torch.arange(0, width, 2, device=positions.device).to(dtype)"
    " -> torch.arange(0, width, 2, device=positions.device)": "an integer tensor divided by an "
    "integer is float32, and its rounding is far below the tolerance",
    "torch.arange(0, width, 2, device=positions.device) -> torch.arange(0, width, 2)": ON_THE_CPU,
    "positions[..., None].to(dtype) -> positions[..., None]": "integers times floating point "
    "numbers are floating point numbers",
}

# --- softmax -------------------------------------------------------------------------------------


def small_scores(draw: Draw) -> list[Call]:
    rows, length, batch, heads = draw.sizes(4)
    return [
        Call((torch.tensor([1.0, 2.0, 3.0]) + draw.normal(3),), tries="one row of three scores"),
        Call((draw.normal(1, scale=3),), tries="a single score, whose weight must be 1"),
        Call((draw.normal(rows, length, scale=2),), tries=f"{rows} rows of {length} scores"),
        Call((draw.normal(5, 5, scale=2),), tries="as many rows as scores in each"),
        Call(
            (draw.normal(batch, heads, rows, length, scale=2),), tries="scores of four dimensions"
        ),
        Call((draw.scattered(draw.normal(rows, length, scale=2)),), tries="scattered in memory"),
        Call((draw.normal(rows, length, dtype=torch.float64),), tries="float64 scores"),
    ]


def large_scores(draw: Draw) -> list[Call]:
    rows, length = draw.sizes(2, 3, 7)
    scores = draw.normal(rows, length, scale=2)
    levels = torch.linspace(-300, 300, rows)[:, None]
    return [
        Call((scores + 500,), tries="all scores near 500: exp overflows above 88"),
        Call((scores - 500,), tries="all scores near -500: exp gives 0 below -104"),
        Call((scores + levels,), tries="rows at levels from -300 to 300"),
        Call((draw.normal(rows, length, scale=300),), tries="scores far apart within a row"),
    ]


def some_masked(draw: Draw) -> list[Call]:
    batch, heads, rows, length = draw.sizes(4, 3, 8)
    scores = draw.normal(rows, length, scale=2)
    mask = draw.mask(rows, length)
    # what is masked is much larger, or the only positive
    lower = torch.where(mask, scores - 500, scores + 500)
    far_below = torch.where(mask, scores.double() - 30_000, scores.double())
    four = draw.normal(batch, heads, rows, length, scale=2)
    return [
        Call((draw.normal(4), torch.tensor([True, True, False, True])), tries="one masked score"),
        Call((scores, mask), tries="a random mask"),
        Call((scores,), {"mask": torch.ones(rows, length, dtype=torch.bool)}, "nothing masked"),
        Call((lower, mask), tries="masked scores 1,000 above the others"),
        Call((far_below, mask), tries="scores that are not masked near -30,000, in float64"),
        Call((four, draw.mask(rows, length)), tries="one mask for all heads"),
        Call((four, draw.mask(batch, 1, 1, length)), tries="a mask of shape (batch, 1, 1, length)"),
        Call((four.double(), draw.mask(length)), tries="float64 scores, one mask for all rows"),
    ]


def rows_wholly_masked(draw: Draw) -> list[Call]:
    rows, length, batch = draw.sizes(3, 3, 8)
    scores = draw.normal(rows, length, scale=2)
    mask = draw.mask(rows, length)
    mask[draw.integer(0, rows - 1)] = False
    three = draw.normal(batch, rows, length, scale=2)
    some = draw.mask(batch, 1, length)
    some[0] = False
    return [
        Call((scores, mask), tries="one row wholly masked"),
        Call((draw.normal(4), torch.zeros(4, dtype=torch.bool)), tries="nothing but a masked row"),
        Call((three + 200, some), tries="all rows of one sequence masked, scores near 200"),
    ]


softmax = Exercise(
    "attention.softmax",
    parts=[
        Part("without a mask", 1, small_scores, public=True),
        Part("large scores", 1, large_scores),
        Part("some entries masked", 1, some_masked, Close(exact_zeros=True)),
        Part("whole rows masked", 1, rows_wholly_masked),
    ],
    forbidden=("softmax", "log_softmax", "Softmax", "softmin"),
    equivalent={
        "scores.detach() -> scores": "it concerns gradients only, and values are judged",
    },
)


@softmax.misconception(
    "The largest score has to be subtracted before exp: otherwise exp overflows to infinity, "
    "or all of it becomes 0, and the division gives NaN."
)
def softmax_without_subtracting(scores, mask=None):
    exponentials = torch.exp(scores)
    if mask is not None:
        exponentials = exponentials * mask
    return exponentials / exponentials.sum(-1, keepdim=True).clamp(min=1e-30)


@softmax.misconception(
    "The largest score has to be subtracted before exp: otherwise exp overflows to infinity, "
    "or all of it becomes 0, and the division gives NaN."
)
def softmax_unguarded(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.exp() / scores.exp().sum(-1, keepdim=True)


@softmax.misconception(
    "The largest score of all rows together is subtracted. A row far below it then becomes 0 "
    "throughout: each row needs its own largest score (`dim=-1, keepdim=True`)."
)
def softmax_global_maximum(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    exponentials = torch.exp(scores - scores.max())
    return torch.nan_to_num(exponentials / exponentials.sum(-1, keepdim=True))


@softmax.misconception(
    "The weights sum to 1 along the first dimension; a row is the last one (`dim=-1`)."
)
def softmax_first_dimension(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.nan_to_num(torch.softmax(scores, dim=0))


@softmax.misconception(
    "The weights sum to 1 over the whole tensor; each row (`dim=-1`) has to sum to 1 by itself."
)
def softmax_over_everything(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.nan_to_num(torch.softmax(scores.flatten(), 0).reshape(scores.shape))


@softmax.misconception(
    "The mask is the wrong way around: True means that an entry takes part, False that it gets 0."
)
def softmax_inverted_mask(scores, mask=None):
    return reference.softmax(scores, None if mask is None else ~mask)


@softmax.misconception(
    "A row that is wholly masked gives NaN, 0 divided by 0; it has to give zeros."
)
def softmax_masked_rows_nan(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1)


@softmax.misconception(
    "A row that is wholly masked gives equal weights: filled with one finite number, all its "
    "entries look alike. It has to give zeros."
)
def softmax_masked_rows_uniform(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return torch.softmax(scores, dim=-1)


@softmax.misconception(
    "Masked scores are set to 0 before exp. But exp(0) = 1: a masked entry still gets weight."
)
def softmax_zeroes_scores(scores, mask=None):
    if mask is not None:
        scores = scores * mask
    return torch.softmax(scores, dim=-1)


@softmax.misconception(
    "The mask is added to the scores as 0 and 1. A masked entry has to get -infinity before exp."
)
def softmax_adds_mask(scores, mask=None):
    if mask is not None:
        scores = scores + mask
    return torch.softmax(scores, dim=-1)


@softmax.misconception(
    "Masked weights are set to 0 after the division, so the rest of the row no longer sums to 1."
)
def softmax_masks_afterwards(scores, mask=None):
    weights = torch.softmax(scores, dim=-1)
    return weights if mask is None else weights * mask


@softmax.misconception("The mask is not used.")
def softmax_ignores_mask(scores, mask=None):
    return torch.softmax(scores, dim=-1)


@softmax.misconception(
    "The largest score is looked for before masking. Where a masked score is far larger, exp of "
    "all the others becomes 0: mask first, then subtract the largest that is left."
)
def softmax_maximum_before_mask(scores, mask=None):
    exponentials = torch.exp(scores - scores.amax(-1, keepdim=True))
    if mask is not None:
        exponentials = exponentials * mask
    total = exponentials.sum(-1, keepdim=True)
    return exponentials / torch.where(total == 0, 1, total)


@softmax.misconception(
    "Masked scores are set to a number such as -10,000. Scores can lie lower than that, and then "
    "the masked entries win: use -infinity."
)
def softmax_mild_fill(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    weights = torch.softmax(scores.masked_fill(~mask, -1e4), dim=-1)
    return weights * mask.any(-1, keepdim=True)


@softmax.misconception("This is the logarithm of the softmax; the weights are asked for.")
def softmax_logarithm(scores, mask=None):
    return torch.log(reference.softmax(scores, mask))


@softmax.alternative
def softmax_by_torch(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    filled = scores.masked_fill(~mask, -torch.inf)
    return torch.nan_to_num(torch.softmax(filled, dim=-1), nan=0.0)


@softmax.alternative
def softmax_by_logsumexp(scores, mask=None):
    if mask is not None:
        scores = torch.where(mask, scores, -math.inf)
    total = scores.logsumexp(dim=-1, keepdim=True)
    return torch.where(total == -math.inf, torch.zeros_like(scores), (scores - total).exp())


@softmax.alternative
def softmax_by_loops(scores, mask=None):
    allowed = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask
    allowed = allowed.expand(scores.shape).reshape(-1, scores.shape[-1])
    weights = torch.zeros_like(scores).reshape(-1, scores.shape[-1])
    for row, (values, take) in enumerate(
        zip(scores.reshape(-1, scores.shape[-1]).tolist(), allowed.tolist(), strict=True)
    ):
        kept = [value for value, taken in zip(values, take, strict=True) if taken]
        total = sum(math.exp(value - max(kept)) for value in kept)
        for column, (value, taken) in enumerate(zip(values, take, strict=True)):
            if taken:
                weights[row, column] = math.exp(value - max(kept)) / total
    return weights.reshape(scores.shape)


@softmax.alternative
def softmax_by_numpy(scores, mask=None):
    array = scores.numpy()
    allowed = True if mask is None else mask.numpy()
    largest = array.max(-1, keepdims=True, where=allowed, initial=-math.inf)
    shifted = array - torch.from_numpy(largest).nan_to_num(neginf=0.0).numpy()
    exponentials = torch.from_numpy(shifted).double().clamp(max=0).exp().numpy() * allowed
    total = exponentials.sum(-1, keepdims=True)
    return torch.from_numpy(exponentials / (total + (total == 0))).to(scores.dtype)


@softmax.alternative
def softmax_fills_then_clears(scores, mask=None):
    if mask is None:
        mask = torch.ones((), dtype=torch.bool)
    weights = F.softmax(scores.masked_fill(mask.logical_not(), -1e9), dim=-1)
    return weights.masked_fill(mask.logical_not(), 0.0)


# --- scaled_dot_product_attention ----------------------------------------------------------------


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


# --- causal_mask ---------------------------------------------------------------------------------


def short_causal(draw: Draw) -> list[Call]:
    return [Call((n,), tries=f"length {n}") for n in (3, 1, 2, draw.integer(4, 20))]


def long_causal(draw: Draw) -> list[Call]:
    return [Call((n,), tries=f"length {n}") for n in (draw.integer(21, 40), draw.integer(41, 70))]


causal_mask = Exercise(
    "attention.causal_mask",
    parts=[
        Part("short", 0.5, short_causal, Same(), public=True),
        Part("long", 0.5, long_causal, Same()),
    ],
)


@causal_mask.misconception(
    "This is the upper triangle: each position sees what comes after it. Rows are queries, and a "
    "query sees the keys that stand before it."
)
def causal_upper(length):
    return torch.ones(length, length, dtype=torch.bool).triu()


@causal_mask.misconception(
    "True marks what is hidden. Here True means that a position may be attended to."
)
def causal_inverted(length):
    return torch.ones(length, length, dtype=torch.bool).triu(diagonal=1)


@causal_mask.misconception("A position does not see itself. It may: the diagonal has to be True.")
def causal_without_itself(length):
    return torch.ones(length, length, dtype=torch.bool).tril(diagonal=-1)


@causal_mask.misconception(
    "A position sees the one that follows it, which is what it has to predict: the diagonal is "
    "the last entry of a row that is True."
)
def causal_one_ahead(length):
    return torch.ones(length, length, dtype=torch.bool).tril(diagonal=1)


@causal_mask.misconception(
    "The mask holds ones and zeros. A mask is bool: True and False (`dtype=torch.bool`)."
)
def causal_of_numbers(length):
    return torch.tril(torch.ones(length, length))


@causal_mask.misconception(
    "This is a mask to be added to the scores (0 and -infinity). Here a mask is bool: True where "
    "a position may be attended to."
)
def causal_to_be_added(length):
    return torch.full((length, length), -math.inf).triu(diagonal=1)


@causal_mask.misconception(
    "Every position sees every other. A position may see only itself and what stands before it."
)
def causal_sees_all(length):
    return torch.ones(length, length, dtype=torch.bool)


@causal_mask.alternative
def causal_by_comparison(length):
    position = torch.arange(length)
    return position.unsqueeze(1) >= position.unsqueeze(0)


@causal_mask.alternative
def causal_by_loops(length):
    mask = torch.zeros(length, length, dtype=torch.bool)
    for row in range(length):
        for column in range(row + 1):
            mask[row, column] = True
    return mask


@causal_mask.alternative
def causal_from_lists(length):
    return torch.tensor([[column <= row for column in range(length)] for row in range(length)])


@causal_mask.alternative
def causal_by_complement(length):
    return ~torch.triu(torch.ones(length, length), diagonal=1).bool()


# --- padding_mask --------------------------------------------------------------------------------


def short_padding(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([1, 3]), 4), tries="sequences of 1 and 3, padded to 4"),
        Call((draw.integers(1, 4, 3), 5), tries="three sequences, padded to 5"),
    ]


def unequal_padding(draw: Draw) -> list[Call]:
    batch, length = draw.sizes(2, 3, 12)
    lengths = draw.integers(1, length - 1, batch)
    return [
        Call((lengths, length), tries=f"{batch} sequences, padded to {length}"),
        Call((lengths[:1], length), tries="a batch of one"),
        Call((draw.integers(1, 5, 6), 6), tries="as many sequences as positions"),
        Call((draw.integers(2, 4, batch), 30), tries="padded far beyond the longest"),
    ]


def empty_and_full(draw: Draw) -> list[Call]:
    length = draw.integer(4, 9)
    lengths = torch.tensor([0, length, draw.integer(1, length - 1)])
    return [
        Call((lengths, length), tries="an empty sequence, a full one, and another"),
        Call((torch.full((2,), length), length), tries="no padding at all"),
    ]


padding_mask = Exercise(
    "attention.padding_mask",
    parts=[
        Part("a small batch", 0.5, short_padding, Same(), public=True),
        Part("any batch", 1, unequal_padding, Same()),
        Part("empty and full sequences", 0.5, empty_and_full, Same()),
    ],
    equivalent={
        "torch.arange(length, device=lengths.device) -> torch.arange(length)": ON_THE_CPU,
    },
)


@padding_mask.misconception(
    "True marks the padding. Here True means that a position may be attended to: the real ones."
)
def padding_inverted(lengths, length):
    return ~reference.padding_mask(lengths, length)


@padding_mask.misconception(
    "One position too many is real: a sequence of n tokens fills the positions 0 to n - 1."
)
def padding_one_more(lengths, length):
    return reference.padding_mask(lengths + 1, length)


@padding_mask.misconception(
    "One position too few is real: a sequence of n tokens fills the positions 0 to n - 1."
)
def padding_one_less(lengths, length):
    return reference.padding_mask(lengths - 1, length)


@padding_mask.misconception("The padding is put in front of the sequence; here it stands behind.")
def padding_in_front(lengths, length):
    return reference.padding_mask(lengths, length).flip(-1)


@padding_mask.misconception(
    "The shape is (batch, length). To broadcast against scores of shape (batch, heads, "
    "query_length, length) it needs two dimensions of size 1 between them."
)
def padding_two_dimensions(lengths, length):
    return torch.arange(length) < lengths[:, None]


@padding_mask.misconception(
    "This hides padded queries, not padded keys: the last dimension has to be that of the keys."
)
def padding_hides_queries(lengths, length):
    return reference.padding_mask(lengths, length).transpose(-1, -2)


@padding_mask.misconception("The mask holds ones and zeros. A mask is bool: True and False.")
def padding_of_numbers(lengths, length):
    return reference.padding_mask(lengths, length).int()


@padding_mask.misconception(
    "The mask is as wide as the longest sequence; it has to be `length` wide."
)
def padding_to_the_longest(lengths, length):
    return reference.padding_mask(lengths, int(lengths.max()))


@padding_mask.alternative
def padding_by_loops(lengths, length):
    mask = torch.zeros(len(lengths), 1, 1, length, dtype=torch.bool)
    for sequence, count in enumerate(lengths):
        mask[sequence, :, :, :count] = True
    return mask


@padding_mask.alternative
def padding_by_reshaping(lengths, length):
    positions = torch.arange(length).reshape(1, 1, 1, length)
    return lengths.reshape(-1, 1, 1, 1) > positions


@padding_mask.alternative
def padding_by_complement(lengths, length):
    padding = torch.arange(length).expand(len(lengths), length).ge(lengths.unsqueeze(1))
    return padding.logical_not().unsqueeze(1).unsqueeze(2)


# --- sliding_window_mask -------------------------------------------------------------------------


def short_window(draw: Draw) -> list[Call]:
    return [
        Call((4, 2), tries="length 4, window 2"),
        Call((draw.integer(5, 16), draw.integer(2, 4)), tries="another length"),
    ]


def any_window(draw: Draw) -> list[Call]:
    length = draw.integer(9, 24)
    return [
        Call((length, draw.integer(2, 4)), tries="a narrow window"),
        Call((length, draw.integer(5, length - 2)), tries="a wide window"),
    ]


def extreme_windows(draw: Draw) -> list[Call]:
    length = draw.integer(4, 9)
    return [
        Call((length, 1), tries="window 1: each position sees itself only"),
        Call((length, length), tries="window as wide as the text"),
        Call((length, length - 1), tries="window one narrower than the text"),
        Call((length, length + draw.integer(2, 5)), tries="window wider than the text"),
    ]


sliding_window_mask = Exercise(
    "attention.sliding_window_mask",
    parts=[
        Part("short", 0.5, short_window, Same(), public=True),
        Part("any window", 1, any_window, Same()),
        Part("narrowest and widest windows", 0.5, extreme_windows, Same()),
    ],
)


@sliding_window_mask.misconception(
    "The window is one too wide: it counts the position itself, so window 1 sees nothing else."
)
def window_one_wider(length, window):
    return reference.sliding_window_mask(length, window + 1)


@sliding_window_mask.misconception(
    "The window is one too narrow: it holds `window` positions, the position itself included."
)
def window_one_narrower(length, window):
    distance = torch.arange(length)[:, None] - torch.arange(length)
    return (distance >= 0) & (distance < window - 1)


@sliding_window_mask.misconception(
    "The window reaches to both sides. No position may see what comes after it."
)
def window_to_both_sides(length, window):
    distance = torch.arange(length)[:, None] - torch.arange(length)
    return distance.abs() < window


@sliding_window_mask.misconception(
    "The window looks forward: rows are queries, and a query sees what stands before it."
)
def window_forward(length, window):
    return reference.sliding_window_mask(length, window).T


@sliding_window_mask.misconception(
    "True marks what is hidden. Here True means that a position may be attended to."
)
def window_inverted(length, window):
    return ~reference.sliding_window_mask(length, window)


@sliding_window_mask.misconception(
    "A position sees everything before it: what lies further back than the window has to go."
)
def window_only_causal(length, window):
    return reference.causal_mask(length)


@sliding_window_mask.misconception(
    "A position may not look ahead: besides the window, the mask has to be causal."
)
def window_not_causal(length, window):
    distance = torch.arange(length)[:, None] - torch.arange(length)
    return distance < window


@sliding_window_mask.misconception(
    "The text is cut into blocks. The window slides: each position sees its own last positions."
)
def window_of_blocks(length, window):
    block = torch.arange(length) // window
    return reference.causal_mask(length) & (block[:, None] == block)


@sliding_window_mask.misconception("The mask holds ones and zeros. A mask is bool: True and False.")
def window_of_numbers(length, window):
    return reference.sliding_window_mask(length, window).float()


@sliding_window_mask.alternative
def window_by_triangles(length, window):
    ones = torch.ones(length, length, dtype=torch.bool)
    return ones.tril() & ones.triu(diagonal=1 - window)


@sliding_window_mask.alternative
def window_by_loops(length, window):
    mask = torch.zeros(length, length, dtype=torch.bool)
    for row in range(length):
        mask[row, max(0, row - window + 1) : row + 1] = True
    return mask


@sliding_window_mask.alternative
def window_by_difference(length, window):
    causal = torch.ones(length, length).tril()
    return (causal - causal.tril(-window)).bool()


# --- split_heads ---------------------------------------------------------------------------------


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


# --- merge_heads ---------------------------------------------------------------------------------


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


# --- multi_head_attention ------------------------------------------------------------------------


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


# --- sinusoidal_positions ------------------------------------------------------------------------


def first_positions(draw: Draw) -> list[Call]:
    return [
        Call((1, 4), tries="position 0: every angle is 0"),
        Call((3, 2), tries="width 2: one sine and one cosine, of the position itself"),
        Call((draw.integer(2, 12), 2 * draw.integer(2, 6)), tries="several positions"),
    ]


def more_positions(draw: Draw) -> list[Call]:
    length, half = draw.sizes(2, 3, 9)
    return [
        Call((length, 2 * half), tries="a longer and wider table"),
        Call((draw.integer(20, 30), 2 * draw.integer(10, 20)), tries="twenty positions and more"),
        Call((8, 8), tries="as long as wide"),
    ]


def other_bases(draw: Draw) -> list[Call]:
    length, half = draw.sizes(2, 3, 9)
    return [
        Call((length, 2 * half, 100.0), tries="base 100"),
        Call((length, 2 * half), {"base": 50.0 + draw.integer(1, 400)}, "another base, by name"),
    ]


sinusoidal_positions = Exercise(
    "attention.sinusoidal_positions",
    parts=[
        Part("the first positions", 0.5, first_positions, public=True),
        Part("more positions", 1, more_positions),
        Part("another base", 0.5, other_bases),
    ],
    equivalent=EQUAL_ANGLES,
)


@sinusoidal_positions.misconception(
    "All sines come first, then all cosines. They alternate: even entries sine, odd ones cosine."
)
def sinusoids_in_halves(length, width, base=10_000.0):
    angles = reference.position_angles(torch.arange(length), width, base)
    return torch.cat((angles.sin(), angles.cos()), dim=-1)


@sinusoidal_positions.misconception(
    "Sine and cosine are exchanged: even entries are sines, odd ones cosines."
)
def sinusoids_exchanged(length, width, base=10_000.0):
    angles = reference.position_angles(torch.arange(length), width, base)
    return torch.stack((angles.cos(), angles.sin()), dim=-1).reshape(length, width)


@sinusoidal_positions.misconception("The positions start at 1; the first position is 0.")
def sinusoids_from_one(length, width, base=10_000.0):
    angles = reference.position_angles(torch.arange(1, length + 1), width, base)
    return torch.stack((angles.sin(), angles.cos()), dim=-1).reshape(length, width)


@sinusoidal_positions.misconception(
    "The exponent is k / width where 2k / width is asked for: the entries 2k and 2k + 1 share the "
    "angle position / base^(2k / width)."
)
def sinusoids_half_exponent(length, width, base=10_000.0):
    angles = reference.position_angles(torch.arange(length), width, math.sqrt(base))
    return torch.stack((angles.sin(), angles.cos()), dim=-1).reshape(length, width)


@sinusoidal_positions.misconception(
    "The exponent is twice as large as it should be: with i = 2k already counted in steps of two, "
    "it is i / width, not 2i / width."
)
def sinusoids_double_exponent(length, width, base=10_000.0):
    angles = reference.position_angles(torch.arange(length), width, base**2)
    return torch.stack((angles.sin(), angles.cos()), dim=-1).reshape(length, width)


@sinusoidal_positions.misconception(
    "Each entry has a frequency of its own. A sine and the cosine beside it share one: both have "
    "the exponent 2k / width."
)
def sinusoids_unpaired(length, width, base=10_000.0):
    exponents = torch.arange(width) / width
    angles = torch.arange(length)[:, None] / base**exponents
    return torch.where(torch.arange(width) % 2 == 0, angles.sin(), angles.cos())


@sinusoidal_positions.misconception(
    "The position is multiplied by base^(2k / width); it has to be divided by it."
)
def sinusoids_multiplied(length, width, base=10_000.0):
    angles = reference.position_angles(torch.arange(length), width, 1 / base)
    return torch.stack((angles.sin(), angles.cos()), dim=-1).reshape(length, width)


@sinusoidal_positions.misconception("The argument `base` is not used: 10,000 is only its default.")
def sinusoids_fixed_base(length, width, base=10_000.0):
    return reference.sinusoidal_positions(length, width)


@sinusoidal_positions.misconception(
    "The exponents are spread from 0 to 1. They go in steps of 2 / width, and the last one stays "
    "one step short of 1."
)
def sinusoids_to_the_end(length, width, base=10_000.0):
    exponents = torch.linspace(0, 1, width // 2)
    angles = torch.arange(length)[:, None] / base**exponents
    return torch.stack((angles.sin(), angles.cos()), dim=-1).reshape(length, width)


@sinusoidal_positions.alternative
def sinusoids_by_filling(length, width, base=10_000.0):
    table = torch.zeros(length, width)
    position = torch.arange(length, dtype=torch.float32).unsqueeze(1)
    divisor = torch.exp(torch.arange(0, width, 2) * (-math.log(base) / width))
    table[:, 0::2] = torch.sin(position * divisor)
    table[:, 1::2] = torch.cos(position * divisor)
    return table


@sinusoidal_positions.alternative
def sinusoids_by_loops(length, width, base=10_000.0):
    rows = []
    for position in range(length):
        row = []
        for k in range(width // 2):
            angle = position / base ** (2 * k / width)
            row += [math.sin(angle), math.cos(angle)]
        rows.append(row)
    return torch.tensor(rows)


@sinusoidal_positions.alternative
def sinusoids_by_phase(length, width, base=10_000.0):
    entry = torch.arange(width)
    exponent = 2 * torch.div(entry, 2, rounding_mode="floor") / width
    angle = torch.outer(torch.arange(length).double(), base ** -exponent.double())
    return torch.sin(angle + (entry % 2) * (math.pi / 2)).float()


@sinusoidal_positions.alternative
def sinusoids_by_complex_numbers(length, width, base=10_000.0):
    frequency = torch.pow(base, -torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle = torch.arange(length, dtype=torch.float64)[:, None] * frequency
    turn = torch.polar(torch.ones_like(angle), angle)
    return torch.stack((turn.imag, turn.real), -1).flatten(1).float()


# --- rotary_positions ----------------------------------------------------------------------------


def unrotated(draw: Draw) -> list[Call]:
    length, half = draw.sizes(2, 2, 5)
    zeros = torch.zeros(length, dtype=torch.long)
    return [
        Call((draw.normal(1, 4), torch.tensor([0])), tries="position 0: nothing is rotated"),
        Call((draw.normal(length, 2 * half), zeros), tries="several tokens, all at position 0"),
    ]


def one_point(draw: Draw) -> list[Call]:
    length = draw.integer(3, 6)
    return [
        Call((torch.tensor([[1.0, 0.0]]), torch.tensor([1])), tries="the point (1, 0), 1 radian"),
        Call((draw.normal(length, 2), torch.arange(length)), tries="head width 2: one point"),
    ]


def many_points(draw: Draw) -> list[Call]:
    batch, heads, length, half = draw.sizes(4, 2, 7)
    x = draw.normal(batch, heads, length, 2 * half)
    steps = torch.arange(length)
    return [
        Call((draw.normal(3, 4), torch.arange(3)), tries="head width 4: two points"),
        Call((draw.normal(length, 2 * half), steps), tries="no batch"),
        Call((x, steps), tries="a batch of several heads"),
        Call((draw.normal(6, 6, 6, 6), torch.arange(6)), tries="all sizes equal"),
        Call((draw.scattered(x), steps), tries="scattered in memory"),
        Call((x.double(), steps), tries="float64"),
    ]


def any_positions(draw: Draw) -> list[Call]:
    batch, heads, length, half = draw.sizes(4, 2, 7)
    x = draw.normal(batch, heads, length, 2 * half)
    start = draw.integer(5, 20)
    falling = torch.tensor(sorted(draw.sizes(length, 0, 40), reverse=True))
    return [
        Call((x, torch.arange(start, start + length)), tries="positions that start later"),
        Call((x, falling), tries="positions that fall"),
        Call((x, draw.integers(0, 40, length)), tries="positions in no order"),
        Call((x[:, :, :1], torch.tensor([start])), tries="one token, far from the start"),
    ]


def any_base(draw: Draw) -> list[Call]:
    length, half = draw.sizes(2, 3, 7)
    x, steps = draw.normal(length, 2 * half), torch.arange(length)
    return [
        Call((x, steps, 100.0), tries="base 100"),
        Call((x, steps), {"base": 50.0 + draw.integer(1, 400)}, "another base, by name"),
    ]


rotary_positions = Exercise(
    "attention.rotary_positions",
    parts=[
        Part("position 0", 0.5, unrotated, public=True),
        Part("one point", 1, one_point, public=True),
        Part("several points", 1.5, many_points),
        Part("any positions", 0.5, any_positions),
        Part("another base", 0.5, any_base),
    ],
    equivalent={
        **EQUAL_ANGLES,
        "torch.promote_types(x.dtype, torch.float32) -> x.dtype": ONLY_16_BIT,
        "angles.cos().to(x.dtype) -> angles.cos()": ONLY_16_BIT,
        "angles.sin().to(x.dtype) -> angles.sin()": ONLY_16_BIT,
    },
)


@rotary_positions.misconception(
    "Neighboring entries are paired. Llama's layout pairs x[k] with x[k + head_width / 2]: the "
    "first half with the second."
)
def rotary_interleaved(x, positions, base=10_000.0):
    angles = reference.position_angles(positions, x.shape[-1], base).to(x.dtype)
    first, second = x[..., 0::2], x[..., 1::2]
    rotated = (
        first * angles.cos() - second * angles.sin(),
        second * angles.cos() + first * angles.sin(),
    )
    return torch.stack(rotated, dim=-1).flatten(-2)


@rotary_positions.misconception(
    "The points turn the wrong way. Counterclockwise, (1, 0) becomes (cos, sin): the minus stands "
    "in the first half."
)
def rotary_clockwise(x, positions, base=10_000.0):
    return reference.rotary_positions(x, -positions, base)


@rotary_positions.misconception(
    "There is no minus: this does not rotate. The first half is first · cos - second · sin."
)
def rotary_without_minus(x, positions, base=10_000.0):
    angles = reference.position_angles(positions, x.shape[-1], base).to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    return torch.cat(
        (
            first * angles.cos() + second * angles.sin(),
            second * angles.cos() + first * angles.sin(),
        ),
        dim=-1,
    )


@rotary_positions.misconception("Positions are counted from 1; the first token stands at 0.")
def rotary_from_one(x, positions, base=10_000.0):
    return reference.rotary_positions(x, positions + 1, base)


@rotary_positions.misconception(
    "The tokens are taken to stand at 0, 1, 2, ...; where they really stand is in `positions`."
)
def rotary_ignores_positions(x, positions, base=10_000.0):
    return reference.rotary_positions(x, torch.arange(x.shape[-2]), base)


@rotary_positions.misconception("The argument `base` is not used: 10,000 is only its default.")
def rotary_fixed_base(x, positions, base=10_000.0):
    return reference.rotary_positions(x, positions)


@rotary_positions.misconception(
    "All points turn by the same angle. Point k turns by position / base^(2k / head_width)."
)
def rotary_one_frequency(x, positions, base=10_000.0):
    return reference.rotary_positions(x, positions, 1.0)


@rotary_positions.misconception(
    "The exponent is k / head_width where 2k / head_width is asked for."
)
def rotary_half_exponent(x, positions, base=10_000.0):
    return reference.rotary_positions(x, positions, math.sqrt(base))


@rotary_positions.misconception(
    "The exponent is twice as large as it should be: with i = 2k already counted in steps of two, "
    "it is i / head_width, not 2i / head_width."
)
def rotary_double_exponent(x, positions, base=10_000.0):
    return reference.rotary_positions(x, positions, base**2)


@rotary_positions.misconception(
    "Sinusoids are added to x, as in the original transformer. Rotary positions rotate x: they "
    "multiply."
)
def rotary_added(x, positions, base=10_000.0):
    angles = reference.position_angles(positions, x.shape[-1], base).to(x.dtype)
    return x + torch.cat((angles.cos(), angles.sin()), dim=-1)


@rotary_positions.misconception(
    "Sine and cosine are exchanged: at position 0 nothing may change, so cos multiplies x itself."
)
def rotary_exchanged(x, positions, base=10_000.0):
    angles = reference.position_angles(positions, x.shape[-1], base).to(x.dtype)
    return reference.rotate_halves(x, angles.sin(), angles.cos())


@rotary_positions.misconception(
    "The result is float32 whatever x is; it has to have the dtype of x."
)
def rotary_in_float32(x, positions, base=10_000.0):
    return reference.rotary_positions(x.float(), positions, base)


@rotary_positions.alternative
def rotary_as_in_llama(x, positions, base=10_000.0):
    width = x.shape[-1]
    frequency = 1.0 / (base ** (torch.arange(0, width, 2).float() / width))
    angles = torch.outer(positions.float(), frequency)
    angles = torch.cat((angles, angles), dim=-1)
    turned = torch.cat((-x[..., width // 2 :], x[..., : width // 2]), dim=-1)
    return x * angles.cos().to(x.dtype) + turned * angles.sin().to(x.dtype)


@rotary_positions.alternative
def rotary_by_complex_numbers(x, positions, base=10_000.0):
    half = x.shape[-1] // 2
    points = torch.complex(x[..., :half].contiguous(), x[..., half:].contiguous())
    frequency = base ** (-torch.arange(half, dtype=torch.float64) / half)
    turn = torch.exp(1j * positions.double()[:, None] * frequency)
    points = points * turn.to(points.dtype)
    return torch.cat((points.real, points.imag), dim=-1)


@rotary_positions.alternative
def rotary_by_matrices(x, positions, base=10_000.0):
    width = x.shape[-1]
    half = width // 2
    result = torch.empty_like(x)
    for index, position in enumerate(positions.tolist()):
        matrix = torch.zeros(width, width, dtype=x.dtype)
        for k in range(half):
            angle = position / base ** (2 * k / width)
            matrix[k, k] = matrix[k + half, k + half] = math.cos(angle)
            matrix[k, k + half], matrix[k + half, k] = -math.sin(angle), math.sin(angle)
        result[..., index, :] = x[..., index, :] @ matrix.T
    return result


# --- cached_attention_step -----------------------------------------------------------------------


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
