"""What `self_supervision.bits_per_byte` accepts."""

import math

import torch

from autograder.spec import Call, Draw, Exercise, Part


def plain_texts(draw: Draw) -> list[Call]:
    return [
        Call((8 * math.log(2), "cats"), tries="8 bits of surprise for 4 bytes"),
        Call((float(draw.integer(20, 90)), "A letter is a byte."), tries="an English sentence"),
        Call((2.5, "x"), tries="one letter"),
    ]


LETTERS = "aéñß日本🙂 Ωж\n"


def any_texts(draw: Draw) -> list[Call]:
    letters = "".join(LETTERS[draw.integer(0, len(LETTERS) - 1)] for _ in range(30))
    return [
        Call((6 * math.log(2), "é"), tries="one letter of two bytes"),
        Call((30.5, "日本語"), tries="letters of three bytes"),
        Call((draw.integer(50, 99) + 0.25, "good 🙂\n"), tries="a sign of four bytes, a new line"),
        Call((draw.integer(200, 900) / 7, letters + "é"), tries="many kinds of letters"),
        Call((12.5, "cafe\u0301"), tries="an accent that is a character of its own"),
        Call((1e6 / 3, "word " * draw.integer(2000, 3000)), tries="a long text"),
        Call((0.001, "Ωmega, μ and ж"), tries="a model that is nearly certain"),
    ]


def empty_texts(draw: Draw) -> list[Call]:
    return [
        Call((1.5, ""), tries="an empty text"),
        Call((1.5, " "), tries="a space, which is a byte"),
        Call((0.0, ""), tries="an empty text without any surprise"),
    ]


bits_per_byte = Exercise(
    "self_supervision.bits_per_byte",
    parts=[
        Part("one byte a letter", 0.5, plain_texts, public=True),
        Part("any letters", 1, any_texts),
        Part("no text", 0.5, empty_texts),
    ],
)


def not_empty(text):
    """Refuse what the contract refuses."""
    if text == "":
        raise ValueError("an empty text")


@bits_per_byte.misconception(
    "The surprise is divided by the number of characters. In UTF-8 a character has one to four "
    "bytes: encode the text, then count."
)
def bits_per_character(total_nats, text):
    not_empty(text)
    return total_nats / math.log(2) / len(text)


@bits_per_byte.misconception(
    "These are nats per byte. A bit is log 2 = 0.693 nats, so divide by that to get bits."
)
def nats_per_byte(total_nats, text):
    not_empty(text)
    return total_nats / len(text.encode())


@bits_per_byte.misconception(
    "The nats are multiplied by log 2. A nat is more than a bit, so there are more bits: divide."
)
def bits_the_wrong_way(total_nats, text):
    not_empty(text)
    return total_nats * math.log(2) / len(text.encode())


@bits_per_byte.misconception("These are the bits of the whole text; divide by its bytes.")
def bits_of_the_text(total_nats, text):
    not_empty(text)
    return total_nats / math.log(2)


@bits_per_byte.misconception(
    "Surprise and length are the wrong way around: bits are to be divided by bytes."
)
def bytes_per_bit(total_nats, text):
    not_empty(text)
    return len(text.encode()) * math.log(2) / total_nats


@bits_per_byte.misconception("The surprise is divided by the number of words, not of bytes.")
def bits_per_word(total_nats, text):
    not_empty(text)
    return total_nats / math.log(2) / max(len(text.split()), 1)


@bits_per_byte.misconception(
    "The length is divided by 8: it is counted in bytes already, and the surprise in bits."
)
def bits_per_bit(total_nats, text):
    not_empty(text)
    return total_nats / math.log(2) / (8 * len(text.encode()))


@bits_per_byte.misconception(
    "An empty text has to raise a ValueError; a division by 0 raises another error."
)
def bits_unguarded(total_nats, text):
    return total_nats / math.log(2) / len(text.encode())


@bits_per_byte.misconception(
    "An empty text gives a number. It has no bits per byte: raise a ValueError."
)
def bits_of_nothing(total_nats, text):
    return total_nats / math.log(2) / max(len(text.encode()), 1)


@bits_per_byte.alternative
def bits_by_log2(total_nats, text):
    count = len(bytes(text, "utf-8"))
    if not count:
        raise ValueError("no text")
    return math.log2(math.e) * total_nats / count


@bits_per_byte.alternative
def bits_by_tensor(total_nats, text):
    count = sum(len(character.encode()) for character in text)
    if count == 0:
        raise ValueError("no text")
    return (torch.tensor(total_nats, dtype=torch.float64) / (count * math.log(2))).item()
