"""What `tokenization.encode` accepts."""

from itertools import pairwise

import regex

from autograder.spec import Call, Draw, Exercise, Part, Same
from autograder.specs.tokenization.hand_made_vocabularies import PATTERN, sentence, tokenizer
from autograder.specs.tokenization.words import shuffled
from solutions import tokenization as reference


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
