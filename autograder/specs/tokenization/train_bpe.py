"""What `tokenization.train_bpe` accepts."""

from collections import Counter
from itertools import pairwise

from autograder.spec import Call, Draw, Exercise, Part, Same
from autograder.specs.tokenization.words import (
    letters,
    made_of_syllables,
    shuffled,
    some_words,
    ties_in,
)
from solutions import tokenization as reference


def distinct_counts(draw: Draw) -> list[Call]:
    alphabet = [b"a", b"b", b"c", b"d"]
    return [
        Call(({b"ab": 5, b"cd": 3}, alphabet, 1), tries="one merge"),
        Call(({b"ab": 2, b"abc": 7, b"d": 50}, alphabet, 2), tries="a merge of a merge"),
        Call(({b"abcd": 9, b"bcd": 5, b"cd": 3}, alphabet, 3), tries="three merges"),
        Call(({b"aaa": 3, b"bc": 5}, alphabet, 1), tries="a pair that overlaps itself"),
        Call(({b"abc": 3}, alphabet, 0), tries="no merges at all"),
        Call(
            ({b"ab": 4, b"ba": 3, b"cab": 2, b"bab": 11, b"dd": 6}, alphabet, 4),
            tries="words of different counts",
        ),
    ]


def equal_counts(draw: Draw) -> list[Call]:
    word = bytes(shuffled(draw, list(b"abcdefgh")))
    few = [bytes([byte]) for byte in shuffled(draw, list(b"abcdefgh"))]
    other = bytes(shuffled(draw, list(b"abcdefgh")))
    return [
        Call(({word: 1}, few, 1), tries="a word of different letters: all pairs occur once"),
        Call(({word: 2, other: 2}, few, 4), tries="two words of the same letters"),
        Call(
            ({letters(draw, b"ab", 5, 9): 1, letters(draw, b"ab", 5, 9): 1}, [b"b", b"a"], 3),
            tries="words of two letters, of which the alphabet has the second first",
        ),
        ties_in(draw, some_words(draw, b"abcd", 6), 8, "an alphabet in random order"),
        ties_in(draw, {letters(draw, b" ~ab\x00\xff", 6, 9): 3 for _ in range(4)}, 8, "any bytes"),
    ]


def real_looking_words(draw: Draw) -> list[Call]:
    return [
        Call(
            (made_of_syllables(draw, 40, 3), reference.BYTE_ALPHABET, 30),
            tries="40 words made of syllables",
        ),
        Call(
            ({b"a" * 7: 3, b"a" * 4: 2, b"ba" * 3: 4, b"aab": 1}, [b"b", b"a"], 6),
            tries="words in which pairs overlap",
        ),
    ]


def nothing_left_to_merge(draw: Draw) -> list[Call]:
    alphabet = [b"a", b"b", b"c"]
    return [
        Call(({b"ab": 3, b"abc": 2, b"c": 9}, alphabet, 50), tries="more merges than there are"),
        Call(({b"a": 5, b"b": 2}, alphabet, 3), tries="words of one byte: there is no pair"),
        Call(({}, alphabet, 3), tries="no words"),
        ties_in(draw, some_words(draw, b"abc", 4, 5), 100, "until every word is one token"),
    ]


train_bpe = Exercise(
    "tokenization.train_bpe",
    parts=[
        Part("different counts", 1, distinct_counts, Same(), public=True),
        Part("equal counts", 1, equal_counts, Same()),
        Part("many words", 1, real_looking_words, Same()),
        Part("nothing left to merge", 1, nothing_left_to_merge, Same()),
    ],
)


def trained(words, alphabet, merge_count, choose, split=None):
    """Train with another rule for the pair to merge next."""
    split = split or {tuple(bytes([b]) for b in word): count for word, count in words.items()}
    number = {token: place for place, token in enumerate(alphabet)}
    merges = []
    while len(merges) < merge_count:
        counts = reference.count_pairs(split)
        if not counts:
            break
        pair = choose(counts, number)
        merges.append(pair)
        number.setdefault(pair[0] + pair[1], len(number))
        merged = Counter()
        for tokens, count in split.items():
            merged[reference.merge_pair(tokens, pair)] += count
        split = merged
    return merges


@train_bpe.misconception(
    "Of pairs with equal counts the one that was counted first is taken. The rule is: smallest "
    "number of the first token, then of the second."
)
def trained_ties_by_first_seen(words, alphabet, merge_count):
    return trained(words, alphabet, merge_count, lambda counts, _: max(counts, key=counts.get))


@train_bpe.misconception(
    "Of pairs with equal counts the one with the largest bytes is taken. The rule is: smallest "
    "number of the first token, then of the second."
)
def trained_ties_by_largest_bytes(words, alphabet, merge_count):
    return trained(
        words,
        alphabet,
        merge_count,
        lambda counts, _: max(counts, key=lambda pair: (counts[pair], pair)),
    )


@train_bpe.misconception(
    "Of pairs with equal counts the one with the smallest bytes is taken. A token's number is its "
    "place in the alphabet, and new tokens come after it, in the order they were made."
)
def trained_ties_by_smallest_bytes(words, alphabet, merge_count):
    return trained(
        words,
        alphabet,
        merge_count,
        lambda counts, _: min(counts, key=lambda pair: (-counts[pair], pair)),
    )


@train_bpe.misconception(
    "Of pairs with equal counts the one with the largest numbers is taken; the smallest is asked "
    "for."
)
def trained_ties_by_largest_number(words, alphabet, merge_count):
    return trained(
        words,
        alphabet,
        merge_count,
        lambda counts, number: max(
            counts, key=lambda pair: (counts[pair], number[pair[0]], number[pair[1]])
        ),
    )


def by_the_rule(counts, number):
    """Choose the pair as the contract has it."""
    return min(counts, key=lambda pair: (-counts[pair], number[pair[0]], number[pair[1]]))


@train_bpe.misconception(
    "Each word is counted once, however often it occurs; counts of words weigh their pairs."
)
def trained_on_word_types(words, alphabet, merge_count):
    return trained(dict.fromkeys(words, 1), alphabet, merge_count, by_the_rule)


@train_bpe.misconception(
    "Pairs are counted once, at the beginning. Each merge changes what is there: count again "
    "after it."
)
def trained_on_the_first_counts(words, alphabet, merge_count):
    split = {tuple(bytes([byte]) for byte in word): count for word, count in words.items()}
    counts = reference.count_pairs(split)
    number = {token: place for place, token in enumerate(alphabet)}
    order = sorted(counts, key=lambda p: (-counts[p], number[p[0]], number[p[1]]))
    return order[:merge_count]


@train_bpe.misconception(
    "Training stops when the most frequent pair occurs only once; it goes on until no pair is left."
)
def trained_until_a_pair_is_single(words, alphabet, merge_count):
    split = {tuple(bytes([byte]) for byte in word): count for word, count in words.items()}
    number = {token: place for place, token in enumerate(alphabet)}
    merges = []
    while len(merges) < merge_count:
        counts = reference.count_pairs(split)
        if not counts or max(counts.values()) < 2:
            break
        merges.append(by_the_rule(counts, number))
        number[b"".join(merges[-1])] = len(number)
        split = {reference.merge_pair(tokens, merges[-1]): n for tokens, n in split.items()}
    return merges


@train_bpe.misconception("When no pair is left, an error is raised; return the merges so far.")
def trained_without_an_end(words, alphabet, merge_count):
    split = {tuple(bytes([byte]) for byte in word): count for word, count in words.items()}
    number = {token: place for place, token in enumerate(alphabet)}
    merges = []
    for _ in range(merge_count):
        counts = reference.count_pairs(split)
        merges.append(by_the_rule(counts, number))
        number[b"".join(merges[-1])] = len(number)
        split = {reference.merge_pair(tokens, merges[-1]): n for tokens, n in split.items()}
    return merges


@train_bpe.misconception(
    "`merge_count` is taken for the size of the vocabulary; it is the number of merges."
)
def trained_to_a_size(words, alphabet, merge_count):
    return reference.train_bpe_fast(words, alphabet, max(merge_count - len(alphabet), 0))


@train_bpe.misconception(
    "The result holds the joined tokens; the pairs that were joined are asked for."
)
def trained_to_tokens(words, alphabet, merge_count):
    pairs = reference.train_bpe_fast(words, alphabet, merge_count)
    return [first + second for first, second in pairs]


@train_bpe.alternative
def trained_by_recounting(words, alphabet, merge_count):
    return trained(words, alphabet, merge_count, by_the_rule)


@train_bpe.alternative
def trained_fast(words, alphabet, merge_count):
    return reference.train_bpe_fast(words, alphabet, merge_count)


@train_bpe.alternative
def trained_on_numbers(words, alphabet, merge_count):
    vocabulary = list(alphabet)
    split = [[alphabet.index(bytes([byte])) for byte in word] for word in words]
    merges = []
    for _ in range(merge_count):
        counts = Counter()
        for row, count in zip(split, words.values(), strict=True):
            for pair in pairwise(row):
                counts[pair] += count
        if not counts:
            return merges
        most = max(counts.values())
        first, second = min(pair for pair, count in counts.items() if count == most)
        merges.append((vocabulary[first], vocabulary[second]))
        for row in split:
            place = 0
            while place < len(row) - 1:
                if row[place] == first and row[place + 1] == second:
                    row[place : place + 2] = [len(vocabulary)]
                place += 1
        vocabulary.append(vocabulary[first] + vocabulary[second])
    return merges
