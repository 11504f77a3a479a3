"""What `emergence.repeated_sequences` accepts."""

import itertools

import torch

from autograder.spec import Call, Draw, Exercise, Outcomes, Part, Repeatable, Same, chances
from autograder.specs.emergence.seeded_generators import its_seed, seed, twice


def one_token_only(draw: Draw) -> list[Call]:
    batch, period = draw.sizes(2)
    return [
        Call((1, 1, 1, seed(draw)), tries="one sequence of two tokens, of a vocabulary of one"),
        Call((batch, period, 1, seed(draw)), tries=f"{batch} sequences with halves of {period}"),
        Call((period, batch, 1, seed(draw)), tries=f"{period} sequences with halves of {batch}"),
    ]


def halves(draw: Draw) -> list[Call]:
    sizes = [(3, 1, 7), (1, 2, 50), (2, 3, 5), (4, 2, 11), (3, 5, 3), (6, 4, 4), (5, 2, 40)]
    return [
        Call((*each, seed(draw)), tries=f"{each[0]} sequences with halves of {each[1]}")
        for each in sizes
        for _ in range(2)
    ]


def many_sequences(draw: Draw) -> list[Call]:
    sizes = [(600, 1, 6), (600, 2, 3), (500, 2, 5), (400, 3, 2), (500, 4, 2)]
    return [
        Call((*each, seed(draw)), tries=f"{each[0]} sequences over {each[2]} tokens")
        for each in sizes
    ]


def even_chances(call: Call) -> dict:
    batch, period, vocabulary_size, _ = call.arguments
    every = itertools.product(range(vocabulary_size), repeat=period)
    law = {half + half: 1 / vocabulary_size**period for half in every}
    return chances(1, (batch, 2 * period), {(): law})


repeated_sequences = Exercise(
    "emergence.repeated_sequences",
    parts=[
        Part("shape", 0.5, one_token_only, Same(), public=True),
        Part("two equal halves", 0.5, halves, Outcomes(1), expect=even_chances),
        Part("evenly drawn", 0.5, many_sequences, Outcomes(1), expect=even_chances),
        Part(
            "from the generator alone",
            0.5,
            lambda draw: twice(draw, 5, 9, 1000, None),
            Repeatable(),
            expect=its_seed,
        ),
    ],
)


@repeated_sequences.misconception(
    "Each token is followed by itself at once. The half is repeated as a whole: a b c a b c, not "
    "a a b b c c."
)
def repeated_token_by_token(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period), generator=generator)
    return half.repeat_interleave(2, dim=1)


@repeated_sequences.misconception(
    "Both halves are drawn anew, so the second does not repeat the first: draw once, and join what "
    "was drawn with itself."
)
def repeated_by_drawing_twice(batch, period, vocabulary_size, generator):
    return torch.randint(vocabulary_size, (batch, 2 * period), generator=generator)


@repeated_sequences.misconception(
    "`period` is the length of one half; the whole sequence is twice as long."
)
def repeated_in_half_the_length(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, (period + 1) // 2), generator=generator)
    return torch.cat([half, half], dim=1)[:, :period]


@repeated_sequences.misconception(
    "The repetition is put below, as further sequences. It stands behind, in the same row: join "
    "along `dim=1`."
)
def repeated_below(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period), generator=generator)
    return torch.cat([half, half], dim=0)


@repeated_sequences.misconception(
    "All sequences of the batch are the same one; each is drawn for itself."
)
def repeated_in_every_row(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (1, period), generator=generator)
    return torch.cat([half, half], dim=1).repeat(batch, 1)


@repeated_sequences.misconception(
    "The largest id never comes: `torch.randint` leaves out its upper bound by itself."
)
def repeated_without_the_last(batch, period, vocabulary_size, generator):
    upper = max(vocabulary_size - 1, 1)
    half = torch.randint(upper, (batch, period), generator=generator)
    return torch.cat([half, half], dim=1)


@repeated_sequences.misconception(
    "The id 0 never comes; every id below `vocabulary_size` is a token."
)
def repeated_without_zero(batch, period, vocabulary_size, generator):
    lower = min(1, vocabulary_size - 1)
    half = torch.randint(lower, vocabulary_size, (batch, period), generator=generator)
    return torch.cat([half, half], dim=1)


@repeated_sequences.misconception(
    "The second half is the first one backwards; an induction head needs the same order."
)
def repeated_in_reverse(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period), generator=generator)
    return torch.cat([half, half.flip(1)], dim=1)


@repeated_sequences.misconception(
    "The generator is not used: pass it on as `generator=generator`, so that a seed fixes what is "
    "drawn."
)
def repeated_without_the_generator(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period))
    return torch.cat([half, half], dim=1)


@repeated_sequences.alternative
def repeated_by_repeat(batch, period, vocabulary_size, generator):
    half = torch.randint(0, vocabulary_size, (batch, period), generator=generator)
    return half.repeat(1, 2)


@repeated_sequences.alternative
def repeated_by_rand(batch, period, vocabulary_size, generator):
    numbers = torch.rand((period, batch), generator=generator, dtype=torch.float64)
    half = (numbers.T * vocabulary_size).floor().long()
    return half[:, torch.arange(2 * period) % period]


@repeated_sequences.alternative
def repeated_by_multinomial(batch, period, vocabulary_size, generator):
    weights = torch.ones(vocabulary_size)
    drawn = torch.multinomial(weights, batch * period, replacement=True, generator=generator)
    return drawn.view(batch, 1, period).expand(-1, 2, -1).reshape(batch, 2 * period)
