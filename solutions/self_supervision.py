"""The parts of self-supervision: labels that text gives for free, counts, losses, clean splits.

Every function is pure. A function that draws takes a `torch.Generator`.
"""

import hashlib
import math
from collections.abc import Sequence

import torch
from torch import Tensor

IGNORED = -100  # a target with this value takes no part in the loss, as in PyTorch


def next_token_pairs(tokens: Tensor, context_length: int) -> tuple[Tensor, Tensor]:
    """Cut a text into windows and give each position the token that follows it as its target.

    Windows do not overlap: window i starts at token `i * context_length`. Only whole windows
    are kept, and the last token of a window still has a target, the next window's first token.

    Args:
        tokens: (n,), int64.
        context_length: at least 1.

    Returns:
        `inputs` and `targets`, each (windows, context_length) with
        `windows = (n - 1) // context_length`, so possibly no window at all.
    """
    windows = max(0, len(tokens) - 1) // context_length
    end = windows * context_length
    return (
        tokens[:end].reshape(windows, context_length),
        tokens[1 : end + 1].reshape(windows, context_length),
    )


def sample_batch(
    tokens: Tensor, batch: int, context_length: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw windows that start at random places of a text, with their next tokens as targets.

    Every start that leaves room for a window and its last target is equally likely, the last
    one included; starts are drawn with replacement.

    Args:
        tokens: (n,), int64.
        batch: the number of windows.
        context_length: the length of a window.
        generator: the only source of randomness.

    Returns:
        `inputs` and `targets`, int64, each (batch, context_length).

    Raises:
        ValueError: if the text is shorter than `context_length + 1`.
    """
    if len(tokens) < context_length + 1:
        raise ValueError("the text must be at least context_length + 1 tokens long")
    starts = torch.randint(len(tokens) - context_length, (batch, 1), generator=generator)
    positions = starts + torch.arange(context_length)  # (batch, context_length)
    return tokens[positions], tokens[positions + 1]


def bigram_counts(tokens: Tensor, vocabulary_size: int) -> Tensor:
    """Count how often each token follows each other one.

    Args:
        tokens: (n,), int64, ids below `vocabulary_size`; n may be 0 or 1.
        vocabulary_size: the number of different ids.

    Returns:
        int64 (vocabulary_size, vocabulary_size); entry (a, b) counts b directly after a.
    """
    pairs = tokens[:-1] * vocabulary_size + tokens[1:]
    counts = torch.bincount(pairs, minlength=vocabulary_size**2)
    return counts.reshape(vocabulary_size, vocabulary_size)


def bigram_probabilities(counts: Tensor, smoothing: float = 0.0) -> Tensor:
    """Turn counts into the probability of each next token, adding `smoothing` to every count.

    Args:
        counts: int64 (vocabulary_size, vocabulary_size); not changed.
        smoothing: at least 0. With 0, a token that was never followed by anything gets the
            uniform distribution.

    Returns:
        float32 (vocabulary_size, vocabulary_size); each row sums to 1.

    Source: add-k smoothing, Jurafsky and Martin, Speech and Language Processing, section 3.6.
    """
    smoothed = counts.double() + smoothing
    totals = smoothed.sum(dim=1, keepdim=True)
    uniform = torch.full_like(smoothed, 1.0 / len(counts))
    return torch.where(totals > 0, smoothed / totals, uniform).float()


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Average the surprise, in nats, of the targets under the logits' softmax.

    Stable: logits of any finite size give a finite result.

    Args:
        logits: (..., vocabulary_size), floating point.
        targets: (...), int64.

    Returns:
        A 0-d tensor of the logits' dtype.
    """
    largest = logits.amax(dim=-1, keepdim=True)
    shifted = logits - largest
    log_normalizer = shifted.exp().sum(dim=-1).log()
    chosen = shifted.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    return (log_normalizer - chosen).mean()


def bigram_gradient(weights: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
    """Give the gradient of the mean cross-entropy of a bigram model, without autograd.

    The model's logits after token a are row a of `weights`. For one pair (a, b) the gradient
    is, in row a, the softmax of the row minus one at b; over n pairs it is the mean.

    Args:
        weights: (vocabulary_size, vocabulary_size), floating point; not changed.
        inputs: (n,), int64.
        targets: (n,), int64.

    Returns:
        The shape and dtype of `weights`; the rows of tokens not in `inputs` are 0.
    """
    difference = weights[inputs].softmax(dim=-1)  # (n, vocabulary_size)
    difference[torch.arange(len(targets)), targets] -= 1.0
    return torch.zeros_like(weights).index_add_(0, inputs, difference / len(inputs))


def mask_tokens(
    tokens: Tensor,
    mask_token: int,
    vocabulary_size: int,
    generator: torch.Generator,
    rate: float = 0.15,
) -> tuple[Tensor, Tensor]:
    """Hide some tokens for masked-language training, by BERT's rule of 80, 10 and 10 percent.

    Each position is chosen with probability `rate`, independently. Of the chosen, 80 percent
    are replaced by `mask_token`, 10 percent by an id drawn evenly from all of
    `range(vocabulary_size)`, and 10 percent are left as they are. The target of a chosen
    position is its original token, of any other -100.

    Args:
        tokens: int64, any shape; not changed.
        mask_token: the id that stands for a hidden token.
        vocabulary_size: ids drawn at random lie below it.
        generator: the only source of randomness.
        rate: the probability of being chosen.

    Returns:
        `inputs` and `targets`, int64, of the shape of `tokens`.

    Source: Devlin et al. (2019), section 3.1, task 1.
    """
    chosen = torch.rand(tokens.shape, generator=generator) < rate
    fate = torch.rand(tokens.shape, generator=generator)
    drawn = torch.randint(vocabulary_size, tokens.shape, generator=generator)
    inputs = torch.where(chosen & (fate < 0.8), mask_token, tokens)
    inputs = torch.where(chosen & (fate >= 0.9), drawn, inputs)
    return inputs, torch.where(chosen, tokens, IGNORED)


def pack_documents(
    documents: Sequence[Sequence[int]], end: int, length: int
) -> tuple[Tensor, Tensor]:
    """Lay documents end to end and cut the result into rows of equal length, without padding.

    Each document is followed by `end`. A document may run on into the next row. What does not
    fill a last row is dropped.

    Args:
        documents: token ids of each document, in order; an empty one contributes only `end`.
        end: the id that ends a document.
        length: the length of a row.

    Returns:
        `tokens` and `document_numbers`, int64, each (rows, length). The number of a token is
        the index of its document in `documents`; `end` belongs to the document that it ends.
    """
    tokens = [token for document in documents for token in [*document, end]]
    numbers = [i for i, document in enumerate(documents) for _ in range(len(document) + 1)]
    rows = len(tokens) // length
    shape = (rows, length)
    packed = torch.tensor(tokens[: rows * length], dtype=torch.long).reshape(shape)
    return packed, torch.tensor(numbers[: rows * length], dtype=torch.long).reshape(shape)


def document_mask(document_numbers: Tensor) -> Tensor:
    """Let each token see only itself and earlier tokens of its own document.

    Args:
        document_numbers: int64 (rows, length).

    Returns:
        bool (rows, 1, length, length), True where the query (third dimension) may attend to
        the key (fourth); it broadcasts over heads.
    """
    same = document_numbers.unsqueeze(2) == document_numbers.unsqueeze(1)
    return same.tril().unsqueeze(1)


def bits_per_byte(total_nats: float, text: str) -> float:
    """Turn a text's total surprise into bits for each byte of its UTF-8 encoding.

    Unlike loss per token, this compares models with different tokens.

    Args:
        total_nats: the sum (not the mean) of the cross-entropies of the text's tokens.
        text: the text that was predicted; not empty.

    Raises:
        ValueError: if the text is empty.

    Source: Gao et al. (2020), The Pile, section 3.1.
    """
    if not text:
        raise ValueError("an empty text has no bits per byte")
    return total_nats / math.log(2) / len(text.encode("utf-8"))


def split_without_leaks(
    documents: Sequence[str], test_fraction: float
) -> tuple[list[int], list[int]]:
    """Divide documents into training and test so that no text stands on both sides.

    Two documents count as the same text if they are equal once letters are lower-cased and
    every run of white space is one space, none at the ends. A text's side depends on nothing
    but the text, so copies stay together and later documents move nobody: take the SHA-256
    digest of that normalized text in UTF-8, read its first 8 bytes as an unsigned big-endian
    integer, divide by 2**64; below `test_fraction` is test.

    Args:
        documents: the texts.
        test_fraction: from 0 to 1.

    Returns:
        The indices of the training documents and of the test documents, each ascending;
        every index stands in exactly one of the two.
    """
    training, test = [], []
    for i, document in enumerate(documents):
        normalized = " ".join(document.lower().split())
        digest = hashlib.sha256(normalized.encode("utf-8")).digest()
        position = int.from_bytes(digest[:8], "big") / 2**64
        (test if position < test_fraction else training).append(i)
    return training, test
