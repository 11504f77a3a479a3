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

    Windows do not overlap: window i starts at token `i * context_length`. Only windows are kept
    in which every token has a target; that of a window's last token is the token after the window.

    Args:
        tokens: (n,), int64; n may be 0.
        context_length: at least 1.

    Returns:
        `inputs` and `targets`, int64, each (windows, context_length). There are
        (n - 1) // context_length windows; without any, the shape is (0, context_length).

    Example:
        >>> inputs, targets = next_token_pairs(torch.tensor([5, 6, 7, 8, 9, 4]), 2)
        >>> inputs.tolist()
        [[5, 6], [7, 8]]
        >>> targets.tolist()
        [[6, 7], [8, 9]]
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
    one included. The windows are drawn independently, so one may come twice.

    Args:
        tokens: (n,), int64.
        batch: the number of windows, at least 1.
        context_length: the length of a window, at least 1.
        generator: the only source of randomness, taken as it is: never seeded here. In what order
            and by which functions it is used is free.

    Returns:
        `inputs` and `targets`, int64, each (batch, context_length); a target is the token that
        follows its input in the text.

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

    Example:
        >>> bigram_counts(torch.tensor([0, 1, 1, 1, 0]), 3)
        tensor([[0, 1, 0],
                [1, 2, 0],
                [0, 0, 0]])
    """
    pairs = tokens[:-1] * vocabulary_size + tokens[1:]
    counts = torch.bincount(pairs, minlength=vocabulary_size**2)
    return counts.reshape(vocabulary_size, vocabulary_size)


def bigram_probabilities(counts: Tensor, smoothing: float = 0.0) -> Tensor:
    """Turn counts into the probability of each next token, adding `smoothing` to every count.

    Args:
        counts: int64 (vocabulary_size, vocabulary_size), as `bigram_counts` gives them; not
            changed.
        smoothing: at least 0, and may be a fraction; added also where the count is 0. Without
            smoothing, a token that was never followed by anything gets the uniform distribution.

    Returns:
        float32 (vocabulary_size, vocabulary_size); entry (a, b) is the probability of b after a,
        so each row sums to 1.

    Source: add-k smoothing, Jurafsky and Martin, Speech and Language Processing, section 3.6.
    """
    smoothed = counts.double() + smoothing
    totals = smoothed.sum(dim=1, keepdim=True)
    uniform = torch.full_like(smoothed, 1.0 / len(counts))
    return torch.where(totals > 0, smoothed / totals, uniform).float()


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Average the surprise, in nats, of the targets under the logits' softmax.

    The surprise of a target t is -log of its probability, which the softmax of the position's
    logits gives it. Stable: the result is finite and right also for logits so large or so far
    apart that exp would overflow or the probability be 0 in the machine.

    Args:
        logits: (..., vocabulary_size), floating point, finite, with any number of dimensions
            before the last, at least one.
        targets: (...), int64, ids below `vocabulary_size`: one for each position.

    Returns:
        A 0-d tensor of the logits' dtype: the mean over all positions.

    Example:
        >>> cross_entropy(torch.zeros(2, 4), torch.tensor([3, 0]))  # two guesses among four
        tensor(1.3863)
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
        inputs: (n,), int64, n at least 1; a token may occur several times.
        targets: (n,), int64; `targets[i]` follows `inputs[i]`.

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

    Each position is chosen with probability `rate`, whatever token stands there. A chosen one is
    then, with probability 0.8, replaced by `mask_token`; with probability 0.1, replaced by an id
    drawn evenly from all of `range(vocabulary_size)`, which may happen to be the original or
    `mask_token`; and else left as it is. All this is independent from position to position. The
    target of a chosen position is its original token, of any other -100.

    Args:
        tokens: int64, any shape; not changed.
        mask_token: the id that stands for a hidden token; it need not lie below
            `vocabulary_size`.
        vocabulary_size: ids drawn at random lie below it.
        generator: the only source of randomness, taken as it is: never seeded here. In what order
            and by which functions it is used is free.
        rate: the probability of being chosen, from 0 to 1.

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

    Each document is followed by `end`. A document may run on into the next row, or into several.
    What does not fill a last row is dropped.

    Args:
        documents: token ids of each document, in order; an empty one contributes only `end`.
            There may be no document at all.
        end: the id that ends a document.
        length: the length of a row, at least 1.

    Returns:
        `tokens` and `document_numbers`, int64, each (rows, length); where nothing fills a row,
        (0, length). The number of a token is the index of its document in `documents`; `end`
        belongs to the document that it ends.

    Example:
        >>> tokens, numbers = pack_documents([[5, 6], [7]], end=0, length=2)
        >>> tokens.tolist()
        [[5, 6], [0, 7]]
        >>> numbers.tolist()
        [[0, 0], [0, 1]]
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
        document_numbers: int64 (rows, length), never falling along a row, as `pack_documents`
            gives them; a row may start with any number.

    Returns:
        bool (rows, 1, length, length), True where the query (third dimension) may attend to
        the key (fourth); it broadcasts over heads.

    Example:
        >>> document_mask(torch.tensor([[0, 0, 1]]))[0, 0]
        tensor([[ True, False, False],
                [ True,  True, False],
                [False, False,  True]])
    """
    same = document_numbers.unsqueeze(2) == document_numbers.unsqueeze(1)
    return same.tril().unsqueeze(1)


def bits_per_byte(total_nats: float, text: str) -> float:
    """Turn a text's total surprise into bits for each byte of its UTF-8 encoding.

    Unlike loss per token, this compares models with different tokens.

    Args:
        total_nats: the sum (not the mean) of the cross-entropies of the text's tokens.
        text: the text that was predicted; not empty.

    Returns:
        A Python float.

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

    Two documents count as the same text if they are equal once letters are lower-cased (as by
    `str.lower`) and every run of white space (as `str.split` sees it) is one space, with none at
    the ends. A text's side depends on nothing but the text, so copies stay together and later
    documents move nobody: take the SHA-256 digest of that normalized text in UTF-8, read its
    first 8 bytes as an unsigned big-endian integer, divide by 2**64; below `test_fraction` is
    test.

    Args:
        documents: the texts; one may be empty.
        test_fraction: from 0 to 1.

    Returns:
        The indices of the training documents and of the test documents, two lists of int, each
        ascending; every index stands in exactly one of the two.
    """
    training, test = [], []
    for i, document in enumerate(documents):
        normalized = " ".join(document.lower().split())
        digest = hashlib.sha256(normalized.encode("utf-8")).digest()
        position = int.from_bytes(digest[:8], "big") / 2**64
        (test if position < test_fraction else training).append(i)
    return training, test
