"""Further solutions to `attention.multi_head_attention`, right and wrong."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import attention as reference


def right__by_torch_functional(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    batch, length, width = x.shape

    def heads_of(weight):
        return F.linear(x, weight).view(batch, length, heads, width // heads).transpose(1, 2)

    out = F.scaled_dot_product_attention(
        heads_of(query_weight), heads_of(key_weight), heads_of(value_weight), attn_mask=mask
    )
    return F.linear(out.transpose(1, 2).contiguous().view(batch, length, width), output_weight)


def right__per_sequence(x, query_weight, key_weight, value_weight, output_weight, heads, mask=None):
    full = None if mask is None else mask.expand(x.shape[0], heads, x.shape[1], x.shape[1])
    outputs = []
    for b, row in enumerate(x):
        parts = []
        for h in range(heads):
            size = x.shape[-1] // heads
            part = slice(h * size, (h + 1) * size)
            q, k, v = (
                row @ query_weight[part].T,
                row @ key_weight[part].T,
                row @ value_weight[part].T,
            )
            scores = q @ k.T / size**0.5
            if full is not None:
                scores = scores.masked_fill(~full[b, h], -1e9)
            weights = torch.softmax(scores, -1)
            if full is not None:
                weights = weights * full[b, h]
            parts.append(weights @ v)
        outputs.append(torch.cat(parts, -1) @ output_weight.T)
    return torch.stack(outputs)


def right__module_of_torch(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    batch, length, width = x.shape
    module = torch.nn.MultiheadAttention(width, heads, bias=False, batch_first=True, dtype=x.dtype)
    with torch.no_grad():
        module.in_proj_weight.copy_(torch.cat((query_weight, key_weight, value_weight)))
        module.out_proj.weight.copy_(output_weight)
    if mask is not None:
        mask = ~mask.expand(batch, heads, length, length).reshape(-1, length, length)
    output, _ = module.train()(x, x, x, attn_mask=mask)
    if mask is None:
        return output
    # the module gives NaN where nothing may be attended to, so those heads are done by hand
    q, k, v = (
        (x @ w.T).unflatten(-1, (heads, -1)).transpose(1, 2)
        for w in (query_weight, key_weight, value_weight)
    )
    seen = (~mask).reshape(batch, heads, length, length)
    s = (q @ k.mT / q.shape[-1] ** 0.5).masked_fill(~seen, -1e9).softmax(-1) * seen
    by_hand = (s @ v).transpose(1, 2).flatten(2) @ output_weight.T
    return torch.where(output.isnan(), by_hand, output)


def right__sum_over_the_heads(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    batch, length, width = x.shape
    head_width = width // heads
    total = torch.zeros_like(x)
    for head in range(heads):
        own = slice(head * head_width, (head + 1) * head_width)
        query, key = x @ query_weight[own].T, x @ key_weight[own].T
        scores = query @ key.transpose(1, 2) * head_width**-0.5
        if mask is not None:
            seen = mask.broadcast_to(batch, heads, length, length)[:, head]
            scores = scores.masked_fill(~seen, -math.inf)
        weights = scores.softmax(-1).nan_to_num(0.0)
        total = total + weights @ (x @ value_weight[own].T) @ output_weight[:, own].T
    return total


def wrong__values_from_keys(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    return reference.multi_head_attention(
        x, query_weight, key_weight, key_weight, output_weight, heads, mask
    )


def wrong__same_head_everywhere(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    q, k, v = (
        reference.split_heads(x @ w.T, heads) for w in (query_weight, key_weight, value_weight)
    )
    out = reference.scaled_dot_product_attention(q[:, :1], k[:, :1], v, mask)
    return reference.merge_heads(out) @ output_weight.T


def wrong__residual(x, query_weight, key_weight, value_weight, output_weight, heads, mask=None):
    return x + reference.multi_head_attention(
        x, query_weight, key_weight, value_weight, output_weight, heads, mask
    )


def wrong__output_untransposed(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    return reference.multi_head_attention(
        x, query_weight, key_weight, value_weight, output_weight.T, heads, mask
    )


def wrong__scaled_by_head_count(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    factor = math.sqrt(x.shape[-1] / heads) / math.sqrt(heads)
    return reference.multi_head_attention(
        x, query_weight * factor, key_weight, value_weight, output_weight, heads, mask
    )


def wrong__always_causal(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    causal = reference.causal_mask(x.shape[1])
    return reference.multi_head_attention(
        x, query_weight, key_weight, value_weight, output_weight, heads, causal
    )


def wrong__mask_of_the_first_head(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    if mask is not None and mask.ndim == 4:
        mask = mask[:, :1]
    return reference.multi_head_attention(
        x, query_weight, key_weight, value_weight, output_weight, heads, mask
    )


def wrong__mask_of_the_first_sequence(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    if mask is not None and mask.ndim == 4:
        mask = mask[:1]
    return reference.multi_head_attention(
        x, query_weight, key_weight, value_weight, output_weight, heads, mask
    )


def wrong__interleaved_heads(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    def split(y):
        return y.unflatten(-1, (-1, heads)).permute(0, 3, 1, 2)

    q, k, v = (split(x @ w.T) for w in (query_weight, key_weight, value_weight))
    out = reference.scaled_dot_product_attention(q, k, v, mask)
    return out.permute(0, 2, 3, 1).flatten(2) @ output_weight.T
