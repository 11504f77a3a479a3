"""What the exercises on emergence accept."""

import difflib
import functools
import itertools
import math
import random
import statistics
import unicodedata
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from autograder.checking.arrangements import RandomInterval, RandomSplit, Shuffled
from autograder.checking.cases import Call
from autograder.checking.compare import Same
from autograder.checking.sampling import Outcomes, Repeatable, chances
from autograder.checking.values import Seed
from autograder.draw import Draw
from autograder.spec import Exercise, Part
from solutions import emergence as reference

LARGEST_SEED = 2**31

# why a mutant of the reference may pass
EQUALLY_LONG = "both are equally long, here as the contract has it"


def seed(draw: Draw) -> Seed:
    """Return the seed of a generator."""
    return Seed(draw.integer(0, LARGEST_SEED))


def its_seed(call: Call) -> int:
    """Say which calls must give the same: those with generators of the same seed."""
    (number,) = [a.number for a in (*call.arguments, *call.keywords.values()) if type(a) is Seed]
    return number


def twice(draw: Draw, *arguments, **keywords) -> list[Call]:
    """Return calls with two seeds, each twice; None stands for the generator."""
    one, other = seed(draw), seed(draw)
    return [
        Call(tuple(each if a is None else a for a in arguments), keywords, tries)
        for each, tries in (
            (one, "a seeded generator"),
            (one, "another generator of the same seed"),
            (other, "a generator of another seed"),
            (other, "one more of that seed"),
        )
    ]


# --- repeated_sequences --------------------------------------------------------------------------


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


# --- prefix_matching_score -----------------------------------------------------------------------


def attention_weights(
    draw: Draw, batch: int, heads: int, period: int, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return causal attention weights, the rows of which sum to 1."""
    length = 2 * period
    scores = draw.normal(batch, heads, length, length, scale=2, dtype=dtype)
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    return scores.masked_fill(later, -math.inf).softmax(-1)


def always_back(batch: int, heads: int, period: int, distance: int) -> Tensor:
    """Return heads that look `distance` tokens back, and at themselves where there is none."""
    queries = torch.arange(2 * period)
    keys = torch.where(queries >= distance, queries - distance, queries)
    return F.one_hot(keys, 2 * period).float().expand(batch, heads, -1, -1).clone()


def heads_with_one_target(draw: Draw) -> list[Call]:
    period = draw.integer(4, 6)
    perfect = always_back(1, 1, period, period - 1)
    same = always_back(1, 1, period, period)
    previous = always_back(1, 1, period, 1)
    every = torch.cat([same, perfect, previous], dim=1)
    return [
        Call((always_back(1, 1, 3, 2), 3), tries="a perfect induction head, halves of 3"),
        Call((every, period), tries="three heads: the same token, the one after it, the previous"),
        Call((torch.cat([every, every.flip(1)]), period), tries="two sequences"),
        Call((perfect * 0.75 + previous * 0.25, period), tries="a head that looks at two places"),
    ]


def any_heads(draw: Draw) -> list[Call]:
    batch, heads, period = draw.sizes(3)
    return [
        Call((attention_weights(draw, 1, 1, 2), 2), tries="one head, halves of 2"),
        Call((attention_weights(draw, 1, 3, 5), 5), tries="three heads"),
        Call((attention_weights(draw, batch, heads, period), period), tries="a batch"),
        Call((attention_weights(draw, 4, 4, 2), 2), tries="all sizes equal"),
        Call(
            (attention_weights(draw, batch, heads, period, torch.float64), period), tries="float64"
        ),
        Call((draw.scattered(attention_weights(draw, 3, 2, 4)), 4), tries="scattered in memory"),
        Call((attention_weights(draw, 2, 3, 1), 1), tries="halves of one token"),
        Call((draw.normal(3, 2, 8, 8).abs(), 4), tries="weights without a causal mask"),
    ]


def weights_of_another_length(draw: Draw) -> list[Call]:
    return [
        Call((draw.normal(1, 2, 6, 6).abs(), 3), tries="sequences of twice the period"),
        Call((draw.normal(1, 2, 7, 7).abs(), 3), tries="sequences longer than twice the period"),
        Call((draw.normal(2, 1, 8, 8).abs(), 5), tries="sequences shorter than twice the period"),
        Call((draw.normal(2, 1, 8, 10).abs(), 4), tries="more keys than queries"),
        Call((draw.normal(2, 1, 10, 8).abs(), 4), tries="more queries than keys"),
    ]


prefix_matching_score = Exercise(
    "emergence.prefix_matching_score",
    parts=[
        Part("heads with one target", 1, heads_with_one_target, public=True),
        Part("any weights", 1.5, any_heads),
        Part("another length", 0.5, weights_of_another_length),
    ],
    equivalent={
        "(0, 2) -> (2, 0) in return weights[:, :, queries, queries - period + 1]"
        ".mean(dim=(0, 2))": "the order of the dimensions that are averaged does not matter",
    },
)


def score_at(weights, period, offset, first=None, stop=None):
    """Average the weights at the keys `period - offset` before each query."""
    queries = torch.arange(period if first is None else first, stop or 2 * period)
    keys = queries - period + offset
    inside = (keys >= 0) & (keys < 2 * period)
    return weights[:, :, queries[inside], keys[inside]].mean(dim=(0, 2))


def refuse(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError("another length")


@prefix_matching_score.misconception(
    "This looks at the earlier occurrence of the token itself. An induction head looks one place "
    "further, at the token that came after it: i - period + 1."
)
def score_at_the_same_token(weights, period):
    refuse(weights, period)
    return score_at(weights, period, 0)


@prefix_matching_score.misconception(
    "This looks at the token before the earlier occurrence; the one after it is at i - period + 1."
)
def score_before_the_token(weights, period):
    refuse(weights, period)
    return score_at(weights, period, -1)


@prefix_matching_score.misconception(
    "The average runs over all positions. In the first half nothing has occurred before: take the "
    "queries of the second half only."
)
def score_over_all_queries(weights, period):
    refuse(weights, period)
    return score_at(weights, period, 1) / 2


@prefix_matching_score.misconception(
    "A whole diagonal also holds the last query of the first half, which is one too many: leave "
    "out its first entry."
)
def score_by_the_whole_diagonal(weights, period):
    refuse(weights, period)
    return weights.diagonal(1 - period, dim1=-2, dim2=-1).mean(dim=(0, 2))


@prefix_matching_score.misconception(
    "Queries and keys are exchanged: the query is the last dimension but one, the key the last."
)
def score_of_keys(weights, period):
    refuse(weights, period)
    return score_at(weights.mT, period, 1)


@prefix_matching_score.misconception(
    "Heads are averaged too; every head has a score of its own, and the result one for each."
)
def score_of_all_heads(weights, period):
    refuse(weights, period)
    return score_at(weights, period, 1).mean()


@prefix_matching_score.misconception(
    "Each sequence has its own score here; the batch is averaged as well."
)
def score_of_each_sequence(weights, period):
    refuse(weights, period)
    queries = torch.arange(period, 2 * period)
    return weights[:, :, queries, queries - period + 1].mean(dim=-1)


@prefix_matching_score.misconception(
    "The weights are added up instead of averaged: a perfect head scores 1, however long the "
    "sequences are."
)
def score_summed(weights, period):
    refuse(weights, period)
    return score_at(weights, period, 1) * period


@prefix_matching_score.misconception(
    "This counts how often the token has the largest weight of its row. The score is the weight "
    "itself."
)
def score_by_argmax(weights, period):
    refuse(weights, period)
    queries = torch.arange(period, 2 * period)
    right = weights[:, :, period:].argmax(-1) == queries - period + 1
    return right.to(weights.dtype).mean(dim=(0, 2))


@prefix_matching_score.misconception(
    "Weights of another length than 2 * period are accepted; they have to raise a ValueError."
)
def score_unchecked(weights, period):
    length = min(weights.shape[-2:])
    queries = torch.arange(min(period, length - 1), min(2 * period, length))
    return weights[:, :, queries, queries - queries[0] + 1].mean(dim=(0, 2))


@prefix_matching_score.alternative
def score_by_diagonal(weights, period):
    refuse(weights, period)
    second = weights[:, :, period:, 1 : period + 1]
    return second.diagonal(dim1=-2, dim2=-1).mean(-1).mean(0)


@prefix_matching_score.alternative
def score_by_loops(weights, period):
    batch, heads, queries, keys = weights.shape
    if queries != 2 * period or keys != 2 * period:
        raise ValueError("weights are not for twice the period")
    total = torch.zeros(heads, dtype=weights.dtype)
    for row in range(batch):
        for query in range(period, 2 * period):
            total += weights[row, :, query, query - period + 1]
    return total / (batch * period)


@prefix_matching_score.alternative
def score_by_a_mask(weights, period):
    if list(weights.shape[-2:]) != [2 * period] * 2:
        raise ValueError
    place = torch.arange(2 * period)
    wanted = (place[:, None] - place == period - 1) & (place[:, None] >= period)
    return torch.einsum("bhqk,qk->h", weights, wanted.to(weights.dtype)) / (len(weights) * period)


# --- in_context_learning_score -------------------------------------------------------------------


def losses(draw: Draw, batch: int, length: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return losses of which every column has another mean."""
    level = torch.tensor(draw.sizes(length, 2, 2 * length + 2), dtype=dtype)
    return level + draw.normal(batch, length, dtype=dtype, scale=0.2) + draw.normal(batch, 1) / 4


def two_positions(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([[5.0, 2.0]]), 0, 1), tries="one sequence of two tokens"),
        Call((torch.tensor([[5.0, 3.0, 1.0], [7.0, 4.0, 2.5]]), 0, 2), tries="two sequences"),
        Call((torch.tensor([[5.0, 3.0, 1.0], [7.0, 4.0, 2.5]]), 1, 2), tries="not from the start"),
        Call((torch.tensor([[1.0, 2.0, 4.0]]), 0, 1), tries="a loss that rises: a positive score"),
    ]


def any_positions(draw: Draw) -> list[Call]:
    batch, length = draw.integer(3, 6), draw.integer(9, 14)
    early, late = sorted(draw.sizes(2, 0, length - 1))
    return [
        Call((losses(draw, batch, length), 2, length - 2), tries="a batch, an inner position"),
        Call((losses(draw, batch, length), early, late), tries="any two positions"),
        Call((losses(draw, batch, length), 4, 5), tries="neighboring positions"),
        Call((losses(draw, batch, length) * 1e-3, 1, length - 1), tries="small losses"),
        Call((losses(draw, 5, 5), 1, 3), tries="as many sequences as tokens"),
        Call((losses(draw, batch, length, torch.float64), early, late), tries="float64"),
        Call((losses(draw, 2, 505), 50, 500), tries="positions 50 and 500"),
    ]


def impossible_positions(draw: Draw) -> list[Call]:
    some = losses(draw, 3, 6)
    return [
        Call((some, 0, 5), tries="the first and the last position"),
        Call((some, 2, 6), tries="a position behind the end"),
        Call((some, 3, 3), tries="twice the same position"),
        Call((some, 4, 1), tries="the late position before the early one"),
        Call((some, -1, 3), tries="a negative position"),
    ]


in_context_learning_score = Exercise(
    "emergence.in_context_learning_score",
    parts=[
        Part("short sequences", 0.5, two_positions, public=True),
        Part("any positions", 1, any_positions),
        Part("impossible positions", 0.5, impossible_positions),
    ],
)


def in_order(losses, early, late):
    if not 0 <= early < late < losses.shape[1]:
        raise ValueError("impossible positions")


@in_context_learning_score.misconception(
    "The sign is the other way round: late minus early, so that a model that learns in context has "
    "a negative score."
)
def learning_early_minus_late(losses, early, late):
    return -reference.in_context_learning_score(losses, early, late)


@in_context_learning_score.misconception(
    "Positions are counted from 1 here; they count from 0, as an index does."
)
def learning_from_one(losses, early, late):
    in_order(losses, early, late)
    return losses[:, late - 1].mean() - losses[:, max(early - 1, 0)].mean()


@in_context_learning_score.misconception(
    "Only the first sequence counts here; the mean runs over the whole batch."
)
def learning_of_one_sequence(losses, early, late):
    in_order(losses, early, late)
    return losses[0, late] - losses[0, early]


@in_context_learning_score.misconception(
    "Each sequence has its own score here: the mean over the batch is missing."
)
def learning_of_each_sequence(losses, early, late):
    in_order(losses, early, late)
    return losses[:, late] - losses[:, early]


@in_context_learning_score.misconception(
    "The batch is added up; take its mean, so that the score does not grow with the batch."
)
def learning_summed(losses, early, late):
    in_order(losses, early, late)
    return losses[:, late].sum() - losses[:, early].sum()


@in_context_learning_score.misconception(
    "This is a ratio of the two losses; their difference is asked for."
)
def learning_ratio(losses, early, late):
    in_order(losses, early, late)
    return losses[:, late].mean() / losses[:, early].mean()


@in_context_learning_score.misconception(
    "The means run over all tokens up to the position, or from it on; take the losses at the two "
    "positions themselves."
)
def learning_from_there_on(losses, early, late):
    in_order(losses, early, late)
    return losses[:, late:].mean() - losses[:, : early + 1].mean()


@in_context_learning_score.misconception(
    "Sequences and positions are exchanged: a row is a sequence, a column a position."
)
def learning_of_rows(losses, early, late):
    in_order(losses, early, late)
    return losses[late % len(losses)].mean() - losses[early % len(losses)].mean()


@in_context_learning_score.misconception(
    "Impossible positions are accepted, among them negative ones, which Python counts from the "
    "end. Unless 0 <= early < late < length a ValueError has to be raised."
)
def learning_unchecked(losses, early, late):
    late = min(late, losses.shape[1] - 1)
    return losses[:, late].mean() - losses[:, early].mean()


@in_context_learning_score.alternative
def learning_of_differences(losses, early, late):
    if early < 0 or late <= early or late >= losses.size(1):
        raise ValueError("impossible positions")
    return (losses[:, late] - losses[:, early]).mean()


@in_context_learning_score.alternative
def learning_as_a_number(losses, early, late):
    if late not in range(early + 1, losses.shape[1]) or early < 0:
        raise ValueError(f"{early} and {late} do not fit")
    rows = losses.tolist()
    return statistics.fmean(row[late] for row in rows) - statistics.fmean(
        row[early] for row in rows
    )


@in_context_learning_score.alternative
def learning_by_means_first(losses, early, late):
    in_order(losses, early, late)
    mean = losses.mean(dim=0)
    return mean[late] - mean[early]


# --- few_shot_prompt -----------------------------------------------------------------------------


def short_prompts(draw: Draw) -> list[Call]:
    return [
        Call(([("hot", "cold")], "big"), tries="one example"),
        Call(([("hot", "cold"), ("up", "down")], "big"), tries="two examples"),
        Call(([], "big"), tries="no example: the question alone"),
        Call(([("sea", "mer"), ("cat", "chat"), ("sea", "mer")], "cat"), tries="one of them twice"),
    ]


def any_prompts(draw: Draw) -> list[Call]:
    words = ("la mer", "naïve", "東京", "2 + 2", "Ω", "a b  c", "", "x" * 30, "No.")
    some = [(draw.choice(*words), draw.choice(*words)) for _ in range(draw.integer(4, 9))]
    return [
        Call((some, draw.choice(*words)), tries="several examples"),
        Call(([("b", "1"), ("a", "2"), ("c", "0")], "b"), tries="examples in no order"),
        Call(([(" one ", "two  "), ("three\t", " four")], "  five "), tries="blanks at the ends"),
        Call(([("{0} {x}", "100 %"), ("%s \\n", "$a {}")], "{question}"), tries="odd characters"),
        Call(([("->", " ->"), ("a -> b", "c ->")], "d -> e"), tries="texts that hold the arrow"),
        Call(((("a", "b"), ("c", "d")), "e"), tries="a tuple of examples"),
    ]


def other_arrows(draw: Draw) -> list[Call]:
    pairs = [("hot", "cold"), ("up", "down")]
    return [
        Call((pairs, "big", ":"), tries="a colon"),
        Call((pairs, "big"), {"arrow": " =>"}, "another arrow, by name"),
        Call(([], "big", "?\nA:"), tries="an arrow of two lines, no example"),
        Call((pairs, "big", " = "), tries="an arrow that ends with a space"),
        Call((pairs, "big", ""), tries="an empty arrow"),
    ]


few_shot_prompt = Exercise(
    "emergence.few_shot_prompt",
    parts=[
        Part("short prompts", 1, short_prompts, Same(), public=True),
        Part("any texts", 0.5, any_prompts, Same()),
        Part("other arrows", 0.5, other_arrows, Same()),
    ],
)


@few_shot_prompt.misconception(
    "The prompt ends with a space. The space belongs to the answer's first token (' cold' is one "
    "token), so after a space the model has to write what it has hardly ever seen."
)
def prompt_with_a_space(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question, arrow) + " "


@few_shot_prompt.misconception("There is no space between arrow and answer; one belongs there.")
def prompt_without_spaces(examples, question, arrow=" ->"):
    return "".join(f"{q}{arrow}{a}\n" for q, a in examples) + question + arrow


@few_shot_prompt.misconception(
    "The open question has no arrow: the model would go on writing the question."
)
def prompt_without_the_last_arrow(examples, question, arrow=" ->"):
    return "".join(f"{q}{arrow} {a}\n" for q, a in examples) + question


@few_shot_prompt.misconception(
    "The prompt ends with a line break. The answer has to follow in the same line."
)
def prompt_with_a_last_line_break(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question, arrow) + "\n"


@few_shot_prompt.misconception(
    "The examples all stand in one line; each is a line of its own, ended by a line break."
)
def prompt_in_one_line(examples, question, arrow=" ->"):
    return " ".join([*(f"{q}{arrow} {a}" for q, a in examples), question + arrow])


@few_shot_prompt.misconception(
    "There is an empty line after each example; one line break is enough."
)
def prompt_with_empty_lines(examples, question, arrow=" ->"):
    return "\n\n".join([*(f"{q}{arrow} {a}" for q, a in examples), question + arrow])


@few_shot_prompt.misconception("There is a space too many before the arrow: it brings its own.")
def prompt_with_wide_arrows(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question, f" {arrow}")


@few_shot_prompt.misconception("The argument `arrow` is not used: ' ->' is only its default.")
def prompt_with_a_fixed_arrow(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(examples, question)


@few_shot_prompt.misconception("Question and answer are exchanged in the examples.")
def prompt_with_answers_first(examples, question, arrow=" ->"):
    return reference.few_shot_prompt([(a, q) for q, a in examples], question, arrow)


@few_shot_prompt.misconception(
    "The examples stand in another order than they were given in; each stands where it is, also "
    "where one comes twice."
)
def prompt_sorted(examples, question, arrow=" ->"):
    return reference.few_shot_prompt(sorted(examples), question, arrow)


@few_shot_prompt.misconception(
    "White space at the ends of the texts is lost; they are taken as they are."
)
def prompt_stripped(examples, question, arrow=" ->"):
    examples = [(q.strip(), a.strip()) for q, a in examples]
    return reference.few_shot_prompt(examples, question.strip(), arrow)


@few_shot_prompt.alternative
def prompt_by_joining(examples, question, arrow=" ->"):
    return "\n".join([*(q + arrow + " " + a for q, a in examples), question + arrow])


@few_shot_prompt.alternative
def prompt_by_adding(examples, question, arrow=" ->"):
    prompt = ""
    for pair in examples:
        prompt += pair[0]
        prompt += arrow
        prompt += " " + pair[1] + "\n"
    return prompt + question + arrow


# --- shuffle_labels ------------------------------------------------------------------------------

THREE = ("yes", "no", "maybe")
FOUR = ("d", "a", "c", "b")
TWO_TWICE = ("a", "b", "b", "a")
LONG = tuple(f"label {number:03}" for number in range(400))


def label_list(call: Call) -> list[str]:
    return list(call.arguments[0])


def nothing_to_shuffle(draw: Draw) -> list[Call]:
    return [
        Call((["a"], seed(draw)), tries="a single label"),
        Call((["yes"] * 5, seed(draw)), tries="five equal labels"),
        Call(([], seed(draw)), tries="no labels"),
    ]


def some_labels(draw: Draw) -> list[Call]:
    words = [draw.choice("positive", "negative", "東京", " a", "a ", "A", "") for _ in range(9)]
    return [
        Call((["a", "b"], seed(draw)), tries="two labels"),
        Call((["positive", "negative", "positive"], seed(draw)), tries="a label that comes twice"),
        Call((words, seed(draw)), tries="nine labels"),
        Call((["a"] * 6 + ["b"], seed(draw)), tries="one that is rare"),
        Call((tuple("abcdef"), seed(draw)), tries="a tuple of labels"),
    ] + [Call((list("abcabcab"), seed(draw)), tries="three kinds of labels") for _ in range(6)]


def many_shuffles(draw: Draw) -> list[Call]:
    several = [(THREE, 200), (TWO_TWICE, 100), (FOUR, 150), (LONG, 40)]
    return [
        Call((list(labels), seed(draw)), tries=f"{len(labels)} labels, {times} times")
        for labels, times in several
        for _ in range(times)
    ]


shuffle_labels = Exercise(
    "emergence.shuffle_labels",
    parts=[
        Part("nothing to shuffle", 0.5, nothing_to_shuffle, Same(), public=True),
        Part("the same labels", 0.5, some_labels, Shuffled(), expect=label_list),
        Part("every order equally likely", 0.5, many_shuffles, Shuffled(), expect=label_list),
        Part(
            "from the generator alone",
            0.5,
            lambda draw: twice(draw, list(LONG[:50]), None),
            Repeatable(),
            expect=its_seed,
        ),
    ],
    equivalent={
        "torch.randperm(len(labels), generator=generator).tolist()"
        " -> torch.randperm(len(labels), generator=generator)": "a list also takes a tensor "
        "without dimensions as index",
    },
)


@shuffle_labels.misconception(
    "Each label is drawn anew, so one can come more often than before and another not at all. Deal "
    "out the labels that are there, each once."
)
def shuffled_with_replacement(labels, generator):
    chosen = torch.randint(max(len(labels), 1), (len(labels),), generator=generator)
    return [labels[i] for i in chosen]


@shuffle_labels.misconception(
    "Each label is drawn anew, so one can come more often than before and another not at all. Deal "
    "out the labels that are there, each once."
)
def shuffled_from_the_set(labels, generator):
    kinds = sorted(set(labels))
    return [kinds[int(torch.randint(len(kinds), (), generator=generator))] for _ in labels]


@shuffle_labels.misconception(
    "The labels are in the same order as before: `random.shuffle` and its like change a list in "
    "place, what is returned has to be the shuffled one."
)
def shuffled_not_at_all(labels, generator):
    torch.randperm(len(labels), generator=generator)
    return list(labels)


@shuffle_labels.misconception("The list that was passed in is changed; shuffle a copy.")
def shuffled_in_place(labels, generator):
    if isinstance(labels, tuple):
        labels = list(labels)
    order = torch.randperm(len(labels), generator=generator).tolist()
    labels[:] = [labels[i] for i in order]
    return labels


@shuffle_labels.misconception(
    "The generator is not used, so a seed does not fix the order: pass it on as "
    "`generator=generator`."
)
def shuffled_without_the_generator(labels, generator):
    return random.sample(list(labels), len(labels))


@shuffle_labels.misconception(
    "The original order never comes, or no label keeps its place. That is not a random order: the "
    "labels would tell that they are wrong."
)
def shuffled_without_fixed_points(labels, generator):
    order = list(range(len(labels)))
    for last in range(len(order) - 1, 0, -1):
        other = int(torch.randint(last, (), generator=generator))
        order[last], order[other] = order[other], order[last]
    return [labels[i] for i in order]


@shuffle_labels.misconception(
    "The original order never comes, or no label keeps its place. That is not a random order: the "
    "labels would tell that they are wrong."
)
def shuffled_until_different(labels, generator):
    for _ in range(50):
        order = reference.shuffle_labels(labels, generator)
        if order != list(labels):
            break
    return order


@shuffle_labels.misconception(
    "Every label moves by the same number of places, so few of all orders are possible. Each order "
    "has to be as likely as any other."
)
def shuffled_by_rotation(labels, generator):
    if not labels:
        return []
    by = int(torch.randint(len(labels), (), generator=generator))
    return [*labels[by:], *labels[:by]]


@shuffle_labels.misconception(
    "Each place is exchanged with any other, which makes some orders more likely than others "
    "(n^n equally likely ways cannot make n! equally likely orders). Exchange only with places "
    "not done yet, or use `torch.randperm`."
)
def shuffled_naively(labels, generator):
    labels = list(labels)
    for place in range(len(labels)):
        other = int(torch.randint(len(labels), (), generator=generator))
        labels[place], labels[other] = labels[other], labels[place]
    return labels


@shuffle_labels.misconception("The labels are sorted or reversed, not shuffled: nothing was drawn.")
def shuffled_by_reversing(labels, generator):
    return list(labels)[::-1]


@shuffle_labels.alternative
def shuffled_by_sorting(labels, generator):
    keys = torch.rand(len(labels), generator=generator, dtype=torch.float64).argsort()
    return [labels[int(i)] for i in keys]


@shuffle_labels.alternative
def shuffled_by_fisher_and_yates(labels, generator):
    labels = list(labels)
    for last in range(len(labels) - 1, 0, -1):
        other = torch.randint(last + 1, (1,), generator=generator).item()
        labels[last], labels[other] = labels[other], labels[last]
    return labels


@shuffle_labels.alternative
def shuffled_by_multinomial(labels, generator):
    if not labels:
        return []
    order = torch.multinomial(torch.ones(len(labels)), len(labels), generator=generator)
    return tuple(labels[i] for i in order.tolist())


@shuffle_labels.alternative
def shuffled_by_python(labels, generator):
    number = int(torch.randint(2**62, (), generator=generator))
    copy = list(labels)
    random.Random(number).shuffle(copy)
    return copy


# --- exact_match ---------------------------------------------------------------------------------


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


# --- token_accuracy ------------------------------------------------------------------------------


def tokens(draw: Draw, *shape: int, most: int = 4) -> tuple[Tensor, Tensor]:
    """Return predictions and targets, about half of which agree and none of which is left out."""
    targets = draw.integers(0, most, *shape)
    predictions = torch.where(
        draw.integers(0, 1, *shape) == 1, targets, draw.integers(0, most, *shape)
    )
    predictions.view(-1)[0] = targets.view(-1)[0]
    predictions.view(-1)[-1] = targets.view(-1)[-1] + 1
    return predictions, targets


def with_some_left_out(draw: Draw, *shape: int) -> tuple[Tensor, Tensor]:
    """Return predictions and targets, of which some, but neither first nor last, are left out."""
    predictions, targets = tokens(draw, *shape)
    out = draw.integers(0, 2, *shape) == 0
    out.view(-1)[0] = out.view(-1)[-1] = False
    out.view(-1)[1] = True
    return predictions, targets.masked_fill(out, -100)


def no_token_left_out(draw: Draw) -> list[Call]:
    rows, length = draw.sizes(2, 3, 8)
    return [
        Call((torch.tensor([1, 2, 3, 4]), torch.tensor([1, 2, 0, 4])), tries="three of four"),
        Call((torch.tensor([0]), torch.tensor([0])), tries="a single token, of id 0"),
        Call((torch.tensor([7, 0]), torch.tensor([0, 7])), tries="none right"),
        Call(tokens(draw, rows, length), tries=f"{rows} sequences of {length} tokens"),
        Call(tokens(draw, 12), tries="one sequence"),
        Call(tokens(draw, 2, rows, length), tries="three dimensions"),
    ]


def tokens_left_out(draw: Draw) -> list[Call]:
    rows, length = draw.sizes(2, 4, 9)
    uneven = torch.tensor([[5, -100, -100, -100], [1, 2, 3, 4]])
    guessed = torch.tensor([[5, 1, 2, 3], [1, 0, 0, 0]])
    zeros = torch.tensor([0, 0, 0, -100, 3])
    ignored = torch.tensor([-100, -100, 6, 7, 8])
    whole = torch.tensor([[-100, -100], [4, 5], [-100, 6]])
    return [
        Call((torch.tensor([1, 2, 3]), torch.tensor([1, -100, 0])), tries="one left out"),
        Call((guessed, uneven), tries="sequences with 1 and with 4 tokens that count"),
        Call((torch.tensor([0, 1, 0, 0, 3]), zeros), tries="targets of id 0, which count"),
        Call((torch.tensor([-100, 5, 6, 7, 0]), ignored), tries="a prediction of -100"),
        Call((torch.tensor([-100, 2, 3]), torch.tensor([1, 2, 0])), tries="-100 is predicted"),
        Call((torch.tensor([[1, 1], [4, 1], [1, 6]]), whole), tries="a sequence wholly left out"),
        Call(with_some_left_out(draw, rows, length), tries="several left out"),
        Call(with_some_left_out(draw, 3, rows, length), tries="three dimensions"),
        Call(with_some_left_out(draw, 15), tries="one sequence"),
    ]


def all_left_out(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([1, 5]), torch.tensor([-100, 5])), tries="all left out but one"),
        Call((torch.tensor([1, 5]), torch.tensor([-100, -100])), tries="all left out"),
        Call((draw.integers(0, 9, 3, 4), torch.full((3, 4), -100)), tries="all left out"),
    ]


token_accuracy = Exercise(
    "emergence.token_accuracy",
    parts=[
        Part("no token left out", 0.5, no_token_left_out, public=True),
        Part("tokens left out", 1, tokens_left_out),
        Part("all left out", 0.5, all_left_out),
    ],
    equivalent={
        "(predictions[kept] == targets[kept]).double().mean().item()"
        " -> (predictions[kept] == targets[kept]).double().mean()": "a tensor without dimensions "
        "is taken for a number",
    },
)


@token_accuracy.misconception(
    "Targets of -100 count as wrong; they take no part at all, neither above nor below the line."
)
def accuracy_over_everything(predictions, targets):
    if (targets == -100).all():
        raise ValueError
    return (predictions == targets).double().mean().item()


@token_accuracy.misconception(
    "Right tokens are counted among those that are not -100, but divided by the number of all."
)
def accuracy_over_all_positions(predictions, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    return ((predictions == targets) & kept).double().mean().item()


@token_accuracy.misconception("Targets of -100 count as right; they take no part at all.")
def accuracy_with_presents(predictions, targets):
    if (targets == -100).all():
        raise ValueError
    return ((predictions == targets) | (targets == -100)).double().mean().item()


@token_accuracy.misconception(
    "Each sequence counts the same here. Each token has to: divide once, by the number of all "
    "tokens that count."
)
def accuracy_of_sequences(predictions, targets):
    kept = targets != -100
    if not kept.any():
        raise ValueError
    right = ((predictions == targets) & kept).double()
    rows = kept.sum(-1)
    return (right.sum(-1) / rows)[rows > 0].mean().item()


@token_accuracy.misconception("Only 0 is left out, which is an id like others; -100 marks a gap.")
def accuracy_without_zeros(predictions, targets):
    kept = targets != 0
    if (targets == -100).all():
        raise ValueError
    return (predictions[kept] == targets[kept]).double().mean().item()


@token_accuracy.misconception("0 is left out as well as -100; it is an id like any other.")
def accuracy_of_positive_ids(predictions, targets):
    if (targets == -100).all():
        raise ValueError
    kept = targets > 0
    return (predictions[kept] == targets[kept]).double().mean().item()


@token_accuracy.misconception("The number of right tokens is returned; their share is asked for.")
def accuracy_counted(predictions, targets):
    if (targets == -100).all():
        raise ValueError
    return float(((predictions == targets) & (targets != -100)).sum())


@token_accuracy.misconception(
    "This is the share of whole sequences that are right; every token counts by itself."
)
def accuracy_of_whole_sequences(predictions, targets):
    if (targets == -100).all():
        raise ValueError
    right = (predictions == targets) | (targets == -100)
    counted = (targets != -100).any(-1)
    return (right.all(-1) & counted).double().sum().item() / counted.double().sum().item()


@token_accuracy.misconception(
    "Where every target is -100 something is returned (NaN comes from 0 / 0); a ValueError has to "
    "be raised."
)
def accuracy_unchecked(predictions, targets):
    kept = targets != -100
    return (predictions[kept] == targets[kept]).double().mean().item()


@token_accuracy.misconception(
    "Where every target is -100, 0 is returned; a ValueError has to be raised."
)
def accuracy_zero_of_nothing(predictions, targets):
    kept = targets != -100
    return ((predictions == targets) & kept).sum().item() / max(int(kept.sum()), 1)


@token_accuracy.alternative
def accuracy_by_lists(predictions, targets):
    pairs = list(zip(predictions.flatten().tolist(), targets.flatten().tolist(), strict=True))
    pairs = [(guess, truth) for guess, truth in pairs if truth != -100]
    if not pairs:
        raise ValueError("no targets")
    return sum(guess == truth for guess, truth in pairs) / len(pairs)


@token_accuracy.alternative
def accuracy_as_a_tensor(predictions, targets):
    kept = (targets != -100).float()
    if kept.sum() == 0:
        raise ValueError("no targets")
    return ((predictions == targets).float() * kept).sum() / kept.sum()


@token_accuracy.alternative
def accuracy_by_numpy(predictions, targets):
    guesses, truths = predictions.numpy(), targets.numpy()
    places = np.nonzero(truths != -100)
    if not len(places[0]):
        raise ValueError("no targets")
    return np.mean(guesses[places] == truths[places])


# --- edit_distance -------------------------------------------------------------------------------


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


# --- predicted_exact_match -----------------------------------------------------------------------


def accuracies(draw: Draw, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return accuracies from 0.3 to 1."""
    return 0.3 + 0.7 * torch.rand(shape, generator=draw.generator, dtype=torch.float64).to(dtype)


def one_answer(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([0.5, 0.8]),), tries="an answer of two tokens"),
        Call((torch.tensor([0.9, 0.9, 0.9, 0.9]),), tries="four tokens of the same accuracy"),
        Call((torch.tensor([0.7]),), tries="a single token"),
        Call((accuracies(draw, draw.integer(3, 6)),), tries="another answer"),
        Call((torch.tensor([0.5, 0.0, 0.9]),), tries="a token that is never right"),
    ]


def several_models(draw: Draw) -> list[Call]:
    models, steps, length = draw.sizes(3)
    some = accuracies(draw, models, length)
    some[0, 0], some[-1] = 0.0, 1.0
    return [
        Call((accuracies(draw, models, length),), tries="several models"),
        Call((accuracies(draw, 1, length),), tries="a single model, in a batch"),
        Call((some,), tries="a token never right, and an answer always right"),
        Call((accuracies(draw, 5, 5),), tries="as many models as tokens"),
        Call((accuracies(draw, models, steps, length),), tries="models, steps and tokens"),
        Call((accuracies(draw, steps, length, dtype=torch.float64),), tries="float64"),
        Call((draw.scattered(accuracies(draw, models, length)),), tries="scattered in memory"),
        Call((accuracies(draw, steps, 1),), tries="answers of a single token"),
    ]


predicted_exact_match = Exercise(
    "emergence.predicted_exact_match",
    parts=[
        Part("one answer", 0.5, one_answer, public=True),
        Part("several models", 0.5, several_models),
    ],
)


@predicted_exact_match.misconception(
    "This is the average accuracy of a token. For a whole answer all of them have to be right at "
    "once: multiply."
)
def predicted_by_the_mean(accuracies):
    return accuracies.mean(dim=-1)


@predicted_exact_match.misconception(
    "The mean accuracy to the power of the length is right only where all positions have the same "
    "accuracy; multiply those that there are."
)
def predicted_by_the_mean_power(accuracies):
    return accuracies.mean(dim=-1) ** accuracies.shape[-1]


@predicted_exact_match.misconception(
    "This takes the accuracy of the weakest token. An answer is right less often than that, since "
    "the others can be wrong too."
)
def predicted_by_the_minimum(accuracies):
    return accuracies.amin(dim=-1)


@predicted_exact_match.misconception(
    "This is the chance that some token is right; all of them have to be."
)
def predicted_any(accuracies):
    return 1 - (1 - accuracies).prod(dim=-1)


@predicted_exact_match.misconception(
    "The product runs over all dimensions, or over the first; it has to run over the last one only."
)
def predicted_over_all(accuracies):
    return accuracies.prod()


@predicted_exact_match.misconception(
    "The product runs over all dimensions, or over the first; it has to run over the last one only."
)
def predicted_over_the_first(accuracies):
    return accuracies.prod(dim=0)


@predicted_exact_match.misconception(
    "These are running products; the one over all positions is asked for, the last of them."
)
def predicted_cumulative(accuracies):
    return accuracies.cumprod(dim=-1)


@predicted_exact_match.misconception(
    "Only the first accuracy is used, to the power of the length; every position has its own."
)
def predicted_from_the_first(accuracies):
    return accuracies[..., 0] ** accuracies.shape[-1]


@predicted_exact_match.misconception(
    "This is the geometric mean: the root of the product, which is the accuracy of a typical token."
)
def predicted_geometric_mean(accuracies):
    return accuracies.prod(dim=-1) ** (1 / accuracies.shape[-1])


@predicted_exact_match.misconception(
    "The result is float32 whatever the accuracies are; it has to have their dtype."
)
def predicted_in_float32(accuracies):
    return accuracies.float().prod(dim=-1)


@predicted_exact_match.alternative
def predicted_by_logarithms(accuracies):
    return accuracies.log().sum(dim=-1).exp()


@predicted_exact_match.alternative
def predicted_by_a_loop(accuracies):
    result = torch.ones_like(accuracies[..., 0])
    for position in range(accuracies.shape[-1]):
        result = result * accuracies[..., position]
    return result


@predicted_exact_match.alternative
def predicted_by_cumprod(accuracies):
    return torch.cumprod(accuracies, dim=-1)[..., -1]


# --- bootstrap_interval --------------------------------------------------------------------------

# multiples of 1/32, so that sums are exact; their means take so many values that the ends of an
# interval scatter nearly normally
SKEWED = torch.tensor([0.0, 0.0625, 0.25, 0.40625, 0.53125, 1.03125, 4.1875])
SEVERAL = torch.tensor([3, 7, 18, 20, 31, 33, 42, 51, 70, 89, 115, 160]) / 32
STEPS = torch.tensor([-8.0, 1.0, 2.0, 4.0, 5.0, 40.0])
FEW = torch.tensor([2.0, 4.0, 16.0])


@functools.cache
def distribution_of_the_mean(values: tuple[float, ...]) -> tuple[Tensor, Tensor]:
    """Return what the mean of a resample can be, ascending, and the probability to be no more."""
    sums = {0.0: 1.0}
    for _ in values:
        following: Counter[float] = Counter()
        for (total, chance), value in itertools.product(sums.items(), values):
            following[total + value] += chance / len(values)
        sums = following
    means = torch.tensor(sorted(sums), dtype=torch.float64) / len(values)
    chance = torch.tensor([sums[total] for total in sorted(sums)], dtype=torch.float64)
    return means, chance.cumsum(0).clamp(max=1)


def moments_of_rank(values: tuple[float, ...], resamples: int, rank: int) -> tuple[float, float]:
    """Return mean and deviation of the mean of a resample that comes at a rank, from 0."""
    means, below = distribution_of_the_mean(values)
    # at least rank + 1 of the resamples are no larger
    k = torch.arange(rank + 1, resamples + 1, dtype=torch.float64)
    n = torch.tensor(float(resamples), dtype=torch.float64)
    ways = torch.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
    logarithm = ways + torch.xlogy(k, below[:, None]) + torch.xlogy(n - k, 1 - below[:, None])
    cumulative = logarithm.exp().sum(1).clamp(max=1)
    cumulative[-1] = 1
    chance = cumulative.diff(prepend=torch.zeros(1, dtype=torch.float64)).clamp(min=0)
    mean = float((chance * means).sum() / chance.sum())
    variance = float((chance * (means - mean) ** 2).sum() / chance.sum())
    return mean, math.sqrt(variance)


@functools.cache
def moments_of_quantile(
    values: tuple[float, ...], resamples: int, share: float
) -> tuple[float, float]:
    """Return mean and, at most, deviation of a quantile of the means of resamples."""
    place = share * (resamples - 1)
    rank = min(math.floor(place), resamples - 1)
    weight = place - rank
    low = moments_of_rank(values, resamples, rank)
    high = moments_of_rank(values, resamples, min(rank + 1, resamples - 1))
    return tuple((1 - weight) * a + weight * b for a, b in zip(low, high, strict=True))


def ends(call: Call) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return mean and deviation of both ends of the interval that a call asks for."""
    given = dict(
        zip(("values", "generator", "confidence", "resamples"), call.arguments, strict=False)
    )
    given |= call.keywords
    values = tuple(given["values"].tolist())
    resamples, tail = given.get("resamples", 1_000), (1 - given.get("confidence", 0.95)) / 2
    return (
        moments_of_quantile(values, resamples, tail),
        moments_of_quantile(values, resamples, 1 - tail),
    )


def nothing_left_to_chance(draw: Draw) -> list[Call]:
    value = float(draw.normal(mean=5.0))
    return [
        Call((torch.tensor([3.0]), seed(draw)), tries="a single value"),
        Call((torch.full((4,), 0.5), seed(draw), 0.9, 20), tries="four equal values"),
        Call((torch.full((9,), value), seed(draw)), {"resamples": 7}, "nine equal values"),
        Call((torch.full((3,), -2.0, dtype=torch.float64), seed(draw), 0.5), tries="float64"),
    ]


def the_usual_interval(draw: Draw) -> list[Call]:
    return [
        *[Call((SKEWED, seed(draw)), tries="seven values, one of them large") for _ in range(20)],
        *[
            Call((SEVERAL.double(), seed(draw)), tries="twelve values, in float64")
            for _ in range(10)
        ],
    ]


def other_intervals(draw: Draw) -> list[Call]:
    return [
        *[
            Call((STEPS, seed(draw), 0.5, 200), tries="confidence 0.5, 200 resamples")
            for _ in range(30)
        ],
        *[
            Call((SKEWED, seed(draw)), {"confidence": 0.8, "resamples": 101}, "confidence 0.8")
            for _ in range(30)
        ],
    ]


def a_single_resample(draw: Draw) -> list[Call]:
    return [Call((FEW, seed(draw), 0.95, 1), tries="a single resample") for _ in range(60)]


def two_resamples(draw: Draw) -> list[Call]:
    tries = "two resamples, confidence 0.2"
    return [Call((FEW, seed(draw), 0.2, 2), tries=tries) for _ in range(150)]


bootstrap_interval = Exercise(
    "emergence.bootstrap_interval",
    parts=[
        Part("nothing left to chance", 0.5, nothing_left_to_chance, public=True),
        Part("the usual interval", 1.5, the_usual_interval, RandomInterval(), expect=ends),
        Part("other intervals", 0.5, other_intervals, RandomInterval(), expect=ends),
        Part("a single resample", 0.5, a_single_resample, RandomInterval(), expect=ends),
        Part("two resamples", 0.5, two_resamples, RandomInterval(), expect=ends),
        Part(
            "from the generator alone",
            0.5,
            lambda draw: twice(draw, draw.normal(12), None, resamples=40),
            Repeatable(),
            expect=its_seed,
        ),
    ],
    equivalent={
        "1000 -> 2000 in def bootstrap_interval(values: Tensor, generator: torch.Generator, "
        "confidence: float=0.95, resamples: int=1000) -> tuple[float, float]: ...": "twice as many "
        "resamples give the same interval but for chance",
        "means.quantile(torch.tensor([tail, 1 - tail], dtype=torch.double)).tolist()"
        " -> means.quantile(torch.tensor([tail, 1 - tail], dtype=torch.double))": "tensors without "
        "dimensions are taken for numbers",
    },
    forbidden=("bootstrap",),
)


def resampled(values, generator, resamples, size=None, replacement=True):
    """Return resamples, one in each row."""
    if replacement:
        chosen = torch.randint(len(values), (resamples, size or len(values)), generator=generator)
    else:
        chosen = torch.rand(resamples, len(values), generator=generator).argsort(1)[:, :size]
    return values.double()[chosen]


def ends_of(means, low, high):
    return tuple(means.quantile(torch.tensor([low, high], dtype=torch.double)).tolist())


@bootstrap_interval.misconception(
    "Both tails are cut by 1 - confidence, so twice as much is lost. Half of it is cut on each "
    "side: (1 - confidence) / 2."
)
def interval_of_two_whole_tails(values, generator, confidence=0.95, resamples=1_000):
    means = resampled(values, generator, resamples).mean(1)
    low, high = ends_of(means, 1 - confidence, confidence)
    return min(low, high), max(low, high)


@bootstrap_interval.misconception(
    "These are quantiles of the values. What is uncertain is their mean: take the quantiles of the "
    "means of many resamples."
)
def interval_of_the_values(values, generator, confidence=0.95, resamples=1_000):
    values = resampled(values, generator, resamples).flatten()
    tail = (1 - confidence) / 2
    return ends_of(values[:100_000], tail, 1 - tail)


@bootstrap_interval.misconception(
    "A value is drawn at most once. A resample as large as the original is then the original in "
    "another order, and always has the same mean: draw with replacement."
)
def interval_without_replacement(values, generator, confidence=0.95, resamples=1_000):
    means = resampled(values, generator, resamples, replacement=False).mean(1)
    tail = (1 - confidence) / 2
    return ends_of(means, tail, 1 - tail)


@bootstrap_interval.misconception(
    "The resamples are not as large as the original. The smaller they are the more their means "
    "scatter, so the interval has another width."
)
def interval_of_half_samples(values, generator, confidence=0.95, resamples=1_000):
    means = resampled(values, generator, resamples, size=(len(values) + 1) // 2).mean(1)
    tail = (1 - confidence) / 2
    return ends_of(means, tail, 1 - tail)


@bootstrap_interval.misconception(
    "As many values are drawn as there are resamples. Each resample has as many values as the "
    "original, and there are `resamples` of them."
)
def interval_of_large_samples(values, generator, confidence=0.95, resamples=1_000):
    means = resampled(values, generator, len(values), size=resamples).mean(1)
    tail = (1 - confidence) / 2
    return ends_of(means, tail, 1 - tail)


@bootstrap_interval.misconception(
    "This is the normal approximation, mean ± z standard errors, which is symmetric even where the "
    "values are not. The percentile bootstrap takes its ends from the resamples."
)
def interval_by_the_normal(values, generator, confidence=0.95, resamples=1_000):
    values = values.double()
    mean = values.mean().item()
    error = values.std(correction=0).item() / math.sqrt(len(values))
    z = statistics.NormalDist().inv_cdf(0.5 + confidence / 2)
    return mean - z * error, mean + z * error


@bootstrap_interval.misconception(
    "This is the interval of the median; the mean of each resample is asked for."
)
def interval_of_the_median(values, generator, confidence=0.95, resamples=1_000):
    medians = resampled(values, generator, resamples).quantile(0.5, dim=1)
    tail = (1 - confidence) / 2
    return ends_of(medians, tail, 1 - tail)


@bootstrap_interval.misconception(
    "These are the smallest and the largest mean; the tails have to be cut."
)
def interval_uncut(values, generator, confidence=0.95, resamples=1_000):
    means = resampled(values, generator, resamples).mean(1)
    return means.min().item(), means.max().item()


@bootstrap_interval.misconception(
    "The argument `confidence` is not used: 0.95 is only its default."
)
def interval_of_fixed_confidence(values, generator, confidence=0.95, resamples=1_000):
    return reference.bootstrap_interval(values, generator, resamples=resamples)


@bootstrap_interval.misconception("The argument `resamples` is not used: 1,000 is its default.")
def interval_of_fixed_resamples(values, generator, confidence=0.95, resamples=1_000):
    return reference.bootstrap_interval(values, generator, confidence)


@bootstrap_interval.misconception(
    "A quantile that falls between two means takes one of them; interpolate linearly, as "
    "`torch.quantile` does."
)
def interval_by_index(values, generator, confidence=0.95, resamples=1_000):
    means = sorted(resampled(values, generator, resamples).mean(1).tolist())
    tail = (1 - confidence) / 2
    return means[int(tail * resamples)], means[min(int((1 - tail) * resamples), resamples - 1)]


@bootstrap_interval.misconception(
    "The generator is not used, so a seed does not fix the interval: pass it on as "
    "`generator=generator`."
)
def interval_without_the_generator(values, generator, confidence=0.95, resamples=1_000):
    return reference.bootstrap_interval(values, torch.default_generator, confidence, resamples)


@bootstrap_interval.alternative
def interval_by_numpy(values, generator, confidence=0.95, resamples=1_000):
    numbers = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
    array = values.double().numpy()
    means = numbers.choice(array, size=(resamples, len(array))).mean(axis=1)
    tail = 50 * (1 - confidence)
    low, high = np.percentile(means, [tail, 100 - tail])
    return low, high


@bootstrap_interval.alternative
def interval_by_counts(values, generator, confidence=0.95, resamples=1_000):
    n = len(values)
    even = torch.full((resamples, n), 1 / n)
    drawn = torch.multinomial(even, n, replacement=True, generator=generator)
    counts = F.one_hot(drawn, n).sum(1).to(values.dtype)
    means = (counts @ values / n).sort().values.tolist()

    def quantile(share):
        place = share * (resamples - 1)
        below = min(int(place), resamples - 1)
        above = min(below + 1, resamples - 1)
        return means[below] + (place - below) * (means[above] - means[below])

    return quantile((1 - confidence) / 2), quantile((1 + confidence) / 2)


# --- modular_addition ----------------------------------------------------------------------------


def split_tables(draw: Draw) -> list[Call]:
    return [
        Call((2, 0.5, seed(draw)), tries="modulus 2, half of the table"),
        Call((5, 0.4, seed(draw)), tries="modulus 5, 10 of 25 pairs"),
        Call((draw.integer(6, 9), 0.3, seed(draw)), tries="another modulus"),
        Call((7, 0.8, seed(draw)), tries="modulus 7: 39 of 49 pairs, to the nearest"),
        Call((11, 0.35, seed(draw)), tries="modulus 11: 42 of 121 pairs, to the nearest"),
        Call((23, 0.5, seed(draw)), {}, "modulus 23: 264 of 529 pairs"),
        Call((97, 0.3, seed(draw)), tries="modulus 97, as in the paper"),
    ]


def tables_not_split(draw: Draw) -> list[Call]:
    modulus = draw.integer(4, 7)
    return [
        Call((2, 1.0, seed(draw)), tries="modulus 2, everything for training"),
        Call((3, 1.0, seed(draw)), tries="modulus 3, everything for training"),
        Call((3, 0.0, seed(draw)), tries="nothing for training"),
        Call((modulus, 1.0, seed(draw)), tries="another modulus, everything for training"),
        Call((modulus, 0.0, seed(draw)), tries="another modulus, nothing for training"),
    ]


def many_splits(draw: Draw) -> list[Call]:
    several = [(2, 0.5, 100), (3, 0.22, 100), (7, 0.4, 60)]
    return [
        Call((modulus, fraction, seed(draw)), tries=f"modulus {modulus}, split {times} times")
        for modulus, fraction, times in several
        for _ in range(times)
    ]


def some_split(call: Call) -> tuple[Tensor, Tensor]:
    """Return the table in order, its first rows as those for training."""
    return in_order_of_summands(*call.arguments[:2])


@functools.cache
def in_order_of_summands(modulus: int, fraction: float) -> tuple[Tensor, Tensor]:
    rows = [(a, b, (a + b) % modulus) for a in range(modulus) for b in range(modulus)]
    table = torch.tensor(rows)
    return table[: round(fraction * len(rows))], table[round(fraction * len(rows)) :]


modular_addition = Exercise(
    "emergence.modular_addition",
    parts=[
        Part(
            "the whole table", 0.5, tables_not_split, RandomSplit(), public=True, expect=some_split
        ),
        Part("every pair once", 1, split_tables, RandomSplit(), expect=some_split),
        Part("split at random", 1, many_splits, RandomSplit(), expect=some_split),
        Part(
            "from the generator alone",
            0.5,
            lambda draw: twice(draw, 11, 0.5, None),
            Repeatable(),
            expect=its_seed,
        ),
    ],
)


def addition_table(modulus):
    return torch.tensor([[a, b, (a + b) % modulus] for a in range(modulus) for b in range(modulus)])


def dealt(table, order, rows):
    return table[order[:rows]], table[order[rows:]]


@modular_addition.misconception(
    "The first rows of the table are for training, so all their first summands are small, and the "
    "test asks for others: split at random."
)
def addition_in_order(modulus, training_fraction, generator):
    table = addition_table(modulus)
    rows = round(training_fraction * len(table))
    torch.randperm(len(table), generator=generator)
    return table[:rows], table[rows:]


@modular_addition.misconception("The sums are not taken modulo `modulus`.")
def addition_without_the_modulus(modulus, training_fraction, generator):
    tables = reference.modular_addition(modulus, training_fraction, generator)
    return tuple(torch.cat([t[:, :2], t[:, :2].sum(1, keepdim=True)], 1) for t in tables)


@modular_addition.misconception(
    "Each pair stands in the table once, whatever its order. (a, b) and (b, a) are two pairs."
)
def addition_of_unordered_pairs(modulus, training_fraction, generator):
    table = addition_table(modulus)
    table = table[table[:, 0] <= table[:, 1]]
    order = torch.randperm(len(table), generator=generator)
    return dealt(table, order, round(training_fraction * len(table)))


@modular_addition.misconception(
    "The summands run from 1; they are the remainders from 0 to `modulus - 1`."
)
def addition_from_one(modulus, training_fraction, generator):
    tables = reference.modular_addition(modulus, training_fraction, generator)
    return tuple(
        torch.stack([t[:, 0] + 1, t[:, 1] + 1, (t[:, 2] + 2) % modulus], 1) for t in tables
    )


@modular_addition.misconception(
    "The number of rows for training is cut off to a whole number; it is rounded to the nearest."
)
def addition_rounded_down(modulus, training_fraction, generator):
    table = addition_table(modulus)
    order = torch.randperm(len(table), generator=generator)
    return dealt(table, order, math.floor(training_fraction * len(table) + 1e-9))


@modular_addition.misconception(
    "A coin is tossed for each row, so the number of rows for training is left to chance. It has "
    "to be `round(training_fraction * modulus**2)`."
)
def addition_by_coins(modulus, training_fraction, generator):
    table = addition_table(modulus)
    chosen = torch.rand(len(table), generator=generator) < training_fraction
    return table[chosen], table[~chosen]


@modular_addition.misconception(
    "Test and training rows are drawn apart from each other, so the test asks for pairs that were "
    "trained. Every pair stands in one table only."
)
def addition_leaking(modulus, training_fraction, generator):
    table = addition_table(modulus)
    rows = round(training_fraction * len(table))
    first = torch.randperm(len(table), generator=generator)[:rows]
    second = torch.randperm(len(table), generator=generator)[rows:]
    return table[first], table[second]


@modular_addition.misconception("The tables are exchanged: training comes first, then the test.")
def addition_exchanged(modulus, training_fraction, generator):
    return reference.modular_addition(modulus, training_fraction, generator)[::-1]


@modular_addition.misconception(
    "Whole summands are held out: all rows with one first summand are in the same table. Split the "
    "pairs."
)
def addition_by_first_summand(modulus, training_fraction, generator):
    table = addition_table(modulus)
    firsts = torch.randperm(modulus, generator=generator)
    order = firsts[table[:, 0]].argsort(stable=True)
    return dealt(table, order, round(training_fraction * len(table)))


@modular_addition.misconception(
    "The generator is not used, so a seed does not fix the split: pass it on as "
    "`generator=generator`."
)
def addition_without_the_generator(modulus, training_fraction, generator):
    return reference.modular_addition(modulus, training_fraction, torch.default_generator)


@modular_addition.misconception(
    "An empty table has lost its three columns: its shape has to be (0, 3)."
)
def addition_without_columns(modulus, training_fraction, generator):
    tables = reference.modular_addition(modulus, training_fraction, generator)
    return tuple(torch.tensor(table.tolist(), dtype=torch.int64) for table in tables)


@modular_addition.alternative
def addition_by_sorting(modulus, training_fraction, generator):
    a, b = torch.meshgrid(torch.arange(modulus), torch.arange(modulus), indexing="ij")
    table = torch.stack([a, b, (a + b) % modulus], dim=-1).reshape(-1, 3)
    keys = torch.rand(modulus**2, generator=generator, dtype=torch.float64)
    rows = round(training_fraction * modulus**2)
    chosen = torch.zeros(modulus**2, dtype=torch.bool)
    chosen[keys.argsort()[:rows]] = True
    return table[chosen], table[~chosen]


@modular_addition.alternative
def addition_by_python(modulus, training_fraction, generator):
    pairs = [(a, b, (a + b) % modulus) for a in range(modulus) for b in range(modulus)]
    number = int(torch.randint(2**62, (), generator=generator))
    random.Random(number).shuffle(pairs)
    rows = round(training_fraction * len(pairs))
    return [
        torch.tensor(part, dtype=torch.int64).reshape(-1, 3)
        for part in (pairs[:rows], pairs[rows:])
    ]


@modular_addition.alternative
def addition_by_division(modulus, training_fraction, generator):
    number = torch.randperm(modulus * modulus, generator=generator)
    a, b = number // modulus, number % modulus
    table = torch.stack((a, b, (a + b).remainder(modulus)), dim=1)
    rows = round(training_fraction * modulus * modulus)
    return table[-rows:] if rows else table[:0], table[: len(table) - rows]


# --- grokking_delay ------------------------------------------------------------------------------


def clear_runs(draw: Draw) -> list[Call]:
    return [
        Call(([0, 100, 200], [0.5, 1.0, 1.0], [0.1, 0.2, 0.99]), tries="test later than training"),
        Call(([0, 100, 200], [0.5, 0.9, 0.97], [0.1, 0.96, 0.99]), tries="the test first"),
        Call(([10, 20, 40], [0.5, 0.6, 0.99], [0.1, 0.2, 0.98]), tries="both at the same step"),
        Call(([0, 10, 50, 300], [0.99, 1.0, 1.0, 1.0], [0.0, 0.1, 0.2, 1.0]), tries="at step 0"),
        Call(([0, 100, 200], [0.5, 1.0, 1.0], [0.1, 0.2, 0.3]), tries="a test never solved"),
    ]


def run(draw: Draw, *, grokked: bool = True) -> tuple[list[int], list[float], list[float]]:
    """Return a run with steps at uneven distances, and accuracies that go up and down."""
    length = draw.integer(8, 14)
    steps = torch.tensor(draw.sizes(length, 1, 60)).cumsum(0).tolist()
    fit, solved = sorted(draw.sizes(2, 1, length - 2))
    train = [0.3 + 0.6 * i / length for i in range(length)]
    test = [0.1 + 0.3 * i / length for i in range(length)]
    train[fit:] = [1.0 if (i - fit) % 3 != 1 else 0.9 for i in range(fit, length)]
    if grokked:
        test[solved:] = [0.99 if (i - solved) % 4 != 1 else 0.5 for i in range(solved, length)]
    return steps, train, test


def any_runs(draw: Draw) -> list[Call]:
    steps, train, test = run(draw)
    return [
        *[Call(run(draw), tries="accuracies that fall again") for _ in range(4)],
        Call((steps, test, train), tries="the test first, and both fall again"),
        Call(
            ([1, 2, 4, 8, 16], [0.2, 0.95, 0.96, 1.0, 1.0], [0.0, 0.1, 0.9499, 0.95, 0.9]),
            tries="exactly the threshold",
        ),
        Call(([5], [1.0], [1.0]), tries="a single measurement"),
        Call(([7, 30], [1.0, 0.2], [0.3, 1.0]), tries="training right at the start only"),
    ]


def never_reached(draw: Draw) -> list[Call]:
    steps, train, test = run(draw, grokked=False)
    return [
        Call(run(draw), tries="both reached"),
        Call((steps, train, test), tries="a test never solved"),
        Call((steps, test, train), tries="a test solved, training data never fitted"),
        Call((steps, test, test), tries="neither reached"),
        Call(([0, 5], [1.0, 1.0], [0.2, 0.9]), tries="trained at step 0, never solved"),
        Call(([0, 5], [0.2, 0.9], [1.0, 1.0]), tries="solved at step 0, never fitted"),
    ]


def other_thresholds(draw: Draw) -> list[Call]:
    steps, train, test = run(draw)
    slow = [i / len(steps) for i in range(len(steps))]
    return [
        Call((steps, train, test, 0.6), tries="threshold 0.6"),
        Call((steps, train, slow), {"threshold": 0.5}, "threshold 0.5, by name"),
        Call(([0, 1, 2], [0.5, 0.99, 1.0], [0.1, 0.99, 1.0], 1.0), tries="threshold 1"),
        Call((steps, train, test, 0.995), tries="a threshold that the test does not reach"),
        Call(([3, 9, 27], [0.0, 0.5, 1.0], [0.0, 0.0, 1.0], 0.5), tries="threshold 0.5"),
    ]


grokking_delay = Exercise(
    "emergence.grokking_delay",
    parts=[
        Part("clear runs", 0.5, clear_runs, Same(), public=True),
        Part("accuracy that falls again", 0.5, any_runs, Same()),
        Part("never reached", 0.5, never_reached, Same()),
        Part("another threshold", 0.5, other_thresholds, Same()),
    ],
    equivalent={
        "zip(steps, accuracy, strict=True) -> zip(steps, accuracy)": EQUALLY_LONG,
        "True -> False in reached = (step for step, a in zip(steps, accuracy, strict=True)"
        " if a >= threshold)": EQUALLY_LONG,
    },
)


def first_step(steps, accuracy, reached):
    return next((step for step, a in zip(steps, accuracy, strict=True) if reached(a)), None)


def delay_by(steps, training_accuracy, test_accuracy, reached):
    trained = first_step(steps, training_accuracy, reached)
    solved = first_step(steps, test_accuracy, reached)
    return None if trained is None or solved is None else solved - trained


@grokking_delay.misconception(
    "Measurements are counted; the delay is a number of training steps, which `steps` tells."
)
def delay_in_measurements(steps, training_accuracy, test_accuracy, threshold=0.95):
    return reference.grokking_delay(range(len(steps)), training_accuracy, test_accuracy, threshold)


@grokking_delay.misconception(
    "Training minus test is the wrong way round: a test that is solved later has a positive delay."
)
def delay_negative(steps, training_accuracy, test_accuracy, threshold=0.95):
    delay = reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold)
    return None if delay is None else -delay


@grokking_delay.misconception(
    "Step 0 is taken for 'never': in Python 0 counts as False. Ask `is None`."
)
def delay_without_step_zero(steps, training_accuracy, test_accuracy, threshold=0.95):
    trained = first_step(steps, training_accuracy, lambda a: a >= threshold)
    solved = first_step(steps, test_accuracy, lambda a: a >= threshold)
    if not trained or not solved:
        return None
    return solved - trained


@grokking_delay.misconception("An accuracy of exactly the threshold has reached it: `>=`, not `>`.")
def delay_above_the_threshold(steps, training_accuracy, test_accuracy, threshold=0.95):
    return delay_by(steps, training_accuracy, test_accuracy, lambda a: a > threshold)


@grokking_delay.misconception(
    "The date is moved when accuracy falls again later; the first measurement that reaches the "
    "threshold counts."
)
def delay_of_the_last_rise(steps, training_accuracy, test_accuracy, threshold=0.95):
    def date(accuracy):
        since = None
        for step, a in zip(steps, accuracy, strict=True):
            since = None if a < threshold else step if since is None else since
        return since

    trained, solved = date(training_accuracy), date(test_accuracy)
    return None if trained is None or solved is None else solved - trained


@grokking_delay.misconception(
    "A threshold that was never reached gives 0 here; there is no delay then, so return None."
)
def delay_zero_if_never(steps, training_accuracy, test_accuracy, threshold=0.95):
    delay = reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold)
    return 0 if delay is None else delay


@grokking_delay.misconception(
    "A threshold that was never reached counts as reached at the last step, or at the first. There "
    "is no delay then: return None."
)
def delay_to_the_end(steps, training_accuracy, test_accuracy, threshold=0.95):
    def date(accuracy):
        found = first_step(steps, accuracy, lambda a: a >= threshold)
        return steps[-1] if found is None else found

    return date(test_accuracy) - date(training_accuracy)


@grokking_delay.misconception(
    "A threshold that was never reached counts as reached at the last step, or at the first. There "
    "is no delay then: return None."
)
def delay_by_argmax(steps, training_accuracy, test_accuracy, threshold=0.95):
    trained, solved = (
        int(np.argmax(np.array(accuracy) >= threshold))
        for accuracy in (training_accuracy, test_accuracy)
    )
    return steps[solved] - steps[trained]


@grokking_delay.misconception(
    "A test that is solved before the training data are fitted has a negative delay, not 0 or None."
)
def delay_never_negative(steps, training_accuracy, test_accuracy, threshold=0.95):
    delay = reference.grokking_delay(steps, training_accuracy, test_accuracy, threshold)
    return delay if delay is None else max(delay, 0)


@grokking_delay.misconception("The argument `threshold` is not used: 0.95 is only its default.")
def delay_at_a_fixed_threshold(steps, training_accuracy, test_accuracy, threshold=0.95):
    return reference.grokking_delay(steps, training_accuracy, test_accuracy)


@grokking_delay.alternative
def delay_by_loops(steps, training_accuracy, test_accuracy, threshold=0.95):
    trained = solved = None
    for i in range(len(steps)):
        if trained is None and training_accuracy[i] >= threshold:
            trained = steps[i]
        if solved is None and test_accuracy[i] >= threshold:
            solved = steps[i]
    if trained is None or solved is None:
        return None
    return solved - trained


@grokking_delay.alternative
def delay_by_numpy(steps, training_accuracy, test_accuracy, threshold=0.95):
    places = [
        np.flatnonzero(np.asarray(accuracy) >= threshold)
        for accuracy in (test_accuracy, training_accuracy)
    ]
    if any(len(found) == 0 for found in places):
        return None
    return np.asarray(steps)[places[0][0]] - np.asarray(steps)[places[1][0]]


@grokking_delay.alternative
def delay_by_minimum(steps, training_accuracy, test_accuracy, threshold=0.95):
    trained = [s for s, a in zip(steps, training_accuracy, strict=True) if not a < threshold]
    solved = [s for s, a in zip(steps, test_accuracy, strict=True) if not a < threshold]
    return min(solved) - min(trained) if trained and solved else None
