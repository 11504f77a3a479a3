"""What `tokenization.train_bpe_fast` accepts."""

from collections import Counter, defaultdict
from heapq import heapify, heappop, heappush
from itertools import pairwise

from autograder.spec import Call, Draw, Exercise, Part, Same, Speed
from autograder.specs.tokenization.words import letters, some_words, ties_in
from solutions import tokenization as reference

# why a mutant of the reference may pass
WEIGHT_OF_NOTHING = "it belongs to the gap before the first word, which is in no pair"


def same_merges(draw: Draw) -> list[Call]:
    alphabet = [b"a", b"b", b"c", b"d"]
    return [
        Call(({b"ab": 5, b"cd": 3}, alphabet, 1), tries="one merge"),
        Call(({b"abcd": 9, b"bcd": 5, b"cd": 3}, alphabet, 3), tries="three merges"),
        Call(
            ({b"ab": 4, b"ba": 3, b"cab": 2, b"bab": 11, b"dd": 6}, alphabet, 4),
            tries="words of different counts",
        ),
        ties_in(draw, some_words(draw, b"abcd", 6), 8, "pairs of equal counts"),
        ties_in(draw, some_words(draw, b"abcdef", 15), 30, "more words, more merges"),
    ]


def hard_to_keep_count_of(draw: Draw) -> list[Call]:
    runs = {b"a" * draw.integer(3, 12): draw.integer(1, 9) for _ in range(4)}
    mixed = {letters(draw, b"ab", 6, 14): draw.integer(1, 9) for _ in range(8)}
    return [
        ties_in(draw, {b"aaa": 3, b"aab": 2}, 4, "equal letters in a row"),
        ties_in(draw, runs | {b"baab": 2}, 10, "long runs of one letter"),
        ties_in(
            draw, {b"ababab": 3, b"babab": 2, b"abba": 4}, 8, "a pair that stands side by side"
        ),
        ties_in(draw, mixed, 25, "words of two letters"),
        ties_in(draw, some_words(draw, b"abc", 5, 6), 100, "until every word is one token"),
        Call(({b"a": 5}, alphabet_of(b"a"), 3), tries="a word of one byte: there is no pair"),
        Call(({}, alphabet_of(b"ab"), 3), tries="no words"),
        Call(({b"ab": 2}, alphabet_of(b"ab"), 0), tries="no merges"),
    ]


def alphabet_of(text: bytes) -> list[bytes]:
    """Return the bytes of a text as tokens."""
    return [bytes([byte]) for byte in text]


def large_texts(draw: Draw) -> list[Call]:
    # several calls, of which the fastest counts; different words, so that remembering does not help
    capitals_and_small = bytes([*range(65, 91), *range(97, 123)])
    calls = []
    for _ in range(3):
        words = {}
        while len(words) < 400:
            words[b" " + letters(draw, capitals_and_small, 8, 15)] = draw.integer(1, 400)
        calls.append(
            Call((words, reference.BYTE_ALPHABET, 300), tries="300 merges on 400 long words")
        )
    return calls


train_bpe_fast = Exercise(
    "tokenization.train_bpe_fast",
    parts=[
        Part("the same merges", 1, same_merges, Same(), public=True),
        Part("counts that are hard to keep", 1, hard_to_keep_count_of, Same()),
        Part(
            "five times as fast",
            2,
            large_texts,
            Same(),
            speed=Speed(5, baseline=reference.train_bpe),
        ),
    ],
    equivalent={
        "0 -> -1 in number_of_byte = {token[0]: place for place, token in enumerate(alphabet)}": (
            "a token of the alphabet has one byte, its first and its last"
        ),
        "0 -> 1 in weight = [0]": WEIGHT_OF_NOTHING,
        "0 -> -1 in weight = [0]": WEIGHT_OF_NOTHING,
    },
)


@train_bpe_fast.misconception(
    "The merges are right, but every step goes through all words again. A merge changes only the "
    "words that hold the pair: keep for each pair its count and where it stands, and correct both."
)
def fast_but_simple(words, alphabet, merge_count):
    return reference.train_bpe(words, alphabet, merge_count)


def kept_count(words, alphabet, merge_count, lose=False, stale=False, tie=None):
    """Train word by word with counts kept up to date, or not quite."""
    number = {token: place for place, token in enumerate(alphabet)}
    rows = [[bytes([byte]) for byte in word] for word in words]
    weights = list(words.values())
    counts, where = Counter(), defaultdict(set)
    for index, row in enumerate(rows):
        for pair in pairwise(row):
            counts[pair] += weights[index]
            where[pair].add(index)
    tie = tie or (lambda pair: (number[pair[0]], number[pair[1]]))
    heap = [(-count, tie(pair), pair) for pair, count in counts.items()]
    heapify(heap)
    merges = []
    while heap and len(merges) < merge_count:
        negative, _, pair = heappop(heap)
        if counts[pair] <= 0 or (not stale and counts[pair] != -negative):
            continue
        merges.append(pair)
        number.setdefault(pair[0] + pair[1], len(number))
        changed = set()
        for index in sorted(where.pop(pair)):
            for old in pairwise(rows[index]):
                if not lose or old == pair:
                    counts[old] -= weights[index]
                    changed.add(old)
            before = set(pairwise(rows[index]))
            rows[index] = list(reference.merge_pair(tuple(rows[index]), pair))
            for new in pairwise(rows[index]):
                if not lose or new not in before:
                    counts[new] += weights[index]
                    changed.add(new)
                where[new].add(index)
        counts[pair] = 0
        for new in changed:
            if counts[new] > 0:
                heappush(heap, (-counts[new], tie(new), new))
    return merges


@train_bpe_fast.misconception(
    "The pairs around a merge keep their old counts. When a and b are joined in x a b y, the pairs "
    "(x, a) and (b, y) are gone as well and must be counted down."
)
def fast_without_counting_down(words, alphabet, merge_count):
    return kept_count(words, alphabet, merge_count, lose=True)


@train_bpe_fast.misconception(
    "What comes out of the heap may hold an old count: compare it with the present one, and put it "
    "back if it is lower."
)
def fast_with_an_old_heap(words, alphabet, merge_count):
    return kept_count(words, alphabet, merge_count, stale=True)


@train_bpe_fast.misconception(
    "Of pairs with equal counts the one with the smallest bytes is taken. A token's number is its "
    "place in the alphabet, and new tokens come after it, in the order they were made."
)
def fast_ties_by_bytes(words, alphabet, merge_count):
    return kept_count(words, alphabet, merge_count, tie=lambda pair: pair)


@train_bpe_fast.misconception(
    "Each word is counted once, however often it occurs; counts of words weigh their pairs."
)
def fast_on_word_types(words, alphabet, merge_count):
    return kept_count(dict.fromkeys(words, 1), alphabet, merge_count)


@train_bpe_fast.alternative
def fast_word_by_word(words, alphabet, merge_count):
    return kept_count(words, alphabet, merge_count)


def merged_numbers(row, pair, joined):
    """Join a pair of numbers in a row of them."""
    merged = []
    for number in row:
        if merged and merged[-1] == pair[0] and number == pair[1]:
            merged[-1] = joined
        else:
            merged.append(number)
    return tuple(merged)


@train_bpe_fast.alternative
def fast_without_a_heap(words, alphabet, merge_count):
    number = {token: place for place, token in enumerate(alphabet)}
    vocabulary = list(alphabet)
    rows = [tuple(number[bytes([byte])] for byte in word) for word in words]
    weights = list(words.values())
    counts, where = defaultdict(int), defaultdict(set)

    def account(index, sign):
        for pair in pairwise(rows[index]):
            counts[pair] += sign * weights[index]
            where[pair].add(index)

    for index in range(len(rows)):
        account(index, 1)
    merges = []
    while len(merges) < merge_count:
        most = max(counts.values(), default=0)
        if most == 0:
            break
        pair = min(pair for pair, count in counts.items() if count == most)
        merges.append((vocabulary[pair[0]], vocabulary[pair[1]]))
        for index in where.pop(pair):
            account(index, -1)
            rows[index] = merged_numbers(rows[index], pair, len(vocabulary))
            account(index, 1)
        del counts[pair]
        vocabulary.append(vocabulary[pair[0]] + vocabulary[pair[1]])
    return merges
