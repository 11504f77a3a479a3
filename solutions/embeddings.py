"""Embeddings: words as vectors learned by Word2Vec, images as vectors by cutting them up.

Names used throughout:

- Word ids are whole numbers from 0; an *embedding* is the row of a table that belongs to an id.
- Word2Vec has two tables. A *hidden* vector comes from the first: a word's own row in skip-gram,
  the mean of the context words' rows in CBOW. The second table holds the *output* rows that hidden
  vectors are compared with. What is kept in the end is the first.
- *Noise* words are drawn at random; the model learns to tell them from words that really stood
  there.
- No function changes its arguments.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, normalize

# --- what is predicted from what ------------------------------------------------------------------


def cbow_pairs(tokens: Tensor, window: int) -> tuple[Tensor, Tensor]:
    """Pair every token with its neighbors: CBOW predicts the token from them.

    Args:
        tokens: (length,) int64, a text as word ids; can be empty.
        window: how many neighbors to take on each side, at least 1.

    Returns:
        contexts: (length, 2 * window) int64. Row i holds the tokens at positions i - window to
            i - 1, then those at i + 1 to i + window; -1 where the text has no such position.
        targets: (length,) int64, the tokens themselves.

    Source: Mikolov et al. (2013), arXiv:1301.3781, section 3.1.

    Example:
        >>> cbow_pairs(torch.tensor([5, 6, 7]), 2)[0]
        tensor([[-1, -1,  6,  7],
                [-1,  5,  7, -1],
                [ 5,  6, -1, -1]])
    """
    offsets = torch.tensor([*range(-window, 0), *range(1, window + 1)])
    positions = torch.arange(len(tokens)).unsqueeze(1) + offsets  # (length, 2 * window)
    outside = (positions < 0) | (positions >= len(tokens))
    contexts = tokens[positions.masked_fill(outside, 0)] if len(tokens) else positions
    return contexts.masked_fill(outside, -1), tokens


def skipgram_pairs(tokens: Tensor, window: int) -> Tensor:
    """Pair every token with each of its neighbors: skip-gram predicts the neighbor from the token.

    Args:
        tokens: (length,) int64, a text as word ids; can be empty.
        window: how far away, on each side, a neighbor may be; at least 1.

    Returns:
        (pairs, 2) int64. Column 0 is a token, column 1 a neighbor of it. Pairs are in order of the
        token's position, those of one token in order of the neighbor's. A text of one token or
        none gives shape (0, 2).

    Source: Mikolov et al. (2013), arXiv:1301.3781, section 3.2.

    Example:
        >>> skipgram_pairs(torch.tensor([5, 6, 7]), 1)
        tensor([[5, 6],
                [6, 5],
                [6, 7],
                [7, 6]])
    """
    positions = torch.arange(len(tokens))
    distance = (positions.unsqueeze(1) - positions).abs()  # (length, length)
    return tokens[((distance > 0) & (distance <= window)).nonzero()]


# --- negative sampling ----------------------------------------------------------------------------


def noise_distribution(counts: Tensor, power: float = 0.75) -> Tensor:
    """Return how likely each word is to be drawn as noise: its count to a power, over the sum.

    A power below 1 makes rare words more likely than they are in the text, and common ones less.

    Args:
        counts: (vocabulary_size,) int64, how often each word occurs; at least one is positive. A
            word that does not occur is never drawn.
        power: positive.

    Returns:
        (vocabulary_size,) float32, sums to 1.

    Source: Mikolov et al. (2013), arXiv:1310.4546, section 2.2.

    Example:
        >>> noise_distribution(torch.tensor([1, 16, 0]))
        tensor([0.1111, 0.8889, 0.0000])
    """
    weights = counts**power
    return weights / weights.sum()


def negative_sampling_loss(hidden: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
    """Return how badly real neighbors are told from noise words.

    For one example with hidden vector h, the output vector p of the word that really stands there,
    and the output vectors n₁ ... nₖ of noise words:

        loss = -log σ(h·p) - Σᵢ log σ(-h·nᵢ),    σ(x) = 1 / (1 + exp(-x))

    Args:
        hidden: (batch, width), floating point.
        positive: (batch, width), the dtype of `hidden`.
        negative: (batch, negatives, width), the dtype of `hidden`.

    Returns:
        (), the mean over the batch of the examples' losses. Finite for scores of any size.

    Source: Mikolov et al. (2013), arXiv:1310.4546, equation 4, with the sign turned.
    """
    positive_score = (hidden * positive).sum(1)  # (batch,)
    negative_score = (negative * hidden.unsqueeze(1)).sum(2)  # (batch, negatives)
    return -(logsigmoid(positive_score) + logsigmoid(-negative_score).sum(1)).mean()


def negative_sampling_gradient(
    hidden: Tensor, positive: Tensor, negative: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradient of `negative_sampling_loss`, in closed form.

    The derivative of -log σ(x) is σ(x) - 1, that of -log σ(-x) is σ(x). Each score's derivative
    times one of its two vectors is the gradient for the other.

    Args:
        hidden: (batch, width), floating point.
        positive: (batch, width), the dtype of `hidden`.
        negative: (batch, negatives, width), the dtype of `hidden`.

    Returns:
        The gradients of the loss (the mean over the batch) with respect to `hidden`, `positive` and
        `negative`, in this order, each of the shape of its argument.

    Source: Goldberg and Levy (2014), arXiv:1402.3722, section 2 gives the loss; the gradient
    follows by the chain rule.
    """
    batch = len(hidden)
    positive_error = torch.sigmoid((hidden * positive).sum(1, keepdim=True)) - 1  # (batch, 1)
    negative_error = torch.sigmoid(negative @ hidden.unsqueeze(2))  # (batch, negatives, 1)
    hidden_gradient = positive_error * positive + (negative_error * negative).sum(1)
    positive_gradient = positive_error * hidden
    negative_gradient = negative_error * hidden.unsqueeze(1)
    return hidden_gradient / batch, positive_gradient / batch, negative_gradient / batch


# --- training -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Word2VecSettings:
    """How word vectors are trained; apart from model and epochs, the defaults are gensim's."""

    model: Literal["skip-gram", "cbow"] = "skip-gram"
    width: int = 100
    window: int = 5  # the largest; each position draws its own from 1 to this
    negatives: int = 5  # noise words for each word predicted
    epochs: int = 10
    minimum_count: int = 5  # rarer words are left out
    subsampling: float = 1e-3  # words more frequent than this are thinned out
    learning_rate: float = 0.025  # at the start; falls in a straight line
    final_learning_rate: float = 1e-4
    # in CBOW the hidden vector is a mean, so that each context word's share of its gradient is one
    # part in as many as there are. word2vec and gensim leave this division out.
    divide_gradient: bool = False


def word_lists(texts: Iterable[str]) -> list[list[str]]:
    """Cut texts into lines and each line into lower-case words: runs of letters, nothing else."""
    lines = (line.lower() for text in texts for line in text.splitlines())
    words = (re.findall(r"[^\W\d_]+", line) for line in lines)
    return [found for found in words if found]


def count_vocabulary(sentences: Iterable[Sequence[str]], minimum_count: int) -> dict[str, int]:
    """Return the words that occur at least `minimum_count` times, the most frequent first."""
    counts = Counter(word for sentence in sentences for word in sentence)
    return {word: count for word, count in counts.most_common() if count >= minimum_count}


def train_word2vec(
    sentences: Sequence[Sequence[str]], settings: Word2VecSettings, generator: torch.Generator
) -> tuple[list[str], Tensor]:
    """Learn word vectors from text by CBOW or skip-gram with negative sampling.

    Word2Vec goes through the text word by word. Here up to 512 words are done in one step, in
    blocks of 32 neighboring words, which is why it is fast: all scores of a block are one matrix
    product, and the words of a block share 32 noise words, weighted so that each counts as often as
    if every word had drawn its own. All changes of a step are worked out before any is made. A row
    that gets too many changes at once overshoots, and training diverges; so steps are the shorter,
    the larger the learning rate and the more frequent the most frequent word.

    Args:
        sentences: texts as lists of words; no word is paired with one of another sentence.
        settings: see `Word2VecSettings`.
        generator: draws everything that is random.

    Returns:
        words: the vocabulary, the most frequent first.
        embeddings: (vocabulary_size, width) float32.

    Raises:
        ValueError: no word occurs often enough.

    Source: Mikolov et al. (2013), arXiv:1310.4546; thinning out as in their code. Noise words
    shared by neighboring words: Ji et al. (2016), arXiv:1604.04661.
    """
    vocabulary = count_vocabulary(sentences, settings.minimum_count)
    if not vocabulary:
        raise ValueError(f"no word occurs {settings.minimum_count} times: lower minimum_count")
    number = {word: place for place, word in enumerate(vocabulary)}
    counts = torch.tensor(list(vocabulary.values()))
    known = [[number[word] for word in sentence if word in number] for sentence in sentences]
    tokens = torch.tensor([token for sentence in known for token in sentence])
    sentence = torch.tensor([place for place, words in enumerate(known) for _ in words])
    keep = _keep_probability(counts, settings.subsampling)

    shape = (len(vocabulary), settings.width)
    hidden_table = (torch.rand(shape, generator=generator) * 2 - 1) / settings.width
    output_table = torch.zeros(shape)
    cumulative_noise = noise_distribution(counts).double().cumsum(0)
    blocks = _blocks_in_step(counts * keep, noise_distribution(counts), settings)
    step = _skipgram_step if settings.model == "skip-gram" else _cbow_step
    for epoch in range(settings.epochs):
        kept = torch.rand(len(tokens), generator=generator) < keep[tokens]
        steps = _steps(tokens[kept], sentence[kept], blocks, settings.window, generator)
        for stretch, progress in steps:
            done = (epoch + progress) / settings.epochs
            rate = settings.learning_rate * (1 - done) + settings.final_learning_rate * done
            noise = _draw_noise(cumulative_noise, blocks, generator)
            step(hidden_table, output_table, stretch, noise, settings, rate)
    return list(vocabulary), hidden_table


BLOCK_LENGTH = 32
SHARED_NOISE = 32  # noise words of one block
MOST_BLOCKS = 16  # in one step
LARGEST_PULL = 6.0  # training diverged at 14; see `_blocks_in_step`


@dataclass(frozen=True)
class _Blocks:
    """A stretch of text, cut into blocks.

    `words` holds the blocks' own words, `around` these with a margin of `window` on both sides, and
    `paired` is 1 where a word of `around` is one of the neighbors of a word of `words`.
    """

    words: Tensor  # (blocks, block_length)
    around: Tensor  # (blocks, block_length + 2 * window)
    paired: Tensor  # (blocks, block_length, block_length + 2 * window) float32


def _keep_probability(counts: Tensor, subsampling: float) -> Tensor:
    """Return with which probability an occurrence of each word is kept."""
    excess = counts / counts.sum() / subsampling
    return (excess.rsqrt() + 1 / excess).clamp(max=1)


def _blocks_in_step(kept: Tensor, noise: Tensor, settings: Word2VecSettings) -> int:
    """Return how many blocks a step may have.

    The pull on a row is the number of changes it is expected to get in a step, times the learning
    rate. It is largest for the most frequent word, in one of the two tables.
    """
    neighbors = settings.window + 1  # of a word, on average
    share = float(kept.max() / kept.sum())
    on_hidden = share * neighbors * (1 + settings.negatives)
    on_output = share + settings.negatives * float(noise.max())
    if settings.model == "skip-gram":
        on_output *= neighbors
    elif settings.divide_gradient:
        on_hidden /= neighbors
    pull = settings.learning_rate * max(on_hidden, on_output) * BLOCK_LENGTH
    return int(min(max(LARGEST_PULL / pull, 1), MOST_BLOCKS))


def _draw_noise(cumulative_noise: Tensor, blocks: int, generator: torch.Generator) -> Tensor:
    """Draw the noise words of one step, (blocks, shared_noise)."""
    drawn = torch.rand(blocks, SHARED_NOISE, generator=generator, dtype=torch.float64)
    return torch.searchsorted(cumulative_noise, drawn).clamp(max=len(cumulative_noise) - 1)


def _steps(
    tokens: Tensor, sentence: Tensor, blocks: int, window: int, generator: torch.Generator
) -> Iterator[tuple[_Blocks, float]]:
    """Cut a text into steps of so many blocks; also yields how much of it is done."""
    length = blocks * BLOCK_LENGTH
    steps = -(-len(tokens) // length)
    margin = (window, steps * length - len(tokens) + window)
    tokens = torch.nn.functional.pad(tokens, margin)
    sentence = torch.nn.functional.pad(sentence, margin, value=-1)
    windows = torch.randint(1, window + 1, (steps, blocks, BLOCK_LENGTH, 1), generator=generator)
    wide = BLOCK_LENGTH + 2 * window
    distance = (torch.arange(wide) - window - torch.arange(BLOCK_LENGTH).unsqueeze(1)).abs()
    inside = slice(window, window + BLOCK_LENGTH)
    for step in range(steps):
        part = slice(step * length, (step + 1) * length + 2 * window)
        around = tokens[part].unfold(0, wide, BLOCK_LENGTH)
        origin = sentence[part].unfold(0, wide, BLOCK_LENGTH)
        own = origin[:, inside].unsqueeze(-1)
        paired = (distance > 0) & (distance <= windows[step])
        paired &= (own == origin.unsqueeze(1)) & (own >= 0)
        yield _Blocks(around[:, inside], around, paired.float()), step / steps


def _add_rows(table: Tensor, rows: Tensor, changes: Tensor) -> None:
    """Add to each named row what is meant for it; a row can be named several times."""
    table.index_add_(0, rows.flatten(), changes.flatten(0, -2))


def _skipgram_step(
    hidden_table: Tensor,
    output_table: Tensor,
    blocks: _Blocks,
    noise: Tensor,
    settings: Word2VecSettings,
    rate: float,
) -> None:
    """Change both tables so that each word predicts its neighbors a little better."""
    hidden = hidden_table[blocks.words]  # (blocks, block_length, width)
    positive = output_table[blocks.around]  # (blocks, block_length + 2 * window, width)
    negative = output_table[noise]  # (blocks, shared_noise, width)
    # a noise word is no noise for a pair whose neighbor it happens to be
    differs = (blocks.around.unsqueeze(2) != noise.unsqueeze(1)).to(blocks.paired)
    weight = (blocks.paired @ differs) * (settings.negatives / SHARED_NOISE)
    positive_change = rate * blocks.paired * torch.sigmoid(-hidden @ positive.mT)
    negative_change = -rate * weight * torch.sigmoid(hidden @ negative.mT)
    hidden_change = positive_change @ positive + negative_change @ negative
    _add_rows(hidden_table, blocks.words, hidden_change)
    _add_rows(output_table, blocks.around, positive_change.mT @ hidden)
    _add_rows(output_table, noise, negative_change.mT @ hidden)


def _cbow_step(
    hidden_table: Tensor,
    output_table: Tensor,
    blocks: _Blocks,
    noise: Tensor,
    settings: Word2VecSettings,
    rate: float,
) -> None:
    """Change both tables so that each word is predicted a little better by its neighbors."""
    neighbors = blocks.paired.sum(-1, keepdim=True)
    share = blocks.paired / neighbors.clamp(min=1)
    hidden = share @ hidden_table[blocks.around]  # (blocks, block_length, width)
    positive = output_table[blocks.words]
    negative = output_table[noise]  # (blocks, shared_noise, width)
    # a word without neighbors predicts nothing
    differs = (blocks.words.unsqueeze(2) != noise.unsqueeze(1)) & (neighbors > 0)
    weight = differs * (settings.negatives / SHARED_NOISE)
    positive_score = (hidden * positive).sum(-1, keepdim=True)
    positive_change = rate * (neighbors > 0) * torch.sigmoid(-positive_score)
    negative_change = -rate * weight * torch.sigmoid(hidden @ negative.mT)
    hidden_change = positive_change * positive + negative_change @ negative
    to_context = share if settings.divide_gradient else blocks.paired
    _add_rows(hidden_table, blocks.around, to_context.mT @ hidden_change)
    _add_rows(output_table, blocks.words, positive_change * hidden)
    _add_rows(output_table, noise, negative_change.mT @ hidden)


# --- what the vectors know ------------------------------------------------------------------------


def nearest_words(query: Tensor, embeddings: Tensor, count: int, exclude: list[int]) -> Tensor:
    """Return the words whose embeddings point most nearly in the direction of `query`.

    Nearness is the cosine of the angle: the dot product over the product of the lengths. With a
    vector of length 0 it counts as 0.

    Args:
        query: (width,), floating point.
        embeddings: (vocabulary_size, width), the dtype of `query`.
        count: how many words to return, not negative.
        exclude: ids that are not returned; can be empty.

    Returns:
        (count,) int64, the ids, nearest first; of equally near words the one of lower id comes
        first. Fewer if the vocabulary without `exclude` has fewer words.

    Source: Mikolov et al. (2013), arXiv:1301.3781, section 4.

    Example:
        >>> table = torch.tensor([[1.0, 0.0], [5.0, 5.0], [0.0, 1.0], [-9.0, 1.0]])
        >>> nearest_words(torch.tensor([2.0, 0.0]), table, 2, exclude=[0])
        tensor([1, 2])
    """
    # the length of the query is the same for all; 0 divided by 0 is NaN, and becomes 0
    cosine = torch.nan_to_num(embeddings @ query / embeddings.norm(dim=1))
    order = cosine.sort(descending=True, stable=True).indices
    return order[~torch.isin(order, torch.tensor(exclude))][:count]


def analogy(first: int, second: int, third: int, embeddings: Tensor) -> int:
    """Answer: `first` is to `second` as `third` is to which word?

    Each of the three embeddings is scaled to length 1. The answer is the word whose embedding has
    the largest cosine with second - first + third, the three words of the question excepted.

    Args:
        first: a word id.
        second: a word id.
        third: a word id.
        embeddings: (vocabulary_size, width), floating point, no row of zeros; at least one word
            more than the question has.

    Returns:
        The id; of equally near words the lowest.

    Source: Mikolov et al. (2013), arXiv:1301.3781, section 4.
    """
    unit = embeddings / embeddings.norm(dim=1, keepdim=True)
    cosine = unit @ (unit[second] - unit[first] + unit[third])
    cosine[list({first, second, third})] = -torch.inf
    return int(cosine.argmax())


def similarity_correlation(
    words: list[str], embeddings: Tensor, pairs: Iterable[tuple[str, str, float]]
) -> float:
    """Return Spearman's rank correlation of the embeddings' cosines with people's scores.

    Pairs with a word that is not in the vocabulary are left out, as gensim does.

    Args:
        words: the vocabulary, in lower case.
        embeddings: (vocabulary_size, width).
        pairs: two words and the score people gave them, in any case.
    """
    from scipy.stats import spearmanr

    number = {word: place for place, word in enumerate(words)}
    asked = [(first.lower(), second.lower(), score) for first, second, score in pairs]
    asked = [pair for pair in asked if pair[0] in number and pair[1] in number]
    unit = normalize(embeddings, dim=-1)
    first = unit[[number[pair[0]] for pair in asked]]
    second = unit[[number[pair[1]] for pair in asked]]
    return float(spearmanr((first * second).sum(-1), [pair[2] for pair in asked]).statistic)


def analogy_ranks(
    words: list[str], embeddings: Tensor, questions: Iterable[tuple[str, str, str, str]]
) -> Tensor:
    """Return at which rank the right answer to each question stands, 0 for the first.

    Questions with a word that is not in the vocabulary are left out, as gensim does. The share of
    ranks that are 0 is the accuracy usually reported.

    Args:
        words: the vocabulary, in lower case.
        embeddings: (vocabulary_size, width).
        questions: four words each, the last one the answer, in any case.

    Returns:
        (questions that could be asked,) int64.
    """
    number = {word: place for place, word in enumerate(words)}
    asked = [[number.get(word.lower(), -1) for word in question] for question in questions]
    ids = torch.tensor([row for row in asked if -1 not in row], dtype=torch.int64).reshape(-1, 4)
    unit = normalize(embeddings, dim=-1)
    ranks = []
    for part in ids.split(1000):
        first, second, third, answer = part.unbind(1)
        cosine = (unit[second] - unit[first] + unit[third]) @ unit.T
        right = cosine.gather(1, answer.unsqueeze(1))
        cosine.scatter_(1, part[:, :3], -torch.inf)
        ranks.append((cosine > right).sum(1))
    return torch.cat(ranks) if ranks else torch.empty(0, dtype=torch.int64)


# --- images ---------------------------------------------------------------------------------------


def patchify(images: Tensor, patch_size: int) -> Tensor:
    """Cut images into square patches and lay each patch out as a vector.

    Args:
        images: (batch, channels, height, width), any dtype.
        patch_size: the side of a patch, at least 1; divides height and width.

    Returns:
        (batch, patches, channels * patch_size²), the dtype of `images`. Patches are in reading
        order, row by row from the top left; within a patch come all pixels of the first channel in
        reading order, then those of the second, and so on.

    Raises:
        ValueError: height or width is not a multiple of `patch_size`.

    Source: Dosovitskiy et al. (2021), arXiv:2010.11929, section 3.1.

    Example:
        >>> patchify(torch.arange(8).view(1, 1, 2, 4), 2)
        tensor([[[0, 1, 4, 5],
                 [2, 3, 6, 7]]])
    """
    batch, channels, height, width = images.shape
    if height % patch_size or width % patch_size:
        raise ValueError(f"an image of {height} x {width} has no whole patches of {patch_size}")
    rows, columns = height // patch_size, width // patch_size
    grid = images.reshape(batch, channels, rows, patch_size, columns, patch_size)
    patches = grid.permute(0, 2, 4, 1, 3, 5)  # (batch, rows, columns, channels, size, size)
    return patches.reshape(batch, rows * columns, channels * patch_size**2)


def splice_image(
    token_embeddings: Tensor, tokens: Tensor, image_embeddings: Tensor, placeholder: int
) -> Tensor:
    """Put the embeddings of an image's patches where its placeholder stands in a text.

    The placeholder's own embedding goes, all patches come in its place, and the tokens after it
    move back.

    Args:
        token_embeddings: (batch, length, width), floating point, the embeddings of `tokens`.
        tokens: (batch, length) int64. Each row holds `placeholder` exactly once, each at a place of
            its own.
        image_embeddings: (batch, patches, width), the dtype of `token_embeddings`.
        placeholder: the token id that stands for an image.

    Returns:
        (batch, length - 1 + patches, width). Row i has the patches of image i.

    Raises:
        ValueError: a row does not hold the placeholder exactly once.

    Source: Liu et al. (2023), arXiv:2304.08485, section 4.1.
    """
    is_placeholder = tokens == placeholder
    if (is_placeholder.sum(1) != 1).any():
        raise ValueError(f"each row must hold the placeholder {placeholder} exactly once")
    rows = []
    for row, place in enumerate(is_placeholder.int().argmax(1)):
        before, after = token_embeddings[row, :place], token_embeddings[row, place + 1 :]
        rows.append(torch.cat([before, image_embeddings[row], after]))
    return torch.stack(rows)
