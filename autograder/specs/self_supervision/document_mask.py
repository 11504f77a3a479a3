"""What `self_supervision.document_mask` accepts."""

import torch
from torch import Tensor

from autograder.spec import Call, Draw, Exercise, Part, Same
from solutions import self_supervision as reference


def numbers(draw: Draw, rows: int, length: int) -> Tensor:
    """Return document numbers that rise along a row; every row has two documents or more."""
    steps = draw.integers(0, 1, rows, length)
    steps[:, draw.integer(1, length - 1)] = 1
    return steps.cumsum(1) + draw.integers(0, 5, rows, 1)


def one_row(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([[0, 0, 1]]),), tries="documents of two tokens and one"),
        Call((torch.tensor([[4]]),), tries="a single token"),
        Call((numbers(draw, 1, draw.integer(6, 9)),), tries="a longer row"),
    ]


def several_rows(draw: Draw) -> list[Call]:
    rows, length = draw.sizes(2, 3, 8)
    return [
        Call((torch.tensor([[0, 0, 0, 1], [1, 1, 2, 2]]),), tries="a document that runs on"),
        Call((numbers(draw, rows, length),), tries=f"{rows} rows of {length}"),
        Call((numbers(draw, 5, 5),), tries="as many rows as tokens in each"),
        Call((draw.scattered(numbers(draw, 3, 7)),), tries="scattered in memory"),
        Call((10**6 + numbers(draw, 2, 6) * 3,), tries="large numbers with gaps"),
    ]


def one_document_or_many(draw: Draw) -> list[Call]:
    length = draw.integer(4, 7)
    return [
        Call((torch.full((3, length), 2),), tries="one document in each row"),
        Call((torch.arange(2 * length).reshape(2, length),), tries="each token a document"),
        Call((torch.arange(4)[:, None].expand(4, length).clone(),), tries="one document a row"),
    ]


document_mask = Exercise(
    "self_supervision.document_mask",
    parts=[
        Part("one row", 0.5, one_row, Same(), public=True),
        Part("several rows", 1, several_rows, Same()),
        Part("one document or many", 0.5, one_document_or_many, Same()),
    ],
)


@document_mask.misconception(
    "A token sees later tokens of its document. In training they are what it has to predict: only "
    "earlier ones, and itself."
)
def document_mask_of_both_sides(document_numbers):
    return (document_numbers[:, :, None] == document_numbers[:, None])[:, None]


@document_mask.misconception(
    "A token sees other documents: this is the causal mask alone. The documents of a row have "
    "nothing to do with each other."
)
def document_mask_only_causal(document_numbers):
    rows, length = document_numbers.shape
    causal = torch.ones(length, length, dtype=torch.bool).tril()
    return causal.expand(rows, 1, length, length).clone()


@document_mask.misconception("The mask is the wrong way around: True means may be attended to.")
def document_mask_inverted(document_numbers):
    return ~reference.document_mask(document_numbers)


@document_mask.misconception(
    "A token does not see itself; it sees itself and the earlier tokens of its document."
)
def document_mask_without_the_diagonal(document_numbers):
    return reference.document_mask(document_numbers).tril(-1)


@document_mask.misconception(
    "Queries and keys are exchanged: a token sees later tokens of its document and no earlier one."
)
def document_mask_of_later_tokens(document_numbers):
    return reference.document_mask(document_numbers).mT


@document_mask.misconception(
    "The dimension for the heads is missing: the shape is (rows, 1, length, length)."
)
def document_mask_without_heads(document_numbers):
    return reference.document_mask(document_numbers).squeeze(1)


@document_mask.misconception(
    "The dimension for the heads is the first one; it stands after the rows: "
    "(rows, 1, length, length)."
)
def document_mask_heads_first(document_numbers):
    return reference.document_mask(document_numbers).transpose(0, 1)


@document_mask.misconception("All rows get the mask of the first one; each has its own documents.")
def document_mask_of_the_first_row(document_numbers):
    return reference.document_mask(document_numbers[:1].expand_as(document_numbers))


@document_mask.misconception("The mask holds numbers; a mask is bool.")
def document_mask_of_floats(document_numbers):
    return reference.document_mask(document_numbers).float()


@document_mask.alternative
def document_mask_by_loops(document_numbers):
    rows, length = document_numbers.shape
    mask = torch.zeros(rows, 1, length, length, dtype=torch.bool)
    for row in range(rows):
        for query in range(length):
            for key in range(query + 1):
                same = document_numbers[row, query] == document_numbers[row, key]
                mask[row, 0, query, key] = same
    return mask


@document_mask.alternative
def document_mask_by_and(document_numbers):
    length = document_numbers.shape[-1]
    places = torch.arange(length)
    causal = places[:, None] >= places
    return (document_numbers[:, None, :, None] == document_numbers[:, None, None, :]) & causal


@document_mask.alternative
def document_mask_by_starts(document_numbers):
    # a token sees what stands from the first token of its document to itself
    places = torch.arange(document_numbers.shape[1])
    starts = torch.searchsorted(document_numbers.contiguous(), document_numbers.contiguous())
    from_start = starts[:, None, :, None] <= places
    return from_start.logical_and(places <= places[:, None])
