"""What `self_supervision.pack_documents` accepts."""

import itertools

import torch

from autograder.spec import Call, Draw, Exercise, Part, Same
from solutions import self_supervision as reference


def documents_of(draw: Draw, count: int, longest: int, end: int = 0) -> list[list[int]]:
    """Return documents of one token or more, none of which is `end`."""
    return [(end + draw.integers(1, 90, draw.integer(1, longest))).tolist() for _ in range(count)]


def filled_rows(draw: Draw) -> list[Call]:
    first, second = draw.sizes(2, 2, 5)
    documents = [list(range(1, first + 1)), list(range(20, 20 + second))]
    return [
        Call(([[5, 6], [7]], 0, 5), tries="two documents that fill one row"),
        Call(([[5, 6], [7]], 99, 1), tries="rows of 1"),
        Call((documents, 9, first + second + 2), tries="two documents of unequal length"),
        Call(([[8, 8, 8]], 7, 2), tries="one document in two rows"),
    ]


def documents_that_run_on(draw: Draw) -> list[Call]:
    return [
        Call((documents_of(draw, 6, 9), 0, 4), tries="six documents, rows of 4"),
        Call((documents_of(draw, 9, 3, 50), 50, 7), tries="nine short documents, rows of 7"),
        Call(([*documents_of(draw, 2, 40), list(range(1, 30))], 0, 3), tries="long documents"),
        Call((documents_of(draw, 20, 12, 300), 300, 16), tries="twenty documents, rows of 16"),
    ]


def empty_documents(draw: Draw) -> list[Call]:
    some = documents_of(draw, 4, 5)
    return [
        Call(([[5, 6], [], [7, 8, 9]], 0, 4), tries="an empty document in the middle"),
        Call(([[], *some, [], []], 0, 3), tries="empty documents at both ends"),
        Call(([[], [], []], 4, 1), tries="nothing but empty documents"),
    ]


def left_over(draw: Draw) -> list[Call]:
    documents = documents_of(draw, 5, 6)
    whole = sum(len(document) + 1 for document in documents)
    return [
        Call(([[5, 6]], 0, 4), tries="too little for a row"),
        Call((documents, 0, whole), tries="one row exactly"),
        Call((documents, 0, whole - 1), tries="one token more than a row"),
        Call((documents, 0, whole + 1), tries="one token less than a row"),
        Call(([], 0, draw.integer(2, 5)), tries="no documents"),
    ]


pack_documents = Exercise(
    "self_supervision.pack_documents",
    parts=[
        Part("filled rows", 0.5, filled_rows, Same(), public=True),
        Part("tokens", 0.75, documents_that_run_on, Same(items=(0,))),
        Part("document numbers", 0.75, documents_that_run_on, Same(items=(1,))),
        Part("empty documents", 0.5, empty_documents, Same()),
        Part("what is left over", 0.5, left_over, Same()),
    ],
)


def rows_of(tokens, numbers, length):
    """Cut two lists into rows and drop what is left over."""
    rows = len(tokens) // length
    return tuple(
        torch.tensor(values[: rows * length], dtype=torch.int64).reshape(rows, length)
        for values in (tokens, numbers)
    )


def numbered(pieces):
    """Return the tokens of all pieces and for each the number of its piece."""
    tokens = [token for piece in pieces for token in piece]
    return tokens, [number for number, piece in enumerate(pieces) for _ in piece]


@pack_documents.misconception(
    "The documents are not ended: each is followed by `end`, or a model cannot know where one "
    "stops."
)
def packed_without_ends(documents, end, length):
    return rows_of(*numbered(documents), length)


@pack_documents.misconception("`end` stands only between documents; it also follows the last one.")
def packed_with_ends_between(documents, end, length):
    pieces = [[*document, end] for document in documents[:-1]]
    return rows_of(*numbered([*pieces, *documents[-1:]]), length)


@pack_documents.misconception("`end` stands before each document; it ends one, so it follows it.")
def packed_with_starts(documents, end, length):
    return rows_of(*numbered([[end, *document] for document in documents]), length)


@pack_documents.misconception(
    "The `end` of a document has the number of the next one; it belongs to the document it ends."
)
def packed_ends_of_the_next(documents, end, length):
    tokens, numbers = numbered([[*document, end] for document in documents])
    later = [number + (token == end) for token, number in zip(tokens, numbers, strict=True)]
    return rows_of(tokens, later, length)


@pack_documents.misconception(
    "The documents are numbered from 1; the number is the index in `documents`, from 0."
)
def packed_from_one(documents, end, length):
    tokens, numbers = reference.pack_documents(documents, end, length)
    return tokens, numbers + 1


@pack_documents.misconception(
    "The numbers begin at 0 again in every row. A number is the index of the document in all of "
    "`documents`."
)
def packed_numbers_by_row(documents, end, length):
    tokens, numbers = reference.pack_documents(documents, end, length)
    return tokens, numbers - numbers[:, :1]


@pack_documents.misconception(
    "These are the numbers of the rows; the index of each token's document is asked for."
)
def packed_row_numbers(documents, end, length):
    tokens, _ = reference.pack_documents(documents, end, length)
    return tokens, torch.arange(len(tokens))[:, None].expand(tokens.shape).clone()


@pack_documents.misconception(
    "The last row is filled up with `end`; what does not fill a row is dropped."
)
def packed_and_padded(documents, end, length):
    tokens, numbers = numbered([[*document, end] for document in documents])
    missing = -len(tokens) % length
    return rows_of(tokens + [end] * missing, numbers + numbers[-1:] * missing, length)


@pack_documents.misconception(
    "Every document starts a row of its own, filled up with `end`. Packing means that the next "
    "document begins right after the one before."
)
def packed_in_own_rows(documents, end, length):
    pieces = [[*document, end] for document in documents]
    pieces = [piece + [end] * (-len(piece) % length) for piece in pieces]
    return rows_of(*numbered(pieces), length)


@pack_documents.misconception(
    "What does not fit in a row is cut off; a document runs on in the next row."
)
def packed_and_cut(documents, end, length):
    rows, row = [], []
    for number, document in enumerate(documents):
        row += [(token, number) for token in (*document, end)]
        if len(row) >= length:
            rows.append(row[:length])
            row = []
    tokens = [token for row in rows for token, _ in row]
    return rows_of(tokens, [number for row in rows for _, number in row], length)


@pack_documents.misconception(
    "Empty documents are left out. An empty document contributes its `end`, and it counts in the "
    "numbers."
)
def packed_without_empty_ones(documents, end, length):
    return reference.pack_documents([document for document in documents if document], end, length)


@pack_documents.misconception(
    "An empty document contributes no `end`; it does, though it has no other token."
)
def packed_without_ends_of_empty_ones(documents, end, length):
    return rows_of(
        *numbered([[*document, end] if document else [] for document in documents]), length
    )


@pack_documents.alternative
def packed_by_filling(documents, end, length):
    total = sum(len(document) + 1 for document in documents)
    tokens = torch.full((total,), end, dtype=torch.long)
    numbers = torch.empty(total, dtype=torch.long)
    place = 0
    for index, document in enumerate(documents):
        tokens[place : place + len(document)] = torch.tensor(document, dtype=torch.long)
        numbers[place : place + len(document) + 1] = index
        place += len(document) + 1
    kept = total - total % length
    return tokens[:kept].view(-1, length), numbers[:kept].view(-1, length)


@pack_documents.alternative
def packed_token_by_token(documents, end, length):
    rows, row = [], []
    for index, document in enumerate(documents):
        for token in (*document, end):
            row.append((token, index))
            if len(row) == length:
                rows.append(row)
                row = []
    packed = torch.tensor(rows, dtype=torch.long).reshape(len(rows), length, 2)
    return packed[..., 0], packed[..., 1]


@pack_documents.alternative
def packed_by_repeating(documents, end, length):
    sizes = torch.tensor([len(document) + 1 for document in documents], dtype=torch.long)
    numbers = torch.repeat_interleave(torch.arange(len(documents)), sizes)
    tokens = torch.tensor(
        [token for document in documents for token in itertools.chain(document, [end])],
        dtype=torch.long,
    )
    tokens, numbers = (
        values.unfold(0, length, length) if len(values) >= length else values.view(-1)[:0]
        for values in (tokens, numbers)
    )
    return [tokens.reshape(-1, length), numbers.reshape(-1, length)]
