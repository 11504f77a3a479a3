"""What `attention.sliding_window_mask` accepts."""

import torch

from autograder.spec import Call, Draw, Exercise, Part, Same
from solutions import attention as reference


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
