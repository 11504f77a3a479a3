"""What `attention.padding_mask` accepts."""

import torch

from autograder.spec import Call, Draw, Exercise, Part, Same
from autograder.specs.attention.reasons import ON_THE_CPU
from solutions import attention as reference


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
