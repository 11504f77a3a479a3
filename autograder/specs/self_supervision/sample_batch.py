"""What `self_supervision.sample_batch` accepts."""

from collections import Counter

import numpy as np
import torch

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
from autograder.specs.self_supervision.texts import NOTHING, different, text
from solutions import self_supervision as reference


def windows_of_a_text(call: Call, together: int = 1) -> dict:
    """Return the chances of one window with its targets, or of several drawn together."""
    tokens, batch, length, _ = call.arguments
    starts = len(tokens) - length
    drawn: Counter[tuple[Outcome, Outcome]] = Counter()
    for start in range(starts):
        inputs = tuple(tokens[start : start + length].tolist())
        targets = tuple(tokens[start + 1 : start + length + 1].tolist())
        drawn[inputs, targets] += 1 / starts
    joint = {((), ()): 1.0}
    for _ in range(together):
        joint = {
            (inputs + more, targets + next_ones): probability * other
            for (inputs, targets), probability in joint.items()
            for (more, next_ones), other in drawn.items()
        }
    probabilities = {inputs + targets: p for (inputs, targets), p in joint.items()}
    return chances(2, (batch, length), {(): probabilities})


def two_windows_of_a_text(call: Call) -> dict:
    """Return the chances of a batch of two windows."""
    return windows_of_a_text(call, together=2)


def one_possible_window(draw: Draw) -> list[Call]:
    batch, length = draw.sizes(2, 2, 6)
    return [
        Call(
            (torch.tensor([5, 6, 7, 8]), 2, 3, seed(draw)),
            tries="four tokens and windows of 3: only one window is possible",
        ),
        Call((text(draw, length + 1), batch, length, seed(draw)), tries="a batch of one window"),
        Call((different(draw, 2), 3, 1, seed(draw)), tries="two tokens, windows of 1"),
    ]


def many_windows(draw: Draw) -> list[Call]:
    length, starts = draw.sizes(2, 3, 6)
    return [
        Call((different(draw, 3), 800, 1, seed(draw)), tries="windows of 1 in three tokens"),
        Call((different(draw, 11), 2500, 5, seed(draw)), tries="windows of 5 in eleven tokens"),
        Call(
            (text(draw, length + starts, 5), 1500, length, seed(draw)),
            tries=f"{starts} possible starts in a text of few different ids",
        ),
        Call((text(draw, 60, 7), 1000, 4, seed(draw)), tries="a longer text"),
    ]


def batches_of_two(draw: Draw) -> list[Call]:
    # of few possible windows, so that chance shows in few batches
    length = draw.integer(3, 5)
    tokens = different(draw, length + 2)
    return [
        Call((tokens, 2, length, seed(draw)), tries="60 batches of two windows, two starts")
        for _ in range(60)
    ]


def the_same_seed_again(draw: Draw) -> list[Call]:
    tokens, number = text(draw, 70), draw.integer(0, 2**31 - 2)
    again = "the same call once more, with a generator of the same seed"
    return [
        Call((tokens, 20, 4, Seed(number + more)), tries=again if time else "a batch of 20 windows")
        for more in (0, 1)
        for time in (0, 1)
    ]


def too_short(draw: Draw) -> list[Call]:
    length = draw.integer(3, 6)
    return [
        Call((text(draw, length), 2, length, seed(draw)), tries="no room for the last target"),
        Call((text(draw, length + 1), 2, length, seed(draw)), tries="just long enough"),
        Call((text(draw, length - 2), 2, length, seed(draw)), tries="a text much too short"),
        Call((NOTHING, 1, 1, seed(draw)), tries="an empty text"),
    ]


sample_batch = Exercise(
    "self_supervision.sample_batch",
    parts=[
        Part("one possible window", 0.5, one_possible_window, Same(), public=True),
        Part(
            "every start equally likely", 1.5, many_windows, Outcomes(1), expect=windows_of_a_text
        ),
        Part("independent windows", 1, batches_of_two, Outcomes(2), expect=two_windows_of_a_text),
        Part(
            "only the generator",
            0.5,
            the_same_seed_again,
            Repeatable(),
            expect=lambda call: call.arguments[3].number,
        ),
        Part("a text too short", 0.5, too_short, Same()),
    ],
)


def long_enough(tokens, context_length):
    """Refuse what the contract refuses."""
    if len(tokens) <= context_length:
        raise ValueError("the text is too short")


def batch_at(tokens, starts, length):
    """Return the windows at the given starts and their targets."""
    places = starts.reshape(-1, 1) + torch.arange(length)
    return tokens[places], tokens[places + 1]


@sample_batch.misconception(
    "The last possible start never comes: `torch.randint` leaves its upper end out by itself, and "
    "a window may start at len(tokens) - context_length - 1."
)
def batch_without_the_last_start(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    high = max(len(tokens) - context_length - 1, 1)
    starts = torch.randint(high, (batch,), generator=generator)
    return batch_at(tokens, starts, context_length)


@sample_batch.misconception("A window may start so late that its last target lies beyond the text.")
def batch_beyond_the_end(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    starts = torch.randint(len(tokens) - context_length + 1, (batch,), generator=generator)
    return batch_at(tokens, starts, context_length)


@sample_batch.misconception("The first token never starts a window. Starts are counted from 0.")
def batch_from_one(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    last = len(tokens) - context_length - 1
    starts = torch.randint(min(1, last), last + 1, (batch,), generator=generator)
    return batch_at(tokens, starts, context_length)


@sample_batch.misconception(
    "Windows start only at multiples of context_length; every start that leaves room is possible."
)
def batch_of_aligned_windows(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    windows = (len(tokens) - 1) // context_length
    starts = torch.randint(windows, (batch,), generator=generator) * context_length
    return batch_at(tokens, starts, context_length)


@sample_batch.misconception(
    "The targets are the inputs themselves; they have to be one token further on in the text."
)
def batch_not_shifted(tokens, batch, context_length, generator):
    inputs, _ = reference.sample_batch(tokens, batch, context_length, generator)
    return inputs, inputs.clone()


@sample_batch.misconception(
    "All windows of a batch start at the same place: draw one start for each."
)
def batch_of_one_start(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    start = torch.randint(len(tokens) - context_length, (1,), generator=generator)
    return batch_at(tokens, start.expand(batch), context_length)


@sample_batch.misconception(
    "A window never comes twice in a batch. The windows are drawn independently, with replacement."
)
def batch_without_replacement(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    order = torch.randperm(len(tokens) - context_length, generator=generator)
    # once all have come it starts again
    starts = order.repeat(-(-batch // len(order)))[:batch]
    return batch_at(tokens, starts, context_length)


@sample_batch.misconception(
    "`generator` is not used: the numbers come from the global generator, so nobody can repeat the "
    "batch. Pass `generator=generator` to the function that draws."
)
def batch_from_the_global_generator(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    starts = torch.randint(len(tokens) - context_length, (batch,))
    return batch_at(tokens, starts, context_length)


@sample_batch.misconception(
    "The generator is seeded inside, so every batch is the same: take it as it comes."
)
def batch_seeded_inside(tokens, batch, context_length, generator):
    return reference.sample_batch(tokens, batch, context_length, generator.manual_seed(42))


@sample_batch.misconception(
    "A text that is too short raises no ValueError of its own: look at its length first."
)
def batch_unguarded(tokens, batch, context_length, generator):
    starts = torch.randint(len(tokens) - context_length, (batch,), generator=generator)
    return batch_at(tokens, starts, context_length)


@sample_batch.alternative
def batch_by_stacking(tokens, batch, context_length, generator):
    if context_length + 1 > tokens.numel():
        raise ValueError("the text is too short")
    last = tokens.numel() - context_length - 1
    starts = torch.randint(0, last + 1, (batch,), generator=generator).tolist()
    inputs = torch.stack([tokens[start : start + context_length] for start in starts])
    targets = torch.stack([tokens[start + 1 : start + 1 + context_length] for start in starts])
    return inputs, targets


@sample_batch.alternative
def batch_by_multinomial(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    even = torch.ones(len(tokens) - context_length)
    starts = torch.multinomial(even, batch, replacement=True, generator=generator)
    windows = tokens.unfold(0, context_length + 1, 1)[starts]
    return windows[:, :-1], windows[:, 1:]


@sample_batch.alternative
def batch_start_by_start(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    rows = []
    for _ in range(batch):
        start = int(torch.rand((), generator=generator) * (len(tokens) - context_length))
        rows.append(tokens[start : start + context_length + 1])
    windows = torch.stack(rows)
    return [windows[:, :context_length], windows[:, 1:]]


@sample_batch.alternative
def batch_by_numpy(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    number = torch.randint(2**31, (), generator=generator).item()
    starts = np.random.default_rng(number).integers(len(tokens) - context_length, size=batch)
    return batch_at(tokens, torch.from_numpy(starts), context_length)
