"""Wrong solutions to the exercises on self-supervision that stand in no spec.

A function's name is that of the exercise, two underscores, and what is wrong with it.
"""

import hashlib
import math
import random
import re
import unicodedata

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from solutions import self_supervision as reference

# --- next_token_pairs


def next_token_pairs__targets_two_ahead(tokens, context_length):
    inputs, targets = reference.next_token_pairs(tokens[:-1], context_length)
    return inputs, reference.next_token_pairs(tokens[1:], context_length)[1][: len(targets)]


def next_token_pairs__shifted_within_the_window(tokens, context_length):
    inputs, _ = reference.next_token_pairs(tokens, context_length)
    return inputs, inputs.roll(-1, dims=1)


def next_token_pairs__last_target_ignored(tokens, context_length):
    inputs, targets = reference.next_token_pairs(tokens, context_length)
    targets = targets.clone()
    targets[:, -1] = -100
    return inputs, targets


def next_token_pairs__columns_for_windows(tokens, context_length):
    inputs, targets = reference.next_token_pairs(tokens, context_length)
    return inputs.T, targets.T


def next_token_pairs__reshaped_across(tokens, context_length):
    inputs, targets = reference.next_token_pairs(tokens, context_length)
    return inputs.T.reshape(inputs.shape), targets.T.reshape(targets.shape)


def next_token_pairs__counts_windows_too_cautiously(tokens, context_length):
    windows = max(0, (len(tokens) - 2) // context_length)
    end = windows * context_length
    return tokens[:end].view(windows, -1), tokens[1 : end + 1].view(windows, -1)


def next_token_pairs__loses_the_shape_without_windows(tokens, context_length):
    inputs, targets = reference.next_token_pairs(tokens, context_length)
    return (inputs, targets) if len(inputs) else (torch.empty(0).long(), torch.empty(0).long())


def next_token_pairs__inputs_only(tokens, context_length):
    return reference.next_token_pairs(tokens, context_length)[0]


def next_token_pairs__pads_the_last_window(tokens, context_length):
    missing = -(len(tokens) - 1) % context_length
    return reference.next_token_pairs(F.pad(tokens, (0, missing)), context_length)


def next_token_pairs__floats(tokens, context_length):
    return tuple(x.float() for x in reference.next_token_pairs(tokens, context_length))


# --- sample_batch


def sample_batch__rounds_the_start(tokens, batch, context_length, generator):
    last = len(tokens) - context_length - 1
    if last < 0:
        raise ValueError("too short")
    starts = (torch.rand(batch, generator=generator) * last).round().long()
    places = starts[:, None] + torch.arange(context_length)
    return tokens[places], tokens[places + 1]


def sample_batch__wraps_around(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    starts = torch.randint(len(tokens), (batch, 1), generator=generator)
    places = starts + torch.arange(context_length)
    return tokens[places % len(tokens)], tokens[(places + 1) % len(tokens)]


def sample_batch__consecutive_windows(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    places = len(tokens) - context_length
    first = torch.randint(places, (1,), generator=generator)
    starts = (first + torch.arange(batch)) % places
    where = starts[:, None] + torch.arange(context_length)
    return tokens[where], tokens[where + 1]


def sample_batch__sorted_starts(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    starts = torch.randint(len(tokens) - context_length, (batch,), generator=generator)
    where = starts.sort().values[:, None] + torch.arange(context_length)
    return tokens[where], tokens[where + 1]


def sample_batch__always_the_first(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    where = torch.arange(context_length).expand(batch, -1)
    return tokens[where], tokens[where + 1]


def sample_batch__random_tokens_instead_of_windows(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    where = torch.randint(len(tokens) - 1, (batch, context_length), generator=generator)
    return tokens[where], tokens[where + 1]


def sample_batch__targets_from_another_draw(tokens, batch, context_length, generator):
    inputs, _ = reference.sample_batch(tokens, batch, context_length, generator)
    return inputs, reference.sample_batch(tokens, batch, context_length, generator)[1]


def sample_batch__python_random(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    starts = [random.randrange(len(tokens) - context_length) for _ in range(batch)]
    where = torch.tensor(starts)[:, None] + torch.arange(context_length)
    return tokens[where], tokens[where + 1]


def sample_batch__numpy_random(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    starts = np.random.randint(0, len(tokens) - context_length, batch)
    where = torch.from_numpy(starts)[:, None] + torch.arange(context_length)
    return tokens[where], tokens[where + 1]


def sample_batch__a_new_generator(tokens, batch, context_length, generator):
    return reference.sample_batch(tokens, batch, context_length, torch.Generator())


def sample_batch__seeds_everything(tokens, batch, context_length, generator):
    torch.manual_seed(1337)
    return reference.sample_batch(tokens, batch, context_length, torch.default_generator)


def sample_batch__middle_twice_as_likely(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    places = len(tokens) - context_length
    starts = torch.rand(batch, 2, generator=generator).mean(1).mul(places).long()
    where = starts[:, None] + torch.arange(context_length)
    return tokens[where], tokens[where + 1]


def sample_batch__transposed(tokens, batch, context_length, generator):
    inputs, targets = reference.sample_batch(tokens, batch, context_length, generator)
    return inputs.T, targets.T


def sample_batch__demands_one_token_more(tokens, batch, context_length, generator):
    if len(tokens) < context_length + 2:
        raise ValueError("too short")
    return reference.sample_batch(tokens, batch, context_length, generator)


def sample_batch__shortens_the_window_when_too_short(tokens, batch, context_length, generator):
    length = min(context_length, max(len(tokens) - 1, 1))
    return reference.sample_batch(tokens, batch, length, generator)


def sample_batch__joined_in_one_tensor(tokens, batch, context_length, generator):
    return torch.stack(reference.sample_batch(tokens, batch, context_length, generator)).flatten(1)


# --- bigram_counts


def bigram_counts__skips_one(tokens, vocabulary_size):
    return reference.bigram_counts(torch.cat([tokens[::2], tokens[1::2]]), vocabulary_size)


def bigram_counts__upper_triangle(tokens, vocabulary_size):
    counts = reference.bigram_counts(tokens, vocabulary_size)
    return counts.triu() + counts.tril(-1).T


def bigram_counts__plus_one(tokens, vocabulary_size):
    return reference.bigram_counts(tokens, vocabulary_size) + 1


def bigram_counts__misses_the_last_pair(tokens, vocabulary_size):
    return reference.bigram_counts(tokens[:-1], vocabulary_size)


def bigram_counts__misses_the_first_pair(tokens, vocabulary_size):
    return reference.bigram_counts(tokens[1:], vocabulary_size)


def bigram_counts__flat(tokens, vocabulary_size):
    return reference.bigram_counts(tokens, vocabulary_size).flatten()


def bigram_counts__frequencies(tokens, vocabulary_size):
    counts = reference.bigram_counts(tokens, vocabulary_size)
    return counts / max(len(tokens) - 1, 1)


def bigram_counts__runs_counted_once(tokens, vocabulary_size):
    return reference.bigram_counts(tokens.unique_consecutive(), vocabulary_size)


def bigram_counts__breaks_on_an_empty_text(tokens, vocabulary_size):
    counts = torch.zeros(vocabulary_size, vocabulary_size, dtype=torch.long)
    previous = tokens[0]
    for token in tokens[1:]:
        counts[previous, token] += 1
        previous = token
    return counts


def bigram_counts__saturates(tokens, vocabulary_size):
    return reference.bigram_counts(tokens, vocabulary_size).clamp(max=3)


def bigram_counts__bins_by_the_wrong_size(tokens, vocabulary_size):
    pairs = tokens[:-1] * (vocabulary_size - 1) + tokens[1:]
    flat = torch.bincount(pairs, minlength=vocabulary_size**2)
    return flat[: vocabulary_size**2].reshape(vocabulary_size, vocabulary_size)


# --- bigram_probabilities


def bigram_probabilities__logarithms(counts, smoothing=0.0):
    return reference.bigram_probabilities(counts, smoothing).log()


def bigram_probabilities__uniform_mixture(counts, smoothing=0.0):
    share = smoothing / (1 + smoothing)
    return (1 - share) * reference.bigram_probabilities(counts) + share / len(counts)


def bigram_probabilities__smoothing_in_place(counts, smoothing=0.0):
    result = reference.bigram_probabilities(counts, smoothing)
    counts += int(smoothing) + 1
    return result


def bigram_probabilities__one_over_the_vocabulary_added(counts, smoothing=0.0):
    return reference.bigram_probabilities(counts, smoothing / len(counts))


def bigram_probabilities__rows_by_their_largest(counts, smoothing=0.0):
    c = counts + smoothing
    return (c / c.amax(1, keepdim=True)).float().nan_to_num(1 / len(counts))


def bigram_probabilities__broadcast_the_other_way(counts, smoothing=0.0):
    c = counts.double() + smoothing
    return (c / c.sum(dim=1)).float().nan_to_num(1 / len(counts))


def bigram_probabilities__empty_rows_to_the_token_itself(counts, smoothing=0.0):
    result = reference.bigram_probabilities(counts, smoothing)
    empty = counts.sum(1) == 0
    result[empty] = torch.eye(len(counts))[empty]
    return result


def bigram_probabilities__empty_rows_uniform_even_if_unseen_only(counts, smoothing=0.0):
    result = reference.bigram_probabilities(counts, smoothing)
    return torch.where(counts == 0, 1 / len(counts), result)


def bigram_probabilities__epsilon_makes_rows_vanish(counts, smoothing=0.0):
    c = counts + smoothing
    return (c / (c.sum(1, keepdim=True) + 1e-8)).float()


def bigram_probabilities__integer_division(counts, smoothing=0.0):
    return reference.bigram_probabilities(counts, smoothing).round()


def bigram_probabilities__smooths_by_default(counts, smoothing=0.0):
    return reference.bigram_probabilities(counts, smoothing or 1.0)


def bigram_probabilities__counts_vocabulary_seen(counts, smoothing=0.0):
    seen = (counts > 0).sum(1, keepdim=True)
    c = counts.double() + smoothing
    total = counts.sum(1, keepdim=True) + smoothing * seen
    return torch.where(total > 0, c / total, 1 / len(counts)).float()


# --- bits_per_byte


def bits_per_byte__utf16(total_nats, text):
    if not text:
        raise ValueError("empty")
    return total_nats / math.log(2) / len(text.encode("utf-16-le"))


def bits_per_byte__ignores_what_is_not_ascii(total_nats, text):
    if not text:
        raise ValueError("empty")
    return total_nats / math.log(2) / max(len(text.encode("ascii", "ignore")), 1)


def bits_per_byte__replaces_what_is_not_ascii(total_nats, text):
    if not text:
        raise ValueError("empty")
    return total_nats / math.log(2) / len(text.encode("ascii", "replace"))


def bits_per_byte__strips_the_text(total_nats, text):
    if not text.strip():
        raise ValueError("empty")
    return total_nats / math.log(2) / len(text.strip().encode())


def bits_per_byte__decimal_logarithm(total_nats, text):
    if not text:
        raise ValueError("empty")
    return total_nats / math.log10(2) / len(text.encode())


def bits_per_byte__rounded(total_nats, text):
    return round(reference.bits_per_byte(total_nats, text), 2)


def bits_per_byte__perplexity(total_nats, text):
    return math.exp(reference.bits_per_byte(total_nats, text))


def bits_per_byte__size_of_the_object(total_nats, text):
    if not text:
        raise ValueError("empty")
    return total_nats / math.log(2) / text.__sizeof__()


def bits_per_byte__not_a_number_for_nothing(total_nats, text):
    return reference.bits_per_byte(total_nats, text) if text else math.nan


def bits_per_byte__different_characters(total_nats, text):
    if not text:
        raise ValueError("empty")
    return total_nats / math.log(2) / len(set(text.encode()))


# --- document_mask


def document_mask__earlier_documents_too(document_numbers):
    d = document_numbers
    mask = d[:, :, None] >= d[:, None, :]
    return mask.tril()[:, None]


def document_mask__other_documents(document_numbers):
    d = document_numbers
    return (d[:, :, None] != d[:, None, :]).tril()[:, None]


def document_mask__same_or_causal(document_numbers):
    d = document_numbers
    n = d.shape[1]
    return ((d[:, :, None] == d[:, None]) | torch.ones(n, n).bool().tril())[:, None]


def document_mask__previous_token_only(document_numbers):
    return reference.document_mask(document_numbers).triu(-1)


def document_mask__additive(document_numbers):
    mask = reference.document_mask(document_numbers)
    return torch.zeros(mask.shape).masked_fill(~mask, -math.inf)


def document_mask__integers(document_numbers):
    return reference.document_mask(document_numbers).long()


def document_mask__heads_last(document_numbers):
    return reference.document_mask(document_numbers).movedim(1, -1)


def document_mask__merged_rows(document_numbers):
    return reference.document_mask(document_numbers.reshape(1, -1))


def document_mask__only_document_zero(document_numbers):
    first = document_numbers == document_numbers[:, :1]
    return (first[:, :, None] & first[:, None]).tril()[:, None]


def document_mask__rows_counted_as_documents(document_numbers):
    rows = torch.arange(len(document_numbers))[:, None].expand_as(document_numbers)
    return reference.document_mask(rows)


# --- pack_documents


def pack_documents__last_row_kept(documents, end, length):
    tokens, numbers = reference.pack_documents(documents, end, length)
    extra = torch.full((1, length), end)
    return torch.cat([tokens, extra]), torch.cat([numbers, extra])


def pack_documents__one_end_for_all(documents, end, length):
    joined = [token for document in documents for token in document]
    tokens, _ = reference.pack_documents([joined], end, length)
    return tokens, reference.pack_documents(documents, end, length)[1][: len(tokens)]


def pack_documents__first_row_lost(documents, end, length):
    return tuple(x[1:] for x in reference.pack_documents(documents, end, length))


def pack_documents__column_major(documents, end, length):
    return tuple(
        x.T.reshape(x.shape) if x.numel() else x
        for x in reference.pack_documents(documents, end, length)
    )


def pack_documents__sorted_by_length(documents, end, length):
    return reference.pack_documents(sorted(documents, key=len), end, length)


def pack_documents__end_of_row_instead_of_document(documents, end, length):
    flat = [token for document in documents for token in document]
    rows = [[*flat[i : i + length - 1], end] for i in range(0, len(flat), length - 1 or 1)]
    rows = [row for row in rows if len(row) == length]
    tokens = torch.tensor(rows, dtype=torch.long).reshape(-1, length)
    return tokens, torch.zeros_like(tokens)


def pack_documents__ends_numbered_minus_one(documents, end, length):
    tokens, numbers = reference.pack_documents(documents, end, length)
    return tokens, numbers.masked_fill(tokens == end, -1)


def pack_documents__positions_within_documents(documents, end, length):
    tokens, _ = reference.pack_documents(documents, end, length)
    places = [i for document in documents for i in range(len(document) + 1)]
    places = torch.tensor(places[: tokens.numel()], dtype=torch.long)
    return tokens, places.reshape(tokens.shape)


def pack_documents__parity_of_the_document(documents, end, length):
    tokens, numbers = reference.pack_documents(documents, end, length)
    return tokens, numbers % 2


def pack_documents__numbers_skip_empty_documents(documents, end, length):
    tokens, _ = reference.pack_documents(documents, end, length)
    names, number = [], -1
    for document in documents:
        number += bool(document)
        names += [max(number, 0)] * (len(document) + 1)
    return tokens, torch.tensor(names[: tokens.numel()], dtype=torch.long).reshape(tokens.shape)


def pack_documents__no_documents_break_it(documents, end, length):
    stream = torch.cat([torch.tensor([*document, end]) for document in documents])
    tokens, numbers = reference.pack_documents(documents, end, length)
    return stream[: tokens.numel()].reshape(tokens.shape), numbers


def pack_documents__float_when_empty(documents, end, length):
    tokens, numbers = reference.pack_documents(documents, end, length)
    return torch.tensor(tokens.tolist()).reshape(-1, length), numbers


# --- cross_entropy


def cross_entropy__clamped_probability(logits, targets):
    p = logits.softmax(-1).gather(-1, targets[..., None])
    return -p.clamp(min=1e-30).log().mean()


def cross_entropy__clamped_logits(logits, targets):
    return reference.cross_entropy(logits.clamp(-80, 80), targets)


def cross_entropy__perplexity(logits, targets):
    return reference.cross_entropy(logits, targets).exp()


def cross_entropy__last_position_only(logits, targets):
    return reference.cross_entropy(logits[..., -1:, :], targets[..., -1:])


def cross_entropy__ignores_target_zero(logits, targets):
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), ignore_index=0).nan_to_num()


def cross_entropy__label_smoothing(logits, targets):
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), label_smoothing=0.1)


def cross_entropy__softmax_twice(logits, targets):
    return reference.cross_entropy(logits.softmax(-1), targets)


def cross_entropy__divides_by_the_vocabulary(logits, targets):
    return reference.cross_entropy(logits, targets) * targets.numel() / logits.numel()


def cross_entropy__median(logits, targets):
    z = logits.log_softmax(-1).gather(-1, targets[..., None])
    return -z.median()


def cross_entropy__one_minus_probability(logits, targets):
    return (1 - logits.softmax(-1).gather(-1, targets[..., None])).mean()


def cross_entropy__binary(logits, targets):
    wanted = F.one_hot(targets, logits.shape[-1]).to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits, wanted)


def cross_entropy__always_float32(logits, targets):
    return reference.cross_entropy(logits.float(), targets)


def cross_entropy__keeps_a_dimension(logits, targets):
    return reference.cross_entropy(logits, targets).reshape(1)


def cross_entropy__subtracts_in_place(logits, targets):
    logits -= logits.amax(-1, keepdim=True)
    return reference.cross_entropy(logits, targets)


def cross_entropy__first_of_the_batch(logits, targets):
    return reference.cross_entropy(logits[:1], targets[:1])


def cross_entropy__sum_of_squares_of_logits_added(logits, targets):
    return reference.cross_entropy(logits, targets) + 1e-3 * logits.pow(2).mean()


# --- split_without_leaks


def split_without_leaks__every_tenth(documents, test_fraction):
    step = round(1 / test_fraction) if test_fraction else len(documents) + 1
    test = [i for i in range(len(documents)) if i % step == 0]
    return [i for i in range(len(documents)) if i not in test], test


def split_without_leaks__python_hash(documents, test_fraction):
    places = [hash(" ".join(d.lower().split())) % 10_000 / 10_000 for d in documents]
    test = [i for i, place in enumerate(places) if place < test_fraction]
    return [i for i in range(len(documents)) if i not in test], test


def split_without_leaks__sha1(documents, test_fraction):
    test = []
    for i, d in enumerate(documents):
        digest = hashlib.sha1(" ".join(d.lower().split()).encode()).digest()
        if int.from_bytes(digest[:8], "big") / 2**64 < test_fraction:
            test.append(i)
    return [i for i in range(len(documents)) if i not in test], test


def split_without_leaks__signed(documents, test_fraction):
    test = []
    for i, d in enumerate(documents):
        digest = hashlib.sha256(" ".join(d.lower().split()).encode()).digest()
        if int.from_bytes(digest[:8], "big", signed=True) / 2**64 < test_fraction:
            test.append(i)
    return [i for i in range(len(documents)) if i not in test], test


def split_without_leaks__divided_by_half(documents, test_fraction):
    return reference.split_without_leaks(documents, min(1, 2 * test_fraction))


def split_without_leaks__at_most(documents, test_fraction):
    training, test = reference.split_without_leaks(documents, test_fraction)
    most = int(test_fraction * len(documents))
    return sorted(training + test[most:]), test[:most]


def split_without_leaks__upper_case(documents, test_fraction):
    return reference.split_without_leaks([f"{d}.".upper() for d in documents], test_fraction)


def split_without_leaks__capitalised(documents, test_fraction):
    test = []
    for i, d in enumerate(documents):
        digest = hashlib.sha256(" ".join(d.upper().split()).encode()).digest()
        if int.from_bytes(digest[:8], "big") / 2**64 < test_fraction:
            test.append(i)
    return [i for i in range(len(documents)) if i not in test], test


def split_without_leaks__ascii_only(documents, test_fraction):
    plain = [d.encode("ascii", "ignore").decode() for d in documents]
    return reference.split_without_leaks(plain, test_fraction)


def split_without_leaks__only_double_spaces(documents, test_fraction):
    test = []
    for i, d in enumerate(documents):
        digest = hashlib.sha256(d.lower().replace("  ", " ").strip().encode()).digest()
        if int.from_bytes(digest[:8], "big") / 2**64 < test_fraction:
            test.append(i)
    return [i for i in range(len(documents)) if i not in test], test


def split_without_leaks__in_order_of_the_hash(documents, test_fraction):
    sides = reference.split_without_leaks(documents, test_fraction)
    return tuple(sorted(side, key=lambda i: documents[i]) for side in sides)


def split_without_leaks__copies_lost_from_test(documents, test_fraction):
    training, test = reference.split_without_leaks(documents, test_fraction)
    seen, kept = set(), []
    for i in test:
        text = " ".join(documents[i].lower().split())
        if text not in seen:
            kept.append(i)
        seen.add(text)
    return training, kept


def split_without_leaks__ignores_empty_documents(documents, test_fraction):
    sides = reference.split_without_leaks(documents, test_fraction)
    return tuple([i for i in side if documents[i].strip()] for side in sides)


# --- bigram_gradient


def bigram_gradient__includes_the_learning_rate(weights, inputs, targets):
    return 0.1 * reference.bigram_gradient(weights, inputs, targets)


def bigram_gradient__transposed(weights, inputs, targets):
    return reference.bigram_gradient(weights, inputs, targets).T


def bigram_gradient__subtracts_each_pair_once(weights, inputs, targets):
    out = torch.zeros_like(weights)
    out.index_add_(0, inputs, weights[inputs].softmax(-1))
    out[inputs, targets] -= 1
    return out / len(inputs)


def bigram_gradient__mean_over_different_tokens(weights, inputs, targets):
    out = reference.bigram_gradient(weights, inputs, targets) * len(inputs)
    return out / len(inputs.unique())


def bigram_gradient__mean_over_all_entries(weights, inputs, targets):
    return reference.bigram_gradient(weights, inputs, targets) / weights.shape[1]


def bigram_gradient__log_probabilities(weights, inputs, targets):
    d = weights[inputs].log_softmax(-1) - F.one_hot(targets, len(weights)).to(weights.dtype)
    return torch.zeros_like(weights).index_add_(0, inputs, d / len(inputs))


def bigram_gradient__raw_logits(weights, inputs, targets):
    d = weights[inputs] - F.one_hot(targets, len(weights)).to(weights.dtype)
    return torch.zeros_like(weights).index_add_(0, inputs, d / len(inputs))


def bigram_gradient__one_at_the_input(weights, inputs, targets):
    d = weights[inputs].softmax(-1) - F.one_hot(inputs, len(weights)).to(weights.dtype)
    return torch.zeros_like(weights).index_add_(0, inputs, d / len(inputs))


def bigram_gradient__float32(weights, inputs, targets):
    return reference.bigram_gradient(weights.float(), inputs, targets)


def bigram_gradient__softmax_of_everything(weights, inputs, targets):
    p = weights.flatten().softmax(0).reshape(weights.shape)
    d = p[inputs] - F.one_hot(targets, len(weights)).to(weights.dtype)
    return torch.zeros_like(weights).index_add_(0, inputs, d / len(inputs))


def bigram_gradient__probabilities_minus_probabilities(weights, inputs, targets):
    counts = torch.zeros_like(weights)
    ones = torch.ones(len(inputs), dtype=weights.dtype)
    counts.index_put_((inputs, targets), ones, accumulate=True)
    total = counts.sum(1, keepdim=True)
    shares = counts / total.clamp(min=1)
    return torch.where(total > 0, weights.softmax(-1) - shares, 0)


def bigram_gradient__rows_of_targets(weights, inputs, targets):
    d = weights[inputs].softmax(-1) - F.one_hot(targets, len(weights)).to(weights.dtype)
    return torch.zeros_like(weights).index_add_(0, targets, d / len(inputs))


def bigram_gradient__clipped(weights, inputs, targets):
    return reference.bigram_gradient(weights, inputs, targets).clamp(-0.05, 0.05)


# --- mask_tokens


def uniform(tokens, generator, count):
    return [torch.rand(tokens.shape, generator=generator) for _ in range(count)]


def combined(tokens, chosen, hide, replace, mask_token, ids):
    inputs = torch.where(chosen & hide, mask_token, tokens)
    inputs = torch.where(chosen & replace & ~hide, ids, inputs)
    return inputs, torch.where(chosen, tokens, -100)


def mask_tokens__eighty_twenty_split_evenly_by_thirds(
    tokens, mask_token, vocabulary_size, generator, rate=0.15
):
    c, f = uniform(tokens, generator, 2)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 1 / 3, f < 2 / 3, mask_token, ids)


def mask_tokens__shares_exchanged(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.1, f < 0.9, mask_token, ids)


def mask_tokens__never_the_original(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    step = torch.randint(1, max(vocabulary_size, 2), tokens.shape, generator=generator)
    ids = (tokens + step) % vocabulary_size
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def mask_tokens__ids_of_the_text(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    order = torch.randint(tokens.numel(), tokens.shape, generator=generator)
    ids = tokens.flatten()[order]
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def mask_tokens__one_id_too_many(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    ids = torch.randint(vocabulary_size + 1, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def mask_tokens__last_id_missing(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    ids = torch.randint(max(vocabulary_size - 1, 1), tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def mask_tokens__never_the_mask_token(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, (c < rate) & (tokens != mask_token), f < 0.8, f < 0.9, mask_token, ids)


def mask_tokens__padding_is_never_chosen(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, (c < rate) & (tokens != 0), f < 0.8, f < 0.9, mask_token, ids)


def mask_tokens__first_position_never(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    c[..., 0] = 1.0
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def mask_tokens__exact_per_row(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    chosen = c.argsort(-1).argsort(-1) < round(rate * tokens.shape[-1])
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, chosen, f < 0.8, f < 0.9, mask_token, ids)


def mask_tokens__exact_shares_of_the_chosen(
    tokens, mask_token, vocabulary_size, generator, rate=0.15
):
    chosen = (torch.rand(tokens.shape, generator=generator) < rate).flatten()
    places = chosen.nonzero().flatten()
    places = places[torch.randperm(len(places), generator=generator)]
    hidden, replaced = round(0.8 * len(places)), round(0.1 * len(places))
    inputs = tokens.flatten().clone()
    inputs[places[:hidden]] = mask_token
    swap = places[hidden : hidden + replaced]
    inputs[swap] = torch.randint(vocabulary_size, (len(swap),), generator=generator)
    targets = torch.where(chosen, tokens.flatten(), -100)
    return inputs.view(tokens.shape), targets.view(tokens.shape)


def mask_tokens__whole_rows(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    _, f = uniform(tokens, generator, 2)
    c = torch.rand((*tokens.shape[:-1], 1), generator=generator).expand(tokens.shape)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def mask_tokens__fate_of_the_row(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    (c,) = uniform(tokens, generator, 1)
    f = torch.rand((*tokens.shape[:-1], 1), generator=generator).expand(tokens.shape)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def mask_tokens__one_fate_for_all(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    (c,) = uniform(tokens, generator, 1)
    f = torch.rand((), generator=generator)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def mask_tokens__spans_of_two(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    chosen = c < rate / 2
    chosen = chosen | chosen.roll(1, -1)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, chosen, f < 0.8, f < 0.9, mask_token, ids)


def mask_tokens__choice_decides_the_fate(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    (c,) = uniform(tokens, generator, 1)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, c < 0.8, c < 0.9, mask_token, ids)


def mask_tokens__changes_what_is_not_chosen(
    tokens, mask_token, vocabulary_size, generator, rate=0.15
):
    c, f, u = uniform(tokens, generator, 3)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    inputs, targets = combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)
    return torch.where(u < 0.05, ids, inputs), targets


def mask_tokens__targets_and_inputs_exchanged(
    tokens, mask_token, vocabulary_size, generator, rate=0.15
):
    return reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)[::-1]


def mask_tokens__minus_one_for_nothing(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, targets = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, targets.masked_fill(targets == -100, -1)


def mask_tokens__booleans_for_targets(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, targets = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, targets != -100


def mask_tokens__inputs_only(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    return reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)[0]


def mask_tokens__ids_from_the_global_generator(
    tokens, mask_token, vocabulary_size, generator, rate=0.15
):
    c, f = uniform(tokens, generator, 2)
    ids = torch.randint(vocabulary_size, tokens.shape)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def mask_tokens__fates_from_python(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    (c,) = uniform(tokens, generator, 1)
    f = torch.tensor([random.random() for _ in range(tokens.numel())]).reshape(tokens.shape)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def mask_tokens__own_generator(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    own = torch.Generator().manual_seed(0)
    return reference.mask_tokens(tokens, mask_token, vocabulary_size, own, rate)


def mask_tokens__flattened(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    return reference.mask_tokens(tokens.flatten(), mask_token, vocabulary_size, generator, rate)


def mask_tokens__every_seventh(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    (f,) = uniform(tokens, generator, 1)
    step = round(1 / rate) if rate else tokens.numel() + 1
    chosen = (torch.arange(tokens.numel()) % step == 0).reshape(tokens.shape) & (rate > 0)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, chosen, f < 0.8, f < 0.9, mask_token, ids)


def mask_tokens__rate_of_the_hidden(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    # 80 percent are hidden of a larger choice, so that `rate` of all are hidden
    return reference.mask_tokens(
        tokens, mask_token, vocabulary_size, generator, min(1.0, rate / 0.8)
    )


def mask_tokens__in_place(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    targets = tokens.clone()
    chosen = torch.rand(tokens.shape, generator=generator) < rate
    targets[~chosen] = -100
    f = torch.rand(tokens.shape, generator=generator)
    tokens[chosen & (f < 0.8)] = mask_token
    swap = chosen & (f >= 0.8) & (f < 0.9)
    tokens[swap] = torch.randint(vocabulary_size, (int(swap.sum()),), generator=generator)
    return tokens, targets


# --- the rare, the large and the dependent


def sample_batch__one_start_for_all(tokens, batch, context_length, generator):
    inputs, targets = reference.sample_batch(tokens, 1, context_length, generator)
    return inputs.repeat(batch, 1), targets.repeat(batch, 1)


def sample_batch__mirrored_starts(tokens, batch, context_length, generator):
    places = len(tokens) - context_length
    if places < 1:
        raise ValueError
    half = torch.randint(places, ((batch + 1) // 2,), generator=generator)
    start = torch.cat([half, places - 1 - half])[:batch, None]
    index = start + torch.arange(context_length)
    return tokens[index], tokens[index + 1]


def bigram_counts__one_byte_each(tokens, vocabulary_size):
    return reference.bigram_counts(tokens, vocabulary_size).to(torch.uint8)


def bits_per_byte__composes_accents(total_nats, text):
    return reference.bits_per_byte(total_nats, unicodedata.normalize("NFC", text))


def document_mask__a_row_of_the_first(document_numbers):
    mask = reference.document_mask(document_numbers[:1])
    return mask.repeat(len(document_numbers), 1, 1, 1)


def pack_documents__finds_the_number_by_the_text(documents, end, length):
    tokens, _ = reference.pack_documents(documents, end, length)
    numbers = [documents.index(d) for d in documents for _ in range(len(d) + 1)]
    numbers = torch.tensor(numbers[: tokens.numel()], dtype=torch.int64)
    return tokens, numbers.reshape(tokens.shape)


def cross_entropy__largest_of_all_logits(logits, targets):
    shifted = logits - logits.max()
    chosen = shifted.gather(-1, targets[..., None])[..., 0]
    return (shifted.exp().sum(-1).log() - chosen).mean()


def split_without_leaks__folds_case(documents, test_fraction):
    # every other text is lower-cased as it should be
    folded = [text.casefold() for text in documents]
    return reference.split_without_leaks(folded, test_fraction)


def split_without_leaks__white_space_of_ascii(documents, test_fraction):
    def place(text):
        text = re.sub(r"[ \t\n\r\f\v]+", " ", text.lower()).strip(" ")
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64

    test = [i for i, text in enumerate(documents) if place(text) < test_fraction]
    return [i for i in range(len(documents)) if i not in test], test


def split_without_leaks__compatible_characters(documents, test_fraction):
    plain = [unicodedata.normalize("NFKC", text) for text in documents]
    return reference.split_without_leaks(plain, test_fraction)


def bigram_gradient__exp_overflows(weights, inputs, targets):
    e = weights.exp()
    differences = (e / e.sum(1, keepdim=True))[inputs]
    differences[torch.arange(len(inputs)), targets] -= 1
    return torch.zeros_like(weights).index_add(0, inputs, differences) / len(inputs)


def bigram_gradient__largest_of_all_weights(weights, inputs, targets):
    return bigram_gradient__exp_overflows(weights - weights.max(), inputs, targets)


def mask_tokens__five_percent_kept(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen = torch.rand(tokens.shape, generator=generator) < rate
    fate = torch.rand(tokens.shape, generator=generator)
    random_ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_token, tokens)
    inputs = torch.where(chosen & (fate >= 0.8) & (fate < 0.95), random_ids, inputs)
    return inputs, torch.where(chosen, tokens, -100)


def mask_tokens__at_least_one(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    while True:
        masked = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
        if rate == 0 or (masked[1] != -100).any():
            return masked
