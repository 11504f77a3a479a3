"""Right solutions to the exercises on emergence, each written as somebody might write it.

A function's name is that of the exercise, two underscores, and what is particular about it.
"""

import math
import random
import re
from bisect import bisect_left
from fractions import Fraction
from heapq import heappop, heappush
from itertools import product

import numpy as np
import torch
from torch import Tensor

# --- repeated_sequences


def repeated_sequences__row_by_row(batch, period, vocabulary_size, generator):
    rows = []
    for _ in range(batch):
        half = [int(torch.randint(vocabulary_size, (), generator=generator)) for _ in range(period)]
        rows.append(half + half)
    return torch.tensor(rows)


def repeated_sequences__filled_in(batch, period, vocabulary_size, generator):
    out = torch.empty(batch, 2 * period, dtype=torch.long)
    out[:, :period] = torch.randint(
        low=0, high=vocabulary_size, size=[batch, period], generator=generator
    )
    out[:, period:] = out[:, :period]
    return out


def repeated_sequences__random_fills(batch, period, vocabulary_size, generator):
    half = torch.zeros(batch, period, dtype=torch.int64)
    half.random_(0, vocabulary_size, generator=generator)
    return torch.hstack((half, half))


def repeated_sequences__numpy_from_a_drawn_seed(batch, period, vocabulary_size, generator):
    numbers = np.random.default_rng(torch.randint(2**31, (4,), generator=generator).tolist())
    half = numbers.integers(vocabulary_size, size=(batch, period))
    return torch.from_numpy(np.tile(half, 2))


def repeated_sequences__int32(batch, period, vocabulary_size, generator):
    half = torch.randint(vocabulary_size, (batch, period), generator=generator, dtype=torch.int32)
    return torch.cat((half, half), -1)


# --- prefix_matching_score


def prefix_matching_score__advanced_indices(weights, period):
    batch, _, length, other = weights.size()
    if not length == other == period * 2:
        raise ValueError("length has to be 2 * period")
    rows = torch.tensor(list(range(period, length)))
    cols = torch.tensor([i - (period - 1) for i in range(period, length)])
    return weights[..., rows, cols].sum(dim=(0, -1)) / (batch * period)


def prefix_matching_score__shifted_diagonal(weights, period):
    if weights.shape[2] != 2 * period or weights.shape[3] != 2 * period:
        raise ValueError(f"expected {2 * period}")
    return torch.diagonal(weights, offset=-(period - 1), dim1=2, dim2=3)[..., 1:].mean((0, 2))


def prefix_matching_score__numpy(weights, period):
    values = weights.numpy()
    if values.shape[-1] != 2 * period or values.shape[-2] != 2 * period:
        raise ValueError
    picked = [values[:, :, q, q - period + 1] for q in range(period, 2 * period)]
    return torch.tensor(np.mean(picked, axis=(0, 1)), dtype=weights.dtype)


def prefix_matching_score__gathers(weights, period):
    if tuple(weights.shape[-2:]) != (2 * period,) * 2:
        raise ValueError("wrong length")
    second = weights[:, :, period:]
    keys = torch.arange(1, period + 1).view(1, 1, -1, 1).expand(*second.shape[:3], 1)
    return second.gather(-1, keys).squeeze(-1).mean(-1).mean(0)


def prefix_matching_score__in_double(weights, period):
    if weights.shape[-2] != weights.shape[-1] or weights.shape[-1] != 2 * period:
        raise ValueError("no")
    corner = weights[:, :, period:, 1 : period + 1].double()
    trace = torch.einsum("bhii->h", corner)
    return (trace / (weights.shape[0] * period)).to(weights.dtype)


# --- in_context_learning_score


def in_context_learning_score__mean_of_a_slice(losses, early, late):
    if early < 0 or early >= late or late > losses.shape[1] - 1:
        raise ValueError("bad positions")
    return torch.mean(losses[:, late : late + 1]) - torch.mean(losses[:, early : early + 1])


def in_context_learning_score__item(losses, early, late):
    if early < 0 or not early < late or not late < losses.shape[-1]:
        raise ValueError("bad positions")
    return losses[:, late].mean().item() - losses[:, early].mean().item()


def in_context_learning_score__matrix_product(losses, early, late):
    batch, length = losses.shape
    if not 0 <= early < late < length:
        raise ValueError
    sign = torch.zeros(length, dtype=losses.dtype)
    sign[late], sign[early] = 1, -1
    return (losses @ sign).sum() / batch


def in_context_learning_score__numpy_scalar(losses, early, late):
    if not 0 <= early < late < losses.shape[1]:
        raise ValueError
    array = losses.numpy()
    return np.float64(array[:, late].mean() - array[:, early].mean())


# --- few_shot_prompt


def few_shot_prompt__lines(examples, question, arrow=" ->"):
    lines = []
    for example in examples:
        question_text, answer = example
        lines.append(question_text + arrow + f" {answer}")
    lines.append(question + arrow)
    return "\n".join(lines)


def few_shot_prompt__recursion(examples, question, arrow=" ->"):
    if not examples:
        return f"{question}{arrow}"
    (asked, answer), *others = examples
    return asked + arrow + " " + answer + "\n" + few_shot_prompt__recursion(others, question, arrow)


def few_shot_prompt__indexed(examples, question, arrow=" ->"):
    out = ""
    for i in range(len(examples)):
        out = out + examples[i][0] + arrow + " " + examples[i][1] + "\n"
    out += question
    out += arrow
    return out


# --- shuffle_labels


def shuffle_labels__indexing_a_numpy_array(labels, generator):
    order = torch.randperm(len(labels), generator=generator).numpy()
    return np.array(labels, dtype=object)[order].tolist()


def shuffle_labels__insertion(labels, generator):
    out = []
    for label in labels:
        out.insert(int(torch.randint(len(out) + 1, (), generator=generator)), label)
    return out


def shuffle_labels__drawn_from_a_bag(labels, generator):
    bag, out = list(labels), []
    while bag:
        out.append(bag.pop(torch.randint(0, len(bag), (1,), generator=generator).item()))
    return out


def shuffle_labels__inverse_permutation(labels, generator):
    out = [""] * len(labels)
    for place, to in enumerate(torch.randperm(len(labels), generator=generator).tolist()):
        out[to] = labels[place]
    return out


def shuffle_labels__sorted_by_random_numbers(labels, generator):
    keys = torch.rand(len(labels), generator=generator, dtype=torch.double).tolist()
    return [label for _, label in sorted(zip(keys, labels, strict=True), key=lambda pair: pair[0])]


def shuffle_labels__normal_numbers(labels, generator):
    keys = torch.randn(len(labels), generator=generator)
    return [labels[i] for i in torch.argsort(keys, descending=True)]


# --- exact_match


def exact_match__fraction(predictions, references):
    if not len(predictions) or len(predictions) != len(references):
        raise ValueError("cannot compare")
    right = [a.strip() == b.strip() for a, b in zip(predictions, references, strict=True)]
    return float(Fraction(sum(right), len(right)))


def exact_match__regular_expressions(predictions, references):
    if len(predictions) != len(references) or len(references) == 0:
        raise ValueError("cannot compare")

    def clean(text):
        return re.sub(r"\A\s+|\s+\Z", "", text)

    return sum(clean(a) == clean(b) for a, b in zip(predictions, references, strict=True)) / len(
        predictions
    )


def exact_match__torch(predictions, references):
    if len(predictions) != len(references) or not predictions:
        raise ValueError("cannot compare")
    hits = torch.tensor([a.strip() == b.strip() for a, b in zip(predictions, references)])  # noqa: B905
    return hits.float().mean()


def exact_match__map(predictions, references):
    n = len(references)
    if n == 0 or n != len(predictions):
        raise ValueError
    equal = map(str.__eq__, map(str.strip, predictions), map(str.strip, references))
    return list(equal).count(True) / n


# --- token_accuracy


def token_accuracy__counts(predictions, targets):
    total = int((targets != -100).sum())
    if total == 0:
        raise ValueError("nothing to score")
    right = int(((predictions == targets) & (targets != -100)).sum())
    return right / total


def token_accuracy__flattened(predictions, targets):
    predictions, targets = predictions.reshape(-1), targets.reshape(-1)
    where = targets.ne(-100).nonzero().squeeze(1)
    if len(where) == 0:
        raise ValueError("nothing to score")
    return predictions[where].eq(targets[where]).float().mean().item()


def token_accuracy__masked_select(predictions, targets):
    keep = targets != -100
    if torch.all(~keep):
        raise ValueError
    hits = torch.masked_select(predictions == targets, keep)
    return (hits.sum() / hits.numel()).item()


def token_accuracy__nan_mean(predictions, targets):
    hits = (predictions == targets).double().masked_fill(targets == -100, math.nan)
    mean = hits.nanmean().item()
    if math.isnan(mean):
        raise ValueError("nothing to score")
    return mean


# --- edit_distance


def edit_distance__two_rows_of_the_shorter(first, second):
    if len(first) < len(second):
        first, second = second, first
    previous = list(range(len(second) + 1))
    for i, a in enumerate(first):
        current = [i + 1]
        for j, b in enumerate(second):
            if a == b:
                current.append(previous[j])
            else:
                current.append(1 + min(previous[j], previous[j + 1], current[j]))
        previous = current
    return previous[len(second)]


def edit_distance__dictionary(first, second):
    d = {}
    for i in range(len(first) + 1):
        d[i, 0] = i
    for j in range(len(second) + 1):
        d[0, j] = j
    for i, j in product(range(1, len(first) + 1), range(1, len(second) + 1)):
        d[i, j] = min(
            d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + int(first[i - 1] != second[j - 1])
        )
    return d[len(first), len(second)]


def edit_distance__tensor(first, second):
    table = torch.zeros(len(first) + 1, len(second) + 1, dtype=torch.long)
    table[:, 0] = torch.arange(len(first) + 1)
    table[0] = torch.arange(len(second) + 1)
    for i in range(1, len(first) + 1):
        for j in range(1, len(second) + 1):
            change = table[i - 1, j - 1] + (0 if first[i - 1] == second[j - 1] else 1)
            table[i, j] = torch.stack([change, table[i - 1, j] + 1, table[i, j - 1] + 1]).min()
    return table[-1, -1]


def edit_distance__memo_from_the_front(first, second):
    memo = {}

    def rest(i, j):
        if (i, j) not in memo:
            if i == len(first):
                memo[i, j] = len(second) - j
            elif j == len(second):
                memo[i, j] = len(first) - i
            elif first[i] == second[j]:
                memo[i, j] = rest(i + 1, j + 1)
            else:
                memo[i, j] = 1 + min(rest(i + 1, j), rest(i, j + 1), rest(i + 1, j + 1))
        return memo[i, j]

    return rest(0, 0)


# --- predicted_exact_match


def predicted_exact_match__torch_prod(accuracies):
    return torch.prod(accuracies, -1)


def predicted_exact_match__reduced_by_hand(accuracies):
    result = accuracies[..., 0].clone()
    for column in accuracies.unbind(-1)[1:]:
        result *= column
    return result


def predicted_exact_match__numpy(accuracies):
    return torch.as_tensor(np.prod(accuracies.numpy(), axis=-1), dtype=accuracies.dtype)


def predicted_exact_match__in_double(accuracies):
    return accuracies.double().log().sum(-1).exp().to(accuracies.dtype)


# --- bootstrap_interval


def bootstrap_interval__rand_times_length(values, generator, confidence=0.95, resamples=1_000):
    n = len(values)
    picks = (torch.rand(resamples, n, generator=generator, dtype=torch.float64) * n).long()
    means = values[picks].mean(-1)
    tail = (1 - confidence) / 2
    return torch.quantile(means, tail).item(), torch.quantile(means, 1 - tail).item()


def bootstrap_interval__numpy_floats(values, generator, confidence=0.95, resamples=1_000):
    picks = torch.randint(0, values.numel(), (resamples, values.numel()), generator=generator)
    means = values.numpy()[picks.numpy()].mean(axis=1)
    return np.quantile(means, (1 - confidence) / 2), np.quantile(means, (1 + confidence) / 2)


def bootstrap_interval__a_list_of_two(values, generator, confidence=0.95, resamples=1_000):
    picks = torch.randint(len(values), (len(values), resamples), generator=generator)
    means = values[picks].mean(0)
    alpha = 1 - confidence
    levels = torch.tensor([alpha / 2, 1 - alpha / 2], dtype=means.dtype)
    return means.quantile(levels).tolist()


def bootstrap_interval__multinomial_counts(values, generator, confidence=0.95, resamples=1_000):
    numbers = np.random.default_rng(int(torch.randint(2**40, (), generator=generator)))
    n = len(values)
    counts = numbers.multinomial(n, np.full(n, 1 / n), size=resamples)
    means = np.sort(counts @ values.double().numpy() / n)

    def at(q):
        h = q * (resamples - 1)
        low = min(max(math.floor(h), 0), resamples - 1)
        return float(means[low] + (h - low) * (means[min(low + 1, resamples - 1)] - means[low]))

    return at((1 - confidence) / 2), at(1 - (1 - confidence) / 2)


def bootstrap_interval__python_choices(values, generator, confidence=0.95, resamples=1_000):
    chance = random.Random(int(torch.empty((), dtype=torch.int64).random_(generator=generator)))
    pool = values.tolist()
    means = [sum(chance.choices(pool, k=len(pool))) / len(pool) for _ in range(resamples)]
    low, high = np.percentile(means, [50 * (1 - confidence), 100 - 50 * (1 - confidence)])
    return float(low), float(high)


def bootstrap_interval__one_resample_after_another(
    values, generator, confidence=0.95, resamples=1_000
):
    means = []
    for _ in range(resamples):
        chosen = torch.randint(0, len(values), (len(values),), generator=generator)
        means.append(values[chosen].mean())
    means = torch.stack(means)
    return (
        means.quantile((1 - confidence) / 2).item(),
        means.quantile(1 - (1 - confidence) / 2).item(),
    )


# --- modular_addition


def modular_addition__a_random_mask(modulus, training_fraction, generator):
    table = torch.tensor([(a, b, (a + b) % modulus) for a, b in product(range(modulus), repeat=2)])
    rows = round(training_fraction * modulus**2)
    mask = torch.zeros(len(table), dtype=torch.bool)
    mask[torch.randperm(len(table), generator=generator)[:rows]] = True
    return table[mask], table[~mask]


def modular_addition__multinomial(modulus, training_fraction, generator):
    n = modulus * modulus
    order = torch.multinomial(torch.ones(n), n, generator=generator)
    a = torch.div(order, modulus, rounding_mode="floor")
    b = order - a * modulus
    c = torch.where(a + b >= modulus, a + b - modulus, a + b)
    table = torch.column_stack([a, b, c])
    return tuple(table.tensor_split([round(n * training_fraction)]))


def modular_addition__python_sample(modulus, training_fraction, generator):
    pairs = list(product(range(modulus), range(modulus)))
    chance = random.Random(int(torch.randint(10**9, (), generator=generator)))
    chosen = set(chance.sample(pairs, round(training_fraction * len(pairs))))

    def table(wanted):
        rows = [(a, b, (a + b) % modulus) for a, b in pairs if ((a, b) in chosen) == wanted]
        return torch.tensor(rows, dtype=torch.long).view(-1, 3)

    return table(True), table(False)


def modular_addition__test_rows_first(modulus, training_fraction, generator):
    grid = torch.arange(modulus)
    a, b = grid.repeat_interleave(modulus), grid.repeat(modulus)
    table = torch.stack([a, b, torch.remainder(a + b, modulus)]).T
    rows = round(training_fraction * len(table))
    order = torch.rand(len(table), generator=generator, dtype=torch.float64).argsort()
    test, training = order.split([len(table) - rows, rows])
    return table[training], table[test]


def modular_addition__sorted_tables(modulus, training_fraction, generator):
    order = torch.randperm(modulus**2, generator=generator)
    rows = round(training_fraction * modulus**2)

    def table(numbers: Tensor) -> Tensor:
        numbers = numbers.sort().values
        a, b = numbers // modulus, numbers % modulus
        return torch.stack([a, b, (a + b) % modulus], 1)

    return [table(order[:rows]), table(order[rows:])]


# --- grokking_delay


def grokking_delay__running_maximum(steps, training_accuracy, test_accuracy, threshold=0.95):
    dates = []
    for accuracy in (training_accuracy, test_accuracy):
        best = np.maximum.accumulate(np.array(accuracy)).tolist()
        dates.append(bisect_left(best, threshold))
    if max(dates) >= len(steps):
        return None
    return steps[dates[1]] - steps[dates[0]]


def grokking_delay__index_of_true(steps, training_accuracy, test_accuracy, threshold=0.95):
    trained = [a >= threshold for a in training_accuracy]
    solved = [a >= threshold for a in test_accuracy]
    if True not in trained or True not in solved:
        return None
    return steps[solved.index(True)] - steps[trained.index(True)]


def grokking_delay__exception(steps, training_accuracy, test_accuracy, threshold=0.95):
    try:
        trained = next(s for s, a in zip(steps, training_accuracy) if a >= threshold)  # noqa: B905
        solved = next(s for s, a in zip(steps, test_accuracy) if a >= threshold)  # noqa: B905
    except StopIteration:
        return None
    return int(solved - trained)


def grokking_delay__tensors(steps, training_accuracy, test_accuracy, threshold=0.95):
    when = torch.tensor(steps)
    reached = torch.tensor([training_accuracy, test_accuracy], dtype=torch.float64) >= threshold
    if not reached.any(dim=1).all():
        return None
    trained, solved = when[reached.int().argmax(dim=1)]
    return (solved - trained).item()


# --- and a few more ways


def repeated_sequences__multinomial(batch, period, vocabulary_size, generator):
    chances = torch.ones(vocabulary_size)
    drawn = torch.multinomial(chances, batch * period, replacement=True, generator=generator)
    return drawn.view(batch, period)[:, torch.arange(2 * period) % period]


def prefix_matching_score__masked_sum(weights, period):
    if weights.shape[-2:] != (2 * period, 2 * period):
        raise ValueError("another length")
    place = torch.arange(2 * period)
    sought = (place[:, None] - period + 1 == place) & (place[:, None] >= period)
    summed = torch.einsum("bhij,ij->h", weights, sought.to(weights.dtype))
    return summed / (period * len(weights))


def shuffle_labels__without_replacement(labels, generator):
    if not labels:
        return []
    return [
        labels[i]
        for i in torch.multinomial(torch.ones(len(labels)), len(labels), generator=generator)
    ]


def modular_addition__row_by_row(modulus, training_fraction, generator):
    rows = [[a, b, (a + b) % modulus] for a in range(modulus) for b in range(modulus)]
    count, training, test = round(training_fraction * len(rows)), [], []
    for place, row in enumerate(rows):
        # of the rows that are left, as many as training still needs
        draw = torch.rand((), generator=generator, dtype=torch.float64).item()
        taken = draw * (len(rows) - place) < count - len(training)
        (training if taken else test).append(row)
    return tuple(torch.tensor(table, dtype=torch.int64).view(-1, 3) for table in (training, test))


def edit_distance__shortest_path(first, second):
    queue, seen = [(0, 0, 0)], set()
    while queue:
        cost, i, j = heappop(queue)
        if (i, j) == (len(first), len(second)):
            return cost
        if (i, j) in seen:
            continue
        seen.add((i, j))
        if i < len(first) and j < len(second):
            heappush(queue, (cost + (first[i] != second[j]), i + 1, j + 1))
        if i < len(first):
            heappush(queue, (cost + 1, i + 1, j))
        if j < len(second):
            heappush(queue, (cost + 1, i, j + 1))
