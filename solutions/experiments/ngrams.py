"""N-gram models: what counting alone can predict, the baseline of every language model.

An n-gram model guesses the next token from the n - 1 before it, by what followed them in the
training text. Where they never stood there, or rarely, it backs off to fewer of them, down to an
even guess over the vocabulary. Order 0 is that even guess, order 1 counts single tokens, order 2
pairs.
"""

import gzip
import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Level:
    """The counts of one order k. A key is a sequence of ids, read as the digits of a number.

    Attributes:
        discount: taken off every count, between 0 and 1, and given to the order below.
        keys: the k-grams that were seen, ascending, int64.
        counts: of each k-gram, float64.
        contexts: the sequences of k - 1 ids that k-grams began with, ascending, int64.
        totals: the sum of the counts of each context's k-grams, float64.
        followers: how many different ids followed each context, float64.
    """

    discount: float
    keys: Tensor
    counts: Tensor
    contexts: Tensor
    totals: Tensor
    followers: Tensor


@dataclass(frozen=True)
class NGramModel:
    """An interpolated n-gram model; made by `fit`.

    Attributes:
        vocabulary_size: the number of different ids.
        levels: the counts of orders 1, 2, ... up to the model's own.
    """

    vocabulary_size: int
    levels: list[Level]

    @property
    def order(self) -> int:
        """How many tokens a prediction rests on, the predicted one included."""
        return len(self.levels)

    def log_probabilities(self, tokens: Tensor) -> Tensor:
        """Give the logarithm of the probability of each token, given those before it.

        The first tokens have shorter contexts, the very first none.

        Args:
            tokens: (n,), int64, ids below `vocabulary_size`.

        Returns:
            (n,), float64, in nats; finite.
        """
        probability = torch.full(tokens.shape, 1.0 / self.vocabulary_size, dtype=torch.float64)
        for k, level in enumerate(self.levels, 1):
            if len(tokens) < k:
                break
            keys = sequence_keys(tokens, k, self.vocabulary_size)
            better = self._interpolate(level, keys, probability[k - 1 :])
            probability = torch.cat((probability[: k - 1], better))
        return probability.log()

    def distribution(self, context: Tensor) -> Tensor:
        """Give the probability of every token after a context.

        Args:
            context: (length,), int64; only its last `order - 1` ids count.

        Returns:
            (vocabulary_size,), float64; sums to 1.
        """
        probability = torch.full(
            (self.vocabulary_size,), 1.0 / self.vocabulary_size, dtype=torch.float64
        )
        every = torch.arange(self.vocabulary_size)
        for k, level in enumerate(self.levels[: len(context) + 1], 1):
            key = 0
            for token in context[len(context) - (k - 1) :].tolist():
                key = key * self.vocabulary_size + token
            probability = self._interpolate(level, key * self.vocabulary_size + every, probability)
        return probability

    def _interpolate(self, level: Level, keys: Tensor, lower: Tensor) -> Tensor:
        count = _look_up(keys, level.keys, level.counts)
        context = keys // self.vocabulary_size
        total = _look_up(context, level.contexts, level.totals)
        followers = _look_up(context, level.contexts, level.followers)
        kept = (count - level.discount).clamp(min=0)
        mixed = (kept + level.discount * followers * lower) / total.clamp(min=1)
        return torch.where(total > 0, mixed, lower)


def fit(tokens: Tensor, order: int, vocabulary_size: int) -> NGramModel:
    """Count a training text into an n-gram model with interpolated Kneser-Ney smoothing.

    Each level takes a discount off every count and gives what it saves to the level below, in
    proportion to how many different tokens followed the context. The highest level counts how
    often a sequence occurs, every lower one how many different tokens stood before it. The
    discount of a level is `n1 / (n1 + 2 * n2)` with `n1` counts of 1 and `n2` counts of 2, and
    0.5 where there are none of either.

    Args:
        tokens: (n,), int64, ids below `vocabulary_size`; at least `order` of them.
        order: at least 0; 0 is the even guess.
        vocabulary_size: the number of different ids.

    Raises:
        ValueError: if the text is shorter than `order`, or `vocabulary_size ** order` exceeds
            what an int64 holds.

    Source: Kneser and Ney (1995); interpolated as in Chen and Goodman (1999), section 3.
    """
    if len(tokens) < order:
        raise ValueError(f"an n-gram model of order {order} needs at least {order} tokens")
    if vocabulary_size**order >= 2**63:
        raise ValueError(f"order {order} is too high for a vocabulary of {vocabulary_size:,}")
    levels: list[Level] = []
    keys, counts = torch.empty(0, dtype=torch.long), torch.empty(0, dtype=torch.long)
    for k in range(order, 0, -1):
        if k == order:
            keys, counts = sequence_keys(tokens, k, vocabulary_size).unique(return_counts=True)
        else:
            # of each longer sequence that was seen, all but its first token
            shortened = keys % vocabulary_size**k
            keys, counts = shortened.unique(return_counts=True)
        levels.insert(0, _level(keys, counts, vocabulary_size))
    return NGramModel(vocabulary_size, levels)


def sequence_keys(tokens: Tensor, length: int, vocabulary_size: int) -> Tensor:
    """Read every run of `length` tokens as a number, (n - length + 1,), int64."""
    runs = len(tokens) - length + 1
    key = torch.zeros(runs, dtype=torch.long)
    for i in range(length):
        key = key * vocabulary_size + tokens[i : i + runs]
    return key


def _level(keys: Tensor, counts: Tensor, vocabulary_size: int) -> Level:
    contexts, place, followers = (keys // vocabulary_size).unique(
        return_inverse=True, return_counts=True
    )
    counts = counts.double()
    totals = torch.zeros(len(contexts), dtype=torch.float64).index_add_(0, place, counts)
    once, twice = (counts == 1).sum().item(), (counts == 2).sum().item()
    discount = once / (once + 2 * twice) if once and twice else 0.5
    return Level(discount, keys, counts, contexts, totals, followers.double())


def _look_up(wanted: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Find each key's value; 0 for a key that is not there."""
    place = torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)
    return torch.where(keys[place] == wanted, values[place], 0.0)


def bits_per_byte(model: NGramModel, tokens: Tensor, byte_lengths: Tensor) -> float:
    """Measure a model on a stream of tokens: every token but the first is predicted.

    A window at a time, as a transformer of a fixed context length is measured, makes no
    difference here: a context is never longer than `model.order - 1` tokens.

    Args:
        model: made by `fit`.
        tokens: (n,), int64; n at least 2.
        byte_lengths: bytes of text that each id stands for, (vocabulary_size,).
    """
    nats = -model.log_probabilities(tokens)[1:].sum().item()
    return nats / math.log(2) / byte_lengths[tokens[1:]].sum().item()


def gzip_bits_per_byte(text: str) -> float:
    """Compress a text with gzip at its best and give the bits it needs for each byte.

    gzip has learned nothing beforehand: it may point back to repetitions within the last 32 kB
    of this very text.
    """
    content = text.encode("utf-8")
    return 8 * len(gzip.compress(content, compresslevel=9, mtime=0)) / len(content)
