"""What the exercises on tokenization accept."""

from collections import Counter, defaultdict
from heapq import heapify, heappop, heappush
from itertools import pairwise

import regex

from autograder.checking.cases import Call
from autograder.checking.compare import Same
from autograder.draw import Draw
from autograder.spec import Exercise, Part, Speed
from solutions import tokenization as reference

# why a mutant of the reference may pass
WEIGHT_OF_NOTHING = "it belongs to the gap before the first word, which is in no pair"

PATTERN = r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
SYLLABLES = (b"an", b"the", b"re", b"ti", b"on", b"ing", b"a", b"st", b"er", b"ou", b"q", b"in")


def shuffled(draw: Draw, items: list) -> list:
    """Return the items in another order."""
    items = list(items)
    for last in range(len(items) - 1, 0, -1):
        other = draw.integer(0, last)
        items[last], items[other] = items[other], items[last]
    return items


def letters(draw: Draw, alphabet: bytes, low: int, high: int) -> bytes:
    """Return a word of random letters."""
    return bytes(draw.choice(*alphabet) for _ in range(draw.integer(low, high)))


def tokens(draw: Draw, low: int, high: int) -> tuple[bytes, ...]:
    """Return a word of tokens of one to three bytes, some of which begin or end alike."""
    kinds = (b"a", b"b", b"c", b"aa", b"ab", b"bc", b"abc", b"\xc3")
    return tuple(draw.choice(*kinds) for _ in range(draw.integer(low, high)))


def some_words(draw: Draw, alphabet: bytes, count: int, longest: int = 7) -> dict[bytes, int]:
    """Return words of random letters with random counts."""
    return {letters(draw, alphabet, 2, longest): draw.integer(1, 9) for _ in range(count)}


def made_of_syllables(draw: Draw, count: int, most: int) -> dict[bytes, int]:
    """Return words of up to so many syllables, most of them with a space in front."""
    words = {}
    for _ in range(count):
        parts = [draw.choice(*SYLLABLES) for _ in range(draw.integer(1, most))]
        words[draw.choice(b" ", b" ", b"") + b"".join(parts)] = draw.integer(1, 400)
    return words


# --- count_pairs ---------------------------------------------------------------------------------


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


# --- merge_pair ----------------------------------------------------------------------------------


def plain_merges(draw: Draw) -> list[Call]:
    return [
        Call(((b"a", b"b", b"c"), (b"a", b"b")), tries="a pair at the start"),
        Call(((b"c", b"a", b"b"), (b"a", b"b")), tries="a pair at the end"),
        Call(((b"a", b"b", b"c", b"a", b"b"), (b"a", b"b")), tries="a pair that stands twice"),
        Call(((b"a", b"c", b"a", b"b"), (b"a", b"b")), tries="its first token, and then a pair"),
        Call(((b"b", b"a", b"c"), (b"a", b"b")), tries="the two tokens in the other order"),
        Call(((b"a",), (b"a", b"b")), tries="a word of one token"),
        Call(((), (b"a", b"b")), tries="a word without tokens"),
    ]


def merges_of_longer_tokens(draw: Draw) -> list[Call]:
    word = tokens(draw, 9, 14)
    place = draw.integer(0, len(word) - 2)
    return [
        Call((word, (word[place], word[place + 1])), tries="a pair of a random word"),
        Call((word, (b"x", b"y")), tries="a pair that is not there"),
        Call(
            ((b"a", b"bc", b"ab", b"c", b"abc"), (b"ab", b"c")),
            tries="other tokens that together have the same bytes",
        ),
        Call(((b"ab", b"c", b"ab", b"c", b"b", b"ab"), (b"ab", b"c")), tries="tokens of two bytes"),
        Call(((b"xa", b"b", b"a", b"bx"), (b"a", b"b")), tries="longer tokens that hold the pair"),
        Call(
            ((b" a", b"b", b" ", b"\x00", b"\n", b" a", b"b"), (b" a", b"b")),
            tries="tokens with white space and zero bytes",
        ),
    ]


def overlapping_merges(draw: Draw) -> list[Call]:
    length = 2 * draw.integer(2, 5) + 1
    return [
        Call(((b"a",) * 3, (b"a", b"a")), tries="three equal tokens: the left two are joined"),
        Call(((b"a",) * length, (b"a", b"a")), tries=f"{length} equal tokens"),
        Call(((b"a",) * (length + 1), (b"a", b"a")), tries=f"{length + 1} equal tokens"),
        Call(
            ((b"b", b"ab", b"ab", b"ab", b"c"), (b"ab", b"ab")), tries="equal tokens among others"
        ),
    ]


merge_pair = Exercise(
    "tokenization.merge_pair",
    parts=[
        Part("single letters", 0.5, plain_merges, Same(), public=True),
        Part("longer tokens", 0.5, merges_of_longer_tokens, Same()),
        Part("overlapping occurrences", 1, overlapping_merges, Same()),
    ],
    equivalent={"tuple(merged) -> merged": "a list of the right tokens is as good as a tuple"},
)


@merge_pair.misconception(
    "Occurrences that overlap are joined from the right; go through the word from left to right."
)
def merged_from_the_right(tokens, pair):
    merged, place = [], len(tokens) - 1
    while place >= 0:
        if place and tokens[place - 1 : place + 1] == pair:
            merged.append(pair[0] + pair[1])
            place -= 2
        else:
            merged.append(tokens[place])
            place -= 1
    return tuple(reversed(merged))


@merge_pair.misconception("Only the first occurrence is joined; all of them have to be.")
def merged_once(tokens, pair):
    for place in range(len(tokens) - 1):
        if tokens[place : place + 2] == pair:
            return (*tokens[:place], pair[0] + pair[1], *tokens[place + 2 :])
    return tokens


@merge_pair.misconception(
    "The second token of a joined pair is still there: after joining, go on two places further."
)
def merged_without_a_jump(tokens, pair):
    merged = []
    for place, token in enumerate(tokens):
        joins = tokens[place : place + 2] == pair
        merged.append(pair[0] + pair[1] if joins else token)
    return tuple(merged)


@merge_pair.misconception(
    "Tokens are joined whose bytes together are those of the pair. They must be these two tokens: "
    "a + bc is another pair than ab + c."
)
def merged_by_bytes(tokens, pair):
    merged, place = [], 0
    while place < len(tokens):
        if place + 1 < len(tokens) and tokens[place] + tokens[place + 1] == pair[0] + pair[1]:
            merged.append(pair[0] + pair[1])
            place += 2
        else:
            merged.append(tokens[place])
            place += 1
    return tuple(merged)


@merge_pair.misconception("The two tokens are also joined in the other order; order matters.")
def merged_in_any_order(tokens, pair):
    merged, place = [], 0
    while place < len(tokens):
        if tokens[place : place + 2] in (pair, pair[::-1]):
            merged.append(pair[0] + pair[1])
            place += 2
        else:
            merged.append(tokens[place])
            place += 1
    return tuple(merged)


@merge_pair.misconception("The last token is lost where it is not part of a pair.")
def merged_without_the_last(tokens, pair):
    merged, place = [], 0
    while place < len(tokens) - 1:
        if tokens[place : place + 2] == pair:
            merged.append(pair[0] + pair[1])
            place += 2
        else:
            merged.append(tokens[place])
            place += 1
    return tuple(merged)


@merge_pair.misconception(
    "The pair stays a tuple of two tokens; joined it is one token, the bytes of both."
)
def merged_into_a_tuple(tokens, pair):
    merged, place = [], 0
    while place < len(tokens):
        joins = tokens[place : place + 2] == pair
        merged.append(pair if joins else tokens[place])
        place += 2 if joins else 1
    return tuple(merged)


@merge_pair.alternative
def merged_by_looking_back(tokens, pair):
    first, second = pair
    merged, joined_last = [], False
    for token in tokens:
        if merged and not joined_last and merged[-1] == first and token == second:
            merged[-1] = first + second
            joined_last = True
        else:
            merged.append(token)
            joined_last = False
    return tuple(merged)


@merge_pair.alternative
def merged_by_recursion(tokens, pair):
    if len(tokens) < 2:
        return tuple(tokens)
    if (tokens[0], tokens[1]) == pair:
        return (pair[0] + pair[1], *merged_by_recursion(tokens[2:], pair))
    return (tokens[0], *merged_by_recursion(tokens[1:], pair))


@merge_pair.alternative
def merged_into_a_list(tokens, pair):
    left = list(tokens)
    place = 0
    while place < len(left) - 1:
        if left[place] == pair[0] and left[place + 1] == pair[1]:
            left[place : place + 2] = [pair[0] + pair[1]]
        place += 1
    return left


# --- train_bpe -----------------------------------------------------------------------------------


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


def ties_in(draw: Draw, train_on: dict[bytes, int], merge_count: int, tries: str) -> Call:
    alphabet = shuffled(draw, reference.BYTE_ALPHABET)
    return Call((train_on, alphabet, merge_count), tries=tries)


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


# --- encode --------------------------------------------------------------------------------------


def tokenizer(draw: Draw, merge_count: int, special_tokens: tuple[str, ...] = ()) -> tuple:
    """Return vocabulary and merges learned from random words; ids are in random order."""
    words = made_of_syllables(draw, 40, 3) | {b"  ": 90, "né".encode(): 70, b" ,": 8}
    merges = reference.train_bpe_fast(words, reference.BYTE_ALPHABET, merge_count)
    vocabulary = reference.build_vocabulary(reference.BYTE_ALPHABET, merges)
    vocabulary += [token.encode() for token in special_tokens]
    return shuffled(draw, vocabulary), merges


def sentence(draw: Draw, count: int) -> str:
    """Return a text of words made of syllables, with punctuation, digits and line ends."""
    between = (" ", " ", " ", "  ", ", ", "\n", " 12 ", ".")
    pieces = []
    for word in list(made_of_syllables(draw, count, 4))[:count]:
        pieces += [word.decode().strip(), draw.choice(*between)]
    return "".join(pieces)


def single_bytes(draw: Draw) -> list[Call]:
    small = [b"c", b"b", b"a", b" ", b"\xc3", b"\xa9"]
    everything = shuffled(draw, reference.BYTE_ALPHABET)
    return [
        Call(("abc", small, [], r"\w+", []), tries="no merges: every byte is a token"),
        Call(("a b", small, [], r" ?\w+", []), tries="two words"),
        Call(("", small, [], r"\w+", []), tries="an empty text"),
        Call(("é", small, [], r"\w+", []), tries="a character of two bytes"),
        Call((sentence(draw, 3), everything, [], PATTERN, []), tries="a vocabulary of 256 bytes"),
        Call(
            ("naïve 日本 🙂", everything, [], PATTERN, []), tries="characters of up to four bytes"
        ),
    ]


def words_with_merges(draw: Draw) -> list[Call]:
    vocabulary, merges = tokenizer(draw, 60)
    # in abc the pair (b, c) comes first, so (a, b) never gets its turn
    small = [b"a", b"b", b"c", b"bc", b"ab", b"abc"]
    ranks = [(b"b", b"c"), (b"a", b"b"), (b"a", b"bc")]
    ladder = [b"a", b"aa", b"aaaa", b"aaa"]
    steps = [(b"a", b"a"), (b"aa", b"aa"), (b"aa", b"a")]
    return [
        Call(("abcab", small, ranks, r"\w+", []), tries="two merges that want the same letter"),
        Call(("abab", small, ranks[1:2], r"\w+", []), tries="a merge that happens twice"),
        Call(("cabc", small, ranks[:2], r"\w+", []), tries="a longer token on the left"),
        *(
            Call(("a" * n, ladder, steps, r"\w+", []), tries=f"the letter a {n} times")
            for n in (3, 5, draw.integer(6, 7))
        ),
        Call((sentence(draw, 5), vocabulary, merges, PATTERN, []), tries="a sentence"),
        Call((sentence(draw, 60), vocabulary, merges, PATTERN, []), tries="a longer text"),
        Call((sentence(draw, 9), vocabulary, merges, r"(?s).+", []), tries="the text as one word"),
        Call(("né né\u0301 ñé", vocabulary, merges, PATTERN, []), tries="merges inside characters"),
        Call(
            ("a-b ab", [b"-", b" ", *small], ranks, r"\w+", []),
            tries="text that is in no match of the pattern",
        ),
    ]


def texts_with_special_tokens(draw: Draw) -> list[Call]:
    special = ["<s>", "</s>", "<s>on", "[sep]"]
    vocabulary, merges = tokenizer(draw, 40, tuple(special))
    first, second = sentence(draw, 3), sentence(draw, 4)
    chat = f"<s>{first}</s><s> {second}[sep]</s>"
    return [
        Call((f"{first}</s>", vocabulary, merges, PATTERN, special), tries="one at the end"),
        Call((chat, vocabulary, merges, PATTERN, special), tries="several, some side by side"),
        Call(
            (f"the<s>on{first}", vocabulary, merges, PATTERN, special), tries="one inside another"
        ),
        Call((f"the<s>on{first}", vocabulary, merges, PATTERN, special[::-1]), tries="the same"),
        Call(
            ("[sep]a.c[sep]", vocabulary, merges, PATTERN, ["[sep]"]),
            tries="characters that mean something in a regular expression",
        ),
        Call(("in </s>g", vocabulary, merges, PATTERN, ["</s>"]), tries="a space before one"),
        Call((chat, vocabulary, merges, PATTERN, []), tries="their text, but none is declared"),
    ]


def bytes_that_are_missing(draw: Draw) -> list[Call]:
    vocabulary, merges = tokenizer(draw, 40)
    poor = [token for token in vocabulary if not {*token} & {*b"q\xe6\x0a"}]
    merges = [pair for pair in merges if pair[0] + pair[1] in poor]
    text = sentence(draw, 12)
    return [
        Call(("axb", [b"a", b"b"], [], r"\w+", []), tries="a letter that is not in the vocabulary"),
        Call(
            ("axb", [b"a", b"b", b"ab"], [(b"a", b"b")], r"\w+", []),
            tries="a missing letter between two that are a merge",
        ),
        Call(("xx", [b"a"], [], r"\w+", []), tries="a word of which nothing is left"),
        Call((f"{text}日q\nthqe", poor, merges, PATTERN, []), tries="a text with missing bytes"),
    ]


encode = Exercise(
    "tokenization.encode",
    parts=[
        Part("bytes and words", 1, single_bytes, Same(), public=True),
        Part("merges", 2, words_with_merges, Same()),
        Part("special tokens", 1, texts_with_special_tokens, Same()),
        Part("bytes that are missing", 1, bytes_that_are_missing, Same()),
    ],
    equivalent={
        "(left[place], place) -> (place, left[place])": "a heap does not mind the order in which "
        "it is filled",
        "0 -> -1 in if start < 0 or right[start] == length: ...": "the place -1 is the last one, "
        "which has nothing on its right",
        "sorted(special_tokens, key=len, reverse=True) -> sorted(special_tokens, reverse=True)": (
            "of two that start alike the longer one comes later in the alphabet as well"
        ),
    },
)


def encoded(text, vocabulary, merges, pattern, special_tokens, join, skip_unknown=True):
    """Encode with another way to join the tokens of a word."""
    number = {token: place for place, token in enumerate(vocabulary)}
    ids = []
    for piece in reference._split_at(text, special_tokens):
        if piece in special_tokens:
            ids.append(number[piece.encode()])
            continue
        for word in regex.findall(pattern, piece):
            tokens = [bytes([byte]) for byte in word.encode()]
            if skip_unknown:
                tokens = [token for token in tokens if token in number]
            ids += [number[token] for token in join(tokens, merges)]
    return ids


def joined(tokens, merges):
    """Join by rank: each merge in its turn, everywhere."""
    for pair in merges:
        tokens = reference.merge_pair(tuple(tokens), pair)
    return tokens


@encode.misconception(
    "The leftmost pair that is any merge is joined; of all pairs the one that comes first in "
    "`merges` has to be."
)
def encoded_from_the_left(text, vocabulary, merges, pattern, special_tokens):
    def join(tokens, merges):
        tokens = list(tokens)
        place = 0
        while place < len(tokens) - 1:
            if (tokens[place], tokens[place + 1]) in merges:
                tokens[place : place + 2] = [tokens[place] + tokens[place + 1]]
                place = 0
            else:
                place += 1
        return tokens

    return encoded(text, vocabulary, merges, pattern, special_tokens, join)


@encode.misconception(
    "The longest token that fits is taken from the left, as WordPiece does. Byte-pair encoding "
    "joins pairs, in the order of `merges`."
)
def encoded_by_longest_match(text, vocabulary, merges, pattern, special_tokens):
    def join(tokens, merges):
        word, found = b"".join(tokens), []
        while word:
            size = max(n for n in range(1, len(word) + 1) if word[:n] in vocabulary)
            found.append(word[:size])
            word = word[size:]
        return found

    return encoded(text, vocabulary, merges, pattern, special_tokens, join)


@encode.misconception(
    "Each merge is applied at one place only; it has to be repeated until no pair of the word is a "
    "merge."
)
def encoded_each_merge_once(text, vocabulary, merges, pattern, special_tokens):
    def join(tokens, merges):
        for first, second in merges:
            for place in range(len(tokens) - 1):
                if tokens[place] == first and tokens[place + 1] == second:
                    tokens = [*tokens[:place], first + second, *tokens[place + 2 :]]
                    break
        return tokens

    return encoded(text, vocabulary, merges, pattern, special_tokens, join)


@encode.misconception(
    "Merges are applied in the reverse order: the first in the list goes first, not the last."
)
def encoded_in_reverse(text, vocabulary, merges, pattern, special_tokens):
    def join(tokens, merges):
        rank = {pair: -place for place, pair in enumerate(merges)}
        return reference._encode_word(list(tokens), rank)

    return encoded(text, vocabulary, merges, pattern, special_tokens, join)


@encode.misconception("No pair is ever joined: these are the ids of single bytes.")
def encoded_as_bytes(text, vocabulary, merges, pattern, special_tokens):
    return encoded(text, vocabulary, [], pattern, special_tokens, joined)


@encode.misconception(
    "The text is not cut into words: pairs are joined across the borders of words. Use `pattern`."
)
def encoded_without_words(text, vocabulary, merges, pattern, special_tokens):
    return encoded(text, vocabulary, merges, r"(?s).+", special_tokens, joined)


@encode.misconception("Special tokens are cut into bytes like any text; each has its own id.")
def encoded_without_special_tokens(text, vocabulary, merges, pattern, special_tokens):
    return encoded(text, vocabulary, merges, pattern, [], joined)


@encode.misconception(
    "Where two special tokens start at the same place, the one listed first is taken; the longest "
    "has to be."
)
def encoded_first_special_token(text, vocabulary, merges, pattern, special_tokens):
    if not special_tokens:
        return encoded(text, vocabulary, merges, pattern, [], joined)
    ids = []
    for piece in regex.split("(" + "|".join(map(regex.escape, special_tokens)) + ")", text):
        if piece in special_tokens:
            ids.append(vocabulary.index(piece.encode()))
        else:
            ids += encoded(piece, vocabulary, merges, pattern, [], joined)
    return ids


@encode.misconception(
    "Special tokens are put into a regular expression as they are. Characters such as [ mean "
    "something there: `regex.escape` makes them mean themselves."
)
def encoded_unescaped(text, vocabulary, merges, pattern, special_tokens):
    if not special_tokens:
        return encoded(text, vocabulary, merges, pattern, [], joined)
    longest = sorted(special_tokens, key=len, reverse=True)
    ids = []
    for piece in regex.split("(" + "|".join(longest) + ")", text):
        if piece in special_tokens:
            ids.append(vocabulary.index(piece.encode()))
        else:
            ids += encoded(piece, vocabulary, merges, pattern, [], joined)
    return ids


@encode.misconception(
    "A word is cut into characters. It has to be cut into bytes: a character such as é is two."
)
def encoded_characters(text, vocabulary, merges, pattern, special_tokens):
    ids = []
    for piece in reference._split_at(text, special_tokens):
        if piece in special_tokens:
            ids.append(vocabulary.index(piece.encode()))
            continue
        for word in regex.findall(pattern, piece):
            tokens = [character.encode() for character in word]
            ids += [vocabulary.index(t) for t in joined(tokens, merges) if t in vocabulary]
    return ids


@encode.misconception(
    "A byte that is not in the vocabulary raises an error; it has to be left out."
)
def encoded_with_unknown_bytes(text, vocabulary, merges, pattern, special_tokens):
    return encoded(text, vocabulary, merges, pattern, special_tokens, joined, skip_unknown=False)


@encode.misconception(
    "A byte that is not in the vocabulary is left out after joining. It has to go before, so that "
    "the bytes around it become neighbors."
)
def encoded_unknown_bytes_last(text, vocabulary, merges, pattern, special_tokens):
    def join(tokens, merges):
        return [token for token in joined(tokens, merges) if token in vocabulary]

    return encoded(text, vocabulary, merges, pattern, special_tokens, join, skip_unknown=False)


@encode.alternative
def encoded_merge_by_merge(text, vocabulary, merges, pattern, special_tokens):
    return encoded(text, vocabulary, merges, pattern, special_tokens, joined)


@encode.alternative
def encoded_by_lowest_rank(text, vocabulary, merges, pattern, special_tokens):
    rank = {pair: place for place, pair in enumerate(merges)}

    def join(tokens, merges):
        tokens = list(tokens)
        while True:
            ranks = [rank.get(pair, len(rank)) for pair in pairwise(tokens)]
            if not ranks or min(ranks) == len(rank):
                return tokens
            place = ranks.index(min(ranks))
            tokens[place : place + 2] = [tokens[place] + tokens[place + 1]]

    return encoded(text, vocabulary, merges, pattern, special_tokens, join)


@encode.alternative
def encoded_scanning_for_special_tokens(text, vocabulary, merges, pattern, special_tokens):
    number = {token: place for place, token in enumerate(vocabulary)}
    ids, waiting, place = [], "", 0
    while place <= len(text):
        here = [token for token in special_tokens if text.startswith(token, place)]
        if here or place == len(text):
            for word in regex.compile(pattern).finditer(waiting):
                tokens = [bytes([byte]) for byte in word[0].encode() if bytes([byte]) in number]
                ids += [number[token] for token in joined(tokens, merges)]
            waiting = ""
        if here:
            longest = max(here, key=len)
            ids.append(number[longest.encode()])
            place += len(longest)
        else:
            waiting += text[place : place + 1]
            place += 1
    return ids


# --- decode --------------------------------------------------------------------------------------


def whole_texts(draw: Draw) -> list[Call]:
    vocabulary, merges = tokenizer(draw, 30, ("<s>",))
    text = sentence(draw, 6)
    ids = reference.encode(f"<s>{text}", vocabulary, merges, PATTERN, ["<s>"])
    return [
        Call(([1, 0, 2], [b"the", b"in ", b"!"]), tries="three tokens"),
        Call(([0, 0, 0], [b"ha", b"!"]), tries="one token three times"),
        Call(([], [b"a"]), tries="no ids"),
        Call((ids, vocabulary), tries="a sentence after a special token"),
    ]


def characters_in_pieces(draw: Draw) -> list[Call]:
    vocabulary = shuffled(draw, reference.BYTE_ALPHABET)
    number = {token: place for place, token in enumerate(vocabulary)}

    def ids(text: str) -> list[int]:
        return [number[bytes([byte])] for byte in text.encode()]

    mixed = [b"caf\xc3", b"\xa9 ", b"\xf0\x9f", b"\x99\x82"]
    return [
        Call(([0, 1], [b"caf\xc3", b"\xa9"]), tries="a character that two tokens share"),
        Call(([2, 3, 0, 1], mixed), tries="characters of two and four bytes in pieces"),
        Call((ids(f"日本 {sentence(draw, 2)} é🙂"), vocabulary), tries="a text byte by byte"),
    ]


def invalid_bytes(draw: Draw) -> list[Call]:
    vocabulary = shuffled(draw, reference.BYTE_ALPHABET)
    noise = draw.integers(0, 255, 40).tolist()
    return [
        Call(([0, 1], [b"a\xff", b"b"]), tries="a byte that UTF-8 never uses"),
        Call(([0], [b"caf\xc3"]), tries="a character without its end"),
        Call(([0, 0], [b"\x80\xf0\x9f\x99"]), tries="pieces of characters that do not fit"),
        Call((noise, vocabulary), tries="random bytes"),
    ]


def ids_out_of_range(draw: Draw) -> list[Call]:
    size = draw.integer(3, 6)
    vocabulary = [bytes([97 + place]) for place in range(size)]
    return [
        Call(([0, size], vocabulary), tries="an id one too large"),
        Call(([size - 1, 0], vocabulary), tries="the largest id and the smallest"),
        Call(([0, -1], vocabulary), tries="the id -1"),
        Call(([draw.integer(1000, 9999)], vocabulary), tries="an id far too large"),
    ]


decode = Exercise(
    "tokenization.decode",
    parts=[
        Part("whole texts", 0.5, whole_texts, Same(), public=True),
        Part("characters in pieces", 1, characters_in_pieces, Same()),
        Part("invalid bytes", 1, invalid_bytes, Same()),
        Part("ids out of range", 0.5, ids_out_of_range, Same()),
    ],
)


def in_range(tokens, vocabulary):
    """Refuse what the contract refuses."""
    if any(not 0 <= token < len(vocabulary) for token in tokens):
        raise ValueError("an id is out of range")


@decode.misconception(
    "Each token is decoded by itself. A character can be spread over several tokens: join all "
    "bytes first, then decode."
)
def decoded_one_by_one(tokens, vocabulary):
    in_range(tokens, vocabulary)
    return "".join(vocabulary[token].decode(errors="replace") for token in tokens)


@decode.misconception(
    "Bytes that are not valid are left out; each becomes U+FFFD, as with errors='replace'."
)
def decoded_ignoring(tokens, vocabulary):
    in_range(tokens, vocabulary)
    return b"".join(vocabulary[token] for token in tokens).decode(errors="ignore")


@decode.misconception(
    "Bytes that are not valid UTF-8 raise an error. Models do write such bytes: replace them "
    "(errors='replace')."
)
def decoded_strictly(tokens, vocabulary):
    in_range(tokens, vocabulary)
    return b"".join(vocabulary[token] for token in tokens).decode()


@decode.misconception("Every byte becomes a character of its own; the bytes are UTF-8.")
def decoded_as_latin1(tokens, vocabulary):
    in_range(tokens, vocabulary)
    return b"".join(vocabulary[token] for token in tokens).decode("latin-1")


@decode.misconception(
    "The id -1 gives the last token, as Python counts from the end. It has to raise a ValueError, "
    "and so does an id that is too large."
)
def decoded_unchecked(tokens, vocabulary):
    return b"".join(vocabulary[token] for token in tokens).decode(errors="replace")


@decode.misconception("The id -1 gives the last token, as Python counts from the end.")
def decoded_negative(tokens, vocabulary):
    if any(token >= len(vocabulary) for token in tokens):
        raise ValueError("an id is out of range")
    return b"".join(vocabulary[token] for token in tokens).decode(errors="replace")


@decode.misconception("Tokens are set apart by spaces; a space is part of the tokens themselves.")
def decoded_with_spaces(tokens, vocabulary):
    in_range(tokens, vocabulary)
    return b" ".join(vocabulary[token] for token in tokens).decode(errors="replace")


@decode.alternative
def decoded_by_bytearray(tokens, vocabulary):
    buffer = bytearray()
    for token in tokens:
        if token < 0 or token >= len(vocabulary):
            raise ValueError("no such token")
        buffer += vocabulary[token]
    return buffer.decode("utf-8", "replace")


@decode.alternative
def decoded_by_str(tokens, vocabulary):
    known = dict(enumerate(vocabulary))
    try:
        return str(b"".join([known[token] for token in tokens]), "utf8", errors="replace")
    except KeyError as error:
        raise ValueError("no such token") from error


# --- train_bpe_fast ------------------------------------------------------------------------------


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
