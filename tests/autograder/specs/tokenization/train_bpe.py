"""Further solutions to `tokenization.train_bpe`, right and wrong."""

# ruff: noqa: RUF007

import re
from collections import Counter, defaultdict
from heapq import heapify, heappop, heappush

import numpy as np

from solutions import tokenization as reference
from tests.autograder.specs.tokenization import merge_pair


def right__lists_and_sort(words, alphabet, merge_count):
    rank = {token: i for i, token in enumerate(alphabet)}
    rows = [([bytes([b]) for b in word], n) for word, n in words.items()]
    merges = []
    for _ in range(merge_count):
        counts = defaultdict(int)
        for row, n in rows:
            for i in range(len(row) - 1):
                counts[row[i], row[i + 1]] += n
        if not counts:
            break
        ordered = sorted(
            counts.items(), key=lambda item: (-item[1], rank[item[0][0]], rank[item[0][1]])
        )
        first, second = ordered[0][0]
        merges.append((first, second))
        rank[first + second] = len(rank)
        for row, _ in rows:
            i = 0
            while i + 1 < len(row):
                if row[i] == first and row[i + 1] == second:
                    row[i] = first + second
                    del row[i + 1]
                i += 1
    return merges


def right__numpy_arrays(words, alphabet, merge_count):
    tokens = list(alphabet)
    place = {token: i for i, token in enumerate(alphabet)}
    rows = [[place[word[i : i + 1]] for i in range(len(word))] for word in words]
    weights = list(words.values())
    merges = []
    while len(merges) < merge_count:
        pairs = [
            (a, b, n)
            for row, n in zip(rows, weights, strict=True)
            for a, b in zip(row, row[1:], strict=False)
        ]
        if not pairs:
            return merges
        table = np.array(pairs)
        keys = table[:, 0] * 10**6 + table[:, 1]
        unique, inverse = np.unique(keys, return_inverse=True)
        totals = np.bincount(inverse, weights=table[:, 2])
        a, b = divmod(int(unique[totals.argmax()]), 10**6)
        merges.append((tokens[a], tokens[b]))
        new = len(tokens)
        tokens.append(tokens[a] + tokens[b])
        for index, row in enumerate(rows):
            merged = []
            for token in row:
                if merged and merged[-1] == a and token == b:
                    merged[-1] = new
                else:
                    merged.append(token)
            rows[index] = merged
    return merges


def right__strings(words, alphabet, merge_count):
    order = {token: i for i, token in enumerate(alphabet)}
    corpus = [(" ".join(f"{b:02x}" for b in word), n) for word, n in words.items()]
    merges = []
    for _ in range(merge_count):
        counts = Counter()
        for text, n in corpus:
            parts = text.split()
            for left, right in zip(parts, parts[1:], strict=False):
                counts[left, right] += n
        if len(counts) == 0:
            break
        most = max(counts.values())
        tied = [pair for pair in counts if counts[pair] == most]
        best = min(tied, key=lambda p: tuple(order[bytes.fromhex(x)] for x in p))
        merges.append(tuple(bytes.fromhex(x) for x in best))
        order[bytes.fromhex(best[0] + best[1])] = len(order)
        # borders of tokens are spaces
        pattern = re.compile(rf"(?<!\S){best[0]} {best[1]}(?!\S)")
        corpus = [(pattern.sub(best[0] + best[1], text), n) for text, n in corpus]
    return merges


class _Trainer:
    """Keeps words, counts and places of pairs, and a heap whose entries may be out of date."""

    def __init__(self, words, alphabet):
        self.number = {token: place for place, token in enumerate(alphabet)}
        self.words = [[bytes([byte]) for byte in word] for word in words]
        self.times = list(words.values())
        self.counts, self.where = Counter(), defaultdict(set)
        for place in range(len(self.words)):
            self.add(place, 1)
        self.heap = [self.entry(pair) for pair in self.counts]
        heapify(self.heap)

    def entry(self, pair):
        return -self.counts[pair], self.number[pair[0]], self.number[pair[1]], pair

    def add(self, place, sign):
        word = self.words[place]
        for pair in zip(word, word[1:], strict=False):
            self.counts[pair] += sign * self.times[place]
            self.where[pair].add(place)

    def merge(self):
        while self.heap:
            count, _, _, pair = heappop(self.heap)
            if count and count == -self.counts[pair]:
                return self.join(pair)
            if 0 < self.counts[pair] < -count:
                heappush(self.heap, self.entry(pair))
        return None

    def join(self, pair):
        self.number.setdefault(pair[0] + pair[1], len(self.number))
        touched = set()
        for place in self.where.pop(pair):
            self.add(place, -1)
            self.words[place] = list(merge_pair.right__pops_the_second(self.words[place], pair))
            self.add(place, 1)
            touched.update(zip(self.words[place], self.words[place][1:], strict=False))
        for other in touched:
            heappush(self.heap, self.entry(other))
        return pair


def right__class(words, alphabet, merge_count):
    trainer, merges = _Trainer(words, alphabet), []
    while len(merges) < merge_count:
        pair = trainer.merge()
        if pair is None:
            break
        merges.append(pair)
    return merges


def _train(words, alphabet, merge_count, key, stop=lambda counts: False):
    split = {tuple(bytes([byte]) for byte in word): count for word, count in words.items()}
    number = {token: place for place, token in enumerate(alphabet)}
    merges = []
    while len(merges) < merge_count:
        counts = reference.count_pairs(split)
        if not counts or stop(counts):
            break
        pair = min(counts, key=lambda pair: key(pair, counts, number))
        merges.append(pair)
        number[pair[0] + pair[1]] = len(number)
        split = {reference.merge_pair(tokens, pair): count for tokens, count in split.items()}
    return merges


def wrong__ties_by_second_token_first(words, alphabet, merge_count):
    return _train(words, alphabet, merge_count, lambda p, c, n: (-c[p], n[p[1]], n[p[0]]))


def wrong__ties_by_sum_of_numbers(words, alphabet, merge_count):
    return _train(words, alphabet, merge_count, lambda p, c, n: (-c[p], n[p[0]] + n[p[1]]))


def wrong__prefers_long_tokens(words, alphabet, merge_count):
    return _train(
        words, alphabet, merge_count, lambda p, c, n: (-c[p], -len(p[0] + p[1]), n[p[0]], n[p[1]])
    )


def wrong__new_tokens_before_the_alphabet(words, alphabet, merge_count):
    def key(pair, counts, number):
        size = len(alphabet)
        places = [number[token] - (10**6 if number[token] >= size else 0) for token in pair]
        return (-counts[pair], *places)

    return _train(words, alphabet, merge_count, key)


def wrong__least_frequent_first(words, alphabet, merge_count):
    return _train(words, alphabet, merge_count, lambda p, c, n: (c[p], n[p[0]], n[p[1]]))


def wrong__divides_by_the_counts_of_its_tokens(words, alphabet, merge_count):
    def key(pair, counts, number):
        first = sum(count for (token, _), count in counts.items() if token == pair[0])
        return (-counts[pair] / first, number[pair[0]], number[pair[1]])

    return _train(words, alphabet, merge_count, key)


def wrong__ties_by_the_order_of_bytes_in_the_alphabet_only(words, alphabet, merge_count):
    def key(pair, counts, number):
        return (-counts[pair], alphabet.index(pair[0][:1]), alphabet.index(pair[1][:1]))

    return _train(words, alphabet, merge_count, key)


def wrong__one_merge_too_many(words, alphabet, merge_count):
    return reference.train_bpe(words, alphabet, merge_count + 1)


def wrong__ids_instead_of_bytes(words, alphabet, merge_count):
    merges = reference.train_bpe(words, alphabet, merge_count)
    vocabulary = reference.build_vocabulary(alphabet, merges)
    return [(vocabulary.index(first), vocabulary.index(second)) for first, second in merges]


def wrong__ignores_single_words(words, alphabet, merge_count):
    frequent = {word: count for word, count in words.items() if count > 1}
    return reference.train_bpe(frequent, alphabet, merge_count)


def wrong__overlaps_counted_once(words, alphabet, merge_count):
    number = {token: place for place, token in enumerate(alphabet)}
    pieces = [(tuple(bytes([byte]) for byte in word), n) for word, n in words.items()]
    merges = []
    while len(merges) < merge_count:
        counts = Counter()
        for tokens, n in pieces:
            place = 0
            while place < len(tokens) - 1:
                counts[tokens[place : place + 2]] += n
                place += 2 if len(set(tokens[place : place + 3])) == 1 else 1
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], *(number[token] for token in pair)))
        merges.append(best)
        number.setdefault(best[0] + best[1], len(number))
        pieces = [(reference.merge_pair(tokens, best), n) for tokens, n in pieces]
    return merges
