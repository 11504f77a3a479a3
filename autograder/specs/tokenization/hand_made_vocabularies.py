"""Tokenizers whose ids follow no order, and texts for them."""

from autograder.spec import Draw
from autograder.specs.tokenization.words import made_of_syllables, shuffled
from solutions import tokenization as reference

PATTERN = r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


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
