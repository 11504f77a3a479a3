"""Words of few letters, of tokens and of syllables, with counts."""

from autograder.spec import Call, Draw
from solutions import tokenization as reference

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


def ties_in(draw: Draw, train_on: dict[bytes, int], merge_count: int, tries: str) -> Call:
    alphabet = shuffled(draw, reference.BYTE_ALPHABET)
    return Call((train_on, alphabet, merge_count), tries=tries)
