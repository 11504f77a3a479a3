"""What the exercises on embeddings accept."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from autograder.checking.cases import Call
from autograder.checking.compare import Close, Same
from autograder.draw import Draw
from autograder.spec import Exercise, Part
from solutions import embeddings as reference


def text(draw: Draw, low: int, high: int, largest: int = 99) -> Tensor:
    """Return a text of random word ids, some of which occur again."""
    tokens = draw.integers(0, largest, draw.integer(low, high))
    if len(tokens) > 3:
        tokens[-1] = tokens[0]
    return tokens


# --- skipgram_pairs ------------------------------------------------------------------------------


def pairs_of_short_texts(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([5, 6, 7]), 1), tries="three words, window 1"),
        Call((torch.tensor([4, 9, 4, 2]), 2), tries="a word that occurs twice, window 2"),
        Call((torch.tensor([3, 3]), 1), tries="two equal words"),
        Call((text(draw, 6, 9), 1), tries="a longer text, window 1"),
        Call((text(draw, 7, 10), 2), tries="a longer text, window 2"),
    ]


def pairs_with_wide_windows(draw: Draw) -> list[Call]:
    return [
        Call((text(draw, 9, 12), draw.integer(3, 5)), tries="a wider window"),
        Call((text(draw, 25, 40, 5), draw.integer(3, 8)), tries="a text of few different words"),
        Call((text(draw, 4, 6), 9), tries="a window wider than the text"),
    ]


def pairs_of_nearly_nothing(draw: Draw) -> list[Call]:
    return [
        Call((text(draw, 1, 1), 2), tries="a text of one word: it has no neighbor"),
        Call((torch.empty(0, dtype=torch.int64), 2), tries="an empty text"),
        Call((text(draw, 2, 2), 3), tries="a text of two words"),
    ]


skipgram_pairs = Exercise(
    "embeddings.skipgram_pairs",
    parts=[
        Part("small windows", 0.5, pairs_of_short_texts, Same(), public=True),
        Part("wide windows", 1, pairs_with_wide_windows, Same()),
        Part("hardly any text", 0.5, pairs_of_nearly_nothing, Same()),
    ],
    equivalent={
        "positions.unsqueeze(1) - positions -> positions - positions.unsqueeze(1)": "a distance is "
        "the same in both directions",
    },
)


def pairs_at(tokens, window, offsets):
    """Pair each token with those at the given distances, in this order."""
    found = [
        [int(tokens[place]), int(tokens[place + offset])]
        for place in range(len(tokens))
        for offset in offsets(window)
        if 0 <= place + offset < len(tokens)
    ]
    return torch.tensor(found, dtype=torch.int64).reshape(-1, 2)


@skipgram_pairs.misconception("Each token is also paired with itself; a neighbor is another place.")
def pairs_with_itself(tokens, window):
    return pairs_at(tokens, window, lambda w: range(-w, w + 1))


@skipgram_pairs.misconception(
    "Equal words are never paired. What counts is the place: equal words can be neighbors."
)
def pairs_of_different_words(tokens, window):
    pairs = reference.skipgram_pairs(tokens, window)
    return pairs[pairs[:, 0] != pairs[:, 1]]


@skipgram_pairs.misconception(
    "Only neighbors on the right are paired; the window reaches to both sides."
)
def pairs_to_the_right(tokens, window):
    return pairs_at(tokens, window, lambda w: range(1, w + 1))


@skipgram_pairs.misconception(
    "The window ends one place too early: neighbors at the distance `window` belong to it."
)
def pairs_of_a_narrow_window(tokens, window):
    return pairs_at(tokens, window - 1, lambda w: [o for o in range(-w, w + 1) if o])


@skipgram_pairs.misconception(
    "Only neighbors at exactly the distance `window` are paired; all nearer ones belong to it too."
)
def pairs_at_one_distance(tokens, window):
    return pairs_at(tokens, window, lambda w: (-w, w))


@skipgram_pairs.misconception(
    "Places before the start are counted from the end, as a negative index does; there is no "
    "neighbor there."
)
def pairs_around_the_corner(tokens, window):
    found = [
        [int(tokens[place]), int(tokens[place + offset])]
        for place in range(len(tokens))
        for offset in range(-window, window + 1)
        if offset and -len(tokens) <= place + offset < len(tokens)
    ]
    return torch.tensor(found, dtype=torch.int64).reshape(-1, 2)


@skipgram_pairs.misconception(
    "Words at the ends of the text, whose window is cut off, are left out; they are paired with "
    "the neighbors they have."
)
def pairs_of_whole_windows(tokens, window):
    found = [
        [int(tokens[place]), int(tokens[place + offset])]
        for place in range(window, len(tokens) - window)
        for offset in range(-window, window + 1)
        if offset
    ]
    return torch.tensor(found, dtype=torch.int64).reshape(-1, 2)


@skipgram_pairs.misconception(
    "The pairs are in another order: token by token, and for each token its neighbors from left to "
    "right."
)
def pairs_by_distance(tokens, window):
    found = [
        [int(tokens[place]), int(tokens[place + offset])]
        for offset in range(-window, window + 1)
        for place in range(len(tokens))
        if offset and 0 <= place + offset < len(tokens)
    ]
    return torch.tensor(found, dtype=torch.int64).reshape(-1, 2)


@skipgram_pairs.misconception(
    "The pairs are in another order: token by token, and for each token its neighbors from left to "
    "right."
)
def pairs_nearest_first(tokens, window):
    return pairs_at(tokens, window, lambda w: [s * d for d in range(1, w + 1) for s in (-1, 1)])


@skipgram_pairs.misconception(
    "The columns are swapped: the token stands first, its neighbor second."
)
def pairs_swapped(tokens, window):
    return reference.skipgram_pairs(tokens, window).flip(1)


@skipgram_pairs.misconception("These are the positions of the pairs; their word ids are asked for.")
def pairs_of_positions(tokens, window):
    return reference.skipgram_pairs(torch.arange(len(tokens)), window)


@skipgram_pairs.misconception(
    "Without any pair the result has shape (0,); it has two columns even then: (0, 2)."
)
def pairs_without_columns(tokens, window):
    pairs = reference.skipgram_pairs(tokens, window)
    return pairs if len(pairs) else torch.empty(0, dtype=torch.int64)


@skipgram_pairs.alternative
def pairs_by_loops(tokens, window):
    ids = tokens.tolist()
    pairs = []
    for i, word in enumerate(ids):
        for j in range(max(0, i - window), min(len(ids), i + window + 1)):
            if j != i:
                pairs.append((word, ids[j]))
    return torch.tensor(pairs, dtype=torch.long).view(-1, 2)


@skipgram_pairs.alternative
def pairs_by_shifting(tokens, window):
    pieces, order = [], []
    for offset in [*range(-window, 0), *range(1, window + 1)]:
        start, stop = max(0, -offset), min(len(tokens), len(tokens) - offset)
        if start < stop:
            pieces.append(torch.stack([tokens[start:stop], tokens[start + offset : stop + offset]]))
            order.append(torch.arange(start, stop) * (2 * window + 1) + offset)
    if not pieces:
        return torch.zeros(0, 2, dtype=torch.int64)
    return torch.cat(pieces, 1).T[torch.cat(order).argsort()]


@skipgram_pairs.alternative
def pairs_from_contexts(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    there = contexts >= 0
    return torch.stack([targets[:, None].expand_as(contexts)[there], contexts[there]], dim=1)


# --- cbow_pairs ----------------------------------------------------------------------------------


cbow_pairs = Exercise(
    "embeddings.cbow_pairs",
    parts=[
        Part("small windows", 0.5, pairs_of_short_texts, Same(), public=True),
        Part("wide windows", 1, pairs_with_wide_windows, Same()),
        Part("hardly any text", 0.5, pairs_of_nearly_nothing, Same()),
    ],
    equivalent={
        "0 -> -1 in contexts = tokens[positions.masked_fill(outside, 0)] if len(tokens) else "
        "positions": "any place will do: what is found there is overwritten by -1",
    },
)


def contexts_at(tokens, offsets, outside=-1):
    """Return for each token those at the given distances."""
    rows = [
        [
            int(tokens[place + offset]) if 0 <= place + offset < len(tokens) else outside
            for offset in offsets
        ]
        for place in range(len(tokens))
    ]
    return torch.tensor(rows, dtype=torch.int64).reshape(-1, len(offsets)), tokens.clone()


@cbow_pairs.misconception(
    "The context holds the token itself. That is what is to be predicted: leave it out."
)
def contexts_with_itself(tokens, window):
    return contexts_at(tokens, range(-window, window + 1))


@cbow_pairs.misconception(
    "Where the text ends the row is filled with 0, which is a word id; -1 says that nothing is "
    "there."
)
def contexts_filled_with_zero(tokens, window):
    return contexts_at(tokens, [*range(-window, 0), *range(1, window + 1)], 0)


@cbow_pairs.misconception(
    "Places before the start are counted from the end, as a negative index does; they get -1."
)
def contexts_around_the_corner(tokens, window):
    offsets = [*range(-window, 0), *range(1, window + 1)]
    rows = [
        [
            int(tokens[place + offset]) if -len(tokens) <= place + offset < len(tokens) else -1
            for offset in offsets
        ]
        for place in range(len(tokens))
    ]
    return torch.tensor(rows, dtype=torch.int64).reshape(-1, 2 * window), tokens.clone()


@cbow_pairs.misconception(
    "The neighbors a token has stand at the start of its row, and all the -1 after them. Each "
    "column belongs to one distance, so the -1 stands where the neighbor is missing."
)
def contexts_pushed_to_the_left(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    order = (contexts < 0).int().argsort(dim=1, stable=True)
    return contexts.gather(1, order), targets


@cbow_pairs.misconception(
    "Neighbors are in order of distance; the order of the text is asked for, from left to right."
)
def contexts_nearest_first(tokens, window):
    return contexts_at(tokens, [s * d for d in range(1, window + 1) for s in (-1, 1)])


@cbow_pairs.misconception(
    "The left neighbors are in reverse: the nearest comes last, as in the text."
)
def contexts_from_the_middle(tokens, window):
    return contexts_at(tokens, [*range(-1, -window - 1, -1), *range(1, window + 1)])


@cbow_pairs.misconception("Only neighbors on the left are taken; the window has two sides.")
def contexts_on_the_left(tokens, window):
    return contexts_at(tokens, range(-2 * window, 0))


@cbow_pairs.misconception(
    "Words at the ends of the text are left out; every token has a row, with -1 where nothing is."
)
def contexts_of_whole_windows(tokens, window):
    contexts, targets = reference.cbow_pairs(tokens, window)
    whole = slice(window, max(len(tokens) - window, window))
    return contexts[whole], targets[whole]


@cbow_pairs.misconception("Targets come first in this result; contexts are asked for first.")
def contexts_second(tokens, window):
    return reference.cbow_pairs(tokens, window)[::-1]


@cbow_pairs.alternative
def contexts_by_lists(tokens, window):
    contexts, targets = contexts_at(tokens, [*range(-window, 0), *range(1, window + 1)])
    return contexts, targets


@cbow_pairs.alternative
def contexts_by_unfold(tokens, window):
    padded = F.pad(tokens, (window, window), value=-1)
    if not len(tokens):
        return torch.zeros(0, 2 * window, dtype=torch.int64), tokens
    windows = padded.unfold(0, 2 * window + 1, 1)
    return torch.cat([windows[:, :window], windows[:, window + 1 :]], dim=1), tokens


@cbow_pairs.alternative
def contexts_by_filling(tokens, window):
    contexts = torch.full((len(tokens), 2 * window), -1)
    for distance in range(1, min(window, len(tokens) - 1) + 1):
        contexts[distance:, window - distance] = tokens[:-distance]
        contexts[:-distance, window + distance - 1] = tokens[distance:]
    return contexts, tokens


# --- noise_distribution --------------------------------------------------------------------------


def counts(draw: Draw, size: int, most: int = 1000) -> Tensor:
    """Return random counts, the first of which is not the largest."""
    drawn = draw.integers(1, most, size)
    drawn[-1] = most
    return drawn


def noise_with_the_usual_power(draw: Draw) -> list[Call]:
    return [
        Call((torch.tensor([1, 16, 81]),), tries="counts whose powers are 1, 8 and 27"),
        Call((counts(draw, draw.integer(4, 9)),), tries="random counts"),
        Call((torch.tensor([7]),), tries="a single word"),
        Call((torch.tensor([3, 0, 5, 0]),), tries="words that do not occur"),
        Call((counts(draw, 200, 10**6),), tries="many words, some very frequent"),
    ]


def noise_with_another_power(draw: Draw) -> list[Call]:
    return [
        Call((counts(draw, 5), 1.0), tries="power 1: the frequencies themselves"),
        Call((counts(draw, 6),), {"power": 0.5}, "power 0.5"),
        Call((counts(draw, 4, 50), 2.0), tries="power 2"),
        Call((torch.tensor([4, 0, 9]),), {"power": 0.25}, "power 0.25 and a count of 0"),
    ]


noise_distribution = Exercise(
    "embeddings.noise_distribution",
    parts=[
        Part("the usual power", 1, noise_with_the_usual_power, public=True),
        Part("another power", 1, noise_with_another_power),
    ],
)


@noise_distribution.misconception("These are the frequencies; the power is not used.")
def noise_by_frequency(counts, power=0.75):
    return (counts / counts.sum()).float()


@noise_distribution.misconception("All words are equally likely; their counts matter.")
def noise_uniform(counts, power=0.75):
    return torch.full((len(counts),), 1 / len(counts))


@noise_distribution.misconception(
    "The sum is taken before the power, so the result does not sum to 1: divide by the sum of the "
    "powers."
)
def noise_power_of_frequency(counts, power=0.75):
    return (counts / counts.sum()) ** power


@noise_distribution.misconception("The powers are not divided by their sum.")
def noise_without_a_sum(counts, power=0.75):
    return counts.float() ** power


@noise_distribution.misconception("The power is always 0.75; use the argument.")
def noise_with_a_fixed_power(counts, power=0.75):
    return reference.noise_distribution(counts)


@noise_distribution.misconception("This is a softmax; the powers are divided by their sum.")
def noise_by_softmax(counts, power=0.75):
    return torch.softmax(counts.float() ** power, dim=0)


@noise_distribution.misconception(
    "A word that does not occur gets a share as well, because 1 is added to the counts."
)
def noise_smoothed(counts, power=0.75):
    return reference.noise_distribution(counts + 1, power)


@noise_distribution.misconception(
    "These are running sums, which one draws from; the probability of each word is asked for."
)
def noise_cumulative(counts, power=0.75):
    return reference.noise_distribution(counts, power).cumsum(0)


@noise_distribution.alternative
def noise_by_pow(counts, power=0.75):
    return F.normalize(counts.float().pow(power), p=1, dim=0)


@noise_distribution.alternative
def noise_by_lists(counts, power=0.75):
    weights = [count**power for count in counts.tolist()]
    return torch.tensor([weight / sum(weights) for weight in weights])


@noise_distribution.alternative
def noise_by_logarithms(counts, power=0.75):
    return torch.softmax(power * counts.float().log(), dim=0)


# --- negative_sampling_loss ----------------------------------------------------------------------


def vectors(draw: Draw, scale: float = 0.7, dtype: torch.dtype = torch.float32) -> tuple:
    """Return hidden, positive and negative vectors of unequal sizes.

    Scores stay below 7 or so: beyond, σ - 1 in float32 loses digits that the tolerance wants.
    """
    batch, negatives, width = draw.sizes(3, 2, 8)
    return (
        draw.normal(batch, width, scale=scale, dtype=dtype),
        draw.normal(batch, width, scale=scale, dtype=dtype),
        draw.normal(batch, negatives, width, scale=scale, dtype=dtype),
    )


def one_example(draw: Draw) -> list[Call]:
    hidden, positive, negative = vectors(draw)
    zeros = torch.zeros_like(positive[:1]), torch.zeros_like(negative[:1])
    return [
        Call(
            (torch.tensor([[2.0]]), torch.tensor([[1.0]]), torch.tensor([[[0.5]]])), tries="numbers"
        ),
        Call((hidden[:1], *zeros), tries="output vectors of zeros: every score is 0"),
        Call((hidden[:1], positive[:1], negative[:1, :1]), tries="one example, one noise word"),
        Call((hidden[:1], positive[:1], negative[:1]), tries="one example, several noise words"),
    ]


def several_examples(draw: Draw) -> list[Call]:
    same = tuple(draw.normal(*shape, scale=0.7) for shape in ((4, 4), (4, 4), (4, 4, 4)))
    return [
        Call(vectors(draw), tries="a batch"),
        Call(
            tuple(draw.scattered(tensor) for tensor in vectors(draw)), tries="scattered in memory"
        ),
        Call(same, tries="all sizes equal"),
        Call(vectors(draw, dtype=torch.float64), tries="float64"),
    ]


def scores_far_from_zero(draw: Draw) -> list[Call]:
    hidden = draw.normal(3, 4).abs() + 1
    return [
        Call((hidden * 50, -hidden, hidden[:, None] * 2), tries="scores of several hundred, wrong"),
        Call((hidden * 1000, -hidden, hidden[:, None]), tries="scores of several thousand, wrong"),
        Call(
            (hidden * 20, hidden, torch.stack([-hidden, hidden], 1)),
            tries="large scores, half of them right",
        ),
    ]


negative_sampling_loss = Exercise(
    "embeddings.negative_sampling_loss",
    parts=[
        Part("one example", 1, one_example, public=True),
        Part("a batch", 1, several_examples),
        Part("large scores", 1, scores_far_from_zero),
    ],
)


def scores(hidden, positive, negative):
    """Return the scores of the real word and of the noise words."""
    return (hidden * positive).sum(-1), torch.einsum("bnw,bw->bn", negative, hidden)


@negative_sampling_loss.misconception(
    "The scores of noise words need a minus sign: log σ(-h·n), for they should be told to be noise."
)
def loss_without_the_minus(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    return -(F.logsigmoid(real) + F.logsigmoid(noise).sum(-1)).mean()


@negative_sampling_loss.misconception(
    "The losses of the noise words are averaged; for each example they are summed."
)
def loss_with_mean_noise(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    return -(F.logsigmoid(real) + F.logsigmoid(-noise).mean(-1)).mean()


@negative_sampling_loss.misconception(
    "The losses of the examples are summed; the mean over the batch is asked for."
)
def loss_summed(hidden, positive, negative):
    return reference.negative_sampling_loss(hidden, positive, negative) * len(hidden)


@negative_sampling_loss.misconception("The sign is turned: a loss is small where it is right.")
def loss_negated(hidden, positive, negative):
    return -reference.negative_sampling_loss(hidden, positive, negative)


@negative_sampling_loss.misconception(
    "σ of a score far from 0 is 0 in the machine, and its logarithm infinite: use log σ in one "
    "stable step, such as `logsigmoid`."
)
def loss_overflows(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    return -(torch.sigmoid(real).log() + torch.sigmoid(-noise).log().sum(-1)).mean()


@negative_sampling_loss.misconception(
    "σ of a score far from 0 is 0 in the machine, and its logarithm infinite: use log σ in one "
    "stable step, such as `logsigmoid`."
)
def loss_overflows_too(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    return -(torch.sigmoid(real).log() + (1 - torch.sigmoid(noise)).log().sum(-1)).mean()


@negative_sampling_loss.misconception(
    "A small number is added inside the logarithm. It caps the loss: where a score is far on the "
    "wrong side, the loss grows with the score."
)
def loss_capped(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    first = (torch.sigmoid(real) + 1e-10).log()
    return -(first + (torch.sigmoid(-noise) + 1e-10).log().sum(-1)).mean()


@negative_sampling_loss.misconception("The noise words are left out.")
def loss_without_noise(hidden, positive, negative):
    return -F.logsigmoid(scores(hidden, positive, negative)[0]).mean()


@negative_sampling_loss.misconception("The logarithm is missing: -log σ, not 1 - σ.")
def loss_without_logarithm(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    return ((1 - torch.sigmoid(real)) + torch.sigmoid(noise).sum(-1)).mean()


@negative_sampling_loss.misconception(
    "This is a softmax over the real word and the noise words. Negative sampling makes one "
    "yes-or-no question of each: σ of each score by itself."
)
def loss_by_softmax(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    together = torch.cat([real[:, None], noise], dim=1)
    return -torch.log_softmax(together, dim=1)[:, 0].mean()


@negative_sampling_loss.alternative
def loss_by_softplus(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    return (F.softplus(-real) + F.softplus(noise).sum(1)).mean()


@negative_sampling_loss.alternative
def loss_by_cross_entropy(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    together = torch.cat([real.unsqueeze(1), noise], dim=1)
    labels = torch.zeros_like(together)
    labels[:, 0] = 1
    return F.binary_cross_entropy_with_logits(together, labels, reduction="sum") / len(hidden)


@negative_sampling_loss.alternative
def loss_by_loops(hidden, positive, negative):
    total = 0.0
    for example in range(len(hidden)):
        total = total - F.logsigmoid(hidden[example].dot(positive[example]))
        for word in negative[example]:
            total = total - F.logsigmoid(-hidden[example].dot(word))
    return total / len(hidden)


@negative_sampling_loss.alternative
def loss_by_logaddexp(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    zero = torch.zeros((), dtype=hidden.dtype)
    return torch.logaddexp(zero, -real).mean() + torch.logaddexp(zero, noise).sum(1).mean()


# --- negative_sampling_gradient ------------------------------------------------------------------


def gradients_of_one(draw: Draw) -> list[Call]:
    hidden, positive, negative = vectors(draw)
    zeros = torch.zeros_like(positive[:1]), torch.zeros_like(negative[:1])
    return [
        Call(
            (torch.tensor([[2.0]]), torch.tensor([[1.0]]), torch.tensor([[[0.5]]])), tries="numbers"
        ),
        Call((hidden[:1], positive[:1], negative[:1, :1]), tries="one example, one noise word"),
        Call((hidden[:1], *zeros), tries="output vectors of zeros"),
        Call((hidden[:1], positive[:1], negative[:1]), tries="one example, several noise words"),
    ]


def gradients_of_several(draw: Draw) -> list[Call]:
    same = tuple(draw.normal(*shape, scale=0.7) for shape in ((4, 4), (4, 4), (4, 4, 4)))
    hidden, positive, negative = vectors(draw, 12.0)
    # so that there are errors to learn from
    positive[0], negative[0, 0] = -hidden[0], hidden[0]
    return [
        Call(vectors(draw), tries="a batch"),
        Call((hidden, positive, negative), tries="scores of hundreds, and some of them wrong"),
        Call(same, tries="all sizes equal"),
        Call(
            tuple(draw.scattered(tensor) for tensor in vectors(draw)), tries="scattered in memory"
        ),
        Call(vectors(draw, 2.0, torch.float64), tries="float64, scores further from 0"),
    ]


negative_sampling_gradient = Exercise(
    "embeddings.negative_sampling_gradient",
    parts=[
        Part("one example", 1, gradients_of_one, public=True),
        Part("of the hidden vectors", 1, gradients_of_several, Close(items=(0,))),
        Part("of the real words", 1, gradients_of_several, Close(items=(1,))),
        Part("of the noise words", 1, gradients_of_several, Close(items=(2,))),
    ],
    forbidden=("backward", "grad", "requires_grad_", "jacobian"),
)


def gradient(hidden, positive, negative, real_error, noise_error):
    """Put together the gradients from the derivatives of the scores."""
    batch = len(hidden)
    real, noise = scores(hidden, positive, negative)
    first, second = real_error(real)[:, None], noise_error(noise)[..., None]
    return (
        (first * positive + (second * negative).sum(1)) / batch,
        first * hidden / batch,
        second * hidden[:, None] / batch,
    )


@negative_sampling_gradient.misconception(
    "These are the gradients of the sum; the loss is the mean over the batch."
)
def gradient_of_the_sum(hidden, positive, negative):
    found = reference.negative_sampling_gradient(hidden, positive, negative)
    return tuple(len(hidden) * part for part in found)


@negative_sampling_gradient.misconception(
    "The signs are those of a step downhill. The gradient points uphill."
)
def gradient_downhill(hidden, positive, negative):
    found = reference.negative_sampling_gradient(hidden, positive, negative)
    return tuple(-part for part in found)


@negative_sampling_gradient.misconception(
    "The derivative for the real word is σ - 1, not σ: its label is 1."
)
def gradient_without_label(hidden, positive, negative):
    return gradient(hidden, positive, negative, torch.sigmoid, torch.sigmoid)


@negative_sampling_gradient.misconception(
    "The derivative for a noise word is σ, not σ - 1: its label is 0."
)
def gradient_with_label_for_noise(hidden, positive, negative):
    return gradient(
        hidden, positive, negative, lambda x: torch.sigmoid(x) - 1, lambda x: torch.sigmoid(x) - 1
    )


@negative_sampling_gradient.misconception(
    "The noise words are missing in the gradient of the hidden vectors, which meet all of them."
)
def gradient_of_hidden_without_noise(hidden, positive, negative):
    _, second, third = reference.negative_sampling_gradient(hidden, positive, negative)
    real, _ = scores(hidden, positive, negative)
    return (torch.sigmoid(real) - 1)[:, None] * positive / len(hidden), second, third


@negative_sampling_gradient.misconception(
    "The noise words' part of the hidden vectors' gradient is averaged; it is summed."
)
def gradient_with_mean_noise(hidden, positive, negative):
    _, second, third = reference.negative_sampling_gradient(hidden, positive, negative)
    real, noise = scores(hidden, positive, negative)
    first = (torch.sigmoid(real) - 1)[:, None] * positive
    return (
        (first + (torch.sigmoid(noise)[..., None] * negative).mean(1)) / len(hidden),
        second,
        third,
    )


@negative_sampling_gradient.misconception(
    "σ is derived as σ (1 - σ). With the logarithm in front, one factor cancels: σ - 1 and σ are "
    "left."
)
def gradient_of_sigma(hidden, positive, negative):
    def slope(x):
        return torch.sigmoid(x) * (1 - torch.sigmoid(x))

    return gradient(hidden, positive, negative, lambda x: -slope(x), slope)


@negative_sampling_gradient.misconception(
    "Gradients are swapped: the gradient for one vector is a multiple of the other one."
)
def gradient_with_own_vectors(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    first, second = (torch.sigmoid(real) - 1)[:, None], torch.sigmoid(noise)[..., None]
    batch = len(hidden)
    hidden_part = (first + second.sum(1)) * hidden
    return hidden_part / batch, first * positive / batch, second * negative / batch


@negative_sampling_gradient.misconception(
    "The gradients of the noise words are also divided by their number."
)
def gradient_divided_by_noise(hidden, positive, negative):
    first, second, third = reference.negative_sampling_gradient(hidden, positive, negative)
    # with one noise word this is right; the sum over several is what differs
    return first, second, third / negative.shape[1]


@negative_sampling_gradient.alternative
def gradient_by_autograd(hidden, positive, negative):
    arguments = [tensor.clone().requires_grad_() for tensor in (hidden, positive, negative)]
    reference.negative_sampling_loss(*arguments).backward()
    return tuple(argument.grad for argument in arguments)


@negative_sampling_gradient.alternative
def gradient_by_einsum(hidden, positive, negative):
    real, noise = scores(hidden, positive, negative)
    first, second = -torch.sigmoid(-real) / len(real), torch.sigmoid(noise) / len(real)
    return (
        torch.einsum("b,bw->bw", first, positive) + torch.einsum("bn,bnw->bw", second, negative),
        torch.einsum("b,bw->bw", first, hidden),
        torch.einsum("bn,bw->bnw", second, hidden),
    )


@negative_sampling_gradient.alternative
def gradient_by_loops(hidden, positive, negative):
    parts = [torch.zeros_like(tensor) for tensor in (hidden, positive, negative)]
    for b in range(len(hidden)):
        error = torch.sigmoid(hidden[b] @ positive[b]) - 1
        parts[0][b] += error * positive[b]
        parts[1][b] = error * hidden[b]
        for n in range(negative.shape[1]):
            error = torch.sigmoid(hidden[b] @ negative[b, n])
            parts[0][b] += error * negative[b, n]
            parts[2][b, n] = error * hidden[b]
    return [part / len(hidden) for part in parts]


# --- nearest_words -------------------------------------------------------------------------------


def table(draw: Draw, words: int, width: int) -> Tensor:
    """Return embeddings of very different lengths."""
    lengths = 10 ** torch.linspace(-1, 1, words)[torch.randperm(words, generator=draw.generator)]
    return draw.normal(words, width) * lengths[:, None]


def around(draw: Draw, query: Tensor, words: int) -> Tensor:
    """Return embeddings whose cosines with the query are far enough apart to be told apart."""
    direction = F.normalize(query.double(), dim=0)
    cosine = torch.linspace(-0.95, 0.95, words, dtype=torch.float64)
    cosine = cosine[torch.randperm(words, generator=draw.generator)]
    aside = draw.normal(words, len(query), dtype=torch.float64)
    aside = F.normalize(aside - (aside @ direction)[:, None] * direction, dim=1)
    unit = cosine[:, None] * direction + (1 - cosine**2).sqrt()[:, None] * aside
    lengths = 10 ** (2 * draw.normal(words, dtype=torch.float64).tanh())
    return (lengths[:, None] * unit).to(query.dtype)


def nearest_to_a_vector(draw: Draw) -> list[Call]:
    words, count = draw.integer(8, 12), draw.integer(2, 5)
    query = draw.normal(draw.integer(3, 6))
    plane = torch.tensor([[1.0, 0.0], [5.0, 5.0], [0.0, 1.0], [-9.0, 1.0]])
    # angles and dot products have other orders here: the long vector points aside
    aside = torch.tensor([[1.0, 0.1], [9.0, 9.0], [2.0, 0.0], [3.0, -3.1]])
    double = query.double()
    return [
        Call((torch.tensor([2.0, 0.0]), plane, 3, []), tries="four words in a plane"),
        Call((torch.tensor([0.5, 0.0]), aside, 4, []), tries="a long vector that points aside"),
        Call((query, around(draw, query, words), count, []), tries="random embeddings"),
        Call((query * 40, around(draw, query, 60), 60, []), tries="60 words in order"),
        Call((double, around(draw, double, words), 2, []), tries="float64"),
    ]


def nearest_except_some(draw: Draw) -> list[Call]:
    words, word = draw.integer(9, 14), draw.integer(0, 8)
    query = draw.normal(draw.integer(3, 6))
    embeddings = around(draw, query, words)
    embeddings[word] = query
    order = reference.nearest_words(query, embeddings, words, []).tolist()
    return [
        Call((query, embeddings, 3, [word]), tries="the word itself is left out"),
        Call((query, embeddings, 4, order[1:4:2]), tries="two near words are left out"),
        Call((query, embeddings, words, order[2:5]), tries="more words than are left"),
        Call((query, embeddings, 0, []), tries="no words are asked for"),
        Call((query, embeddings, 2, list(range(words))), tries="all words left out"),
    ]


def equally_near(draw: Draw) -> list[Call]:
    width, repeats = draw.integer(2, 4), draw.integer(3, 5)
    axis = torch.zeros(width)
    axis[draw.integer(0, width - 1)] = 1.0
    # powers of 2, so that cosines are equal to the last bit
    same = torch.stack([axis * 2.0**n for n in range(repeats)] + [-axis, axis * 0.25])
    same = torch.cat([-axis[None], same])
    zeros = torch.cat([torch.zeros(1, width), same[:3], torch.zeros(1, width), -axis[None]])
    many = torch.cat([-axis.repeat(20, 1), axis.repeat(20, 1)])
    right = torch.tensor([1.0, 0.0])
    plane = torch.tensor([[1.0, 3.0], [0.0, 0.0], [-1.0, 0.0], [2.0, 0.0]])
    cross = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0]])
    return [
        Call((axis * 3, same, repeats, []), tries="several words in the same direction"),
        Call((axis, many, 30, [21]), tries="many words in two directions"),
        Call((axis, zeros, 6, []), tries="embeddings of zeros"),
        Call((right, plane, 4, []), tries="an embedding of zeros, and others at many angles"),
        Call((right, cross, 3, [0]), tries="the opposite of the query, and a word left out"),
        Call((torch.zeros(width), same, 3, [1]), tries="a query of zeros: all are equally near"),
    ]


nearest_words = Exercise(
    "embeddings.nearest_words",
    parts=[
        Part("near in angle", 1, nearest_to_a_vector, Same(), public=True),
        Part("words left out", 1, nearest_except_some, Same()),
        Part("equally near", 1, equally_near, Same()),
    ],
)


def nearest_by(score, embeddings, count, exclude):
    """Return the words of highest score."""
    order = score.sort(descending=True, stable=True).indices
    return order[~torch.isin(order, torch.tensor(exclude, dtype=torch.int64))][:count]


def cosines(query, embeddings):
    """Return cosines, 0 where a vector has no length."""
    return torch.nan_to_num(F.normalize(embeddings, dim=-1, eps=0) @ query)


@nearest_words.misconception(
    "Nearness is the dot product here, so long vectors win. Divide by the lengths: the cosine."
)
def nearest_by_dot_product(query, embeddings, count, exclude):
    return nearest_by(embeddings @ query, embeddings, count, exclude)


@nearest_words.misconception(
    "Nearness is the distance between the points here; the angle is asked for: the cosine."
)
def nearest_by_distance(query, embeddings, count, exclude):
    return nearest_by(-(embeddings - query).norm(dim=-1), embeddings, count, exclude)


@nearest_words.misconception("The words furthest away come first; the nearest have to.")
def nearest_reversed(query, embeddings, count, exclude):
    return nearest_by(-cosines(query, embeddings), embeddings, count, exclude)


@nearest_words.misconception("The excluded words are returned as well.")
def nearest_with_excluded(query, embeddings, count, exclude):
    return nearest_by(cosines(query, embeddings), embeddings, count, [])


@nearest_words.misconception(
    "The first `count` words are taken before the excluded ones are removed, so too few are left."
)
def nearest_removed_afterwards(query, embeddings, count, exclude):
    order = nearest_by(cosines(query, embeddings), embeddings, count, [])
    return nearest_by(cosines(query, embeddings), embeddings, len(embeddings), exclude)[
        : int((~torch.isin(order, torch.tensor(exclude, dtype=torch.int64))).sum())
    ]


@nearest_words.misconception(
    "The nearest word is always left out, as if it were the query itself; only `exclude` is."
)
def nearest_without_the_first(query, embeddings, count, exclude):
    order = nearest_by(cosines(query, embeddings), embeddings, len(embeddings), exclude)
    return order[1 : count + 1]


@nearest_words.misconception("The sign of the cosine is lost: opposite directions are not near.")
def nearest_by_absolute_cosine(query, embeddings, count, exclude):
    return nearest_by(cosines(query, embeddings).abs(), embeddings, count, exclude)


@nearest_words.misconception(
    "Excluded words are given the score -infinity but stay in the list: where too few others are "
    "left, they come back. The list gets shorter instead."
)
def nearest_with_too_many(query, embeddings, count, exclude):
    score = cosines(query, embeddings).clone()
    score[exclude] = -torch.inf
    return score.sort(descending=True, stable=True).indices[:count]


@nearest_words.misconception(
    "Of equally near words the one of higher id comes first; the lower id has to."
)
def nearest_last_first(query, embeddings, count, exclude):
    order = cosines(query, embeddings).sort(stable=True).indices.flip(0)
    return order[~torch.isin(order, torch.tensor(exclude, dtype=torch.int64))][:count]


@nearest_words.misconception(
    "A vector of zeros has no direction and 0 divided by 0 is NaN; its cosine counts as 0."
)
def nearest_with_nan(query, embeddings, count, exclude):
    length = embeddings.norm(dim=-1) * query.norm()
    return nearest_by(embeddings @ query / length, embeddings, count, exclude)


@nearest_words.alternative
def nearest_by_cosine_similarity(query, embeddings, count, exclude):
    # rounded, as cosines of parallel vectors differ in the last bit
    cosine = F.cosine_similarity(embeddings, query[None], dim=-1, eps=1e-12)
    kept = [word for word in range(len(embeddings)) if word not in exclude]
    ranked = sorted(kept, key=lambda word: (-round(float(cosine[word]), 6), word))
    return torch.tensor(ranked[:count], dtype=torch.int64)


@nearest_words.alternative
def nearest_by_argsort(query, embeddings, count, exclude):
    length = embeddings.norm(dim=1) * query.norm()
    cosine = torch.where(length > 0, embeddings @ query / length.clamp(min=1e-30), 0)
    order = torch.argsort(-cosine, stable=True)
    keep = torch.ones(len(embeddings), dtype=torch.bool)
    keep[exclude] = False
    return order[keep[order]][:count]


@nearest_words.alternative
def nearest_by_loop(query, embeddings, count, exclude):
    score = cosines(query, embeddings).clone()
    left = len(score) - len(set(exclude))
    score[exclude] = -torch.inf
    found = []
    for _ in range(min(count, left)):
        found.append(int(score.argmax()))
        score[found[-1]] = -torch.inf
    return torch.tensor(found, dtype=torch.int64)


# --- analogy -------------------------------------------------------------------------------------


def planted(draw: Draw, noise: float = 0.05) -> tuple[list[int], Tensor]:
    """Return three words and embeddings in which a fourth completes them, lengths being equal."""
    width, words = draw.integer(8, 12), draw.integer(10, 16)
    ids = torch.randperm(words, generator=draw.generator)[:4].tolist()
    embeddings = F.normalize(draw.normal(words, width), dim=-1)
    goal = embeddings[ids[1]] - embeddings[ids[0]] + embeddings[ids[2]]
    embeddings[ids[3]] = F.normalize(goal + noise * draw.normal(width), dim=-1)
    return ids[:3], embeddings


def clear_analogies(draw: Draw) -> list[Call]:
    calls = []
    for count in range(6):
        ids, embeddings = planted(draw)
        calls.append(Call((*ids, embeddings), tries=f"a planted analogy of unit vectors, {count}"))
    return calls


def analogies_of_unequal_lengths(draw: Draw) -> list[Call]:
    calls = []
    for count in range(20):
        words, width = draw.integer(12, 20), draw.integer(4, 8)
        ids = torch.randperm(words, generator=draw.generator)[:3].tolist()
        embeddings = table(draw, words, width)
        if count % 2:
            embeddings = embeddings.double()
        calls.append(Call((*ids, embeddings), tries="vectors of very different lengths"))
    # exact in the machine: the goal is (-1, 1, 1)
    axes = torch.tensor([[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 4, 0], [0, 0, 2], [0, 8, 0]])
    calls.append(Call((1, 2, 0, axes.float()), tries="words that are equally near"))
    away = torch.cat([torch.eye(3), torch.tensor([1.0, -1.0, -1.0]) + 0.2 * draw.normal(5, 3)])
    calls.append(Call((0, 1, 2, away), tries="all words point away from the goal"))
    return calls


def analogies_near_the_question(draw: Draw) -> list[Call]:
    calls = []
    for _ in range(10):
        words, width = draw.integer(10, 14), draw.integer(4, 6)
        embeddings = draw.normal(words, width)
        first, second, third = torch.randperm(words, generator=draw.generator)[:3].tolist()
        # second is near first, so the goal is near third; and the other way around
        embeddings[second] = embeddings[first] + 0.1 * draw.normal(width)
        near = embeddings.clone()
        calls.append(Call((first, second, third, near), tries="the goal is near the third"))
        calls.append(Call((first, third, second, near), tries="the goal is near the second"))
        embeddings[[first, third]] = embeddings[second] + 0.1 * draw.normal(2, width)
        calls.append(Call((first, second, third, embeddings), tries="all three near each other"))
    return calls


analogy = Exercise(
    "embeddings.analogy",
    parts=[
        Part("planted analogies", 1, clear_analogies, Same(), public=True),
        Part("unequal lengths", 1, analogies_of_unequal_lengths, Same()),
        Part("words of the question", 1, analogies_near_the_question, Same()),
    ],
    equivalent={"int(cosine.argmax()) -> cosine.argmax()": "a tensor of one number is a number"},
)


def answered(embeddings, goal, exclude):
    """Return the word whose embedding has the largest cosine with the goal."""
    cosine = F.normalize(embeddings, dim=-1) @ goal
    cosine[list(exclude)] = -torch.inf
    return int(cosine.argmax())


@analogy.misconception(
    "The words of the question can be the answer. They are often nearest, and have to be left out."
)
def analogy_with_the_question(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    return answered(embeddings, unit[second] - unit[first] + unit[third], [])


@analogy.misconception(
    "Only the third word is left out; none of the three words of the question may be the answer."
)
def analogy_without_the_third(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    return answered(embeddings, unit[second] - unit[first] + unit[third], [third])


@analogy.misconception(
    "The direction is turned around: second - first + third, not first - second + third."
)
def analogy_backwards(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    return answered(embeddings, unit[first] - unit[second] + unit[third], [first, second, third])


@analogy.misconception("All three vectors are added; the first one is subtracted.")
def analogy_by_adding(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    return answered(embeddings, unit[first] + unit[second] + unit[third], [first, second, third])


@analogy.misconception("The third word is forgotten: second - first is only the direction.")
def analogy_without_a_start(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    return answered(embeddings, unit[second] - unit[first], [first, second, third])


@analogy.misconception(
    "The vectors of the question are used as they are. Scale each to length 1 first, or a long one "
    "drowns the others."
)
def analogy_of_raw_vectors(first, second, third, embeddings):
    goal = embeddings[second] - embeddings[first] + embeddings[third]
    return answered(embeddings, goal, [first, second, third])


@analogy.misconception(
    "The answer is the word with the largest dot product, so long vectors win; take the cosine."
)
def analogy_by_dot_product(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    product = embeddings @ (unit[second] - unit[first] + unit[third])
    product[[first, second, third]] = -torch.inf
    return int(product.argmax())


@analogy.misconception(
    "The answer is the nearest point; the angle is asked for, so take the cosine."
)
def analogy_by_distance(first, second, third, embeddings):
    unit = F.normalize(embeddings, dim=-1)
    distance = (embeddings - (unit[second] - unit[first] + unit[third])).norm(dim=-1)
    distance[[first, second, third]] = torch.inf
    return int(distance.argmin())


@analogy.alternative
def analogy_by_cosine_similarity(first, second, third, embeddings):
    a, b, c = (embeddings[i] / embeddings[i].norm() for i in (first, second, third))
    score = F.cosine_similarity(embeddings, (b - a + c).unsqueeze(0))
    order = score.argsort(descending=True)
    return next(word for word in order.tolist() if word not in (first, second, third))


@analogy.alternative
def analogy_by_three_cosines(first, second, third, embeddings):
    unit = embeddings / embeddings.norm(dim=-1, keepdim=True)
    score = unit @ unit[second] - unit @ unit[first] + unit @ unit[third]
    asked = {first, second, third}
    return max((w for w in range(len(unit)) if w not in asked), key=lambda w: score[w].item())


# --- patchify ------------------------------------------------------------------------------------


def numbered_images(draw: Draw) -> list[Call]:
    return [
        Call((torch.arange(8).view(1, 1, 2, 4), 2), tries="two patches side by side"),
        Call((torch.arange(8).view(1, 1, 4, 2), 2), tries="two patches, one above the other"),
        Call((torch.arange(36.0).view(1, 1, 6, 6), 3), tries="four patches of 3 by 3"),
        Call((torch.arange(6).view(1, 1, 2, 3), 1), tries="patches of one pixel"),
        Call((draw.normal(1, 1, 8, 8), 8), tries="one patch, the whole image"),
    ]


def images_with_channels(draw: Draw) -> list[Call]:
    batch, channels, rows, columns, size = draw.sizes(5, 2, 7)
    images = draw.normal(batch, channels, rows * size, columns * size)
    square = draw.normal(2, 2, 4, 4)
    return [
        Call((images, size), tries="a batch of images with channels, all sizes unequal"),
        Call((square, 2), tries="all sizes 2"),
        Call((draw.scattered(images), size), tries="scattered in memory"),
        Call((draw.integers(0, 255, 2, 3, 4, 6), 2), tries="integers"),
        Call((draw.normal(*images.shape, dtype=torch.float64), size), tries="float64"),
    ]


def images_without_whole_patches(draw: Draw) -> list[Call]:
    size = draw.integer(3, 5)
    return [
        Call((draw.normal(1, 2, 2 * size, 3 * size + 1), size), tries="a width that does not fit"),
        Call((draw.normal(1, 2, 2 * size - 1, 3 * size), size), tries="a height that does not fit"),
        Call((draw.normal(1, 1, size, 2 * size), size), tries="a size that fits"),
        Call((draw.normal(1, 1, 2 * size, size // 2 * 3), 2 * size), tries="a patch too large"),
        # as many pixels as whole patches would have
        Call((draw.normal(1, 1, 2, 8), 4), tries="a height smaller than a patch"),
    ]


patchify = Exercise(
    "embeddings.patchify",
    parts=[
        Part("gray images", 1, numbered_images, Same(), public=True),
        Part("channels", 1, images_with_channels, Same()),
        Part("no whole patches", 1, images_without_whole_patches, Same()),
    ],
    forbidden=("unfold", "Unfold", "im2col", "pixel_unshuffle", "PixelUnshuffle"),
)


def checked(images, patch_size):
    """Refuse what the contract refuses."""
    if images.shape[2] % patch_size or images.shape[3] % patch_size:
        raise ValueError("no whole patches")
    return (*images.shape, images.shape[2] // patch_size, images.shape[3] // patch_size)


@patchify.misconception(
    "The pixels are only counted off, so a patch holds pixels of one row of the image. `reshape` "
    "alone cannot cut squares: separate rows and columns of patches first, then reorder."
)
def patchify_by_reshape(images, patch_size):
    batch, channels, *_, rows, columns = checked(images, patch_size)
    return images.reshape(batch, rows * columns, channels * patch_size**2)


@patchify.misconception(
    "Patches are in order of columns; reading order goes row by row, from the left."
)
def patchify_column_by_column(images, patch_size):
    batch, channels, *_, rows, columns = checked(images, patch_size)
    grid = images.reshape(batch, channels, rows, patch_size, columns, patch_size)
    return grid.permute(0, 4, 2, 1, 3, 5).reshape(batch, rows * columns, -1)


@patchify.misconception(
    "Each patch is transposed: its pixels are in order of columns, not of rows."
)
def patchify_transposed(images, patch_size):
    batch, channels, *_, rows, columns = checked(images, patch_size)
    grid = images.reshape(batch, channels, rows, patch_size, columns, patch_size)
    return grid.permute(0, 2, 4, 1, 5, 3).reshape(batch, rows * columns, -1)


@patchify.misconception(
    "The channels of a pixel stand side by side; all pixels of the first channel come first, then "
    "those of the second."
)
def patchify_channels_last(images, patch_size):
    batch, channels, *_, rows, columns = checked(images, patch_size)
    grid = images.reshape(batch, channels, rows, patch_size, columns, patch_size)
    return grid.permute(0, 2, 4, 3, 5, 1).reshape(batch, rows * columns, -1)


@patchify.misconception(
    "Each channel has patches of its own; one patch holds the pixels of all channels."
)
def patchify_channel_by_channel(images, patch_size):
    batch, channels, *_, rows, columns = checked(images, patch_size)
    grid = images.reshape(batch, channels, rows, patch_size, columns, patch_size)
    return grid.permute(0, 1, 2, 4, 3, 5).reshape(batch, channels * rows * columns, -1)


@patchify.misconception(
    "Pixels are taken with a stride, so that a patch is a coarse copy of the whole image; a patch "
    "is a square of neighboring pixels."
)
def patchify_with_a_stride(images, patch_size):
    batch, channels, *_, rows, columns = checked(images, patch_size)
    grid = images.reshape(batch, channels, patch_size, rows, patch_size, columns)
    return grid.permute(0, 3, 5, 1, 2, 4).reshape(batch, rows * columns, -1)


@patchify.misconception(
    "What does not fill a patch is cut off; height or width that does not fit is a ValueError."
)
def patchify_cuts_off(images, patch_size):
    rows, columns = images.shape[2] // patch_size, images.shape[3] // patch_size
    images = images[:, :, : rows * patch_size, : columns * patch_size]
    return reference.patchify(images, patch_size)


@patchify.misconception(
    "The patches are kept as squares, (channels, size, size); each is to be one vector."
)
def patchify_squares(images, patch_size):
    batch, channels, *_, rows, columns = checked(images, patch_size)
    grid = images.reshape(batch, channels, rows, patch_size, columns, patch_size)
    grid = grid.permute(0, 2, 4, 1, 3, 5)
    return grid.reshape(batch, rows * columns, channels, patch_size, patch_size)


@patchify.alternative
def patchify_by_unfold(images, patch_size):
    checked(images, patch_size)
    pieces = images.unfold(2, patch_size, patch_size).unfold(3, patch_size, patch_size)
    return pieces.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


@patchify.alternative
def patchify_by_loops(images, patch_size):
    *_, rows, columns = checked(images, patch_size)
    patches = []
    for row in range(rows):
        for column in range(columns):
            top, left = row * patch_size, column * patch_size
            patch = images[:, :, top : top + patch_size, left : left + patch_size]
            patches.append(patch.flatten(1))
    return torch.stack(patches, dim=1)


@patchify.alternative
def patchify_by_splitting(images, patch_size):
    checked(images, patch_size)
    rows = images.split(patch_size, dim=2)
    squares = [square for row in rows for square in row.split(patch_size, dim=3)]
    return torch.stack([square.reshape(len(images), -1) for square in squares], 1)


# --- splice_image --------------------------------------------------------------------------------


def spliced(draw: Draw, batch: int, places: str = "any") -> tuple:
    """Return arguments in which each row has its placeholder at another place."""
    length, patches, width = draw.sizes(3, 3, 8)
    placeholder = draw.integer(5, 9)
    tokens = draw.integers(0, 99, batch, length)
    tokens[tokens == placeholder] = 0
    for row in range(batch):
        place = {"first": 0, "last": length - 1}.get(places, draw.integer(0, length - 1))
        tokens[row, place] = placeholder
    return (
        draw.normal(batch, length, width),
        tokens,
        draw.normal(batch, patches, width),
        placeholder,
    )


def one_text(draw: Draw) -> list[Call]:
    words = torch.tensor([[[1.0], [2.0], [3.0]]])
    image = torch.tensor([[[10.0], [20.0]]])
    return [
        Call((words, torch.tensor([[4, 9, 5]]), image, 9), tries="an image in the middle"),
        Call(spliced(draw, 1, "first"), tries="an image at the start"),
        Call(spliced(draw, 1, "last"), tries="an image at the end"),
        Call((words, torch.tensor([[4, 0, 5]]), image[:, :1], 0), tries="placeholder 0, one patch"),
    ]


def several_texts(draw: Draw) -> list[Call]:
    batch = draw.integer(3, 5)
    embeddings, tokens, image, placeholder = spliced(draw, batch)
    tokens[tokens == placeholder] = 0
    tokens[torch.arange(batch), torch.arange(batch) % tokens.shape[1]] = placeholder
    doubled = (embeddings.double(), tokens, image.double(), placeholder)
    return [
        Call((embeddings, tokens, image, placeholder), tries="placeholders at different places"),
        Call(spliced(draw, batch), tries="random places"),
        Call(
            (draw.scattered(embeddings), tokens, draw.scattered(image), placeholder),
            tries="scattered in memory",
        ),
        Call(doubled, tries="float64"),
        Call(
            (embeddings[:1, :1], tokens[:1, :1] * 0 + placeholder, image[:1], placeholder),
            tries="a text that is nothing but a placeholder",
        ),
    ]


def no_single_placeholder(draw: Draw) -> list[Call]:
    embeddings, tokens, image, placeholder = spliced(draw, 3)
    none, two = tokens.clone(), tokens.clone()
    none[1] = 0
    two[2] = 0
    two[2, 0] = two[2, -1] = placeholder
    uneven = two.clone()
    uneven[0] = 0
    return [
        Call((embeddings, none, image, placeholder), tries="a text without a placeholder"),
        Call((embeddings, tokens, image, placeholder), tries="texts as they should be"),
        Call((embeddings, two, image, placeholder), tries="a text with two placeholders"),
        Call((embeddings, uneven, image, placeholder), tries="one text with two, one with none"),
    ]


splice_image = Exercise(
    "embeddings.splice_image",
    parts=[
        Part("one text", 1, one_text, Same(), public=True),
        Part("several texts", 1, several_texts, Same()),
        Part("no single placeholder", 1, no_single_placeholder, Same()),
    ],
)


def once_in_each(tokens, placeholder):
    """Return the places of the placeholders, refusing what the contract refuses."""
    if ((tokens == placeholder).sum(1) != 1).any():
        raise ValueError("not exactly one placeholder")
    return (tokens == placeholder).int().argmax(1).tolist()


def spliced_rows(token_embeddings, tokens, image_embeddings, placeholder, join):
    """Join the parts of each row as `join` has it."""
    places = once_in_each(tokens, placeholder)
    rows = [
        join(words, image, place)
        for words, image, place in zip(token_embeddings, image_embeddings, places, strict=True)
    ]
    return torch.stack(rows)


@splice_image.misconception(
    "The placeholder's own embedding is still there; the patches come in its place."
)
def splice_keeps_placeholder(token_embeddings, tokens, image_embeddings, placeholder):
    return spliced_rows(
        token_embeddings,
        tokens,
        image_embeddings,
        placeholder,
        lambda words, image, place: torch.cat([words[: place + 1], image, words[place + 1 :]]),
    )


@splice_image.misconception(
    "The image stands at the start of the text, wherever the placeholder is."
)
def splice_at_the_start(token_embeddings, tokens, image_embeddings, placeholder):
    return spliced_rows(
        token_embeddings,
        tokens,
        image_embeddings,
        placeholder,
        lambda words, image, place: torch.cat([image, words[:place], words[place + 1 :]]),
    )


@splice_image.misconception(
    "The patches overwrite the tokens after the placeholder; these have to move back."
)
def splice_overwrites(token_embeddings, tokens, image_embeddings, placeholder):
    patches = image_embeddings.shape[1]
    return spliced_rows(
        token_embeddings,
        tokens,
        image_embeddings,
        placeholder,
        lambda words, image, place: torch.cat([words[:place], image, words[place + patches :]])[
            : len(words)
        ],
    )


@splice_image.misconception(
    "All rows use the place of the first row's placeholder; each row has its own."
)
def splice_at_one_place(token_embeddings, tokens, image_embeddings, placeholder):
    place = once_in_each(tokens, placeholder)[0]
    before, after = token_embeddings[:, :place], token_embeddings[:, place + 1 :]
    return torch.cat([before, image_embeddings, after], dim=1)


@splice_image.misconception("All rows get the image of the first row; row i gets image i.")
def splice_one_image(token_embeddings, tokens, image_embeddings, placeholder):
    first = image_embeddings[:1].expand_as(image_embeddings)
    return reference.splice_image(token_embeddings, tokens, first, placeholder)


@splice_image.misconception(
    "The patches are averaged into one vector; every patch gets a place of its own."
)
def splice_averages(token_embeddings, tokens, image_embeddings, placeholder):
    mean = image_embeddings.mean(1, keepdim=True)
    return reference.splice_image(token_embeddings, tokens, mean, placeholder)


@splice_image.misconception("The token before the image is missing.")
def splice_loses_a_token(token_embeddings, tokens, image_embeddings, placeholder):
    return spliced_rows(
        token_embeddings,
        tokens,
        image_embeddings,
        placeholder,
        lambda words, image, place: torch.cat(
            [words[: max(place - 1, 0)], image, words[place + 1 :]]
        ),
    )


@splice_image.misconception(
    "A text without exactly one placeholder is accepted; it has to raise a ValueError."
)
def splice_unchecked(token_embeddings, tokens, image_embeddings, placeholder):
    places = (tokens == placeholder).int().argmax(1).tolist()
    rows = [
        torch.cat([words[:place], image, words[place + 1 :]])
        for words, image, place in zip(token_embeddings, image_embeddings, places, strict=True)
    ]
    return torch.stack(rows)


@splice_image.misconception(
    "The placeholders of the whole batch are counted; each row must hold exactly one."
)
def splice_counts_the_batch(token_embeddings, tokens, image_embeddings, placeholder):
    if (tokens == placeholder).sum() != len(tokens):
        raise ValueError("not one placeholder for each text")
    return splice_unchecked(token_embeddings, tokens, image_embeddings, placeholder)


@splice_image.alternative
def splice_by_gathering(token_embeddings, tokens, image_embeddings, placeholder):
    once_in_each(tokens, placeholder)
    place = (tokens == placeholder).nonzero()[:, 1:]  # (batch, 1)
    length, patches = tokens.shape[1], image_embeddings.shape[1]
    position = torch.arange(length - 1 + patches)[None]
    both = torch.cat([token_embeddings, image_embeddings], dim=1)
    source = torch.where(position < place, position, position - patches + 1)
    inside = (position >= place) & (position < place + patches)
    source = torch.where(inside, length + position - place, source)
    return both.gather(1, source[..., None].expand(-1, -1, both.shape[-1]))


@splice_image.alternative
def splice_by_masks(token_embeddings, tokens, image_embeddings, placeholder):
    once_in_each(tokens, placeholder)
    rows = []
    for words, ids, image in zip(token_embeddings, tokens, image_embeddings, strict=True):
        seen = (ids == placeholder).cumsum(0)
        before, after = words[seen == 0], words[(seen == 1) & (ids != placeholder)]
        rows.append(torch.cat([before, image, after], dim=0))
    return torch.stack(rows)


@splice_image.alternative
def splice_by_loops(token_embeddings, tokens, image_embeddings, placeholder):
    result = []
    for row, ids in enumerate(tokens.tolist()):
        if ids.count(placeholder) != 1:
            raise ValueError("not exactly one placeholder")
        parts = []
        for place, token in enumerate(ids):
            if token == placeholder:
                parts.extend(image_embeddings[row])
            else:
                parts.append(token_embeddings[row, place])
        result.append(torch.stack(parts))
    return torch.stack(result)
