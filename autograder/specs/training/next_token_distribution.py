"""What `training.next_token_distribution` accepts."""

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from autograder.spec import Call, Close, Draw, Exercise, Part
from solutions import training as reference


def distinct(draw: Draw, *shape: int, gap: float = 0.5, dtype=torch.float32) -> Tensor:
    """Return logits in random order, no two of a row closer than a quarter of the gap.

    Some rows are flatter than others, so that top-p keeps unequal numbers of tokens.
    """
    *outside, size = shape
    steps = torch.arange(size).expand(*outside, size) - size / 2
    jitter = torch.rand(*outside, size, generator=draw.generator)
    order = torch.rand(*outside, size, generator=draw.generator).argsort(-1)
    stretch = torch.rand(*outside, 1, generator=draw.generator) + 0.5
    values = (steps + jitter / 2) * gap * stretch
    return values.double().gather(-1, order).to(dtype)


def clear_top_p(draw: Draw, logits: Tensor, temperature: float = 1.0, top_k: int = 0) -> float:
    """Return a `top_p` that no sum of probabilities of these logits comes near.

    So rounding cannot decide what is kept. Where it can be, rows keep unequal numbers of tokens.
    """
    kept = logits.double() / temperature
    if top_k:
        kept = kept.topk(top_k).values
    sums = kept.softmax(-1).sort(-1, descending=True).values.cumsum(-1).flatten(0, -2)
    candidates = torch.rand(100, generator=draw.generator, dtype=torch.float64) * 0.55 + 0.35
    margins = (candidates[:, None, None] - sums).abs().flatten(1).min(1).values
    counts = (sums < candidates[:, None, None]).sum(-1)
    uneven = counts.amax(1) > counts.amin(1)
    best = (margins * (1 + 99 * (uneven & (margins > 1e-3)))).topk(5).indices
    return round(float(candidates[best[draw.integer(0, 4)]]), 6)


def temperatures(draw: Draw) -> list[Call]:
    batch, length = draw.sizes(2, 2, 4)
    three = torch.tensor([0.5, 0.25, 0.125]).log()
    logits = distinct(draw, batch, length, 6)
    return [
        Call((three,), tries="three tokens, nothing else"),
        Call((three, 0.5), tries="temperature 0.5: probabilities are squared"),
        Call((logits,), tries="a batch of sequences"),
        Call((logits, 1.7), tries="temperature 1.7"),
        Call((logits,), {"temperature": 0.6}, "temperature 0.6"),
        Call((logits.double(), 0.8), tries="float64"),
        Call((distinct(draw, 4, 4), 2.0), tries="as many rows as tokens"),
    ]


def cold(draw: Draw) -> list[Call]:
    batch, size = draw.sizes(2, 3, 7)
    logits = distinct(draw, batch, size)
    top_p = clear_top_p(draw, logits)
    return [
        Call((torch.tensor([0.1, 2.0, -1.0]), 0.0), tries="temperature 0"),
        Call((logits, 0.0), tries="temperature 0, a batch"),
        Call((logits.double() - 9, 0), tries="temperature 0, float64, all logits below 0"),
        Call((logits, 0.0, 2, top_p), tries="temperature 0 with top-k and top-p"),
        Call((logits + 100, 1.0), tries="all logits near 100: exp overflows above 88"),
        Call((logits * 2, 0.02), tries="temperature 0.02"),
        Call((logits * 1e-9, 0.0), tries="temperature 0, logits that are nearly equal"),
    ]


def largest_k(draw: Draw) -> list[Call]:
    batch, length = draw.sizes(2, 2, 4)
    size = draw.integer(6, 8)
    logits = distinct(draw, batch, length, size)
    k = draw.integer(2, 4)
    return [
        Call((torch.tensor([0.5, 0.3, 0.2]).log(),), {"top_k": 2}, "the two largest of three"),
        Call((logits,), {"top_k": k}, "a batch of sequences"),
        Call((logits, 1.5, k), tries="with a temperature"),
        Call((logits,), {"top_k": 1}, "top_k 1"),
        Call((logits,), {"top_k": size}, "top_k of the whole vocabulary"),
        Call((logits,), {"top_k": size + draw.integer(1, 50)}, "top_k beyond the vocabulary"),
        Call((logits.double() - 30_000, 1.0, k), tries="logits near -30,000, float64"),
        Call((distinct(draw, 5, 5), 1.0, 3), tries="as many rows as tokens"),
    ]


def nucleus(draw: Draw) -> list[Call]:
    batch, length = draw.sizes(2, 2, 3)
    logits = distinct(draw, batch, length, 7)
    warm = distinct(draw, 3, 6, gap=0.8)
    three = torch.tensor([0.3, 0.5, 0.2]).log()
    return [
        Call((three,), {"top_p": 0.6}, "0.5 is not enough for 0.6, so 0.3 is kept too"),
        Call((three,), {"top_p": 0.4}, "0.5 is enough for 0.4"),
        Call((three,), {"top_p": 0.1}, "one token is always kept"),
        Call((three,), {"top_p": 0.9}, "all three are needed for 0.9"),
        Call((logits,), {"top_p": clear_top_p(draw, logits)}, "a batch of sequences"),
        Call((logits,), {"top_p": 1.0}, "top_p 1 keeps everything"),
        Call((warm, 2.0, None, clear_top_p(draw, warm, 2.0)), tries="temperature 2"),
        Call((warm, 0.5, None, clear_top_p(draw, warm, 0.5)), tries="temperature 0.5"),
        Call((warm.double(), 1.0, None, clear_top_p(draw, warm)), tries="float64"),
        Call((logits - 30_000.0,), {"top_p": 0.02}, "logits near -30,000, a small top_p"),
    ]


def together(draw: Draw) -> list[Call]:
    five = torch.tensor([0.28, 0.24, 0.20, 0.16, 0.12]).log()
    calls = [
        Call((five, 1.0, 3, 0.6), tries="after top-k the first two sum to 0.72, enough for 0.6"),
        Call((five, 1.0, 3, 0.8), tries="after top-k all three are needed for 0.8"),
    ]
    for _ in range(4):
        rows, k = draw.integer(1, 3), draw.integer(3, 5)
        temperature = draw.integer(6, 20) / 10
        logits = distinct(draw, rows, 8, gap=0.3)
        top_p = clear_top_p(draw, logits, temperature, k)
        tries = f"temperature {temperature}, top_k {k}, top_p {top_p:.2f}"
        calls.append(Call((logits, temperature, k, top_p), tries=tries))
    return calls


def out_of_range(draw: Draw) -> list[Call]:
    logits = distinct(draw, 5)
    return [
        Call((logits, -0.5), tries="a negative temperature"),
        Call((logits,), {"top_k": 0}, "top_k 0"),
        Call((logits,), {"top_k": -draw.integer(1, 4)}, "a negative top_k"),
        Call((logits,), {"top_p": 0.0}, "top_p 0"),
        Call((logits,), {"top_p": -0.3}, "a negative top_p"),
        Call((logits,), {"top_p": 1.2}, "top_p above 1"),
        Call((logits, 0.5, 1, 1.0), tries="what is still within the ranges"),
    ]


next_token_distribution = Exercise(
    "training.next_token_distribution",
    parts=[
        Part("temperature", 1, temperatures, public=True),
        Part("temperature 0, large logits", 0.5, cold),
        Part("top-k", 1, largest_k, Close(exact_zeros=True), public=True),
        Part("top-p", 1, nucleus, Close(exact_zeros=True), public=True),
        Part("all together", 1, together, Close(exact_zeros=True)),
        Part("out of range", 0.5, out_of_range),
    ],
    equivalent={
        "top_k < logits.shape[-1] -> top_k <= logits.shape[-1]": "keeping as many as there are "
        "keeps everything",
        "probabilities.sort(dim=-1, descending=True) -> probabilities.sort(descending=True)": (
            "the last dimension is the default"
        ),
        "before < top_p -> before <= top_p": "no sum may come so near to top_p that rounding would "
        "decide",
    },
)


def in_range(temperature, top_k, top_p):
    """Refuse what the contract refuses."""
    if temperature < 0 or (top_k is not None and top_k < 1):
        raise ValueError("out of range")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError("out of range")


def most_probable(probabilities, top_p, needed=lambda before, own, top_p: before < top_p):
    """Say which tokens are kept: those for which `needed` holds of the sum before them."""
    ordered, order = probabilities.sort(dim=-1, descending=True)
    before = ordered.cumsum(-1) - ordered
    kept = needed(before, ordered, top_p)
    return torch.zeros_like(probabilities, dtype=torch.bool).scatter(-1, order, kept)


def steps(logits, temperature, top_k, top_p, **changed):
    """Follow the reference, with some of its steps changed."""
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return reference.next_token_distribution(logits, 0.0)
    logits = logits / temperature
    if top_k is not None and top_k < logits.shape[-1]:
        least = logits.topk(top_k).values[..., -1:]
        logits = logits.masked_fill(logits < least, -math.inf)
    probabilities = logits.softmax(-1)
    if top_p is None:
        return probabilities
    kept = probabilities * most_probable(probabilities, top_p, **changed)
    return kept / kept.sum(-1, keepdim=True)


@next_token_distribution.misconception(
    "The logits are multiplied by the temperature. Dividing makes a low temperature sharp and a "
    "high one flat."
)
def distribution_multiplied(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return reference.next_token_distribution(logits, 0.0)
    return reference.next_token_distribution(logits * temperature, 1.0, top_k, top_p)


@next_token_distribution.misconception("The temperature is not used.")
def distribution_without_temperature(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    return reference.next_token_distribution(logits, 1.0 if temperature else 0.0, top_k, top_p)


@next_token_distribution.misconception(
    "Probabilities are divided by the temperature, which renormalizing undoes. Divide the logits, "
    "before the softmax."
)
def distribution_of_cooled_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return reference.next_token_distribution(logits, 0.0)
    probabilities = reference.next_token_distribution(logits, 1.0, top_k, top_p) / temperature
    return probabilities.softmax(-1)


@next_token_distribution.misconception(
    "Temperature 0 divides by 0. It means: all probability on the largest logit."
)
def distribution_divides_by_zero(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return (logits / temperature).softmax(-1)
    return reference.next_token_distribution(logits, temperature, top_k, top_p)


@next_token_distribution.misconception(
    'Temperature 0 is taken for "no temperature", that is 1 (`if temperature:`). It means: all '
    "probability on the largest logit."
)
def distribution_zero_is_one(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    return reference.next_token_distribution(logits, temperature or 1.0, top_k, top_p)


@next_token_distribution.misconception(
    "exp overflows: subtract the largest logit first, or use `softmax`, which does."
)
def distribution_overflows(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return reference.next_token_distribution(logits, 0.0)
    exponentials = (logits / temperature).exp()
    return reference.next_token_distribution(
        (exponentials / exponentials.sum(-1, keepdim=True)).log(), 1.0, top_k, top_p
    )


@next_token_distribution.misconception(
    "What is left after top-k and top-p is not renormalized: each row has to sum to 1."
)
def distribution_not_renormalized(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p)
    if temperature == 0:
        return result
    return (logits / temperature).softmax(-1) * (result > 0)


@next_token_distribution.misconception(
    "Logits that are cut off are set to 0 before the softmax. But exp(0) = 1: they keep "
    "probability. Set them to -infinity."
)
def distribution_zeroes_logits(logits, temperature=1.0, top_k=None, top_p=None):
    kept = reference.next_token_distribution(logits, temperature, top_k, top_p) > 0
    if temperature == 0:
        return kept.to(logits.dtype)
    return (logits / temperature * kept).softmax(-1)


@next_token_distribution.misconception(
    "Logits that are cut off are set to a number such as -10,000. Logits can lie lower than that: "
    "use -infinity."
)
def distribution_mild_fill(logits, temperature=1.0, top_k=None, top_p=None):
    kept = reference.next_token_distribution(logits, temperature, top_k, top_p) > 0
    if temperature == 0:
        return kept.to(logits.dtype)
    return (logits / temperature).masked_fill(~kept, -1e4).softmax(-1)


@next_token_distribution.misconception("One token too many is kept by top-k.")
def distribution_one_more(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    more = None if top_k is None else top_k + 1
    return reference.next_token_distribution(logits, temperature, more, top_p)


@next_token_distribution.misconception(
    "A `top_k` beyond the size of the vocabulary raises an error; it keeps everything."
)
def distribution_k_too_large(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if top_k is not None:
        logits.topk(top_k)
    return reference.next_token_distribution(logits, temperature, top_k, top_p)


@next_token_distribution.misconception(
    "The token that brings the sum to `top_p` is cut off. It is kept: the sum has to be *at least* "
    "top_p."
)
def distribution_stops_short(logits, temperature=1.0, top_k=None, top_p=None):
    def needed(before, own, top_p):
        first = torch.arange(own.shape[-1]) == 0
        return (before + own <= top_p + 1e-6) | first

    return steps(logits, temperature, top_k, top_p, needed=needed)


@next_token_distribution.misconception(
    "One token too many is kept by top-p: as soon as the sum is at least `top_p`, nothing more is "
    "needed."
)
def distribution_goes_too_far(logits, temperature=1.0, top_k=None, top_p=None):
    def needed(before, own, top_p):
        reached = before < top_p
        return torch.cat([torch.ones_like(reached[..., :1]), reached[..., :-1]], dim=-1)

    return steps(logits, temperature, top_k, top_p, needed=needed)


@next_token_distribution.misconception(
    "Each token is compared with `top_p` (or its share of the largest is). Top-p is about the "
    "*sum* of the most probable tokens."
)
def distribution_by_threshold(logits, temperature=1.0, top_k=None, top_p=None):
    def needed(before, own, top_p):
        return own >= (1 - top_p) * own[..., :1]

    return steps(logits, temperature, top_k, top_p, needed=needed)


@next_token_distribution.misconception(
    "The least probable tokens are kept: sort in descending order before summing."
)
def distribution_of_the_least(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    probabilities = reference.next_token_distribution(logits, temperature, top_k)
    if top_p is None or temperature == 0:
        return probabilities
    ordered, order = probabilities.sort(dim=-1)
    kept = ordered.cumsum(-1) - ordered < top_p
    kept = torch.zeros_like(kept).scatter(-1, order, kept) * probabilities
    return kept / kept.sum(-1, keepdim=True)


@next_token_distribution.misconception(
    "Probabilities come out in sorted order. Each has to go back to its own token (`scatter`, or "
    "the inverse of the order)."
)
def distribution_sorted(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p)
    if top_p is None or temperature == 0:
        return result
    return result.sort(dim=-1, descending=True).values


@next_token_distribution.misconception(
    "Top-p comes before top-k, or looks at probabilities from before it. What top-k left is "
    "renormalized first, and top-p keeps a share of that."
)
def distribution_p_of_everything(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return reference.next_token_distribution(logits, 0.0)
    probabilities = reference.next_token_distribution(logits, temperature, None, top_p)
    return reference.next_token_distribution(probabilities.log(), 1.0, top_k)


@next_token_distribution.misconception(
    "The temperature comes last, after top-p has chosen by other probabilities. It comes first."
)
def distribution_temperature_last(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    kept = reference.next_token_distribution(logits, 1.0, top_k, top_p) > 0
    if temperature == 0:
        return reference.next_token_distribution(logits, 0.0)
    return (logits / temperature).masked_fill(~kept, -math.inf).softmax(-1)


@next_token_distribution.misconception(
    "The logits that were passed in are changed in place: work on a copy."
)
def distribution_in_place(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p)
    logits[result == 0] = -math.inf
    return result


@next_token_distribution.misconception(
    "Values outside of the ranges are accepted; they have to raise a ValueError."
)
def distribution_of_anything(logits, temperature=1.0, top_k=None, top_p=None):
    top_k = None if top_k is None else max(top_k, 1)
    top_p = None if top_p is None else min(max(top_p, 1e-6), 1.0)
    return reference.next_token_distribution(logits, max(temperature, 0.0), top_k, top_p)


@next_token_distribution.alternative
def distribution_by_filling(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    logits = logits / temperature
    if top_k is not None:
        values, places = logits.topk(min(top_k, logits.shape[-1]), dim=-1)
        logits = torch.full_like(logits, -torch.inf).scatter(-1, places, values)
    if top_p is not None:
        ordered, order = torch.sort(logits, dim=-1, descending=True)
        remove = ordered.softmax(-1).cumsum(-1) >= top_p
        remove = torch.cat([torch.zeros_like(remove[..., :1]), remove[..., :-1]], dim=-1)
        ordered = ordered.masked_fill(remove, -torch.inf)
        logits = torch.gather(ordered, -1, order.argsort(-1))
    return torch.softmax(logits, dim=-1)


@next_token_distribution.alternative
def distribution_as_in_transformers(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        return (logits == logits.amax(-1, keepdim=True)).to(logits.dtype)
    scores = logits / temperature
    if top_k is not None:
        least = torch.topk(scores, min(top_k, scores.size(-1)))[0][..., -1, None]
        scores = scores.masked_fill(scores < least, -float("inf"))
    if top_p is not None and top_p < 1:
        ordered, order = torch.sort(scores, descending=False)
        remove = ordered.softmax(dim=-1).cumsum(dim=-1) <= (1 - top_p)
        remove[..., -1:] = False
        scores = scores.masked_fill(remove.scatter(-1, order, remove), -float("inf"))
    return scores.softmax(-1)


@next_token_distribution.alternative
def distribution_by_loops(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature < 0:
        raise ValueError("temperature")
    if top_k is not None and top_k <= 0:
        raise ValueError("top_k")
    if top_p is not None and (top_p <= 0 or top_p > 1):
        raise ValueError("top_p")
    rows = []
    for row in logits.reshape(-1, logits.shape[-1]).double().tolist():
        order = sorted(range(len(row)), key=row.__getitem__, reverse=True)
        if temperature == 0:
            order = order[:1]
        order = order[:top_k]
        weights = [math.exp((row[i] - row[order[0]]) / (temperature or 1)) for i in order]
        share, kept = 0.0, []
        for place, weight in zip(order, weights, strict=True):
            kept.append((place, weight))
            share += weight / sum(weights)
            if top_p is not None and share >= top_p:
                break
        result = [0.0] * len(row)
        for place, weight in kept:
            result[place] = weight / sum(weight for _, weight in kept)
        rows.append(result)
    return torch.tensor(rows, dtype=logits.dtype).reshape(logits.shape)


@next_token_distribution.alternative
def distribution_by_pairs(logits, temperature=1.0, top_k=None, top_p=None):
    in_range(temperature, top_k, top_p)
    if temperature == 0:
        top_k, temperature = 1, 1.0
    scaled = logits * (1 / temperature)
    rank = (scaled.unsqueeze(-2) > scaled.unsqueeze(-1)).sum(-1)  # how many are more probable
    if top_k is not None:
        scaled = torch.where(rank < top_k, scaled, -math.inf)
    probabilities = (scaled - scaled.amax(-1, keepdim=True)).exp()
    probabilities = probabilities / probabilities.sum(-1, keepdim=True)
    if top_p is not None:
        above = rank.unsqueeze(-2) < rank.unsqueeze(-1)
        before = (probabilities.unsqueeze(-2) * above).sum(-1)
        probabilities = torch.where(before < top_p, probabilities, 0)
    return probabilities / probabilities.sum(-1, keepdim=True)
