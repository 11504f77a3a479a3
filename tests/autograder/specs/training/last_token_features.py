"""Further solutions to `training.last_token_features`, right and wrong."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import training as reference


def right__cumulative_sum(hidden, mask):
    if not mask.any(-1).all():
        raise ValueError("empty")
    last = mask.long().cumsum(-1).argmax(-1)  # the first place at which all have been counted
    return hidden[range(len(hidden)), last]


def right__nonzero(hidden, mask):
    rows = []
    for i in range(hidden.shape[0]):
        idx = mask[i].nonzero()
        if len(idx) == 0:
            raise ValueError("empty")
        rows.append(hidden[i, idx[-1, 0]])
    return torch.stack(rows, dim=0)


def right__masked_positions(hidden, mask):
    positions = torch.arange(mask.size(1)).expand_as(mask).masked_fill(~mask, -1)
    last, _ = positions.max(dim=1)
    if (last < 0).any():
        raise ValueError("empty")
    return torch.take_along_dim(hidden, last.view(-1, 1, 1), dim=1).squeeze(1)


def right__boolean_index(hidden, mask):
    after = torch.cat([mask[:, 1:], torch.zeros_like(mask[:, :1])], dim=1)
    ends = mask & ~after
    if int(ends.sum()) != len(mask):
        raise ValueError("empty")
    return hidden[ends]


def right__backwards(hidden, mask):
    found = hidden.new_zeros(hidden.shape[0], hidden.shape[2])
    seen = torch.zeros(len(hidden), dtype=torch.bool)
    for place in reversed(range(mask.shape[1])):
        new = mask[:, place] & ~seen
        found[new] = hidden[new, place]
        seen |= new
    if not seen.all():
        raise ValueError("a sequence without a token")
    return found


def wrong__last_but_one(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    last = mask.shape[1] - 1 - mask.int().flip(1).argmax(1)
    return hidden[torch.arange(len(hidden)), (last - 1).clamp(min=0)]


def wrong__counts_without_minus_one(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    last = mask.sum(1).clamp(max=mask.shape[1] - 1)
    return hidden[torch.arange(len(hidden)), last]


def wrong__argmax_of_flipped(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    last = mask.int().flip(1).argmax(1)
    return hidden[torch.arange(len(hidden)), last]


def wrong__first_padding_minus_one(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    last = (~mask).int().argmax(1) - 1
    return hidden[torch.arange(len(hidden)), last]


def wrong__inverted_mask(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    last = mask.shape[1] - 1 - (~mask).int().flip(1).argmax(1)
    return hidden[torch.arange(len(hidden)), last]


def wrong__sum(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    return (hidden * mask[..., None]).sum(1)


def wrong__maximum(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    return hidden.masked_fill(~mask[..., None], -math.inf).amax(1)


def wrong__side_of_the_whole_batch(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    if mask[:, -1].all():
        return hidden[:, -1]
    return hidden[torch.arange(len(hidden)), mask.sum(1) - 1]


def wrong__side_of_each_row(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    last = torch.where(mask[:, -1], mask.shape[1] - 1, mask.sum(1) - 1)
    return hidden[torch.arange(len(hidden)), last]


def wrong__refuses_an_empty_batch_only(hidden, mask):
    if not mask.any():
        raise ValueError
    last = mask.shape[1] - 1 - mask.int().flip(1).argmax(1)
    return hidden[torch.arange(len(hidden)), last]


def wrong__zeros_for_nothing(hidden, mask):
    last = mask.shape[1] - 1 - mask.int().flip(1).argmax(1)
    return hidden[torch.arange(len(hidden)), last] * mask.any(1, keepdim=True)


def wrong__always_float32(hidden, mask):
    return reference.last_token_features(hidden, mask).float()


def wrong__normalized(hidden, mask):
    return F.normalize(reference.last_token_features(hidden, mask), dim=-1)


def wrong__the_places(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    return mask.shape[1] - 1 - mask.int().flip(1).argmax(1)


def wrong__last_state_that_is_not_zero(hidden, mask):
    if not mask.any(1).all():
        raise ValueError
    spoken = (hidden * mask[..., None]).abs().sum(-1) > 0
    place = (spoken * torch.arange(1, mask.shape[1] + 1)).argmax(1)
    return hidden[torch.arange(len(hidden)), place]


def wrong__refuses_a_lone_first_token(hidden, mask):
    place = (mask * torch.arange(mask.shape[1])).amax(1)
    if (place == 0).any():
        raise ValueError
    return hidden[torch.arange(len(hidden)), place]
