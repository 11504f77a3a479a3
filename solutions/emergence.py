"""The parts of measuring emergence: tasks, prompts, scores, and how sure one may be of them.

Every function is pure. A function that draws takes a `torch.Generator`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

IGNORED = -100  # a target with this value takes no part in a score, as in PyTorch


def repeated_sequences(
    batch: int, period: int, vocabulary_size: int, generator: torch.Generator
) -> Tensor:
    """Draw sequences of random tokens, each followed by itself.

    Nothing predicts the first half. All of the second can be predicted by a model that finds
    the token's earlier occurrence and copies what came next.

    Args:
        batch: the number of sequences, at least 1.
        period: the length of one half, at least 1.
        vocabulary_size: ids are drawn evenly and independently from all below it.
        generator: the only source of randomness.

    Returns:
        int64 (batch, 2 * period).

    Source: Olsson et al. (2022), In-context Learning and Induction Heads.
    """
    half = torch.randint(vocabulary_size, (batch, period), generator=generator)
    return torch.cat([half, half], dim=1)


def prefix_matching_score(weights: Tensor, period: int) -> Tensor:
    """Measure how much each head attends to the token after the current one's last occurrence.

    In a sequence made of one random half of `period` tokens and its repetition, the token at
    position i of the second half stood at i - period, so an induction head looks at
    i - period + 1. The score is the weight there, averaged over all queries of the second half
    and over the batch: 1 for a perfect induction head.

    Args:
        weights: attention weights (batch, heads, 2 * period, 2 * period), queries before keys.
        period: the length of the repeated half.

    Returns:
        (heads,), of the dtype of `weights`.

    Raises:
        ValueError: if the last two dimensions are not `2 * period`.

    Source: Olsson et al. (2022), the appendix on head activation evaluators.
    """
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError("the weights must be for sequences of length 2 * period")
    queries = torch.arange(period, 2 * period)
    return weights[:, :, queries, queries - period + 1].mean(dim=(0, 2))


def in_context_learning_score(losses: Tensor, early: int, late: int) -> Tensor:
    """Give the mean loss at a late position minus the mean loss at an early one.

    A model that uses what it has read predicts later tokens better, so the score is negative;
    0 means that the context is no help.

    Args:
        losses: the loss of each token, (batch, length), floating point.
        early: a position, counted from 0.
        late: a later position, counted from 0.

    Returns:
        A 0-d tensor, of the dtype and in the units of `losses`.

    Raises:
        ValueError: unless `0 <= early < late < length`.

    Source: Olsson et al. (2022), who take the 50th and the 500th token.
    """
    if not 0 <= early < late < losses.shape[1]:
        raise ValueError("positions must satisfy 0 <= early < late < length")
    return losses[:, late].mean() - losses[:, early].mean()


def few_shot_prompt(examples: Sequence[tuple[str, str]], question: str, arrow: str = " ->") -> str:
    r"""Write solved examples and one open question as text for a model to continue.

    Each example becomes `QUESTION ARROW ANSWER` on a line of its own, with one space before
    the answer: `hot -> cold\n`. The prompt ends with the open question and the arrow, and no
    space: the space belongs to the first token of the answer. All strings are taken as they
    are, white space and all.

    Args:
        examples: pairs of question and answer, in order; possibly none.
        question: the one to be answered.
        arrow: stands directly behind a question.
    """
    solved = [f"{asked}{arrow} {answer}\n" for asked, answer in examples]
    return "".join(solved) + question + arrow


def shuffle_labels(labels: Sequence[str], generator: torch.Generator) -> list[str]:
    """Deal the same labels out again at random, so that they no longer fit their questions.

    Every order is equally likely, the original one included. What remains is all that labels
    say apart from the pairing: which labels there are, and how often.

    Args:
        labels: one for each example; not changed.
        generator: the only source of randomness.

    Returns:
        A new list with the same labels, each as often as before.
    """
    return [labels[i] for i in torch.randperm(len(labels), generator=generator).tolist()]


def exact_match(predictions: Sequence[str], references: Sequence[str]) -> float:
    """Give the share of predictions that equal their reference from first to last character.

    White space (blanks, tabs, line ends) at either end of either string is ignored; white space
    inside counts, and so does case. A prediction is compared with the reference at its place.

    Returns:
        From 0 to 1.

    Raises:
        ValueError: if there are none, or not as many of one as of the other.
    """
    if not references or len(predictions) != len(references):
        raise ValueError("predictions and references must be equally many, and at least one")
    pairs = zip(predictions, references, strict=True)
    return sum(guess.strip() == truth.strip() for guess, truth in pairs) / len(references)


def token_accuracy(predictions: Tensor, targets: Tensor) -> float:
    """Give the share of tokens that are right, among the targets that are not -100.

    Every token counts the same, whichever sequence it stands in.

    Args:
        predictions: int64, any shape.
        targets: int64, the same shape; -100 marks a position to leave out.

    Returns:
        From 0 to 1.

    Raises:
        ValueError: if every target is -100.
    """
    kept = targets != IGNORED
    if not kept.any():
        raise ValueError("accuracy needs at least one target")
    return (predictions[kept] == targets[kept]).double().mean().item()


def edit_distance(first: str, second: str) -> int:
    """Count the fewest insertions, deletions and replacements that turn one string into the other.

    Each costs 1 and touches one character; upper and lower case are different characters. It
    takes time in proportion to the product of both lengths, so strings of a hundred characters
    are no trouble.

    Source: Levenshtein (1966); computed row by row as in Wagner and Fischer (1974).
    """
    row = list(range(len(second) + 1))  # distances from the empty start of `first`
    for i, a in enumerate(first, start=1):
        previous, row = row, [i]
        for j, b in enumerate(second, start=1):
            row.append(min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a != b)))
    return row[-1]


def predicted_exact_match(accuracies: Tensor) -> Tensor:
    """Predict how often a whole answer is right if its tokens were right independently.

    The product of the accuracies of its positions; p ** L for L positions of accuracy p. A
    smooth rise of p looks like a sudden one of p ** L.

    Args:
        accuracies: (..., length), floating point, from 0 to 1, one for each position.

    Returns:
        (...), of the same dtype.

    Source: Schaeffer, Miranda and Koyejo (2023), section 2.
    """
    return accuracies.prod(dim=-1)


def bootstrap_interval(
    values: Tensor,
    generator: torch.Generator,
    confidence: float = 0.95,
    resamples: int = 1_000,
) -> tuple[float, float]:
    """Give the percentile bootstrap interval of a mean.

    Draw `resamples` samples with replacement, each as large as the original, take the mean of
    each, and cut the tails: the interval runs from the `(1 - confidence) / 2` quantile of the
    means to the `1 - (1 - confidence) / 2` quantile. A quantile between two of the means is
    interpolated linearly, as `torch.quantile` and `numpy.quantile` do it.

    Args:
        values: floating point (n,), at least one.
        generator: the only source of randomness.
        confidence: between 0 and 1.
        resamples: the number of samples drawn, at least 1.

    Returns:
        The lower and the upper end, as Python numbers.

    Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, section 13.3.
    """
    chosen = torch.randint(len(values), (resamples, len(values)), generator=generator)
    means = values.double()[chosen].mean(dim=1)  # (resamples,)
    tail = (1 - confidence) / 2
    low, high = means.quantile(torch.tensor([tail, 1 - tail], dtype=torch.double)).tolist()
    return low, high


def modular_addition(
    modulus: int, training_fraction: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Write out the addition table modulo a number and split it at random.

    Args:
        modulus: at least 2; both summands run from 0 to `modulus - 1`.
        training_fraction: from 0 to 1; the training table gets
            `round(training_fraction * modulus**2)` of all pairs. Either table may be empty.
        generator: the only source of randomness; every split is equally likely.

    Returns:
        The training and the test table, int64 (rows, 3): first summand, second summand,
        their sum modulo `modulus`. Every ordered pair stands in exactly one row of one table;
        the rows of a table may stand in any order.

    Source: Power et al. (2022), Grokking.
    """
    numbers = torch.arange(modulus)
    pairs = torch.cartesian_prod(numbers, numbers)  # (modulus**2, 2)
    table = torch.cat([pairs, pairs.sum(dim=1, keepdim=True) % modulus], dim=1)
    table = table[torch.randperm(len(table), generator=generator)]
    training_rows = round(training_fraction * len(table))
    return table[:training_rows], table[training_rows:]


def grokking_delay(
    steps: Sequence[int],
    training_accuracy: Sequence[float],
    test_accuracy: Sequence[float],
    threshold: float = 0.95,
) -> int | None:
    """Count the steps between fitting the training data and solving the test data.

    Each is dated by the step of the first measurement that is at least `threshold`; what
    happens later does not move the date.

    Args:
        steps: the training steps at which accuracy was measured, ascending.
        training_accuracy: one for each of `steps`, from 0 to 1.
        test_accuracy: one for each of `steps`, from 0 to 1.
        threshold: from 0 to 1.

    Returns:
        The test date minus the training date, negative if the test came first; None if
        either never reached the threshold.
    """

    def date(accuracy: Sequence[float]) -> int | None:
        reached = (step for step, a in zip(steps, accuracy, strict=True) if a >= threshold)
        return next(reached, None)

    trained, solved = date(training_accuracy), date(test_accuracy)
    return None if trained is None or solved is None else solved - trained
