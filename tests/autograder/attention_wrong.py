"""Wrong solutions to the exercises on attention that stand in no spec.

A function's name is that of the exercise, two underscores, and what is wrong with it.
"""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import attention as reference

# --- softmax


def softmax__normalised_by_length(scores, mask=None):
    e = torch.exp(scores - scores.max(-1, keepdim=True).values)
    return e / scores.shape[-1] if mask is None else e * mask / mask.sum(-1, keepdim=True)


def softmax__last_but_one_dimension(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=max(-2, -scores.ndim)).nan_to_num()


def softmax__base_two(scores, mask=None):
    return reference.softmax(scores * math.log(2), mask)


def softmax__half_temperature(scores, mask=None):
    return reference.softmax(scores / 2, mask)


def softmax__absolute_scores(scores, mask=None):
    return reference.softmax(scores.abs(), mask)


def softmax__minimum_instead_of_maximum(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    e = torch.exp(scores - scores.min(-1, keepdim=True).values)
    return (e / e.sum(-1, keepdim=True)).nan_to_num()


def softmax__epsilon_in_the_sum(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e9)
    e = torch.exp(scores - scores.amax(-1, keepdim=True))
    if mask is not None:
        e = e * mask
    return e / (e.sum(-1, keepdim=True) + 1e-2)


def softmax__always_float32(scores, mask=None):
    return reference.softmax(scores, mask).float()


def softmax__always_float64(scores, mask=None):
    return reference.softmax(scores, mask).double()


def softmax__masks_columns_of_the_first_row(scores, mask=None):
    if mask is not None and mask.ndim > 1:
        mask = mask[..., :1, :]
    return reference.softmax(scores, mask)


def softmax__clamps_scores(scores, mask=None):
    return reference.softmax(scores.clamp(-50, 50), mask)


def softmax__masks_in_place(scores, mask=None):
    if mask is not None:
        scores.masked_fill_(~mask, -math.inf)
    return torch.softmax(scores, -1).nan_to_num()


def softmax__subtracts_in_place(scores, mask=None):
    expected = reference.softmax(scores, mask)
    scores -= scores.amax(-1, keepdim=True)
    return expected


def softmax__wholly_masked_rows_one_hot(scores, mask=None):
    result = reference.softmax(scores, mask)
    if mask is not None:
        nothing = ~mask.expand(scores.shape).any(-1)
        result[nothing] = F.one_hot(torch.tensor(0), scores.shape[-1]).to(result)
    return result


def softmax__drops_masked_entries(scores, mask=None):
    if mask is None or scores.ndim > 1:
        return reference.softmax(scores, mask)
    return torch.softmax(scores[mask], -1)


def softmax__multiplies_before_exp_and_renormalises(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, -1)
    weights = torch.softmax(scores * mask, -1) * mask
    return weights / weights.sum(-1, keepdim=True).clamp(min=1e-9)


def softmax__renormalises_after(scores, mask=None):
    weights = torch.softmax(scores, -1)
    if mask is None:
        return weights
    weights = weights * mask
    return weights / (weights.sum(-1, keepdim=True) + 1e-12)


def softmax__argmax(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return F.one_hot(scores.argmax(-1), scores.shape[-1]).to(scores.dtype)


def softmax__sigmoid(scores, mask=None):
    weights = torch.sigmoid(scores)
    return weights if mask is None else weights * mask


# --- scaled_dot_product_attention


def scaled_dot_product_attention__root_of_query_length(query, key, value, mask=None):
    scores = query @ key.mT / math.sqrt(query.shape[-2])
    return reference.softmax(scores, mask) @ value


def scaled_dot_product_attention__constant_scale(query, key, value, mask=None):
    return reference.softmax(query @ key.mT / 8.0, mask) @ value


def scaled_dot_product_attention__normalised_vectors(query, key, value, mask=None):
    query, key = F.normalize(query, dim=-1), F.normalize(key, dim=-1)
    return reference.softmax(query @ key.mT, mask) @ value


def scaled_dot_product_attention__key_and_value_exchanged(query, key, value, mask=None):
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    weights = reference.softmax(scores, mask)
    return weights @ (key if key.shape == value.shape else value)


def scaled_dot_product_attention__values_are_scored(query, key, value, mask=None):
    if value.shape == key.shape:
        return reference.scaled_dot_product_attention(query, value, key, mask)
    return reference.scaled_dot_product_attention(query, key, value, mask)


def scaled_dot_product_attention__negative_scores(query, key, value, mask=None):
    return reference.scaled_dot_product_attention(-query, key, value, mask)


def scaled_dot_product_attention__transposes_all_dimensions(query, key, value, mask=None):
    scores = query @ key.permute(*reversed(range(key.ndim))) / math.sqrt(query.shape[-1])
    return reference.softmax(scores, mask) @ value


def scaled_dot_product_attention__always_causal(query, key, value, mask=None):
    if mask is None and query.shape[-2] == key.shape[-2]:
        mask = reference.causal_mask(query.shape[-2])
    return reference.scaled_dot_product_attention(query, key, value, mask)


def scaled_dot_product_attention__scaled_after_masking_with_minus_one(query, key, value, mask=None):
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -10.0)
    weights = torch.softmax(scores, -1)
    if mask is not None:
        weights = weights * mask.any(-1, keepdim=True)
    return weights @ value


def scaled_dot_product_attention__masks_the_values(query, key, value, mask=None):
    weights = reference.attention_weights(query, key)
    if mask is None:
        return weights @ value
    return (weights * mask) @ value / mask.sum(-1, keepdim=True).clamp(min=1)


def scaled_dot_product_attention__dropout(query, key, value, mask=None):
    weights = F.dropout(reference.attention_weights(query, key, mask), 0.1)
    return weights @ value


def scaled_dot_product_attention__returns_weights_too(query, key, value, mask=None):
    weights = reference.attention_weights(query, key, mask)
    return weights @ value, weights


def scaled_dot_product_attention__adds_the_query(query, key, value, mask=None):
    output = reference.scaled_dot_product_attention(query, key, value, mask)
    return output + query if query.shape == output.shape else output * 1.01


def scaled_dot_product_attention__mask_transposed(query, key, value, mask=None):
    if mask is not None and mask.shape[-1] == mask.shape[-2]:
        mask = mask.mT
    return reference.scaled_dot_product_attention(query, key, value, mask)


def scaled_dot_product_attention__forgets_mask_where_nothing_is_seen(query, key, value, mask=None):
    if mask is not None:
        mask = mask | ~mask.any(-1, keepdim=True)
    return reference.scaled_dot_product_attention(query, key, value, mask)


def scaled_dot_product_attention__scales_query_in_place(query, key, value, mask=None):
    query /= math.sqrt(query.shape[-1])
    return reference.softmax(query @ key.mT, mask) @ value


# --- masks


def causal_mask__three_by_three(length):
    return torch.ones(3, 3, dtype=torch.bool).tril()


def causal_mask__reversed_rows(length):
    return torch.ones(length, length, dtype=torch.bool).tril().flip(0)


def causal_mask__with_batch(length):
    return torch.ones(1, 1, length, length, dtype=torch.bool).tril()


def causal_mask__first_column_missing(length):
    mask = torch.ones(length, length, dtype=torch.bool).tril()
    mask[1:, 0] = False
    return mask


def causal_mask__uint8(length):
    return torch.ones(length, length, dtype=torch.uint8).tril()


def causal_mask__nested_list(length):
    return [[j <= i for j in range(length)] for i in range(length)]


def causal_mask__only_two_back(length):
    return reference.sliding_window_mask(length, 6)


def padding_mask__exact_position(lengths, length):
    return (torch.arange(length) == lengths[:, None] - 1)[:, None, None, :]


def padding_mask__batch_in_the_wrong_place(lengths, length):
    return (torch.arange(length) < lengths[:, None])[None, None]


def padding_mask__three_dimensions(lengths, length):
    return (torch.arange(length) < lengths[:, None])[:, None, :]


def padding_mask__square(lengths, length):
    real = torch.arange(length) < lengths[:, None]
    return (real[:, :, None] & real[:, None, :])[:, None]


def padding_mask__length_of_the_first(lengths, length):
    real = torch.arange(length) < lengths[0]
    return real.expand(len(lengths), 1, 1, length)


def padding_mask__at_least_one(lengths, length):
    return reference.padding_mask(lengths.clamp(min=1), length)


def padding_mask__never_full(lengths, length):
    return reference.padding_mask(lengths.clamp(max=length - 1), length)


def sliding_window_mask__first_rows_empty(length, window):
    mask = reference.sliding_window_mask(length, window)
    mask[: window - 1] = False
    return mask


def sliding_window_mask__window_modulo_length(length, window):
    return reference.sliding_window_mask(length, max(window % length, 1))


def sliding_window_mask__always_sees_the_first(length, window):
    mask = reference.sliding_window_mask(length, window)
    mask[:, 0] = True
    return mask


def sliding_window_mask__half_window(length, window):
    return reference.sliding_window_mask(length, (window + 1) // 2)


def sliding_window_mask__dilated(length, window):
    mask = reference.sliding_window_mask(length, window)
    distance = torch.arange(length)[:, None] - torch.arange(length)
    return mask & (distance % 2 == 0)


# --- heads


def split_heads__reversed(x, heads):
    return reference.split_heads(x, heads).flip(1)


def split_heads__folds_into_batch(x, heads):
    split = reference.split_heads(x, heads)
    return split.reshape(-1, *split.shape[2:])


def split_heads__repeats_the_first_head(x, heads):
    split = reference.split_heads(x, heads)
    return split[:, :1].expand_as(split)


def split_heads__always_two(x, heads):
    return reference.split_heads(x, 2 if x.shape[-1] % 2 == 0 else heads)


def split_heads__as_float(x, heads):
    return reference.split_heads(x, heads).float()


def split_heads__swaps_batch_and_length(x, heads):
    return reference.split_heads(x.transpose(0, 1), heads)


def merge_heads__head_width_first(x):
    return x.permute(0, 2, 3, 1).flatten(2)


def merge_heads__keeps_only_the_first(x):
    return x[:, 0]


def merge_heads__folds_the_batch(x):
    return x.transpose(1, 2).reshape(-1, x.shape[1] * x.shape[3])


def merge_heads__transposes_the_result(x):
    return reference.merge_heads(x).transpose(1, 2)


def merge_heads__maximum(x):
    return x.amax(1).repeat(1, 1, x.shape[1])


# --- multi_head_attention


def multi_head_attention__values_from_keys(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    return reference.multi_head_attention(
        x, query_weight, key_weight, key_weight, output_weight, heads, mask
    )


def multi_head_attention__same_head_everywhere(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    q, k, v = (
        reference.split_heads(x @ w.T, heads) for w in (query_weight, key_weight, value_weight)
    )
    out = reference.scaled_dot_product_attention(q[:, :1], k[:, :1], v, mask)
    return reference.merge_heads(out) @ output_weight.T


def multi_head_attention__residual(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    return x + reference.multi_head_attention(
        x, query_weight, key_weight, value_weight, output_weight, heads, mask
    )


def multi_head_attention__output_untransposed(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    return reference.multi_head_attention(
        x, query_weight, key_weight, value_weight, output_weight.T, heads, mask
    )


def multi_head_attention__scaled_by_head_count(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    factor = math.sqrt(x.shape[-1] / heads) / math.sqrt(heads)
    return reference.multi_head_attention(
        x, query_weight * factor, key_weight, value_weight, output_weight, heads, mask
    )


def multi_head_attention__always_causal(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    causal = reference.causal_mask(x.shape[1])
    return reference.multi_head_attention(
        x, query_weight, key_weight, value_weight, output_weight, heads, causal
    )


def multi_head_attention__mask_of_the_first_head(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    if mask is not None and mask.ndim == 4:
        mask = mask[:, :1]
    return reference.multi_head_attention(
        x, query_weight, key_weight, value_weight, output_weight, heads, mask
    )


def multi_head_attention__mask_of_the_first_sequence(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    if mask is not None and mask.ndim == 4:
        mask = mask[:1]
    return reference.multi_head_attention(
        x, query_weight, key_weight, value_weight, output_weight, heads, mask
    )


def multi_head_attention__interleaved_heads(
    x, query_weight, key_weight, value_weight, output_weight, heads, mask=None
):
    def split(y):
        return y.unflatten(-1, (-1, heads)).permute(0, 3, 1, 2)

    q, k, v = (split(x @ w.T) for w in (query_weight, key_weight, value_weight))
    out = reference.scaled_dot_product_attention(q, k, v, mask)
    return out.permute(0, 2, 3, 1).flatten(2) @ output_weight.T


# --- positions


def sinusoidal_positions__cosine_at_position_zero_only(length, width, base=10_000.0):
    return reference.sinusoidal_positions(length, width, base).sin()


def sinusoidal_positions__transposed(length, width, base=10_000.0):
    return reference.sinusoidal_positions(length, width, base).T


def sinusoidal_positions__degrees(length, width, base=10_000.0):
    angles = reference.position_angles(torch.arange(length), width, base)
    angles = angles * math.pi / 180
    return torch.stack((angles.sin(), angles.cos()), -1).flatten(1)


def sinusoidal_positions__two_pi(length, width, base=10_000.0):
    angles = 2 * math.pi * reference.position_angles(torch.arange(length), width, base)
    return torch.stack((angles.sin(), angles.cos()), -1).flatten(1)


def sinusoidal_positions__base_thousand(length, width, base=1_000.0):
    return reference.sinusoidal_positions(length, width, base)


def sinusoidal_positions__float64(length, width, base=10_000.0):
    return reference.sinusoidal_positions(length, width, base).double()


def sinusoidal_positions__reversed_frequencies(length, width, base=10_000.0):
    return reference.sinusoidal_positions(length, width, base).flip(1)


def sinusoidal_positions__exponent_over_half_minus_one(length, width, base=10_000.0):
    exponents = torch.arange(width // 2) / max(width // 2 - 1, 1)
    angles = torch.arange(length)[:, None] / base**exponents
    return torch.stack((angles.sin(), angles.cos()), -1).flatten(1)


def sinusoidal_positions__normalised(length, width, base=10_000.0):
    return F.normalize(reference.sinusoidal_positions(length, width, base), dim=-1)


def rotary_positions__rotates_only_the_first_half(x, positions, base=10_000.0):
    half = x.shape[-1] // 2
    rotated = reference.rotary_positions(x, positions, base)
    return torch.cat((rotated[..., :half], x[..., half:]), -1)


def rotary_positions__halves_returned_in_wrong_order(x, positions, base=10_000.0):
    first, second = reference.rotary_positions(x, positions, base).chunk(2, -1)
    return torch.cat((second, first), -1)


def rotary_positions__interleaves_the_result(x, positions, base=10_000.0):
    first, second = reference.rotary_positions(x, positions, base).chunk(2, -1)
    return torch.stack((first, second), -1).flatten(-2)


def rotary_positions__frequencies_reversed(x, positions, base=10_000.0):
    angles = reference.position_angles(positions, x.shape[-1], base).flip(-1).to(x.dtype)
    return reference.rotate_halves(x, angles.cos(), angles.sin())


def rotary_positions__relative_to_the_first(x, positions, base=10_000.0):
    return reference.rotary_positions(x, positions - positions[0], base)


def rotary_positions__sorted_positions(x, positions, base=10_000.0):
    return reference.rotary_positions(x, positions.sort().values, base)


def rotary_positions__over_the_heads(x, positions, base=10_000.0):
    if x.ndim == 4 and x.shape[1] == x.shape[2]:
        return reference.rotary_positions(x.transpose(1, 2), positions, base).transpose(1, 2)
    return reference.rotary_positions(x, positions + (x.ndim == 4), base)


def rotary_positions__in_place(x, positions, base=10_000.0):
    x.copy_(reference.rotary_positions(x, positions, base))
    return x


def rotary_positions__sinusoids_with_interleaved_angles(x, positions, base=10_000.0):
    angles = reference.position_angles(positions, x.shape[-1], base).to(x.dtype)
    angles = angles.repeat_interleave(2, dim=-1)
    first, second = x.chunk(2, -1)
    turned = torch.cat((-second, first), -1)
    return x * angles.cos() + turned * angles.sin()


def rotary_positions__degrees(x, positions, base=10_000.0):
    angles = reference.position_angles(positions, x.shape[-1], base, x.dtype) * math.pi / 180
    return reference.rotate_halves(x, angles.cos(), angles.sin())


# --- cached_attention_step


def cached_attention_step__scaled_by_length(query, key, value, key_cache, value_cache):
    keys, values = torch.cat((key_cache, key), -2), torch.cat((value_cache, value), -2)
    weights = torch.softmax(query @ keys.mT / math.sqrt(keys.shape[-2]), -1)
    return weights @ values, keys, values


def cached_attention_step__output_last(query, key, value, key_cache, value_cache):
    output, keys, values = reference.cached_attention_step(
        query, key, value, key_cache, value_cache
    )
    return keys, values, output


def cached_attention_step__squeezes(query, key, value, key_cache, value_cache):
    output, keys, values = reference.cached_attention_step(
        query, key, value, key_cache, value_cache
    )
    return output.squeeze(-2), keys, values


def cached_attention_step__value_appended_to_keys(query, key, value, key_cache, value_cache):
    output, keys, values = reference.cached_attention_step(
        query, key, value, key_cache, value_cache
    )
    if key.shape == value.shape:
        keys = torch.cat((key_cache, value), -2)
    return output, keys.flip(-2), values


def cached_attention_step__attends_without_the_oldest(query, key, value, key_cache, value_cache):
    _, keys, values = reference.cached_attention_step(query, key, value, key_cache, value_cache)
    start = 1 if keys.shape[-2] > 1 else 0
    output = reference.scaled_dot_product_attention(
        query, keys[..., start:, :], values[..., start:, :]
    )
    return output, keys, values


def cached_attention_step__appends_twice(query, key, value, key_cache, value_cache):
    output, keys, values = reference.cached_attention_step(
        query, key, value, key_cache, value_cache
    )
    return output, torch.cat((keys, key), -2), torch.cat((values, value), -2)


def cached_attention_step__appends_the_output(query, key, value, key_cache, value_cache):
    output, keys, _ = reference.cached_attention_step(query, key, value, key_cache, value_cache)
    return output, keys, torch.cat((value_cache, output), -2)


# --- the rare and the large


def sliding_window_mask__slices_from_behind(length, window):
    mask = torch.zeros(length, length, dtype=torch.bool)
    for query in range(length):
        mask[query, query - window + 1 : query + 1] = True
    return mask


def padding_mask__slices_from_behind(lengths, length):
    mask = torch.ones(len(lengths), 1, 1, length, dtype=torch.bool)
    for row, count in zip(mask, lengths.tolist(), strict=True):
        row[..., count - length :] = False
    return mask


def softmax__leaves_a_trace(scores, mask=None):
    return reference.softmax(scores, mask).clamp(min=1e-12)


def scaled_dot_product_attention__fills_mildly(query, key, value, mask=None):
    scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
    if mask is None:
        return torch.softmax(scores, -1) @ value
    weights = torch.softmax(scores.masked_fill(~mask, -20.0), -1)
    return (weights * mask.any(-1, keepdim=True)) @ value


def cached_attention_step__causal_from_the_first_token(query, key, value, key_cache, value_cache):
    keys, values = torch.cat([key_cache, key], -2), torch.cat([value_cache, value], -2)
    output = F.scaled_dot_product_attention(query, keys, values, is_causal=True)
    return output, keys, values


def cached_attention_step__grows_the_caches_passed_in(query, key, value, key_cache, value_cache):
    output, keys, values = reference.cached_attention_step(
        query, key, value, key_cache, value_cache
    )
    key_cache.set_(keys)
    value_cache.set_(values)
    return output, key_cache, value_cache


def sinusoidal_positions__in_half_precision(length, width, base=10_000.0):
    return reference.sinusoidal_positions(length, width, base).half().float()


def rotary_positions__reads_what_it_has_written(x, positions, base=10_000.0):
    out, half = x.clone(), x.shape[-1] // 2
    angle = positions[:, None] / base ** (torch.arange(half, dtype=torch.float64) / half)
    cosine, sine = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    out[..., :half] = out[..., :half] * cosine - out[..., half:] * sine
    out[..., half:] = out[..., :half] * sine + out[..., half:] * cosine
    return out
