"""Further solutions to `attention.softmax`, right and wrong."""

import math

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from solutions import attention as reference


def right__minus_infinity_and_where(scores, mask=None):
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    masked = torch.where(mask, scores, float("-inf"))
    result = F.softmax(masked, dim=-1)
    return torch.where(torch.isnan(result), torch.zeros_like(result), result)


def right__finfo_minimum_then_mask(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(mask == False, torch.finfo(scores.dtype).min)  # noqa: E712
    weights = (scores - scores.max(dim=-1, keepdim=True)[0]).exp()
    if mask is not None:
        weights = weights * mask.to(weights.dtype)
    return weights / weights.sum(dim=-1, keepdim=True).clamp(min=1e-9)


def right__in_double_precision(scores, mask=None):
    high = scores.double()
    if mask is not None:
        high = high.masked_fill(~mask, -math.inf)
    return high.softmax(-1).nan_to_num(0.0).type(scores.dtype)


def right__row_by_row(scores, mask=None):
    flat = scores.reshape(-1, scores.shape[-1])
    flat_mask = (
        torch.ones_like(flat).bool()
        if mask is None
        else torch.broadcast_to(mask, scores.shape).reshape(-1, scores.shape[-1])
    )
    out = torch.zeros_like(flat)
    for i in range(len(flat)):
        if flat_mask[i].any():
            kept = flat[i][flat_mask[i]]
            e = torch.exp(kept - kept.max())
            out[i][flat_mask[i]] = e / e.sum()
    return out.reshape(scores.shape)


def right__log_softmax(scores, mask=None):
    if mask is None:
        return torch.log_softmax(scores, -1).exp()
    logs = torch.log_softmax(scores.masked_fill(~mask, -1e30), -1)
    return logs.exp() * mask


def right__numpy_masked_array(scores, mask=None):
    values = scores.detach().numpy()
    keep = np.broadcast_to(True if mask is None else mask.numpy(), values.shape)
    top = np.where(keep, values, -np.inf).max(axis=-1, keepdims=True)
    top[np.isneginf(top)] = 0
    with np.errstate(over="ignore"):
        e = np.where(keep, np.exp(np.where(keep, values - top, 0)), 0)
    total = e.sum(axis=-1, keepdims=True)
    result = np.divide(e, total, out=np.zeros_like(e), where=total > 0)
    return torch.tensor(result, dtype=scores.dtype)


def right__guarded_maximum_and_total(scores, mask=None):
    own = scores.clone()
    if mask is not None:
        own[(~mask).expand_as(own)] = -math.inf
    top = own.amax(-1, keepdim=True)
    top[top == -math.inf] = 0
    weights = torch.exp(own - top)
    total = weights.sum(-1, keepdim=True)
    total[total == 0] = 1
    return weights.div_(total)


def wrong__normalised_by_length(scores, mask=None):
    e = torch.exp(scores - scores.max(-1, keepdim=True).values)
    return e / scores.shape[-1] if mask is None else e * mask / mask.sum(-1, keepdim=True)


def wrong__last_but_one_dimension(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=max(-2, -scores.ndim)).nan_to_num()


def wrong__base_two(scores, mask=None):
    return reference.softmax(scores * math.log(2), mask)


def wrong__half_temperature(scores, mask=None):
    return reference.softmax(scores / 2, mask)


def wrong__absolute_scores(scores, mask=None):
    return reference.softmax(scores.abs(), mask)


def wrong__minimum_instead_of_maximum(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    e = torch.exp(scores - scores.min(-1, keepdim=True).values)
    return (e / e.sum(-1, keepdim=True)).nan_to_num()


def wrong__epsilon_in_the_sum(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e9)
    e = torch.exp(scores - scores.amax(-1, keepdim=True))
    if mask is not None:
        e = e * mask
    return e / (e.sum(-1, keepdim=True) + 1e-2)


def wrong__always_float32(scores, mask=None):
    return reference.softmax(scores, mask).float()


def wrong__always_float64(scores, mask=None):
    return reference.softmax(scores, mask).double()


def wrong__masks_columns_of_the_first_row(scores, mask=None):
    if mask is not None and mask.ndim > 1:
        mask = mask[..., :1, :]
    return reference.softmax(scores, mask)


def wrong__clamps_scores(scores, mask=None):
    return reference.softmax(scores.clamp(-50, 50), mask)


def wrong__masks_in_place(scores, mask=None):
    if mask is not None:
        scores.masked_fill_(~mask, -math.inf)
    return torch.softmax(scores, -1).nan_to_num()


def wrong__subtracts_in_place(scores, mask=None):
    expected = reference.softmax(scores, mask)
    scores -= scores.amax(-1, keepdim=True)
    return expected


def wrong__wholly_masked_rows_one_hot(scores, mask=None):
    result = reference.softmax(scores, mask)
    if mask is not None:
        nothing = ~mask.expand(scores.shape).any(-1)
        result[nothing] = F.one_hot(torch.tensor(0), scores.shape[-1]).to(result)
    return result


def wrong__drops_masked_entries(scores, mask=None):
    if mask is None or scores.ndim > 1:
        return reference.softmax(scores, mask)
    return torch.softmax(scores[mask], -1)


def wrong__multiplies_before_exp_and_renormalises(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, -1)
    weights = torch.softmax(scores * mask, -1) * mask
    return weights / weights.sum(-1, keepdim=True).clamp(min=1e-9)


def wrong__renormalises_after(scores, mask=None):
    weights = torch.softmax(scores, -1)
    if mask is None:
        return weights
    weights = weights * mask
    return weights / (weights.sum(-1, keepdim=True) + 1e-12)


def wrong__argmax(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return F.one_hot(scores.argmax(-1), scores.shape[-1]).to(scores.dtype)


def wrong__sigmoid(scores, mask=None):
    weights = torch.sigmoid(scores)
    return weights if mask is None else weights * mask


def wrong__leaves_a_trace(scores, mask=None):
    return reference.softmax(scores, mask).clamp(min=1e-12)
