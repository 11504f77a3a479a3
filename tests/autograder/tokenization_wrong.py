"""Wrong solutions to the exercises on tokenization that stand in no spec.

A function's name is that of the exercise, two underscores, and what is wrong with it.
"""

import codecs
from collections import Counter
from heapq import heapify, heappop, heappush
from itertools import pairwise

import regex

from solutions import tokenization as reference

# --- count_pairs


def count_pairs__skips_words_of_two_tokens(words):
    return reference.count_pairs({word: n for word, n in words.items() if len(word) > 2})


def count_pairs__joined_bytes_as_keys(words):
    counts = Counter()
    for word, count in words.items():
        for first, second in pairwise(word):
            counts[first + second] += count
    return dict(counts)


def count_pairs__wraps_around(words):
    counts = Counter()
    for word, count in words.items():
        for place in range(len(word)):
            counts[word[place - 1], word[place]] += count
    return dict(counts)


def count_pairs__all_pairs_of_a_word(words):
    counts = Counter()
    for word, count in words.items():
        for place, first in enumerate(word):
            for second in word[place + 1 :]:
                counts[first, second] += count
    return dict(counts)


def count_pairs__every_second_pair(words):
    counts = Counter()
    for word, count in words.items():
        for place in range(0, len(word) - 1, 2):
            counts[word[place], word[place + 1]] += count
    return dict(counts)


def count_pairs__most_common_list(words):
    return Counter(reference.count_pairs(words)).most_common()


def count_pairs__bytes_instead_of_tokens(words):
    counts = Counter()
    for word, count in words.items():
        letters = [bytes([byte]) for byte in b"".join(word)]
        for pair in pairwise(letters):
            counts[pair] += count
    return dict(counts)


def count_pairs__keeps_pairs_that_occur_more_than_once(words):
    return {pair: count for pair, count in reference.count_pairs(words).items() if count > 1}


# --- merge_pair


def merge_pair__compares_the_first_token_only(tokens, pair):
    merged, place = [], 0
    while place < len(tokens):
        if tokens[place] == pair[0] and place + 1 < len(tokens):
            merged.append(tokens[place] + tokens[place + 1])
            place += 2
        else:
            merged.append(tokens[place])
            place += 1
    return tuple(merged)


def merge_pair__replaces_in_the_bytes(tokens, pair):
    word = b"\x00".join(tokens).replace(pair[0] + b"\x00" + pair[1], pair[0] + pair[1])
    return tuple(word.split(b"\x00"))


def merge_pair__drops_the_second_token(tokens, pair):
    merged, place = [], 0
    while place < len(tokens):
        merged.append(tokens[place])
        place += 2 if tokens[place : place + 2] == pair else 1
    return tuple(merged)


def merge_pair__joins_backwards(tokens, pair):
    return tuple(
        pair[1] + pair[0] if token == pair[0] + pair[1] and token not in tokens else token
        for token in reference.merge_pair(tokens, pair)
    )


def merge_pair__changes_while_iterating(tokens, pair):
    merged = list(tokens)
    for place in range(len(tokens) - 1):
        if place + 1 < len(merged) and (merged[place], merged[place + 1]) == pair:
            merged[place] = pair[0] + pair[1]
            del merged[place + 1]
    return tuple(merged[: len(tokens) - 1]) if len(merged) == len(tokens) else tuple(merged)


def merge_pair__skips_the_first_place(tokens, pair):
    return tokens[:1] + reference.merge_pair(tokens[1:], pair)


def merge_pair__until_nothing_changes(tokens, pair):
    joined = pair[0] + pair[1]
    merged = reference.merge_pair(tokens, pair)
    return reference.merge_pair(merged, (joined, joined))


# --- train_bpe and train_bpe_fast


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


def train_bpe__ties_by_second_token_first(words, alphabet, merge_count):
    return _train(words, alphabet, merge_count, lambda p, c, n: (-c[p], n[p[1]], n[p[0]]))


def train_bpe__ties_by_sum_of_numbers(words, alphabet, merge_count):
    return _train(words, alphabet, merge_count, lambda p, c, n: (-c[p], n[p[0]] + n[p[1]]))


def train_bpe__prefers_long_tokens(words, alphabet, merge_count):
    return _train(
        words, alphabet, merge_count, lambda p, c, n: (-c[p], -len(p[0] + p[1]), n[p[0]], n[p[1]])
    )


def train_bpe__new_tokens_before_the_alphabet(words, alphabet, merge_count):
    def key(pair, counts, number):
        size = len(alphabet)
        places = [number[token] - (10**6 if number[token] >= size else 0) for token in pair]
        return (-counts[pair], *places)

    return _train(words, alphabet, merge_count, key)


def train_bpe__least_frequent_first(words, alphabet, merge_count):
    return _train(words, alphabet, merge_count, lambda p, c, n: (c[p], n[p[0]], n[p[1]]))


def train_bpe__divides_by_the_counts_of_its_tokens(words, alphabet, merge_count):
    def key(pair, counts, number):
        first = sum(count for (token, _), count in counts.items() if token == pair[0])
        return (-counts[pair] / first, number[pair[0]], number[pair[1]])

    return _train(words, alphabet, merge_count, key)


def train_bpe__ties_by_the_order_of_bytes_in_the_alphabet_only(words, alphabet, merge_count):
    def key(pair, counts, number):
        return (-counts[pair], alphabet.index(pair[0][:1]), alphabet.index(pair[1][:1]))

    return _train(words, alphabet, merge_count, key)


def train_bpe__one_merge_too_many(words, alphabet, merge_count):
    return reference.train_bpe(words, alphabet, merge_count + 1)


def train_bpe__ids_instead_of_bytes(words, alphabet, merge_count):
    merges = reference.train_bpe(words, alphabet, merge_count)
    vocabulary = reference.build_vocabulary(alphabet, merges)
    return [(vocabulary.index(first), vocabulary.index(second)) for first, second in merges]


def train_bpe__ignores_single_words(words, alphabet, merge_count):
    frequent = {word: count for word, count in words.items() if count > 1}
    return reference.train_bpe(frequent, alphabet, merge_count)


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


def train_bpe_fast__overlaps_counted_once_in_a_word(words, alphabet, merge_count):
    return _train_fast(words, alphabet, merge_count, overlap=False)


def train_bpe_fast__loses_entries_of_the_heap(words, alphabet, merge_count):
    return _train_fast(words, alphabet, merge_count, refresh=False)


def train_bpe_fast__index_does_not_grow(words, alphabet, merge_count):
    return _train_fast(words, alphabet, merge_count, grow=False)


def train_bpe_fast__ties_by_the_first_token_only(words, alphabet, merge_count):
    return _train_fast(words, alphabet, merge_count, order=False)


def train_bpe_fast__two_merges_at_a_time(words, alphabet, merge_count):
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


def train_bpe_fast__recounts_in_numbers(words, alphabet, merge_count):
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


# --- encode


def _encode(text, vocabulary, merges, pattern, special_tokens, strip=False, order=None, cut=None):
    number = {token: place for place, token in enumerate(vocabulary)}
    merges = merges if order is None else order(merges)
    ids = []
    for piece in (cut or reference._split_at)(text, special_tokens):
        if piece in special_tokens:
            ids.append(number[piece.encode()])
            continue
        for word in regex.findall(pattern, piece.strip() if strip else piece):
            tokens = [bytes([byte]) for byte in word.encode() if bytes([byte]) in number]
            for pair in merges:
                tokens = reference.merge_pair(tuple(tokens), pair)
            ids += [number[token] for token in tokens]
    return ids


def encode__strips_around_special_tokens(text, vocabulary, merges, pattern, special_tokens):
    return _encode(text, vocabulary, merges, pattern, special_tokens, strip=True)


def encode__longest_merges_first(text, vocabulary, merges, pattern, special_tokens):
    return _encode(
        text,
        vocabulary,
        merges,
        pattern,
        special_tokens,
        order=lambda merges: sorted(merges, key=lambda pair: -len(pair[0] + pair[1])),
    )


def encode__order_of_ids_instead_of_merges(text, vocabulary, merges, pattern, special_tokens):
    number = {token: place for place, token in enumerate(vocabulary)}
    return _encode(
        text,
        vocabulary,
        merges,
        pattern,
        special_tokens,
        order=lambda merges: sorted(merges, key=lambda pair: number[pair[0] + pair[1]]),
    )


def encode__special_tokens_after_words(text, vocabulary, merges, pattern, special_tokens):
    number = {token: place for place, token in enumerate(vocabulary)}
    ids = []
    for word in regex.findall(pattern, text):
        if word in special_tokens:
            ids.append(number[word.encode()])
        else:
            ids += reference.encode(word, vocabulary, merges, r"(?s).+", [])
    return ids


def encode__drops_special_tokens(text, vocabulary, merges, pattern, special_tokens):
    for token in special_tokens:
        text = text.replace(token, "")
    return reference.encode(text, vocabulary, merges, pattern, [])


def encode__words_across_special_tokens(text, vocabulary, merges, pattern, special_tokens):
    pieces = reference._split_at(text, special_tokens)
    special = [vocabulary.index(p.encode()) for p in pieces if p in special_tokens]
    rest = "".join(p for p in pieces if p not in special_tokens)
    return reference.encode(rest, vocabulary, merges, pattern, []) + special


def encode__shortest_special_token(text, vocabulary, merges, pattern, special_tokens):
    def cut(text, special_tokens):
        if not special_tokens:
            return [text]
        tokens = sorted(special_tokens, key=len)
        return regex.split("(" + "|".join(map(regex.escape, tokens)) + ")", text)

    return _encode(text, vocabulary, merges, pattern, special_tokens, cut=cut)


def encode__text_between_matches_kept(text, vocabulary, merges, pattern, special_tokens):
    return reference.encode(text, vocabulary, merges, f"{pattern}|(?s).", special_tokens)


def encode__unknown_byte_ends_the_word(text, vocabulary, merges, pattern, special_tokens):
    number = {token: place for place, token in enumerate(vocabulary)}
    ids = []
    for piece in reference._split_at(text, special_tokens):
        if piece in special_tokens:
            ids.append(number[piece.encode()])
            continue
        for word in regex.findall(pattern, piece):
            known = []
            for byte in word.encode():
                if bytes([byte]) not in number:
                    break
                known.append(bytes([byte]))
            for pair in merges:
                known = reference.merge_pair(tuple(known), pair)
            ids += [number[token] for token in known]
    return ids


def encode__only_one_merge_in_a_word(text, vocabulary, merges, pattern, special_tokens):
    number = {token: place for place, token in enumerate(vocabulary)}
    ids = []
    for piece in reference._split_at(text, special_tokens):
        if piece in special_tokens:
            ids.append(number[piece.encode()])
            continue
        for word in regex.findall(pattern, piece):
            tokens = tuple(bytes([b]) for b in word.encode() if bytes([b]) in number)
            first = next((pair for pair in merges if pair in pairwise(tokens)), None)
            tokens = reference.merge_pair(tokens, first) if first else tokens
            ids += [number[token] for token in tokens]
    return ids


def encode__whole_words_looked_up_first(text, vocabulary, merges, pattern, special_tokens):
    number = {token: place for place, token in enumerate(vocabulary)}
    ids = []
    for piece in reference._split_at(text, special_tokens):
        if piece in special_tokens:
            ids.append(number[piece.encode()])
            continue
        for word in regex.findall(pattern, piece):
            if word.encode() in number and len(word) < 4:
                ids.append(number[word.encode()])
            else:
                ids += reference.encode(word, vocabulary, merges[::-1], r"(?s).+", [])
    return ids


# --- decode


def decode__replaces_by_question_marks(tokens, vocabulary):
    return reference.decode(tokens, vocabulary).replace("\ufffd", "?")


def decode__returns_bytes(tokens, vocabulary):
    reference.decode(tokens, vocabulary)
    return b"".join(vocabulary[token] for token in tokens)


def decode__backslashes(tokens, vocabulary):
    reference.decode(tokens, vocabulary)
    return b"".join(vocabulary[token] for token in tokens).decode(errors="backslashreplace")


def decode__skips_ids_that_do_not_exist(tokens, vocabulary):
    return reference.decode([t for t in tokens if 0 <= t < len(vocabulary)], vocabulary)


def decode__largest_id_refused(tokens, vocabulary):
    if any(not 0 <= token < len(vocabulary) - 1 for token in tokens):
        raise ValueError("out of range")
    return reference.decode(tokens, vocabulary)


def decode__raises_a_key_error(tokens, vocabulary):
    known = dict(enumerate(vocabulary))
    return b"".join(known[token] for token in tokens).decode(errors="replace")


def decode__strips_the_text(tokens, vocabulary):
    return reference.decode(tokens, vocabulary).strip()


def decode__one_replacement_for_several_bytes(tokens, vocabulary):
    return regex.sub("\ufffd+", "\ufffd", reference.decode(tokens, vocabulary))


def decode__falls_back_to_latin1(tokens, vocabulary):
    reference.decode(tokens, vocabulary)
    data = b"".join(vocabulary[token] for token in tokens)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


# --- tokens that look alike, texts that end early


def merge_pair__replaces_between_blanks(tokens, pair):
    written = b" ".join(tokens).replace(b" ".join(pair), b"".join(pair))
    return tuple(written.split(b" ")) if tokens else ()


def merge_pair__searches_between_blanks(tokens, pair):
    sought = rb"(?<!\S)" + regex.escape(b" ".join(pair)) + rb"(?!\S)"
    written = regex.sub(sought, lambda _: b"".join(pair), b" ".join(tokens))
    return tuple(written.split(b" ")) if tokens else ()


def merge_pair__stops_at_a_lone_first_token(tokens, pair):
    merged, place = list(tokens), 0
    while pair[0] in merged[place:]:
        place = merged.index(pair[0], place)
        if merged[place + 1 : place + 2] != [pair[1]]:
            break
        merged[place : place + 2] = [pair[0] + pair[1]]
    return tuple(merged)


def merge_pair__leaves_one_token_after_a_merge(tokens, pair):
    merged, place = [], 0
    while place < len(tokens):
        if tokens[place : place + 2] == pair:
            merged += [pair[0] + pair[1], *tokens[place + 2 : place + 3]]
            place += 3
        else:
            merged.append(tokens[place])
            place += 1
    return tuple(merged)


def train_bpe__overlaps_counted_once(words, alphabet, merge_count):
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


def encode__sorts_the_special_tokens_passed_in(text, vocabulary, merges, pattern, special_tokens):
    special_tokens.sort(key=len, reverse=True)
    return reference.encode(text, vocabulary, merges, pattern, special_tokens)


def decode__waits_for_the_rest_of_a_character(tokens, vocabulary):
    if any(not 0 <= token < len(vocabulary) for token in tokens):
        raise ValueError
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return "".join(decoder.decode(vocabulary[token]) for token in tokens)
