"""Further solutions to `attention.cached_attention_step`, right and wrong."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import attention as reference


def right__stacks(query, key, value, key_cache, value_cache):
    keys = torch.concat([key_cache, key], -2)
    values = torch.concat([value_cache, value], -2)
    scores = torch.einsum("...od,...td->...ot", query, keys) / keys.size(-1) ** 0.5
    return torch.einsum("...ot,...tv->...ov", scores.softmax(-1), values), keys, values


def right__running_sums(query, key, value, key_cache, value_cache):
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


def wrong__scaled_by_length(query, key, value, key_cache, value_cache):
    keys, values = torch.cat((key_cache, key), -2), torch.cat((value_cache, value), -2)
    weights = torch.softmax(query @ keys.mT / math.sqrt(keys.shape[-2]), -1)
    return weights @ values, keys, values


def wrong__output_last(query, key, value, key_cache, value_cache):
    output, keys, values = reference.cached_attention_step(
        query, key, value, key_cache, value_cache
    )
    return keys, values, output


def wrong__squeezes(query, key, value, key_cache, value_cache):
    output, keys, values = reference.cached_attention_step(
        query, key, value, key_cache, value_cache
    )
    return output.squeeze(-2), keys, values


def wrong__value_appended_to_keys(query, key, value, key_cache, value_cache):
    output, keys, values = reference.cached_attention_step(
        query, key, value, key_cache, value_cache
    )
    if key.shape == value.shape:
        keys = torch.cat((key_cache, value), -2)
    return output, keys.flip(-2), values


def wrong__attends_without_the_oldest(query, key, value, key_cache, value_cache):
    _, keys, values = reference.cached_attention_step(query, key, value, key_cache, value_cache)
    start = 1 if keys.shape[-2] > 1 else 0
    output = reference.scaled_dot_product_attention(
        query, keys[..., start:, :], values[..., start:, :]
    )
    return output, keys, values


def wrong__appends_twice(query, key, value, key_cache, value_cache):
    output, keys, values = reference.cached_attention_step(
        query, key, value, key_cache, value_cache
    )
    return output, torch.cat((keys, key), -2), torch.cat((values, value), -2)


def wrong__appends_the_output(query, key, value, key_cache, value_cache):
    output, keys, _ = reference.cached_attention_step(query, key, value, key_cache, value_cache)
    return output, keys, torch.cat((value_cache, output), -2)


def wrong__causal_from_the_first_token(query, key, value, key_cache, value_cache):
    keys, values = torch.cat([key_cache, key], -2), torch.cat([value_cache, value], -2)
    output = F.scaled_dot_product_attention(query, keys, values, is_causal=True)
    return output, keys, values


def wrong__grows_the_caches_passed_in(query, key, value, key_cache, value_cache):
    output, keys, values = reference.cached_attention_step(
        query, key, value, key_cache, value_cache
    )
    key_cache.set_(keys)
    value_cache.set_(values)
    return output, key_cache, value_cache
