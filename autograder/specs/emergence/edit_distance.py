"""What `emergence.edit_distance` accepts."""

import difflib
import functools

import numpy as np

from autograder.spec import Call, Draw, Exercise, Part, Same
from solutions import emergence as reference


def word(draw: Draw, letters: str, low: int, high: int) -> str:
    """Return a word of random letters."""
    return "".join(draw.choice(*letters) for _ in range(draw.integer(low, high)))


def one_edit(draw: Draw) -> list[Call]:
    return [
        Call(("cat", "cut"), tries="one replacement"),
        Call(("cat", "cart"), tries="one insertion"),
        Call(("cart", "cat"), tries="one deletion"),
        Call(("cat", "cat"), tries="equal strings"),
        Call(("kitten", "sitting"), tries="kitten and sitting"),
        Call(("flaw", "lawn"), tries="a letter from the front to the end"),
    ]


def nothing_to_edit(draw: Draw) -> list[Call]:
    return [
        Call(("", "abc"), tries="an empty first string"),
        Call(("abcd", ""), tries="an empty second string"),
        Call(("", ""), tries="two empty strings"),
        Call(("a", "b"), tries="two single characters"),
    ]


def several_edits(draw: Draw) -> list[Call]:
    pairs = [(word(draw, "ab", 3, 7), word(draw, "ab", 3, 7)) for _ in range(12)]
    more = [(word(draw, "abcd", 2, 7), word(draw, "abcd", 2, 7)) for _ in range(12)]
    return [
        Call(("ab", "ba"), tries="two letters exchanged"),
        Call(("ca", "abc"), tries="letters exchanged, and one more"),
        Call(("abcdef", "bcdefa"), tries="shifted by one"),
        Call(("sunday", "saturday"), tries="sunday and saturday"),
        Call(("aaa", "aaaaaa"), tries="equal letters, another number of them"),
        Call(("Hot", "hot"), tries="a capital letter"),
        Call(("a b", " ab"), tries="spaces"),
        Call(("naïve", "naive"), tries="an accent"),
        Call(("caf\u00e9", "cafe\u0301"), tries="an accent of its own: one more character"),
        Call(("東京都", "京都"), tries="letters of several bytes"),
        *[Call(pair, tries="random words") for pair in (*pairs, *more)],
    ]


def longer_strings(draw: Draw) -> list[Call]:
    text = word(draw, "abcdefgh ", 60, 70)
    changed = text[5:20] + "xyz" + text[22:41] + text[44:] + "end"
    return [
        Call((word(draw, "abc", 50, 60), word(draw, "abc", 65, 80)), tries="60 and 70 characters"),
        Call((text, changed), tries="a text with several changes"),
        Call((changed, text), tries="the same the other way round"),
    ]


edit_distance = Exercise(
    "emergence.edit_distance",
    parts=[
        Part("first words", 0.5, one_edit, Same(), public=True),
        Part("empty strings", 0.5, nothing_to_edit, Same()),
        Part("several edits", 1, several_edits, Same()),
        Part("longer strings", 1, longer_strings, Same()),
    ],
    equivalent={
        "list(range(len(second) + 1)) -> range(len(second) + 1)": "a range is only read, as the "
        "list would be",
    },
)


def distance_by(first, second, replacement=1, insertion=1, deletion=1, start=True):
    """Return the distance with other costs."""
    row = [j * insertion if start else 0 for j in range(len(second) + 1)]
    for i, a in enumerate(first, start=1):
        previous, row = row, [i * deletion if start else 0]
        for j, b in enumerate(second, start=1):
            row.append(
                min(
                    previous[j] + deletion,
                    row[j - 1] + insertion,
                    previous[j - 1] + (replacement if a != b else 0),
                )
            )
    return row[-1]


@edit_distance.misconception(
    "This counts the places at which the strings differ. After an insertion everything stands one "
    "place further, and still only one edit is needed."
)
def distance_place_by_place(first, second):
    differing = sum(a != b for a, b in zip(first, second, strict=False))
    return differing + abs(len(first) - len(second))


@edit_distance.misconception(
    "A replacement costs 2 here, like a deletion and an insertion; it costs 1."
)
def distance_without_replacement(first, second):
    return distance_by(first, second, replacement=2)


@edit_distance.misconception(
    "Exchanging two neighbors counts as one edit here. It is none of the three: it takes two."
)
def distance_with_exchange(first, second):
    table = {(-1, -1): 0}
    for i in range(len(first)):
        table[i, -1] = i + 1
    for j in range(len(second)):
        table[-1, j] = j + 1
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            table[i, j] = min(
                table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a != b)
            )
            if i and j and a == second[j - 1] and first[i - 1] == b:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(first) - 1, len(second) - 1]


@edit_distance.misconception(
    "Edits before the first match are free: the first row and the first column have to count 0, "
    "1, 2, ..., since from an empty string every character is an insertion."
)
def distance_with_a_free_start(first, second):
    return distance_by(first, second, start=False)


@edit_distance.misconception(
    "Every step of the diagonal costs 1, also where the characters are equal: a match is free."
)
def distance_without_matches(first, second):
    return max(len(first), len(second))


@edit_distance.misconception("Case is ignored here; 'H' and 'h' are two characters.")
def distance_in_any_case(first, second):
    return reference.edit_distance(first.lower(), second.lower())


@edit_distance.misconception("Bytes are compared; a character of several bytes is one character.")
def distance_of_bytes(first, second):
    return reference.edit_distance(
        first.encode().decode("latin-1"), second.encode().decode("latin-1")
    )


@edit_distance.misconception(
    "The distance is divided by a length; the number of edits is asked for."
)
def distance_as_a_share(first, second):
    return reference.edit_distance(first, second) / max(len(first), len(second), 1)


@edit_distance.misconception(
    "The blocks that `difflib` matches are not the best ones, so this finds a way, but not always "
    "the shortest."
)
def distance_by_difflib(first, second):
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    return sum(
        max(i2 - i1, j2 - j1) for kind, i1, i2, j1, j2 in matcher.get_opcodes() if kind != "equal"
    )


@edit_distance.alternative
def distance_by_a_table(first, second):
    rows, columns = len(first) + 1, len(second) + 1
    table = np.zeros((rows, columns), dtype=np.int64)
    table[:, 0], table[0, :] = np.arange(rows), np.arange(columns)
    for i in range(1, rows):
        for j in range(1, columns):
            cost = 0 if first[i - 1] == second[j - 1] else 1
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + cost)
    return int(table[-1, -1])


@edit_distance.alternative
def distance_by_recursion(first, second):
    @functools.cache
    def distance(i, j):
        if i == 0 or j == 0:
            return i + j
        if first[i - 1] == second[j - 1]:
            return distance(i - 1, j - 1)
        return 1 + min(distance(i - 1, j), distance(i, j - 1), distance(i - 1, j - 1))

    return distance(len(first), len(second))


@edit_distance.alternative
def distance_by_search(first, second):
    front, steps = {(0, 0)}, 0
    seen = set()
    while True:
        reached = set()
        for start in front:
            i, j = start
            while i < len(first) and j < len(second) and first[i] == second[j]:
                i, j = i + 1, j + 1
            reached.add((i, j))
        if (len(first), len(second)) in reached:
            return steps
        seen |= reached
        front = {
            (i + down, j + right)
            for i, j in reached
            for down, right in ((0, 1), (1, 0), (1, 1))
            if i + down <= len(first) and j + right <= len(second)
        } - seen
        steps += 1
