"""Right solutions to the exercises on self-supervision, each written as somebody might write it.

A function's name is that of the exercise, two underscores, and what is particular about it.
"""

import hashlib
import math
import re
from collections import Counter, defaultdict, namedtuple
from fractions import Fraction
from itertools import accumulate, chain, pairwise

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

# --- next_token_pairs


def next_token_pairs__chunks_of_the_shifted_text(tokens, context_length):
    xs = [x for x in tokens[:-1].split(context_length) if len(x) == context_length]
    ys = [y for y in tokens[1:].split(context_length) if len(y) == context_length]
    if not xs:
        empty = torch.empty((0, context_length), dtype=torch.int64)
        return empty, empty
    return torch.stack(xs), torch.stack(ys)


def next_token_pairs__numpy_views(tokens, context_length):
    array = tokens.numpy()
    count = max((array.size - 1) // context_length, 0)
    x = array[: count * context_length].reshape((count, context_length))
    y = array[1:][: count * context_length].reshape((count, context_length))
    return torch.from_numpy(x.copy()), torch.from_numpy(y.copy())


def next_token_pairs__filled_in(tokens, context_length):
    n = 0
    while (n + 1) * context_length + 1 <= len(tokens):
        n += 1
    inputs = torch.zeros(n, context_length, dtype=torch.long)
    targets = torch.zeros_like(inputs)
    for i in range(n):
        for j in range(context_length):
            inputs[i, j] = tokens[i * context_length + j]
            targets[i, j] = tokens[i * context_length + j + 1]
    return inputs, targets


# --- sample_batch

Batch = namedtuple("Batch", "inputs targets")


def sample_batch__as_in_nanogpt(tokens, batch, context_length, generator):
    if len(tokens) - context_length < 1:
        raise ValueError("text too short")
    ix = torch.randint(len(tokens) - context_length, (batch,), generator=generator)
    x = torch.stack([tokens[i : i + context_length] for i in ix])
    y = torch.stack([tokens[i + 1 : i + 1 + context_length] for i in ix])
    return x, y


def sample_batch__one_draw_each(tokens, batch, context_length, generator):
    n = tokens.shape[0]
    if n < context_length + 1:
        raise ValueError(f"{n} tokens are too few")
    x = torch.empty((batch, context_length), dtype=torch.int64)
    y = torch.empty((batch, context_length), dtype=torch.int64)
    for b in range(batch):
        s = torch.randint(0, n - context_length, (1,), generator=generator).item()
        x[b] = tokens[s : s + context_length]
        y[b] = tokens[s + 1 : s + context_length + 1]
    return Batch(x, y)


def sample_batch__scaled_uniform(tokens, batch, context_length, generator):
    places = len(tokens) - context_length
    if places <= 0:
        raise ValueError
    u = torch.rand(batch, generator=generator, dtype=torch.float64)
    start = (u * places).floor().long().clamp(max=places - 1)
    window = torch.stack([tokens[s : s + context_length + 1] for s in start.tolist()])
    return window[:, :-1].contiguous(), window[:, 1:].contiguous()


def sample_batch__first_of_a_shuffle(tokens, batch, context_length, generator):
    places = len(tokens) - context_length
    if places < 1:
        raise ValueError("too short")
    starts = [int(torch.randperm(places, generator=generator)[0]) for _ in range(batch)]
    index = torch.tensor(starts).view(-1, 1) + torch.arange(context_length).view(1, -1)
    return torch.take(tokens, index), torch.take(tokens, index + 1)


def sample_batch__largest_of_noise(tokens, batch, context_length, generator):
    places = len(tokens) - context_length
    if places < 1:
        raise ValueError("too short")
    starts = torch.rand(batch, places, generator=generator, dtype=torch.float64).argmax(dim=1)
    both = tokens.unfold(0, context_length + 1, 1).index_select(0, starts)
    return both.narrow(1, 0, context_length), both.narrow(1, 1, context_length)


# --- bigram_counts


def bigram_counts__pairwise(tokens, vocabulary_size):
    table = [[0] * vocabulary_size for _ in range(vocabulary_size)]
    for a, b in pairwise(tokens.tolist()):
        table[a][b] += 1
    return torch.tensor(table)


def bigram_counts__scatter_add(tokens, vocabulary_size):
    flat = torch.zeros(vocabulary_size * vocabulary_size, dtype=torch.int64)
    where = tokens[:-1] * vocabulary_size + tokens[1:]
    flat.scatter_add_(0, where, torch.ones_like(where))
    return flat.view(vocabulary_size, -1)


def bigram_counts__numpy_add_at(tokens, vocabulary_size):
    table = np.zeros((vocabulary_size, vocabulary_size), dtype=np.int32)
    ids = tokens.numpy()
    np.add.at(table, (ids[:-1], ids[1:]), 1)
    return torch.from_numpy(table)


def bigram_counts__outer_products(tokens, vocabulary_size):
    one_hot = F.one_hot(tokens, vocabulary_size)
    return torch.einsum("na,nb->ab", one_hot[:-1], one_hot[1:])


# --- bigram_probabilities


def bigram_probabilities__where_the_total_is_zero(counts, smoothing=0.0):
    c = counts.to(torch.float32) + smoothing
    total = c.sum(-1, keepdim=True)
    return torch.where(total == 0, torch.full_like(c, 1 / c.size(-1)), c / total.clamp(min=1e-12))


def bigram_probabilities__nan_to_uniform(counts, smoothing=0.0):
    c = counts + smoothing
    return (c / c.sum(dim=1, keepdim=True)).float().nan_to_num(nan=1.0 / len(counts))


def bigram_probabilities__fractions_in_python(counts, smoothing=0.0):
    rows = []
    for row in counts.tolist():
        row = [c + smoothing for c in row]
        rows.append([c / sum(row) for c in row] if sum(row) > 0 else [1 / len(row)] * len(row))
    return torch.tensor(rows, dtype=torch.float32)


def bigram_probabilities__by_einsum(counts, smoothing=0.0):
    c = (counts + torch.tensor(float(smoothing), dtype=torch.float64)).clone()
    c[(c == 0).all(dim=1)] = 3.0
    return torch.einsum("ab,a->ab", c, 1 / c.sum(1)).to(torch.float32)


# --- cross_entropy


def cross_entropy__in_double(logits, targets):
    z = logits.double()
    z = z - z.max(dim=-1, keepdim=True).values
    nll = z.exp().sum(-1).log() - torch.take_along_dim(z, targets[..., None], -1).squeeze(-1)
    return nll.mean().to(logits.dtype)


def cross_entropy__class_dimension_second(logits, targets):
    if logits.ndim == 2:
        return F.cross_entropy(logits, targets)
    return F.cross_entropy(logits.movedim(-1, 1), targets)


def cross_entropy__nll_of_log_softmax(logits, targets):
    flat = logits.reshape(-1, logits.size(-1)).log_softmax(dim=1)
    return F.nll_loss(flat, targets.reshape(-1))


def cross_entropy__compares_ids(logits, targets):
    is_target = torch.arange(logits.shape[-1]) == targets.unsqueeze(-1)
    logs = logits - logits.logsumexp(-1, keepdim=True)
    return -logs[is_target].mean()


def cross_entropy__margins(logits, targets):
    chosen = logits.gather(-1, targets[..., None])
    return torch.logsumexp(logits - chosen, dim=-1).mean()


# --- bigram_gradient


def bigram_gradient__jacobian_free_functional(weights, inputs, targets):
    def loss(w):
        return F.cross_entropy(w[inputs], targets)

    return torch.func.grad(loss)(weights)


def bigram_gradient__by_rows(weights, inputs, targets):
    out = torch.zeros(weights.shape, dtype=weights.dtype)
    for a in inputs.unique():
        after = targets[inputs == a]
        seen = torch.bincount(after, minlength=len(weights)).to(weights.dtype)
        out[a] = (len(after) * F.softmax(weights[a], dim=0) - seen) / len(inputs)
    return out


def bigram_gradient__index_put(weights, inputs, targets):
    p = weights.softmax(1)
    out = torch.zeros_like(weights)
    for a in inputs.tolist():
        out[a] += p[a]
    minus = -torch.ones(len(inputs), dtype=weights.dtype)
    out = out.index_put((inputs, targets), minus, accumulate=True)
    return out / inputs.shape[0]


def bigram_gradient__scatter_add(weights, inputs, targets):
    z = weights[inputs]
    e = torch.exp(z - z.amax(1, keepdim=True))
    d = e / e.sum(1, keepdim=True)
    d.scatter_add_(1, targets[:, None], torch.full((len(targets), 1), -1.0, dtype=d.dtype))
    index = inputs[:, None].expand_as(d)
    return torch.zeros_like(weights).scatter_add(0, index, d).div(len(inputs))


# --- mask_tokens


def mask_tokens__as_in_transformers(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, labels = tokens.clone(), tokens.clone()
    masked = torch.bernoulli(torch.full(labels.shape, rate), generator=generator).bool()
    labels[~masked] = -100
    replaced = torch.bernoulli(torch.full(labels.shape, 0.8), generator=generator).bool() & masked
    inputs[replaced] = mask_token
    random = torch.bernoulli(torch.full(labels.shape, 0.5), generator=generator).bool()
    random &= masked & ~replaced
    words = torch.randint(vocabulary_size, labels.shape, dtype=torch.long, generator=generator)
    inputs[random] = words[random]
    return inputs, labels


def mask_tokens__loop_over_positions(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    x, y = tokens.reshape(-1).tolist(), []
    coins = torch.rand((len(x), 2), generator=generator, dtype=torch.float64).tolist()
    for i, token in enumerate(list(x)):
        y.append(-100)
        if coins[i][0] >= rate:
            continue
        y[i] = token
        if coins[i][1] < 0.8:
            x[i] = mask_token
        elif coins[i][1] < 0.9:
            x[i] = torch.randint(vocabulary_size, (), generator=generator).item()
    return torch.tensor(x).view(tokens.shape), torch.tensor(y).view(tokens.shape)


def mask_tokens__ten_sided_die(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    ids = torch.randint(0, vocabulary_size, tokens.shape, generator=generator)
    die = torch.randint(0, 10, tokens.shape, generator=generator)
    chosen = torch.rand(tokens.shape, generator=generator, dtype=torch.float64).lt(rate)
    new = torch.where(die == 0, ids, torch.where(die == 1, tokens, mask_token))
    return chosen * new + ~chosen * tokens, chosen * tokens + ~chosen * -100


def mask_tokens__draws_only_where_needed(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    out, labels = tokens.clone(), torch.full_like(tokens, -100)
    where = torch.rand(tokens.size(), generator=generator) < rate
    labels[where] = tokens[where]
    fate = torch.multinomial(
        torch.tensor([0.8, 0.1, 0.1]), max(int(where.sum()), 1), True, generator=generator
    )[: int(where.sum())]
    new = labels[where]
    new[fate == 0] = mask_token
    count = int((fate == 1).sum())
    new[fate == 1] = torch.randint(vocabulary_size, (count,), generator=generator)
    out[where] = new
    return [out, labels]


def mask_tokens__seeds_numpy_from_it(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    seed = int(torch.randint(0, 2**62, (1,), generator=generator))
    rng = np.random.default_rng(seed)
    array = tokens.numpy()
    u = rng.random(array.shape)
    out = np.where(u < 0.8 * rate, mask_token, array)
    swap = (u >= 0.8 * rate) & (u < 0.9 * rate)
    out = np.where(swap, rng.integers(vocabulary_size, size=array.shape), out)
    return torch.from_numpy(out), torch.from_numpy(np.where(u < rate, array, -100))


def mask_tokens__scaled_uniform_ids(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    choose, hide, swap, which = torch.rand((4, *tokens.shape), generator=generator)
    ids = torch.floor(which * vocabulary_size).long()
    chosen = choose < rate
    hidden = chosen & (hide < 0.8)
    swapped = chosen & ~hidden & (swap < 0.5)
    inputs = tokens.masked_fill(hidden, mask_token).masked_scatter(swapped, ids[swapped])
    return inputs, tokens.masked_fill(~chosen, -100)


# --- pack_documents


def pack_documents__chain_and_accumulate(documents, end, length):
    stream = list(chain.from_iterable((*d, end) for d in documents))
    stops = list(accumulate(len(d) + 1 for d in documents))
    numbers = torch.searchsorted(
        torch.tensor(stops, dtype=torch.long), torch.arange(len(stream)), right=True
    )
    n = len(stream) // length
    flat = torch.tensor(stream[: n * length], dtype=torch.long)
    return flat.view(n, length), numbers[: n * length].view(n, length)


def pack_documents__row_by_row(documents, end, length):
    tokens, numbers = [], []
    for i, d in enumerate(documents):
        tokens += [*list(d), end]
        numbers += [i] * (len(d) + 1)
    starts = range(0, len(tokens) - length + 1, length)
    a = torch.zeros(len(starts), length, dtype=torch.long)
    b = torch.zeros(len(starts), length, dtype=torch.long)
    for r, s in enumerate(starts):
        a[r] = torch.tensor(tokens[s : s + length])
        b[r] = torch.tensor(numbers[s : s + length])
    return a, b


def pack_documents__counts_the_ends(documents, end, length):
    pieces = [torch.tensor([*d, end], dtype=torch.int64) for d in documents]
    stream = torch.cat(pieces) if pieces else torch.empty(0, dtype=torch.int64)
    is_end = torch.zeros(len(stream), dtype=torch.int64)
    place = -1
    for piece in pieces:
        place += len(piece)
        is_end[place] = 1
    numbers = is_end.cumsum(0) - is_end
    keep = len(stream) - len(stream) % length
    return stream[:keep].reshape(-1, length), numbers[:keep].reshape(-1, length)


# --- document_mask


def document_mask__outer_difference(document_numbers):
    d = document_numbers
    same = (d.unsqueeze(-1) - d.unsqueeze(-2)) == 0
    n = d.size(1)
    return torch.logical_and(same, torch.tril(torch.ones(n, n)).bool()).unsqueeze(1)


def document_mask__row_by_row(document_numbers):
    masks = []
    for row in document_numbers:
        mask = torch.eq(row[:, None], row[None, :])
        mask[torch.ones_like(mask).triu(1)] = False
        masks.append(mask[None])
    return torch.stack(masks)


def document_mask__blocks(document_numbers):
    rows, n = document_numbers.shape
    out = torch.zeros((rows, 1, n, n), dtype=torch.bool)
    for r in range(rows):
        start = 0
        for size in document_numbers[r].unique_consecutive(return_counts=True)[1].tolist():
            block = slice(start, start + size)
            out[r, 0, block, block] = torch.ones(size, size, dtype=torch.bool).tril()
            start += size
    return out


# --- bits_per_byte


def bits_per_byte__log_with_base(total_nats, text):
    size = len(text.encode("utf8"))
    if size == 0:
        raise ValueError("text is empty")
    return (total_nats / size) * math.log(math.e, 2)


def bits_per_byte__numpy(total_nats, text):
    if len(text) == 0:
        raise ValueError("text is empty")
    return np.float64(total_nats) / np.log(2) / np.frombuffer(text.encode(), np.uint8).size


def bits_per_byte__catches_the_division(total_nats, text):
    try:
        return total_nats / (math.log(2) * len(bytearray(text, "utf-8")))
    except ZeroDivisionError:
        raise ValueError("text is empty") from None


# --- split_without_leaks


def split_without_leaks__struct(documents, test_fraction):
    import struct

    train, test = [], []
    for index, text in enumerate(documents):
        data = re.sub(r"\s+", " ", text.lower()).strip().encode("utf-8")
        (value,) = struct.unpack(">Q", hashlib.sha256(data).digest()[:8])
        if value / 2**64 < test_fraction:
            test.append(index)
        else:
            train.append(index)
    return train, test


def split_without_leaks__bytes_by_weight(documents, test_fraction):
    def u(text):
        h = hashlib.new("sha256")
        h.update(" ".join(text.split()).lower().encode())
        return sum(byte * 256.0 ** -(k + 1) for k, byte in enumerate(h.digest()[:8]))

    places = list(map(u, documents))
    test = [i for i in range(len(places)) if places[i] < test_fraction]
    return sorted(set(range(len(places))) - set(test)), test


def split_without_leaks__remembers_texts(documents, test_fraction):
    by_text = defaultdict(list)
    for i, d in enumerate(documents):
        by_text[" ".join(d.lower().split())].append(i)
    sides = {True: [], False: []}
    for text, indices in by_text.items():
        h = int(hashlib.sha256(text.encode()).hexdigest(), 16) >> 192
        sides[h / (1 << 64) < test_fraction] += indices
    return tuple(sorted(sides[side]) for side in (False, True))


def split_without_leaks__numpy_integers(documents, test_fraction):
    digests = [hashlib.sha256(" ".join(d.lower().split()).encode()).digest() for d in documents]
    heads = np.frombuffer(b"".join(h[:8] for h in digests), dtype=">u8").astype(np.float64)
    is_test = heads / 2.0**64 < test_fraction
    return list(np.flatnonzero(~is_test)), list(np.flatnonzero(is_test))


def bigram_counts__counter_then_fill(tokens, vocabulary_size):
    out = torch.zeros(vocabulary_size, vocabulary_size).long()
    for (a, b), n in Counter(zip(tokens[:-1].tolist(), tokens[1:].tolist(), strict=True)).items():
        out[a, b] = n
    return out


# --- and a few more ways


def next_token_pairs__splits_and_sorts_out(tokens, context_length):
    none = tokens.new_empty(0, context_length)

    def whole(text):
        pieces = [piece for piece in text.split(context_length) if len(piece) == context_length]
        return torch.stack(pieces) if pieces else none

    return whole(tokens[:-1]), whole(tokens[1:])


def sample_batch__multinomial(tokens, batch, context_length, generator):
    places = len(tokens) - context_length
    if places < 1:
        raise ValueError("the text is too short")
    start = torch.multinomial(torch.ones(places), batch, replacement=True, generator=generator)
    windows = tokens[start.unsqueeze(1) + torch.arange(context_length + 1)]
    return windows[:, :-1], windows[:, 1:]


def document_mask__from_where_documents_start(document_numbers):
    start = (document_numbers[:, None, :] < document_numbers[:, :, None]).sum(-1)
    place = torch.arange(document_numbers.shape[1])
    return ((place >= start[..., None]) & (place <= place[:, None])).unsqueeze(1)


def pack_documents__zips_an_iterator_with_itself(documents, end, length):
    pairs = [(token, i) for i, document in enumerate(documents) for token in (*document, end)]
    rows = list(zip(*[iter(pairs)] * length, strict=False))
    return torch.tensor(rows, dtype=torch.int64).reshape(len(rows), length, 2).unbind(-1)


def split_without_leaks__exact_fractions(documents, test_fraction):
    def place(text):
        digest = hashlib.sha256(" ".join(text.split()).lower().encode()).digest()
        return Fraction(int.from_bytes(digest[:8], "big"), 2**64)

    test = [i for i, text in enumerate(documents) if place(text) < Fraction(test_fraction)]
    return [i for i in range(len(documents)) if i not in test], test


def bigram_gradient__from_the_counts(weights, inputs, targets):
    counts = torch.zeros_like(weights)
    ones = torch.ones(len(inputs), dtype=weights.dtype)
    counts.index_put_((inputs, targets), ones, accumulate=True)
    return (weights.softmax(1) * counts.sum(1, keepdim=True) - counts) / len(inputs)


def mask_tokens__one_draw_of_four_fates(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chances = torch.tensor([1 - rate, 0.8 * rate, 0.1 * rate, 0.1 * rate], dtype=torch.float64)
    fate = torch.multinomial(chances, tokens.numel(), replacement=True, generator=generator)
    fate = fate.view(tokens.shape)
    inputs = tokens.clone()
    inputs[fate == 1] = mask_token
    count = int((fate == 2).sum())
    inputs[fate == 2] = torch.randint(vocabulary_size, (count,), generator=generator)
    return inputs, torch.where(fate > 0, tokens, -100)
