"""Further solutions to `emergence.edit_distance`, right and wrong."""

from collections import Counter
from heapq import heappop, heappush
from itertools import product

import torch

from solutions import emergence as reference


def right__two_rows_of_the_shorter(first, second):
    if len(first) < len(second):
        first, second = second, first
    previous = list(range(len(second) + 1))
    for i, a in enumerate(first):
        current = [i + 1]
        for j, b in enumerate(second):
            if a == b:
                current.append(previous[j])
            else:
                current.append(1 + min(previous[j], previous[j + 1], current[j]))
        previous = current
    return previous[len(second)]


def right__dictionary(first, second):
    d = {}
    for i in range(len(first) + 1):
        d[i, 0] = i
    for j in range(len(second) + 1):
        d[0, j] = j
    for i, j in product(range(1, len(first) + 1), range(1, len(second) + 1)):
        d[i, j] = min(
            d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + int(first[i - 1] != second[j - 1])
        )
    return d[len(first), len(second)]


def right__tensor(first, second):
    table = torch.zeros(len(first) + 1, len(second) + 1, dtype=torch.long)
    table[:, 0] = torch.arange(len(first) + 1)
    table[0] = torch.arange(len(second) + 1)
    for i in range(1, len(first) + 1):
        for j in range(1, len(second) + 1):
            change = table[i - 1, j - 1] + (0 if first[i - 1] == second[j - 1] else 1)
            table[i, j] = torch.stack([change, table[i - 1, j] + 1, table[i, j - 1] + 1]).min()
    return table[-1, -1]


def right__memo_from_the_front(first, second):
    memo = {}

    def rest(i, j):
        if (i, j) not in memo:
            if i == len(first):
                memo[i, j] = len(second) - j
            elif j == len(second):
                memo[i, j] = len(first) - i
            elif first[i] == second[j]:
                memo[i, j] = rest(i + 1, j + 1)
            else:
                memo[i, j] = 1 + min(rest(i + 1, j), rest(i, j + 1), rest(i + 1, j + 1))
        return memo[i, j]

    return rest(0, 0)


def right__shortest_path(first, second):
    queue, seen = [(0, 0, 0)], set()
    while queue:
        cost, i, j = heappop(queue)
        if (i, j) == (len(first), len(second)):
            return cost
        if (i, j) in seen:
            continue
        seen.add((i, j))
        if i < len(first) and j < len(second):
            heappush(queue, (cost + (first[i] != second[j]), i + 1, j + 1))
        if i < len(first):
            heappush(queue, (cost + 1, i + 1, j))
        if j < len(second):
            heappush(queue, (cost + 1, i, j + 1))


def wrong__longest_common_subsequence(first, second):
    row = [0] * (len(second) + 1)
    for a in first:
        previous, row = row, [0]
        for j, b in enumerate(second):
            row.append(previous[j] + 1 if a == b else max(row[j], previous[j + 1]))
    return max(len(first), len(second)) - row[-1]


def wrong__letters_counted(first, second):
    one, other = Counter(first), Counter(second)
    return max((one - other).total(), (other - one).total())


def wrong__difference_of_lengths(first, second):
    return abs(len(first) - len(second)) + len(set(first) ^ set(second))


def wrong__prefix_and_suffix(first, second):
    while first and second and first[0] == second[0]:
        first, second = first[1:], second[1:]
    while first and second and first[-1] == second[-1]:
        first, second = first[:-1], second[:-1]
    return max(len(first), len(second))


def wrong__greedy(first, second):
    i = j = edits = 0
    while i < len(first) and j < len(second):
        if first[i] == second[j]:
            i, j = i + 1, j + 1
        elif len(first) - i > len(second) - j:
            i, edits = i + 1, edits + 1
        elif len(first) - i < len(second) - j:
            j, edits = j + 1, edits + 1
        else:
            i, j, edits = i + 1, j + 1, edits + 1
    return edits + len(first) - i + len(second) - j


def wrong__insertions_cost_two(first, second):
    row = [2 * j for j in range(len(second) + 1)]
    for i, a in enumerate(first, start=1):
        previous, row = row, [i]
        for j, b in enumerate(second, start=1):
            row.append(min(previous[j] + 1, row[j - 1] + 2, previous[j - 1] + (a != b)))
    return row[-1]


def wrong__no_deletions(first, second):
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        previous, row = row, [i]
        for j, b in enumerate(second, start=1):
            row.append(min(row[j - 1] + 1, previous[j - 1] + (a != b)))
    return row[-1]


def wrong__first_column_zero(first, second):
    row = list(range(len(second) + 1))
    for a in first:
        previous, row = row, [0]
        for j, b in enumerate(second, start=1):
            row.append(min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a != b)))
    return row[-1]


def wrong__minimum_of_the_last_row(first, second):
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        previous, row = row, [i]
        for j, b in enumerate(second, start=1):
            row.append(min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a != b)))
    return min(row)


def wrong__without_the_last_character(first, second):
    return reference.edit_distance(first[:-1], second[:-1])


def wrong__strips(first, second):
    return reference.edit_distance(first.strip(), second.strip())


def wrong__without_accents(first, second):
    from unicodedata import normalize

    return reference.edit_distance(normalize("NFD", first), normalize("NFD", second))


def wrong__similarity(first, second):
    return max(len(first), len(second)) - reference.edit_distance(first, second)


def wrong__words(first, second):
    return reference.edit_distance(first.split(), second.split())


def wrong__neighbors_exchanged_last(first, second):
    if len(first) > 1 and first[-2:] == second[:-3:-1]:
        return reference.edit_distance(first[:-2], second[:-2]) + 1
    return reference.edit_distance(first, second)


def wrong__zero_if_one_is_empty(first, second):
    return reference.edit_distance(first, second) if first and second else 0


def wrong__banded(first, second):
    table = {(0, j): j for j in range(len(second) + 1)}
    table |= {(i, 0): i for i in range(len(first) + 1)}
    for i in range(1, len(first) + 1):
        for j in range(1, len(second) + 1):
            if abs(i - j) <= 3:
                table[i, j] = min(
                    table.get((i - 1, j), 10**6) + 1,
                    table.get((i, j - 1), 10**6) + 1,
                    table.get((i - 1, j - 1), 10**6) + (first[i - 1] != second[j - 1]),
                )
    return table.get((len(first), len(second)), abs(len(first) - len(second)))
