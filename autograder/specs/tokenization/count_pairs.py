"""What `tokenization.count_pairs` accepts."""

from collections import Counter, defaultdict
from itertools import pairwise

from autograder.spec import Call, Draw, Exercise, Part, Same
from autograder.specs.tokenization.words import tokens


def single_words(draw: Draw) -> list[Call]:
    return [
        Call(({(b"a", b"b", b"c"): 1},), tries="a word of three tokens that occurs once"),
        Call(({(b"a", b"b", b"a", b"b"): 1},), tries="a pair that stands twice in a word"),
        Call(({(b"a", b"b", b"a"): 1},), tries="two tokens in both orders"),
        Call(({tokens(draw, 5, 8): 1},), tries="a word of tokens of several bytes"),
        Call(({(b"a",): 4},), tries="a word of a single token: it has no pair"),
        Call(({},), tries="no words at all"),
    ]


def overlapping_pairs(draw: Draw) -> list[Call]:
    length = draw.integer(5, 9)
    return [
        Call(({(b"a",) * 3: 1},), tries="three equal tokens: two pairs, which overlap"),
        Call(({(b"ab",) * length: 1},), tries=f"{length} equal tokens in a row"),
        Call(({(b"b", *(b"a",) * length, b"b"): 1},), tries="equal tokens between others"),
    ]


def words_that_occur_often(draw: Draw) -> list[Call]:
    some = {tokens(draw, 1, 7): draw.integer(2, 50) for _ in range(6)}
    many = {tokens(draw, 1, 9): draw.integer(1, 1000) for _ in range(40)}
    return [
        Call(({(b"a", b"b"): 7},), tries="a word that occurs 7 times"),
        Call(({(b"a", b"b"): 2, (b"c", b"a", b"b"): 30},), tries="a pair in two words"),
        Call(({(b"a", b"b"): 30, (b"c", b"a", b"b"): 2},), tries="a pair in two words"),
        Call((some,), tries="some words with their counts"),
        Call((many,), tries="many words with their counts"),
    ]


count_pairs = Exercise(
    "tokenization.count_pairs",
    parts=[
        Part("one word", 0.5, single_words, Same(), public=True),
        Part("overlapping pairs", 0.5, overlapping_pairs, Same()),
        Part("words that occur often", 1, words_that_occur_often, Same()),
    ],
)


@count_pairs.misconception(
    "Each word is counted once. A word that occurs n times counts n times, and so do its pairs."
)
def pairs_of_each_word_once(words):
    return dict(Counter(pair for word in words for pair in pairwise(word)))


@count_pairs.misconception(
    "A pair is counted once for each word that has it; it counts at every place where it stands."
)
def pairs_once_in_a_word(words):
    counts = Counter()
    for word, count in words.items():
        for pair in set(pairwise(word)):
            counts[pair] += count
    return dict(counts)


@count_pairs.misconception(
    "Pairs that overlap are skipped. In a a a the pair (a, a) stands twice, at both places."
)
def pairs_that_do_not_overlap(words):
    counts = Counter()
    for word, count in words.items():
        last, place = None, -1
        for here, pair in enumerate(pairwise(word)):
            if pair == last and here == place + 1:
                last = None
                continue
            counts[pair] += count
            last, place = pair, here
    return dict(counts)


@count_pairs.misconception(
    "A later word overwrites the count of an earlier one; counts of a pair have to be added up."
)
def pairs_of_the_last_word(words):
    return {pair: count for word, count in words.items() for pair in pairwise(word)}


@count_pairs.misconception("The last pair of each word is missing: a word of n tokens has n - 1.")
def pairs_without_the_last(words):
    counts = Counter()
    for word, count in words.items():
        for place in range(len(word) - 2):
            counts[word[place], word[place + 1]] += count
    return dict(counts)


@count_pairs.misconception(
    "The last token of a word is paired with the first of the next word; words are separate."
)
def pairs_across_words(words):
    counts = Counter()
    row = [(token, count) for word, count in words.items() for token in word]
    for (first, _), (second, count) in pairwise(row):
        counts[first, second] += count
    return dict(counts)


@count_pairs.misconception("The pairs (a, b) and (b, a) are counted as one; order matters.")
def pairs_in_any_order(words):
    counts = Counter()
    for word, count in words.items():
        for pair in pairwise(word):
            counts[tuple(sorted(pair))] += count
    return dict(counts)


@count_pairs.misconception("These are counts of single tokens; pairs of neighbors are asked for.")
def counts_of_tokens(words):
    counts = Counter()
    for word, count in words.items():
        for token in word:
            counts[token] += count
    return dict(counts)


@count_pairs.alternative
def pairs_by_counter(words):
    counts = Counter()
    for word, count in words.items():
        for pair in pairwise(word):
            counts[pair] += count
    return counts


@count_pairs.alternative
def pairs_by_defaultdict(words):
    counts = defaultdict(int)
    for word in words:
        for place in range(1, len(word)):
            counts[word[place - 1], word[place]] += words[word]
    return counts
