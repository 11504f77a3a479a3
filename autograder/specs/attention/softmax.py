"""What `attention.softmax` accepts."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from autograder.spec import Call, Close, Draw, Exercise, Part
from solutions import attention as reference


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
