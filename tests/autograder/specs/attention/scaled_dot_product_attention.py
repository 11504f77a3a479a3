"""Further solutions to `attention.scaled_dot_product_attention`, right and wrong."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import attention as reference


def right__copies_and_adds_bias(query, key, value, mask=None):
    bias = torch.zeros(query.shape[-2], key.shape[-2], dtype=query.dtype)
    if mask is not None:
        bias = torch.zeros(mask.shape, dtype=query.dtype).masked_fill(~mask, float("-inf"))
    scores = query @ key.transpose(-1, -2) * (1.0 / math.sqrt(query.size(-1))) + bias
    return torch.nan_to_num(F.softmax(scores, dim=-1), nan=0.0) @ value


def right__query_by_query(query, key, value, mask=None):
    outputs = []
    for i in range(query.shape[-2]):
        scores = (query[..., i : i + 1, :] * key).sum(-1) / math.sqrt(key.shape[-1])
        if mask is not None:
            row = mask[..., i, :] if mask.shape[-2] > 1 else mask[..., 0, :]
            scores = scores.masked_fill(~row, -math.inf)
        weights = torch.softmax(scores, -1).nan_to_num()
        outputs.append((weights.unsqueeze(-1) * value).sum(-2))
    return torch.stack(outputs, dim=-2)


def right__fills_1e9_then_clears(query, key, value, mask=None):
    scores = torch.matmul(query, key.transpose(-2, -1)) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask.logical_not(), -1e9)
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights = weights.masked_fill(mask.logical_not(), 0)
    return torch.matmul(weights, value)


def right__splits_the_scale(query, key, value, mask=None):
    fourth = key.shape[-1] ** -0.25
    scores = (query * fourth) @ (key * fourth).mT
    if mask is not None:
        scores = scores + torch.where(mask, 0.0, -math.inf).to(scores.dtype)
    peak = scores.amax(-1, keepdim=True).clamp(min=torch.finfo(scores.dtype).min)
    e = torch.exp(scores - peak)
    total = e.sum(-1, keepdim=True)
    return torch.where(total > 0, e @ value / torch.where(total > 0, total, 1), 0)


def right__torch_in_double(query, key, value, mask=None):
    result = F.scaled_dot_product_attention(
        query.double(), key.double(), value.double(), attn_mask=mask
    )
    return result.to(query.dtype).nan_to_num()


def right__numerator_and_denominator(query, key, value, mask=None):
    scores = torch.einsum("...qd,...kd->...qk", query, key) * query.size(-1) ** -0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    top = scores.amax(-1, keepdim=True).clamp(min=torch.finfo(scores.dtype).min)
    weights = (scores - top).exp()
    return (weights @ value) / weights.sum(-1, keepdim=True).clamp(min=1e-30)


def wrong__root_of_query_length(query, key, value, mask=None):
    scores = query @ key.mT / math.sqrt(query.shape[-2])
    return reference.softmax(scores, mask) @ value


def wrong__constant_scale(query, key, value, mask=None):
    return reference.softmax(query @ key.mT / 8.0, mask) @ value


def wrong__normalised_vectors(query, key, value, mask=None):
    query, key = F.normalize(query, dim=-1), F.normalize(key, dim=-1)
    return reference.softmax(query @ key.mT, mask) @ value


def wrong__key_and_value_exchanged(query, key, value, mask=None):
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    weights = reference.softmax(scores, mask)
    return weights @ (key if key.shape == value.shape else value)


def wrong__values_are_scored(query, key, value, mask=None):
    if value.shape == key.shape:
        return reference.scaled_dot_product_attention(query, value, key, mask)
    return reference.scaled_dot_product_attention(query, key, value, mask)


def wrong__negative_scores(query, key, value, mask=None):
    return reference.scaled_dot_product_attention(-query, key, value, mask)


def wrong__transposes_all_dimensions(query, key, value, mask=None):
    scores = query @ key.permute(*reversed(range(key.ndim))) / math.sqrt(query.shape[-1])
    return reference.softmax(scores, mask) @ value


def wrong__always_causal(query, key, value, mask=None):
    if mask is None and query.shape[-2] == key.shape[-2]:
        mask = reference.causal_mask(query.shape[-2])
    return reference.scaled_dot_product_attention(query, key, value, mask)


def wrong__scaled_after_masking_with_minus_one(query, key, value, mask=None):
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -10.0)
    weights = torch.softmax(scores, -1)
    if mask is not None:
        weights = weights * mask.any(-1, keepdim=True)
    return weights @ value


def wrong__masks_the_values(query, key, value, mask=None):
    weights = reference.attention_weights(query, key)
    if mask is None:
        return weights @ value
    return (weights * mask) @ value / mask.sum(-1, keepdim=True).clamp(min=1)


def wrong__dropout(query, key, value, mask=None):
    weights = F.dropout(reference.attention_weights(query, key, mask), 0.1)
    return weights @ value


def wrong__returns_weights_too(query, key, value, mask=None):
    weights = reference.attention_weights(query, key, mask)
    return weights @ value, weights


def wrong__adds_the_query(query, key, value, mask=None):
    output = reference.scaled_dot_product_attention(query, key, value, mask)
    return output + query if query.shape == output.shape else output * 1.01


def wrong__mask_transposed(query, key, value, mask=None):
    if mask is not None and mask.shape[-1] == mask.shape[-2]:
        mask = mask.mT
    return reference.scaled_dot_product_attention(query, key, value, mask)


def wrong__forgets_mask_where_nothing_is_seen(query, key, value, mask=None):
    if mask is not None:
        mask = mask | ~mask.any(-1, keepdim=True)
    return reference.scaled_dot_product_attention(query, key, value, mask)


def wrong__scales_query_in_place(query, key, value, mask=None):
    query /= math.sqrt(query.shape[-1])
    return reference.softmax(query @ key.mT, mask) @ value


def wrong__fills_mildly(query, key, value, mask=None):
    scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
    if mask is None:
        return torch.softmax(scores, -1) @ value
    weights = torch.softmax(scores.masked_fill(~mask, -20.0), -1)
    return (weights * mask.any(-1, keepdim=True)) @ value
