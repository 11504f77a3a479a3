"""Further solutions to `self_supervision.document_mask`, right and wrong."""

import math

import torch

from solutions import self_supervision as reference


def right__outer_difference(document_numbers):
    d = document_numbers
    same = (d.unsqueeze(-1) - d.unsqueeze(-2)) == 0
    n = d.size(1)
    return torch.logical_and(same, torch.tril(torch.ones(n, n)).bool()).unsqueeze(1)


def right__row_by_row(document_numbers):
    masks = []
    for row in document_numbers:
        mask = torch.eq(row[:, None], row[None, :])
        mask[torch.ones_like(mask).triu(1)] = False
        masks.append(mask[None])
    return torch.stack(masks)


def right__blocks(document_numbers):
    rows, n = document_numbers.shape
    out = torch.zeros((rows, 1, n, n), dtype=torch.bool)
    for r in range(rows):
        start = 0
        for size in document_numbers[r].unique_consecutive(return_counts=True)[1].tolist():
            block = slice(start, start + size)
            out[r, 0, block, block] = torch.ones(size, size, dtype=torch.bool).tril()
            start += size
    return out


def right__from_where_documents_start(document_numbers):
    start = (document_numbers[:, None, :] < document_numbers[:, :, None]).sum(-1)
    place = torch.arange(document_numbers.shape[1])
    return ((place >= start[..., None]) & (place <= place[:, None])).unsqueeze(1)


def wrong__earlier_documents_too(document_numbers):
    d = document_numbers
    mask = d[:, :, None] >= d[:, None, :]
    return mask.tril()[:, None]


def wrong__other_documents(document_numbers):
    d = document_numbers
    return (d[:, :, None] != d[:, None, :]).tril()[:, None]


def wrong__same_or_causal(document_numbers):
    d = document_numbers
    n = d.shape[1]
    return ((d[:, :, None] == d[:, None]) | torch.ones(n, n).bool().tril())[:, None]


def wrong__previous_token_only(document_numbers):
    return reference.document_mask(document_numbers).triu(-1)


def wrong__additive(document_numbers):
    mask = reference.document_mask(document_numbers)
    return torch.zeros(mask.shape).masked_fill(~mask, -math.inf)


def wrong__integers(document_numbers):
    return reference.document_mask(document_numbers).long()


def wrong__heads_last(document_numbers):
    return reference.document_mask(document_numbers).movedim(1, -1)


def wrong__merged_rows(document_numbers):
    return reference.document_mask(document_numbers.reshape(1, -1))


def wrong__only_document_zero(document_numbers):
    first = document_numbers == document_numbers[:, :1]
    return (first[:, :, None] & first[:, None]).tril()[:, None]


def wrong__rows_counted_as_documents(document_numbers):
    rows = torch.arange(len(document_numbers))[:, None].expand_as(document_numbers)
    return reference.document_mask(rows)


def wrong__a_row_of_the_first(document_numbers):
    mask = reference.document_mask(document_numbers[:1])
    return mask.repeat(len(document_numbers), 1, 1, 1)
