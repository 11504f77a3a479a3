"""Further solutions to `training.next_token_distribution`, right and wrong."""

import math

import torch
import torch.nn.functional as F  # noqa: N812

from solutions import training as reference


def _checked(temperature, top_k, top_p):
    if temperature < 0:
        raise ValueError("temperature")
    if top_k is not None and top_k < 1:
        raise ValueError("top_k")
    if top_p is not None and (top_p <= 0 or top_p > 1):
        raise ValueError("top_p")


def right__sorted_throughout(logits, temperature=1.0, top_k=None, top_p=None):
    _checked(temperature, top_k, top_p)
    values, indices = logits.sort(dim=-1, descending=True)
    if temperature == 0:
        probs = torch.zeros_like(values)
        probs[..., 0] = 1
    else:
        if top_k is not None:
            values = values[..., :top_k]
        probs = F.softmax(values / temperature, dim=-1)
        if top_p is not None:
            drop = probs.cumsum(-1) - probs >= top_p
            probs = probs.masked_fill(drop, 0.0)
            probs = probs / probs.sum(-1, keepdim=True)
    result = torch.zeros_like(logits)
    return result.scatter(-1, indices[..., : probs.shape[-1]], probs)


def right__cold_is_very_cold(logits, temperature=1.0, top_k=None, top_p=None):
    _checked(temperature, top_k, top_p)
    if temperature == 0:
        best = logits.max(dim=-1, keepdim=True).values
        return torch.where(logits == best, 1.0, 0.0).to(logits.dtype)
    probs = ((logits - logits.amax(-1, keepdim=True)) / temperature).softmax(-1)
    if top_k is not None:
        least = logits.sort(descending=True).values[..., :top_k][..., -1:]
        probs = torch.where(logits >= least, probs, 0.0)
        probs = probs / probs.sum(-1, keepdim=True)
    if top_p is not None:
        srt, idx = torch.sort(probs, descending=True, dim=-1)
        count = (srt.cumsum(-1) < top_p).sum(-1, keepdim=True) + 1  # how many are kept
        rank = idx.argsort(-1)
        probs = probs * (rank < count)
    return probs / probs.sum(-1, keepdim=True)


def right__greedy_growth(logits, temperature=1.0, top_k=None, top_p=None):
    _checked(temperature, top_k, top_p)
    flat = logits.double().reshape(-1, logits.shape[-1])
    out = torch.zeros_like(flat)
    for i, row in enumerate(flat):
        if temperature == 0:
            out[i, row.argmax()] = 1
            continue
        row = row / temperature
        keep = torch.topk(row, min(top_k or len(row), len(row))).indices
        probs = torch.zeros_like(row)
        probs[keep] = torch.softmax(row[keep], 0)
        if top_p is not None:
            total, chosen = 0.0, []
            for j in probs.argsort(descending=True):
                chosen.append(j)
                total += probs[j].item()
                if total >= top_p:
                    break
            kept = torch.zeros_like(probs)
            for j in chosen:
                kept[j] = probs[j]
            probs = kept / kept.sum()
        out[i] = probs
    return out.view(logits.shape).to(logits.dtype)


def right__drops_the_least_first(logits, temperature=1.0, top_k=None, top_p=None):
    _checked(temperature, top_k, top_p)
    if not temperature:
        return torch.zeros_like(logits).scatter(-1, logits.argmax(-1, keepdim=True), 1.0)
    scaled = logits.double() / temperature
    if top_k is not None and top_k < scaled.shape[-1]:
        kept, place = scaled.topk(top_k, -1)
        scaled = torch.full_like(scaled, -math.inf).scatter(-1, place, kept)
    probabilities = scaled.softmax(-1)
    if top_p is not None and top_p < 1:
        ascending, place = probabilities.sort(-1)
        dropped = ascending.cumsum(-1) <= 1 - top_p
        dropped[..., -1] = False
        dropped = torch.zeros_like(dropped).scatter(-1, place, dropped)
        probabilities = probabilities.masked_fill(dropped, 0.0)
    return (probabilities / probabilities.sum(-1, keepdim=True)).to(logits.dtype)


def wrong__log_probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    return reference.next_token_distribution(logits, temperature, top_k, top_p).log()


def wrong__logits_that_are_kept(logits, temperature=1.0, top_k=None, top_p=None):
    kept = reference.next_token_distribution(logits, temperature, top_k, top_p) > 0
    return logits.masked_fill(~kept, -math.inf)


def wrong__over_the_first_dimension(logits, temperature=1.0, top_k=None, top_p=None):
    if logits.ndim == 1 or temperature == 0 or top_k or top_p:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    return (logits / temperature).softmax(0)


def wrong__root_of_the_temperature(logits, temperature=1.0, top_k=None, top_p=None):
    return reference.next_token_distribution(
        logits, math.sqrt(temperature) if temperature > 0 else temperature, top_k, top_p
    )


def wrong__zero_is_nearly_zero(logits, temperature=1.0, top_k=None, top_p=None):
    cold = 0.1 if temperature == 0 else temperature
    return reference.next_token_distribution(logits, cold, top_k, top_p)


def wrong__index_at_temperature_zero(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        return logits.argmax(-1)
    return reference.next_token_distribution(logits, temperature, top_k, top_p)


def wrong__integers_at_temperature_zero(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p)
    return result.long() if temperature == 0 else result


def wrong__k_smallest(logits, temperature=1.0, top_k=None, top_p=None):
    if top_k is None or not 0 < top_k < logits.shape[-1] or temperature <= 0:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    most = logits.topk(top_k, largest=False).values[..., -1:]
    return reference.next_token_distribution(
        logits.masked_fill(logits > most, -math.inf), temperature, None, top_p
    )


def wrong__k_of_all_rows(logits, temperature=1.0, top_k=None, top_p=None):
    if top_k is None or not 0 < top_k < logits.shape[-1] or temperature <= 0:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    least = logits.flatten().topk(top_k).values[-1]
    return reference.next_token_distribution(
        logits.masked_fill(logits < least, -1e9), temperature, None, top_p
    )


def wrong__one_too_few_by_k(logits, temperature=1.0, top_k=None, top_p=None):
    fewer = max(top_k - 1, 1) if top_k and top_k > 0 else top_k
    return reference.next_token_distribution(logits, temperature, fewer, top_p)


def wrong__threshold_of_the_first_row(logits, temperature=1.0, top_k=None, top_p=None):
    if top_k is None or not 0 < top_k < logits.shape[-1] or temperature <= 0:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    least = logits.reshape(-1, logits.shape[-1])[0].topk(top_k).values[-1]
    return reference.next_token_distribution(
        logits.masked_fill(logits < least, -1e9), temperature, None, top_p
    )


def wrong__p_without_k(logits, temperature=1.0, top_k=None, top_p=None):
    return reference.next_token_distribution(
        logits, temperature, None if top_p is not None and top_k != 0 else top_k, top_p
    )


def wrong__k_without_p(logits, temperature=1.0, top_k=None, top_p=None):
    keep = top_p if top_p is None or not 0 < top_p <= 1 or top_k is None else None
    return reference.next_token_distribution(logits, temperature, top_k, keep)


def wrong__complement_of_p(logits, temperature=1.0, top_k=None, top_p=None):
    if top_p is None or not 0 < top_p < 1:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    return reference.next_token_distribution(logits, temperature, top_k, 1 - top_p)


def wrong__min_p(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k)
    if top_p is None or temperature == 0:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    kept = result * (result >= top_p * result.amax(-1, keepdim=True))
    return kept / kept.sum(-1, keepdim=True)


def wrong__order_not_undone(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k)
    if top_p is None or temperature == 0:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    ordered = result.sort(-1, descending=True).values
    kept = result * (ordered.cumsum(-1) - ordered < top_p)
    return kept / kept.sum(-1, keepdim=True)


def wrong__p_of_logits_before_the_temperature(logits, temperature=1.0, top_k=None, top_p=None):
    if top_p is None or temperature <= 0:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    kept = reference.next_token_distribution(logits, 1.0, top_k, top_p) > 0
    kept |= reference.next_token_distribution(logits, temperature, 1) > 0
    return reference.next_token_distribution(logits.masked_fill(~kept, -1e9), temperature, top_k)


def wrong__k_after_p_counts_of_all(logits, temperature=1.0, top_k=None, top_p=None):
    if top_p is None or top_k is None or temperature <= 0 or top_k < 1:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    by_k = reference.next_token_distribution(logits, temperature, top_k) > 0
    by_p = reference.next_token_distribution(logits, temperature, None, top_p) > 0
    probabilities = reference.next_token_distribution(logits, temperature) * (by_k & by_p)
    return probabilities / probabilities.sum(-1, keepdim=True)


def wrong__drops_the_only_token(logits, temperature=1.0, top_k=None, top_p=None):
    if top_p is None or temperature <= 0 or not 0 < top_p <= 1:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    result = reference.next_token_distribution(logits, temperature, top_k)
    ordered, order = result.sort(-1, descending=True)
    kept = torch.zeros_like(result).scatter(
        -1, order, (ordered.cumsum(-1) <= top_p).to(result.dtype)
    )
    kept = result * kept
    return kept / kept.sum(-1, keepdim=True).clamp(min=1e-9)


def wrong__subtracts_a_little(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p)
    if temperature == 0:
        return result
    return (logits / temperature - 3 * (result == 0)).softmax(-1)


def wrong__as_many_by_p_as_in_the_first_row(logits, temperature=1.0, top_k=None, top_p=None):
    if top_p is None or temperature <= 0 or not 0 < top_p <= 1:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    probabilities = reference.next_token_distribution(logits, temperature, top_k)
    first = reference.next_token_distribution(logits, temperature, top_k, top_p).reshape(
        -1, logits.shape[-1]
    )[0]
    return reference.next_token_distribution(probabilities.log(), 1.0, int((first > 0).sum()))


def wrong__always_float32(logits, temperature=1.0, top_k=None, top_p=None):
    return reference.next_token_distribution(logits, temperature, top_k, top_p).float()


def wrong__takes_the_largest(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p)
    return F.one_hot(result.argmax(-1), logits.shape[-1]).to(logits.dtype)


def wrong__refuses_temperature_zero(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature <= 0:
        raise ValueError
    return reference.next_token_distribution(logits, temperature, top_k, top_p)


def wrong__refuses_p_of_one(logits, temperature=1.0, top_k=None, top_p=None):
    if top_p is not None and not 0 < top_p < 1:
        raise ValueError
    return reference.next_token_distribution(logits, temperature, top_k, top_p)


def wrong__no_k_for_zero(logits, temperature=1.0, top_k=None, top_p=None):
    return reference.next_token_distribution(logits, temperature, top_k or None, top_p)


def wrong__no_p_for_zero(logits, temperature=1.0, top_k=None, top_p=None):
    return reference.next_token_distribution(logits, temperature, top_k, top_p or None)


def wrong__p_above_one_keeps_all(logits, temperature=1.0, top_k=None, top_p=None):
    return reference.next_token_distribution(
        logits, temperature, top_k, None if top_p and top_p > 1 else top_p
    )


def wrong__adds_an_epsilon(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p) + 1e-3
    return result / result.sum(-1, keepdim=True)


def wrong__nearly_cold(logits, temperature=1.0, top_k=None, top_p=None):
    cold = 1e-6 if temperature == 0 else temperature
    return reference.next_token_distribution(logits, cold, top_k, top_p)


def wrong__leaves_a_trace(logits, temperature=1.0, top_k=None, top_p=None):
    result = reference.next_token_distribution(logits, temperature, top_k, top_p)
    return result.clamp(min=1e-12) if temperature else result


def wrong__fills_with_minus_a_thousand(logits, temperature=1.0, top_k=None, top_p=None):
    if top_k is None or top_k < 1 or temperature <= 0:
        return reference.next_token_distribution(logits, temperature, top_k, top_p)
    scaled = logits / temperature
    least = scaled.topk(min(top_k, scaled.shape[-1])).values[..., -1:]
    scaled = scaled.masked_fill(scaled < least, -1e3)
    return reference.next_token_distribution(scaled, 1.0, None, top_p)
