"""Further solutions to `self_supervision.sample_batch`, right and wrong."""

import random
from collections import namedtuple

import numpy as np
import torch

from solutions import self_supervision as reference

Batch = namedtuple("Batch", "inputs targets")


def right__as_in_nanogpt(tokens, batch, context_length, generator):
    if len(tokens) - context_length < 1:
        raise ValueError("text too short")
    ix = torch.randint(len(tokens) - context_length, (batch,), generator=generator)
    x = torch.stack([tokens[i : i + context_length] for i in ix])
    y = torch.stack([tokens[i + 1 : i + 1 + context_length] for i in ix])
    return x, y


def right__one_draw_each(tokens, batch, context_length, generator):
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


def right__scaled_uniform(tokens, batch, context_length, generator):
    places = len(tokens) - context_length
    if places <= 0:
        raise ValueError
    u = torch.rand(batch, generator=generator, dtype=torch.float64)
    start = (u * places).floor().long().clamp(max=places - 1)
    window = torch.stack([tokens[s : s + context_length + 1] for s in start.tolist()])
    return window[:, :-1].contiguous(), window[:, 1:].contiguous()


def right__first_of_a_shuffle(tokens, batch, context_length, generator):
    places = len(tokens) - context_length
    if places < 1:
        raise ValueError("too short")
    starts = [int(torch.randperm(places, generator=generator)[0]) for _ in range(batch)]
    index = torch.tensor(starts).view(-1, 1) + torch.arange(context_length).view(1, -1)
    return torch.take(tokens, index), torch.take(tokens, index + 1)


def right__largest_of_noise(tokens, batch, context_length, generator):
    places = len(tokens) - context_length
    if places < 1:
        raise ValueError("too short")
    starts = torch.rand(batch, places, generator=generator, dtype=torch.float64).argmax(dim=1)
    both = tokens.unfold(0, context_length + 1, 1).index_select(0, starts)
    return both.narrow(1, 0, context_length), both.narrow(1, 1, context_length)


def right__multinomial(tokens, batch, context_length, generator):
    places = len(tokens) - context_length
    if places < 1:
        raise ValueError("the text is too short")
    start = torch.multinomial(torch.ones(places), batch, replacement=True, generator=generator)
    windows = tokens[start.unsqueeze(1) + torch.arange(context_length + 1)]
    return windows[:, :-1], windows[:, 1:]


def wrong__rounds_the_start(tokens, batch, context_length, generator):
    last = len(tokens) - context_length - 1
    if last < 0:
        raise ValueError("too short")
    starts = (torch.rand(batch, generator=generator) * last).round().long()
    places = starts[:, None] + torch.arange(context_length)
    return tokens[places], tokens[places + 1]


def wrong__wraps_around(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    starts = torch.randint(len(tokens), (batch, 1), generator=generator)
    places = starts + torch.arange(context_length)
    return tokens[places % len(tokens)], tokens[(places + 1) % len(tokens)]


def wrong__consecutive_windows(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    places = len(tokens) - context_length
    first = torch.randint(places, (1,), generator=generator)
    starts = (first + torch.arange(batch)) % places
    where = starts[:, None] + torch.arange(context_length)
    return tokens[where], tokens[where + 1]


def wrong__sorted_starts(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    starts = torch.randint(len(tokens) - context_length, (batch,), generator=generator)
    where = starts.sort().values[:, None] + torch.arange(context_length)
    return tokens[where], tokens[where + 1]


def wrong__always_the_first(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    where = torch.arange(context_length).expand(batch, -1)
    return tokens[where], tokens[where + 1]


def wrong__random_tokens_instead_of_windows(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    where = torch.randint(len(tokens) - 1, (batch, context_length), generator=generator)
    return tokens[where], tokens[where + 1]


def wrong__targets_from_another_draw(tokens, batch, context_length, generator):
    inputs, _ = reference.sample_batch(tokens, batch, context_length, generator)
    return inputs, reference.sample_batch(tokens, batch, context_length, generator)[1]


def wrong__python_random(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    starts = [random.randrange(len(tokens) - context_length) for _ in range(batch)]
    where = torch.tensor(starts)[:, None] + torch.arange(context_length)
    return tokens[where], tokens[where + 1]


def wrong__numpy_random(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    starts = np.random.randint(0, len(tokens) - context_length, batch)
    where = torch.from_numpy(starts)[:, None] + torch.arange(context_length)
    return tokens[where], tokens[where + 1]


def wrong__a_new_generator(tokens, batch, context_length, generator):
    return reference.sample_batch(tokens, batch, context_length, torch.Generator())


def wrong__seeds_everything(tokens, batch, context_length, generator):
    torch.manual_seed(1337)
    return reference.sample_batch(tokens, batch, context_length, torch.default_generator)


def wrong__middle_twice_as_likely(tokens, batch, context_length, generator):
    if len(tokens) <= context_length:
        raise ValueError("too short")
    places = len(tokens) - context_length
    starts = torch.rand(batch, 2, generator=generator).mean(1).mul(places).long()
    where = starts[:, None] + torch.arange(context_length)
    return tokens[where], tokens[where + 1]


def wrong__transposed(tokens, batch, context_length, generator):
    inputs, targets = reference.sample_batch(tokens, batch, context_length, generator)
    return inputs.T, targets.T


def wrong__demands_one_token_more(tokens, batch, context_length, generator):
    if len(tokens) < context_length + 2:
        raise ValueError("too short")
    return reference.sample_batch(tokens, batch, context_length, generator)


def wrong__shortens_the_window_when_too_short(tokens, batch, context_length, generator):
    length = min(context_length, max(len(tokens) - 1, 1))
    return reference.sample_batch(tokens, batch, length, generator)


def wrong__joined_in_one_tensor(tokens, batch, context_length, generator):
    return torch.stack(reference.sample_batch(tokens, batch, context_length, generator)).flatten(1)


def wrong__one_start_for_all(tokens, batch, context_length, generator):
    inputs, targets = reference.sample_batch(tokens, 1, context_length, generator)
    return inputs.repeat(batch, 1), targets.repeat(batch, 1)


def wrong__mirrored_starts(tokens, batch, context_length, generator):
    places = len(tokens) - context_length
    if places < 1:
        raise ValueError
    half = torch.randint(places, ((batch + 1) // 2,), generator=generator)
    start = torch.cat([half, places - 1 - half])[:batch, None]
    index = start + torch.arange(context_length)
    return tokens[index], tokens[index + 1]
