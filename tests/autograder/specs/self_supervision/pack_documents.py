"""Further solutions to `self_supervision.pack_documents`, right and wrong."""

from itertools import accumulate, chain

import torch

from solutions import self_supervision as reference


def right__chain_and_accumulate(documents, end, length):
    stream = list(chain.from_iterable((*d, end) for d in documents))
    stops = list(accumulate(len(d) + 1 for d in documents))
    numbers = torch.searchsorted(
        torch.tensor(stops, dtype=torch.long), torch.arange(len(stream)), right=True
    )
    n = len(stream) // length
    flat = torch.tensor(stream[: n * length], dtype=torch.long)
    return flat.view(n, length), numbers[: n * length].view(n, length)


def right__row_by_row(documents, end, length):
    tokens, numbers = [], []
    for i, d in enumerate(documents):
        tokens += [*list(d), end]
        numbers += [i] * (len(d) + 1)
    starts = range(0, len(tokens) - length + 1, length)
    a = torch.zeros(len(starts), length, dtype=torch.long)
    b = torch.zeros(len(starts), length, dtype=torch.long)
    for r, s in enumerate(starts):
        a[r] = torch.tensor(tokens[s : s + length])
        b[r] = torch.tensor(numbers[s : s + length])
    return a, b


def right__counts_the_ends(documents, end, length):
    pieces = [torch.tensor([*d, end], dtype=torch.int64) for d in documents]
    stream = torch.cat(pieces) if pieces else torch.empty(0, dtype=torch.int64)
    is_end = torch.zeros(len(stream), dtype=torch.int64)
    place = -1
    for piece in pieces:
        place += len(piece)
        is_end[place] = 1
    numbers = is_end.cumsum(0) - is_end
    keep = len(stream) - len(stream) % length
    return stream[:keep].reshape(-1, length), numbers[:keep].reshape(-1, length)


def right__zips_an_iterator_with_itself(documents, end, length):
    pairs = [(token, i) for i, document in enumerate(documents) for token in (*document, end)]
    rows = list(zip(*[iter(pairs)] * length, strict=False))
    return torch.tensor(rows, dtype=torch.int64).reshape(len(rows), length, 2).unbind(-1)


def wrong__last_row_kept(documents, end, length):
    tokens, numbers = reference.pack_documents(documents, end, length)
    extra = torch.full((1, length), end)
    return torch.cat([tokens, extra]), torch.cat([numbers, extra])


def wrong__one_end_for_all(documents, end, length):
    joined = [token for document in documents for token in document]
    tokens, _ = reference.pack_documents([joined], end, length)
    return tokens, reference.pack_documents(documents, end, length)[1][: len(tokens)]


def wrong__first_row_lost(documents, end, length):
    return tuple(x[1:] for x in reference.pack_documents(documents, end, length))


def wrong__column_major(documents, end, length):
    return tuple(
        x.T.reshape(x.shape) if x.numel() else x
        for x in reference.pack_documents(documents, end, length)
    )


def wrong__sorted_by_length(documents, end, length):
    return reference.pack_documents(sorted(documents, key=len), end, length)


def wrong__end_of_row_instead_of_document(documents, end, length):
    flat = [token for document in documents for token in document]
    rows = [[*flat[i : i + length - 1], end] for i in range(0, len(flat), length - 1 or 1)]
    rows = [row for row in rows if len(row) == length]
    tokens = torch.tensor(rows, dtype=torch.long).reshape(-1, length)
    return tokens, torch.zeros_like(tokens)


def wrong__ends_numbered_minus_one(documents, end, length):
    tokens, numbers = reference.pack_documents(documents, end, length)
    return tokens, numbers.masked_fill(tokens == end, -1)


def wrong__positions_within_documents(documents, end, length):
    tokens, _ = reference.pack_documents(documents, end, length)
    places = [i for document in documents for i in range(len(document) + 1)]
    places = torch.tensor(places[: tokens.numel()], dtype=torch.long)
    return tokens, places.reshape(tokens.shape)


def wrong__parity_of_the_document(documents, end, length):
    tokens, numbers = reference.pack_documents(documents, end, length)
    return tokens, numbers % 2


def wrong__numbers_skip_empty_documents(documents, end, length):
    tokens, _ = reference.pack_documents(documents, end, length)
    names, number = [], -1
    for document in documents:
        number += bool(document)
        names += [max(number, 0)] * (len(document) + 1)
    return tokens, torch.tensor(names[: tokens.numel()], dtype=torch.long).reshape(tokens.shape)


def wrong__no_documents_break_it(documents, end, length):
    stream = torch.cat([torch.tensor([*document, end]) for document in documents])
    tokens, numbers = reference.pack_documents(documents, end, length)
    return stream[: tokens.numel()].reshape(tokens.shape), numbers


def wrong__float_when_empty(documents, end, length):
    tokens, numbers = reference.pack_documents(documents, end, length)
    return torch.tensor(tokens.tolist()).reshape(-1, length), numbers


def wrong__finds_the_number_by_the_text(documents, end, length):
    tokens, _ = reference.pack_documents(documents, end, length)
    numbers = [documents.index(d) for d in documents for _ in range(len(d) + 1)]
    numbers = torch.tensor(numbers[: tokens.numel()], dtype=torch.int64)
    return tokens, numbers.reshape(tokens.shape)
