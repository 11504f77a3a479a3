"""Further solutions to `emergence.shuffle_labels`, right and wrong."""

from collections import Counter

import numpy as np
import torch

from solutions import emergence as reference


def right__indexing_a_numpy_array(labels, generator):
    order = torch.randperm(len(labels), generator=generator).numpy()
    return np.array(labels, dtype=object)[order].tolist()


def right__insertion(labels, generator):
    out = []
    for label in labels:
        out.insert(int(torch.randint(len(out) + 1, (), generator=generator)), label)
    return out


def right__drawn_from_a_bag(labels, generator):
    bag, out = list(labels), []
    while bag:
        out.append(bag.pop(torch.randint(0, len(bag), (1,), generator=generator).item()))
    return out


def right__inverse_permutation(labels, generator):
    out = [""] * len(labels)
    for place, to in enumerate(torch.randperm(len(labels), generator=generator).tolist()):
        out[to] = labels[place]
    return out


def right__sorted_by_random_numbers(labels, generator):
    keys = torch.rand(len(labels), generator=generator, dtype=torch.double).tolist()
    return [label for _, label in sorted(zip(keys, labels, strict=True), key=lambda pair: pair[0])]


def right__normal_numbers(labels, generator):
    keys = torch.randn(len(labels), generator=generator)
    return [labels[i] for i in torch.argsort(keys, descending=True)]


def right__without_replacement(labels, generator):
    if not labels:
        return []
    return [
        labels[i]
        for i in torch.multinomial(torch.ones(len(labels)), len(labels), generator=generator)
    ]


def wrong__sorted(labels, generator):
    return sorted(labels)


def wrong__swaps_two(labels, generator):
    labels = list(labels)
    if len(labels) > 1:
        i, j = torch.randint(len(labels), (2,), generator=generator).tolist()
        labels[i], labels[j] = labels[j], labels[i]
    return labels


def wrong__seed_zero(labels, generator):
    return reference.shuffle_labels(labels, torch.Generator().manual_seed(0))


def wrong__numpy_without_the_generator(labels, generator):
    return [labels[i] for i in np.random.permutation(len(labels))]


def wrong__ties_among_few_keys(labels, generator):
    keys = torch.randint(3, (len(labels),), generator=generator)
    return [labels[i] for i in keys.argsort(stable=True).tolist()]


def wrong__coin_reverses(labels, generator):
    coin = torch.randint(2, (), generator=generator)
    return list(labels) if coin else list(labels)[::-1]


def wrong__halves_apart(labels, generator):
    middle = len(labels) // 2
    return reference.shuffle_labels(labels[:middle], generator) + reference.shuffle_labels(
        labels[middle:], generator
    )


def wrong__grouped(labels, generator):
    kinds = sorted(Counter(labels).items())
    order = torch.randperm(len(kinds), generator=generator).tolist()
    return [kinds[i][0] for i in order for _ in range(kinds[i][1])]


def wrong__first_stays(labels, generator):
    return [*labels[:1], *reference.shuffle_labels(list(labels[1:]), generator)]


def wrong__never_the_same_label_at_its_place(labels, generator):
    for _ in range(30):
        order = reference.shuffle_labels(labels, generator)
        if all(a != b for a, b in zip(labels, order, strict=True)):
            break
    return order


def wrong__permutes_the_kinds(labels, generator):
    kinds = sorted(set(labels))
    other = dict(zip(kinds, reference.shuffle_labels(kinds, generator), strict=True))
    return [other[label] for label in labels]


def wrong__one_lost(labels, generator):
    return reference.shuffle_labels(labels, generator)[: max(len(labels) - 1, 1)]


def wrong__a_set(labels, generator):
    return list(set(reference.shuffle_labels(labels, generator)))


def wrong__bubbles(labels, generator):
    labels = list(labels)
    for i in range(len(labels) - 1):
        if torch.randint(2, (), generator=generator):
            labels[i], labels[i + 1] = labels[i + 1], labels[i]
    return labels


def wrong__riffle(labels, generator):
    coins = torch.randint(2, (len(labels),), generator=generator).tolist()
    return [a for a, c in zip(labels, coins, strict=True) if c] + [
        a for a, c in zip(labels, coins, strict=True) if not c
    ]


def wrong__random_comparison(labels, generator):
    from functools import cmp_to_key

    def coin(a, b):
        return 1 - 2 * int(torch.randint(2, (), generator=generator))

    return sorted(labels, key=cmp_to_key(coin))


def wrong__starting_one_too_late(labels, generator):
    labels = list(labels)
    for i in range(len(labels) - 2, 0, -1):
        j = int(torch.randint(i + 1, (), generator=generator))
        labels[i], labels[j] = labels[j], labels[i]
    return labels


def wrong__indices(labels, generator):
    return torch.randperm(len(labels), generator=generator).tolist()


def wrong__none(labels, generator):
    order = torch.randperm(len(labels), generator=generator).tolist()
    labels = [labels[i] for i in order]


def wrong__one_cycle(labels, generator):
    dealt = list(labels)
    for last in range(len(dealt) - 1, 0, -1):
        other = int(torch.randint(last, (), generator=generator))
        dealt[last], dealt[other] = dealt[other], dealt[last]
    return dealt
