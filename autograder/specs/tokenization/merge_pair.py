"""What `tokenization.merge_pair` accepts."""

from autograder.spec import Call, Draw, Exercise, Part, Same
from autograder.specs.tokenization.words import tokens


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
