"""Further solutions to `self_supervision.mask_tokens`, right and wrong."""

import random

import numpy as np
import torch

from solutions import self_supervision as reference


def right__as_in_transformers(tokens, mask_token, vocabulary_size, generator, rate=0.15):
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


def right__loop_over_positions(tokens, mask_token, vocabulary_size, generator, rate=0.15):
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


def right__ten_sided_die(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    ids = torch.randint(0, vocabulary_size, tokens.shape, generator=generator)
    die = torch.randint(0, 10, tokens.shape, generator=generator)
    chosen = torch.rand(tokens.shape, generator=generator, dtype=torch.float64).lt(rate)
    new = torch.where(die == 0, ids, torch.where(die == 1, tokens, mask_token))
    return chosen * new + ~chosen * tokens, chosen * tokens + ~chosen * -100


def right__draws_only_where_needed(tokens, mask_token, vocabulary_size, generator, rate=0.15):
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


def right__seeds_numpy_from_it(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    seed = int(torch.randint(0, 2**62, (1,), generator=generator))
    rng = np.random.default_rng(seed)
    array = tokens.numpy()
    u = rng.random(array.shape)
    out = np.where(u < 0.8 * rate, mask_token, array)
    swap = (u >= 0.8 * rate) & (u < 0.9 * rate)
    out = np.where(swap, rng.integers(vocabulary_size, size=array.shape), out)
    return torch.from_numpy(out), torch.from_numpy(np.where(u < rate, array, -100))


def right__scaled_uniform_ids(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    choose, hide, swap, which = torch.rand((4, *tokens.shape), generator=generator)
    ids = torch.floor(which * vocabulary_size).long()
    chosen = choose < rate
    hidden = chosen & (hide < 0.8)
    swapped = chosen & ~hidden & (swap < 0.5)
    inputs = tokens.masked_fill(hidden, mask_token).masked_scatter(swapped, ids[swapped])
    return inputs, tokens.masked_fill(~chosen, -100)


def right__one_draw_of_four_fates(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chances = torch.tensor([1 - rate, 0.8 * rate, 0.1 * rate, 0.1 * rate], dtype=torch.float64)
    fate = torch.multinomial(chances, tokens.numel(), replacement=True, generator=generator)
    fate = fate.view(tokens.shape)
    inputs = tokens.clone()
    inputs[fate == 1] = mask_token
    count = int((fate == 2).sum())
    inputs[fate == 2] = torch.randint(vocabulary_size, (count,), generator=generator)
    return inputs, torch.where(fate > 0, tokens, -100)


def uniform(tokens, generator, count):
    return [torch.rand(tokens.shape, generator=generator) for _ in range(count)]


def combined(tokens, chosen, hide, replace, mask_token, ids):
    inputs = torch.where(chosen & hide, mask_token, tokens)
    inputs = torch.where(chosen & replace & ~hide, ids, inputs)
    return inputs, torch.where(chosen, tokens, -100)


def wrong__eighty_twenty_split_evenly_by_thirds(
    tokens, mask_token, vocabulary_size, generator, rate=0.15
):
    c, f = uniform(tokens, generator, 2)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 1 / 3, f < 2 / 3, mask_token, ids)


def wrong__shares_exchanged(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.1, f < 0.9, mask_token, ids)


def wrong__never_the_original(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    step = torch.randint(1, max(vocabulary_size, 2), tokens.shape, generator=generator)
    ids = (tokens + step) % vocabulary_size
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def wrong__ids_of_the_text(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    order = torch.randint(tokens.numel(), tokens.shape, generator=generator)
    ids = tokens.flatten()[order]
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def wrong__one_id_too_many(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    ids = torch.randint(vocabulary_size + 1, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def wrong__last_id_missing(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    ids = torch.randint(max(vocabulary_size - 1, 1), tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def wrong__never_the_mask_token(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, (c < rate) & (tokens != mask_token), f < 0.8, f < 0.9, mask_token, ids)


def wrong__padding_is_never_chosen(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, (c < rate) & (tokens != 0), f < 0.8, f < 0.9, mask_token, ids)


def wrong__first_position_never(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    c[..., 0] = 1.0
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def wrong__exact_per_row(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    chosen = c.argsort(-1).argsort(-1) < round(rate * tokens.shape[-1])
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, chosen, f < 0.8, f < 0.9, mask_token, ids)


def wrong__exact_shares_of_the_chosen(tokens, mask_token, vocabulary_size, generator, rate=0.15):
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


def wrong__whole_rows(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    _, f = uniform(tokens, generator, 2)
    c = torch.rand((*tokens.shape[:-1], 1), generator=generator).expand(tokens.shape)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def wrong__fate_of_the_row(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    (c,) = uniform(tokens, generator, 1)
    f = torch.rand((*tokens.shape[:-1], 1), generator=generator).expand(tokens.shape)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def wrong__one_fate_for_all(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    (c,) = uniform(tokens, generator, 1)
    f = torch.rand((), generator=generator)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def wrong__spans_of_two(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    chosen = c < rate / 2
    chosen = chosen | chosen.roll(1, -1)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, chosen, f < 0.8, f < 0.9, mask_token, ids)


def wrong__choice_decides_the_fate(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    (c,) = uniform(tokens, generator, 1)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, c < 0.8, c < 0.9, mask_token, ids)


def wrong__changes_what_is_not_chosen(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f, u = uniform(tokens, generator, 3)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    inputs, targets = combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)
    return torch.where(u < 0.05, ids, inputs), targets


def wrong__targets_and_inputs_exchanged(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    return reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)[::-1]


def wrong__minus_one_for_nothing(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, targets = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, targets.masked_fill(targets == -100, -1)


def wrong__booleans_for_targets(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, targets = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, targets != -100


def wrong__inputs_only(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    return reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)[0]


def wrong__ids_from_the_global_generator(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    c, f = uniform(tokens, generator, 2)
    ids = torch.randint(vocabulary_size, tokens.shape)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def wrong__fates_from_python(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    (c,) = uniform(tokens, generator, 1)
    f = torch.tensor([random.random() for _ in range(tokens.numel())]).reshape(tokens.shape)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, c < rate, f < 0.8, f < 0.9, mask_token, ids)


def wrong__own_generator(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    own = torch.Generator().manual_seed(0)
    return reference.mask_tokens(tokens, mask_token, vocabulary_size, own, rate)


def wrong__flattened(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    return reference.mask_tokens(tokens.flatten(), mask_token, vocabulary_size, generator, rate)


def wrong__every_seventh(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    (f,) = uniform(tokens, generator, 1)
    step = round(1 / rate) if rate else tokens.numel() + 1
    chosen = (torch.arange(tokens.numel()) % step == 0).reshape(tokens.shape) & (rate > 0)
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return combined(tokens, chosen, f < 0.8, f < 0.9, mask_token, ids)


def wrong__rate_of_the_hidden(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    # 80 percent are hidden of a larger choice, so that `rate` of all are hidden
    return reference.mask_tokens(
        tokens, mask_token, vocabulary_size, generator, min(1.0, rate / 0.8)
    )


def wrong__in_place(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    targets = tokens.clone()
    chosen = torch.rand(tokens.shape, generator=generator) < rate
    targets[~chosen] = -100
    f = torch.rand(tokens.shape, generator=generator)
    tokens[chosen & (f < 0.8)] = mask_token
    swap = chosen & (f >= 0.8) & (f < 0.9)
    tokens[swap] = torch.randint(vocabulary_size, (int(swap.sum()),), generator=generator)
    return tokens, targets


def wrong__five_percent_kept(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen = torch.rand(tokens.shape, generator=generator) < rate
    fate = torch.rand(tokens.shape, generator=generator)
    random_ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_token, tokens)
    inputs = torch.where(chosen & (fate >= 0.8) & (fate < 0.95), random_ids, inputs)
    return inputs, torch.where(chosen, tokens, -100)


def wrong__at_least_one(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    while True:
        masked = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
        if rate == 0 or (masked[1] != -100).any():
            return masked
