"""Right solutions to the exercises on tokenization, each written as somebody might write it.

A function's name is that of the exercise, two underscores, and what is particular about it.
"""

# ruff: noqa: RUF005, RUF007

import re
from collections import Counter, defaultdict
from heapq import heapify, heappop, heappush
from itertools import islice

import numpy as np
import regex

# --- count_pairs


def count_pairs__indices(words):
    counts = {}
    for word in words:
        for i in range(len(word) - 1):
            pair = (word[i], word[i + 1])
            if pair not in counts:
                counts[pair] = 0
            counts[pair] += words[word]
    return counts


def count_pairs__counter_update(words):
    total = Counter()
    for word, n in words.items():
        once = Counter(zip(word, islice(word, 1, None), strict=False))
        total.update({pair: times * n for pair, times in once.items()})
    return total


def count_pairs__previous_token(words):
    counts = defaultdict(lambda: 0)
    for word, n in words.items():
        previous = None
        for token in word:
            if previous is not None:
                counts[(previous, token)] += n
            previous = token
    return dict(counts)


# --- merge_pair


def merge_pair__stack(tokens, pair):
    out = []
    fresh = False
    for token in tokens:
        if out and not fresh and (out[-1], token) == pair:
            out[-1] += token
            fresh = True
        else:
            out.append(token)
            fresh = False
    return tuple(out)


def merge_pair__iterator(tokens, pair):
    out, rest = [], iter(range(len(tokens)))
    for i in rest:
        if i + 1 < len(tokens) and tokens[i] == pair[0] and tokens[i + 1] == pair[1]:
            out.append(b"".join(pair))
            next(rest)
        else:
            out.append(tokens[i])
    return tuple(out)


def merge_pair__search(tokens, pair):
    tokens, start = list(tokens), 0
    while pair[0] in tokens[start:]:
        start = tokens.index(pair[0], start)
        if tokens[start + 1 : start + 2] == [pair[1]]:
            tokens[start : start + 2] = [pair[0] + pair[1]]
        start += 1
    return tuple(tokens)


# --- train_bpe


def train_bpe__lists_and_sort(words, alphabet, merge_count):
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


def train_bpe__numpy_arrays(words, alphabet, merge_count):
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


def train_bpe__strings(words, alphabet, merge_count):
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


# --- encode


def encode__repeated_minimum(text, vocabulary, merges, pattern, special_tokens):
    ids = {token: i for i, token in enumerate(vocabulary)}
    rank = {pair: i for i, pair in enumerate(merges)}

    def word_ids(word):
        parts = [bytes([b]) for b in word.encode("utf-8") if bytes([b]) in ids]
        while len(parts) > 1:
            candidates = [
                (rank[p], i) for i, p in enumerate(zip(parts, parts[1:], strict=False)) if p in rank
            ]
            if not candidates:
                break
            _, i = min(candidates)
            parts = parts[:i] + [parts[i] + parts[i + 1]] + parts[i + 2 :]
        return [ids[part] for part in parts]

    result = []
    chunks = [text]
    for special in sorted(special_tokens, key=len, reverse=True):
        cut = []
        for chunk in chunks:
            if isinstance(chunk, int):
                cut.append(chunk)
                continue
            parts = chunk.split(special)
            for n, part in enumerate(parts):
                if n:
                    cut.append(ids[special.encode()])
                cut.append(part)
        chunks = cut
    for chunk in chunks:
        if isinstance(chunk, int):
            result.append(chunk)
        else:
            for word in regex.findall(pattern, chunk):
                result += word_ids(word)
    return result


def encode__finditer_and_positions(text, vocabulary, merges, pattern, special_tokens):
    lookup = dict(zip(vocabulary, range(len(vocabulary)), strict=True))
    order = {pair: n for n, pair in enumerate(merges)}
    out = []

    def plain(part):
        for match in regex.finditer(pattern, part):
            pieces = [b.to_bytes(1, "big") for b in match.group().encode()]
            pieces = [piece for piece in pieces if piece in lookup]
            while True:
                best = None
                for i in range(len(pieces) - 1):
                    r = order.get((pieces[i], pieces[i + 1]))
                    if r is not None and (best is None or r < best[0]):
                        best = (r, i)
                if best is None:
                    break
                pieces[best[1] : best[1] + 2] = [pieces[best[1]] + pieces[best[1] + 1]]
            out.extend(lookup[piece] for piece in pieces)

    if special_tokens:
        longest = sorted(special_tokens, key=lambda s: -len(s))
        finder = re.compile("|".join(re.escape(s) for s in longest))
        last = 0
        for match in finder.finditer(text):
            plain(text[last : match.start()])
            out.append(lookup[match.group().encode()])
            last = match.end()
        plain(text[last:])
    else:
        plain(text)
    return out


def encode__all_places_of_a_merge_at_once(text, vocabulary, merges, pattern, special_tokens):
    number = {token: n for n, token in enumerate(vocabulary)}
    rank = {pair: n for n, pair in enumerate(merges)}
    output = []
    rest = text
    while rest:
        starts = [(rest.find(s), -len(s), s) for s in special_tokens if s in rest]
        at, _, special = min(starts, default=(len(rest), 0, ""))
        for word in regex.findall(pattern, rest[:at]):
            tokens = [bytes([b]) for b in word.encode() if bytes([b]) in number]
            while True:
                known = [p for p in zip(tokens, tokens[1:], strict=False) if p in rank]
                if not known:
                    break
                pair = min(known, key=rank.get)
                new, i = [], 0
                while i < len(tokens):
                    if tuple(tokens[i : i + 2]) == pair:
                        new.append(pair[0] + pair[1])
                        i += 2
                    else:
                        new.append(tokens[i])
                        i += 1
                tokens = new
            output += [number[token] for token in tokens]
        if special:
            output.append(number[special.encode()])
        rest = rest[at + len(special) :]
    return output


# --- decode


def decode__generator(tokens, vocabulary):
    if tokens and (min(tokens) < 0 or max(tokens) >= len(vocabulary)):
        raise ValueError(f"ids must lie between 0 and {len(vocabulary) - 1}")
    return b"".join(map(vocabulary.__getitem__, tokens)).decode("utf-8", errors="replace")


def decode__sum(tokens, vocabulary):
    data = b""
    for token in tokens:
        if token not in range(len(vocabulary)):
            raise ValueError(token)
        data += vocabulary[token]
    return data.decode(errors="replace")


def decode__incremental(tokens, vocabulary):
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    text = ""
    for token in tokens:
        if not 0 <= token <= len(vocabulary) - 1:
            raise ValueError("no such id")
        text += decoder.decode(vocabulary[token])
    return text + decoder.decode(b"", final=True)


# --- train_bpe_fast


def train_bpe_fast__words_and_lazy_heap(words, alphabet, merge_count):
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


def train_bpe_fast__recounts_the_words_concerned(words, alphabet, merge_count):
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


def train_bpe_fast__links_and_buckets(words, alphabet, merge_count):
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


# --- and a few more ways


def merge_pair__pops_the_second(tokens, pair):
    word, place = list(tokens), 0
    while place < len(word) - 1:
        if (word[place], word[place + 1]) == pair:
            word[place] += word.pop(place + 1)
        place += 1
    return tuple(word)


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
            self.words[place] = list(merge_pair__pops_the_second(self.words[place], pair))
            self.add(place, 1)
            touched.update(zip(self.words[place], self.words[place][1:], strict=False))
        for other in touched:
            heappush(self.heap, self.entry(other))
        return pair


def train_bpe__class(words, alphabet, merge_count):
    trainer, merges = _Trainer(words, alphabet), []
    while len(merges) < merge_count:
        pair = trainer.merge()
        if pair is None:
            break
        merges.append(pair)
    return merges


def train_bpe_fast__class(words, alphabet, merge_count):
    return train_bpe__class(words, alphabet, merge_count)


def encode__divides_at_the_first_special_token(text, vocabulary, merges, pattern, special_tokens):
    found = [(text.find(s), -len(s), s) for s in special_tokens if s in text]
    if found:
        rest = vocabulary, merges, pattern, special_tokens
        place, _, special = min(found)
        before = encode__divides_at_the_first_special_token(text[:place], *rest)
        after = text[place + len(special) :]
        after = encode__divides_at_the_first_special_token(after, *rest)
        return before + [vocabulary.index(special.encode())] + after
    ids = []
    for word in regex.findall(pattern, text):
        single = [bytes([byte]) for byte in word.encode()]
        tokens = [token for token in single if token in vocabulary]
        while len(tokens) > 1:
            pairs = list(zip(tokens, tokens[1:], strict=False))
            known = [(merges.index(pair), i) for i, pair in enumerate(pairs) if pair in merges]
            if not known:
                break
            place = min(known)[1]
            tokens[place : place + 2] = [b"".join(pairs[place])]
        ids += [vocabulary.index(token) for token in tokens]
    return ids


def decode__catches_the_missing_key(tokens, vocabulary):
    table, text = dict(enumerate(vocabulary)), bytearray()
    try:
        for token in tokens:
            text += table[token]
    except KeyError as error:
        raise ValueError("there is no such id") from error
    return str(text, "utf-8", "replace")
