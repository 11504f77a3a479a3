"""Further solutions to `tokenization.train_bpe_fast`, right and wrong."""

# ruff: noqa: RUF007

from collections import Counter, defaultdict
from heapq import heapify, heappop, heappush
from itertools import pairwise

from solutions import tokenization as reference
from tests.autograder.specs.tokenization import train_bpe


def right__words_and_lazy_heap(words, alphabet, merge_count):
    rank = {token: i for i, token in enumerate(alphabet)}
    rows = [[bytes([b]) for b in word] for word in words]
    freq = list(words.values())
    counts, index = defaultdict(int), defaultdict(set)
    for i, row in enumerate(rows):
        for pair in zip(row, row[1:], strict=False):
            counts[pair] += freq[i]
            index[pair].add(i)
    heap = [(-n, rank[a], rank[b], (a, b)) for (a, b), n in counts.items()]
    heapify(heap)
    merges = []
    while len(merges) < merge_count and heap:
        n, _, _, pair = heappop(heap)
        if counts.get(pair, 0) != -n or n == 0:
            continue
        a, b = pair
        merges.append(pair)
        rank[a + b] = len(rank)
        touched = set()
        for i in index[pair]:
            row, new = rows[i], []
            j = 0
            while j < len(row):
                if j + 1 < len(row) and row[j] == a and row[j + 1] == b:
                    if new:
                        counts[new[-1], a] -= freq[i]
                        counts[new[-1], a + b] += freq[i]
                        index[new[-1], a + b].add(i)
                        touched |= {(new[-1], a), (new[-1], a + b)}
                    if j + 2 < len(row):
                        counts[b, row[j + 2]] -= freq[i]
                        counts[a + b, row[j + 2]] += freq[i]
                        index[a + b, row[j + 2]].add(i)
                        touched |= {(b, row[j + 2]), (a + b, row[j + 2])}
                    new.append(a + b)
                    j += 2
                else:
                    new.append(row[j])
                    j += 1
            rows[i] = new
        counts[pair] = 0
        for one in touched:
            if counts[one] > 0:
                heappush(heap, (-counts[one], rank[one[0]], rank[one[1]], one))
    return merges


def right__recounts_the_words_concerned(words, alphabet, merge_count):
    tokens = list(alphabet)
    number = {token: i for i, token in enumerate(alphabet)}
    rows = [[number[bytes([b])] for b in word] for word in words]
    freq = list(words.values())
    counts, index = {}, {}

    def add(i, sign):
        row = rows[i]
        for j in range(len(row) - 1):
            pair = (row[j], row[j + 1])
            counts[pair] = counts.get(pair, 0) + sign * freq[i]
            if sign > 0:
                index.setdefault(pair, set()).add(i)
            elif counts[pair] == 0:
                del counts[pair]

    for i in range(len(rows)):
        add(i, 1)
    merges = []
    while counts and len(merges) < merge_count:
        most = max(counts.values())
        a, b = min([pair for pair, n in counts.items() if n == most])
        merges.append((tokens[a], tokens[b]))
        new = len(tokens)
        tokens.append(tokens[a] + tokens[b])
        for i in list(index[a, b]):
            row = rows[i]
            if a not in row:
                continue
            add(i, -1)
            merged = []
            for token in row:
                if merged and merged[-1] == a and token == b:
                    merged[-1] = new
                else:
                    merged.append(token)
            rows[i] = merged
            add(i, 1)
    return merges


def right__links_and_buckets(words, alphabet, merge_count):
    names = list(alphabet)
    number = {token: i for i, token in enumerate(names)}
    token, after, before, weight = [], [], [], []
    for word, n in words.items():
        start = len(token)
        for j, b in enumerate(word):
            token.append(number[bytes([b])])
            before.append(start + j - 1 if j else -1)
            after.append(start + j + 1 if j + 1 < len(word) else -1)
            weight.append(n)
    counts, places = defaultdict(int), defaultdict(set)

    def change(i, sign):
        if i >= 0 and after[i] >= 0:
            pair = (token[i], token[after[i]])
            counts[pair] += sign * weight[i]
            (places[pair].add if sign > 0 else places[pair].discard)(i)
            changed.add(pair)

    changed = set()
    for i in range(len(token)):
        change(i, 1)
    buckets = defaultdict(set)
    for pair in changed:
        buckets[counts[pair]].add(pair)
    merges = []
    while len(merges) < merge_count:
        full = [n for n, pairs in buckets.items() if n > 0 and pairs]
        if not full:
            break
        a, b = pair = min(buckets[max(full)])
        merges.append((names[a], names[b]))
        names.append(names[a] + names[b])
        old = dict(counts)
        changed = set()
        for i in sorted(places[pair]):
            j = after[i]
            if j < 0 or token[i] != a or token[j] != b:
                continue
            change(before[i], -1)
            change(i, -1)
            change(j, -1)
            token[i], token[j] = len(names) - 1, -1
            after[i] = after[j]
            if after[j] >= 0:
                before[after[j]] = i
            after[j] = -1
            change(before[i], 1)
            change(i, 1)
        for one in changed:
            buckets[old.get(one, 0)].discard(one)
            buckets[counts[one]].add(one)
    return merges


def right__class(words, alphabet, merge_count):
    return train_bpe.right__class(words, alphabet, merge_count)


def _train_fast(words, alphabet, merge_count, overlap=True, refresh=True, grow=True, order=True):
    """Train with an index of words, getting one thing wrong."""
    number = {token: place for place, token in enumerate(alphabet)}
    rows = [tuple(bytes([byte]) for byte in word) for word in words]
    weights = list(words.values())
    counts, where = Counter(), {}
    for index, row in enumerate(rows):
        for pair in pairwise(row):
            counts[pair] += weights[index]
            where.setdefault(pair, set()).add(index)

    def entry(pair):
        ties = (number[pair[0]], number[pair[1]]) if order else (number[pair[0]], 0)
        return (-counts[pair], ties, pair)

    heap = [entry(pair) for pair in counts]
    heapify(heap)
    merges = []
    while heap and len(merges) < merge_count:
        negative, _, pair = heappop(heap)
        if counts[pair] <= 0:
            continue
        if -negative != counts[pair]:
            if refresh:
                heappush(heap, entry(pair))
            continue
        merges.append(pair)
        number[pair[0] + pair[1]] = len(number)
        changed = set()
        for index in where.pop(pair):
            old = rows[index]
            pairs = pairwise(old) if overlap else set(pairwise(old))
            for one in pairs:
                counts[one] -= weights[index]
            rows[index] = reference.merge_pair(old, pair)
            pairs = pairwise(rows[index]) if overlap else set(pairwise(rows[index]))
            for one in pairs:
                counts[one] += weights[index]
                changed.add(one)
                if grow:
                    where.setdefault(one, set()).add(index)
        for one in changed:
            where.setdefault(one, set())
            heappush(heap, entry(one))
    return merges


def wrong__overlaps_counted_once_in_a_word(words, alphabet, merge_count):
    return _train_fast(words, alphabet, merge_count, overlap=False)


def wrong__loses_entries_of_the_heap(words, alphabet, merge_count):
    return _train_fast(words, alphabet, merge_count, refresh=False)


def wrong__index_does_not_grow(words, alphabet, merge_count):
    return _train_fast(words, alphabet, merge_count, grow=False)


def wrong__ties_by_the_first_token_only(words, alphabet, merge_count):
    return _train_fast(words, alphabet, merge_count, order=False)


def wrong__two_merges_at_a_time(words, alphabet, merge_count):
    split = {tuple(bytes([byte]) for byte in word): count for word, count in words.items()}
    number = {token: place for place, token in enumerate(alphabet)}
    merges = []
    while len(merges) < merge_count and (counts := reference.count_pairs(split)):
        order = sorted(counts, key=lambda p: (-counts[p], number[p[0]], number[p[1]]))
        for pair in order[: min(2, merge_count - len(merges))]:
            merges.append(pair)
            number[pair[0] + pair[1]] = len(number)
            split = {reference.merge_pair(tokens, pair): n for tokens, n in split.items()}
    return merges


def wrong__recounts_in_numbers(words, alphabet, merge_count):
    vocabulary = list(alphabet)
    number = {token: place for place, token in enumerate(alphabet)}
    rows = [[number[bytes([byte])] for byte in word] for word in words]
    merges = []
    while len(merges) < merge_count:
        counts = Counter()
        for row, count in zip(rows, words.values(), strict=True):
            for pair in pairwise(row):
                counts[pair] += count
        if not counts:
            break
        most = max(counts.values())
        pair = min(pair for pair, count in counts.items() if count == most)
        merges.append((vocabulary[pair[0]], vocabulary[pair[1]]))
        for row in rows:
            place = 0
            while place < len(row) - 1:
                if (row[place], row[place + 1]) == pair:
                    row[place : place + 2] = [len(vocabulary)]
                place += 1
        vocabulary.append(vocabulary[pair[0]] + vocabulary[pair[1]])
    return merges
