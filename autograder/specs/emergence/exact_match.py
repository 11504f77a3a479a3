"""What `emergence.exact_match` accepts."""

import statistics
import unicodedata

import numpy as np

from autograder.spec import Call, Draw, Exercise, Part
from autograder.specs.emergence.reasons import EQUALLY_LONG
from solutions import emergence as reference


def plain_answers(draw: Draw) -> list[Call]:
    return [
        Call((["a"], ["a"]), tries="one right answer"),
        Call((["a", "b", "c", "d"], ["a", "x", "c", "d"]), tries="three of four"),
        Call((["b", "a", "c"], ["a", "b", "c"]), tries="the same answers, two at the wrong place"),
        Call((["no", "no", "no"], ["no", "yes", "no"]), tries="answers that come again"),
        Call((["a", "b"], ["c", "d"]), tries="none right"),
    ]


def nearly_right_answers(draw: Draw) -> list[Call]:
    words = ("cat", "Cat", "cats", "ca t", "a cat", "cat.", "c", "katze", "")
    guesses = [draw.choice(*words) for _ in range(30)]
    truths = [guess if draw.integer(0, 2) else draw.choice(*words) for guess in guesses]
    composed = "é"
    return [
        Call((["cold", "Cold", "COLD"], ["cold"] * 3), tries="other letters in case"),
        Call((["Cold", "cold", "x"], ["Cold"] * 3), tries="a reference with a capital letter"),
        Call((["12", "12", "2", "12."], ["12", "123", "12", "12"]), tries="parts of an answer"),
        Call((["12", "012", "1 2"], ["12"] * 3), tries="other ways to write a number"),
        Call((["New  York", "New York"], ["New York"] * 2), tries="two spaces inside"),
        Call((["", "", "a"], ["", "a", "a"]), tries="empty answers"),
        Call(
            ([composed, unicodedata.normalize("NFD", composed)], [composed] * 2),
            tries="the same letter, made of other characters",
        ),
        Call((guesses, truths), tries="many answers"),
        Call((tuple(guesses), tuple(truths)), tries="tuples"),
    ]


def white_space(draw: Draw) -> list[Call]:
    return [
        Call(([" a", "a ", "  a  ", "b"], ["a"] * 4), tries="spaces around predictions"),
        Call((["a", "a", "b"], [" a", "a ", " a"]), tries="spaces around references"),
        Call((["a\n", "\ta", "\n\n a \r\n", "x"], ["a", "a", "a\n", "a"]), tries="line ends, tabs"),
        Call(([" a b ", "ab", "a\tb"], ["a b"] * 3), tries="a space inside"),
        Call((["  ", " a"], ["", "a\n"]), tries="nothing but spaces"),
    ]


def unequally_many(draw: Draw) -> list[Call]:
    return [
        Call((["a", "c"], ["a", "b"]), tries="equally many"),
        Call(([], []), tries="none at all"),
        Call((["a", "b"], ["a"]), tries="more predictions than references"),
        Call((["a"], ["a", "b"]), tries="more references than predictions"),
    ]


exact_match = Exercise(
    "emergence.exact_match",
    parts=[
        Part("plain answers", 0.5, plain_answers, public=True),
        Part("nearly right", 0.5, nearly_right_answers),
        Part("white space", 0.5, white_space),
        Part("none, or not as many", 0.5, unequally_many),
    ],
    equivalent={
        "zip(predictions, references, strict=True) -> zip(references, predictions, strict=True)": (
            "equality holds in both directions"
        ),
        "(guess, truth) -> (truth, guess)": "equality holds in both directions",
        "zip(predictions, references, strict=True) -> zip(predictions, references)": EQUALLY_LONG,
        "True -> False in pairs = zip(predictions, references, strict=True)": EQUALLY_LONG,
    },
)


def share_of(right, predictions, references):
    """Return the share of pairs that are right in the sense of a function."""
    if not references or len(predictions) != len(references):
        raise ValueError("not equally many")
    pairs = zip(predictions, references, strict=True)
    return sum(right(guess.strip(), truth.strip()) for guess, truth in pairs) / len(references)


@exact_match.misconception("White space at the ends is not ignored; `strip` takes it away.")
def match_with_white_space(predictions, references):
    if not references or len(predictions) != len(references):
        raise ValueError
    pairs = zip(predictions, references, strict=True)
    return sum(guess == truth for guess, truth in pairs) / len(references)


@exact_match.misconception(
    "Only predictions are stripped of white space; references can have some too."
)
def match_with_references_as_they_are(predictions, references):
    if not references or len(predictions) != len(references):
        raise ValueError
    pairs = zip(predictions, references, strict=True)
    return sum(guess.strip() == truth for guess, truth in pairs) / len(references)


@exact_match.misconception(
    "Only spaces are taken away; a tab or the end of a line is white space as well."
)
def match_with_line_ends(predictions, references):
    if not references or len(predictions) != len(references):
        raise ValueError
    pairs = zip(predictions, references, strict=True)
    return sum(guess.strip(" ") == truth.strip(" ") for guess, truth in pairs) / len(references)


@exact_match.misconception(
    "White space inside an answer is ignored too; only what is at its ends may be."
)
def match_without_any_white_space(predictions, references):
    return share_of(lambda g, t: "".join(g.split()) == "".join(t.split()), predictions, references)


@exact_match.misconception("Case is ignored here: 'Cold' is not 'cold'.")
def match_in_any_case(predictions, references):
    return share_of(lambda g, t: g.lower() == t.lower(), predictions, references)


@exact_match.misconception(
    "A prediction that contains the reference counts as right; it has to be equal from first to "
    "last character."
)
def match_within(predictions, references):
    return share_of(lambda g, t: t in g, predictions, references)


@exact_match.misconception(
    "A prediction that begins like the reference counts as right; it has to be equal to the end."
)
def match_at_the_start(predictions, references):
    return share_of(lambda g, t: g.startswith(t), predictions, references)


@exact_match.misconception(
    "A prediction counts as right if it is any of the references; it is compared with the one at "
    "its own place."
)
def match_with_any(predictions, references):
    known = {truth.strip() for truth in references}
    return share_of(lambda g, t: g in known, predictions, references)


@exact_match.misconception("The number of right answers is returned; their share is asked for.")
def match_counted(predictions, references):
    return reference.exact_match(predictions, references) * len(references)


@exact_match.misconception("This is a share in percent; it has to be between 0 and 1.")
def match_in_percent(predictions, references):
    return reference.exact_match(predictions, references) * 100


@exact_match.misconception(
    "Lists of unequal length, or empty ones, are accepted; they have to raise a ValueError. `zip` "
    "stops silently at the end of the shorter list."
)
def match_unchecked(predictions, references):
    pairs = list(zip(predictions, references, strict=False))
    return sum(guess.strip() == truth.strip() for guess, truth in pairs) / max(len(pairs), 1)


@exact_match.alternative
def match_by_loops(predictions, references):
    if len(predictions) == 0 or len(predictions) != len(references):
        raise ValueError("nothing to compare")
    right = 0
    for place in range(len(predictions)):
        if predictions[place].strip() == references[place].strip():
            right += 1
    return right / len(predictions)


@exact_match.alternative
def match_by_numpy(predictions, references):
    if len(references) < 1 or len(predictions) - len(references):
        raise ValueError("nothing to compare")
    guesses, truths = (
        np.array([t.strip() for t in a], dtype=object) for a in (predictions, references)
    )
    return np.mean(guesses == truths)


@exact_match.alternative
def match_by_means(predictions, references):
    if not references:
        raise ValueError("no references")
    pairs = zip(predictions, references, strict=True)  # a ValueError as well
    return statistics.fmean(float(a.strip() == b.strip()) for a, b in pairs)
