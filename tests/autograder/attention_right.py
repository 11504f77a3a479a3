"""Right solutions to the exercises on attention, each written as somebody might write it.

A function's name is that of the exercise, two underscores, and what is particular about it.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

# --- softmax


def softmax__minus_infinity_and_where(scores, mask=None):
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    masked = torch.where(mask, scores, float("-inf"))
    result = F.softmax(masked, dim=-1)
    return torch.where(torch.isnan(result), torch.zeros_like(result), result)


def softmax__finfo_minimum_then_mask(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(mask == False, torch.finfo(scores.dtype).min)  # noqa: E712
    weights = (scores - scores.max(dim=-1, keepdim=True)[0]).exp()
    if mask is not None:
        weights = weights * mask.to(weights.dtype)
    return weights / weights.sum(dim=-1, keepdim=True).clamp(min=1e-9)


def softmax__in_double_precision(scores, mask=None):
    high = scores.double()
    if mask is not None:
        high = high.masked_fill(~mask, -math.inf)
    return high.softmax(-1).nan_to_num(0.0).type(scores.dtype)


def softmax__row_by_row(scores, mask=None):
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


def softmax__log_softmax(scores, mask=None):
    if mask is None:
        return torch.log_softmax(scores, -1).exp()
    logs = torch.log_softmax(scores.masked_fill(~mask, -1e30), -1)
    return logs.exp() * mask


def softmax__numpy_masked_array(scores, mask=None):
    values = scores.detach().numpy()
    keep = np.broadcast_to(True if mask is None else mask.numpy(), values.shape)
    top = np.where(keep, values, -np.inf).max(axis=-1, keepdims=True)
    top[np.isneginf(top)] = 0
    with np.errstate(over="ignore"):
        e = np.where(keep, np.exp(np.where(keep, values - top, 0)), 0)
    total = e.sum(axis=-1, keepdims=True)
    result = np.divide(e, total, out=np.zeros_like(e), where=total > 0)
    return torch.tensor(result, dtype=scores.dtype)


# --- scaled_dot_product_attention


def scaled_dot_product_attention__copies_and_adds_bias(query, key, value, mask=None):
    bias = torch.zeros(query.shape[-2], key.shape[-2], dtype=query.dtype)
    if mask is not None:
        bias = torch.zeros(mask.shape, dtype=query.dtype).masked_fill(~mask, float("-inf"))
    scores = query @ key.transpose(-1, -2) * (1.0 / math.sqrt(query.size(-1))) + bias
    return torch.nan_to_num(F.softmax(scores, dim=-1), nan=0.0) @ value


def scaled_dot_product_attention__query_by_query(query, key, value, mask=None):
    outputs = []
    for i in range(query.shape[-2]):
        scores = (query[..., i : i + 1, :] * key).sum(-1) / math.sqrt(key.shape[-1])
        if mask is not None:
            row = mask[..., i, :] if mask.shape[-2] > 1 else mask[..., 0, :]
            scores = scores.masked_fill(~row, -math.inf)
        weights = torch.softmax(scores, -1).nan_to_num()
        outputs.append((weights.unsqueeze(-1) * value).sum(-2))
    return torch.stack(outputs, dim=-2)


def scaled_dot_product_attention__fills_1e9_then_clears(query, key, value, mask=None):
    scores = torch.matmul(query, key.transpose(-2, -1)) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask.logical_not(), -1e9)
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights = weights.masked_fill(mask.logical_not(), 0)
    return torch.matmul(weights, value)


def scaled_dot_product_attention__splits_the_scale(query, key, value, mask=None):
    fourth = key.shape[-1] ** -0.25
    scores = (query * fourth) @ (key * fourth).mT
    if mask is not None:
        scores = scores + torch.where(mask, 0.0, -math.inf).to(scores.dtype)
    peak = scores.amax(-1, keepdim=True).clamp(min=torch.finfo(scores.dtype).min)
    e = torch.exp(scores - peak)
    total = e.sum(-1, keepdim=True)
    return torch.where(total > 0, e @ value / torch.where(total > 0, total, 1), 0)


def scaled_dot_product_attention__torch_in_double(query, key, value, mask=None):
    result = F.scaled_dot_product_attention(
        query.double(), key.double(), value.double(), attn_mask=mask
    )
    return result.to(query.dtype).nan_to_num()


# --- causal_mask


def causal_mask__cumulative(length):
    return torch.eye(length).cumsum(dim=0).bool()


def causal_mask__numpy(length):
    return torch.from_numpy(np.tri(length, dtype=bool))


def causal_mask__indices(length):
    mask = torch.zeros((length, length), dtype=torch.bool)
    rows, columns = torch.tril_indices(length, length)
    mask[rows, columns] = True
    return mask


# --- padding_mask


def padding_mask__from_lists(lengths, length):
    rows = [[[[i < n for i in range(length)]]] for n in lengths.tolist()]
    return torch.tensor(rows)


def padding_mask__cumulative_sum(lengths, length):
    ones = torch.ones(lengths.size(0), 1, 1, length)
    return ones.cumsum(-1) <= lengths.view(-1, 1, 1, 1)


def padding_mask__vectorised_view(lengths, length):
    grid = torch.arange(length)[None, None, None].repeat(lengths.numel(), 1, 1, 1)
    return grid.lt(lengths[:, None, None, None])


# --- sliding_window_mask


def sliding_window_mask__from_lists(length, window):
    return torch.tensor([[0 <= i - j < window for j in range(length)] for i in range(length)])


def sliding_window_mask__sum_of_diagonals(length, window):
    mask = torch.zeros(length, length)
    for back in range(min(window, length)):
        mask += torch.diag(torch.ones(length - back), -back)
    return mask > 0


def sliding_window_mask__exclusive_or(length, window):
    return (
        torch.tril(torch.ones(length, length)).bool()
        ^ torch.tril(torch.ones(length, length), diagonal=-window).bool()
    )


# --- split_heads and merge_heads


def split_heads__movedim(x, heads):
    return torch.movedim(x.reshape(*x.shape[:2], heads, -1), 2, 1)


def split_heads__advanced_indexing(x, heads):
    head_width = x.shape[-1] // heads
    index = torch.arange(heads * head_width).reshape(heads, head_width)
    return x[:, :, index].swapaxes(1, 2)


def split_heads__concatenates_slices(x, heads):
    d = x.size(-1) // heads
    return torch.cat([x[:, None, :, h * d : (h + 1) * d] for h in range(heads)], dim=1)


def merge_heads__loops_over_everything(x):
    batch, heads, length, head_width = x.shape
    out = x.new_zeros(batch, length, heads * head_width)
    for h in range(heads):
        for d in range(head_width):
            out[:, :, h * head_width + d] = x[:, h, :, d]
    return out


def merge_heads__unbinds(x):
    return torch.cat(x.unbind(dim=1), dim=2)


def merge_heads__numpy(x):
    a = np.transpose(x.numpy(), (0, 2, 1, 3))
    return torch.from_numpy(a.reshape(a.shape[0], a.shape[1], -1).copy())


# --- multi_head_attention


def multi_head_attention__by_torch_functional(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    batch, length, width = x.shape

    def heads_of(weight):
        return F.linear(x, weight).view(batch, length, heads, width // heads).transpose(1, 2)

    out = F.scaled_dot_product_attention(
        heads_of(query_weight), heads_of(key_weight), heads_of(value_weight), attn_mask=mask
    )
    return F.linear(out.transpose(1, 2).contiguous().view(batch, length, width), output_weight)


def multi_head_attention__per_sequence(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
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


def multi_head_attention__module_of_torch(
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


# --- sinusoidal_positions


def sinusoidal_positions__annotated_transformer(length, width, base=10_000.0):
    pe = torch.zeros(length, width)
    position = torch.arange(0, length).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, width, 2) * -(math.log(base) / width))
    pe[:, 0::2] = torch.sin(position * div_term)
    pe[:, 1::2] = torch.cos(position * div_term)
    return pe


def sinusoidal_positions__numpy(length, width, base=10_000.0):
    angle = np.arange(length)[:, None] / np.power(base, (np.arange(width) // 2 * 2) / width)
    table = np.where(np.arange(width) % 2, np.cos(angle), np.sin(angle))
    return torch.from_numpy(table.astype(np.float32))


def sinusoidal_positions__column_by_column(length, width, base=10_000.0):
    p = torch.arange(length).float()
    columns = []
    for i in range(0, width, 2):
        columns += [torch.sin(p / base ** (i / width)), torch.cos(p / base ** (i / width))]
    return torch.stack(columns, dim=1)


# --- rotary_positions


def rotary_positions__roll(x, positions, base=10_000.0):
    half = x.shape[-1] // 2
    freq = torch.exp(-math.log(base) * torch.arange(half) / half)
    angle = (positions.unsqueeze(-1) * freq).repeat(1, 2)
    sign = torch.ones(x.shape[-1], dtype=x.dtype)
    sign[:half] = -1
    return x * angle.cos().to(x) + x.roll(half, dims=-1) * sign * angle.sin().to(x)


def rotary_positions__writes_into_a_copy(x, positions, base=10_000.0):
    out = x.clone()
    half = x.size(-1) // 2
    for k in range(half):
        angle = positions.double() * base ** (-2 * k / x.size(-1))
        c, s = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
        a, b = x[..., k], x[..., k + half]
        out[..., k] = a * c - b * s
        out[..., k + half] = a * s + b * c
    return out


def rotary_positions__einsum(x, positions, base=10_000.0):
    half = x.shape[-1] // 2
    inv_freq = 1 / base ** (torch.arange(half, dtype=torch.float64) / half)
    angle = torch.einsum("l,k->lk", positions.to(torch.float64), inv_freq)
    rotation = torch.stack(
        (torch.stack((angle.cos(), -angle.sin())), torch.stack((angle.sin(), angle.cos())))
    ).to(x.dtype)  # (2, 2, length, half)
    return torch.einsum("ijlk,...ljk->...lik", rotation, x.unflatten(-1, (2, half))).flatten(-2)


# --- cached_attention_step


def cached_attention_step__stacks(query, key, value, key_cache, value_cache):
    keys = torch.concat([key_cache, key], -2)
    values = torch.concat([value_cache, value], -2)
    scores = torch.einsum("...od,...td->...ot", query, keys) / keys.size(-1) ** 0.5
    return torch.einsum("...ot,...tv->...ov", scores.softmax(-1), values), keys, values


def cached_attention_step__running_sums(query, key, value, key_cache, value_cache):
    keys, values = torch.cat((key_cache, key), -2), torch.cat((value_cache, value), -2)
    root = math.sqrt(query.shape[-1])
    peak = torch.full_like(query[..., :1], -math.inf)
    total, output = torch.zeros_like(peak), torch.zeros_like(value)
    for t in range(keys.shape[-2]):
        score = (query * keys[..., t : t + 1, :]).sum(-1, keepdim=True) / root
        new = torch.maximum(peak, score)
        shrink = torch.exp(peak - new)
        weight = torch.exp(score - new)
        total, output = (
            total * shrink + weight,
            output * shrink + weight * values[..., t : t + 1, :],
        )
        peak = new
    return output / total, keys, values


# --- and a few more ways


def causal_mask__from_infinities(length):
    return torch.full((length, length), -math.inf).triu(1) == 0


def sliding_window_mask__clamped_distance(length, window):
    position = torch.arange(length)
    distance = position[:, None] - position
    return distance == distance.clamp(0, window - 1)


def padding_mask__rows_of_a_triangle(lengths, length):
    triangle = torch.ones(length + 1, length).tril(-1).bool()
    return triangle[lengths.long()][:, None, None, :]


def softmax__guarded_maximum_and_total(scores, mask=None):
    own = scores.clone()
    if mask is not None:
        own[(~mask).expand_as(own)] = -math.inf
    top = own.amax(-1, keepdim=True)
    top[top == -math.inf] = 0
    weights = torch.exp(own - top)
    total = weights.sum(-1, keepdim=True)
    total[total == 0] = 1
    return weights.div_(total)


def scaled_dot_product_attention__numerator_and_denominator(query, key, value, mask=None):
    scores = torch.einsum("...qd,...kd->...qk", query, key) * query.size(-1) ** -0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    top = scores.amax(-1, keepdim=True).clamp(min=torch.finfo(scores.dtype).min)
    weights = (scores - top).exp()
    return (weights @ value) / weights.sum(-1, keepdim=True).clamp(min=1e-30)


def split_heads__table_of_indices(x, heads):
    index = torch.arange(x.shape[-1]).view(heads, -1)
    return x[..., index].permute(0, 2, 1, 3)


def multi_head_attention__sum_over_the_heads(
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
