"""What `self_supervision.split_without_leaks` accepts."""

import hashlib
import itertools
import random
import re

from autograder.spec import Call, Draw, Exercise, Part, Same
from solutions import self_supervision as reference

WORDS = ("the", "a", "old", "red", "cat", "dog", "bird", "sat", "ran", "saw", "slept", "on", "and")
SPACES = (" ", "  ", "\t", "\n", " \n ", "\r\n")


def sentences(draw: Draw, count: int) -> list[str]:
    """Return different texts of small letters, with single spaces."""
    texts: dict[str, None] = {}
    while len(texts) < count:
        words = [draw.choice(*WORDS) for _ in range(draw.integer(3, 8))]
        texts[" ".join(words)] = None
    return list(texts)


def disguised(draw: Draw, sentence: str) -> str:
    """Return the same text in other letters, with other spaces."""
    words = [draw.choice(word, word.upper(), word.title()) for word in sentence.split()]
    inside = "".join(word + draw.choice(*SPACES) for word in words[:-1]) + words[-1]
    return draw.choice("", " ", "\n\n") + inside + draw.choice("", "  ", "\t")


def clean_texts(draw: Draw) -> list[Call]:
    return [
        Call((sentences(draw, 20), 0.5), tries="20 texts, one half for testing"),
        Call((sentences(draw, 60), 0.2), tries="60 texts, a fifth for testing"),
        Call((sentences(draw, 40), draw.integer(60, 90) / 100), tries="most for testing"),
    ]


def disguised_copies(draw: Draw) -> list[Call]:
    few = sentences(draw, 12)
    many = [disguised(draw, draw.choice(*few)) for _ in range(40)]
    return [
        Call((few + few[::-1], 0.4), tries="every text twice"),
        Call(([text.upper() for text in few], 0.5), tries="capital letters"),
        Call(([f"  {text}\n" for text in few], 0.5), tries="white space at the ends"),
        Call((["\t\n ".join(text.split()) for text in few], 0.5), tries="white space inside"),
        Call((many, 0.5), tries="copies in other letters, with other spaces"),
    ]


def texts_of_all_kinds(draw: Draw) -> list[Call]:
    signs = itertools.cycle("é日Ж🙂")
    other = [f"{sentence} {next(signs)}" for sentence in sentences(draw, 24)]
    # str.lower keeps ß and the ligature, str.split cuts at the no-break space
    rare = [f"{sentence}\u00a0stra\u00dfe \ufb01" for sentence in sentences(draw, 16)]
    return [
        Call((other, 0.5), tries="letters beyond ASCII"),
        Call(([text.upper() for text in other], 0.3), tries="such letters as capitals"),
        Call((rare, 0.5), tries="a sharp s, a ligature and a no-break space"),
        Call((["", *sentences(draw, 3), " \n", ""], 0.5), tries="empty texts"),
        Call((["", "\t"], 0.95), tries="nothing but empty texts"),
    ]


def extreme_fractions(draw: Draw) -> list[Call]:
    texts = sentences(draw, 12)
    return [
        Call((texts, 0.0), tries="no test documents"),
        Call((texts, 1.0), tries="nothing but test documents"),
        Call(([], 0.5), tries="no documents"),
        Call((texts + texts[:3], 0.9), tries="a large share for testing"),
    ]


split_without_leaks = Exercise(
    "self_supervision.split_without_leaks",
    parts=[
        Part("clean texts", 1, clean_texts, Same(), public=True),
        Part("copies in disguise", 1, disguised_copies, Same()),
        Part("texts of all kinds", 0.5, texts_of_all_kinds, Same()),
        Part("extreme fractions", 0.5, extreme_fractions, Same()),
    ],
    equivalent={
        "(training, test) -> (test, training)": "two empty lists are exchanged",
        "position < test_fraction -> position <= test_fraction": "no text lies exactly there: the "
        "chance is one in 2^53",
    },
)


def same_text(document):
    """Return what is left of a text when letters and spaces are made equal."""
    return " ".join(document.lower().split())


def place_of(data, order="big", part=slice(8), function=hashlib.sha256):
    """Return where between 0 and 1 a text lies."""
    return int.from_bytes(function(data).digest()[part], order) / 2**64


def split_by(places, test_fraction):
    """Divide indices by where their texts lie."""
    training = [i for i, place in enumerate(places) if place >= test_fraction]
    return training, [i for i, place in enumerate(places) if place < test_fraction]


@split_without_leaks.misconception(
    "The first documents are for training and the last for testing, whatever they say: copies of "
    "one text can stand on both sides. The side has to depend on the text alone."
)
def split_by_position(documents, test_fraction):
    kept = round(len(documents) * (1 - test_fraction))
    return list(range(kept)), list(range(kept, len(documents)))


@split_without_leaks.misconception(
    "The documents are shuffled, then cut in two. Copies of one text can stand on both sides, and "
    "one more document moves all the others: the side has to depend on the text alone."
)
def split_by_shuffling(documents, test_fraction):
    order = list(range(len(documents)))
    random.Random(0).shuffle(order)
    kept = round(len(order) * test_fraction)
    return sorted(order[kept:]), sorted(order[:kept])


@split_without_leaks.misconception(
    "Documents below the fraction are put into training; below `test_fraction` is test."
)
def split_the_other_way(documents, test_fraction):
    return reference.split_without_leaks(documents, test_fraction)[::-1]


@split_without_leaks.misconception(
    "The text is hashed as it stands. Copies that differ in capitals or white space get another "
    "side: make them equal first."
)
def split_as_it_stands(documents, test_fraction):
    return split_by([place_of(document.encode()) for document in documents], test_fraction)


@split_without_leaks.misconception(
    "Capital and small letters still make a difference: lower-case the text before hashing."
)
def split_with_capitals(documents, test_fraction):
    places = [place_of(" ".join(document.split()).encode()) for document in documents]
    return split_by(places, test_fraction)


@split_without_leaks.misconception(
    "White space is taken off the ends only. Inside the text, too, every run of it becomes one "
    "space."
)
def split_with_inner_spaces(documents, test_fraction):
    places = [place_of(document.lower().strip().encode()) for document in documents]
    return split_by(places, test_fraction)


@split_without_leaks.misconception(
    "A run of white space becomes a space at the ends too; there it is to be taken off."
)
def split_with_outer_spaces(documents, test_fraction):
    places = [place_of(re.sub(r"\s+", " ", document.lower()).encode()) for document in documents]
    return split_by(places, test_fraction)


@split_without_leaks.misconception(
    "All white space is removed; a run of it becomes one space, or words would run together."
)
def split_without_spaces(documents, test_fraction):
    places = [place_of("".join(document.lower().split()).encode()) for document in documents]
    return split_by(places, test_fraction)


@split_without_leaks.misconception(
    "The bytes of the digest are read in the other order: big-endian means the first is the most "
    "significant."
)
def split_little_endian(documents, test_fraction):
    places = [place_of(same_text(document).encode(), "little") for document in documents]
    return split_by(places, test_fraction)


@split_without_leaks.misconception("The last 8 bytes of the digest are read; take the first.")
def split_by_the_last_bytes(documents, test_fraction):
    places = [
        place_of(same_text(document).encode(), part=slice(-8, None)) for document in documents
    ]
    return split_by(places, test_fraction)


@split_without_leaks.misconception("This is another hash function; SHA-256 is asked for.")
def split_by_md5(documents, test_fraction):
    places = [
        place_of(same_text(document).encode(), function=hashlib.md5) for document in documents
    ]
    return split_by(places, test_fraction)


@split_without_leaks.misconception(
    "Copies are dropped. They may stay, as long as they stand on one side: every index appears."
)
def split_and_deduplicated(documents, test_fraction):
    first = {}
    for i, document in enumerate(documents):
        first.setdefault(same_text(document), i)
    sides = reference.split_without_leaks(documents, test_fraction)
    return tuple([i for i in side if i in first.values()] for side in sides)


@split_without_leaks.misconception("These are the texts; their indices are asked for.")
def split_into_texts(documents, test_fraction):
    sides = reference.split_without_leaks(documents, test_fraction)
    return tuple([documents[i] for i in side] for side in sides)


@split_without_leaks.alternative
def split_by_hexadecimal(documents, test_fraction):
    test = set()
    for i, document in enumerate(documents):
        text = re.sub(r"\s+", " ", document).strip().lower()
        digest = hashlib.sha256(bytes(text, "utf-8")).hexdigest()
        if int(digest[:16], 16) < test_fraction * 2**64:
            test.add(i)
    return [i for i in range(len(documents)) if i not in test], sorted(test)


@split_without_leaks.alternative
def split_by_groups(documents, test_fraction):
    groups = {}
    for i, document in enumerate(documents):
        groups.setdefault(" ".join(document.split()).lower(), []).append(i)
    sides = [], []
    for text, members in groups.items():
        value = 0
        for byte in hashlib.sha256(text.encode()).digest()[:8]:
            value = value * 256 + byte
        sides[value / 2**64 < test_fraction].extend(members)
    return [sorted(side) for side in sides]


@split_without_leaks.alternative
def split_by_places(documents, test_fraction):
    return split_by(
        [place_of(same_text(document).encode()) for document in documents], test_fraction
    )
