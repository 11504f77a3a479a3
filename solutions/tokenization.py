"""Tokenization: byte-pair encoding, from counting pairs to a trainer that is fast.

Names used throughout:

- A *token* is a piece of text, here always a string of bytes. Tokens that consist of the same bytes
  are the same token.
- A *vocabulary* is a list of tokens; a token's *id* is its place in the list.
- A *word* is what the pre-tokenizer cuts a text into; no token reaches across the border of a word.
- A *merge* is a pair of tokens that was joined into one. The earlier in the list of merges, the
  lower its *rank*.

The trainers give the merges that the package `tokenizers` gives, and `encode` gives its ids.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from itertools import pairwise

import regex

Pair = tuple[bytes, bytes]


def _printable_bytes() -> list[int]:
    """Return the bytes that are a visible character in Latin-1."""
    return [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]


# the order in which GPT-2, and every byte-level vocabulary since, numbers the 256 bytes
_BYTE_ORDER = [*_printable_bytes(), *sorted(set(range(256)) - set(_printable_bytes()))]

BYTE_ALPHABET: list[bytes] = [bytes([byte]) for byte in _BYTE_ORDER]
"""The 256 tokens of one byte in GPT-2's order: the printable ones first, then all others."""

# the visible character that stands for a byte in vocabulary files, and back
_CHARACTER_OF_BYTE = {
    byte: chr(byte) if place < len(_printable_bytes()) else chr(256 + place - 188)
    for place, byte in enumerate(_BYTE_ORDER)
}
_BYTE_OF_CHARACTER = {character: byte for byte, character in _CHARACTER_OF_BYTE.items()}

# letters and numbers that are younger than Unicode 16: `tokenizers` takes them for symbols, while
# the package `regex`, which knows a later Unicode, takes them for what they are
_YOUNG = (
    r"\u0558\u058b\u058c\u088f\u0c5c\u0cdc\u208f\u209d-\u209f\ua7ce\ua7cf\ua7d2\ua7d4\ua7dd\ua7e2"
    r"\ua7f1\uab6c\uab6d\U000107bb-\U000107bf\U00010940-\U00010959\U00010ec5-\U00010ec7"
    r"\U00010ed9-\U00010eee\U00011b0a\U00011db0-\U00011ddb\U00011de0-\U00011de9\U00011df1"
    r"\U0001246f\U00012475-\U0001247f\U00012550-\U00012686\U00016ea0-\U00016eb8"
    r"\U00016ebb-\U00016ed3\U00016ff2-\U00016ff6\U000187f8-\U000187ff\U00018cd6-\U00018cda"
    r"\U00018d09-\U00018d20\U00018d80-\U00018df2\U00018e00-\U00019191\U000191a0-\U000191d2"
    r"\U0001b123-\U0001b128\U0001b168\U0001d6a6\U0001df1f-\U0001df24\U0001df2b-\U0001df81"
    r"\U0001df90-\U0001df96\U0001dfcd-\U0001dfff\U0001e6c0-\U0001e6de\U0001e6e0-\U0001e6e2"
    r"\U0001e6e4\U0001e6e5\U0001e6e7-\U0001e6ed\U0001e6f0-\U0001e6f4\U0001e6fe\U0001e6ff"
    r"\U0002b73a-\U0002b73f\U0002b81e\U0002cea2-\U0002cead\U000323b0-\U00033479"
    r"\U0003d000-\U0003fc3f"
)
# the step that splits digits is a little younger and knows these numbers of Unicode 17
_SPLIT_ANYWAY = r"\U00011de0-\U00011de9\U00016ff4-\U00016ff6"

_LETTER = rf"[\p{{L}}--[{_YOUNG}]]"
_NUMBER = rf"[\p{{N}}--[{_YOUNG}]]"
_SPLIT_NUMBER = rf"[{_NUMBER}{_SPLIT_ANYWAY}]"
_CONTRACTION = "'s|'t|'re|'ve|'m|'ll|'d"

GPT2_PATTERN = (
    rf"(?V1){_CONTRACTION}| ?{_LETTER}+| ?{_NUMBER}+| ?[^\s{_LETTER}{_NUMBER}]+|\s+(?!\S)|\s+"
)
"""GPT-2's pre-tokenizer: a contraction, letters, digits or symbols with the space before them."""

SMOLLM2_PATTERN = (
    rf"(?V1){_CONTRACTION}| ?{_LETTER}+|{_SPLIT_NUMBER}| ?[^\s{_LETTER}{_SPLIT_NUMBER}]+"
    rf"|\s+(?![^\s{_SPLIT_NUMBER}])|\s+"
)
"""SmolLM2's pre-tokenizer: as GPT-2's, but every digit is a word of its own, without the space."""


def to_printable(token: bytes) -> str:
    """Write a token as vocabulary files do: one visible character for each byte, Ġ for a space.

    Source: Radford et al. (2019), the code of GPT-2.
    """
    return "".join(_CHARACTER_OF_BYTE[byte] for byte in token)


def from_printable(text: str) -> bytes:
    """Read a token that is written in visible characters; undoes `to_printable`."""
    return bytes(_BYTE_OF_CHARACTER[character] for character in text)


def tokenizer_parts(tokenizer_json: str) -> tuple[list[bytes], list[Pair], list[str]]:
    """Take apart a byte-level BPE tokenizer that the package `tokenizers` has written.

    Args:
        tokenizer_json: what `Tokenizer.to_str()` gives.

    Returns:
        Vocabulary, merges and special tokens, as `encode` takes them.
    """
    content = json.loads(tokenizer_json)
    special_tokens = [token["content"] for token in content["added_tokens"]]
    vocabulary = [
        text.encode() if text in special_tokens else from_printable(text)
        for text in sorted(content["model"]["vocab"], key=content["model"]["vocab"].get)
    ]
    merges = [
        (from_printable(first), from_printable(second))
        for first, second in content["model"]["merges"]
    ]
    return vocabulary, merges, special_tokens


def count_words(texts: Iterable[str], pattern: str = GPT2_PATTERN) -> dict[bytes, int]:
    """Cut texts into words and count each word.

    Args:
        texts: the texts; no word reaches from one into the next.
        pattern: a regular expression of the package `regex`, whose matches are the words.

    Returns:
        How often each word occurs, as UTF-8 bytes, in order of first occurrence.
    """
    find_words = regex.compile(pattern).findall
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(find_words(text))
    return {word.encode(): count for word, count in counts.items()}


def count_pairs(words: dict[tuple[bytes, ...], int]) -> dict[tuple[bytes, bytes], int]:
    """Count every pair of neighboring tokens.

    A pair counts once for each place where it stands, also where places overlap: in one word
    a a a the pair (a, a) stands twice. A word that occurs n times counts n times.

    Args:
        words: each word as its tokens, and how often it occurs (at least once).

    Returns:
        How often each pair occurs; pairs that do not occur are left out. The argument is not
        changed.

    Source: Sennrich, Haddow and Birch (2016), algorithm 1.

    Example:
        >>> count_pairs({(b"a", b"a", b"a"): 1, (b"a", b"b"): 5})
        {(b'a', b'a'): 2, (b'a', b'b'): 5}
    """
    counts: dict[Pair, int] = {}
    for tokens, count in words.items():
        for pair in pairwise(tokens):
            counts[pair] = counts.get(pair, 0) + count
    return counts


def merge_pair(tokens: tuple[bytes, ...], pair: tuple[bytes, bytes]) -> tuple[bytes, ...]:
    """Join every occurrence of a pair in a word into one token, from left to right.

    Occurrences that overlap: the left one is joined, and its tokens are used up.

    Args:
        tokens: the word, any number of tokens.
        pair: the two tokens to join, in this order; they may be equal.

    Returns:
        The word with pair[0] + pair[1] in the place of each pair that was joined.

    Source: Sennrich, Haddow and Birch (2016), algorithm 1.

    Example:
        >>> merge_pair((b"a", b"a", b"a", b"b"), (b"a", b"a"))
        (b'aa', b'a', b'b')
    """
    merged = []
    place = 0
    while place < len(tokens):
        if tokens[place : place + 2] == pair:
            merged.append(pair[0] + pair[1])
            place += 2
        else:
            merged.append(tokens[place])
            place += 1
    return tuple(merged)


def train_bpe(
    words: dict[bytes, int], alphabet: list[bytes], merge_count: int
) -> list[tuple[bytes, bytes]]:
    """Learn merges: join the most frequent pair of neighboring tokens, and repeat.

    Every word starts as its single bytes. In each step, pairs are counted as in `count_pairs` and
    the most frequent one is joined in all words as in `merge_pair`.

    Ties: tokens are numbered, first the alphabet in its order, then new tokens in the order in
    which they were made. Among pairs of equal count, the one whose first token has the smallest
    number is taken; if these are equal too, the one whose second token has.

    Args:
        words: each word as bytes, and how often it occurs (at least once).
        alphabet: the tokens to start from, one byte each, all different; holds every byte of the
            words.
        merge_count: how many merges to learn, not negative.

    Returns:
        The merges in the order in which they were made: `merge_count` of them, fewer only if no
        pair is left. The arguments are not changed.

    Source: Sennrich, Haddow and Birch (2016), algorithm 1; on bytes: Radford et al. (2019),
    section 2.2. The rule for ties is that of the package `tokenizers`.

    Example:
        >>> train_bpe({b"ab": 3, b"abc": 2, b"c": 9}, [b"a", b"b", b"c"], 5)
        [(b'a', b'b'), (b'ab', b'c')]
    """
    number = {token: place for place, token in enumerate(alphabet)}
    split = {tuple(bytes([byte]) for byte in word): count for word, count in words.items()}
    merges: list[Pair] = []
    while len(merges) < merge_count and (counts := count_pairs(split)):
        pair = min(counts, key=lambda pair: (-counts[pair], number[pair[0]], number[pair[1]]))
        merges.append(pair)
        number[pair[0] + pair[1]] = len(number)  # no two merges make the same bytes
        split = {merge_pair(tokens, pair): count for tokens, count in split.items()}
    return merges


# stands between words and after a token that was joined to its left neighbor
_NOTHING = -1


def train_bpe_fast(
    words: dict[bytes, int], alphabet: list[bytes], merge_count: int
) -> list[tuple[bytes, bytes]]:
    """Learn the merges that `train_bpe` learns, without counting everything anew in each step.

    A merge changes only the pairs around the places where it happens. So all words stand in one
    long row of token numbers, each place linked to the next one still in use; for each pair the
    row's places and the count are kept up to date; and a heap hands out the most frequent pair.
    A count in the heap may be too large, never too small: it is put right when it comes out on top.

    Args:
        words: as in `train_bpe`.
        alphabet: as in `train_bpe`.
        merge_count: as in `train_bpe`.

    Returns:
        Exactly what `train_bpe` returns, ties included. The arguments are not changed.

    Source: as `train_bpe`.
    """
    vocabulary = list(alphabet)
    number_of_byte = {token[0]: place for place, token in enumerate(alphabet)}
    row = [_NOTHING]
    weight = [0]  # how often the word occurs to which a place of the row belongs
    for word, count in words.items():
        row.extend(number_of_byte[byte] for byte in word)
        row.append(_NOTHING)
        weight.extend([count] * (len(word) + 1))
    left = [place - 1 for place in range(len(row))]
    right = [place + 1 for place in range(len(row))]

    counts: defaultdict[tuple[int, int], int] = defaultdict(int)
    places: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for place, pair in enumerate(pairwise(row)):
        if _NOTHING not in pair:
            counts[pair] += weight[place]
            places[pair].append(place)
    heap = [(-count, pair) for pair, count in counts.items()]
    heapify(heap)

    merges: list[Pair] = []
    while heap and len(merges) < merge_count:
        negative_count, pair = heappop(heap)
        count = counts[pair]
        if count != -negative_count:
            if count:
                heappush(heap, (-count, pair))
            continue
        first, second = pair
        merges.append((vocabulary[first], vocabulary[second]))
        joined = len(vocabulary)
        vocabulary.append(vocabulary[first] + vocabulary[second])

        grown = set()
        # places come in ascending order: of two that overlap, the left one is joined
        for place in places.pop(pair):
            after = right[place]
            if row[place] != first or row[after] != second:
                continue  # another merge has used one of the two
            occurrences = weight[place]
            before, beyond = left[place], right[after]
            row[place], row[after] = joined, _NOTHING
            right[place], left[beyond] = beyond, place
            if (neighbor := row[before]) != _NOTHING:
                counts[neighbor, first] -= occurrences
                new_pair = (neighbor, joined)
                counts[new_pair] += occurrences
                places[new_pair].append(before)
                grown.add(new_pair)
            if (neighbor := row[beyond]) != _NOTHING:
                counts[second, neighbor] -= occurrences
                new_pair = (joined, neighbor)
                counts[new_pair] += occurrences
                places[new_pair].append(place)
                grown.add(new_pair)
        for new_pair in grown:
            if counts[new_pair]:
                heappush(heap, (-counts[new_pair], new_pair))
    return merges


def build_vocabulary(alphabet: list[bytes], merges: Iterable[Pair]) -> list[bytes]:
    """Return the tokens in order of their ids: the alphabet, then what each merge made."""
    return [*alphabet, *(first + second for first, second in merges)]


_USED_UP = b""  # stands where a token was joined to its left neighbor


def _encode_word(tokens: list[bytes], rank: dict[Pair, int]) -> list[bytes]:
    """Join the pair of lowest rank, the leftmost first, until no pair has a rank.

    The pairs wait in a heap, so that a word of n bytes costs n log n, not n². Uses up `tokens`.
    """
    length = len(tokens)
    left = [place - 1 for place in range(length)]
    right = [place + 1 for place in range(length)]
    heap = [(rank[pair], place) for place, pair in enumerate(pairwise(tokens)) if pair in rank]
    heapify(heap)
    while heap:
        lowest, place = heappop(heap)
        after = right[place]
        if after == length or rank.get((tokens[place], tokens[after])) != lowest:
            continue  # another merge has used one of the two
        tokens[place] += tokens[after]
        tokens[after] = _USED_UP
        right[place] = right[after]
        if right[place] < length:
            left[right[place]] = place
        for start in (left[place], place):
            if start < 0 or right[start] == length:
                continue
            pair = (tokens[start], tokens[right[start]])
            if pair in rank:
                heappush(heap, (rank[pair], start))
    return [token for token in tokens if token != _USED_UP]


def encode(
    text: str,
    vocabulary: list[bytes],
    merges: list[tuple[bytes, bytes]],
    pattern: str,
    special_tokens: list[str],
) -> list[int]:
    """Turn text into token ids.

    1. Special tokens are cut out first, from left to right, where several start at the same place
       the longest. Each becomes its one id; nothing is joined across it.
    2. What is left between them is cut into words, piece by piece: the matches of `pattern`.
    3. Every word becomes its UTF-8 bytes, each a token. A byte that is not in the vocabulary is
       left out, and the bytes around it become neighbors.
    4. In each word, of all neighboring pairs that are merges, the one that comes first in `merges`
       is joined; where it stands several times, the leftmost. Repeat until no pair is a merge.

    Args:
        text: any text, without lone surrogates.
        vocabulary: the token of each id, all different; holds what every merge makes.
        merges: the merges, in the order in which they were learned, all different.
        pattern: a regular expression of the package `regex` without groups, whose matches are the
            words.
        special_tokens: the special tokens, none empty; their UTF-8 bytes stand in the vocabulary.
            Can be empty.

    Returns:
        The ids. An empty text gives an empty list. The arguments are not changed.

    Source: Sennrich, Haddow and Birch (2016); on bytes: Radford et al. (2019), section 2.2.

    Example:
        >>> vocabulary = [b"<e>", b"a", b"b", b" ", b"ab", b" ab"]
        >>> encode("ab ab<e>b", vocabulary, [(b"a", b"b"), (b" ", b"ab")], r" ?\\w+", ["<e>"])
        [4, 5, 0, 2]
    """
    number = {token: place for place, token in enumerate(vocabulary)}
    rank = {pair: place for place, pair in enumerate(merges)}
    find_words = regex.compile(pattern).findall
    ids_of_word: dict[str, list[int]] = {}

    ids: list[int] = []
    for piece in _split_at(text, special_tokens):
        if piece in special_tokens:
            ids.append(number[piece.encode()])
            continue
        for word in find_words(piece):
            if word not in ids_of_word:
                tokens = [bytes([byte]) for byte in word.encode()]
                known = [token for token in tokens if token in number]
                ids_of_word[word] = [number[token] for token in _encode_word(known, rank)]
            ids.extend(ids_of_word[word])
    return ids


def _split_at(text: str, special_tokens: list[str]) -> list[str]:
    """Cut a text before and after each special token."""
    if not special_tokens:
        return [text]
    longest_first = sorted(special_tokens, key=len, reverse=True)
    alternatives = "|".join(regex.escape(token) for token in longest_first)
    return regex.split(f"({alternatives})", text)


def decode(tokens: list[int], vocabulary: list[bytes]) -> str:
    """Turn token ids back into text.

    The bytes of all tokens are joined first and then read as UTF-8, because a character can be
    spread over several tokens. Bytes that are not valid UTF-8 become U+FFFD, the replacement
    character, as Python's `bytes.decode(errors="replace")` does it. Special tokens are written out.

    Args:
        tokens: ids, any number, in any order.
        vocabulary: the token of each id.

    Returns:
        The text. No ids give the empty text.

    Raises:
        ValueError: an id is negative or not smaller than the size of the vocabulary.

    Source: Radford et al. (2019), section 2.2. The replacement is described in the Unicode
    Standard, section 3.9, "U+FFFD Substitution of Maximal Subparts".

    Example:
        >>> decode([1, 2, 0, 1], [b"!", bytes([0xC3]), bytes([0xA9])])
        'é!�'
    """
    for token in tokens:
        if not 0 <= token < len(vocabulary):
            raise ValueError(f"token {token} is outside a vocabulary of {len(vocabulary)}")
    return b"".join(vocabulary[token] for token in tokens).decode(errors="replace")
