"""What the exercises on self-supervision accept."""

import hashlib
import itertools
import math
import random
import re
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from autograder.checking.cases import Call
from autograder.checking.compare import Same
from autograder.checking.sampling import Outcome, Outcomes, Repeatable, chances
from autograder.checking.values import Seed
from autograder.draw import Draw
from autograder.spec import Exercise, Part
from solutions import self_supervision as reference

# why a mutant of the reference may pass
NOT_EXACTLY = "no number comes out exactly there: the chance is one in 2^24"

NOTHING = torch.empty(0, dtype=torch.int64)


def text(draw: Draw, length: int, vocabulary_size: int = 100) -> Tensor:
    """Return random ids, of which the first and the last but one are equal."""
    tokens = draw.integers(0, vocabulary_size - 1, length)
    if length > 3:
        tokens[-2] = tokens[0]
    return tokens


def different(draw: Draw, length: int) -> Tensor:
    """Return a text in which every id stands once."""
    return torch.tensor(draw.sizes(length, 0, 3 * length))


# --- next_token_pairs ----------------------------------------------------------------------------


def one_window(draw: Draw) -> list[Call]:
    length = draw.integer(4, 7)
    return [
        Call((torch.tensor([5, 6, 7, 8]), 3), tries="four tokens, windows of 3"),
        Call((different(draw, 2), 1), tries="two tokens, a window of 1"),
        Call((text(draw, length + 1), length), tries="one window and its last target"),
    ]


def several_windows(draw: Draw) -> list[Call]:
    windows, length = draw.sizes(2, 2, 6)
    return [
        Call((different(draw, 7), 2), tries="three windows of 2"),
        Call((text(draw, windows * length + 1), length), tries=f"{windows} windows of {length}"),
        Call((text(draw, 5 * 5 + 1), 5), tries="as many windows as tokens in each"),
        Call((text(draw, draw.integer(20, 30), 3), 1), tries="windows of 1, few different ids"),
    ]


def tokens_left_over(draw: Draw) -> list[Call]:
    windows, length = draw.sizes(2, 3, 6)
    more = draw.integer(2, length - 1)
    return [
        Call((different(draw, 6), 3), tries="six tokens, windows of 3: where is the last target?"),
        Call((text(draw, windows * length), length), tries="the last target is missing"),
        Call((text(draw, windows * length + more), length), tries="tokens left over at the end"),
        Call((text(draw, 100), 7), tries="a longer text"),
    ]


def no_window(draw: Draw) -> list[Call]:
    length = draw.integer(3, 6)
    return [
        Call((text(draw, length), length), tries="as many tokens as a window has"),
        Call((different(draw, 1), 1), tries="one token: nothing follows it"),
        Call((NOTHING, length), tries="an empty text"),
    ]


next_token_pairs = Exercise(
    "self_supervision.next_token_pairs",
    parts=[
        Part("one window", 0.5, one_window, Same(), public=True),
        Part("several windows", 0.5, several_windows, Same()),
        Part("tokens left over", 0.5, tokens_left_over, Same()),
        Part("no window", 0.5, no_window, Same()),
    ],
    equivalent={
        "0 -> -1 in windows = max(0, len(tokens) - 1) // context_length": "of an empty text it "
        "makes -1 windows, and `reshape` works out that there is none",
    },
)


def windows_at(tokens, starts, length, shift=1):
    """Return the windows at some starts, and those that begin `shift` later."""
    places = torch.tensor(list(starts), dtype=torch.int64).reshape(-1, 1) + torch.arange(length)
    return tokens[places], tokens[places + shift]


@next_token_pairs.misconception(
    "The targets are the inputs themselves. The target of a token is the one after it: what a "
    "model can copy it need not predict."
)
def pairs_not_shifted(tokens, context_length):
    inputs, _ = reference.next_token_pairs(tokens, context_length)
    return inputs, inputs.clone()


@next_token_pairs.misconception(
    "The windows overlap: each starts one token after the one before. Here window i starts at "
    "token i * context_length."
)
def pairs_overlapping(tokens, context_length):
    starts = range(max(len(tokens) - context_length, 0))
    return windows_at(tokens, starts, context_length)


@next_token_pairs.misconception(
    "Each window is cut together with its last target, so that token is the input of none. The "
    "next window starts with it: window i at token i * context_length."
)
def pairs_from_chunks(tokens, context_length):
    starts = range(0, len(tokens) - context_length, context_length + 1)
    return windows_at(tokens, starts, context_length)


@next_token_pairs.misconception(
    "There is a window too many where the text ends with its last token: that token has no target."
)
def pairs_without_room(tokens, context_length):
    windows = len(tokens) // context_length
    end = windows * context_length
    shape = windows, context_length
    return tokens[:end].reshape(shape), tokens[1 : end + 1].reshape(shape)


@next_token_pairs.misconception(
    "The last token gets the first one of the text as its target, as `roll` does. Nothing follows "
    "it, so a window that ends there is left out."
)
def pairs_rolled(tokens, context_length):
    windows = len(tokens) // context_length
    end = windows * context_length
    shape = windows, context_length
    return tokens[:end].reshape(shape), tokens.roll(-1)[:end].reshape(shape)


@next_token_pairs.misconception(
    "The last window is lost where it ends right before the last token: it has all its targets."
)
def pairs_one_window_short(tokens, context_length):
    return reference.next_token_pairs(tokens[:-1], context_length)


@next_token_pairs.misconception(
    "Inputs and targets are exchanged: this predicts each token from the one after it."
)
def pairs_backwards(tokens, context_length):
    return reference.next_token_pairs(tokens, context_length)[::-1]


@next_token_pairs.misconception(
    "Each window has one target, the token after it. In training every position predicts its next "
    "token: there are as many targets as inputs."
)
def pairs_with_one_target(tokens, context_length):
    inputs, targets = reference.next_token_pairs(tokens, context_length)
    return inputs, targets[:, -1]


@next_token_pairs.alternative
def pairs_by_loops(tokens, context_length):
    inputs, targets = [], []
    for start in range(0, len(tokens) - context_length, context_length):
        inputs.append(tokens[start : start + context_length].tolist())
        targets.append(tokens[start + 1 : start + context_length + 1].tolist())
    shape = len(inputs), context_length
    return [torch.tensor(rows, dtype=torch.long).reshape(shape) for rows in (inputs, targets)]


@next_token_pairs.alternative
def pairs_by_unfolding(tokens, context_length):
    if len(tokens) <= context_length:
        return tokens.new_empty(0, context_length), tokens.new_empty(0, context_length)
    both = tokens.unfold(0, context_length + 1, context_length)
    return both[:, :-1], both[:, 1:]


@next_token_pairs.alternative
def pairs_by_positions(tokens, context_length):
    starts = torch.arange(0, max(len(tokens) - context_length, 0), context_length)
    places = starts[:, None] + torch.arange(context_length)[None]
    return tokens[places], tokens[1:][places]


# --- sample_batch --------------------------------------------------------------------------------


def seed(draw: Draw) -> Seed:
    """Return the seed of a generator."""
    return Seed(draw.integer(0, 2**31 - 2))


def windows_of_a_text(call: Call, together: int = 1) -> dict:
    """Return the chances of one window with its targets, or of several drawn together."""
    tokens, batch, length, _ = call.arguments
    starts = len(tokens) - length
    drawn: Counter[tuple[Outcome, Outcome]] = Counter()
    for start in range(starts):
        inputs = tuple(tokens[start : start + length].tolist())
        targets = tuple(tokens[start + 1 : start + length + 1].tolist())
        drawn[inputs, targets] += 1 / starts
    joint = {((), ()): 1.0}
    for _ in range(together):
        joint = {
            (inputs + more, targets + next_ones): probability * other
            for (inputs, targets), probability in joint.items()
            for (more, next_ones), other in drawn.items()
        }
    probabilities = {inputs + targets: p for (inputs, targets), p in joint.items()}
    return chances(2, (batch, length), {(): probabilities})


def two_windows_of_a_text(call: Call) -> dict:
    """Return the chances of a batch of two windows."""
    return windows_of_a_text(call, together=2)


def one_possible_window(draw: Draw) -> list[Call]:
    batch, length = draw.sizes(2, 2, 6)
    return [
        Call(
            (torch.tensor([5, 6, 7, 8]), 2, 3, seed(draw)),
            tries="four tokens and windows of 3: only one window is possible",
        ),
        Call((text(draw, length + 1), batch, length, seed(draw)), tries="a batch of one window"),
        Call((different(draw, 2), 3, 1, seed(draw)), tries="two tokens, windows of 1"),
    ]


def many_windows(draw: Draw) -> list[Call]:
    length, starts = draw.sizes(2, 3, 6)
    return [
        Call((different(draw, 3), 800, 1, seed(draw)), tries="windows of 1 in three tokens"),
        Call((different(draw, 11), 2500, 5, seed(draw)), tries="windows of 5 in eleven tokens"),
        Call(
            (text(draw, length + starts, 5), 1500, length, seed(draw)),
            tries=f"{starts} possible starts in a text of few different ids",
        ),
        Call((text(draw, 60, 7), 1000, 4, seed(draw)), tries="a longer text"),
    ]


def batches_of_two(draw: Draw) -> list[Call]:
    # of few possible windows, so that chance shows in few batches
    length = draw.integer(3, 5)
    tokens = different(draw, length + 2)
    return [
        Call((tokens, 2, length, seed(draw)), tries="60 batches of two windows, two starts")
        for _ in range(60)
    ]


def the_same_seed_again(draw: Draw) -> list[Call]:
    tokens, number = text(draw, 70), draw.integer(0, 2**31 - 2)
    again = "the same call once more, with a generator of the same seed"
    return [
        Call((tokens, 20, 4, Seed(number + more)), tries=again if time else "a batch of 20 windows")
        for more in (0, 1)
        for time in (0, 1)
    ]


def too_short(draw: Draw) -> list[Call]:
    length = draw.integer(3, 6)
    return [
        Call((text(draw, length), 2, length, seed(draw)), tries="no room for the last target"),
        Call((text(draw, length + 1), 2, length, seed(draw)), tries="just long enough"),
        Call((text(draw, length - 2), 2, length, seed(draw)), tries="a text much too short"),
        Call((NOTHING, 1, 1, seed(draw)), tries="an empty text"),
    ]


sample_batch = Exercise(
    "self_supervision.sample_batch",
    parts=[
        Part("one possible window", 0.5, one_possible_window, Same(), public=True),
        Part(
            "every start equally likely", 1.5, many_windows, Outcomes(1), expect=windows_of_a_text
        ),
        Part("independent windows", 1, batches_of_two, Outcomes(2), expect=two_windows_of_a_text),
        Part(
            "only the generator",
            0.5,
            the_same_seed_again,
            Repeatable(),
            expect=lambda call: call.arguments[3].number,
        ),
        Part("a text too short", 0.5, too_short, Same()),
    ],
)


def long_enough(tokens, context_length):
    """Refuse what the contract refuses."""
    if len(tokens) <= context_length:
        raise ValueError("the text is too short")


def batch_at(tokens, starts, length):
    """Return the windows at the given starts and their targets."""
    places = starts.reshape(-1, 1) + torch.arange(length)
    return tokens[places], tokens[places + 1]


@sample_batch.misconception(
    "The last possible start never comes: `torch.randint` leaves its upper end out by itself, and "
    "a window may start at len(tokens) - context_length - 1."
)
def batch_without_the_last_start(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    high = max(len(tokens) - context_length - 1, 1)
    starts = torch.randint(high, (batch,), generator=generator)
    return batch_at(tokens, starts, context_length)


@sample_batch.misconception("A window may start so late that its last target lies beyond the text.")
def batch_beyond_the_end(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    starts = torch.randint(len(tokens) - context_length + 1, (batch,), generator=generator)
    return batch_at(tokens, starts, context_length)


@sample_batch.misconception("The first token never starts a window. Starts are counted from 0.")
def batch_from_one(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    last = len(tokens) - context_length - 1
    starts = torch.randint(min(1, last), last + 1, (batch,), generator=generator)
    return batch_at(tokens, starts, context_length)


@sample_batch.misconception(
    "Windows start only at multiples of context_length; every start that leaves room is possible."
)
def batch_of_aligned_windows(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    windows = (len(tokens) - 1) // context_length
    starts = torch.randint(windows, (batch,), generator=generator) * context_length
    return batch_at(tokens, starts, context_length)


@sample_batch.misconception(
    "The targets are the inputs themselves; they have to be one token further on in the text."
)
def batch_not_shifted(tokens, batch, context_length, generator):
    inputs, _ = reference.sample_batch(tokens, batch, context_length, generator)
    return inputs, inputs.clone()


@sample_batch.misconception(
    "All windows of a batch start at the same place: draw one start for each."
)
def batch_of_one_start(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    start = torch.randint(len(tokens) - context_length, (1,), generator=generator)
    return batch_at(tokens, start.expand(batch), context_length)


@sample_batch.misconception(
    "A window never comes twice in a batch. The windows are drawn independently, with replacement."
)
def batch_without_replacement(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    order = torch.randperm(len(tokens) - context_length, generator=generator)
    # once all have come it starts again
    starts = order.repeat(-(-batch // len(order)))[:batch]
    return batch_at(tokens, starts, context_length)


@sample_batch.misconception(
    "`generator` is not used: the numbers come from the global generator, so nobody can repeat the "
    "batch. Pass `generator=generator` to the function that draws."
)
def batch_from_the_global_generator(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    starts = torch.randint(len(tokens) - context_length, (batch,))
    return batch_at(tokens, starts, context_length)


@sample_batch.misconception(
    "The generator is seeded inside, so every batch is the same: take it as it comes."
)
def batch_seeded_inside(tokens, batch, context_length, generator):
    return reference.sample_batch(tokens, batch, context_length, generator.manual_seed(42))


@sample_batch.misconception(
    "A text that is too short raises no ValueError of its own: look at its length first."
)
def batch_unguarded(tokens, batch, context_length, generator):
    starts = torch.randint(len(tokens) - context_length, (batch,), generator=generator)
    return batch_at(tokens, starts, context_length)


@sample_batch.alternative
def batch_by_stacking(tokens, batch, context_length, generator):
    if context_length + 1 > tokens.numel():
        raise ValueError("the text is too short")
    last = tokens.numel() - context_length - 1
    starts = torch.randint(0, last + 1, (batch,), generator=generator).tolist()
    inputs = torch.stack([tokens[start : start + context_length] for start in starts])
    targets = torch.stack([tokens[start + 1 : start + 1 + context_length] for start in starts])
    return inputs, targets


@sample_batch.alternative
def batch_by_multinomial(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    even = torch.ones(len(tokens) - context_length)
    starts = torch.multinomial(even, batch, replacement=True, generator=generator)
    windows = tokens.unfold(0, context_length + 1, 1)[starts]
    return windows[:, :-1], windows[:, 1:]


@sample_batch.alternative
def batch_start_by_start(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    rows = []
    for _ in range(batch):
        start = int(torch.rand((), generator=generator) * (len(tokens) - context_length))
        rows.append(tokens[start : start + context_length + 1])
    windows = torch.stack(rows)
    return [windows[:, :context_length], windows[:, 1:]]


@sample_batch.alternative
def batch_by_numpy(tokens, batch, context_length, generator):
    long_enough(tokens, context_length)
    number = torch.randint(2**31, (), generator=generator).item()
    starts = np.random.default_rng(number).integers(len(tokens) - context_length, size=batch)
    return batch_at(tokens, torch.from_numpy(starts), context_length)


# --- bigram_counts -------------------------------------------------------------------------------


def short_texts(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([0, 1, 1, 1, 0]), 3), tries="the text 0 1 1 1 0, three ids"),
        Call((torch.tensor([2, 0]), 3), tries="one pair"),
        Call((text(draw, 7, 4), 4), tries="seven tokens, four ids"),
    ]


def longer_texts(draw: Draw) -> list[Call]:
    size = draw.integer(5, 9)
    return [
        Call((text(draw, 200, size), size), tries="200 tokens"),
        Call((text(draw, 50, 3), 3), tries="few ids, so pairs come often"),
        Call((text(draw, 40, size), size + draw.integer(2, 5)), tries="ids that do not occur"),
        Call((torch.full((300,), 2), 5), tries="the same token 300 times"),
    ]


def texts_without_pairs(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([draw.integer(0, 3)]), 4), tries="one token"),
        Call((NOTHING, draw.integer(2, 5)), tries="an empty text"),
        Call((different(draw, 2), 9), tries="one pair among many ids"),
    ]


bigram_counts = Exercise(
    "self_supervision.bigram_counts",
    parts=[
        Part("short texts", 0.5, short_texts, Same(), public=True),
        Part("longer texts", 1, longer_texts, Same()),
        Part("hardly any pairs", 0.5, texts_without_pairs, Same()),
    ],
)


def counted(firsts, seconds, vocabulary_size):
    """Count pairs one by one."""
    counts = torch.zeros(vocabulary_size, vocabulary_size, dtype=torch.int64)
    for first, second in zip(firsts.tolist(), seconds.tolist(), strict=False):
        counts[first, second] += 1
    return counts


@bigram_counts.misconception(
    "Rows and columns are exchanged: the row is the earlier token, the column the one after it."
)
def counts_transposed(tokens, vocabulary_size):
    return reference.bigram_counts(tokens, vocabulary_size).T


@bigram_counts.misconception(
    "A pair that comes several times is counted once: `counts[a, b] += 1` with tensors of indices "
    "adds to each place only once. `bincount`, `index_put_(..., accumulate=True)` or a loop do add."
)
def counts_once(tokens, vocabulary_size):
    counts = torch.zeros(vocabulary_size, vocabulary_size, dtype=torch.int64)
    counts[tokens[:-1], tokens[1:]] += 1
    return counts


@bigram_counts.misconception(
    "The last token is paired with the first, as if the text were a circle; nothing follows it."
)
def counts_around_the_corner(tokens, vocabulary_size):
    return counted(tokens, tokens.roll(-1), vocabulary_size)


@bigram_counts.misconception(
    "Every token belongs to one pair here. Pairs overlap: each token but the last starts one."
)
def counts_of_disjoint_pairs(tokens, vocabulary_size):
    return counted(tokens[::2], tokens[1::2], vocabulary_size)


@bigram_counts.misconception(
    "Both orders of a pair are counted; a b and b a are two different pairs."
)
def counts_in_both_orders(tokens, vocabulary_size):
    counts = reference.bigram_counts(tokens, vocabulary_size)
    return counts + counts.T


@bigram_counts.misconception("A pair of equal tokens is not counted; it is one like any other.")
def counts_of_different_tokens(tokens, vocabulary_size):
    counts = reference.bigram_counts(tokens, vocabulary_size)
    return counts.fill_diagonal_(0)


@bigram_counts.misconception(
    "The table is as large as the largest id of this text asks for; `vocabulary_size` gives its "
    "size."
)
def counts_of_ids_that_occur(tokens, vocabulary_size):
    return reference.bigram_counts(tokens, int(tokens.max()) + 1)


@bigram_counts.misconception("The counts are floating point numbers; integers are asked for.")
def counts_as_floats(tokens, vocabulary_size):
    return reference.bigram_counts(tokens, vocabulary_size).float()


@bigram_counts.alternative
def counts_by_loop(tokens, vocabulary_size):
    return counted(tokens, tokens[1:], vocabulary_size)


@bigram_counts.alternative
def counts_by_index_put(tokens, vocabulary_size):
    counts = torch.zeros(vocabulary_size, vocabulary_size, dtype=torch.long)
    ones = torch.ones(max(len(tokens) - 1, 0), dtype=torch.long)
    return counts.index_put_((tokens[:-1], tokens[1:]), ones, accumulate=True)


@bigram_counts.alternative
def counts_by_one_hot(tokens, vocabulary_size):
    ids = torch.arange(vocabulary_size)
    firsts = (tokens[:-1, None] == ids).long()
    return firsts.T @ (tokens[1:, None] == ids).long()


@bigram_counts.alternative
def counts_by_counter(tokens, vocabulary_size):
    ids = tokens.tolist()
    pairs = Counter(itertools.pairwise(ids))
    rows = range(vocabulary_size)
    return torch.tensor([[pairs[a, b] for b in rows] for a in rows])


# --- bigram_probabilities ------------------------------------------------------------------------


def count_table(draw: Draw, size: int, most: int = 20) -> Tensor:
    """Return counts with a 0 in each row but no row of zeros; rows have unequal sums."""
    counts = draw.integers(1, most, size, size) * (1 + torch.arange(size)[:, None])
    counts[torch.arange(size), (torch.arange(size) + draw.integer(0, size - 1)) % size] = 0
    return counts


def without_smoothing(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([[3, 1], [2, 2]]),), tries="counts 3 1 and 2 2"),
        Call((count_table(draw, draw.integer(4, 7)),), tries="random counts"),
        Call((count_table(draw, 3, 10**6), 0.0), tries="large counts, smoothing 0"),
    ]


def with_smoothing(draw: Draw) -> list[Call]:
    size = draw.integer(4, 7)
    return [
        Call((count_table(draw, 3), 1.0), tries="smoothing 1"),
        Call((count_table(draw, size),), {"smoothing": 0.5}, "smoothing 0.5"),
        Call((count_table(draw, size, 3), 7.5), tries="smoothing 7.5, small counts"),
        Call((count_table(draw, 9, 3), 0.01), tries="smoothing 0.01"),
    ]


def rows_without_counts(draw: Draw) -> list[Call]:
    size = draw.integer(3, 6)
    counts = count_table(draw, size)
    counts[draw.integer(0, size - 1)] = 0
    return [
        Call((torch.tensor([[3, 1], [0, 0]]),), tries="a token that was never followed"),
        Call((counts,), tries="such a token in a larger table"),
        Call((torch.zeros(size, size, dtype=torch.int64),), tries="no counts at all"),
        Call((torch.eye(size, dtype=torch.int64).roll(1, 0),), tries="one count in each row"),
        Call((counts, 0.001), tries="such a token, smoothing 0.001"),
        Call((counts, 2.0), tries="such a token, smoothing 2"),
    ]


bigram_probabilities = Exercise(
    "self_supervision.bigram_probabilities",
    parts=[
        Part("without smoothing", 1, without_smoothing, public=True),
        Part("with smoothing", 1, with_smoothing),
        Part("rows without counts", 1, rows_without_counts),
    ],
    equivalent={
        "counts.double() -> counts": "integers plus a floating point number are float32, whose "
        "rounding is far below the tolerance",
    },
)


def normalized(counts, smoothing=0.0, dim=1):
    """Divide by the sums; where a sum is 0, take the uniform distribution."""
    smoothed = counts.double() + smoothing
    totals = smoothed.sum(dim=dim, keepdim=True)
    even = torch.full_like(smoothed, 1 / len(counts))
    return torch.where(totals > 0, smoothed / totals, even).float()


@bigram_probabilities.misconception(
    "The columns sum to 1. A row holds what may follow one token, so it is the row that sums to 1."
)
def probabilities_by_column(counts, smoothing=0.0):
    return normalized(counts, smoothing, dim=0)


@bigram_probabilities.misconception(
    "The whole table sums to 1: these are the probabilities of pairs. After a given token, its row "
    "has to sum to 1."
)
def probabilities_of_pairs(counts, smoothing=0.0):
    smoothed = counts.double() + smoothing
    return (smoothed / smoothed.sum().clamp(min=1e-9)).float()


@bigram_probabilities.misconception("Smoothing is not used.")
def probabilities_unsmoothed(counts, smoothing=0.0):
    return normalized(counts)


@bigram_probabilities.misconception(
    "The smoothing is added once to the total of a row. It was added to each count of the row, so "
    "the total grows by as many times that."
)
def probabilities_smoothed_once(counts, smoothing=0.0):
    totals = counts.double().sum(1, keepdim=True) + smoothing
    even = torch.full_like(totals, 1 / len(counts))
    return torch.where(totals > 0, (counts + smoothing) / totals, even).float()


@bigram_probabilities.misconception(
    "The total of a row does not count the smoothing, so the row sums to more than 1."
)
def probabilities_of_unsmoothed_totals(counts, smoothing=0.0):
    totals = counts.double().sum(1, keepdim=True)
    even = torch.full_like(totals, 1 / len(counts))
    return torch.where(totals > 0, (counts + smoothing) / totals, even).float()


@bigram_probabilities.misconception(
    "Only counts of 0 are smoothed; smoothing is added to every count."
)
def probabilities_of_filled_zeros(counts, smoothing=0.0):
    return normalized(torch.where(counts == 0, smoothing, counts.double()))


@bigram_probabilities.misconception(
    "The smoothing is always 1; it may be any number from 0, fractions included."
)
def probabilities_plus_one(counts, smoothing=0.0):
    return normalized(counts, 1.0)


@bigram_probabilities.misconception(
    "The smoothing loses its fraction: added to integers it has to stay a floating point number."
)
def probabilities_of_whole_smoothing(counts, smoothing=0.0):
    return normalized(counts, int(smoothing))


@bigram_probabilities.misconception(
    "Where a row has no counts this gives NaN, 0 divided by 0; it has to be uniform."
)
def probabilities_of_nothing_nan(counts, smoothing=0.0):
    smoothed = counts + smoothing
    return (smoothed / smoothed.sum(dim=1, keepdim=True)).float()


@bigram_probabilities.misconception(
    "Where a row has no counts this gives zeros, which are no distribution; it has to be uniform."
)
def probabilities_of_nothing_zero(counts, smoothing=0.0):
    smoothed = counts + smoothing
    return (smoothed / smoothed.sum(dim=1, keepdim=True)).float().nan_to_num()


@bigram_probabilities.misconception(
    "The total is kept from falling below 1. With a little smoothing a total may well lie below 1."
)
def probabilities_of_totals_above_one(counts, smoothing=0.0):
    smoothed = counts.double() + smoothing
    totals = smoothed.sum(1, keepdim=True)
    even = torch.full_like(smoothed, 1 / len(counts))
    return torch.where(totals > 0, smoothed / totals.clamp(min=1), even).float()


@bigram_probabilities.misconception(
    "This is a softmax of the counts, which nearly always picks the largest; divide by the total."
)
def probabilities_by_softmax(counts, smoothing=0.0):
    return (counts + smoothing).float().softmax(dim=1)


@bigram_probabilities.misconception("The result is float64; float32 is asked for.")
def probabilities_in_float64(counts, smoothing=0.0):
    return normalized(counts, smoothing).double()


@bigram_probabilities.alternative
def probabilities_row_by_row(counts, smoothing=0.0):
    size = counts.shape[0]
    table = torch.empty(size, size)
    for row in range(size):
        total = counts[row].sum().item() + smoothing * size
        for column in range(size):
            share = (counts[row, column].item() + smoothing) / total if total else 1 / size
            table[row, column] = share
    return table


@bigram_probabilities.alternative
def probabilities_by_filling(counts, smoothing=0.0):
    smoothed = counts.float() + smoothing
    smoothed[smoothed.sum(dim=-1) == 0] = 1.0
    return smoothed / smoothed.sum(dim=-1, keepdim=True)


@bigram_probabilities.alternative
def probabilities_by_normalize(counts, smoothing=0.0):
    table = F.normalize(counts.to(torch.float32) + smoothing, p=1, dim=1)
    return torch.where(table.sum(1, keepdim=True) == 0, 1 / counts.shape[1], table)


@bigram_probabilities.alternative
def probabilities_by_numpy(counts, smoothing=0.0):
    smoothed = counts.numpy() + np.float64(smoothing)
    empty = smoothed.sum(axis=1) == 0
    smoothed[empty] = 1
    return torch.from_numpy((smoothed.T / smoothed.sum(axis=1)).T.astype(np.float32))


# --- bits_per_byte -------------------------------------------------------------------------------


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


# --- document_mask -------------------------------------------------------------------------------


def numbers(draw: Draw, rows: int, length: int) -> Tensor:
    """Return document numbers that rise along a row; every row has two documents or more."""
    steps = draw.integers(0, 1, rows, length)
    steps[:, draw.integer(1, length - 1)] = 1
    return steps.cumsum(1) + draw.integers(0, 5, rows, 1)


def one_row(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([[0, 0, 1]]),), tries="documents of two tokens and one"),
        Call((torch.tensor([[4]]),), tries="a single token"),
        Call((numbers(draw, 1, draw.integer(6, 9)),), tries="a longer row"),
    ]


def several_rows(draw: Draw) -> list[Call]:
    rows, length = draw.sizes(2, 3, 8)
    return [
        Call((torch.tensor([[0, 0, 0, 1], [1, 1, 2, 2]]),), tries="a document that runs on"),
        Call((numbers(draw, rows, length),), tries=f"{rows} rows of {length}"),
        Call((numbers(draw, 5, 5),), tries="as many rows as tokens in each"),
        Call((draw.scattered(numbers(draw, 3, 7)),), tries="scattered in memory"),
        Call((10**6 + numbers(draw, 2, 6) * 3,), tries="large numbers with gaps"),
    ]


def one_document_or_many(draw: Draw) -> list[Call]:
    length = draw.integer(4, 7)
    return [
        Call((torch.full((3, length), 2),), tries="one document in each row"),
        Call((torch.arange(2 * length).reshape(2, length),), tries="each token a document"),
        Call((torch.arange(4)[:, None].expand(4, length).clone(),), tries="one document a row"),
    ]


document_mask = Exercise(
    "self_supervision.document_mask",
    parts=[
        Part("one row", 0.5, one_row, Same(), public=True),
        Part("several rows", 1, several_rows, Same()),
        Part("one document or many", 0.5, one_document_or_many, Same()),
    ],
)


@document_mask.misconception(
    "A token sees later tokens of its document. In training they are what it has to predict: only "
    "earlier ones, and itself."
)
def document_mask_of_both_sides(document_numbers):
    return (document_numbers[:, :, None] == document_numbers[:, None])[:, None]


@document_mask.misconception(
    "A token sees other documents: this is the causal mask alone. The documents of a row have "
    "nothing to do with each other."
)
def document_mask_only_causal(document_numbers):
    rows, length = document_numbers.shape
    causal = torch.ones(length, length, dtype=torch.bool).tril()
    return causal.expand(rows, 1, length, length).clone()


@document_mask.misconception("The mask is the wrong way around: True means may be attended to.")
def document_mask_inverted(document_numbers):
    return ~reference.document_mask(document_numbers)


@document_mask.misconception(
    "A token does not see itself; it sees itself and the earlier tokens of its document."
)
def document_mask_without_the_diagonal(document_numbers):
    return reference.document_mask(document_numbers).tril(-1)


@document_mask.misconception(
    "Queries and keys are exchanged: a token sees later tokens of its document and no earlier one."
)
def document_mask_of_later_tokens(document_numbers):
    return reference.document_mask(document_numbers).mT


@document_mask.misconception(
    "The dimension for the heads is missing: the shape is (rows, 1, length, length)."
)
def document_mask_without_heads(document_numbers):
    return reference.document_mask(document_numbers).squeeze(1)


@document_mask.misconception(
    "The dimension for the heads is the first one; it stands after the rows: "
    "(rows, 1, length, length)."
)
def document_mask_heads_first(document_numbers):
    return reference.document_mask(document_numbers).transpose(0, 1)


@document_mask.misconception("All rows get the mask of the first one; each has its own documents.")
def document_mask_of_the_first_row(document_numbers):
    return reference.document_mask(document_numbers[:1].expand_as(document_numbers))


@document_mask.misconception("The mask holds numbers; a mask is bool.")
def document_mask_of_floats(document_numbers):
    return reference.document_mask(document_numbers).float()


@document_mask.alternative
def document_mask_by_loops(document_numbers):
    rows, length = document_numbers.shape
    mask = torch.zeros(rows, 1, length, length, dtype=torch.bool)
    for row in range(rows):
        for query in range(length):
            for key in range(query + 1):
                same = document_numbers[row, query] == document_numbers[row, key]
                mask[row, 0, query, key] = same
    return mask


@document_mask.alternative
def document_mask_by_and(document_numbers):
    length = document_numbers.shape[-1]
    places = torch.arange(length)
    causal = places[:, None] >= places
    return (document_numbers[:, None, :, None] == document_numbers[:, None, None, :]) & causal


@document_mask.alternative
def document_mask_by_starts(document_numbers):
    # a token sees what stands from the first token of its document to itself
    places = torch.arange(document_numbers.shape[1])
    starts = torch.searchsorted(document_numbers.contiguous(), document_numbers.contiguous())
    from_start = starts[:, None, :, None] <= places
    return from_start.logical_and(places <= places[:, None])


# --- pack_documents ------------------------------------------------------------------------------


def documents_of(draw: Draw, count: int, longest: int, end: int = 0) -> list[list[int]]:
    """Return documents of one token or more, none of which is `end`."""
    return [(end + draw.integers(1, 90, draw.integer(1, longest))).tolist() for _ in range(count)]


def filled_rows(draw: Draw) -> list[Call]:
    first, second = draw.sizes(2, 2, 5)
    documents = [list(range(1, first + 1)), list(range(20, 20 + second))]
    return [
        Call(([[5, 6], [7]], 0, 5), tries="two documents that fill one row"),
        Call(([[5, 6], [7]], 99, 1), tries="rows of 1"),
        Call((documents, 9, first + second + 2), tries="two documents of unequal length"),
        Call(([[8, 8, 8]], 7, 2), tries="one document in two rows"),
    ]


def documents_that_run_on(draw: Draw) -> list[Call]:
    return [
        Call((documents_of(draw, 6, 9), 0, 4), tries="six documents, rows of 4"),
        Call((documents_of(draw, 9, 3, 50), 50, 7), tries="nine short documents, rows of 7"),
        Call(([*documents_of(draw, 2, 40), list(range(1, 30))], 0, 3), tries="long documents"),
        Call((documents_of(draw, 20, 12, 300), 300, 16), tries="twenty documents, rows of 16"),
    ]


def empty_documents(draw: Draw) -> list[Call]:
    some = documents_of(draw, 4, 5)
    return [
        Call(([[5, 6], [], [7, 8, 9]], 0, 4), tries="an empty document in the middle"),
        Call(([[], *some, [], []], 0, 3), tries="empty documents at both ends"),
        Call(([[], [], []], 4, 1), tries="nothing but empty documents"),
    ]


def left_over(draw: Draw) -> list[Call]:
    documents = documents_of(draw, 5, 6)
    whole = sum(len(document) + 1 for document in documents)
    return [
        Call(([[5, 6]], 0, 4), tries="too little for a row"),
        Call((documents, 0, whole), tries="one row exactly"),
        Call((documents, 0, whole - 1), tries="one token more than a row"),
        Call((documents, 0, whole + 1), tries="one token less than a row"),
        Call(([], 0, draw.integer(2, 5)), tries="no documents"),
    ]


pack_documents = Exercise(
    "self_supervision.pack_documents",
    parts=[
        Part("filled rows", 0.5, filled_rows, Same(), public=True),
        Part("tokens", 0.75, documents_that_run_on, Same(items=(0,))),
        Part("document numbers", 0.75, documents_that_run_on, Same(items=(1,))),
        Part("empty documents", 0.5, empty_documents, Same()),
        Part("what is left over", 0.5, left_over, Same()),
    ],
)


def rows_of(tokens, numbers, length):
    """Cut two lists into rows and drop what is left over."""
    rows = len(tokens) // length
    return tuple(
        torch.tensor(values[: rows * length], dtype=torch.int64).reshape(rows, length)
        for values in (tokens, numbers)
    )


def numbered(pieces):
    """Return the tokens of all pieces and for each the number of its piece."""
    tokens = [token for piece in pieces for token in piece]
    return tokens, [number for number, piece in enumerate(pieces) for _ in piece]


@pack_documents.misconception(
    "The documents are not ended: each is followed by `end`, or a model cannot know where one "
    "stops."
)
def packed_without_ends(documents, end, length):
    return rows_of(*numbered(documents), length)


@pack_documents.misconception("`end` stands only between documents; it also follows the last one.")
def packed_with_ends_between(documents, end, length):
    pieces = [[*document, end] for document in documents[:-1]]
    return rows_of(*numbered([*pieces, *documents[-1:]]), length)


@pack_documents.misconception("`end` stands before each document; it ends one, so it follows it.")
def packed_with_starts(documents, end, length):
    return rows_of(*numbered([[end, *document] for document in documents]), length)


@pack_documents.misconception(
    "The `end` of a document has the number of the next one; it belongs to the document it ends."
)
def packed_ends_of_the_next(documents, end, length):
    tokens, numbers = numbered([[*document, end] for document in documents])
    later = [number + (token == end) for token, number in zip(tokens, numbers, strict=True)]
    return rows_of(tokens, later, length)


@pack_documents.misconception(
    "The documents are numbered from 1; the number is the index in `documents`, from 0."
)
def packed_from_one(documents, end, length):
    tokens, numbers = reference.pack_documents(documents, end, length)
    return tokens, numbers + 1


@pack_documents.misconception(
    "The numbers begin at 0 again in every row. A number is the index of the document in all of "
    "`documents`."
)
def packed_numbers_by_row(documents, end, length):
    tokens, numbers = reference.pack_documents(documents, end, length)
    return tokens, numbers - numbers[:, :1]


@pack_documents.misconception(
    "These are the numbers of the rows; the index of each token's document is asked for."
)
def packed_row_numbers(documents, end, length):
    tokens, _ = reference.pack_documents(documents, end, length)
    return tokens, torch.arange(len(tokens))[:, None].expand(tokens.shape).clone()


@pack_documents.misconception(
    "The last row is filled up with `end`; what does not fill a row is dropped."
)
def packed_and_padded(documents, end, length):
    tokens, numbers = numbered([[*document, end] for document in documents])
    missing = -len(tokens) % length
    return rows_of(tokens + [end] * missing, numbers + numbers[-1:] * missing, length)


@pack_documents.misconception(
    "Every document starts a row of its own, filled up with `end`. Packing means that the next "
    "document begins right after the one before."
)
def packed_in_own_rows(documents, end, length):
    pieces = [[*document, end] for document in documents]
    pieces = [piece + [end] * (-len(piece) % length) for piece in pieces]
    return rows_of(*numbered(pieces), length)


@pack_documents.misconception(
    "What does not fit in a row is cut off; a document runs on in the next row."
)
def packed_and_cut(documents, end, length):
    rows, row = [], []
    for number, document in enumerate(documents):
        row += [(token, number) for token in (*document, end)]
        if len(row) >= length:
            rows.append(row[:length])
            row = []
    tokens = [token for row in rows for token, _ in row]
    return rows_of(tokens, [number for row in rows for _, number in row], length)


@pack_documents.misconception(
    "Empty documents are left out. An empty document contributes its `end`, and it counts in the "
    "numbers."
)
def packed_without_empty_ones(documents, end, length):
    return reference.pack_documents([document for document in documents if document], end, length)


@pack_documents.misconception(
    "An empty document contributes no `end`; it does, though it has no other token."
)
def packed_without_ends_of_empty_ones(documents, end, length):
    return rows_of(
        *numbered([[*document, end] if document else [] for document in documents]), length
    )


@pack_documents.alternative
def packed_by_filling(documents, end, length):
    total = sum(len(document) + 1 for document in documents)
    tokens = torch.full((total,), end, dtype=torch.long)
    numbers = torch.empty(total, dtype=torch.long)
    place = 0
    for index, document in enumerate(documents):
        tokens[place : place + len(document)] = torch.tensor(document, dtype=torch.long)
        numbers[place : place + len(document) + 1] = index
        place += len(document) + 1
    kept = total - total % length
    return tokens[:kept].view(-1, length), numbers[:kept].view(-1, length)


@pack_documents.alternative
def packed_token_by_token(documents, end, length):
    rows, row = [], []
    for index, document in enumerate(documents):
        for token in (*document, end):
            row.append((token, index))
            if len(row) == length:
                rows.append(row)
                row = []
    packed = torch.tensor(rows, dtype=torch.long).reshape(len(rows), length, 2)
    return packed[..., 0], packed[..., 1]


@pack_documents.alternative
def packed_by_repeating(documents, end, length):
    sizes = torch.tensor([len(document) + 1 for document in documents], dtype=torch.long)
    numbers = torch.repeat_interleave(torch.arange(len(documents)), sizes)
    tokens = torch.tensor(
        [token for document in documents for token in itertools.chain(document, [end])],
        dtype=torch.long,
    )
    tokens, numbers = (
        values.unfold(0, length, length) if len(values) >= length else values.view(-1)[:0]
        for values in (tokens, numbers)
    )
    return [tokens.reshape(-1, length), numbers.reshape(-1, length)]


# --- cross_entropy -------------------------------------------------------------------------------


def few_positions(draw: Draw) -> list[Call]:
    positions, size = draw.sizes(2, 3, 8)
    even = torch.zeros(2, 4)
    return [
        Call((even, torch.tensor([3, 0])), tries="four equally likely tokens: log 4"),
        Call((draw.normal(1, 3), torch.tensor([draw.integer(0, 2)])), tries="one position"),
        Call(
            (draw.normal(positions, size, scale=2), draw.integers(0, size - 1, positions)),
            tries=f"{positions} positions, {size} tokens",
        ),
        Call((draw.normal(5, 5, scale=2), draw.integers(0, 4, 5)), tries="as many as tokens"),
    ]


def batches_of_positions(draw: Draw) -> list[Call]:
    batch, length, more, size = draw.sizes(4, 2, 7)
    logits = draw.normal(batch, length, size, scale=2)
    targets = draw.integers(0, size - 1, batch, length)
    return [
        Call((logits, targets), tries="a batch of texts"),
        Call((draw.normal(4, 4, 4, scale=2), draw.integers(0, 3, 4, 4)), tries="sizes all equal"),
        Call(
            (
                draw.normal(batch, more, length, size, scale=2),
                draw.integers(0, size - 1, batch, more, length),
            ),
            tries="logits of four dimensions",
        ),
        Call((draw.scattered(logits), targets), tries="scattered in memory"),
        Call((logits.double(), targets), tries="float64"),
    ]


def extreme_logits(draw: Draw) -> list[Call]:
    length, size = draw.sizes(2, 3, 8)
    logits = draw.normal(length, size, scale=2)
    targets = draw.integers(0, size - 1, length)
    unlikely = draw.normal(length, size)
    unlikely[torch.arange(length), targets] -= 400
    levels = torch.linspace(-600, 600, length, dtype=torch.float64)[:, None]
    return [
        Call((logits + 500, targets), tries="logits near 500: exp overflows above 88"),
        Call((logits - 500, targets), tries="logits near -500: exp gives 0 below -104"),
        Call((unlikely, targets), tries="targets whose probability is e^-400"),
        Call((logits.double() * 1000, targets), tries="logits far apart, in float64"),
        Call((logits.double() + levels, targets), tries="rows at levels from -600 to 600"),
        Call((draw.normal(2, length, size, scale=300), targets.repeat(2, 1)), tries="in a batch"),
    ]


cross_entropy = Exercise(
    "self_supervision.cross_entropy",
    parts=[
        Part("a row of positions", 1, few_positions, public=True),
        Part("any dimensions", 1, batches_of_positions),
        Part("extreme logits", 1, extreme_logits),
    ],
    forbidden=("cross_entropy", "CrossEntropyLoss", "nll_loss", "NLLLoss"),
)


def surprises(logits, targets):
    """Return the surprise at every position."""
    return -logits.log_softmax(-1).gather(-1, targets[..., None])[..., 0]


@cross_entropy.misconception(
    "The probability is computed first and then its logarithm. It overflows or becomes 0 in the "
    "machine: work with log-probabilities, logits minus the logarithm of the sum of their "
    "exponentials, after the largest logit is subtracted."
)
def entropy_of_softmax(logits, targets):
    return -logits.softmax(-1).gather(-1, targets[..., None]).log().mean()


@cross_entropy.misconception(
    "A small number is added before the logarithm. It hides the infinity, but a probability of "
    "e^-400 then has a surprise of about 20 instead of 400."
)
def entropy_with_an_epsilon(logits, targets):
    return -(logits.softmax(-1).gather(-1, targets[..., None]) + 1e-9).log().mean()


@cross_entropy.misconception(
    "exp is taken of the logits as they are. It overflows above 88: subtract the largest logit of "
    "each position first."
)
def entropy_unguarded(logits, targets):
    chosen = logits.gather(-1, targets[..., None])[..., 0]
    return (logits.exp().sum(-1).log() - chosen).mean()


@cross_entropy.misconception(
    "The largest logit of all positions together is subtracted. A position far below it is lost: "
    "each needs its own largest (`dim=-1`)."
)
def entropy_of_a_global_maximum(logits, targets):
    shifted = logits - logits.max()
    chosen = shifted.gather(-1, targets[..., None])[..., 0]
    return (shifted.exp().sum(-1).log() - chosen).mean()


@cross_entropy.misconception("This is the sum over the positions; the mean is asked for.")
def entropy_summed(logits, targets):
    return surprises(logits, targets).sum()


@cross_entropy.misconception(
    "The sum over each text is averaged over the batch; the mean is over all positions."
)
def entropy_by_text(logits, targets):
    return surprises(logits, targets).sum(-1).mean()


@cross_entropy.misconception("The sign is wrong: surprise is minus the logarithm, so positive.")
def entropy_negative(logits, targets):
    return -surprises(logits, targets).mean()


@cross_entropy.misconception("These are bits; the natural logarithm gives nats.")
def entropy_in_bits(logits, targets):
    return surprises(logits, targets).mean() / math.log(2)


@cross_entropy.misconception(
    "The surprises are not averaged: one number for each position came out, not their mean."
)
def entropy_of_each_position(logits, targets):
    return surprises(logits, targets)


@cross_entropy.misconception(
    "The probabilities are averaged before the logarithm; average the surprises."
)
def entropy_of_the_mean(logits, targets):
    mean = -surprises(logits, targets)
    return math.log(mean.numel()) - mean.flatten().logsumexp(0)


@cross_entropy.misconception(
    "This is the entropy of the model's own distribution; the targets have to come in."
)
def entropy_without_targets(logits, targets):
    logs = logits.log_softmax(-1)
    return -(logs.exp() * logs).sum(-1).mean()


@cross_entropy.misconception(
    "The softmax runs over the wrong dimension: the tokens are the last one, whatever stands "
    "before."
)
def entropy_over_positions(logits, targets):
    return -logits.log_softmax(-2).gather(-1, targets[..., None]).mean()


@cross_entropy.misconception(
    "Only the logit of the target is used. Its softmax needs the sum over all tokens."
)
def entropy_unnormalized(logits, targets):
    return -logits.gather(-1, targets[..., None]).mean()


@cross_entropy.alternative
def entropy_by_torch(logits, targets):
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))


@cross_entropy.alternative
def entropy_by_log_softmax(logits, targets):
    return surprises(logits, targets).mean()


@cross_entropy.alternative
def entropy_by_logsumexp(logits, targets):
    rows = logits.flatten(0, -2)
    chosen = rows[torch.arange(len(rows)), targets.flatten()]
    return (torch.logsumexp(rows, dim=-1) - chosen).mean()


@cross_entropy.alternative
def entropy_by_loops(logits, targets):
    rows, total = logits.reshape(-1, logits.shape[-1]).tolist(), 0.0
    for row, target in zip(rows, targets.flatten().tolist(), strict=True):
        largest = max(row)
        total += math.log(sum(math.exp(x - largest) for x in row)) - (row[target] - largest)
    return torch.tensor(total / len(rows), dtype=logits.dtype)


@cross_entropy.alternative
def entropy_by_one_hot(logits, targets):
    one_hot = F.one_hot(targets, logits.shape[-1]).to(logits.dtype)
    return -(one_hot * F.log_softmax(logits, dim=-1)).sum() / targets.numel()


# --- split_without_leaks -------------------------------------------------------------------------


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


# --- bigram_gradient -----------------------------------------------------------------------------


def one_pair(draw: Draw) -> list[Call]:
    size = draw.integer(4, 7)
    return [
        Call(
            (torch.zeros(2, 2), torch.tensor([0]), torch.tensor([1])),
            tries="two tokens, equal logits, the pair (0, 1)",
        ),
        Call(
            (draw.normal(3, 3), torch.tensor([2]), torch.tensor([2])),
            tries="a pair of equal tokens",
        ),
        Call(
            (draw.normal(size, size, scale=2), draw.integers(0, size - 1, 1), torch.tensor([1])),
            tries="one pair in a larger table",
        ),
    ]


def different_inputs(draw: Draw) -> list[Call]:
    size, pairs = 8, draw.integer(3, 6)
    weights = draw.normal(size, size, scale=2)
    inputs = torch.tensor(draw.sizes(pairs, 0, size - 1))
    return [
        Call((weights, inputs, draw.integers(0, size - 1, pairs)), tries="inputs all different"),
        Call(
            (draw.normal(5, 5), torch.tensor(draw.sizes(5, 0, 4)), draw.integers(0, 4, 5)),
            tries="as many pairs as tokens",
        ),
        Call(
            (weights.double(), inputs, draw.integers(0, size - 1, pairs)), tries="float64 weights"
        ),
    ]


def repeated_inputs(draw: Draw) -> list[Call]:
    size = draw.integer(4, 6)
    weights = draw.normal(size, size, scale=2)
    often = torch.full((5,), draw.integer(0, size - 1))
    large = weights + torch.linspace(300, -300, size)[:, None]
    return [
        Call((weights, often[:2], torch.tensor([0, 1])), tries="one token before two others"),
        Call((weights, often, torch.full((5,), 2)), tries="the same pair five times"),
        Call((large, often[:3].new_tensor([0, 1, 0]), often[:3]), tries="weights in the hundreds"),
        Call(
            (weights, draw.integers(0, 2, 20), draw.integers(0, size - 1, 20)),
            tries="20 pairs, tokens that never come first",
        ),
        Call(
            (draw.scattered(weights), draw.integers(0, size - 1, 9), draw.integers(0, 1, 9)),
            tries="scattered in memory",
        ),
        Call(
            (weights.double(), draw.integers(0, size - 1, 200), draw.integers(0, size - 1, 200)),
            tries="200 pairs, float64",
        ),
    ]


bigram_gradient = Exercise(
    "self_supervision.bigram_gradient",
    parts=[
        Part("one pair", 1, one_pair, public=True),
        Part("different inputs", 1, different_inputs),
        Part("repeated inputs", 1, repeated_inputs),
    ],
    equivalent={
        "-1 -> 1 in difference = weights[inputs].softmax(dim=-1)": "of two dimensions the last is "
        "number 1",
    },
    forbidden=("backward", "grad", "autograd", "requires_grad", "requires_grad_", "cross_entropy"),
)


def differences(weights, inputs, targets):
    """Return for each pair the probabilities minus what was to come."""
    return weights[inputs].softmax(-1) - F.one_hot(targets, len(weights)).to(weights.dtype)


@bigram_gradient.misconception(
    "Where a token comes first in several pairs, only one of them is kept: `gradient[inputs] = "
    "...` and `gradient[inputs] += ...` write each row once. `index_add_`, `index_put_(..., "
    "accumulate=True)` or a loop add them up."
)
def gradient_of_the_last_pair(weights, inputs, targets):
    gradient = torch.zeros_like(weights)
    gradient[inputs] = differences(weights, inputs, targets) / len(inputs)
    return gradient


@bigram_gradient.misconception(
    "This is the sum over the pairs. The loss is their mean: divide by the number of pairs."
)
def gradient_summed(weights, inputs, targets):
    gradient = torch.zeros_like(weights)
    return gradient.index_add_(0, inputs, differences(weights, inputs, targets))


@bigram_gradient.misconception(
    "Each row is divided by how often its token came. The loss is the mean over all pairs, so all "
    "are divided by n."
)
def gradient_by_row(weights, inputs, targets):
    gradient = torch.zeros_like(weights)
    gradient.index_add_(0, inputs, differences(weights, inputs, targets))
    return gradient / torch.bincount(inputs, minlength=len(weights)).clamp(min=1)[:, None]


@bigram_gradient.misconception(
    "The sum is divided by the number of tokens in the vocabulary, not by the number of pairs."
)
def gradient_over_the_vocabulary(weights, inputs, targets):
    gradient = torch.zeros_like(weights)
    return gradient.index_add_(0, inputs, differences(weights, inputs, targets)) / len(weights)


@bigram_gradient.misconception(
    "The sign is wrong: it is the softmax minus one at the target. Against the gradient, the "
    "target's logit grows."
)
def gradient_negative(weights, inputs, targets):
    return -reference.bigram_gradient(weights, inputs, targets)


@bigram_gradient.misconception(
    "The one at the target is not subtracted: these are the probabilities alone."
)
def gradient_without_targets(weights, inputs, targets):
    gradient = torch.zeros_like(weights)
    return gradient.index_add_(0, inputs, weights[inputs].softmax(-1) / len(inputs))


@bigram_gradient.misconception(
    "Only the target's logit gets a gradient. The other tokens share in the softmax: theirs is "
    "their probability."
)
def gradient_at_targets_only(weights, inputs, targets):
    wanted = F.one_hot(targets, len(weights)).to(weights.dtype)
    gradient = torch.zeros_like(weights)
    return gradient.index_add_(
        0, inputs, differences(weights, inputs, targets) * wanted / len(inputs)
    )


@bigram_gradient.misconception(
    "Every row gets a share, also those of tokens that come first in no pair; theirs is 0."
)
def gradient_everywhere(weights, inputs, targets):
    counts = torch.zeros_like(weights)
    ones = torch.ones(len(inputs), dtype=weights.dtype)
    counts.index_put_((inputs, targets), ones, accumulate=True)
    return weights.softmax(-1) - counts / len(inputs)


@bigram_gradient.misconception(
    "Inputs and targets are exchanged: row a, column b belongs to the pair (a, b)."
)
def gradient_exchanged(weights, inputs, targets):
    return reference.bigram_gradient(weights, targets, inputs)


@bigram_gradient.misconception(
    "The softmax runs down the columns; the logits after token a are the row a (`dim=-1`)."
)
def gradient_by_columns(weights, inputs, targets):
    difference = weights.softmax(0)[inputs] - F.one_hot(targets, len(weights)).to(weights.dtype)
    return torch.zeros_like(weights).index_add_(0, inputs, difference / len(inputs))


@bigram_gradient.misconception(
    "The derivative of the softmax is taken as well. In that of the cross-entropy it cancels: the "
    "softmax minus one at the target is all."
)
def gradient_of_a_squared_error(weights, inputs, targets):
    probabilities = weights[inputs].softmax(-1)
    slope = probabilities * (1 - probabilities)
    difference = differences(weights, inputs, targets) * slope
    return torch.zeros_like(weights).index_add_(0, inputs, difference / len(inputs))


@bigram_gradient.misconception(
    "The result is one row for each pair; add them into the rows of a table shaped like `weights`."
)
def gradient_for_each_pair(weights, inputs, targets):
    return differences(weights, inputs, targets) / len(inputs)


@bigram_gradient.misconception(
    "The weights themselves are changed. Only their gradient is asked for, in a tensor of its own."
)
def gradient_step(weights, inputs, targets):
    weights -= reference.bigram_gradient(weights, inputs, targets)
    return weights


@bigram_gradient.alternative
def gradient_by_autograd(weights, inputs, targets):
    weights = weights.clone().requires_grad_()
    F.cross_entropy(weights[inputs], targets).backward()
    return weights.grad


@bigram_gradient.alternative
def gradient_by_counts(weights, inputs, targets):
    size = len(weights)
    counts = torch.bincount(inputs * size + targets, minlength=size * size).reshape(size, size)
    counts = counts.to(weights.dtype)
    return (counts.sum(1, keepdim=True) * torch.softmax(weights, 1) - counts) / len(inputs)


@bigram_gradient.alternative
def gradient_pair_by_pair(weights, inputs, targets):
    gradient = torch.zeros_like(weights)
    for first, second in zip(inputs.tolist(), targets.tolist(), strict=True):
        row = torch.exp(weights[first] - weights[first].max())
        row = row / row.sum()
        row[second] -= 1
        gradient[first] += row / len(inputs)
    return gradient


@bigram_gradient.alternative
def gradient_by_matrices(weights, inputs, targets):
    first = F.one_hot(inputs, len(weights)).to(weights.dtype)
    return first.T @ differences(weights, inputs, targets) / inputs.numel()


# --- mask_tokens ---------------------------------------------------------------------------------


def bound(call: Call) -> tuple[Tensor, int, int, float]:
    """Return the arguments that chances depend on."""
    tokens, mask_token, vocabulary_size, _ = call.arguments
    return tokens, mask_token, vocabulary_size, call.keywords.get("rate", 0.15)


def fate(token: int, mask_token: int, vocabulary_size: int, rate: float) -> dict[Outcome, float]:
    """Return the chances of what one token becomes: its input and its target."""
    result: Counter[Outcome] = Counter()
    result[token, -100] = 1 - rate
    result[mask_token, token] += 0.8 * rate
    result[token, token] += 0.1 * rate
    for other in range(vocabulary_size):
        result[other, token] += 0.1 * rate / vocabulary_size
    return dict(result)


def fates(call: Call) -> dict:
    """Return the chances of input and target at each position."""
    tokens, *rest = bound(call)
    each = {(token,): fate(token, *rest) for token in tokens.unique().tolist()}
    return chances(2, tokens.shape, each, tokens)


def choices(call: Call) -> dict:
    """Return the chances of the target at each position."""
    tokens, _, _, rate = bound(call)
    each = {(token,): {(token,): rate, (-100,): 1 - rate} for token in tokens.unique().tolist()}
    return chances(2, tokens.shape, each, tokens)


def fates_of_two(call: Call) -> dict:
    """Return the chances of two inputs and two targets, where all tokens are equal."""
    tokens, *rest = bound(call)
    one = fate(int(tokens.flatten()[0]), *rest)
    joint = {
        (first, second, target, other): probability * another
        for (first, target), probability in one.items()
        for (second, other), another in one.items()
    }
    return chances(2, tokens.shape, {(): joint})


def masked(draw: Draw, tokens: Tensor, mask_token: int, size: int, tries: str, **rate) -> Call:
    """Return a call with a generator of its own."""
    return Call((tokens, mask_token, size, seed(draw)), rate, tries)


def none_or_all(draw: Draw) -> list[Call]:
    rows, length = draw.sizes(2, 3, 6)
    several = draw.integers(1, 9, 2, rows, length)
    return [
        masked(draw, torch.tensor([5, 6, 7]), 0, 9, "rate 1: all chosen", rate=1.0),
        masked(draw, torch.tensor([5, 6, 7]), 0, 9, "rate 0: none chosen", rate=0.0),
        masked(draw, several, 0, 10, "three dimensions, all chosen", rate=1.0),
        masked(draw, several[0], 50, 10, "two dimensions, none chosen", rate=0.0),
        masked(draw, torch.zeros(4, dtype=torch.int64), 3, 4, "the id 0, all chosen", rate=1.0),
        masked(draw, torch.full((2, 3), 7), 7, 8, "the mask's own id, all chosen", rate=1.0),
    ]


def chosen_positions(draw: Draw) -> list[Call]:
    other = draw.integer(2, 8)
    # 0, the mask's own id and another one
    kinds = torch.tensor([0, 1, other])
    rate = draw.integer(35, 60) / 100
    return [
        masked(draw, kinds[draw.integers(0, 2, 30, 50)], 1, 9, "1,500 tokens, the usual rate"),
        masked(draw, kinds[draw.integers(0, 2, 1500)], 1, 9, f"rate {rate}", rate=rate),
    ]


def fates_of_the_chosen(draw: Draw) -> list[Call]:
    zeros = torch.zeros(80, 80, dtype=torch.int64)
    several = torch.tensor([1, 3, 4])[draw.integers(0, 2, 4, 20, 40)]
    return [
        masked(draw, zeros, 5, 2, "two ids, the mask not one of them", rate=0.9),
        masked(draw, several, 3, 5, "five ids, one of them the mask", rate=0.8),
        masked(draw, draw.integers(3, 4, 1500), 0, 5, "the usual rate"),
    ]


def pairs_of_positions(draw: Draw) -> list[Call]:
    # few outcomes, so that chance shows in few draws
    zeros = torch.zeros(1500, 2, dtype=torch.int64)
    exact = "two tokens, 60 times: any number of them may be chosen"
    whole = "two tokens at rate 1, 60 times: each has its own fate"
    return [
        masked(draw, zeros, 1, 2, "two neighbors in each of 1,500 rows", rate=0.4),
        *(masked(draw, zeros[0], 1, 2, exact, rate=0.5) for _ in range(60)),
        *(masked(draw, zeros[0], 1, 2, whole, rate=1.0) for _ in range(60)),
    ]


def the_same_mask_again(draw: Draw) -> list[Call]:
    tokens, number = draw.integers(0, 99, 20, 25), draw.integer(0, 2**31 - 2)
    again = "the same call once more, with a generator of the same seed"
    return [
        Call(
            (tokens, 100, 100, Seed(number + more)), {"rate": 0.5}, again if time else "500 tokens"
        )
        for more in (0, 1)
        for time in (0, 1)
    ]


mask_tokens = Exercise(
    "self_supervision.mask_tokens",
    parts=[
        Part("none or all", 0.5, none_or_all, Same(items=(1,)), public=True),
        Part("which are chosen", 1, chosen_positions, Outcomes(items=(1,)), expect=choices),
        Part("80, 10 and 10 percent", 2, fates_of_the_chosen, Outcomes(), expect=fates),
        Part("independent positions", 1, pairs_of_positions, Outcomes(1), expect=fates_of_two),
        Part(
            "only the generator",
            0.5,
            the_same_mask_again,
            Repeatable(),
            expect=lambda call: call.arguments[3].number,
        ),
    ],
    equivalent={
        "torch.rand(tokens.shape, generator=generator) < rate"
        " -> torch.rand(tokens.shape, generator=generator) <= rate": NOT_EXACTLY,
        "fate < 0.8 -> fate <= 0.8 in inputs = "
        "torch.where(chosen & (fate < 0.8), mask_token, tokens)": NOT_EXACTLY,
        "fate >= 0.9 -> fate > 0.9 in inputs = "
        "torch.where(chosen & (fate >= 0.9), drawn, inputs)": NOT_EXACTLY,
    },
)


def drawn_fates(tokens, generator):
    """Return for every position three independent draws, each even between 0 and 1."""
    return [torch.rand(tokens.shape, generator=generator) for _ in range(3)]


def masked_by(tokens, chosen, hide, replace, mask_token, drawn):
    """Return inputs and targets for the positions chosen, hidden and replaced."""
    inputs = torch.where(chosen & hide, mask_token, tokens)
    inputs = torch.where(chosen & replace, drawn, inputs)
    return inputs, torch.where(chosen, tokens, -100)


def even_ids(places, vocabulary_size):
    """Return ids from draws between 0 and 1."""
    return (places * vocabulary_size).long().clamp(max=vocabulary_size - 1)


@mask_tokens.misconception(
    "All chosen tokens are replaced by the mask. A tenth of them gets a random id and a tenth "
    "stays, so that the model cannot rely on seeing the mask."
)
def masks_all_chosen(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen = torch.rand(tokens.shape, generator=generator) < rate
    return torch.where(chosen, mask_token, tokens), torch.where(chosen, tokens, -100)


@mask_tokens.misconception(
    "No chosen token is replaced by a random id: 80 percent are hidden, and all others stay."
)
def masks_without_random_ids(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen, hide, _ = drawn_fates(tokens, generator)
    never = torch.zeros(tokens.shape, dtype=torch.bool)
    return masked_by(tokens, chosen < rate, hide < 0.8, never, mask_token, tokens)


@mask_tokens.misconception(
    "No chosen token is left as it is: 80 percent are hidden, and all others replaced."
)
def masks_leaving_none(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen, hide, drawn = drawn_fates(tokens, generator)
    drawn = even_ids(drawn, vocabulary_size)
    return masked_by(tokens, chosen < rate, hide < 0.8, hide >= 0.8, mask_token, drawn)


@mask_tokens.misconception(
    "10 percent of the chosen get a random id. Here it is 10 percent of those that are left after "
    "80 percent were hidden, which makes 2: of these it has to be one half."
)
def masks_a_tenth_of_the_rest(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen, hide, replace = drawn_fates(tokens, generator)
    drawn = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    replace = (hide >= 0.8) & (replace < 0.1)
    return masked_by(tokens, chosen < rate, hide < 0.8, replace, mask_token, drawn)


@mask_tokens.misconception(
    "Random ids are drawn for 10 percent of the chosen, hidden ones among them, so less than 80 "
    "percent stay hidden. A position has one fate."
)
def masks_then_replaces(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen, hide, replace = drawn_fates(tokens, generator)
    drawn = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    return masked_by(tokens, chosen < rate, hide < 0.8, replace < 0.1, mask_token, drawn)


@mask_tokens.misconception(
    "Every position has a target. Only chosen ones take part in the loss; all others get -100."
)
def masks_with_all_targets(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, _ = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, tokens.clone()


@mask_tokens.misconception(
    "Only hidden positions have a target. A chosen one that got a random id, or stayed as it was, "
    "has one too: its original token."
)
def masks_with_targets_of_the_hidden(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, _ = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, torch.where(inputs == mask_token, tokens, -100)


@mask_tokens.misconception(
    "Only positions that look different have a target. Those chosen and left as they are have one "
    "too: that is why they were chosen."
)
def masks_with_targets_of_the_changed(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, _ = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, torch.where(inputs != tokens, tokens, -100)


@mask_tokens.misconception(
    "The targets hold what stands there after masking; the original tokens are to be predicted."
)
def masks_with_hidden_targets(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, targets = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, torch.where(targets != -100, inputs, -100)


@mask_tokens.misconception(
    "The targets are the wrong way around: the positions that were not chosen have them."
)
def masks_with_the_other_targets(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, targets = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, torch.where(targets == -100, tokens, -100)


@mask_tokens.misconception(
    "Positions without a target get 0, which is a token like any other; -100 is what the loss "
    "ignores."
)
def masks_with_zeros(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, targets = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    return inputs, torch.where(targets == -100, 0, targets)


@mask_tokens.misconception("The rate is always 0.15; use the argument.")
def masks_at_a_fixed_rate(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    return reference.mask_tokens(tokens, mask_token, vocabulary_size, generator)


@mask_tokens.misconception(
    "The share that is chosen is 1 - rate: a number drawn evenly lies *below* `rate` with "
    "probability `rate`."
)
def masks_at_the_other_rate(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    return reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, 1 - rate)


@mask_tokens.misconception(
    "Exactly the share `rate` of the positions is chosen. Each is chosen independently of the "
    "others, so the number varies."
)
def masks_an_exact_number(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    order = torch.rand(tokens.numel(), generator=generator).argsort().argsort()
    chosen = (order < round(rate * tokens.numel())).reshape(tokens.shape)
    _, hide, drawn = drawn_fates(tokens, generator)
    drawn = even_ids(drawn, vocabulary_size)
    return masked_by(tokens, chosen, hide < 0.8, hide >= 0.9, mask_token, drawn)


@mask_tokens.misconception(
    "All rows are masked at the same places: draw for every position, in the shape of `tokens`."
)
def masks_all_rows_alike(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    row = tokens.shape[-1:]
    chosen, hide = (torch.rand(row, generator=generator) for _ in range(2))
    drawn = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    parts = (part.expand(tokens.shape) for part in (chosen < rate, hide < 0.8, hide >= 0.9))
    return masked_by(tokens, *parts, mask_token, drawn)


@mask_tokens.misconception(
    "One random id is drawn for all positions together; each gets an id of its own."
)
def masks_with_one_random_id(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen, hide, _ = drawn_fates(tokens, generator)
    drawn = torch.randint(vocabulary_size, (), generator=generator)
    return masked_by(tokens, chosen < rate, hide < 0.8, hide >= 0.9, mask_token, drawn)


@mask_tokens.misconception("The id 0 is never drawn; ids go from 0 to vocabulary_size - 1.")
def masks_with_ids_from_one(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    chosen, hide, drawn = drawn_fates(tokens, generator)
    drawn = 1 + even_ids(drawn, vocabulary_size - 1)
    return masked_by(tokens, chosen < rate, hide < 0.8, hide >= 0.9, mask_token, drawn)


@mask_tokens.misconception(
    "`tokens` is changed. Copy it first (`clone`), or build the inputs with `torch.where`."
)
def masks_in_place(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, targets = reference.mask_tokens(tokens, mask_token, vocabulary_size, generator, rate)
    tokens.copy_(inputs)
    return tokens, targets


@mask_tokens.misconception(
    "`generator` is not used, or not for all that is drawn, so nobody can repeat the masking. Pass "
    "`generator=generator` to every function that draws."
)
def masks_from_the_global_generator(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    return reference.mask_tokens(tokens, mask_token, vocabulary_size, torch.default_generator, rate)


@mask_tokens.misconception(
    "The generator is seeded inside, so the same places are masked every time: take it as it comes."
)
def masks_seeded_inside(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    return reference.mask_tokens(
        tokens, mask_token, vocabulary_size, generator.manual_seed(42), rate
    )


@mask_tokens.alternative
def masks_by_bernoulli(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    inputs, targets = tokens.clone(), tokens.clone()
    chosen = torch.bernoulli(torch.full(tokens.shape, rate), generator=generator).bool()
    targets[~chosen] = -100
    hidden = torch.bernoulli(torch.full(tokens.shape, 0.8), generator=generator).bool() & chosen
    inputs[hidden] = mask_token
    half = torch.full(tokens.shape, 0.5)
    replaced = torch.bernoulli(half, generator=generator).bool() & chosen & ~hidden
    ids = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    inputs[replaced] = ids[replaced]
    return inputs, targets


@mask_tokens.alternative
def masks_by_one_number(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    number = torch.rand(tokens.shape, generator=generator, dtype=torch.float64)
    inputs = tokens.masked_fill(number < 0.8 * rate, mask_token)
    replaced = (number >= 0.8 * rate) & (number < 0.9 * rate)
    count = int(replaced.sum())
    inputs[replaced] = torch.randint(0, vocabulary_size, (count,), generator=generator)
    return inputs, tokens.masked_fill(number >= rate, -100)


@mask_tokens.alternative
def masks_token_by_token(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    number = torch.randint(2**31, (), generator=generator).item()
    chance = random.Random(number)
    inputs, targets = [], []
    for token in tokens.flatten().tolist():
        is_chosen = chance.random() < rate
        targets.append(token if is_chosen else -100)
        where = chance.random()
        if is_chosen and where < 0.8:
            token = mask_token
        elif is_chosen and where < 0.9:
            token = chance.randrange(vocabulary_size)
        inputs.append(token)
    return [torch.tensor(values).reshape(tokens.shape) for values in (inputs, targets)]


@mask_tokens.alternative
def masks_by_multinomial(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    shares = torch.tensor([1 - rate, 0.8 * rate, 0.1 * rate, 0.1 * rate], dtype=torch.float64)
    kind = torch.multinomial(shares, tokens.numel(), replacement=True, generator=generator)
    kind = kind.reshape(tokens.shape)
    even = torch.ones(vocabulary_size)
    ids = torch.multinomial(even, tokens.numel(), replacement=True, generator=generator)
    inputs = torch.where(kind == 1, mask_token, tokens)
    inputs = torch.where(kind == 2, ids.reshape(tokens.shape), inputs)
    return inputs, torch.where(kind == 0, -100, tokens)


@mask_tokens.alternative
def masks_only_the_chosen(tokens, mask_token, vocabulary_size, generator, rate=0.15):
    flat = tokens.flatten()
    places = (torch.rand(len(flat), generator=generator) < rate).nonzero().flatten()
    targets = torch.full_like(flat, -100)
    targets[places] = flat[places]
    inputs = flat.clone()
    which = torch.rand(len(places), generator=generator)
    inputs[places[which < 0.8]] = mask_token
    others = places[(which >= 0.8) & (which < 0.9)]
    inputs[others] = torch.randint(vocabulary_size, (len(others),), generator=generator)
    return inputs.view(tokens.shape), targets.view(tokens.shape)
