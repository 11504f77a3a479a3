"""Further solutions to `tokenization.count_pairs`, right and wrong."""

from collections import Counter, defaultdict
from itertools import islice, pairwise

from solutions import tokenization as reference


def right__indices(words):
    counts = {}
    for word in words:
        for i in range(len(word) - 1):
            pair = (word[i], word[i + 1])
            if pair not in counts:
                counts[pair] = 0
            counts[pair] += words[word]
    return counts


def right__counter_update(words):
    total = Counter()
    for word, n in words.items():
        once = Counter(zip(word, islice(word, 1, None), strict=False))
        total.update({pair: times * n for pair, times in once.items()})
    return total


def right__previous_token(words):
    counts = defaultdict(lambda: 0)
    for word, n in words.items():
        previous = None
        for token in word:
            if previous is not None:
                counts[(previous, token)] += n
            previous = token
    return dict(counts)


def wrong__skips_words_of_two_tokens(words):
    return reference.count_pairs({word: n for word, n in words.items() if len(word) > 2})


def wrong__joined_bytes_as_keys(words):
    counts = Counter()
    for word, count in words.items():
        for first, second in pairwise(word):
            counts[first + second] += count
    return dict(counts)


def wrong__wraps_around(words):
    counts = Counter()
    for word, count in words.items():
        for place in range(len(word)):
            counts[word[place - 1], word[place]] += count
    return dict(counts)


def wrong__all_pairs_of_a_word(words):
    counts = Counter()
    for word, count in words.items():
        for place, first in enumerate(word):
            for second in word[place + 1 :]:
                counts[first, second] += count
    return dict(counts)


def wrong__every_second_pair(words):
    counts = Counter()
    for word, count in words.items():
        for place in range(0, len(word) - 1, 2):
            counts[word[place], word[place + 1]] += count
    return dict(counts)


def wrong__most_common_list(words):
    return Counter(reference.count_pairs(words)).most_common()


def wrong__bytes_instead_of_tokens(words):
    counts = Counter()
    for word, count in words.items():
        letters = [bytes([byte]) for byte in b"".join(word)]
        for pair in pairwise(letters):
            counts[pair] += count
    return dict(counts)


def wrong__keeps_pairs_that_occur_more_than_once(words):
    return {pair: count for pair, count in reference.count_pairs(words).items() if count > 1}
