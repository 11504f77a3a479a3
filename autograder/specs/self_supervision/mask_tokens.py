"""What `self_supervision.mask_tokens` accepts."""

import random
from collections import Counter

import torch
from torch import Tensor

from autograder.spec import (
    Call,
    Draw,
    Exercise,
    Outcome,
    Outcomes,
    Part,
    Repeatable,
    Same,
    Seed,
    chances,
)
from autograder.specs.self_supervision.seeded_generators import seed
from solutions import self_supervision as reference

# why a mutant of the reference may pass
NOT_EXACTLY = "no number comes out exactly there: the chance is one in 2^24"


def bound(call: Call) -> tuple[Tensor, int, int, float]:
    """Return the arguments that chances depend on."""
    tokens, mask_token, vocabulary_size, _ = call.arguments
    return tokens, mask_token, vocabulary_size, call.keywords.get("rate", 0.15)


def fate(token: int, mask_token: int, vocabulary_size: int, rate: float) -> dict[Outcome, float]:
    """Return the chances of what one token becomes: its input and its target."""
    result: Counter[Outcome] = Counter()
    result[token, -100] = 1 - rate
    result[mask_token, token] += 0.8 * rate
    result[token, token] += 0.1 * rate
    for other in range(vocabulary_size):
        result[other, token] += 0.1 * rate / vocabulary_size
    return dict(result)


def fates(call: Call) -> dict:
    """Return the chances of input and target at each position."""
    tokens, *rest = bound(call)
    each = {(token,): fate(token, *rest) for token in tokens.unique().tolist()}
    return chances(2, tokens.shape, each, tokens)


def choices(call: Call) -> dict:
    """Return the chances of the target at each position."""
    tokens, _, _, rate = bound(call)
    each = {(token,): {(token,): rate, (-100,): 1 - rate} for token in tokens.unique().tolist()}
    return chances(2, tokens.shape, each, tokens)


def fates_of_two(call: Call) -> dict:
    """Return the chances of two inputs and two targets, where all tokens are equal."""
    tokens, *rest = bound(call)
    one = fate(int(tokens.flatten()[0]), *rest)
    joint = {
        (first, second, target, other): probability * another
        for (first, target), probability in one.items()
        for (second, other), another in one.items()
    }
    return chances(2, tokens.shape, {(): joint})


def masked(draw: Draw, tokens: Tensor, mask_token: int, size: int, tries: str, **rate) -> Call:
    """Return a call with a generator of its own."""
    return Call((tokens, mask_token, size, seed(draw)), rate, tries)


def none_or_all(draw: Draw) -> list[Call]:
    rows, length = draw.sizes(2, 3, 6)
    several = draw.integers(1, 9, 2, rows, length)
    return [
        masked(draw, torch.tensor([5, 6, 7]), 0, 9, "rate 1: all chosen", rate=1.0),
        masked(draw, torch.tensor([5, 6, 7]), 0, 9, "rate 0: none chosen", rate=0.0),
        masked(draw, several, 0, 10, "three dimensions, all chosen", rate=1.0),
        masked(draw, several[0], 50, 10, "two dimensions, none chosen", rate=0.0),
        masked(draw, torch.zeros(4, dtype=torch.int64), 3, 4, "the id 0, all chosen", rate=1.0),
        masked(draw, torch.full((2, 3), 7), 7, 8, "the mask's own id, all chosen", rate=1.0),
    ]


def chosen_positions(draw: Draw) -> list[Call]:
    other = draw.integer(2, 8)
    # 0, the mask's own id and another one
    kinds = torch.tensor([0, 1, other])
    rate = draw.integer(35, 60) / 100
    return [
        masked(draw, kinds[draw.integers(0, 2, 30, 50)], 1, 9, "1,500 tokens, the usual rate"),
        masked(draw, kinds[draw.integers(0, 2, 1500)], 1, 9, f"rate {rate}", rate=rate),
    ]


def fates_of_the_chosen(draw: Draw) -> list[Call]:
    zeros = torch.zeros(80, 80, dtype=torch.int64)
    several = torch.tensor([1, 3, 4])[draw.integers(0, 2, 4, 20, 40)]
    return [
        masked(draw, zeros, 5, 2, "two ids, the mask not one of them", rate=0.9),
        masked(draw, several, 3, 5, "five ids, one of them the mask", rate=0.8),
        masked(draw, draw.integers(3, 4, 1500), 0, 5, "the usual rate"),
    ]


def pairs_of_positions(draw: Draw) -> list[Call]:
    # few outcomes, so that chance shows in few draws
    zeros = torch.zeros(1500, 2, dtype=torch.int64)
    exact = "two tokens, 60 times: any number of them may be chosen"
    whole = "two tokens at rate 1, 60 times: each has its own fate"
    return [
        masked(draw, zeros, 1, 2, "two neighbors in each of 1,500 rows", rate=0.4),
        *(masked(draw, zeros[0], 1, 2, exact, rate=0.5) for _ in range(60)),
        *(masked(draw, zeros[0], 1, 2, whole, rate=1.0) for _ in range(60)),
    ]


def the_same_mask_again(draw: Draw) -> list[Call]:
    tokens, number = draw.integers(0, 99, 20, 25), draw.integer(0, 2**31 - 2)
    again = "the same call once more, with a generator of the same seed"
    return [
        Call(
            (tokens, 100, 100, Seed(number + more)), {"rate": 0.5}, again if time else "500 tokens"
        )
        for more in (0, 1)
        for time in (0, 1)
    ]


mask_tokens = Exercise(
    "self_supervision.mask_tokens",
    parts=[
        Part("none or all", 0.5, none_or_all, Same(items=(1,)), public=True),
        Part("which are chosen", 1, chosen_positions, Outcomes(items=(1,)), expect=choices),
        Part("80, 10 and 10 percent", 2, fates_of_the_chosen, Outcomes(), expect=fates),
        Part("independent positions", 1, pairs_of_positions, Outcomes(1), expect=fates_of_two),
        Part(
            "only the generator",
            0.5,
            the_same_mask_again,
            Repeatable(),
            expect=lambda call: call.arguments[3].number,
        ),
    ],
    equivalent={
        "torch.rand(tokens.shape, generator=generator) < rate"
        " -> torch.rand(tokens.shape, generator=generator) <= rate": NOT_EXACTLY,
        "fate < 0.8 -> fate <= 0.8 in inputs = "
        "torch.where(chosen & (fate < 0.8), mask_token, tokens)": NOT_EXACTLY,
        "fate >= 0.9 -> fate > 0.9 in inputs = "
        "torch.where(chosen & (fate >= 0.9), drawn, inputs)": NOT_EXACTLY,
    },
)


def drawn_fates(tokens, generator):
    """Return for every position three independent draws, each even between 0 and 1."""
    return [torch.rand(tokens.shape, generator=generator) for _ in range(3)]


def masked_by(tokens, chosen, hide, replace, mask_token, drawn):
    """Return inputs and targets for the positions chosen, hidden and replaced."""
    inputs = torch.where(chosen & hide, mask_token, tokens)
    inputs = torch.where(chosen & replace, drawn, inputs)
    return inputs, torch.where(chosen, tokens, -100)


def even_ids(places, vocabulary_size):
    """Return ids from draws between 0 and 1."""
    return (places * vocabulary_size).long().clamp(max=vocabulary_size - 1)


@mask_tokens.misconception(
    "All chosen tokens are replaced by the mask. A tenth of them gets a random id and a tenth "
    "stays, so that the model cannot rely on seeing the mask."
)
def masks_all_chosen(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen = torch.rand(tokens.shape, generator=generator) < rate
    return torch.where(chosen, mask_token, tokens), torch.where(chosen, tokens, -100)


@mask_tokens.misconception(
    "No chosen token is replaced by a random id: 80 percent are hidden, and all others stay."
)
def masks_without_random_ids(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen, hide, _ = drawn_fates(tokens, generator)
    never = torch.zeros(tokens.shape, dtype=torch.bool)
    return masked_by(tokens, chosen < rate, hide < 0.8, never, mask_token, tokens)


@mask_tokens.misconception(
    "No chosen token is left as it is: 80 percent are hidden, and all others replaced."
)
def masks_leaving_none(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen, hide, drawn = drawn_fates(tokens, generator)
    drawn = even_ids(drawn, vocabulary_size)
    return masked_by(tokens, chosen < rate, hide < 0.8, hide >= 0.8, mask_token, drawn)


@mask_tokens.misconception(
    "10 percent of the chosen get a random id. Here it is 10 percent of those that are left after "
    "80 percent were hidden, which makes 2: of these it has to be one half."
)
def masks_a_tenth_of_the_rest(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen, hide, replace = drawn_fates(tokens, generator)
    drawn = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    replace = (hide >= 0.8) & (replace < 0.1)
    return masked_by(tokens, chosen < rate, hide < 0.8, replace, mask_token, drawn)


@mask_tokens.misconception(
    "Random ids are drawn for 10 percent of the chosen, hidden ones among them, so less than 80 "
    "percent stay hidden. A position has one fate."
)
def masks_then_replaces(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen, hide, replace = drawn_fates(tokens, generator)
    drawn = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return masked_by(tokens, chosen < rate, hide < 0.8, replace < 0.1, mask_token, drawn)


@mask_tokens.misconception(
    "Every position has a target. Only chosen ones take part in the loss; all others get -100."
)
def masks_with_all_targets(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, _ = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, tokens.clone()


@mask_tokens.misconception(
    "Only hidden positions have a target. A chosen one that got a random id, or stayed as it was, "
    "has one too: its original token."
)
def masks_with_targets_of_the_hidden(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, _ = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, torch.where(inputs == mask_token, tokens, -100)


@mask_tokens.misconception(
    "Only positions that look different have a target. Those chosen and left as they are have one "
    "too: that is why they were chosen."
)
def masks_with_targets_of_the_changed(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, _ = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, torch.where(inputs != tokens, tokens, -100)


@mask_tokens.misconception(
    "The targets hold what stands there after masking; the original tokens are to be predicted."
)
def masks_with_hidden_targets(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, targets = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, torch.where(targets != -100, inputs, -100)


@mask_tokens.misconception(
    "The targets are the wrong way around: the positions that were not chosen have them."
)
def masks_with_the_other_targets(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, targets = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, torch.where(targets == -100, tokens, -100)


@mask_tokens.misconception(
    "Positions without a target get 0, which is a token like any other; -100 is what the loss "
    "ignores."
)
def masks_with_zeros(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, targets = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, torch.where(targets == -100, 0, targets)


@mask_tokens.misconception("The rate is always 0.15; use the argument.")
def masks_at_a_fixed_rate(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    return reference.mask_tokens(tokens, mask_token, vocabulary_size, generator)


@mask_tokens.misconception(
    "The share that is chosen is 1 - rate: a number drawn evenly lies *below* `rate` with "
    "probability `rate`."
)
def masks_at_the_other_rate(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    return reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, 1 - rate)


@mask_tokens.misconception(
    "Exactly the share `rate` of the positions is chosen. Each is chosen independently of the "
    "others, so the number varies."
)
def masks_an_exact_number(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    order = torch.rand(tokens.numel(), generator=generator).argsort().argsort()
    chosen = (order < round(rate * tokens.numel())).reshape(tokens.shape)
    _, hide, drawn = drawn_fates(tokens, generator)
    drawn = even_ids(drawn, vocabulary_size)
    return masked_by(tokens, chosen, hide < 0.8, hide >= 0.9, mask_token, drawn)


@mask_tokens.misconception(
    "All rows are masked at the same places: draw for every position, in the shape of `tokens`."
)
def masks_all_rows_alike(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    row = tokens.shape[-1:]
    chosen, hide = (torch.rand(row, generator=generator) for _ in range(2))
    drawn = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    parts = (part.expand(tokens.shape) for part in (chosen < rate, hide < 0.8, hide >= 0.9))
    return masked_by(tokens, *parts, mask_token, drawn)


@mask_tokens.misconception(
    "One random id is drawn for all positions together; each gets an id of its own."
)
def masks_with_one_random_id(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen, hide, _ = drawn_fates(tokens, generator)
    drawn = torch.randint(vocabulary_size, (), generator=generator)
    return masked_by(tokens, chosen < rate, hide < 0.8, hide >= 0.9, mask_token, drawn)


@mask_tokens.misconception("The id 0 is never drawn; ids go from 0 to vocabulary_size - 1.")
def masks_with_ids_from_one(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen, hide, drawn = drawn_fates(tokens, generator)
    drawn = 1 + even_ids(drawn, vocabulary_size - 1)
    return masked_by(tokens, chosen < rate, hide < 0.8, hide >= 0.9, mask_token, drawn)


@mask_tokens.misconception(
    "`tokens` is changed. Copy it first (`clone`), or build the inputs with `torch.where`."
)
def masks_in_place(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, targets = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    tokens.copy_(inputs)
    return tokens, targets


@mask_tokens.misconception(
    "`generator` is not used, or not for all that is drawn, so nobody can repeat the masking. Pass "
    "`generator=generator` to every function that draws."
)
def masks_from_the_global_generator(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    return reference.mask_tokens(tokens, mask_token, vocabulary_size, torch.default_generator, rate)


@mask_tokens.misconception(
    "The generator is seeded inside, so the same places are masked every time: take it as it comes."
)
def masks_seeded_inside(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    return reference.mask_tokens(
        tokens, mask_token, vocabulary_size, generator.manual_seed(42), rate
    )


@mask_tokens.alternative
def masks_by_bernoulli(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, targets = tokens.clone(), tokens.clone()
    chosen = torch.bernoulli(torch.full(tokens.shape, rate), generator=generator).bool()
    targets[~chosen] = -100
    hidden = torch.bernoulli(torch.full(tokens.shape, 0.8), generator=generator).bool() & chosen
    inputs[hidden] = mask_token
    half = torch.full(tokens.shape, 0.5)
    replaced = torch.bernoulli(half, generator=generator).bool() & chosen & ~hidden
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    inputs[replaced] = ids[replaced]
    return inputs, targets


@mask_tokens.alternative
def masks_by_one_number(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    number = torch.rand(tokens.shape, generator=generator, dtype=torch.float64)
    inputs = tokens.masked_fill(number < 0.8 * rate, mask_token)
    replaced = (number >= 0.8 * rate) & (number < 0.9 * rate)
    count = int(replaced.sum())
    inputs[replaced] = torch.randint(0, vocabulary_size, (count,), generator=generator)
    return inputs, tokens.masked_fill(number >= rate, -100)


@mask_tokens.alternative
def masks_token_by_token(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    number = torch.randint(2**31, (), generator=generator).item()
    chance = random.Random(number)
    inputs, targets = [], []
    for token in tokens.flatten().tolist():
        is_chosen = chance.random() < rate
        targets.append(token if is_chosen else -100)
        where = chance.random()
        if is_chosen and where < 0.8:
            token = mask_token
        elif is_chosen and where < 0.9:
            token = chance.randrange(vocabulary_size)
        inputs.append(token)
    return [torch.tensor(values).reshape(tokens.shape) for values in (inputs, targets)]


@mask_tokens.alternative
def masks_by_multinomial(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    shares = torch.tensor([1 - rate, 0.8 * rate, 0.1 * rate, 0.1 * rate], dtype=torch.float64)
    kind = torch.multinomial(shares, tokens.numel(), replacement=True, generator=generator)
    kind = kind.reshape(tokens.shape)
    even = torch.ones(vocabulary_size)
    ids = torch.multinomial(even, tokens.numel(), replacement=True, generator=generator)
    inputs = torch.where(kind == 1, mask_token, tokens)
    inputs = torch.where(kind == 2, ids.reshape(tokens.shape), inputs)
    return inputs, torch.where(kind == 0, -100, tokens)


@mask_tokens.alternative
def masks_only_the_chosen(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    flat = tokens.flatten()
    places = (torch.rand(len(flat), generator=generator) < rate).nonzero().flatten()
    targets = torch.full_like(flat, -100)
    targets[places] = flat[places]
    inputs = flat.clone()
    which = torch.rand(len(places), generator=generator)
    inputs[places[which < 0.8]] = mask_token
    others = places[(which >= 0.8) & (which < 0.9)]
    inputs[others] = torch.randint(vocabulary_size, (len(others),), generator=generator)
    return inputs.view(tokens.shape), targets.view(tokens.shape)
