"""Texts in which pairs are found, as calls with a window."""

import torch
from torch import Tensor

from autograder.spec import Call, Draw


def text(draw: Draw, low: int, high: int, largest: int = 99) -> Tensor:
    """Return a text of random word ids, some of which occur again."""
    tokens = draw.integers(0, largest, draw.integer(low, high))
    if len(tokens) > 3:
        tokens[-1] = tokens[0]
    return tokens


def pairs_of_short_texts(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([5, 6, 7]), 1), tries="three words, window 1"),
        Call((torch.tensor([4, 9, 4, 2]), 2), tries="a word that occurs twice, window 2"),
        Call((torch.tensor([3, 3]), 1), tries="two equal words"),
        Call((text(draw, 6, 9), 1), tries="a longer text, window 1"),
        Call((text(draw, 7, 10), 2), tries="a longer text, window 2"),
    ]


def pairs_with_wide_windows(draw: Draw) -> list[Call]:
    return [
        Call((text(draw, 9, 12), draw.integer(3, 5)), tries="a wider window"),
        Call((text(draw, 25, 40, 5), draw.integer(3, 8)), tries="a text of few different words"),
        Call((text(draw, 4, 6), 9), tries="a window wider than the text"),
    ]


def pairs_of_nearly_nothing(draw: Draw) -> list[Call]:
    return [
        Call((text(draw, 1, 1), 2), tries="a text of one word: it has no neighbor"),
        Call((torch.empty(0, dtype=torch.int64), 2), tries="an empty text"),
        Call((text(draw, 2, 2), 3), tries="a text of two words"),
    ]
