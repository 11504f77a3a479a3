"""What `self_supervision.next_token_pairs` accepts."""

import torch

from autograder.spec import Call, Draw, Exercise, Part, Same
from autograder.specs.self_supervision.texts import NOTHING, different, text
from solutions import self_supervision as reference


def one_window(draw: Draw) -> list[Call]:
    length = draw.integer(4, 7)
    return [
        Call((torch.tensor([5, 6, 7, 8]), 3), tries="four tokens, windows of 3"),
        Call((different(draw, 2), 1), tries="two tokens, a window of 1"),
        Call((text(draw, length + 1), length), tries="one window and its last target"),
    ]


def several_windows(draw: Draw) -> list[Call]:
    windows, length = draw.sizes(2, 2, 6)
    return [
        Call((different(draw, 7), 2), tries="three windows of 2"),
        Call((text(draw, windows * length + 1), length), tries=f"{windows} windows of {length}"),
        Call((text(draw, 5 * 5 + 1), 5), tries="as many windows as tokens in each"),
        Call((text(draw, draw.integer(20, 30), 3), 1), tries="windows of 1, few different ids"),
    ]


def tokens_left_over(draw: Draw) -> list[Call]:
    windows, length = draw.sizes(2, 3, 6)
    more = draw.integer(2, length - 1)
    return [
        Call((different(draw, 6), 3), tries="six tokens, windows of 3: where is the last target?"),
        Call((text(draw, windows * length), length), tries="the last target is missing"),
        Call((text(draw, windows * length + more), length), tries="tokens left over at the end"),
        Call((text(draw, 100), 7), tries="a longer text"),
    ]


def no_window(draw: Draw) -> list[Call]:
    length = draw.integer(3, 6)
    return [
        Call((text(draw, length), length), tries="as many tokens as a window has"),
        Call((different(draw, 1), 1), tries="one token: nothing follows it"),
        Call((NOTHING, length), tries="an empty text"),
    ]


next_token_pairs = Exercise(
    "self_supervision.next_token_pairs",
    parts=[
        Part("one window", 0.5, one_window, Same(), public=True),
        Part("several windows", 0.5, several_windows, Same()),
        Part("tokens left over", 0.5, tokens_left_over, Same()),
        Part("no window", 0.5, no_window, Same()),
    ],
    equivalent={
        "0 -> -1 in windows = max(0, len(tokens) - 1) // context_length": "of an empty text it "
        "makes -1 windows, and `reshape` works out that there is none",
    },
)


def windows_at(tokens, starts, length, shift=1):
    """Return the windows at some starts, and those that begin `shift` later."""
    places = torch.tensor(list(starts), dtype=torch.int64).reshape(-1, 1) + torch.arange(length)
    return tokens[places], tokens[places + shift]


@next_token_pairs.misconception(
    "The targets are the inputs themselves. The target of a token is the one after it: what a "
    "model can copy it need not predict."
)
def pairs_not_shifted(tokens, context_length):
    inputs, _ = reference.next_token_pairs(tokens, context_length)
    return inputs, inputs.clone()


@next_token_pairs.misconception(
    "The windows overlap: each starts one token after the one before. Here window i starts at "
    "token i * context_length."
)
def pairs_overlapping(tokens, context_length):
    starts = range(max(len(tokens) - context_length, 0))
    return windows_at(tokens, starts, context_length)


@next_token_pairs.misconception(
    "Each window is cut together with its last target, so that token is the input of none. The "
    "next window starts with it: window i at token i * context_length."
)
def pairs_from_chunks(tokens, context_length):
    starts = range(0, len(tokens) - context_length, context_length + 1)
    return windows_at(tokens, starts, context_length)


@next_token_pairs.misconception(
    "There is a window too many where the text ends with its last token: that token has no target."
)
def pairs_without_room(tokens, context_length):
    windows = len(tokens) // context_length
    end = windows * context_length
    shape = windows, context_length
    return tokens[:end].reshape(shape), tokens[1 : end + 1].reshape(shape)


@next_token_pairs.misconception(
    "The last token gets the first one of the text as its target, as `roll` does. Nothing follows "
    "it, so a window that ends there is left out."
)
def pairs_rolled(tokens, context_length):
    windows = len(tokens) // context_length
    end = windows * context_length
    shape = windows, context_length
    return tokens[:end].reshape(shape), tokens.roll(-1)[:end].reshape(shape)


@next_token_pairs.misconception(
    "The last window is lost where it ends right before the last token: it has all its targets."
)
def pairs_one_window_short(tokens, context_length):
    return reference.next_token_pairs(tokens[:-1], context_length)


@next_token_pairs.misconception(
    "Inputs and targets are exchanged: this predicts each token from the one after it."
)
def pairs_backwards(tokens, context_length):
    return reference.next_token_pairs(tokens, context_length)[::-1]


@next_token_pairs.misconception(
    "Each window has one target, the token after it. In training every position predicts its next "
    "token: there are as many targets as inputs."
)
def pairs_with_one_target(tokens, context_length):
    inputs, targets = reference.next_token_pairs(tokens, context_length)
    return inputs, targets[:, -1]


@next_token_pairs.alternative
def pairs_by_loops(tokens, context_length):
    inputs, targets = [], []
    for start in range(0, len(tokens) - context_length, context_length):
        inputs.append(tokens[start : start + context_length].tolist())
        targets.append(tokens[start + 1 : start + context_length + 1].tolist())
    shape = len(inputs), context_length
    return [torch.tensor(rows, dtype=torch.long).reshape(shape) for rows in (inputs, targets)]


@next_token_pairs.alternative
def pairs_by_unfolding(tokens, context_length):
    if len(tokens) <= context_length:
        return tokens.new_empty(0, context_length), tokens.new_empty(0, context_length)
    both = tokens.unfold(0, context_length + 1, context_length)
    return both[:, :-1], both[:, 1:]


@next_token_pairs.alternative
def pairs_by_positions(tokens, context_length):
    starts = torch.arange(0, max(len(tokens) - context_length, 0), context_length)
    places = starts[:, None] + torch.arange(context_length)[None]
    return tokens[places], tokens[1:][places]
